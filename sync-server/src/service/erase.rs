//! 依法抹去 (个人信息保护法 第四十七条): a field of a record, or all of it, stands nowhere any more. Its values leave the
//! patches too; their envelopes (who, when, number, hash) stay, so that receipts and chains stay true. What was erased is
//! on a list that is told to phones and survives restores: whatever comes of it later is taken with its words left out.

use super::{
    Caller,
    apply::{Applier, Body, conflict_ids},
};
use crate::{
    files::clean_up,
    storage::{Storage, StorageError},
};
use lianxin_shared::{
    domain::{opinion, photo},
    replica::{Erasure, FieldSet, FieldVersion, Patch, Row, Stamp},
    sqlite::{read_row, uuid_at},
    wire::v1::{ERASED_REASON, Erased},
};
use rusqlite::{Connection, params};
use std::collections::BTreeSet;
use uuid::Uuid;

/// The office's word: who, why, when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErasureAct {
    /// Who of the office.
    pub by: String,
    /// In their words.
    pub why: String,
    /// Unix milliseconds.
    pub at_ms: i64,
}

/// One entry of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErasedEntry {
    /// The field; empty: the whole record.
    pub field: String,
    /// Kind of the record.
    pub kind: String,
    /// Who, why, when.
    pub act: ErasureAct,
}

/// Erases fields of a record, the empty name being all of it; what was erased already stays as it was. Returns how many
/// entries are new. Within the caller's transaction.
///
/// # Errors
/// When SQLite fails.
pub fn erase(
    db: &Connection,
    record: Uuid,
    fields: &BTreeSet<String>,
    act: &ErasureAct,
) -> Result<usize, StorageError> {
    let Some(row) = told_of(db, record)? else { return Ok(0) };
    let mut new = 0;
    for field in fields {
        new += enter(db, &row, field, act)?;
    }
    if new > 0 {
        if fields.contains("") {
            for hash in photos_of(db, record)? {
                enter(db, &row, &photo::field_of_hash(&hash), act)?;
            }
        }
        let mut applier = Applier::new(db)?;
        carry_out(db, &mut applier, record)?;
        applier.finish()?;
    }
    Ok(new)
}

/// A record as it stands, with what held patches tell of it besides; none if nothing does. The speaker of an opinion
/// would not be named if either says so.
///
/// # Errors
/// When SQLite fails.
pub fn told_of(db: &Connection, record: Uuid) -> Result<Option<Row>, StorageError> {
    let mut told = read_row(db, record)?;
    let mut statement = db.prepare_cached(
        "SELECT kind, village, stamp, ord, body FROM patch WHERE record = ?1 AND held <> '' ORDER BY ord DESC",
    )?;
    let mut rows = statement.query([record.as_bytes()])?;
    while let Some(row) = rows.next()? {
        let (kind, village): (String, String) = (row.get("kind")?, row.get("village")?);
        let (stamp, order) = (Stamp::from_bytes(row.get("stamp")?), Stamp::from_bytes(row.get("ord")?));
        let body: Body = serde_json::from_str(row.get_ref("body")?.as_str().unwrap_or_default())?;
        let told = told.get_or_insert_with(|| Row::empty(&kind, record, &village));
        for (name, value) in body.set {
            let version = FieldVersion { value, stamp, order };
            if name == opinion::field::ANONYMOUS && version.value.is_true() {
                told.fields.insert(name, version);
            } else {
                told.fields.entry(name).or_insert(version);
            }
        }
    }
    Ok(told)
}

/// Erases for good: the records (see [`erase`]) in one transaction, then the photos that nothing else names, and what of
/// it all the log still has. True if nothing is left anywhere; otherwise the next collection, soon, clears the rest.
/// Blocking.
///
/// # Errors
/// When SQLite fails: then nothing was erased.
pub fn erase_for_good(
    storage: &Storage,
    records: Vec<(Uuid, BTreeSet<String>)>,
    act: ErasureAct,
) -> Result<bool, StorageError> {
    storage.write(move |db| {
        records.iter().try_for_each(|(id, fields)| erase(db, *id, fields, &act).map(drop))
    })?;
    let is_clean = clean_up(storage);
    if !is_clean {
        storage.left_over().notify_one();
    }
    Ok(is_clean)
}

fn enter(db: &Connection, row: &Row, field: &str, act: &ErasureAct) -> Result<usize, StorageError> {
    let new = db
        .prepare_cached(
            "INSERT OR IGNORE INTO erased (record, field, kind, village, by, why, at, seq)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0)",
        )?
        .execute(params![row.id.as_bytes(), field, row.kind, row.village, act.by, act.why, act.at_ms])?;
    Ok(new)
}

