//! 修改记录 of one record for a cadre's phone: what the office's page says, as far as the phone's villages reach.

use super::{
    error::PageError,
    history::{ERASED, spoken},
    naming::{referred, value_of, withheld},
};
use crate::service::{Caller, Change, FieldChange, history};
use lianxin_shared::{
    domain::label,
    replica::Value,
    sqlite::read_row,
    wire::{
        PROTOCOL,
        v1::{HistoryChange, HistoryLine, HistoryResponse},
    },
};
use rusqlite::Connection;
use uuid::Uuid;

/// The most changes of one answer.
#[allow(non_upper_case_globals)]
pub const history_changes_max: usize = 200;
/// After so many bytes of words an answer ends, at least one change long: whoever wrote a long diary for months would
/// otherwise fetch it a hundred times over.
#[allow(non_upper_case_globals)]
pub const history_bytes_max: usize = 1024 * 1024;

/// A record of a village that the phone has nothing to do with, by its name.
const ELSEWHERE: &str = "（别的村的）";

/// The history of a record as the caller may read it; none of a record that is not of its villages, or whose speaker did
/// not wish to be named. What the township keeps apart is told to its own writer alone.
///
/// # Errors
/// When SQLite fails.
pub fn told_history(
    db: &Connection,
    caller: &Caller,
    record: Uuid,
    now_ms: i64,
) -> Result<Option<HistoryResponse>, PageError> {
    let row = read_row(db, record)?.filter(|row| caller.villages.contains(&row.village) && !withheld(row));
    if row.is_none() {
        return Ok(None);
    }
    let mut all = history(db, record)?;
    all.retain(|change| change.held.is_empty() || change.device == caller.device);
    let (mut changes, mut bytes) = (Vec::new(), 0);
    for change in all.iter().rev().take(history_changes_max) {
        if bytes > history_bytes_max {
            break;
        }
        let change = told(db, caller, change, now_ms)?;
        let words = |line: &HistoryLine| line.after.len() + line.before.as_ref().map_or(0, String::len);
        bytes += change.lines.iter().map(words).sum::<usize>();
        changes.push(change);
    }
    let older = u32::try_from(all.len().saturating_sub(changes.len())).unwrap_or(u32::MAX);
    Ok(Some(HistoryResponse { protocol: PROTOCOL, changes, older }))
}

fn told(db: &Connection, caller: &Caller, change: &Change, now_ms: i64) -> Result<HistoryChange, PageError> {
    let lines = spoken(change).map(|field| line(db, caller, &change.kind, field, now_ms));
    let mut lines: Vec<HistoryLine> = lines.collect::<Result<_, _>>()?;
    if let Some(why) = &change.erased {
        lines.push(HistoryLine { label: "缘故".to_owned(), before: None, after: why.clone() });
    }
    Ok(HistoryChange {
        by: change.by.clone(),
        written_ms: change.written_ms,
        received_ms: change.received_ms,
        held: change.held.clone(),
        settled: change.is_settling(),
        unseen: change.is_blind(),
        salvaged: change.salvaged_by.is_some(),
        lines,
    })
}

fn line(
    db: &Connection,
    caller: &Caller,
    record_kind: &str,
    change: &FieldChange,
    now_ms: i64,
) -> Result<HistoryLine, PageError> {
    let words = |value: &Value| -> Result<String, PageError> {
        let other = referred(&change.field, value).map(|id| read_row(db, id)).transpose()?.flatten();
        if other.is_some_and(|row| !caller.villages.contains(&row.village) || withheld(&row)) {
            return Ok(ELSEWHERE.to_owned());
        }
        value_of(db, record_kind, &change.field, value, now_ms)
    };
    Ok(HistoryLine {
        label: label::field(record_kind, &change.field),
        before: change.stood().map(words).transpose()?,
        after: if change.erased { ERASED.to_owned() } else { words(&change.after)? },
    })
}
