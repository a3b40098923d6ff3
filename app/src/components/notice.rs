//! Words about how things stand: notices, empty states, failures, and whether the last change is saved.

use dioxus::prelude::*;
use lianxin_assets::icons;

use super::icon::Icon;
use crate::{state::gate::Mark, text};

/// A framed word to know. `look`: empty, `w` waiting, `stop` trouble, `ok` received.
#[component]
pub(crate) fn Notice(
    #[props(default)] look: &'static str,
    #[props(default = "notice")] testid: &'static str,
    children: Element,
) -> Element {
    let icon = match look {
        "ok" => icons::CHECK,
        "w" | "stop" => icons::WARN,
        _ => icons::INFO,
    };
    rsx! {
        div { class: "notice {look}", "data-testid": testid, role: if look == "stop" { "alert" } else { "status" },
            Icon { path: icon, small: true }
            div { {children} }
        }
    }
}

/// Nothing here yet, and the next step.
#[component]
pub(crate) fn Empty(
    icon: &'static str,
    title: String,
    #[props(default)] hint: String,
    #[props(default = VNode::empty())] children: Element,
) -> Element {
    rsx! {
        div { class: "empty", "data-testid": "empty",
            Icon { path: icon }
            b { "{title}" }
            if !hint.is_empty() {
                p { "{hint}" }
            }
            {children}
        }
    }
}

/// The store is being asked. Answers come within milliseconds, so there is no spinner to flash.
#[component]
pub(crate) fn Waiting() -> Element {
    rsx! { p { class: "sub", role: "status", {text::OPENING} } }
}

/// A question that failed: the store's words, and another try.
#[component]
pub(crate) fn Failed(words: String, onretry: EventHandler<()>) -> Element {
    rsx! {
        Notice { look: "stop", testid: "failed",
            p { "{words}" }
            button { class: "btn", r#type: "button", "data-testid": "retry", onclick: move |_| onretry.call(()), {text::RETRY} }
        }
    }
}

/// 已存 ✓ only when the last change is acknowledged.
#[component]
pub(crate) fn SaveMark(mark: Mark) -> Element {
    match mark {
        Mark::Untouched => rsx! {},
        Mark::Saving => rsx! {
            span { class: "mark", role: "status", "data-testid": "save-mark", "data-state": "saving", {text::SAVING} }
        },
        Mark::Saved => rsx! {
            span { class: "mark", role: "status", "data-testid": "save-mark", "data-state": "saved",
                {text::SAVED}
                Icon { path: icons::CHECK, small: true }
            }
        },
        Mark::Failed(_) => rsx! {
            span { class: "mark no", role: "status", "data-testid": "save-mark", "data-state": "failed", {text::NOT_SAVED} }
        },
    }
}

/// Why the last change was not saved, with another try; nothing while all is well.
#[component]
pub(crate) fn SaveTrouble(mark: Mark, onretry: EventHandler<()>) -> Element {
    match mark {
        Mark::Failed(words) => rsx! { Failed { words, onretry } },
        _ => rsx! {},
    }
}
