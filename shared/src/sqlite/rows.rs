//! Rows in SQLite: one body per record with one stamp, exceptions apart, and the digests kept with them.

use crate::replica::{FieldSet, FieldVersion, Row, ScopeDigest, Stamp};
use rusqlite::{Connection, OptionalExtension, named_params, types::Type};
use std::collections::BTreeMap;
use uuid::Uuid;

/// A failure of the store below the replica.
#[derive(Debug, thiserror::Error)]
pub enum SqliteError {
    /// SQLite said no.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    /// A stored body or stamp does not parse.
    #[error("stored row is damaged: {0}")]
    Damaged(String),
}

impl From<serde_json::Error> for SqliteError {
    /// Where and how, without what stands there: these errors are logged, villagers' words are not.
    fn from(error: serde_json::Error) -> Self {
        let (line, column) = (error.line(), error.column());
        SqliteError::Damaged(format!("{:?} at line {line} column {column}", error.classify()))
    }
}

/// A UUID column.
///
/// # Errors
/// When the column is not 16 bytes.
pub fn uuid_at(row: &rusqlite::Row<'_>, column: &str) -> rusqlite::Result<Uuid> {
    let bytes: [u8; 16] = row.get(column)?;
    Ok(Uuid::from_bytes(bytes))
}

fn parse<T: serde::de::DeserializeOwned>(text: &str) -> rusqlite::Result<T> {
    serde_json::from_str(text)
        .map_err(|e| rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::new(SqliteError::from(e))))
}

type Others = BTreeMap<String, (Stamp, Stamp)>;

/// The columns of `record`, and of any table of rows beside it.
pub const RECORD_COLUMNS: &str = "id, kind, village, seq, stamp, body, others, hash";

/// A row out of [`RECORD_COLUMNS`].
///
/// # Errors
/// When the stored row is damaged.
pub fn row_from(row: &rusqlite::Row<'_>) -> rusqlite::Result<Row> {
    let body: FieldSet = parse(row.get_ref("body")?.as_str()?)?;
    let others = row.get_ref("others")?.as_str()?;
    let mut others: Others = if others.is_empty() { Others::new() } else { parse(others)? };
    let stamp = Stamp::from_bytes(row.get("stamp")?);
    let fields = body.into_iter().map(|(name, value)| {
        let (stamp, order) = others.remove(&name).unwrap_or((stamp, stamp));
        (name, FieldVersion { value, stamp, order })
    });
    Ok(Row {
        kind: row.get("kind")?,
        id: uuid_at(row, "id")?,
        village: row.get("village")?,
        seq: row.get::<_, i64>("seq")?.unsigned_abs(),
        fields: fields.collect(),
    })
}

/// One record as the replica holds it.
///
/// # Errors
/// When SQLite fails or the stored row is damaged.
pub fn read_row(db: &Connection, id: Uuid) -> Result<Option<Row>, SqliteError> {
    let mut statement = db.prepare_cached(&format!("SELECT {RECORD_COLUMNS} FROM record WHERE id = ?1"))?;
    Ok(statement.query_row([id.as_bytes()], row_from).optional()?)
}

/// Calls `each` with the rows after `seq` whose village is `wanted`, in the order of their numbers, until it returns false.
///
/// # Errors
/// When SQLite fails or a stored row is damaged.
pub fn rows_after(
    db: &Connection,
    seq: u64,
    wanted: impl Fn(&str) -> bool,
    mut each: impl FnMut(Row) -> bool,
) -> Result<(), SqliteError> {
    let mut statement =
        db.prepare_cached(&format!("SELECT {RECORD_COLUMNS} FROM record WHERE seq > ?1 ORDER BY seq"))?;
    let mut rows = statement.query([seq as i64])?;
    while let Some(row) = rows.next()? {
        if wanted(row.get_ref("village")?.as_str().map_err(rusqlite::Error::from)?) && !each(row_from(row)?) {
            break;
        }
    }
    Ok(())
}

/// The greatest order of any write in any row; none in an empty replica. Reads every row.
///
/// # Errors
/// When SQLite fails or a stored stamp is damaged.
pub fn newest_order(db: &Connection) -> Result<Option<Stamp>, SqliteError> {
    let newest: Option<String> = db.query_row(
        "SELECT max(ord) FROM (
           SELECT lower(hex(max(stamp))) AS ord FROM record
           UNION ALL
           SELECT max(json_extract(other.value, '$[1]')) FROM record, json_each(record.others) AS other
           WHERE record.others <> '')",
        [],
        |row| row.get(0),
    )?;
    let newest = newest.filter(|text| !text.is_empty());
    newest.map(|text| text.parse().map_err(|e| SqliteError::Damaged(format!("{e}")))).transpose()
}

/// The sum over the given villages, and how many records it covers.
///
/// # Errors
/// When SQLite fails.
pub fn digest_of<'v>(
    db: &Connection,
    villages: impl IntoIterator<Item = &'v str>,
) -> Result<ScopeDigest, SqliteError> {
    let mut statement = db.prepare_cached("SELECT sum FROM village_digest WHERE village = ?1")?;
    let mut digest = ScopeDigest::default();
    for village in villages {
        let sum: Option<i64> = statement.query_row([village], |row| row.get(0)).optional()?;
        digest.add(sum.unwrap_or(0) as u64);
    }
    Ok(digest)
}

