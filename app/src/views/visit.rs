//! A visit being written: one draft, three steps, each its own address.

use dioxus::prelude::*;
use lianxin_assets::icons;
use uuid::Uuid;

use super::{
    clock::ClockWrong, photos::PhotosOnTheirWay, visit_checklist::Checklist, visit_opinions::Opinions,
    visit_photos::Photos, visit_review::Review,
};
use crate::{
    components::{
        frame::Page,
        notice::{Empty, Failed, Notice, SaveMark, SaveTrouble, Waiting},
        rows::named,
    },
    route::{Route, go},
    state::{
        asked::use_loaded,
        draft::{Draft, use_draft},
        gaps::Errand,
        one_tap::{OneTap, use_one_tap},
        session::use_session,
        taking::{Taking, use_arrival, use_taking},
    },
    store::{OpenDraft, Request, StoreError},
    text::{startup, visit as words},
};

/// The steps: 清单, 原话 and 照片, 看一遍. Photos share a step: whoever takes none has no tap more.
pub(crate) const LAST_STEP: u8 = 2;

/// The draft `id` at `step`. The draft stays open while the steps change.
#[component]
pub(crate) fn VisitView(id: Uuid, step: u8) -> Element {
    if use_session().has_ended(id) {
        return rsx! {
            for step in [step] {
                PassedOver { key: "{id}-{step}" }
            }
        };
    }
    rsx! {
        for id in [id] {
            Arrived { key: "{id}", id, step: step.min(LAST_STEP) }
        }
    }
}

/// The draft, once all photos that were chosen for it are in.
#[component]
fn Arrived(id: Uuid, step: u8) -> Element {
    match use_arrival(&id.to_string()) {
        Some(progress) => rsx! { Page { title: words::RECORD, PhotosOnTheirWay { progress } } },
        None => rsx! { DraftOf { id, step } },
    }
}

#[component]
fn DraftOf(id: Uuid, step: u8) -> Element {
    let mut asked = use_loaded::<OpenDraft>(Request::Draft { id });
    match &*asked.read() {
        None => rsx! { Page { title: words::RECORD, Waiting {} } },
        Some(Err(StoreError::NotFound)) => rsx! { Gone { id } },
        Some(Err(error)) => rsx! {
            Page { title: words::RECORD, Failed { words: error.to_string(), onretry: move |()| asked.restart() } }
        },
        Some(Ok(open)) => rsx! { Steps { open: open.clone(), step } },
    }
}

/// Back from the page after a visit passes over the steps of its draft.
#[component]
fn PassedOver() -> Element {
    use_effect(|| navigator().go_back());
    rsx! {}
}

/// An old address of a visit that is complete, or of a draft that was thrown away.
#[component]
fn Gone(id: Uuid) -> Element {
    rsx! {
        Page { title: words::RECORD, testid: "visit-gone",
            Empty { icon: icons::CHECK, title: words::GONE, hint: words::GONE_HINT,
                Link { class: "btn p", to: Route::Visited { id }, {words::SEE_RECORD} }
                Link { class: "btn", to: Route::TodayPage {}, {startup::HOME} }
            }
        }
    }
}

#[component]
fn Steps(open: OpenDraft, step: u8) -> Element {
    let name = named(&open.draft.target_name);
    let amends = open.draft.amends.is_some();
    let title = if amends { words::amend_title(name) } else { words::title(name) };
    let (id, village) = (open.draft.id, open.draft.village.clone());
    let is_withdrawn = !use_session().identity().villages.contains_key(&village);
    let is_erased = open.household_erased && !amends;
    let draft = use_draft(open);
    let taking = use_taking(id.to_string(), village, draft.saver());
    use_effect(use_reactive!(|step| {
        if draft.peek(|visit| visit.step != step) {
            draft.change(|visit| visit.step = step);
        }
    }));
    // Nobody was met: back passes over the words that nobody said.
    if step == 1 && draft.read(|visit| visit.absent) {
        return rsx! { PassedOver {} };
    }
    let head = rsx! {
        ol { class: "steps", "aria-label": words::STEPS,
            for (at, name) in words::STEP_NAMES.into_iter().enumerate() {
                li {
                    key: "{at}", class: if at < usize::from(step) { "done" },
                    "aria-current": if at == usize::from(step) { "step" },
                    "data-at": words::step_of(at + 1, words::STEP_NAMES.len()),
                    "{name}"
                }
            }
        }
    };
    rsx! {
        Page {
            title, testid: "visit-step-{step}", under: head,
            end: rsx! { SaveMark { mark: draft.mark.read().clone() } },
            foot: rsx! {
                for step in [step] {
                    Foot { key: "{step}", draft, taking, step }
                }
            },
            div { class: "stack",
                SaveTrouble { mark: draft.mark.read().clone(), onretry: move |()| draft.flush() }
                ClockWrong {}
                if is_withdrawn {
                    Notice { look: "w", testid: "withdrawn", {words::WITHDRAWN} }
                }
                if is_erased {
                    Notice { look: "w", testid: "household-erased", {words::HOUSEHOLD_ERASED} }
                }
                // Led to another place of the same step, the page starts afresh there.
                for led in [draft.led()] {
                    match step {
                        0 => rsx! { Checklist { key: "{led}", draft } },
                        1 => rsx! {
                            Opinions { key: "{led}", draft }
                            Photos { draft, taking }
                        },
                        _ => rsx! { Review { key: "{led}", draft, taking } },
                    }
                }
            }
        }
    }
}

