//! What every page looks at the records through: the villages, the campaign of today, the categories it
//! requires.

use crate::{export::words, storage::StorageError};
use lianxin_shared::{domain::campaign::MustVisitScheme, sqlite::uuid_at, templates::templates};
use rusqlite::{Connection, OptionalExtension};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Village names by code, in the order of codes.
pub(super) fn villages(db: &Connection) -> Result<BTreeMap<String, String>, StorageError> {
    let mut statement = db.prepare_cached("SELECT code, name FROM village ORDER BY code")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The name of a village, its code if it has no record.
pub(super) fn village_name<'a>(villages: &'a BTreeMap<String, String>, code: &'a str) -> &'a str {
    villages.get(code).filter(|name| !name.is_empty()).map_or(code, String::as_str)
}

/// The campaign that pages speak of.
#[derive(Debug, Clone)]
pub(super) struct Campaign {
    /// Its record.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// First day, `YYYY-MM-DD`.
    pub start: String,
    /// Last day.
    pub end: String,
    /// Whom it requires to be visited.
    pub scheme: Option<&'static MustVisitScheme>,
}

impl Campaign {
    /// The categories that must be visited, in the document's order.
    pub(super) fn categories(&self) -> Vec<&'static str> {
        self.scheme.map(|scheme| scheme.categories().collect()).unwrap_or_default()
    }

    /// 四必到、五必访 · 10月20日至11月30日
    pub(super) fn describe(&self, now_ms: i64) -> String {
        let (start, end) = (words::short_day_of(&self.start, now_ms), words::short_day_of(&self.end, now_ms));
        format!("{} · {start}至{end}", self.name)
    }

    /// From its first day's first moment to its last day's last, Unix milliseconds.
    pub(super) fn span_ms(&self) -> (i64, i64) {
        let start = words::day_start_ms(&self.start).unwrap_or(i64::MIN);
        let end = words::day_start_ms(&self.end).map_or(i64::MAX, |end| end.saturating_add(words::day_ms));
        (start, end)
    }
}

/// The campaign that runs today; otherwise the one that began last.
pub(super) fn campaign(db: &Connection, now_ms: i64) -> Result<Option<Campaign>, StorageError> {
    let mut statement = db.prepare_cached(
        "SELECT id, name, scheme, start_day, end_day FROM campaign
         ORDER BY (start_day <= ?1 AND end_day >= ?1) DESC, start_day DESC LIMIT 1",
    )?;
    let found = statement.query_row([words::iso_day(now_ms)], |row| {
        let scheme: String = row.get("scheme")?;
        Ok(Campaign {
            id: uuid_at(row, "id")?,
            name: row.get("name")?,
            start: row.get("start_day")?,
            end: row.get("end_day")?,
            scheme: templates().scheme(&scheme),
        })
    });
    Ok(found.optional()?)
}

/// A JSON list for `IN (SELECT value FROM json_each(?))`.
pub(super) fn json_list(codes: &[&str]) -> Result<String, StorageError> {
    Ok(serde_json::to_string(codes)?)
}
