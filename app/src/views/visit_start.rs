//! 走访, the beginning: whom to. Search, what was begun, who must still be visited, where one was last.

use dioxus::prelude::*;
use lianxin_assets::icons;
use lianxin_shared::domain::{Coded, visit::TargetKind};
use uuid::Uuid;

use super::{
    go_visit::{begin_visit, choose_household},
    households::{HouseholdRows, NothingFound, SearchField},
    today::{Drafts, MustHead},
};
use crate::{
    components::{
        choice::Segments,
        fields::{TextField, Typed},
        frame::Page,
        icon::Icon,
        notice::{Failed, Waiting},
        rows::HouseholdLine,
    },
    platform::now_ms,
    route::Route,
    state::{
        asked::use_asked,
        register::{Search, use_households},
        session::use_session,
    },
    store::{HouseholdFilter, HouseholdRow, Request, Today, VisitTarget},
    text::{self, household, visit as words},
};

/// The tab 走访.
#[component]
pub(crate) fn VisitStartView() -> Element {
    let session = use_session();
    let search = use_hook(|| Search::new(HouseholdFilter::Recent));
    let mut asked = use_households(search);
    let today = use_asked::<Today>(|| Request::Today);
    let mut refused = use_signal(|| None::<String>);
    let is_typing = !search.text.read().trim().is_empty();
    use_effect(move || {
        // Typing looks through all households, not only those visited last.
        let wanted =
            if search.text.read().trim().is_empty() { HouseholdFilter::Recent } else { HouseholdFilter::All };
        if *search.filter.peek() != wanted {
            search.choose(wanted);
        }
    });
    let begin = move |id: Uuid| async move {
        if let Err(error) = choose_household(session, id).await {
            refused.set(Some(error.to_string()));
        }
    };
    rsx! {
        main { class: "screen", "data-testid": "visit-start",
            h1 { class: "title", {words::START} }
            SearchField { search }
            if let Some(words) = refused() {
                Failed { words, onretry: move |()| refused.set(None) }
            }
            // What stands above may not push down what a finger is over.
            if !is_typing && today.read().is_some() {
                if let Some(Ok(today)) = &*today.read() {
                    if !today.drafts.is_empty() {
                        div { class: "sec", h2 { {words::DRAFTS} } }
                        Drafts { drafts: today.drafts.clone(), now_ms: now_ms() }
                    }
                    if today.left > 0 {
                        MustHead { left: today.left }
                        ToVisit { rows: today.households.clone(), onpick: move |id| { spawn(begin(id)); } }
                    }
                }
                div { class: "card", margin_top: ".75rem",
                    Link { class: "row", to: Route::VisitOther {}, "data-testid": "visit-other",
                        span { class: "av i", "aria-hidden": "true", Icon { path: icons::PEOPLE } }
                        span { class: "gr",
                            span { class: "name", {words::OTHER_TITLE} }
                            p { {words::OTHER} }
                        }
                        span { class: "end", Icon { path: icons::NEXT, small: true } }
                    }
                }
            }
            match &*asked.read() {
                None => rsx! { Waiting {} },
                Some(Err(error)) => rsx! { Failed { words: error.to_string(), onretry: move |()| asked.restart() } },
                Some(Ok(found)) if found.rows.is_empty() && is_typing => rsx! { NothingFound { is_empty_phone: found.all == 0 } },
                Some(Ok(found)) if found.rows.is_empty() => rsx! {
                    p { class: "sub", margin_top: "1rem", {words::NOBODY_YET} }
                },
                Some(Ok(found)) => rsx! {
                    div { class: "sec", h2 { if is_typing { {text::register::found(found.total)} } else { {words::RECENT} } } }
                    if is_typing {
                        HouseholdRows { rows: found.rows.clone(), onpick: move |id| { spawn(begin(id)); } }
                    } else {
                        ToVisit { rows: found.rows.clone(), onpick: move |id| { spawn(begin(id)); } }
                    }
                },
            }
        }
    }
}

/// Households with when they were visited last.
#[component]
fn ToVisit(rows: Vec<HouseholdRow>, onpick: EventHandler<Uuid>) -> Element {
    let now_ms = now_ms();
    rsx! {
        div { class: "card",
            for row in rows {
                HouseholdLine { key: "{row.id}", now_ms, short: true, onpick: move |()| onpick.call(row.id), row: row.clone() }
            }
        }
    }
}

/// 社区、企业、学校、工地、单位 (S2): kind and name, then the same visit.
#[component]
pub(crate) fn VisitOtherView() -> Element {
    let session = use_session();
    let villages = session.identity().villages;
    let mut picked = use_signal(|| None::<String>);
    // One that was withdrawn meanwhile is picked no more; whoever has one village only is there.
    let village = use_memo(move || {
        let villages = session.identity().villages;
        let only = villages.keys().next().filter(|_| villages.len() == 1).cloned();
        picked().filter(|code| villages.contains_key(code)).or(only)
    });
    let mut kind = use_signal(|| TargetKind::Community.code().to_owned());
    let mut name = use_signal(String::new);
    let mut refused = use_signal(|| None::<String>);
    let kinds = TargetKind::ALL.iter().filter(|one| **one != TargetKind::Household);
    let kinds: Vec<_> = kinds.map(|one| (one.code().to_owned(), one.label().to_owned())).collect();
    let mut villageless = use_signal(|| false);
    let mut busy = use_signal(|| false);
    let begin = move |_| async move {
        // Each would be a visit of its own.
        if busy() {
            return;
        }
        villageless.set(village.peek().is_none());
        let name = name.peek().trim().to_owned();
        if name.is_empty() {
            refused.set(Some(words::NAME_WANTED.to_owned()));
            return;
        }
        let Some(village) = village.peek().clone() else { return };
        let target = VisitTarget::Other { kind: kind(), name, village };
        busy.set(true);
        if let Err(error) = begin_visit(session, target).await {
            refused.set(Some(error.to_string()));
        }
        busy.set(false);
    };
    let foot = rsx! {
        button { class: "btn p", r#type: "button", "data-testid": "visit-begin", onclick: begin, {words::BEGIN} }
    };
    rsx! {
        Page { title: words::OTHER_TITLE, foot,
            div { class: "stack",
                div { class: "field",
                    span { class: "label", {words::KIND} }
                    Segments { label: words::KIND, options: kinds, chosen: vec![kind()], testid: "visit-kind", onpick: move |code| kind.set(code) }
                }
                TextField {
                    label: words::NAME, hint: words::NAME_HINT, initial: "", focus: true, problem: refused(), testid: "visit-name",
                    on: move |typed| {
                        if let Typed::Text(text) = typed {
                            name.set(text);
                            refused.set(None);
                        }
                    },
                }
                if villages.len() > 1 {
                    div { class: "field",
                        span { class: "label", {household::VILLAGE} }
                        Segments {
                            label: household::VILLAGE, options: villages.clone().into_iter().collect::<Vec<_>>(), chosen: village().into_iter().collect::<Vec<_>>(),
                            testid: "village", onpick: move |code| picked.set(Some(code)),
                        }
                        if villageless() && village().is_none() {
                            p { class: "wrong", role: "alert", {words::VILLAGE_WANTED} }
                        }
                    }
                }
            }
        }
    }
}
