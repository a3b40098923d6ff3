//! The first start: address and one-time code make this phone the cadre's.

use dioxus::{history::history, prelude::*};

use crate::{
    components::{
        fields::{Keyboard, TextField, Typed},
        icon::Logo,
        notice::Notice,
    },
    state::{
        enrolment::{EnrolLink, enrol_link, enrol_phone},
        page_life::origin,
        session::use_session,
    },
    text::enrol as words,
};

/// The page.
#[component]
pub(crate) fn EnrolView() -> Element {
    let session = use_session();
    let link = use_hook(|| enrol_link(&history().current_route()));
    let EnrolLink { code: code_given, server: server_given } = link;
    let server_first = use_hook(|| server_given.or_else(origin).unwrap_or_default());
    let mut server = use_signal(|| server_first.clone());
    let mut code = use_signal(|| code_given.clone());
    let mut busy = use_signal(|| false);
    let mut refused = use_signal(|| None::<String>);
    let go = move |_| async move {
        busy.set(true);
        refused.set(None);
        if let Err(words) = enrol_phone(session, &server(), &code()).await {
            refused.set(Some(words));
        }
        busy.set(false);
    };
    rsx! {
        main { class: "screen",
            div { class: "welcome", "data-testid": "enrol",
                Logo {}
                h1 { class: "title", {words::TITLE} }
                p { {words::LEAD} }
                ol {
                    for (at, step) in words::HOW.into_iter().enumerate() {
                        li { key: "{at}", "{step}" }
                    }
                }
                TextField {
                    label: words::CODE, hint: words::CODE_HINT, initial: code_given, class: "code", keyboard: Keyboard::Digits, testid: "enrol-code",
                    on: move |typed| if let Typed::Text(text) = typed { code.set(text) },
                }
                TextField {
                    label: words::SERVER, keyboard: Keyboard::Url, initial: server_first, testid: "enrol-server",
                    on: move |typed| if let Typed::Text(text) = typed { server.set(text) },
                }
                if let Some(words) = refused() {
                    Notice { look: "stop", testid: "enrol-error", "{words}" }
                }
                button { class: "btn p wide", r#type: "button", disabled: busy(), "data-testid": "enrol-go", onclick: go,
                    if busy() { {words::GOING} } else { {words::GO} }
                }
            }
        }
    }
}
