//! How the visit was made: mode, time, who came along, nobody at home. Folded away, since most visits are made
//! now, at the door.

use dioxus::prelude::*;
use lianxin_assets::icons;
use lianxin_shared::domain::{
    Coded,
    visit::{
        COMPANIONS_MAX, NAME_SEPARATOR, TargetKind, VisitMode,
        field::{COMPANIONS, OCCURRED_AT},
    },
};

use super::visit_checklist::Erased;
use crate::{
    components::{
        choice::{Chip, Segments, Switch},
        fields::{Keyboard, TextField, Typed},
        icon::Icon,
        notice::Notice,
    },
    format,
    platform::now_ms,
    state::draft::Draft,
    store::draft::VisitDraft,
    text::visit as words,
};

/// Names of a list joined by 、.
fn names(joined: &str) -> Vec<String> {
    joined
        .split([NAME_SEPARATOR, '，', ',', ' '])
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}

/// “入户 · 14:05 · 独自”, “实地 · 14:05 · 同去：老周”
pub(crate) fn how_line(visit: &VisitDraft) -> String {
    let companions = names(&visit.companions);
    let along =
        if companions.is_empty() { words::ALONE.to_owned() } else { words::along(&companions.join("、")) };
    let mode = VisitMode::from_code(&visit.mode).unwrap_or_default().label_at(target_kind(visit));
    format!("{mode} · {} · {along}", format::moment(visit.occurred_ms, now_ms()))
}

/// What kind of target is visited.
pub(crate) fn target_kind(visit: &VisitDraft) -> TargetKind {
    TargetKind::from_code(&visit.target_kind).unwrap_or_default()
}

/// The card.
#[component]
pub(crate) fn How(draft: Draft) -> Element {
    let absent = draft.read(|visit| visit.absent);
    let line = draft.read(how_line);
    let focus_time = draft.peek(|visit| visit.focus == OCCURRED_AT);
    // Whose words are written down was met. Answered already, it is said what becomes of the answers.
    let said = draft.read(|visit| visit.opinions.iter().any(|one| !one.text.trim().is_empty()));
    let may_be_absent = absent || (draft.open.read().said.is_empty() && !said);
    let answered = draft.read(|visit| !visit.answers.is_empty());
    let hint = match (absent, answered) {
        (true, true) => words::ABSENT_ANSWERED,
        (true, false) => words::ABSENT_HINT,
        (false, _) => "",
    };
    rsx! {
        section { class: "card pad",
            details { class: "more", "data-testid": "how", open: focus_time,
                summary {
                    Icon { path: icons::NEXT, small: true }
                    "{line}"
                    span { class: "end", {words::CHANGE} }
                }
                div { class: "stack", Details { draft, focus_time } }
            }
            if may_be_absent {
                Switch {
                    name: words::ABSENT, hint, on: absent, testid: "absent",
                    onflip: move |on| draft.change(|visit| visit.absent = on),
                }
            }
        }
    }
}

#[component]
fn Details(draft: Draft, focus_time: bool) -> Element {
    let target = draft.peek(target_kind);
    let modes: Vec<_> =
        VisitMode::ALL.iter().map(|one| (one.code().to_owned(), one.label_at(target).to_owned())).collect();
    rsx! {
        Segments {
            label: words::MODE, options: modes, chosen: vec![draft.read(|visit| visit.mode.clone())], testid: "mode",
            onpick: move |code| draft.change(|visit| visit.mode = code),
        }
        TextField {
            label: words::TIME, keyboard: Keyboard::DateTime, initial: draft.peek(|visit| format::input_time(visit.occurred_ms)),
            testid: "occurred", focus: focus_time, problem: draft.problem_of_time(),
            on: move |typed| {
                if let Typed::Text(text) = typed
                    && let Some(ms) = format::read_input_time(&text)
                {
                    draft.change(|visit| visit.occurred_ms = ms);
                }
            },
        }
        if draft.open.read().erased.contains(COMPANIONS) {
            Erased { label: words::COMPANIONS }
        } else {
            Companions { draft }
        }
    }
}

/// Who came along: names from before are one tap, new ones are typed.
#[component]
fn Companions(draft: Draft) -> Element {
    let mut round = use_signal(|| 0);
    let chosen = names(&draft.read(|visit| visit.companions.clone()));
    let known = draft.open.read().companions_before.clone();
    let too_many = chosen.len() > COMPANIONS_MAX;
    let flip = move |name: &str| {
        draft.change(|visit| {
            let mut list = names(&visit.companions);
            match list.iter().position(|one| one == name) {
                Some(at) => drop(list.remove(at)),
                None => list.push(name.to_owned()),
            }
            visit.companions = list.join(&NAME_SEPARATOR.to_string());
        });
        round += 1;
    };
    rsx! {
        for round in [round()] {
            TextField {
                key: "{round}", label: words::COMPANIONS, hint: words::COMPANIONS_HINT,
                initial: draft.peek(|visit| visit.companions.clone()), testid: "companions",
                on: move |typed| match typed {
                    Typed::Text(text) => {
                        draft.typed(|visit| visit.companions = names(&text).join(&NAME_SEPARATOR.to_string()));
                    }
                    Typed::Composing(on) => draft.composing(on),
                    Typed::Left => draft.redraw(),
                    Typed::Entered => {}
                },
            }
        }
        if !known.is_empty() {
            div { class: "chips wrap", role: "group", "aria-label": words::COMPANIONS,
                for name in known {
                    Chip {
                        key: "{name}", on: chosen.contains(&name), testid: "companion-{name}",
                        onpick: {
                            let name = name.clone();
                            let mut flip = flip;
                            move |()| flip(&name)
                        },
                        name: name.clone(),
                    }
                }
            }
        }
        if too_many {
            Notice { look: "w", testid: "companions-many", {words::COMPANIONS_MANY} }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_apart_however_they_were_separated() {
        assert_eq!(names("老周、阿香，李素芬 "), ["老周", "阿香", "李素芬"]);
        assert_eq!(names(" "), Vec::<String>::new());
    }
}
