//! The campaign that runs now, and the households that it says must be visited.

use super::{StoreError, db_error};
use crate::beijing;
use lianxin_shared::{sqlite::uuid_at, templates::templates};
use rusqlite::{Connection, OptionalExtension};
use uuid::Uuid;

/// The campaign that is counted for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Running {
    /// None when no campaign is known.
    pub id: Option<Uuid>,
    pub name: String,
    /// Category codes that must be visited, in the scheme's order.
    pub categories: Vec<String>,
}

impl Running {
    /// The categories as SQL takes them.
    pub fn categories_json(&self) -> String {
        serde_json::to_string(&self.categories).unwrap_or_else(|_| "[]".to_owned())
    }
    /// The id as visits name it; empty if none.
    pub fn id_text(&self) -> String {
        self.id.map(|id| id.to_string()).unwrap_or_default()
    }
}

/// The campaign of today: one that runs, else the one that began last.
pub(super) fn running(db: &Connection, now_ms: i64) -> Result<Running, StoreError> {
    let today = beijing::date(now_ms);
    let found = db
        .prepare_cached(
            "SELECT id, name, scheme FROM campaign
             ORDER BY (start_day <= ?1 AND (end_day = '' OR end_day >= ?1)) DESC, start_day DESC LIMIT 1",
        )
        .and_then(|mut s| {
            s.query_row([today], |row| {
                Ok((uuid_at(row, "id")?, row.get::<_, String>("name")?, row.get::<_, String>("scheme")?))
            })
            .optional()
        })
        .map_err(db_error)?;
    let Some((id, name, scheme)) = found else { return Ok(Running::default()) };
    let categories = templates().scheme(&scheme).map(|s| s.categories().map(str::to_owned).collect());
    Ok(Running { id: Some(id), name, categories: categories.unwrap_or_default() })
}
