//! 依法抹去 on the phone: what the office has erased leaves the rows, those of former lives, this phone's own patches,
//! conflicts, drafts ([`super::erase_draft`]), and the photos that nothing else names, in the transaction that hears of it.
//!
//! A patch that is under way keeps its words until its receipt: the server knows it by a hash over them, and keeps none.

use super::{
    StoreError, db_error, erase_draft, photos,
    records::{Body, patch_from},
};
use lianxin_shared::{
    domain::photo,
    replica::{Base, Erasure, FieldSet, Patch, PatchHash, Value, kind},
    sqlite::{Replica, read_row, uuid_at},
    wire::v1::Erased,
};
use rusqlite::{Connection, params};
use std::collections::BTreeSet;
use uuid::Uuid;

/// What has been erased of a record.
pub(super) fn of(db: &Connection, record: Uuid) -> Result<Erasure, StoreError> {
    let mut erasure = Erasure::default();
    fields(db, record)?.into_iter().for_each(|field| erasure.add(field));
    Ok(erasure)
}

/// The fields of a record that have been erased; the empty one is all of it.
pub(super) fn fields(db: &Connection, record: Uuid) -> Result<BTreeSet<String>, StoreError> {
    db.prepare_cached("SELECT field FROM erased WHERE record = ?1")
        .and_then(|mut s| s.query_map([record.as_bytes()], |row| row.get(0))?.collect())
        .map_err(db_error)
}

/// Takes what an answer tells, and what a receipt has let go of since. Gives the records and conflicts that say less now,
/// and those of which something new was told; none when nothing is otherwise than before.
pub(super) fn take(
    db: &Connection,
    replica: &mut Replica<'_>,
    told: &[Erased],
) -> Result<BTreeSet<Uuid>, StoreError> {
    let mut records = under_way_no_more(db)?;
    let mut redacted = BTreeSet::new();
    for Erased { id, field } in told {
        let news = db
            .prepare_cached("INSERT OR IGNORE INTO erased (record, field) VALUES (?1, ?2)")
            .and_then(|mut s| s.execute(params![id.as_bytes(), field]))
            .map_err(db_error)?;
        redacted.extend((news > 0).then_some(*id));
        records.insert(*id);
    }
    for record in records {
        let erasure = of(db, record)?;
        let rows = redact_rows(db, replica, record, &erasure, &mut redacted)?;
        let patches = redact_patches(db, record, &erasure)?;
        // Before its correction goes: what was taken for that goes at once as well.
        let pictures = photos::erase(db, record, |hash| erasure.covers(&photo::field_of_hash(hash)))?;
        let drafts = erase_draft::redact(db, record, &erasure)?;
        redacted.extend((rows || patches || pictures || drafts).then_some(record));
    }
    Ok(redacted)
}

/// Erased records to which this phone wrote something that has its receipt now.
fn under_way_no_more(db: &Connection) -> Result<BTreeSet<Uuid>, StoreError> {
    db.prepare_cached(
        "SELECT DISTINCT record FROM patch WHERE state = 2 AND record IN (SELECT record FROM erased)",
    )
    .and_then(|mut s| s.query_map([], |row| uuid_at(row, "record"))?.collect())
    .map_err(db_error)
}

/// The record and its conflicts, as the present and the former lives of the server have them. Whether the record said
/// more; conflicts that did are `redacted`.
fn redact_rows(
    db: &Connection,
    replica: &mut Replica<'_>,
    record: Uuid,
    erasure: &Erasure,
    redacted: &mut BTreeSet<Uuid>,
) -> Result<bool, StoreError> {
    let mut any = redact_former(db, record, |set| erasure.redact(set, &mut Base::new()))?;
    if let Some(mut row) = read_row(db, record)?
        && erasure.redact_row(&mut row)
    {
        replica.put(&row)?;
        any = true;
    }
    let conflicts: Vec<Uuid> = db
        .prepare_cached("SELECT id FROM conflict WHERE record = ?1")
        .and_then(|mut s| s.query_map([record.as_bytes()], |row| uuid_at(row, "id"))?.collect())
        .map_err(db_error)?;
    for id in conflicts {
        let former = redact_former(db, id, |set| {
            let is_meant = set.get("field").and_then(Value::as_text).is_some_and(|name| erasure.covers(name));
            let closed = [("other".to_owned(), Value::Null), ("open".to_owned(), Value::Bool(false))];
            let says_more = is_meant && closed.iter().any(|(name, value)| set.get(name) != Some(value));
            set.extend(closed.into_iter().filter(|_| says_more));
            says_more
        })?;
        redacted.extend(former.then_some(id));
        if let Some(mut conflict) = read_row(db, id)?
            && erasure.redact_conflict(&mut conflict)
        {
            replica.put(&conflict)?;
            redacted.insert(id);
        }
    }
    Ok(any)
}

