//! A completed visit, read-only: what was asked, what was said, where the record is.

use dioxus::prelude::*;
use lianxin_assets::icons;
use lianxin_shared::{
    domain::{Coded, opinion::Opinion, visit::Visit},
    templates::templates,
};
use uuid::Uuid;

use super::{frame::DoneNote, go_visit::go_to_draft, history::HistoryLink, photos::PhotoGrid};
use crate::{
    beijing,
    components::{
        frame::Page,
        icon::Icon,
        notice::{Failed, Waiting},
        rows::{PlaceTag, named},
    },
    format,
    platform::now_ms,
    state::{asked::use_asked, session::use_session},
    store::{Loaded, OpenDraft, RecordPlace, Request, VisitPage},
    text::{household, photo, visit as words},
};

/// The visit `id`.
#[component]
pub(crate) fn VisitedView(id: Uuid) -> Element {
    rsx! {
        for id in [id] {
            VisitOf { key: "{id}", id }
        }
    }
}

#[component]
fn VisitOf(id: Uuid) -> Element {
    let mut asked = use_asked::<VisitPage>(move || Request::Visit { id });
    match &*asked.read() {
        None => rsx! { Page { title: words::RECORD, Waiting {} } },
        Some(Err(error)) => rsx! {
            Page { title: words::RECORD, Failed { words: error.to_string(), onretry: move |()| asked.restart() } }
        },
        Some(Ok(page)) => rsx! { Whole { page: page.clone() } },
    }
}

#[component]
fn Whole(page: VisitPage) -> Element {
    let visit = Visit::from_fields(&page.record.fields);
    let items = templates().items_of(&visit.checklists);
    let answers: Vec<(String, String)> = items
        .iter()
        // Visits of former versions still hold what is said above, beside a name that may have been withheld.
        .filter(|item| !item.is_opinion)
        .filter_map(|item| Some((item.question.clone(), item.answer_text(&visit.answers)?)))
        .collect();
    let foot = page.may_amend.then(|| rsx! { Amend { id: page.record.id, open: page.amending } });
    rsx! {
        Page { title: words::title(named(&page.title)), testid: "visited", foot,
            div { class: "stack",
                DoneNote {}
                How { visit: VisitProp(visit.clone()), record: page.record.clone() }
                if !page.opinions.is_empty() {
                    section { class: "card pad stack",
                        h2 { class: "label", {words::REVIEW_WORDS} }
                        for one in page.opinions {
                            Said { key: "{one.id}", record: one }
                        }
                    }
                }
                if !answers.is_empty() {
                    section { class: "card pad review stack",
                        h2 { class: "label", {words::REVIEW_ANSWERS} }
                        dl {
                            for (question, answer) in answers {
                                div { key: "{question}",
                                    dt { "{question}" }
                                    dd { class: "verbatim", "{answer}" }
                                }
                            }
                        }
                    }
                }
                if !page.photos.is_empty() {
                    section { class: "card pad stack",
                        h2 { class: "label", {photo::count(page.photos.len())} }
                        PhotoGrid { text_there: page.record.place == RecordPlace::Received, photos: page.photos.clone() }
                    }
                }
                if !visit.notes.is_empty() {
                    section { class: "card pad stack",
                        h2 { class: "label", {words::RECORD_NOTES} }
                        p { class: "verbatim", "{visit.notes}" }
                    }
                }
                HistoryLink { id: page.record.id }
            }
        }
    }
}

/// The way to correct it, for the one who made it.
#[component]
fn Amend(id: Uuid, open: bool) -> Element {
    let mut session = use_session();
    let mut refused = use_signal(|| None::<String>);
    let go = move |_| async move {
        match session.ask::<OpenDraft>(Request::AmendVisit { id }).await {
            Ok(open) => {
                session.begin_draft(id);
                session.amended_from.set(Some(id));
                go_to_draft(id, open.draft.step, true);
            }
            Err(error) => refused.set(Some(error.to_string())),
        }
    };
    rsx! {
        if let Some(words) = refused() {
            Failed { words, onretry: move |()| refused.set(None) }
        } else {
            button { class: "btn wide", r#type: "button", "data-testid": "amend", onclick: go,
                Icon { path: icons::PEN, small: true }
                if open { {words::AMEND_GO_ON} } else { {words::AMEND} }
            }
        }
    }
}

/// A visit as a property.
#[derive(Clone, PartialEq)]
struct VisitProp(Visit);

#[component]
fn How(visit: VisitProp, record: Loaded) -> Element {
    let visit = visit.0;
    let day = |ms| format::day_of(&beijing::date(ms), now_ms());
    let when = visit.occurred_at.map(|ms| format!("{} {}", day(ms), format::clock(ms)));
    rsx! {
        section { class: "card pad",
            PlaceTag { place: record.place }
            if visit.absent {
                span { class: "tag", {household::ABSENT} }
            }
            if !visit.void_reason.is_empty() {
                span { class: "tag", {household::VOID} }
                p { class: "sub", "data-testid": "void-reason", {words::void_because(&visit.void_reason)} }
            }
            dl { class: "facts",
                if let Some(when) = when {
                    dt { {words::WHEN} }
                    dd { class: "words", "{when}" }
                }
                dt { {words::MODE} }
                dd { {visit.mode.label_at(visit.target_kind)} }
                dt { {words::VISITOR} }
                dd { "{visit.visitor_name}" }
                if !visit.companions.is_empty() {
                    dt { {words::COMPANIONS} }
                    dd { {visit.companions.join("、")} }
                }
                if visit.card_left {
                    dt { {words::CARD} }
                    dd { {words::YES} }
                }
            }
        }
    }
}

/// One opinion as it was said.
#[component]
pub(crate) fn Said(record: Loaded) -> Element {
    let opinion = Opinion::from_fields(&record.fields);
    let topic = templates().topic(&opinion.category).map(|topic| topic.name.clone());
    rsx! {
        div {
            p { class: "verbatim", "{opinion.text}" }
            p { class: "tags", margin: "0",
                span { class: "tag", {opinion.kind.label()} }
                if let Some(topic) = topic {
                    span { class: "tag", "{topic}" }
                }
                if opinion.immediate {
                    span { class: "tag", {words::IMMEDIATE} }
                }
                if opinion.anonymous {
                    span { class: "tag", {words::ANONYMOUS} }
                }
                PlaceTag { place: record.place }
            }
        }
    }
}
