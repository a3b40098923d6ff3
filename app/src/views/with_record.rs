//! An editor's record: asked once, so that it does not change under the hands of the person who types.

use dioxus::prelude::*;
use uuid::Uuid;

use crate::{
    components::{
        frame::Page,
        notice::{Failed, Waiting},
    },
    state::asked::use_loaded,
    store::{Loaded, Request},
};

/// Loads the record `id`, then shows what `then` makes of it; another id starts afresh.
#[component]
pub(crate) fn WithRecord(id: Uuid, title: &'static str, then: Callback<Loaded, Element>) -> Element {
    rsx! {
        for id in [id] {
            Once { key: "{id}", id, title, then }
        }
    }
}

#[component]
fn Once(id: Uuid, title: &'static str, then: Callback<Loaded, Element>) -> Element {
    let mut asked = use_loaded::<Loaded>(Request::Record { id });
    match &*asked.read() {
        None => rsx! {
            Page { title, Waiting {} }
        },
        Some(Err(error)) => rsx! {
            Page { title,
                Failed { words: error.to_string(), onretry: move |()| asked.restart() }
            }
        },
        Some(Ok(loaded)) => then.call(loaded.clone()),
    }
}
