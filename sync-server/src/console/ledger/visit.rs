//! One visit: its answers in the order of asking, the words as they were said, and where the record comes from.

use super::{PATH, void::void_card};
use crate::{
    auth::Session,
    console::{
        ConsoleState, Content, Page, PageError, Room, Today, erase, history,
        parts::{name_or, said, tags},
        photos::{Photo, photos_of, strip},
        request::SignedIn,
    },
    export::{LedgerRow, asked, checklist_names, named_opinions, read_ledger_row, words},
    service::OFFICE_NAME,
    storage::StorageError,
};
use axum::extract::{Path, State};
use lianxin_shared::{
    domain::{
        Coded,
        opinion::Opinion,
        visit::{TargetKind, Visit},
    },
    replica::{Stamp, ahead_ms_max},
    sqlite::read_row,
};
use maud::{Markup, html};
use rusqlite::Connection;
use uuid::Uuid;

/// Arrivals shown of one record.
#[allow(non_upper_case_globals)]
const arrivals_max: i64 = 20;

/// `GET /console/visits/{id}`
pub(in crate::console) async fn show(
    State(state): State<ConsoleState>,
    SignedIn(session): SignedIn,
    Path(id): Path<String>,
) -> Result<Page, PageError> {
    let id = Uuid::try_parse(&id).map_err(|_| PageError::NotFound)?;
    let owner = session.clone();
    state.page(session, Room::Visits, move |db, today| content(db, today, id, &owner)).await
}

fn content(db: &Connection, today: Today, id: Uuid, session: &Session) -> Result<Content, PageError> {
    erase::still_there(db, id)?;
    let row = read_ledger_row(db, id)?.ok_or(PageError::NotFound)?;
    let (opinions, arrivals) = (named_opinions(db, id)?, arrivals(db, id)?);
    let photos = read_row(db, id)?.map(|row| photos_of(db, &row)).transpose()?.unwrap_or_default();
    let visit = &row.visit;
    let when = visit.occurred_at.map(|at| words::day(at, today.now_ms)).unwrap_or_default();
    let body = html! {
        @if !visit.void_reason.is_empty() {
            p.note.wait { b { "已作废" } "：" (visit.void_reason) " 原来的内容照样保留在下面，不计入走访户次；记名的意见建议也不计入总数。" }
        }
        div.two.wide-left {
            div {
                (words_card(&opinions))
                (notes_card(visit))
                @if !photos.is_empty() { (photos_card(&photos)) }
                (answers_card(visit))
            }
            div {
                (facts_card(&row, today.now_ms))
                (arrivals_card(&arrivals, visit.written_at, today.now_ms))
                (void_card(id, &visit.void_reason, session))
            }
        }
    };
    Ok(Content {
        title: format!("走访 {}", name_or(&visit.target_name)),
        subtitle: format!("{} {} · {when} · {}", row.village_name, row.group, visit.visitor_name),
        aside: Some(
            html! { (erase::link(id)) a.button href=(history::href(id)) { "修改记录" } a.button href=(PATH) { "回台账" } },
        ),
        body,
    })
}

fn words_card(opinions: &[(Uuid, Opinion)]) -> Markup {
    html! {
        section.card {
            h2 { "意见建议（原话）" span { "不记名的不随走访显示，在“意见建议”里按村列出" } }
            @if opinions.is_empty() { p.faint { "这次走访没有记名的意见建议。" } }
            @for (_, opinion) in opinions {
                (said(opinion))
            }
        }
    }
}

fn notes_card(visit: &Visit) -> Markup {
    html! {
        section.card {
            h2 { "走访笔录" }
            @if visit.notes.trim().is_empty() { p.faint { "没有写笔录。" } } @else { p.verbatim { (visit.notes) } }
        }
    }
}

fn photos_card(photos: &[Photo]) -> Markup {
    html! { section.card { h2 { "照片" span { (photos.len()) " 张" } } (strip(photos)) } }
}

/// Every question that was to be asked, with its answer.
fn answers_card(visit: &Visit) -> Markup {
    let asked = asked(visit);
    html! {
        section.card {
            h2 { "走访清单" span { (checklist_names(visit)) } }
            @if asked.is_empty() { p.faint { "这次没有问清单。" } }
            dl.answers { @for (question, answer) in &asked {
                dt { (question) }
                @match answer { Some(answer) => dd { (answer) }, None => dd.faint { "没答" } }
            } }
        }
    }
}

