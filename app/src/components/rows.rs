//! Lines of lists.

use dioxus::prelude::*;
use lianxin_assets::icons;
use lianxin_shared::{
    domain::{Coded, household::Standing},
    templates::templates,
};

use super::icon::Icon;
use crate::{
    format,
    store::{HouseholdRow, RecordPlace},
    text,
};

/// The first character of a name, as its badge.
pub(crate) fn initial(name: &str) -> String {
    name.trim().chars().next().map(String::from).unwrap_or_else(|| text::NAMELESS_BADGE.to_owned())
}

/// A name for people: never an empty line.
pub(crate) fn named(name: &str) -> &str {
    if name.trim().is_empty() { text::NAMELESS } else { name }
}

/// “柳树沟 三组 17号 · 4 人”
pub(crate) fn whereabouts(row: &HouseholdRow) -> String {
    let parts = [row.village.as_str(), row.group.as_str(), row.door.as_str()];
    let place = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
    if row.population > 0 { text::with_people(&place, row.population) } else { place }
}

/// Category tags.
#[component]
pub(crate) fn Tags(codes: Vec<String>) -> Element {
    rsx! {
        for code in codes {
            span { key: "{code}", class: "tag cat", {templates().category_name(&code)} }
        }
    }
}

/// 迁出、销户、并户; nothing for a household that is on the register.
#[component]
pub(crate) fn StandingTag(code: String) -> Element {
    let standing = Standing::from_code(&code).unwrap_or_default();
    rsx! {
        if standing != Standing::Present {
            span { class: "tag", "data-testid": "standing", {standing.label()} }
        }
    }
}

/// A household in a list.
#[component]
pub(crate) fn HouseholdLine(
    row: HouseholdRow,
    now_ms: i64,
    #[props(default)] short: bool,
    onpick: EventHandler<()>,
) -> Element {
    let under = match row.last_visit_ms {
        _ if !short => whereabouts(&row),
        Some(ms) => text::last_visit_at(&place_only(&row), &format::date(ms, now_ms)),
        None => text::never_visited_at(&place_only(&row)),
    };
    rsx! {
        button { class: if row.standing.is_empty() { "row" } else { "row off" }, r#type: "button", "data-testid": "household-row", onclick: move |_| onpick.call(()),
            span { class: if row.must_visit_left { "av must" } else { "av" }, "aria-hidden": "true", {initial(&row.head)} }
            span { class: "gr",
                span { class: "name", {named(&row.head)} }
                StandingTag { code: row.standing.clone() }
                Tags { codes: row.tags.clone() }
                p { class: "line", "{under}" }
                if let Some(by) = &row.found_by {
                    p { class: "found", "data-testid": "found-by", {text::register::found_by(by)} }
                }
            }
            if short {
                span { class: "end", Icon { path: icons::NEXT, small: true } }
            } else if row.must_visit_left {
                span { class: "end", span { class: "tag", {text::NOT_VISITED} } }
            } else if let Some(when) = last_visit(&row, now_ms) {
                span { class: "end when", "data-testid": "last-visit", "{when}" }
            }
        }
    }
}

/// When somebody was there last; nothing where nobody was and the household is off the register.
fn last_visit(row: &HouseholdRow, now_ms: i64) -> Option<String> {
    match row.last_visit_ms {
        Some(ms) => Some(text::last_visit(&format::short(ms, now_ms))),
        None => row.standing.is_empty().then(|| text::NEVER_VISITED.to_owned()),
    }
}

fn place_only(row: &HouseholdRow) -> String {
    [row.village.as_str(), row.group.as_str()]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// A line with a badge, two lines of words, and a way on.
#[component]
pub(crate) fn PlainLine(
    #[props(default)] badge: &'static str,
    #[props(default)] look: &'static str,
    title: String,
    #[props(default)] under: String,
    testid: String,
    onpick: EventHandler<()>,
) -> Element {
    rsx! {
        button { class: "row", r#type: "button", "data-testid": testid, onclick: move |_| onpick.call(()),
            if !badge.is_empty() {
                span { class: "av {look}", "aria-hidden": "true", {badge} }
            }
            span { class: "gr",
                span { class: "name clip", "{title}" }
                if !under.is_empty() {
                    p { "{under}" }
                }
            }
            span { class: "end", Icon { path: icons::NEXT, small: true } }
        }
    }
}

/// Where a record is, in words; green for 已收到 alone.
#[component]
pub(crate) fn PlaceTag(place: RecordPlace) -> Element {
    let (look, words) = match place {
        RecordPlace::Waiting => ("w", text::place::WAITING),
        RecordPlace::Received => ("ok", text::place::RECEIVED),
        RecordPlace::Held => ("w", text::place::HELD),
    };
    rsx! { span { class: "tag {look}", "data-testid": "place", {words} } }
}
