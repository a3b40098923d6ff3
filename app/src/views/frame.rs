//! What surrounds the pages: the state line over all, the tabs under the five main ones.

use dioxus::prelude::*;
use lianxin_assets::icons;

use super::photos::UnseenPhotos;
use crate::{
    components::{
        frame::{StateLine, TabBar},
        notice::{Empty, Notice},
    },
    platform::now_ms,
    route::Route,
    state::{place::use_place, session::use_session},
    text,
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
    rsx! {
        div { class: "frame", Outlet::<Route> {} }
        TabBar { here }
    }
}

/// What was just done, on the page where it leads.
#[component]
pub(crate) fn DoneNote() -> Element {
    let session = use_session();
    let here = use_route::<Route>().to_string();
    let words = session.note.read().as_ref().filter(|(at, _)| *at == here).map(|(_, words)| words.clone());
    rsx! {
        if let Some(words) = words {
            Notice { look: "", testid: "note-done", "{words}" }
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
