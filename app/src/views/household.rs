//! A household's page, its 连心册: card, members, what was said and when, where each record is.

use dioxus::prelude::*;
use lianxin_assets::icons;
use lianxin_shared::{
    domain::{Coded, category, household, person, visit::VisitMode},
    replica::Value,
};
use uuid::Uuid;

use super::{
    conflicts::ConflictList, frame::DoneNote, go_visit::GoVisit, history::HistoryLink, photos::TimelinePhotos,
};
use crate::{
    components::{
        frame::Page,
        icon::Icon,
        notice::{Empty, Failed, Waiting},
        rows::{PlaceTag, StandingTag, Tags, initial, named, whereabouts},
    },
    format,
    platform::now_ms,
    route::Route,
    state::asked::use_asked,
    store::{HouseholdPage, Loaded, RecordPlace, Request, TimelineEntry},
    text::{self, household as words},
};

/// The page of the household `id`.
#[component]
pub(crate) fn HouseholdView(id: Uuid) -> Element {
    rsx! {
        for id in [id] {
            HouseholdOf { key: "{id}", id }
        }
    }
}

#[component]
fn HouseholdOf(id: Uuid) -> Element {
    let mut asked = use_asked::<HouseholdPage>(move || Request::Household { id });
    match &*asked.read() {
        None => rsx! { Page { title: text::tab::HOUSEHOLDS, Waiting {} } },
        Some(Err(error)) => rsx! {
            Page { title: text::tab::HOUSEHOLDS, Failed { words: error.to_string(), onretry: move |()| asked.restart() } }
        },
        Some(Ok(page)) => rsx! { Whole { page: page.clone() } },
    }
}

#[component]
fn Whole(page: HouseholdPage) -> Element {
    let id = page.row.id;
    let foot = rsx! {
        GoVisit { household: id, draft: page.draft, visited_today: page.visited_today }
    };
    let edit = rsx! {
        Link { class: "link", to: Route::HouseholdEdit { id }, "data-testid": "edit-household",
            Icon { path: icons::PEN, small: true }
            {words::EDIT}
        }
    };
    rsx! {
        Page { title: named(&page.row.head).to_owned(), testid: "household", end: edit, foot,
            div { class: "stack",
                DoneNote {}
                Head { page: page.clone() }
                ConflictList { conflicts: page.conflicts.clone() }
            }
            div { class: "sec",
                h2 { {words::MEMBERS} }
                Link { class: "link", to: Route::PersonNew { id }, "data-testid": "add-person",
                    Icon { path: icons::PLUS, small: true }
                    {words::ADD_MEMBER}
                }
            }
            Members { members: page.members.clone() }
            div { class: "sec", h2 { {words::TIMELINE} } }
            Timeline { entries: page.timeline.clone() }
            HistoryLink { id }
        }
    }
}

#[component]
fn Head(page: HouseholdPage) -> Element {
    let field = |name: &str| match page.record.fields.get(name) {
        Some(Value::Text(text)) => text.clone(),
        _ => String::new(),
    };
    let (phone, address, note) =
        (field(household::field::PHONE), field(household::field::ADDRESS), field(household::field::NOTE));
    rsx! {
        section { class: "card pad",
            div { class: "head-card",
                span { class: if page.row.must_visit_left { "av must" } else { "av" }, "aria-hidden": "true", {initial(&page.row.head)} }
                div {
                    p { {whereabouts(&page.row)} }
                    // Where the card itself is matters only while it is not with the township.
                    if page.record.place != RecordPlace::Received {
                        PlaceTag { place: page.record.place }
                    }
                    StandingTag { code: page.row.standing.clone() }
                    if page.row.must_visit_left {
                        span { class: "tag", {text::NOT_VISITED} }
                    }
                }
            }
            if !page.row.tags.is_empty() {
                div { class: "tags", Tags { codes: page.row.tags.clone() } }
            }
            if !(phone.is_empty() && address.is_empty() && note.is_empty()) {
                dl { class: "facts",
                    if !phone.is_empty() {
                        dt { {words::PHONE} }
                        dd {
                            a { href: "tel:{phone}", "{phone}" }
                        }
                    }
                    if !address.is_empty() {
                        dt { {words::ADDRESS} }
                        dd { "{address}" }
                    }
                    if !note.is_empty() {
                        dt { {words::NOTE} }
                        dd { class: "verbatim", "{note}" }
                    }
                }
            }
        }
    }
}

#[component]
fn Members(members: Vec<Loaded>) -> Element {
    if members.is_empty() {
        return rsx! { p { class: "sub", {words::NO_MEMBERS} } };
    }
    rsx! {
        div { class: "card",
            for member in members {
                Member { key: "{member.id}", member }
            }
        }
    }
}

#[component]
fn Member(member: Loaded) -> Element {
    let one = person::Person::from_fields(&member.fields);
    let tags: Vec<String> = category::tagged(&member.fields).collect();
    let sex = if one.sex == person::Sex::Unknown { "" } else { one.sex.label() };
    // At the door an age says more than a date of birth.
    let age = format::age(&one.birth, now_ms()).map_or_else(|| one.birth.clone(), words::years);
    let under: Vec<&str> =
        [one.relation.as_str(), sex, age.as_str()].into_iter().filter(|part| !part.is_empty()).collect();
    rsx! {
        Link { class: "row", to: Route::PersonEdit { id: member.id }, "data-testid": "person-row",
            span { class: "av", "aria-hidden": "true", {initial(&one.name)} }
            span { class: "gr",
                span { class: "name",
                    if one.name.trim().is_empty() {
                        {words::NAMELESS_MEMBER}
                    } else {
                        "{one.name}"
                    }
                }
                Tags { codes: tags }
                if !under.is_empty() {
                    p { {under.join(" · ")} }
                }
                if !one.phone.is_empty() {
                    p { "{one.phone}" }
                }
            }
            span { class: "end", Icon { path: icons::NEXT, small: true } }
        }
    }
}

#[component]
fn Timeline(entries: Vec<TimelineEntry>) -> Element {
    if entries.is_empty() {
        return rsx! { Empty { icon: icons::SPEECH, title: words::NO_VISITS, hint: words::NO_VISITS_HINT } };
    }
    let now = now_ms();
    rsx! {
        ul { class: "timeline",
            for entry in entries {
                li { key: "{entry.id}",
                    Link { class: "what", to: Route::Visited { id: entry.id }, "data-testid": "timeline-row",
                        b { {format::date(entry.occurred_ms, now)} }
                        span { class: "muted", "{entry.visitor_name} · {mode_label(&entry.mode)}" }
                        if entry.absent {
                            span { class: "tag", {words::ABSENT} }
                        }
                        if entry.void {
                            span { class: "tag", {words::VOID} }
                        }
                        PlaceTag { place: entry.place }
                        Icon { path: icons::NEXT, small: true }
                    }
                    for (at, opinion) in entry.opinions.iter().enumerate() {
                        blockquote { key: "{at}", class: "verbatim", "{opinion}" }
                    }
                    if !entry.photos.is_empty() {
                        TimelinePhotos { photos: entry.photos.clone() }
                    }
                }
            }
        }
    }
}

/// 入户 etc.; the code itself if a newer version wrote it.
fn mode_label(code: &str) -> String {
    VisitMode::from_code(code).map_or_else(|| code.to_owned(), |mode| mode.label().to_owned())
}
