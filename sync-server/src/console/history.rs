//! 修改记录 of one record: who changed what, by the writer's clock and by the server's, the old value and the new, and
//! what the office said about it.

use super::{
    ConsoleState, Content, Page, PageError, Room, Today, erase,
    naming::{self, value_of, withheld},
    parts::{self, Paging, address, empty, pager},
    request::SignedIn,
    scope, wording,
};
use crate::{
    export::words,
    service::{Change, FieldChange, history},
};
use axum::extract::{Path, Query, State};
use lianxin_shared::{
    domain::{label, opinion},
    replica::{FieldVersion, Row, Stamp, Value, kind},
    sqlite::read_row,
};
use maud::{Markup, html};
use rusqlite::{Connection, OptionalExtension};
use uuid::Uuid;

/// Of words that an erased visit has left behind, so much is shown.
#[allow(non_upper_case_globals)]
const excerpt_chars_max: usize = 30;

/// What stands in the place of words that were erased by law.
pub(super) const ERASED: &str = "已依法抹去";

/// Where a record's history is read.
pub(super) fn href(id: Uuid) -> String {
    format!("/console/history/{id}")
}

/// `GET /console/history/{id}`
pub(super) async fn show(
    State(state): State<ConsoleState>,
    SignedIn(session): SignedIn,
    Path(id): Path<String>,
    Query(page): Query<super::ledger::PageNumber>,
) -> Result<Page, PageError> {
    let id = Uuid::try_parse(&id).map_err(|_| PageError::NotFound)?;
    let kind = state
        .read(move |db| {
            let kind =
                db.query_row("SELECT kind FROM patch WHERE record = ?1 LIMIT 1", [id.as_bytes()], |row| {
                    row.get::<_, String>(0)
                });
            kind.optional()?.ok_or(PageError::NotFound)
        })
        .await?;
    let room = match kind.as_str() {
        kind::VISIT => Room::Visits,
        kind::OPINION => Room::Opinions,
        kind::DIARY => Room::Diary,
        _ => Room::Households,
    };
    state.page(session, room, move |db, today| content(db, today, id, &page.page)).await
}

fn content(db: &Connection, today: Today, id: Uuid, page: &str) -> Result<Content, PageError> {
    let mut changes = history(db, id)?;
    changes.reverse();
    let record = record_of(db, id, &changes)?;
    let is_gone = changes.iter().any(|change| change.erased.is_some() && change.fields.is_empty());
    let (hidden, villages) = (withheld(&record), scope::villages(db)?);
    let paging = Paging::new(changes.len(), page);
    let mut items = Vec::new();
    for change in paging.slice(&changes) {
        let is_first = changes.last().is_some_and(|first| std::ptr::eq(first, change));
        items.push(item(db, change, is_first, today.now_ms)?);
    }
    let (name, back) = naming::name_of(db, &record)?;
    let back = back.filter(|_| !is_gone);
    let body = html! {
        @if hidden {
            section.card { (empty(
                "不显示",
                html! { "说话的人不愿留名：谁在什么时候写了什么都留着，但这里不显示。原话在“意见建议”里按村列出。" },
            )) }
        } @else {
            p.lead {
                @if is_gone { "这条记录已依法抹去：台账、修改记录里写过的内容都没有了，只留下这一件事。" }
                @else { "最近的改动在最上面，每一次都留着；依法抹去的，只留下谁、什么时候、因为什么抹去的。" }
            }
            section.card { ol.said.history { @for item in &items { li { (item) } } } }
            @if is_gone { (left_behind(db, &record)?) }
        }
        (pager(paging, |page| address(&href(id), &[("page", &page)])))
    };
    Ok(Content {
        title: if is_gone {
            "已依法抹去的记录".to_owned()
        } else {
            format!("{name} 的修改记录")
        },
        subtitle: format!(
            "{} · {}",
            scope::village_name(&villages, &record.village),
            parts::total(paging.total, "次")
        ),
        aside: Some(html! {
            @if let Some(place) = erase::way(db, id)? { a.quiet href=(place) { "依法抹去" } }
            @if let Some(back) = back { a.button href=(back) { "回这条记录" } }
        }),
        body,
    })
}

/// What an erased record did not take along: no other page leads there.
fn left_behind(db: &Connection, record: &Row) -> Result<Markup, PageError> {
    let mut left = Vec::new();
    for id in erase::along(db, record)? {
        let Some(row) = read_row(db, id)? else { continue };
        let words = words::excerpt(row.text(opinion::field::TEXT), excerpt_chars_max);
        left.push((id, format!("{} {words}", naming::name_of(db, &row)?.0)));
    }
    Ok(html! {
        @if !left.is_empty() {
            section.card {
                h2 { "没有一起抹去的" }
                ul.plain { @for (id, name) in &left {
                    li { (name) " " a href=(href(*id)) { "修改记录" } " " (erase::link(*id)) }
                } }
            }
        }
    })
}

