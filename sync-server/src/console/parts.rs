//! Pieces that several pages share: selects, pages of a list, tags, empty states.

use crate::export::{topic_name, words};
use lianxin_shared::{
    domain::opinion::{Opinion, OpinionKind},
    templates::templates,
};
use maud::{Markup, html};
use serde::Serialize;
use std::collections::BTreeMap;

/// Rows of one page of a list.
#[allow(non_upper_case_globals)]
pub(super) const page_rows_max: usize = 50;

/// One page of a list, counted from 1; a page beyond the end is the last one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Paging {
    pub page: usize,
    pub pages: usize,
    pub total: usize,
}

impl Paging {
    /// Of `total` rows, the page that was `wanted` (as typed in the address).
    pub(super) fn new(total: usize, wanted: &str) -> Self {
        let pages = total.div_ceil(page_rows_max).max(1);
        let page = wanted.parse::<usize>().unwrap_or(1).clamp(1, pages);
        Paging { page, pages, total }
    }

    /// How many rows stand before this page.
    pub(super) fn offset(self) -> usize {
        (self.page - 1) * page_rows_max
    }

    /// The rows of this page out of all.
    pub(super) fn slice<T>(self, all: &[T]) -> &[T] {
        let rest = all.get(self.offset()..).unwrap_or_default();
        rest.get(..page_rows_max.min(rest.len())).unwrap_or_default()
    }
}

/// An address with these parameters; empty ones are left out.
pub(super) fn address(path: &str, parameters: &[(&str, &str)]) -> String {
    let given: Vec<_> = parameters.iter().filter(|(_, value)| !value.is_empty()).collect();
    match serde_urlencoded::to_string(given) {
        Ok(query) if !query.is_empty() => format!("{path}?{query}"),
        _ => path.to_owned(),
    }
}

/// The address of a list with its filter.
pub(super) fn filtered(path: &str, filter: &impl Serialize) -> String {
    let pairs = serde_urlencoded::to_string(filter).unwrap_or_default();
    let given: Vec<&str> = pairs.split('&').filter(|pair| !pair.ends_with('=')).collect();
    if given.is_empty() { path.to_owned() } else { format!("{path}?{}", given.join("&")) }
}

/// 上一页、下一页; nothing if all fits on one page. `to` makes the address of a page.
pub(super) fn pager(paging: Paging, to: impl Fn(String) -> String) -> Markup {
    html! {
        @if paging.pages > 1 {
            div.pager role="navigation" aria-label="翻页" {
                @if paging.page > 1 { a.button rel="prev" href=(to((paging.page - 1).to_string())) { "‹ 上一页" } }
                span { "第 " (paging.page) " 页，共 " (paging.pages) " 页" }
                @if paging.page < paging.pages {
                    a.button rel="next" href=(to((paging.page + 1).to_string())) { "下一页 ›" }
                }
            }
        }
    }
}

/// A labelled select; the first option, of value "", is `all`.
pub(super) fn select<'a>(
    label: &str,
    name: &str,
    all: &str,
    options: impl IntoIterator<Item = (&'a str, &'a str)>,
    chosen: &str,
) -> Markup {
    html! {
        label.field {
            span { (label) }
            select name=(name) {
                option value="" { (all) }
                @for (code, label) in options { option value=(code) selected[code == chosen] { (label) } }
            }
        }
    }
}

/// A select of villages.
pub(super) fn village_select(villages: &BTreeMap<String, String>, chosen: &str) -> Markup {
    select(
        "村",
        "village",
        "全部",
        villages.iter().map(|(code, name)| (code.as_str(), name.as_str())),
        chosen,
    )
}

/// A select of the categories that a village's register uses.
pub(super) fn category_select(chosen: &str) -> Markup {
    let categories = templates().village_categories().map(|one| (one.code.as_str(), one.name.as_str()));
    select("类别", "category", "全部", categories, chosen)
}

/// The search box of a filter.
pub(super) fn search_box(label: &str, hint: &str, value: &str) -> Markup {
    html! {
        label.field.wide {
            span { (label) }
            input type="search" name="q" value=(value) placeholder=(hint) autocomplete="off";
        }
    }
}

/// The day of arrival by which a list is filtered, if it is: 总览 leads there.
pub(super) fn received_on(day: &str) -> Markup {
    html! { @if !day.is_empty() {
        label.field { span { "收到的日子" } input type="date" name="received" value=(day); }
    } }
}

/// The end of a filter: 查找, and 清除 if something is filtered.
pub(super) fn filter_end(path: &str, active: bool) -> Markup {
    html! {
        div.do {
            button.primary { "查找" }
            @if active { a.quiet href=(path) { "清除" } }
        }
    }
}

/// Categories as tags.
pub(super) fn tags(codes: &[String]) -> Markup {
    html! { @for code in codes { span.tag { (templates().category_name(code)) } " " } }
}

/// The kind of an opinion as a coloured word.
pub(super) fn kind_tag(kind: OpinionKind) -> Markup {
    use lianxin_shared::domain::Coded;
    let colour = match kind {
        OpinionKind::Problem => "accent",
        OpinionKind::Suggestion => "info",
        OpinionKind::Appeal => "wait",
        OpinionKind::Help => "wait",
    };
    html! { span class={ "st " (colour) } { (kind.label()) } }
}

/// What somebody said under their name, verbatim, with what it was about.
pub(super) fn said(opinion: &Opinion) -> Markup {
    html! {
        blockquote {
            p { (opinion.text) }
            footer {
                (kind_tag(opinion.kind)) " " (topic_name(&opinion.category))
                @if opinion.immediate { " " span.st.ok { "立行立改" } }
            }
        }
    }
}

/// A name, or words that say there is none.
pub(super) fn name_or(name: &str) -> &str {
    if name.trim().is_empty() { "（没写名字）" } else { name }
}

/// 含“路”: what is searched for, if anything is.
pub(super) fn holding(term: &str) -> Option<String> {
    let term = term.trim();
    (!term.is_empty()).then(|| format!("含“{term}”"))
}

/// An empty list with the next step.
pub(super) fn empty(what: &str, next: Markup) -> Markup {
    html! { div.empty { p { b { (what) } } p { (next) } } }
}

/// 共 1,284 条
pub(super) fn total(total: usize, unit: &str) -> String {
    format!("共 {} {unit}", words::count(i64::try_from(total).unwrap_or(i64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_beyond_the_end_is_the_last() {
        let all: Vec<usize> = (0..120).collect();
        let paging = Paging::new(all.len(), "9");
        assert_eq!(paging, Paging { page: 3, pages: 3, total: 120 });
        assert_eq!(paging.slice(&all), (100..120).collect::<Vec<_>>());
        assert_eq!(Paging::new(120, "-1").page, 1);
        assert_eq!(Paging::new(0, "2").slice(&[] as &[usize]), &[] as &[usize]);
    }

    #[test]
    fn addresses_leave_out_what_is_empty_and_escape_the_rest() {
        assert_eq!(address("/a", &[("q", "周&=")]), "/a?q=%E5%91%A8%26%3D");
        assert_eq!(address("/a", &[("q", "")]), "/a");
        assert_eq!(filtered("/a", &[("village", ""), ("q", "x")]), "/a?q=x");
    }
}
