//! The way into a visit: begun, gone on with where it was left, or asked for a second time on one day.

use dioxus::prelude::*;
use uuid::Uuid;

use super::visit::LAST_STEP;
use crate::{
    components::notice::{Failed, Notice},
    route::{Route, go, is_at},
    state::{
        one_tap::use_one_tap,
        session::{Session, use_session},
    },
    store::{HouseholdPage, OpenDraft, Request, StoreError, VisitTarget},
    text::household as words,
};

/// Starts (or reopens) the draft of a visit and goes there.
///
/// # Errors
/// What the store says.
pub(crate) async fn begin_visit(session: Session, target: VisitTarget) -> Result<(), StoreError> {
    let open: OpenDraft = session.ask(Request::StartVisit { target }).await?;
    go_to_draft(open.draft.id, open.draft.step, false);
    Ok(())
}

/// Goes to a household's visit from a list; where the cadre has visited it today, to its page, which asks first.
///
/// # Errors
/// What the store says.
pub(crate) async fn choose_household(mut session: Session, id: Uuid) -> Result<(), StoreError> {
    let page: HouseholdPage = session.ask(Request::Household { id }).await?;
    if page.draft.is_none() && page.visited_today.is_some() {
        session.visited_already.set(Some(id));
        go(Route::HouseholdPage { id });
        return Ok(());
    }
    begin_visit(session, VisitTarget::Household(id)).await
}

/// Opens a draft at the step where it was left. The steps before it lie beneath, so that back steps back: for a
/// correction that is the whole on one page, from which each change sets out.
pub(crate) fn go_to_draft(id: Uuid, step: u8, amends: bool) {
    let beneath = if amends { LAST_STEP..LAST_STEP + u8::from(step < LAST_STEP) } else { 0..step };
    // A second tap on what led here finds it open.
    if !is_at(&Route::Visit { id, step }) {
        for step in beneath.chain([step]) {
            navigator().push(Route::Visit { id, step });
        }
    }
}

/// 去走访 under a household's page. Whoever was there today is asked before it becomes two visits.
#[component]
pub(crate) fn GoVisit(household: Uuid, draft: Option<Uuid>, visited_today: Option<Uuid>) -> Element {
    let mut session = use_session();
    let mut asking = use_signal(|| session.visited_already.take() == Some(household));
    let mut refused = use_signal(|| None::<String>);
    let tap = use_one_tap();
    let begin = move |_| async move {
        if !tap.take() {
            return;
        }
        if let Err(error) = begin_visit(session, VisitTarget::Household(household)).await {
            refused.set(Some(error.to_string()));
        }
    };
    if let Some(words) = refused() {
        return rsx! { Failed { words, onretry: move |()| refused.set(None) } };
    }
    let Some(visit) = visited_today.filter(|_| draft.is_none()) else {
        return rsx! {
            button { class: "btn p still", r#type: "button", disabled: !tap.is_ready(), "data-testid": "go-visit", onclick: begin,
                if draft.is_some() { {words::GO_ON} } else { {words::GO} }
            }
        };
    };
    if !asking() {
        return rsx! {
            button { class: "btn wide", r#type: "button", "data-testid": "go-visit-again", onclick: move |_| asking.set(true), {words::GO_TWICE} }
        };
    }
    rsx! {
        Notice { look: "w", testid: "twice",
            b { {words::TWICE} }
            p { {words::TWICE_HINT} }
            div { class: "chips wrap",
                button { class: "btn", r#type: "button", "data-testid": "twice-see",
                    onclick: move |_| go(Route::Visited { id: visit }),
                    {words::TWICE_SEE}
                }
                button { class: "btn still", r#type: "button", disabled: !tap.is_ready(), "data-testid": "twice-go", onclick: begin, {words::TWICE_YES} }
            }
        }
    }
}
