//! The first start: a one-time code makes this phone the cadre's.

use dioxus::{history::history, prelude::*};

use crate::{
    components::{
        fields::{Keyboard, TextField, Typed},
        frame::{Page, TopBar},
        icon::Logo,
        notice::Notice,
    },
    route::Route,
    state::{
        enrolment::{EnrolAt, EnrolLink, enrol_at, enrol_link, enrol_phone},
        page_life::origin,
        session::use_session,
    },
    text::enrol as words,
};

/// The first start, or that of a phone which was locked: `onback` leads to what it was told then.
#[component]
pub(crate) fn EnrolView(onback: Option<EventHandler<()>>) -> Element {
    // The link has done its work: no later start must find it again.
    let address = use_hook(|| history().current_route());
    rsx! {
        div { class: "frame",
            if let Some(back) = onback {
                TopBar { title: words::AGAIN, onback: move |_| back.call(()) }
            }
            main { class: "screen",
                Enrolment { address, is_first: onback.is_none(), ondone: move |()| history().replace(Route::TodayPage {}.to_string()) }
            }
        }
    }
}

/// An enrolled phone that the server does not know any more: the office lets it in again, and it keeps everything.
#[component]
pub(crate) fn EnrolAgainView(link: String) -> Element {
    let address = format!("enrol?{link}");
    rsx! {
        Page { title: words::AGAIN,
            Enrolment { address, is_first: false, ondone: move |()| drop(navigator().replace(Route::TodayPage {})) }
        }
    }
}

/// By the link in an address; the first start says what the app is.
#[component]
fn Enrolment(address: String, is_first: bool, ondone: EventHandler<()>) -> Element {
    let link = use_hook(|| enrol_link(&address));
    let given = use_hook(|| enrol_at(&link, origin()));
    // What the cadre chose over the link: to enrol at this page's own server.
    let mut here = use_signal(|| None::<String>);
    let at = here().map_or(given, EnrolAt::ThisPage);
    rsx! {
        div { class: "welcome", "data-testid": "enrol",
            if is_first {
                Logo {}
                h1 { class: "title", {words::TITLE} }
                p { {words::LEAD} }
                ol {
                    for (at, step) in words::HOW.into_iter().enumerate() {
                        li { key: "{at}", "{step}" }
                    }
                }
            } else {
                p { {words::AGAIN_LEAD} }
            }
            match at {
                EnrolAt::Elsewhere { server, open } => rsx! {
                    Elsewhere { server, open, onstay: move |()| here.set(origin()) }
                },
                EnrolAt::ThisPage(server) => rsx! {
                    Form { link: Given(link), server, is_fixed: true, ondone }
                },
                EnrolAt::Any(server) => rsx! {
                    Form { link: Given(link), server, is_fixed: false, ondone }
                },
            }
        }
    }
}

/// The link leads to a server that this page may not speak to.
#[component]
fn Elsewhere(server: String, open: String, onstay: EventHandler<()>) -> Element {
    rsx! {
        div { class: "stack", "data-testid": "enrol-elsewhere",
            Notice { look: "w",
                b { {words::ELSEWHERE} }
                p { {words::ELSEWHERE_HINT} }
                p { class: "verbatim", b { "{server}" } }
            }
            a { class: "btn p wide", href: "{open}", "data-testid": "enrol-open", {words::OPEN} }
            button { class: "link plain", r#type: "button", "data-testid": "enrol-here", onclick: move |_| onstay.call(()),
                {words::HERE_INSTEAD}
            }
        }
    }
}

/// What was refused may stand below the edge of a small screen.
fn bring_into_view(event: &MountedEvent) {
    let notice = event.data();
    // A notice that cannot be scrolled to merely stays where it is.
    spawn(async move { drop(notice.scroll_to(ScrollBehavior::Instant).await) });
}

/// An enrolment link as a property.
#[derive(Clone, PartialEq)]
struct Given(EnrolLink);

/// Code, address and the button. An address that cannot be chosen is only told.
#[component]
fn Form(link: Given, server: String, is_fixed: bool, ondone: EventHandler<()>) -> Element {
    let session = use_session();
    // A code that came with another server's link is no use at this one.
    let is_theirs = link.0.server.is_some_and(|named| is_fixed && named.trim_end_matches('/') != server);
    let code_given = if is_theirs { String::new() } else { link.0.code };
    let mut address = use_signal(|| server.clone());
    let mut code = use_signal(|| code_given.clone());
    let mut busy = use_signal(|| false);
    let mut refused = use_signal(|| None::<String>);
    let go = move |_| async move {
        busy.set(true);
        refused.set(None);
        match enrol_phone(session, &address(), &code()).await {
            Ok(status) => {
                ondone.call(());
                session.take_status(status);
            }
            Err(words) => refused.set(Some(words)),
        }
        busy.set(false);
    };
    rsx! {
        TextField {
            label: words::CODE, hint: words::CODE_HINT, initial: code_given, class: "code", keyboard: Keyboard::Digits, testid: "enrol-code",
            on: move |typed| if let Typed::Text(text) = typed { code.set(text) },
        }
        if is_fixed {
            p { class: "sub verbatim", "data-testid": "enrol-at", "{words::AT} {server}" }
        } else {
            TextField {
                label: words::SERVER, keyboard: Keyboard::Url, initial: server, testid: "enrol-server",
                on: move |typed| if let Typed::Text(text) = typed { address.set(text) },
            }
        }
        if let Some(words) = refused() {
            div { onmounted: move |event| bring_into_view(&event),
                Notice { look: "stop", testid: "enrol-error", "{words}" }
            }
        }
        button { class: "btn p wide", r#type: "button", disabled: busy(), "data-testid": "enrol-go", onclick: go,
            if busy() { {words::GOING} } else { {words::GO} }
        }
    }
}
