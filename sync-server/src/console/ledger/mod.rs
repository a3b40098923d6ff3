//! 走访台账: the visits, filtered and sorted, and one visit opened.

mod visit;
mod void;

use super::{
    ConsoleState, Content, Page, PageError, Room, Today, download,
    parts::{
        self, Paging, category_select, empty, filter_end, filtered, name_or, pager, search_box, select,
        village_select,
    },
    request::SignedIn,
    scope,
};
use crate::{
    auth::list_cadres,
    export::{LedgerFilter, LedgerRow, read_ledger_row, words},
};
use axum::extract::{Query, State};
use lianxin_shared::domain::{Coded, visit::VisitMode};
use maud::{Markup, html};
use rusqlite::Connection;
use serde::Deserialize;

pub(super) use visit::show;
pub(super) use void::void;

const PATH: &str = "/console/visits";
/// Characters shown of a visit's main points.
#[allow(non_upper_case_globals)]
const summary_chars_max: usize = 42;

/// The page of a list, beside its filter.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct PageNumber {
    pub page: String,
}

/// `GET /console/visits`
pub(super) async fn list(
    State(state): State<ConsoleState>,
    SignedIn(session): SignedIn,
    Query(filter): Query<LedgerFilter>,
    Query(page): Query<PageNumber>,
) -> Result<Page, PageError> {
    state.page(session, Room::Visits, move |db, today| content(db, today, &filter, &page.page)).await
}

fn content(db: &Connection, today: Today, filter: &LedgerFilter, page: &str) -> Result<Content, PageError> {
    let ids = filter.ids(db)?;
    let paging = Paging::new(ids.len(), page);
    let mut rows = Vec::new();
    for id in paging.slice(&ids) {
        rows.extend(read_ledger_row(db, *id)?);
    }
    let body = html! {
        (filters(db, filter)?)
        @if rows.is_empty() { (nothing(filter)) } @else {
            section.card.list {
                div.scroll { table.rows {
                    thead { tr {
                        (heading(filter, "time", "走访时间")) (heading(filter, "village", "村、组"))
                        (heading(filter, "target", "走访了谁")) th scope="col" { "类别" }
                        (heading(filter, "visitor", "干部"))
                        th scope="col" { "主要情况" } th.number scope="col" { "意见" }
                        th.spare scope="col" { "方式" } th.spare scope="col" { "接收" }
                    } }
                    tbody { @for row in &rows { (line(row, today.now_ms)) } }
                } }
            }
            (pager(paging, |page| with_page(filter, &page)))
            p.foot { "意见的条数不含不记名的；那些只在“意见建议”里按村列出。" }
        }
    };
    Ok(Content {
        title: "走访台账".to_owned(),
        subtitle: parts::total(paging.total, "条"),
        aside: Some(html! {
            (download::buttons(PATH, filter))
            a.button href=(filtered("/console/answers.csv", filter)) download { "逐项回答 CSV" }
        }),
        body,
    })
}

fn with_page(filter: &LedgerFilter, page: &str) -> String {
    let address = filtered(PATH, filter);
    let glue = if address.contains('?') { '&' } else { '?' };
    format!("{address}{glue}page={page}")
}

fn filters(db: &Connection, filter: &LedgerFilter) -> Result<Markup, PageError> {
    let villages = scope::villages(db)?;
    let cadres = list_cadres(db)?;
    let cadres = cadres.iter().map(|cadre| (cadre.id.as_str(), cadre.name.as_str()));
    let modes = VisitMode::ALL.iter().map(|mode| (mode.code(), mode.label()));
    let states = [
        ("met", "见到人"),
        ("household", "走访到户"),
        ("place", "走访学校、企业等"),
        ("absent", "无人在家"),
        ("void", "已作废"),
    ];
    Ok(html! {
        form.filter.many method="get" action=(PATH) data-filter {
            (search_box("查找", "姓名、笔录、回答、原话里的字", &filter.q))
            (village_select(&villages, &filter.village))
            (category_select(&filter.category))
            (select("干部", "visitor", "全部", cadres, &filter.visitor))
            (select("方式", "mode", "全部", modes, &filter.mode))
            (select("情况", "state", "全部", states, &filter.state))
            fieldset.dates {
                legend { "走访日期" }
                input type="date" name="from" value=(filter.from) aria-label="从";
                "至"
                input type="date" name="to" value=(filter.to) aria-label="到";
            }
            (parts::received_on(&filter.received))
            label.check {
                input type="checkbox" name="said" value="1" checked[!filter.said.is_empty()];
                span { "有意见建议的" }
            }
            @if !filter.sort.is_empty() { input type="hidden" name="sort" value=(filter.sort); }
            (filter_end(PATH, filter.is_active()))
        }
    })
}

/// A column's heading: a tap sorts by it, another turns the order round.
fn heading(filter: &LedgerFilter, key: &str, label: &str) -> Markup {
    let current = if filter.sort.is_empty() { "-time" } else { filter.sort.as_str() };
    let (down, up) = (current == format!("-{key}"), current == key);
    // Time starts with the newest, names with the first.
    let first_down = key == "time";
    let next_down = if down || up { up } else { first_down };
    let sort = if next_down { format!("-{key}") } else { key.to_owned() };
    let href = filtered(PATH, &LedgerFilter { sort, ..filter.clone() });
    let order = match (up, down) {
        (true, _) => Some("ascending"),
        (_, true) => Some("descending"),
        _ => None,
    };
    html! {
        th scope="col" aria-sort=[order] {
            a href=(href) { (label) @if up { " ▲" } @else if down { " ▼" } }
        }
    }
}

fn line(row: &LedgerRow, now_ms: i64) -> Markup {
    let visit = &row.visit;
    let void = !visit.void_reason.is_empty();
    html! {
        tr.void[void] {
            td.nowrap { (visit.occurred_at.map(|at| words::minute(at, now_ms)).unwrap_or_default()) }
            td.nowrap { (row.village_name) " " small { (row.group) } }
            td.nowrap { a href={ (PATH) "/" (row.id) } { (name_or(&visit.target_name)) } }
            td { (parts::tags(&row.categories)) }
            td.nowrap { (visit.visitor_name) }
            td.words {
                @if void { span.st.wait { "已作废" } " " }
                @if visit.absent { span.st.wait { "无人在家" } " " }
                (words::excerpt(&summary(row), summary_chars_max))
            }
            td.number { @if row.opinions.is_empty() { span.faint { "–" } } @else { (row.opinions.len()) } }
            td.nowrap.spare { (visit.mode.label_at(visit.target_kind)) }
            td.nowrap.spare { small { (row.received_at_ms.map(|at| words::minute(at, now_ms)).unwrap_or_default()) } }
        }
    }
}

/// The main points, without what the tags before them say already.
fn summary(row: &LedgerRow) -> String {
    let visit = &row.visit;
    if !visit.void_reason.is_empty() {
        return visit.void_reason.clone();
    }
    if visit.absent && visit.notes.is_empty() { String::new() } else { row.summary() }
}

fn nothing(filter: &LedgerFilter) -> Markup {
    html! { section.card {
        @if filter.is_active() {
            (empty("没有符合的走访", html! { "换个条件，或者 " a href=(PATH) { "看全部" } "。" }))
        } @else {
            (empty("还没有收到走访", html! { "先在 " a href="/console/staff" { "干部与设备" }
                " 里给干部生成登记码；干部在手机上走访、同步之后，这里就有了。" }))
        }
    } }
}