/// What has been erased of a record.
pub(super) fn of(db: &Connection, record: Uuid) -> Result<Erasure, StorageError> {
    let mut erasure = Erasure::default();
    let mut statement = db.prepare_cached("SELECT field FROM erased WHERE record = ?1")?;
    let mut rows = statement.query([record.as_bytes()])?;
    while let Some(row) = rows.next()? {
        erasure.add(row.get(0)?);
    }
    Ok(erasure)
}

/// The list's entries about a record, the oldest first.
///
/// # Errors
/// When SQLite fails.
pub fn entries(db: &Connection, record: Uuid) -> Result<Vec<ErasedEntry>, StorageError> {
    let mut statement = db
        .prepare_cached("SELECT field, kind, by, why, at FROM erased WHERE record = ?1 ORDER BY at, field")?;
    let rows = statement.query_map([record.as_bytes()], |row| {
        Ok(ErasedEntry {
            field: row.get("field")?,
            kind: row.get("kind")?,
            act: ErasureAct { by: row.get("by")?, why: row.get("why")?, at_ms: row.get("at")? },
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The photos that a record names or has named.
fn photos_of(db: &Connection, record: Uuid) -> Result<Vec<String>, StorageError> {
    let mut statement = db.prepare_cached("SELECT hash FROM file_reference WHERE record = ?1")?;
    Ok(statement.query_map([record.as_bytes()], |row| row.get(0))?.collect::<Result<_, _>>()?)
}

/// Brings everything that is kept of a record to what its entries say.
fn carry_out(db: &Connection, applier: &mut Applier<'_>, record: Uuid) -> Result<(), StorageError> {
    let erasure = of(db, record)?;
    redact_patches(db, record, &erasure)?;
    db.prepare_cached(
        "DELETE FROM file_reference WHERE record = ?1
           AND EXISTS (SELECT 1 FROM erased WHERE record = ?1 AND field IN ('', 'photos.' || file_reference.hash))",
    )?
    .execute([record.as_bytes()])?;
    if erasure.is_whole() {
        refuse_held(db, record)?;
    }
    applier.refold(record)?;
    for id in conflict_ids(db, record)? {
        let Some(mut conflict) = read_row(db, id)? else { continue };
        if erasure.redact_conflict(&mut conflict) {
            applier.store(conflict)?;
        }
    }
    // A number of its own: also where no row has changed, phones that have heard everything must hear of it.
    db.prepare_cached("UPDATE erased SET seq = ?2 WHERE record = ?1")?
        .execute(params![record.as_bytes(), applier.take_seq() as i64])?;
    Ok(())
}

fn redact_patches(db: &Connection, record: Uuid, erasure: &Erasure) -> Result<(), StorageError> {
    let mut statement = db.prepare_cached("SELECT device, device_seq, body FROM patch WHERE record = ?1")?;
    let mut rows = statement.query([record.as_bytes()])?;
    let mut redacted = Vec::new();
    while let Some(row) = rows.next()? {
        let mut body: Body = serde_json::from_str(row.get_ref("body")?.as_str().unwrap_or_default())?;
        if erasure.redact(&mut body.set, &mut body.base) {
            let place: (i64, i64) = (row.get("device")?, row.get("device_seq")?);
            redacted.push((place, serde_json::to_string(&body)?));
        }
    }
    let mut update = db.prepare_cached("UPDATE patch SET body = ?3 WHERE device = ?1 AND device_seq = ?2")?;
    for ((device, device_seq), body) in redacted {
        update.execute(params![device, device_seq, body])?;
    }
    Ok(())
}

/// What was held apart about a record that is gone has nothing left to be ruled on.
fn refuse_held(db: &Connection, record: Uuid) -> Result<(), StorageError> {
    db.prepare_cached(
        "INSERT INTO ruling (device, device_seq, released, held, by, why, at)
         SELECT p.device, p.device_seq, 0, p.held, e.by, ?2, e.at
         FROM patch p JOIN erased e ON e.record = p.record AND e.field = ''
         WHERE p.record = ?1 AND p.held <> '' AND p.refused = 0",
    )?
    .execute(params![record.as_bytes(), ERASED_REASON])?;
    db.prepare_cached("UPDATE patch SET refused = 1 WHERE record = ?1 AND held <> '' AND refused = 0")?
        .execute([record.as_bytes()])?;
    Ok(())
}

/// A patch that has just come, as it may be kept; true if something was left out.
pub(super) fn leave_out(db: &Connection, patch: &mut Patch) -> Result<bool, StorageError> {
    let erasure = of(db, patch.edit.id)?;
    if erasure.is_none() {
        return Ok(false);
    }
    if erasure.is_whole() {
        let named = patch.edit.set.keys().filter(|field| photo::hash_of_field(field).is_some());
        for field in named {
            db.prepare_cached(
                "INSERT OR IGNORE INTO erased (record, field, kind, village, by, why, at, seq)
                 SELECT record, ?2, kind, village, by, why, at, seq FROM erased WHERE record = ?1 AND field = ''",
            )?
            .execute(params![patch.edit.id.as_bytes(), field])?;
        }
    }
    Ok(erasure.redact(&mut patch.edit.set, &mut patch.edit.base))
}

/// A patch of an erased record was held: nobody needs to rule on it.
pub(super) fn settle_held(db: &Connection, record: Uuid) -> Result<(), StorageError> {
    if of(db, record)?.is_whole() { refuse_held(db, record) } else { Ok(()) }
}

/// What the server itself may still write into a record.
pub(super) fn allowed(db: &Connection, record: Uuid, mut set: FieldSet) -> Result<FieldSet, StorageError> {
    let erasure = of(db, record)?;
    if !erasure.is_none() {
        set.retain(|field, _| !erasure.covers(field));
    }
    Ok(set)
}

/// After a restore: erases again what the list names, wherever the restored database still has it. Files go with the
/// next collection.
pub(super) fn erase_again(db: &Connection) -> Result<(), StorageError> {
    let mut statement = db.prepare("SELECT DISTINCT record FROM erased ORDER BY record")?;
    let records = statement.query_map([], |row| uuid_at(row, "record"))?;
    let records: Vec<Uuid> = records.collect::<Result<_, _>>()?;
    let mut applier = Applier::new(db)?;
    for record in records {
        carry_out(db, &mut applier, record)?;
    }
    applier.finish()
}

/// The records to which these patches write and of which something has been erased.
pub(super) fn listed(db: &Connection, patches: &[Patch]) -> Result<BTreeSet<Uuid>, StorageError> {
    let mut listed = BTreeSet::new();
    if !db.prepare_cached("SELECT 1 FROM erased LIMIT 1")?.exists([])? {
        return Ok(listed);
    }
    let mut find = db.prepare_cached("SELECT 1 FROM erased WHERE record = ?1")?;
    for patch in patches {
        if find.exists([patch.edit.id.as_bytes()])? {
            listed.insert(patch.edit.id);
        }
    }
    Ok(listed)
}

/// What a phone must hear of between two numbers of the stream: of the villages that it has or had, and of the records that
/// it wrote to. What it has just written to it hears of all.
pub(super) fn told(
    db: &Connection,
    caller: &Caller,
    (after, up_to): (u64, u64),
    written: &BTreeSet<Uuid>,
) -> Result<Vec<Erased>, StorageError> {
    let mut statement = db.prepare_cached(
        "SELECT e.record AS record, e.field AS field, coalesce(r.village, e.village) AS village,
           EXISTS (SELECT 1 FROM patch p JOIN device d ON d.id = p.device WHERE p.record = e.record
             AND (d.id = ?3 OR d.cadre = (SELECT cadre FROM device WHERE id = ?3))) AS wrote
         FROM erased e LEFT JOIN record r ON r.id = e.record WHERE e.seq > ?1 AND e.seq <= ?2 ORDER BY e.seq, e.field",
    )?;
    let mut rows = statement.query(params![after as i64, up_to as i64, caller.device.to_i64()])?;
    let mut told = Vec::new();
    while let Some(row) = rows.next()? {
        let (village, wrote): (String, bool) = (row.get("village")?, row.get("wrote")?);
        if wrote || caller.villages.contains(&village) || caller.past.contains_key(&village) {
            told.push(Erased { id: uuid_at(row, "record")?, field: row.get("field")? });
        }
    }
    let mut statement = db.prepare_cached("SELECT field FROM erased WHERE record = ?1 ORDER BY field")?;
    for id in written {
        let fields = statement.query_map([id.as_bytes()], |row| row.get(0))?;
        for field in fields {
            let erased = Erased { id: *id, field: field? };
            if !told.contains(&erased) {
                told.push(erased);
            }
        }
    }
    Ok(told)
}

/// What still stands somewhere although the list names it, for `check`.
pub(super) fn remains(db: &Connection) -> Result<Vec<Uuid>, StorageError> {
    let mut statement = db.prepare("SELECT DISTINCT record FROM erased ORDER BY record")?;
    let records: Vec<Uuid> =
        statement.query_map([], |row| uuid_at(row, "record"))?.collect::<Result<_, _>>()?;
    let mut bodies = db.prepare("SELECT body FROM patch WHERE record = ?1")?;
    let mut remaining = Vec::new();
    for record in records {
        let erasure = of(db, record)?;
        let mut remains = read_row(db, record)?.is_some_and(|mut row| erasure.redact_row(&mut row));
        for id in conflict_ids(db, record)? {
            remains |= read_row(db, id)?.is_some_and(|mut row| erasure.redact_conflict(&mut row));
        }
        let mut rows = bodies.query([record.as_bytes()])?;
        while let Some(row) = rows.next()? {
            let mut body: Body = serde_json::from_str(row.get_ref(0)?.as_str().unwrap_or_default())?;
            remains |= erasure.redact(&mut body.set, &mut body.base);
        }
        if remains {
            remaining.push(record);
        }
    }
    Ok(remaining)
}
