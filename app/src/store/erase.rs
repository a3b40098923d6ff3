//! 依法抹去 on the phone: what the office has erased leaves the rows, those of former lives, this phone's own patches,
//! conflicts, drafts that correct it, and the photos that nothing else names, in the transaction that hears of it.
//!
//! A patch that is under way keeps its words until its receipt: the server knows it by a hash over them, and keeps none.

use super::{
    StoreError, db_error,
    draft::VisitDraft,
    drafts, photos,
    records::{Body, patch_from},
};
use lianxin_shared::{
    domain::{label, photo, visit},
    replica::{Base, Erasure, FieldSet, Patch, PatchHash, Value, kind},
    sqlite::{Replica, read_row, uuid_at},
    wire::v1::Erased,
};
use rusqlite::{Connection, params};
use std::collections::BTreeSet;
use uuid::Uuid;

/// What has been erased of a record.
fn of(db: &Connection, record: Uuid) -> Result<Erasure, StoreError> {
    let fields: Vec<String> = db
        .prepare_cached("SELECT field FROM erased WHERE record = ?1")
        .and_then(|mut s| s.query_map([record.as_bytes()], |row| row.get(0))?.collect())
        .map_err(db_error)?;
    let mut erasure = Erasure::default();
    fields.into_iter().for_each(|field| erasure.add(field));
    Ok(erasure)
}

/// Takes what an answer tells, and what a receipt has let go of since; the records that are shown otherwise now are
/// `touched`.
pub(super) fn take(
    db: &Connection,
    replica: &mut Replica<'_>,
    told: &[Erased],
    touched: &mut BTreeSet<Uuid>,
) -> Result<(), StoreError> {
    let mut records: BTreeSet<Uuid> = under_way_no_more(db)?;
    for Erased { id, field } in told {
        db.prepare_cached("INSERT OR IGNORE INTO erased (record, field) VALUES (?1, ?2)")
            .and_then(|mut s| s.execute(params![id.as_bytes(), field]))
            .map_err(db_error)?;
        records.insert(*id);
    }
    for record in records {
        let erasure = of(db, record)?;
        redact_rows(db, replica, record, &erasure, touched)?;
        redact_patches(db, record, &erasure)?;
        redact_draft(db, record, &erasure)?;
        photos::erase(db, record, |hash| erasure.covers(&photo::field_of_hash(hash)))?;
        touched.insert(record);
    }
    Ok(())
}

/// Erased records to which this phone wrote something that has its receipt now.
fn under_way_no_more(db: &Connection) -> Result<BTreeSet<Uuid>, StoreError> {
    db.prepare_cached(
        "SELECT DISTINCT record FROM patch WHERE state = 2 AND record IN (SELECT record FROM erased)",
    )
    .and_then(|mut s| s.query_map([], |row| uuid_at(row, "record"))?.collect())
    .map_err(db_error)
}

/// The record and its conflicts, as the present and the former lives of the server have them.
fn redact_rows(
    db: &Connection,
    replica: &mut Replica<'_>,
    record: Uuid,
    erasure: &Erasure,
    touched: &mut BTreeSet<Uuid>,
) -> Result<(), StoreError> {
    if let Some(mut row) = read_row(db, record)?
        && erasure.redact_row(&mut row)
    {
        replica.put(&row)?;
    }
    redact_former(db, record, |set| erasure.redact(set, &mut Base::new()))?;
    let conflicts: Vec<Uuid> = db
        .prepare_cached("SELECT id FROM conflict WHERE record = ?1")
        .and_then(|mut s| s.query_map([record.as_bytes()], |row| uuid_at(row, "id"))?.collect())
        .map_err(db_error)?;
    for id in conflicts {
        if let Some(mut conflict) = read_row(db, id)?
            && erasure.redact_conflict(&mut conflict)
        {
            replica.put(&conflict)?;
        }
        redact_former(db, id, |set| {
            let is_meant = set.get("field").and_then(Value::as_text).is_some_and(|name| erasure.covers(name));
            let closed = [("other".to_owned(), Value::Null), ("open".to_owned(), Value::Bool(false))];
            set.extend(closed.into_iter().filter(|_| is_meant));
            is_meant
        })?;
        touched.insert(id);
    }
    Ok(())
}

