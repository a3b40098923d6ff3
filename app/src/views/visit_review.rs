//! Step 3: everything on one page, what is missing, 完成.

use dioxus::prelude::*;
use lianxin_assets::icons;
use lianxin_shared::{
    domain::{Coded, opinion::OpinionKind, visit::field::NOTES},
    templates::templates,
};
use uuid::Uuid;

use super::{
    photos::TakingState,
    visit::{LAST_STEP, go_and_change, go_to_gap},
    visit_checklist::Erased,
    visit_how::how_line,
    visit_photos::{Photos, PhotosReviewed},
    visited::Said,
};
use crate::{
    components::{
        choice::Switch,
        fields::{TextArea, Typed},
        icon::Icon,
        notice::{Failed, Notice},
        rows::named,
    },
    route::Route,
    state::{
        draft::Draft,
        one_tap::OneTap,
        session::{Note, Session, use_session},
        taking::Taking,
    },
    store::draft::OpinionDraft,
    text::visit as words,
};

/// The step.
#[component]
pub(crate) fn Review(draft: Draft, taking: Taking) -> Element {
    let absent = draft.read(|visit| visit.absent);
    let amends = draft.read(|visit| visit.amends.is_some());
    let focus_notes = draft.led() > 0 && draft.peek(|visit| visit.focus == NOTES);
    let problems = draft.problems();
    use_effect(move || draft.come_back());
    // An answer may have been changed on the way back here, past the step of the words.
    use_hook(|| draft.take_over_words());
    rsx! {
        if amends {
            Notice { {words::AMEND_HINT} }
        }
        if !problems.is_empty() {
            Notice { look: "w", testid: "problems",
                b { {words::MENDS} }
                for (step, problem) in problems {
                    p { key: "{problem.field}-{step}", "{problem.message}" }
                }
            }
        }
        section { class: "card pad review",
            Section { title: words::HOW, testid: "change-how", onchange: move |()| go_and_change(draft, 0) }
            p { {words::visited_name(named(&draft.peek(|visit| visit.target_name.clone())))} }
            p {
                {draft.read(how_line)}
                if absent {
                    " · "
                    b { {words::ABSENT} }
                }
            }
        }
        if !absent {
            Words { draft }
            Answers { draft }
            PhotosReviewed { draft }
            TakingState { taking }
        } else {
            Photos { draft, taking }
        }
        if draft.open.read().erased.contains(NOTES) {
            Erased { label: words::RECORD_NOTES }
        } else {
            TextArea {
                label: words::NOTES, hint: words::NOTES_HINT, initial: draft.peek(|visit| visit.notes.clone()), focus: focus_notes, testid: "visit-notes",
                on: move |typed| match typed {
                    Typed::Text(text) => draft.typed(|visit| visit.notes = text),
                    Typed::Composing(on) => draft.composing(on),
                    Typed::Entered => draft.focus(NOTES),
                    Typed::Left => draft.flush(),
                },
            }
        }
        section { class: "card pad",
            Switch {
                name: words::CARD, on: draft.read(|visit| visit.card_left), testid: "card-left",
                onflip: move |on| draft.change(|visit| visit.card_left = on),
            }
        }
        Discard { draft }
    }
}