/// Whether any of the former rows said more.
fn redact_former(
    db: &Connection,
    id: Uuid,
    mut redact: impl FnMut(&mut FieldSet) -> bool,
) -> Result<bool, StoreError> {
    let layers: Vec<(i64, String)> = db
        .prepare_cached("SELECT layer, body FROM former_record WHERE id = ?1")
        .and_then(|mut s| s.query_map([id.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))?.collect())
        .map_err(db_error)?;
    let mut any = false;
    for (layer, body) in layers {
        let mut set: FieldSet = parsed(&body)?;
        if redact(&mut set) {
            any = true;
            db.prepare_cached("UPDATE former_record SET body = ?3 WHERE id = ?1 AND layer = ?2")
                .and_then(|mut s| s.execute(params![id.as_bytes(), layer, written(&set)?]))
                .map_err(db_error)?;
        }
    }
    Ok(any)
}

/// Whether any of this phone's patches said more.
fn redact_patches(db: &Connection, record: Uuid, erasure: &Erasure) -> Result<bool, StoreError> {
    let bodies: Vec<(i64, String)> = db
        .prepare_cached("SELECT at, body FROM whole_patch WHERE record = ?1 AND state <> 1")
        .and_then(|mut s| s.query_map([record.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))?.collect())
        .map_err(db_error)?;
    let mut any = false;
    for (at, body) in bodies {
        let mut body: Body = parsed(&body)?;
        if erasure.redact(&mut body.set, &mut body.base) {
            any = true;
            db.prepare_cached("UPDATE patch_body SET body = ?2 WHERE at = ?1")
                .and_then(|mut s| s.execute(params![at, written(&body)?]))
                .map_err(db_error)?;
        }
    }
    Ok(any)
}

/// Takes out of a save what would stand anew in a field that was erased; the fields into which somebody wrote words.
///
/// # Errors
/// When all of the record was erased.
pub(super) fn take_out(
    db: &Connection,
    record_kind: &str,
    record: Uuid,
    set: &mut FieldSet,
) -> Result<Vec<String>, StoreError> {
    let erasure = of(db, record)?;
    if erasure.is_whole() {
        return Err(gone(record_kind));
    }
    let mut words = Vec::new();
    set.retain(|name, value| {
        let is_covered = erasure.covers(name);
        // An emptied text and a switch that is off say nothing of anybody.
        let says = is_covered && !matches!(value, Value::Null | Value::Bool(false));
        words.extend(says.then(|| name.clone()));
        !is_covered
    });
    Ok(words)
}

/// Refuses a page of a record that was erased.
pub(super) fn refuse_gone(db: &Connection, record_kind: &str, record: Uuid) -> Result<(), StoreError> {
    if of(db, record)?.is_whole() { Err(gone(record_kind)) } else { Ok(()) }
}

pub(super) fn gone(record_kind: &str) -> StoreError {
    let what = match record_kind {
        kind::HOUSEHOLD => "这一户",
        kind::PERSON => "这个人",
        kind::VISIT => "这次走访",
        _ => "这条记录",
    };
    StoreError::Invalid(format!("{what}已由乡镇走访办依法抹去，手机和乡镇都不再有，也不能再写。"))
}

/// Patches that will be sent to a new life lack words over which their hashes were made: they get those of what is left.
/// What this life of the server has told is forgotten: the new one tells again.
pub(super) fn renew(db: &Connection) -> Result<(), StoreError> {
    let again: Vec<(i64, Patch)> = db
        .prepare(
            "SELECT at, device_seq, stamp, record, kind, village, body FROM whole_patch
             WHERE state = 1 AND record IN (SELECT record FROM erased)",
        )
        .and_then(|mut s| {
            s.query_map([], |row| {
                let device_seq = row.get::<_, i64>("device_seq")?.unsigned_abs();
                let own = patch_from(row)?;
                Ok((own.at, Patch { device_seq, edit: own.edit }))
            })?
            .collect()
        })
        .map_err(db_error)?;
    for (at, patch) in again {
        db.prepare_cached("UPDATE patch SET hash = ?2 WHERE at = ?1")
            .and_then(|mut s| s.execute(params![at, PatchHash::of(&patch).0]))
            .map_err(db_error)?;
    }
    db.execute("DELETE FROM erased", []).map_err(db_error)?;
    Ok(())
}

/// The log still has the pages as they were. If that fails (a full disk, say), it is written over in time; it is
/// encrypted like the rest.
pub(super) fn empty_log(db: &Connection) {
    let emptied = db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
    drop(emptied);
}

fn parsed<T: serde::de::DeserializeOwned>(body: &str) -> Result<T, StoreError> {
    serde_json::from_str(body).map_err(|e| StoreError::Broken(e.to_string()))
}

fn written(body: &impl serde::Serialize) -> rusqlite::Result<String> {
    serde_json::to_string(body).map_err(|e| rusqlite::Error::ToSqlConversionFailure(Box::new(e)))
}

#[cfg(test)]
#[path = "erase_tests.rs"]
mod tests;
