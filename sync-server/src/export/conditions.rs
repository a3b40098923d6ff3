//! Which records of a list: conditions with their parameters, and how words are searched for.

use super::Received;
use crate::storage::StorageError;
use rusqlite::{Connection, OptionalExtension, params_from_iter, types::Value};
use uuid::Uuid;

/// Conditions that must all hold, with their parameters in order.
#[derive(Default)]
pub(crate) struct Conditions {
    sql: Vec<String>,
    values: Vec<Value>,
}

impl Conditions {
    /// One more.
    pub(crate) fn add(&mut self, sql: &str, values: impl IntoIterator<Item = Value>) {
        self.sql.push(sql.to_owned());
        self.values.extend(values);
    }

    /// One with a text for its only parameter, unless the text is empty.
    pub(crate) fn text(&mut self, sql: &str, value: &str) {
        if !value.is_empty() {
            self.add(sql, [Value::from(value.to_owned())]);
        }
    }

    /// That a phone sent something of the record behind `row` on a day; anything if the day is empty.
    ///
    /// # Errors
    /// When SQLite fails.
    pub(crate) fn received(&mut self, db: &Connection, row: &str, day: &str) -> Result<(), StorageError> {
        if !day.is_empty() {
            let records = Received::on(db, day)?.records;
            let ids: Vec<String> = records.iter().map(|id| id.simple().to_string().to_uppercase()).collect();
            let sql = format!("hex({row}.id) IN (SELECT value FROM json_each(?))");
            self.add(&sql, [Value::from(serde_json::to_string(&ids)?)]);
        }
        Ok(())
    }

    /// That the field `text` of the record behind `row` holds this term: first the raw body, which is cheap, then
    /// the field.
    pub(crate) fn says(&mut self, row: &str, term: &str) {
        let term = term.trim();
        if !term.is_empty() {
            let sql = format!(
                r"EXISTS (SELECT 1 FROM record r WHERE r.id = {row}.id AND r.body LIKE ? ESCAPE '\'
                    AND json_extract(r.body, '$.text') LIKE ? ESCAPE '\')"
            );
            self.add(&sql, [Value::from(like_in_json(term)), Value::from(like(term))]);
        }
    }

    /// The ids that `select` gives where all hold, in this order.
    ///
    /// # Errors
    /// When SQLite fails.
    pub(crate) fn ids(self, db: &Connection, select: &str, order: &str) -> Result<Vec<Uuid>, StorageError> {
        let (holds, values) = self.parts();
        let mut statement = db.prepare(&format!("{select} WHERE {holds} ORDER BY {order}"))?;
        let ids = statement.query_map(params_from_iter(values), |row| row.get::<_, [u8; 16]>(0))?;
        Ok(ids.map(|id| id.map(Uuid::from_bytes)).collect::<Result<_, _>>()?)
    }

    /// The whole condition and its parameters.
    pub(crate) fn parts(self) -> (String, Vec<Value>) {
        let sql = if self.sql.is_empty() { "1".to_owned() } else { self.sql.join(" AND ") };
        (sql, self.values)
    }
}

/// What a code in an address stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Named {
    /// A village.
    Village,
    /// A cadre.
    Cadre,
}

impl Named {
    /// Its name, the code itself if it has none; none for an empty code.
    ///
    /// # Errors
    /// When SQLite fails.
    pub(crate) fn of(self, db: &Connection, code: &str) -> Result<Option<String>, StorageError> {
        if code.is_empty() {
            return Ok(None);
        }
        let sql = match self {
            Named::Village => "SELECT name FROM village WHERE code = ?1",
            Named::Cadre => "SELECT name FROM cadre WHERE id = ?1",
        };
        let found: Option<String> = db.prepare_cached(sql)?.query_row([code], |row| row.get(0)).optional()?;
        Ok(Some(found.filter(|name| !name.is_empty()).unwrap_or_else(|| code.to_owned())))
    }
}

/// A pattern for LIKE that finds `term` anywhere.
pub(crate) fn like(term: &str) -> String {
    let escaped = term.replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_");
    format!("%{escaped}%")
}

/// The term as a JSON text holds it, for a search in a raw body.
pub(crate) fn like_in_json(term: &str) -> String {
    let json = serde_json::to_string(term).unwrap_or_default();
    like(json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(term))
}
