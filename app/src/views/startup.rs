//! Before the app can be shown: opening, another tab, trouble with the store.

use dioxus::{history::history, prelude::*};

use crate::{
    components::{icon::Logo, notice::Notice},
    format,
    platform::now_ms,
    state::enrolment::enrol_link,
    text,
    views::enrol::EnrolView,
};

/// The store is being opened.
#[component]
pub(crate) fn Opening() -> Element {
    rsx! {
        div { class: "opening", role: "status",
            Logo {}
            p { {text::OPENING} }
        }
    }
}

/// Another tab has the store.
#[component]
pub(crate) fn OtherTab(
    title: &'static str,
    since_ms: Option<i64>,
    unanswered: bool,
    ontake: EventHandler<()>,
) -> Element {
    rsx! {
        main { class: "screen",
            div { class: "welcome", "data-testid": "other-tab",
                Logo {}
                h1 { class: "title", "{title}" }
                p { {text::startup::OTHER_TAB_HINT} }
                if let Some(ms) = since_ms {
                    p { class: "muted", {text::startup::opened_at(&format::moment(ms, now_ms()))} }
                }
                if unanswered {
                    Notice { look: "w", {text::startup::UNANSWERED} }
                }
                button { class: "btn p wide", r#type: "button", "data-testid": "take-over", onclick: move |_| ontake.call(()),
                    {text::startup::USE_HERE}
                }
            }
        }
    }
}

/// The office has revoked this phone, and all words that were completed on it are with the office. What is half written is
/// reached again, and photos that had not been sent are, once the office has let the same cadre in anew.
#[component]
pub(crate) fn Locked(drafts: u32, photos: u32) -> Element {
    // Opened by the link that the office gave for it.
    let mut again = use_signal(|| !enrol_link(&history().current_route()).code.is_empty());
    if again() {
        return rsx! { EnrolView { onback: move |()| again.set(false) } };
    }
    rsx! {
        main { class: "screen",
            div { class: "welcome", "data-testid": "locked",
                Logo {}
                h1 { class: "title", {text::startup::LOCKED} }
                p { {text::startup::LOCKED_HINT} }
                if drafts > 0 {
                    Notice { look: "w", {text::startup::locked_drafts(drafts)} }
                }
                if photos > 0 {
                    Notice { look: "w", testid: "locked-photos", {text::startup::locked_photos(photos)} }
                }
                button { class: "btn wide", r#type: "button", "data-testid": "enrol-again", onclick: move |_| again.set(true),
                    {text::mine::ENROL_AGAIN}
                }
            }
        }
    }
}

/// The store did not open; the words say what is safe and what to do.
#[component]
pub(crate) fn Trouble(words: String, onretry: Option<EventHandler<()>>) -> Element {
    rsx! {
        main { class: "screen",
            div { class: "welcome", "data-testid": "trouble",
                Logo {}
                h1 { class: "title", {text::startup::TROUBLE} }
                Notice { look: "stop", "{words}" }
                if let Some(retry) = onretry {
                    button { class: "btn p wide", r#type: "button", onclick: move |_| retry.call(()), {text::RETRY} }
                }
            }
        }
    }
}
