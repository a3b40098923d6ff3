//! The page's own life: hidden, about to be discarded, the network coming and going.

use crate::store::Request;
#[cfg(target_family = "wasm")]
use {
    super::session::Update,
    crate::platform::web::update::Updates,
    dioxus::core::{Runtime, ScopeId, spawn_forever},
    dioxus::prelude::WritableExt,
    futures_util::StreamExt,
    std::rc::Rc,
    wasm_bindgen::{JsCast, prelude::Closure},
};

use super::session::Session;

/// From now on every open editor saves at once when the page is hidden, and the store learns of the network.
#[cfg(target_family = "wasm")]
pub(crate) fn watch(session: Session) {
    let Some(window) = web_sys::window() else { return };
    let listen = |name: &str, act: Box<dyn FnMut()>| {
        let closure = Closure::wrap(act);
        // Only a browser without events would refuse, and the app cannot run there anyway.
        let _ = window.add_event_listener_with_callback(name, closure.as_ref().unchecked_ref());
        closure.forget();
    };
    let runtime = Runtime::current();
    let inside = move |act: Box<dyn Fn()>| -> Box<dyn FnMut()> {
        let runtime = runtime.clone();
        Box::new(move || runtime.in_scope(ScopeId::ROOT, &act))
    };
    // The page is reloaded or left for another: the last moment at which everything can still be stored.
    listen(
        "beforeunload",
        inside(Box::new(move || {
            session.flush_all();
            session.client().leave();
        })),
    );
    // `visibilitychange` bubbles from the document; `pagehide` also comes when a page goes to the cache.
    for name in ["visibilitychange", "pagehide", "freeze"] {
        listen(
            name,
            inside(Box::new(move || {
                session.flush_all();
                // Nobody looks: the best moment for a new version.
                spawn_forever(session.update_if_idle());
            })),
        );
    }
    spawn_forever(watch_updates(session));
    for (name, online) in [("online", true), ("offline", false)] {
        listen(name, inside(Box::new(move || session.tell(Request::Online { online }))));
    }
    session.tell(Request::Online { online: window.navigator().on_line() });
}

/// A new version that was fetched whole waits until it disturbs nobody.
#[cfg(target_family = "wasm")]
async fn watch_updates(session: Session) {
    let Some((updates, mut ready)) = Updates::watch().await else { return };
    let mut update = session.update;
    while ready.next().await.is_some() {
        let updates = updates.clone();
        update.set(Some(Update(Rc::new(move || updates.apply()))));
    }
}

/// Natively the window's close waits for the store; only the network is told, once.
#[cfg(not(target_family = "wasm"))]
pub(crate) fn watch(session: Session) {
    session.tell(Request::Online { online: true });
}

/// The address that served this page: where the township's server most likely is. None in a native window.
pub(crate) fn origin() -> Option<String> {
    #[cfg(target_family = "wasm")]
    {
        web_sys::window()?.location().origin().ok()
    }
    #[cfg(not(target_family = "wasm"))]
    {
        None
    }
}