/// Rows being written within the caller's transaction. The digests are gathered and written once, by
/// [`Replica::finish`], which the caller must call before it commits.
#[must_use = "finish() writes the digests"]
pub struct Replica<'c> {
    db: &'c Connection,
    changes: BTreeMap<String, (ScopeDigest, i64)>,
}

impl<'c> Replica<'c> {
    /// On a connection that is inside a transaction.
    pub fn new(db: &'c Connection) -> Self {
        Self { db, changes: BTreeMap::new() }
    }

    /// Stores a row whole, in place of what was there.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn put(&mut self, row: &Row) -> Result<(), SqliteError> {
        self.forget_hash(row.id)?;
        let plain = |v: &&FieldVersion| v.stamp == v.order;
        let newest = row.fields.values().filter(plain).map(|v| v.stamp).max();
        let stamp = newest.unwrap_or(Stamp::from_bytes([0; 16]));
        let others: BTreeMap<&str, (Stamp, Stamp)> = row
            .fields
            .iter()
            .filter(|(_, v)| (v.stamp, v.order) != (stamp, stamp))
            .map(|(name, v)| (name.as_str(), (v.stamp, v.order)))
            .collect();
        let body: BTreeMap<&str, _> = row.fields.iter().map(|(n, v)| (n.as_str(), &v.value)).collect();
        let hash = row.hash();
        let mut statement = self.db.prepare_cached(
            "INSERT INTO record (id, kind, village, seq, stamp, body, others, hash)
             VALUES (:id, :kind, :village, :seq, :stamp, :body, :others, :hash)
             ON CONFLICT (id) DO UPDATE SET kind = :kind, village = :village, seq = :seq, stamp = :stamp,
               body = :body, others = :others, hash = :hash",
        )?;
        statement.execute(named_params! {
            ":id": row.id.as_bytes(),
            ":kind": row.kind,
            ":village": row.village,
            ":seq": row.seq as i64,
            ":stamp": stamp.to_bytes(),
            ":body": serde_json::to_string(&body)?,
            ":others": if others.is_empty() { String::new() } else { serde_json::to_string(&others)? },
            ":hash": hash as i64,
        })?;
        let change = self.changes.entry(row.village.clone()).or_default();
        change.0.add(hash);
        change.1 += 1;
        Ok(())
    }

    /// Takes a row out of the replica.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn remove(&mut self, id: Uuid) -> Result<(), SqliteError> {
        self.forget_hash(id)?;
        self.db.prepare_cached("DELETE FROM record WHERE id = ?1")?.execute([id.as_bytes()])?;
        Ok(())
    }

    fn forget_hash(&mut self, id: Uuid) -> Result<(), SqliteError> {
        let mut statement = self.db.prepare_cached("SELECT village, hash FROM record WHERE id = ?1")?;
        let old = statement.query_row([id.as_bytes()], |r| Ok((r.get::<_, String>(0)?, r.get::<_, i64>(1)?)));
        if let Some((village, hash)) = old.optional()? {
            let change = self.changes.entry(village).or_default();
            change.0.remove(hash as u64);
            change.1 -= 1;
        }
        Ok(())
    }

    /// Writes the digests.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn finish(self) -> Result<(), SqliteError> {
        let mut read =
            self.db.prepare_cached("SELECT sum, records FROM village_digest WHERE village = ?1")?;
        let mut write = self.db.prepare_cached(
            "INSERT INTO village_digest (village, sum, records) VALUES (?1, ?2, ?3)
             ON CONFLICT (village) DO UPDATE SET sum = ?2, records = ?3",
        )?;
        for (village, (sum, records)) in self.changes {
            let old: Option<(i64, i64)> =
                read.query_row([&village], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
            let (old_sum, old_records) = old.unwrap_or((0, 0));
            let sum = (old_sum as u64).wrapping_add(sum.0) as i64;
            write.execute(rusqlite::params![village, sum, old_records + records])?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replica::{DeviceId, Value};

    #[test]
    fn the_newest_order_counts_those_that_admission_gave() {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch(super::super::REPLICA_V1).unwrap();
        assert_eq!(newest_order(&db).unwrap(), None);
        let stamp = |wall_ms| Stamp { wall_ms, counter: 0, device: DeviceId::from_bits(7) };
        let mut row = Row::empty("household", Uuid::nil(), "519921105201");
        let mut put = |name: &str, stamp, order| {
            row.fields.insert(name.to_owned(), FieldVersion { value: Value::Null, stamp, order });
        };
        put("head", stamp(5), stamp(5));
        put("phone", stamp(90), stamp(6));
        let mut replica = Replica::new(&db);
        replica.put(&row).unwrap();
        replica.finish().unwrap();
        assert_eq!(newest_order(&db).unwrap(), Some(stamp(6)));
        assert_eq!(read_row(&db, row.id).unwrap(), Some(row));
    }

    #[test]
    fn a_damaged_row_is_told_without_the_words_in_it() {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch(super::super::REPLICA_V1).unwrap();
        let mut replica = Replica::new(&db);
        let row = Row::empty("visit", Uuid::nil(), "519921105201");
        replica.put(&row).unwrap();
        replica.finish().unwrap();
        db.execute("UPDATE record SET body = '\"周秀兰说房子漏水\"'", []).unwrap();
        let told = read_row(&db, row.id).unwrap_err().to_string();
        assert!(!told.contains("周秀兰") && told.contains("line 1"), "{told}");
    }
}
