//! What surrounds the pages: the state line over all, the tabs under the five main ones.

use dioxus::prelude::*;
use lianxin_assets::icons;
use uuid::Uuid;

use super::photos::UnseenPhotos;
use crate::{
    components::{
        frame::{StateLine, TabBar},
        notice::{Empty, Notice},
    },
    platform::now_ms,
    route::Route,
    state::{
        asked::use_asked,
        place::use_place,
        register::RegisterSearch,
        session::{Note, use_session},
    },
    store::{RecordPlace, Request, VisitPage},
    text::{self, visit as words},
};

/// The state line over every page.
#[component]
pub(crate) fn Shell() -> Element {
    use_place();
    let session = use_session();
    rsx! {
        StateLine { line: session.line.read().clone(), now_ms: now_ms() }
        UnseenPhotos {}
        Outlet::<Route> {}
    }
}

/// The five main pages with their tabs.
#[component]
pub(crate) fn Tabs() -> Element {
    let here = use_route::<Route>();
    let search = use_context::<RegisterSearch>().0;
    // Whoever comes to the 户册 by its tab looks for another household than last time; 返回 leads to the same list.
    let ontab = move |to: Route| {
        if to == (Route::HouseholdList {}) {
            search.clear()
        }
    };
    rsx! {
        div { class: "frame", Outlet::<Route> {} }
        TabBar { here, ontab }
    }
}

/// What was just done, on the page where it leads.
#[component]
pub(crate) fn DoneNote() -> Element {
    let session = use_session();
    let here = use_route::<Route>().to_string();
    let note = session.note.read().clone().filter(|note| note.at == here);
    match note {
        Some(Note { words, visit: Some(id), .. }) => {
            rsx! { VisitNote { key: "{id}-{words}", id, done: words } }
        }
        Some(Note { words, .. }) => rsx! { Notice { look: "", testid: "note-done", "{words}" } },
        None => rsx! {},
    }
}

/// A visit that was just completed, and where it is by now: the visit with all that was said.
#[component]
fn VisitNote(id: Uuid, done: String) -> Element {
    let asked = use_asked::<VisitPage>(move || Request::Visit { id });
    let mut places = match &*asked.read() {
        Some(Ok(page)) => page.opinions.iter().chain([&page.record]).map(|record| record.place).collect(),
        _ => vec![RecordPlace::Waiting],
    };
    places.retain(|place| *place != RecordPlace::Received);
    let (look, words) = match places.first() {
        None => ("ok", words::received(&done)),
        Some(_) if places.contains(&RecordPlace::Waiting) => ("", words::on_its_way(&done)),
        Some(_) => ("w", words::held(&done)),
    };
    rsx! {
        Notice { look, testid: "note-done",
            p { class: "words", "{words}" }
        }
    }
}

/// An address that leads nowhere.
#[component]
pub(crate) fn Lost(segments: Vec<String>) -> Element {
    tracing::info!(depth = segments.len(), "no such page");
    rsx! {
        main { class: "screen",
            Empty { icon: icons::INFO, title: text::startup::LOST, hint: text::startup::LOST_HINT,
                Link { class: "btn p", to: Route::TodayPage {}, {text::startup::HOME} }
            }
        }
    }
}
