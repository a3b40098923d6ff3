//! 修改记录 of one record: who changed what, by the phone's clock and by the server's. The township alone has it.

use dioxus::prelude::*;
use lianxin_shared::wire::v1::{HistoryChange, HistoryLine, HistoryResponse};
use uuid::Uuid;

use crate::{
    components::{
        frame::Page,
        notice::{Failed, Notice, Waiting},
    },
    format,
    platform::now_ms,
    route::Route,
    state::session::use_session,
    text::history as words,
};

/// The way to a record's history, from its page.
#[component]
pub(crate) fn HistoryLink(id: Uuid) -> Element {
    rsx! {
        Link { class: "link history-open", to: Route::History { id }, "data-testid": "history-open", {words::TITLE} }
    }
}

/// The history of the record `id`.
#[component]
pub(crate) fn HistoryView(id: Uuid) -> Element {
    let session = use_session();
    use_effect(use_reactive!(|id| session.ask_history(id)));
    let told = session.history.read().as_ref().filter(|(of, _)| *of == id).map(|(_, told)| told.clone());
    let not_sent = session.line.read().waiting > 0;
    rsx! {
        Page { title: words::TITLE, testid: "history",
            match told {
                None => rsx! {
                    Waiting {}
                    p { class: "sub", {words::ASKING} }
                },
                Some(Err(why)) => rsx! { Failed { words: why, onretry: move |()| session.ask_history(id) } },
                Some(Ok(told)) => rsx! {
                    div { class: "stack",
                        p { class: "sub", {words::LEAD} }
                        if not_sent {
                            Notice { {words::NOT_SENT} }
                        }
                        Changes { told: Told(told) }
                    }
                },
            }
        }
    }
}

/// A history as a property.
#[derive(Clone, PartialEq)]
struct Told(HistoryResponse);

#[component]
fn Changes(told: Told) -> Element {
    let now = now_ms();
    let HistoryResponse { changes, older, .. } = told.0;
    rsx! {
        ol { class: "stack",
            for (nth, change) in changes.into_iter().enumerate() {
                li { key: "{nth}", class: "card pad", "data-testid": "history-change", {one(&change, now)} }
            }
        }
        if older > 0 {
            p { class: "sub", {words::older(older)} }
        }
    }
}

fn one(change: &HistoryChange, now_ms: i64) -> Element {
    rsx! {
        p { b { "{change.by}" } }
        p { class: "sub", {words::written(&format::moment(change.written_ms, now_ms))} }
        p { class: "sub", {words::received(&format::moment(change.received_ms, now_ms))} }
        p { class: "tags marks",
            if !change.held.is_empty() {
                span { class: "tag w", {words::HELD} }
            }
            if change.settled {
                span { class: "tag", {words::SETTLED} }
            }
            if change.unseen {
                span { class: "tag w", {words::UNSEEN} }
            }
            if change.salvaged {
                span { class: "tag", {words::SALVAGED} }
            }
        }
        if !change.held.is_empty() {
            p { class: "sub", "{change.held}" }
        }
        if change.lines.is_empty() {
            p { class: "sub", {words::NOTHING_TO_READ} }
        } else {
            dl { class: "changes",
                for (nth, line) in change.lines.iter().enumerate() {
                    div { key: "{nth}", {field(line)} }
                }
            }
        }
    }
}

fn field(line: &HistoryLine) -> Element {
    rsx! {
        dt { "{line.label}" }
        if let Some(before) = &line.before {
            dd { class: "was verbatim", {words::before(before)} }
        }
        dd { class: "verbatim", {words::after(&line.after, line.before.is_some())} }
    }
}