fn facts_card(row: &LedgerRow, now_ms: i64) -> Markup {
    let visit = &row.visit;
    let at = |ms: Option<i64>| ms.map(|ms| words::minute(ms, now_ms)).unwrap_or_default();
    let household = visit.household.filter(|_| visit.target_kind == TargetKind::Household);
    html! {
        section.card {
            h2 { "这次走访" }
            dl.facts {
                dt { "走访了谁" }
                dd {
                    @match household {
                        Some(id) => a href={ "/console/households/" (id) } { (name_or(&visit.target_name)) },
                        None => { (name_or(&visit.target_name)) " " small { (visit.target_kind.label()) } },
                    }
                }
                @if !row.categories.is_empty() { dt { "类别" } dd { (tags(&row.categories)) } }
                dt { "走访时间" } dd { (at(visit.occurred_at)) }
                dt { "走访干部" } dd { (visit.visitor_name) }
                @if !visit.companions.is_empty() { dt { "同行" } dd { (visit.companions.join("、")) } }
                dt { "方式" } dd { (visit.mode.label_at(visit.target_kind)) }
                dt { "见到人" } dd {
                    @if visit.absent { span.st.wait { "无人在家" } " 不计入到户" } @else { "见到" }
                }
                dt { "联系卡" } dd { @if visit.card_left { "已留" } @else { "没有留" } }
                dt { "写下时间" } dd { (at(visit.written_at)) }
            }
        }
    }
}

/// One patch of a record as the server received it.
struct Arrival {
    received_at: i64,
    stamp: Stamp,
    device: String,
    cadre: String,
    held: bool,
    /// Whether it declared the visit void, or took that back.
    void: Option<bool>,
}

impl Arrival {
    /// What came; `at` counts from the first.
    fn what(&self, at: usize) -> &'static str {
        match (at, self.void) {
            (0, _) => "收到",
            (_, Some(true)) => "作废",
            (_, Some(false)) => "撤销作废",
            (_, None) => "补充或更正",
        }
    }
}

fn arrivals(db: &Connection, record: Uuid) -> Result<Vec<Arrival>, StorageError> {
    let mut statement = db.prepare_cached(
        "SELECT p.received_at, coalesce(d.name, ''), coalesce(c.name, ?3), p.held <> '', p.stamp,
           json_type(p.body, '$.set.void_reason')
         FROM patch p LEFT JOIN device d ON d.id = p.device LEFT JOIN cadre c ON c.id = d.cadre
         WHERE p.record = ?1 ORDER BY p.received_at, p.device, p.device_seq LIMIT ?2",
    )?;
    let rows =
        statement.query_map(rusqlite::params![record.as_bytes(), arrivals_max, OFFICE_NAME], |row| {
            Ok(Arrival {
                received_at: row.get(0)?,
                device: row.get(1)?,
                cadre: row.get(2)?,
                held: row.get(3)?,
                stamp: Stamp::from_bytes(row.get(4)?),
                void: row.get::<_, Option<String>>(5)?.map(|kind| kind != "null"),
            })
        })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// How far the phone's clock was off when it wrote, milliseconds; none if it was about right. The stamp knows the
/// server's time since the last sync, and nothing was written after it came.
fn clock_off(arrival: &Arrival, written_at: i64) -> Option<i64> {
    let stamp = i64::try_from(arrival.stamp.wall_ms).unwrap_or(i64::MAX);
    let off = written_at.saturating_sub(stamp.min(arrival.received_at));
    (off.unsigned_abs() > ahead_ms_max).then_some(off)
}

/// 3 天, in the largest unit that fits.
fn span(ms: u64) -> String {
    let minutes = ms / 60_000;
    let (hours, days) = (minutes / 60, minutes / (24 * 60));
    match (hours, days) {
        (0 | 1, _) => format!("{minutes} 分钟"),
        (_, 0 | 1) => format!("{hours} 小时"),
        (_, 2..365) => format!("{days} 天"),
        _ => format!("{} 年", (days + 182) / 365),
    }
}

fn arrivals_card(arrivals: &[Arrival], written_at: Option<i64>, now_ms: i64) -> Markup {
    let off = arrivals.first().zip(written_at).and_then(|(first, at)| clock_off(first, at));
    html! {
        section.card {
            h2 { "从哪里来" span { "首次写下与后来的改动，都留着" } }
            @if let Some(off) = off {
                p.note.wait {
                    "手机当时的时钟" @if off > 0 { "快" } @else { "慢" } "约 " (span(off.unsigned_abs()))
                    "。走访时间和写下时间照手机写的显示，请核对；收到的时间是服务器的。"
                }
            }
            ol.arrivals { @for (at, arrival) in arrivals.iter().enumerate() {
                li {
                    b { (arrival.what(at)) } " "
                    (words::minute(arrival.received_at, now_ms))
                    @if arrival.held { " " span.st.wait { "暂未收下" } }
                    br;
                    small { (arrival.cadre) @if !arrival.device.is_empty() { " · " (arrival.device) } }
                }
            } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::span;

    #[test]
    fn a_span_is_said_in_the_unit_that_people_use() {
        let hour = 3_600_000;
        let said = [11 * hour / 60, 5 * hour, 72 * hour, 5 * 365 * 24 * hour].map(span);
        assert_eq!(said, ["11 分钟", "5 小时", "3 天", "5 年"]);
    }
}
