//! 修改记录 of a record and of what its page shows beside it: who changed what, by the phone's clock and by the server's. The township alone has it.

use dioxus::prelude::*;
use lianxin_shared::wire::v1::{HistoryChange, HistoryLine};
use uuid::Uuid;

use crate::{
    components::{
        frame::Page,
        notice::{Failed, Notice, Waiting},
    },
    format,
    platform::now_ms,
    route::Route,
    state::{
        session::use_session,
        told::{self, Merged},
    },
    text::history as words,
};

/// The way to a record's history, from its page.
#[component]
pub(crate) fn HistoryLink(id: Uuid) -> Element {
    rsx! {
        Link { class: "link history-open", to: Route::History { id }, "data-testid": "history-open", {words::TITLE} }
    }
}

/// The history of the record `id`, with that of what its page shows beside it.
#[component]
pub(crate) fn HistoryView(id: Uuid) -> Element {
    rsx! {
        for id in [id] {
            HistoryOf { key: "{id}", id }
        }
    }
}

#[component]
fn HistoryOf(id: Uuid) -> Element {
    let session = use_session();
    let mut whole = use_resource(move || async move {
        let whole = told::whole(session, id).await;
        session.ask_history(whole.records());
        whole
    });
    let has_unnamed = whole.read().as_ref().is_some_and(|whole| whole.has_unnamed);
    let told = whole.read().as_ref().and_then(|whole| told::merged(whole, &session.history.read()));
    let not_sent = session.line.read().waiting > 0;
    rsx! {
        Page { title: words::TITLE, testid: "history",
            match told {
                None => rsx! {
                    Waiting {}
                    p { class: "sub", {words::ASKING} }
                },
                Some(Err(why)) => rsx! { Failed { words: why, onretry: move |()| whole.restart() } },
                Some(Ok(told)) => rsx! {
                    div { class: "stack",
                        p { class: "sub", {words::LEAD} }
                        if has_unnamed {
                            p { class: "sub", {words::UNNAMED} }
                        }
                        if not_sent {
                            Notice { {words::NOT_SENT} }
                        }
                        Changes { told }
                    }
                },
            }
        }
    }
}

#[component]
fn Changes(told: Merged) -> Element {
    let now = now_ms();
    let Merged { changes, older } = told;
    rsx! {
        ol { class: "stack",
            for (nth, (of, change)) in changes.into_iter().enumerate() {
                li { key: "{nth}", class: "card pad", "data-testid": "history-change",
                    if !of.is_empty() {
                        p { class: "which", "data-testid": "history-of", "{of}" }
                    }
                    {one(&change, now)}
                }
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