/// Goes on to another step; the draft is saved on the way. Tapped twice, it is gone to once.
fn go_to(draft: Draft, step: u8) {
    draft.flush();
    let id = draft.peek(|visit| visit.id);
    go(Route::Visit { id, step });
}

/// From the whole to a step to change something there; that step leads back.
pub(crate) fn go_and_change(draft: Draft, step: u8) {
    draft.set_out();
    go_to(draft, step);
}

/// To the next place where something is missing, from the step `from`. The whole stays right beneath in the history.
pub(crate) fn go_to_gap(draft: Draft, from: u8) {
    let Some((step, field)) = draft.next_gap() else { return };
    draft.lead_to(&field);
    draft.flush();
    let id = draft.peek(|visit| visit.id);
    match from {
        _ if from == step => {}
        LAST_STEP => drop(navigator().push(Route::Visit { id, step })),
        _ if step == LAST_STEP => navigator().go_back(),
        _ => drop(navigator().replace(Route::Visit { id, step })),
    }
}

#[component]
fn Foot(draft: Draft, taking: Taking, step: u8) -> Element {
    let (absent, amends) = draft.read(|visit| (visit.absent, visit.amends.is_some()));
    let tap = use_one_tap();
    let back = move |_: MouseEvent| {
        if tap.take() {
            draft.flush();
            navigator().go_back();
        }
    };
    if step == LAST_STEP {
        return rsx! { super::visit_review::FinishButtons { draft, taking, tap, onback: back } };
    }
    if let Some(errand) = draft.errand() {
        return rsx! { WayBack { draft, step, tap, mending: errand != Errand::Change, onback: back } };
    }
    // Nobody was met: there is nothing to ask and nobody's words to write. A correction looks at the whole.
    let next = if absent || amends { LAST_STEP } else { step + 1 };
    let label = if next == LAST_STEP { words::TO_REVIEW } else { words::TO_WORDS };
    rsx! {
        if step > 0 && !amends {
            button { class: "btn still", r#type: "button", disabled: !tap.is_ready(), "data-testid": "step-back", onclick: back, {words::BACK} }
        }
        button {
            class: "btn p still", r#type: "button", disabled: !tap.is_ready(), "data-testid": "step-next",
            onclick: move |_| if tap.take() { go_to(draft, next) },
            {label}
        }
    }
}

/// For whoever came from the whole: on to the next place that lacks something, then back. One button throughout, that
/// decides when it is tapped: leaving a field redraws the foot while the finger is still on it.
#[component]
fn WayBack(draft: Draft, step: u8, tap: OneTap, mending: bool, onback: EventHandler<MouseEvent>) -> Element {
    let left = move || if mending { draft.problems().len() } else { 0 };
    let (testid, label) = match left() {
        0 if mending => ("to-review", words::ALL_FILLED.to_owned()),
        0 => ("to-review", words::CHANGED.to_owned()),
        left => ("next-gap", words::next_gap(left)),
    };
    let go = move |event| {
        if left() == 0 {
            onback.call(event);
        } else if tap.take() {
            go_to_gap(draft, step);
        }
    };
    rsx! {
        button { class: "btn p still", r#type: "button", disabled: !tap.is_ready(), "data-testid": testid, onclick: go, "{label}" }
    }
}