fn redact_former(
    db: &Connection,
    id: Uuid,
    mut redact: impl FnMut(&mut FieldSet) -> bool,
) -> Result<(), StoreError> {
    let layers: Vec<(i64, String)> = db
        .prepare_cached("SELECT layer, body FROM former_record WHERE id = ?1")
        .and_then(|mut s| s.query_map([id.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))?.collect())
        .map_err(db_error)?;
    for (layer, body) in layers {
        let mut set: FieldSet = parsed(&body)?;
        if redact(&mut set) {
            db.prepare_cached("UPDATE former_record SET body = ?3 WHERE id = ?1 AND layer = ?2")
                .and_then(|mut s| s.execute(params![id.as_bytes(), layer, written(&set)?]))
                .map_err(db_error)?;
        }
    }
    Ok(())
}

fn redact_patches(db: &Connection, record: Uuid, erasure: &Erasure) -> Result<(), StoreError> {
    let bodies: Vec<(i64, String)> = db
        .prepare_cached("SELECT at, body FROM whole_patch WHERE record = ?1 AND state <> 1")
        .and_then(|mut s| s.query_map([record.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))?.collect())
        .map_err(db_error)?;
    for (at, body) in bodies {
        let mut body: Body = parsed(&body)?;
        if erasure.redact(&mut body.set, &mut body.base) {
            db.prepare_cached("UPDATE patch_body SET body = ?2 WHERE at = ?1")
                .and_then(|mut s| s.execute(params![at, written(&body)?]))
                .map_err(db_error)?;
        }
    }
    Ok(())
}

/// The correction of an erased visit goes; that of a visit of which a field was erased loses this field.
fn redact_draft(db: &Connection, record: Uuid, erasure: &Erasure) -> Result<(), StoreError> {
    let Some(mut draft) = drafts::find(db, record)? else { return Ok(()) };
    if erasure.is_whole() {
        return drafts::discard(db, record);
    }
    let before = draft.clone();
    empty(&mut draft, erasure);
    if draft == before { Ok(()) } else { drafts::keep(db, &draft) }
}

/// A draft as it may be kept: its screen may have been open since before the erasure.
pub(super) fn emptied(db: &Connection, mut draft: VisitDraft) -> Result<VisitDraft, StoreError> {
    let erasure = of(db, draft.id)?;
    if erasure.is_whole() {
        return Err(gone(kind::VISIT));
    }
    if !erasure.is_none() {
        empty(&mut draft, &erasure);
    }
    Ok(draft)
}

fn empty(draft: &mut VisitDraft, erasure: &Erasure) {
    if let Some(amended) = &mut draft.amends {
        erasure.redact(&mut amended.fields, &mut Base::new());
    }
    draft.answers.retain(|name, _| !erasure.covers(name));
    let is_kept = |question: &str| !erasure.covers(&format!("{}{question}", visit::field::ANSWER_PREFIX));
    draft.taken_over.retain(|question, _| is_kept(question));
    draft.photos.retain(|photo| !erasure.covers(&photo::field_of_hash(&photo.hash)));
    for (name, text) in [
        (visit::field::NOTES, &mut draft.notes),
        (visit::field::COMPANIONS, &mut draft.companions),
        (visit::field::TARGET_NAME, &mut draft.target_name),
    ] {
        if erasure.covers(name) {
            text.clear();
        }
    }
}

/// Refuses a save that would write anew what was erased.
pub(super) fn refuse(
    db: &Connection,
    record_kind: &str,
    record: Uuid,
    set: &FieldSet,
) -> Result<(), StoreError> {
    let erasure = of(db, record)?;
    if erasure.is_none() {
        return Ok(());
    }
    if erasure.is_whole() {
        return Err(gone(record_kind));
    }
    let words = set.iter().find(|(name, value)| **value != Value::Null && erasure.covers(name));
    let Some((name, _)) = words else { return Ok(()) };
    let label = label::field(record_kind, name);
    Err(StoreError::Invalid(format!(
        "“{label}”已由乡镇走访办依法抹去，不能再填，这一步没有存。请把它清空；别的都可以照常改。"
    )))
}

/// Refuses a page of a record that was erased.
pub(super) fn refuse_gone(db: &Connection, record_kind: &str, record: Uuid) -> Result<(), StoreError> {
    if of(db, record)?.is_whole() { Err(gone(record_kind)) } else { Ok(()) }
}

fn gone(record_kind: &str) -> StoreError {
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