/// The record as it stands; one that only held patches tell of, as these have it.
fn record_of(db: &Connection, id: Uuid, changes: &[Change]) -> Result<Row, PageError> {
    if let Some(row) = read_row(db, id)? {
        return Ok(row);
    }
    let Some(first) = changes.last() else { return Err(PageError::NotFound) };
    let village = "SELECT village FROM patch WHERE record = ?1 LIMIT 1";
    let village: String = db.query_row(village, [id.as_bytes()], |row| row.get(0))?;
    let mut row = Row::empty(&first.kind, id, &village);
    let zero = Stamp::from_bytes([0; 16]);
    for change in changes.iter().rev().flat_map(|change| &change.fields) {
        let version = FieldVersion { value: change.after.clone(), stamp: zero, order: zero };
        row.fields.insert(change.field.clone(), version);
    }
    Ok(row)
}

fn item(db: &Connection, change: &Change, is_first: bool, now_ms: i64) -> Result<Markup, PageError> {
    if let Some(why) = &change.erased {
        return Ok(act(change, why, now_ms));
    }
    let lines: Vec<Line> =
        spoken(change).map(|field| line(db, &change.kind, field, now_ms)).collect::<Result<_, _>>()?;
    Ok(html! {
        p.when {
            b { (change.by) } @if is_first { " 第一次写下" } @else if !lines.is_empty() { " 改了 " (lines.len()) " 处" }
            br;
            small {
                "写的时间 " (words::minute(change.written_ms, now_ms)) "（写的人那台手机的钟）　收到时间 "
                (words::minute(change.received_ms, now_ms)) "（乡镇服务器的钟）"
            }
        }
        p.marks {
            @if change.refused { span.st.accent { "未收下" } " " } @else if !change.held.is_empty() { span.st.wait { "待收下" } " " }
            @if change.is_settling() { span.st.info { "在几种写法里选定" } " " }
            @if change.is_blind() { span.st.wait { "写的时候没看到别人的改动" } " " }
            @if let Some(by) = &change.salvaged_by {
                span.st.info { "服务器恢复后补回" } " "
                @if !by.is_empty() { small { "由 " (by) " 的手机" } " " }
            }
            @if !change.held.is_empty() { small { (change.held) } }
            @if let Some(said) = &change.ruling {
                small {
                    @if said.by.is_empty() { "" } @else { (said.by) " " }
                    (words::minute(said.at_ms, now_ms))
                    @if said.released { " 收下" } @else { " 不收" }
                    @if !said.why.is_empty() { "：" (said.why) }
                }
            }
        }
        @if lines.is_empty() { p.faint { "没有改动看得见的内容。" } }
        @else {
            table.rows.changes {
                thead { tr {
                    th scope="col" { "项目" } @if !is_first { th scope="col" { "原来" } }
                    th scope="col" { @if is_first { "写的是" } @else { "改为" } }
                } }
                tbody { @for Line { item, before, after } in &lines { tr {
                    td { (item) }
                    @if !is_first { td { @match before { Some(before) => del { (before) }, None => span.faint { "没有写" } } } }
                    td { (after) }
                } } }
            }
        }
    })
}

/// 依法抹去: who, when, why, and which items; not the words.
fn act(change: &Change, why: &str, now_ms: i64) -> Markup {
    let items: Vec<String> =
        change.fields.iter().map(|field| label::field(&change.kind, &field.field)).collect();
    html! {
        p.when {
            b { (change.by) } " 依法抹去了 "
            @if items.is_empty() { "这条记录的全部内容" } @else { (items.join("、")) }
            br;
            small { (words::minute(change.received_ms, now_ms)) "（乡镇服务器的钟）　缘故：" (why) }
        }
        p.marks { span.st.accent { "已依法抹去" } }
    }
}

/// The fields of a change that people read: not those that it repeated.
pub(super) fn spoken(change: &Change) -> impl Iterator<Item = &FieldChange> {
    let tells =
        |field: &&FieldChange| field.erased || field.before.as_ref() != Some(&field.after) || field.settled;
    change.fields.iter().filter(|field| wording::speaks(&field.field)).filter(tells)
}

/// One item that was written: what stood there, if anything did, and what stands there since.
struct Line {
    item: String,
    before: Option<String>,
    after: String,
}

fn line(db: &Connection, record_kind: &str, change: &FieldChange, now_ms: i64) -> Result<Line, PageError> {
    let shown = |value: &Value| value_of(db, record_kind, &change.field, value, now_ms);
    let after = if change.erased { ERASED.to_owned() } else { shown(&change.after)? };
    let before = change.stood().filter(|_| !change.erased).map(shown).transpose()?;
    Ok(Line { item: label::field(record_kind, &change.field), before, after })
}