#[component]
fn Section(title: &'static str, testid: &'static str, onchange: EventHandler<()>) -> Element {
    rsx! {
        div { class: "sec", margin: "-.4rem 0 0",
            h2 { "{title}" }
            button { class: "link", r#type: "button", "data-testid": testid, onclick: move |_| onchange.call(()), {words::CHANGE} }
        }
    }
}

#[component]
fn Answers(draft: Draft) -> Element {
    let answered: Vec<(String, String)> = draft
        .visible()
        .into_iter()
        // People's own words stand below, as they will be kept.
        .filter(|item| !item.is_opinion)
        .filter_map(|item| {
            Some((item.question.clone(), draft.read(|visit| item.answer_text(&visit.answers))?))
        })
        .collect();
    if draft.items.read().is_empty() {
        return rsx! {};
    }
    rsx! {
        section { class: "card pad review",
            Section { title: words::REVIEW_ANSWERS, testid: "change-answers", onchange: move |()| go_and_change(draft, 0) }
            if answered.is_empty() {
                p { class: "muted", {words::NO_ANSWERS} }
            }
            dl {
                for (question, answer) in answered {
                    div { key: "{question}",
                        dt { "{question}" }
                        dd { class: "verbatim", "{answer}" }
                    }
                }
            }
        }
    }
}

#[component]
fn Words(draft: Draft) -> Element {
    let before = draft.said();
    let said: Vec<OpinionDraft> = draft
        .read(|visit| visit.opinions.iter().filter(|one| !one.text.trim().is_empty()).cloned().collect());
    rsx! {
        section { class: "card pad review",
            Section { title: words::REVIEW_WORDS, testid: "change-words", onchange: move |()| go_and_change(draft, 1) }
            if said.is_empty() && before.is_empty() {
                p { class: "muted", {words::NO_WORDS} }
            }
            for record in before {
                Said { key: "{record.id}", record }
            }
            div { class: "stack",
                for one in said {
                    div { key: "{one.id}",
                        p { class: "verbatim", "{one.text}" }
                        p { class: "tags", margin: "0",
                            span { class: "tag", {OpinionKind::from_code(&one.kind).unwrap_or_default().label()} }
                            if let Some(topic) = templates().topic(&one.category) {
                                span { class: "tag", "{topic.name}" }
                            }
                            if one.immediate {
                                span { class: "tag", {words::IMMEDIATE} }
                            }
                            if one.anonymous {
                                span { class: "tag", {words::ANONYMOUS} }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn into_view(event: &MountedEvent) {
    let shown = event.data();
    // What cannot be scrolled to merely stays where it is.
    spawn(async move { drop(shown.scroll_to(ScrollBehavior::Instant).await) });
}

/// Throwing the draft away takes a second tap.
#[component]
fn Discard(draft: Draft) -> Element {
    let session = use_session();
    let (id, amends) = draft.read(|visit| (visit.id, visit.amends.is_some()));
    let mut asking = use_signal(|| false);
    let mut refused = use_signal(|| None::<String>);
    let discard = move |_| async move {
        match draft.discard(session).await {
            Ok(()) if amends => leave_correction(session, id),
            Ok(()) => drop(navigator().replace(Route::TodayPage {})),
            Err(error) => refused.set(Some(error.to_string())),
        }
    };
    let (discard_words, sure, yes) = if amends {
        (words::AMEND_DISCARD, words::AMEND_DISCARD_SURE, words::AMEND_DISCARD_YES)
    } else {
        (words::DISCARD, words::DISCARD_SURE, words::DISCARD_YES)
    };
    rsx! {
        if let Some(words) = refused() {
            Failed { words, onretry: move |()| refused.set(None) }
        }
        if asking() {
            // It appears where the button was, at the page's end: all of it is to be seen.
            div { onmounted: move |event| into_view(&event),
                Notice { look: "w",
                p { {sure} }
                div { class: "chips wrap",
                    button { class: "link danger", r#type: "button", "data-testid": "discard-yes", onclick: discard, {yes} }
                    button { class: "link", r#type: "button", onclick: move |_| asking.set(false), {words::KEEP} }
                }
                }
            }
        } else {
            button { class: "link plain", r#type: "button", "data-testid": "discard", onclick: move |_| asking.set(true),
                Icon { path: icons::BIN, small: true }
                {discard_words}
            }
        }
    }
}

/// From the end of a correction to the page of its visit, which is in the history once: back from there leads on.
fn leave_correction(mut session: Session, id: Uuid) {
    if session.amended_from.take() == Some(id) {
        navigator().go_back();
    } else {
        navigator().replace(Route::Visited { id });
    }
}

/// Back, and 完成, or the way to what is missing.
#[component]
pub(crate) fn FinishButtons(
    draft: Draft,
    taking: Taking,
    tap: OneTap,
    onback: EventHandler<MouseEvent>,
) -> Element {
    let mut session = use_session();
    let mut busy = use_signal(|| false);
    let mut refused = use_signal(|| None::<String>);
    let amends = draft.read(|visit| visit.amends.is_some());
    let missing = draft.problems().len();
    let is_busy = busy() || taking.is_busy();
    let finish = move |_| async move {
        if !tap.take() {
            return;
        }
        busy.set(true);
        match draft.complete(session).await {
            Ok(()) => {
                let (id, household) = draft.peek(|visit| (visit.id, visit.household));
                let village = draft.peek(|visit| visit.village.clone());
                let is_withdrawn = !session.identity().villages.contains_key(&village);
                let after = match household {
                    _ if amends => Route::Visited { id },
                    // Its page is not on this phone any more.
                    Some(_) if draft.open.peek().household.is_none() || is_withdrawn => Route::TodayPage {},
                    Some(id) => Route::HouseholdPage { id },
                    None => Route::TodayPage {},
                };
                let words = if amends { words::AMENDED } else { words::DONE }.to_owned();
                session.note.set(Some(Note { at: after.to_string(), words, visit: Some(id) }));
                if amends {
                    leave_correction(session, id);
                } else {
                    navigator().replace(after);
                }
            }
            Err(error) => refused.set(Some(error.to_string())),
        }
        busy.set(false);
    };
    rsx! {
        if let Some(words) = refused() {
            Failed { words, onretry: move |()| refused.set(None) }
        } else {
            if !amends {
                button { class: "btn still", r#type: "button", disabled: !tap.is_ready(), "data-testid": "step-back", onclick: onback, {words::BACK} }
            }
            if missing > 0 {
                button {
                    class: "btn p still", r#type: "button", disabled: !tap.is_ready(), "data-testid": "mend",
                    onclick: move |_| if tap.take() { go_to_gap(draft, LAST_STEP) },
                    {words::to_mend(missing)}
                }
            } else {
                button {
                    class: if is_busy { "btn p" } else { "btn p still" }, r#type: "button", disabled: is_busy || !tap.is_ready(),
                    "data-testid": "finish", onclick: finish,
                    if taking.is_busy() {
                        {words::PHOTOS_FIRST}
                    } else if busy() {
                        {words::FINISHING}
                    } else if amends {
                        {words::AMEND_FINISH}
                    } else {
                        {words::FINISH}
                    }
                }
            }
        }
    }
}
