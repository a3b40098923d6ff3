//! 意见建议 as a table: verbatim. Under a withheld name stand the village and the month alone.

use super::{
    Cell, Named, Table,
    ledger::received_at_ms,
    table::{Apart, column},
    words,
};
use crate::storage::StorageError;
use lianxin_shared::{
    domain::{Coded, opinion::Opinion},
    sqlite::read_row,
    templates::templates,
};
use rusqlite::{Connection, OptionalExtension};
use uuid::Uuid;

/// SQL: whether the opinion `o` counts. What was said under a name goes with its visit when that is 作废. What was said
/// under none stays: if it went too, the totals before and after would tell at which visit it was said.
pub(crate) const COUNTS: &str = "(o.anonymous = 1
  OR NOT EXISTS (SELECT 1 FROM visit v WHERE v.id = o.visit AND v.void = 1))";

/// The mark of an opinion that does not count.
pub(crate) const VISIT_VOID: &str = "走访已作废";

/// Whether an opinion goes with a 走访 that is 作废, and does not count ([`COUNTS`]).
///
/// # Errors
/// When SQLite fails.
pub fn is_void(db: &Connection, id: Uuid) -> Result<bool, StorageError> {
    let sql = format!("SELECT NOT {COUNTS} FROM opinion o WHERE o.id = ?1");
    let found = db.prepare_cached(&sql)?.query_row([id.as_bytes()], |row| row.get(0)).optional()?;
    Ok(found.unwrap_or_default())
}

/// 意见建议.
pub static OPINIONS: Table = Table {
    name: "意见建议",
    plain_name: "opinions",
    unit: "条",
    apart: Some(Apart { words: VISIT_VOID, is: is_void }),
    note: "要求不记名的只写村和月份",
    columns: &[
        column("序号", 6.0),
        column("村", 11.0),
        column("听到时间", 17.0),
        column("谁说的", 12.0),
        column("类型", 10.0),
        column("类别", 14.0),
        column("原话", 64.0),
        column("立行立改", 9.0),
        column("听到的干部", 11.0),
        column("接收时间", 17.0),
        column("备注", 12.0),
    ],
    cells,
    more: None,
};

fn cells(db: &Connection, id: Uuid) -> Result<Vec<Vec<Cell>>, StorageError> {
    let Some(row) = read_row(db, id)? else { return Ok(Vec::new()) };
    let opinion = Opinion::from_fields(&row.values());
    let village = Named::Village.of(db, &row.village)?.unwrap_or_default();
    let immediate = if opinion.immediate { "是" } else { "" };
    let (at, who, heard_by, received) = if opinion.anonymous {
        let month = opinion.occurred_at.map(month).unwrap_or_default();
        (Cell::Text(month), Cell::text("（不记名）"), Cell::text(""), Cell::text(""))
    } else {
        (
            Cell::moment(opinion.occurred_at),
            Cell::Text(speaker(db, &opinion)?),
            Cell::text(&opinion.visitor_name),
            Cell::moment(received_at_ms(db, id)?),
        )
    };
    Ok(vec![vec![
        Cell::Text(village),
        at,
        who,
        Cell::text(opinion.kind.label()),
        Cell::text(topic_name(&opinion.category)),
        Cell::text(&opinion.text),
        Cell::text(immediate),
        heard_by,
        received,
        Cell::text(if is_void(db, id)? { VISIT_VOID } else { "" }),
    ]])
}

/// Who said it: the name of the visit's target, or of the household.
///
/// # Errors
/// When SQLite fails.
pub fn speaker(db: &Connection, opinion: &Opinion) -> Result<String, StorageError> {
    let name = |sql: &str, id: Option<Uuid>| -> Result<Option<String>, StorageError> {
        let Some(id) = id else { return Ok(None) };
        Ok(db.prepare_cached(sql)?.query_row([id.as_bytes()], |row| row.get(0)).optional()?)
    };
    let at_visit = name("SELECT target_name FROM visit WHERE id = ?1", opinion.visit)?;
    let known = match at_visit {
        Some(target) => Some(target),
        None => name("SELECT head FROM household WHERE id = ?1", opinion.household)?,
    };
    Ok(known.unwrap_or_default())
}

/// What a topic is called; 未归类 while nobody has sorted the opinion.
pub fn topic_name(code: &str) -> &str {
    match code {
        "" => "未归类",
        code => templates().topic(code).map_or(code, |topic| topic.name.as_str()),
    }
}

/// 2025年11月
pub fn month(ms: i64) -> String {
    words::beijing(ms).format("%Y年%-m月").to_string()
}
