//! 要您看一眼: what two people wrote differently, settled by one tap each.

use dioxus::prelude::*;
use lianxin_assets::icons;

use crate::{
    components::{
        conflict::ConflictCard,
        frame::Page,
        notice::{Empty, Failed, Waiting},
    },
    platform::now_ms,
    state::{asked::use_asked, session::use_session},
    store::{ConflictView, Mine, Request, Taken},
    text::{mine, today},
};

/// All that are open on this phone.
#[component]
pub(crate) fn ConflictsView() -> Element {
    let mut asked = use_asked::<Mine>(|| Request::Mine);
    rsx! {
        Page { title: today::LOOK, testid: "conflicts",
            match &*asked.read() {
                None => rsx! { Waiting {} },
                Some(Err(error)) => rsx! { Failed { words: error.to_string(), onretry: move |()| asked.restart() } },
                Some(Ok(all)) if all.conflicts.is_empty() => rsx! {
                    Empty { icon: icons::CHECK, title: mine::NO_CONFLICTS, hint: mine::NO_CONFLICTS_HINT }
                },
                Some(Ok(all)) => rsx! {
                    div { class: "stack", ConflictList { conflicts: all.conflicts.clone() } }
                },
            }
        }
    }
}

/// Conflicts as cards; a tap settles one, and every screen asks again.
#[component]
pub(crate) fn ConflictList(conflicts: Vec<ConflictView>) -> Element {
    let mut session = use_session();
    let mut refused = use_signal(|| None::<String>);
    let mut busy = use_signal(|| false);
    let settle = move |conflict, take| async move {
        busy.set(true);
        match session.ask::<()>(Request::Resolve { conflict, take }).await {
            Ok(()) => session.changed += 1,
            Err(error) => refused.set(Some(error.to_string())),
        }
        busy.set(false);
    };
    rsx! {
        if let Some(words) = refused() {
            Failed { words, onretry: move |()| refused.set(None) }
        }
        for conflict in conflicts {
            ConflictCard {
                key: "{conflict.id}", now_ms: now_ms(), busy: busy(),
                onsettle: move |take: Taken| {
                    spawn(settle(conflict.id, take));
                },
                conflict: conflict.clone(),
            }
        }
    }
}
