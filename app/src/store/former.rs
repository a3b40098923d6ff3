//! What the phone keeps of the server's former life after a restore: it goes on being shown, what the new life lacks
//! is offered, and only what the new life has is let go.

use super::{StoreError, db_error, erase, meta, records};
use lianxin_shared::{
    replica::{
        Base, ChainHash, FieldSet, FieldVersion, Patch, PatchDraft, PatchHash, Row, Stamp, Value, kind,
    },
    sqlite::{RECORD_COLUMNS, read_row, row_from, uuid_at},
    sync::Salvage,
    wire::v1::{Cursor, Life, SalvageResponse},
};
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Takes up the server's new life: rows are set aside, cursor and receipts begin where it says, and the patches that
/// it does not have wait again to be sent.
///
/// # Errors
/// [`StoreError::Copied`] when what it has under this device's numbers is not what this phone wrote.
pub(super) fn renew(db: &Connection, life: &Life) -> Result<(), StoreError> {
    let receipt = life.receipt.device_seq as i64;
    if chain_up_to(db, receipt)? != Some(life.receipt.chain) {
        return Err(StoreError::Copied);
    }
    set_aside(db)?;
    db.execute("UPDATE patch SET state = 2 WHERE device_seq <= ?1 AND state < 2", [receipt])
        .map_err(db_error)?;
    let waiting_again = wait_again(db, receipt)?;
    erase::renew(db)?;
    // What the office has refused is not offered past it. What still waited is: nobody else has it.
    let again =
        "UPDATE patch SET orphan = CASE WHEN held <> '' AND state = 3 THEN 5 ELSE 1 END WHERE orphan > 0";
    db.execute(again, []).map_err(db_error)?;
    meta::enter_life(db, life.epoch)?;
    meta::set(db, "receipt", &receipt.to_string())?;
    meta::set(db, "chain", &life.receipt.chain.to_string())?;
    meta::keep_cursor(db, &Cursor::default())?;
    // A record whose rows had left this phone is shown again as far as its own patches tell of it.
    waiting_again.into_iter().try_for_each(|record| records::project_shown(db, record))
}

/// The patches after a receipt wait to be sent once more; the records they write to.
fn wait_again(db: &Connection, receipt: i64) -> Result<BTreeSet<Uuid>, StoreError> {
    let mut statement = db
        .prepare(
            "UPDATE patch SET state = 1, held = '' WHERE device_seq > ?1 AND state >= 2 RETURNING record",
        )
        .map_err(db_error)?;
    let records = statement.query_map([receipt], |row| uuid_at(row, "record"));
    records.and_then(Iterator::collect).map_err(db_error)
}

/// The chain over this phone's patches up to a number; none if it has not written so many.
fn chain_up_to(db: &Connection, device_seq: i64) -> Result<Option<ChainHash>, StoreError> {
    let Some(member) = meta::membership(db)? else { return Err(StoreError::NotFound) };
    let mut statement = db
        .prepare("SELECT hash FROM patch WHERE device_seq <= ?1 AND state >= 1 ORDER BY device_seq")
        .map_err(db_error)?;
    let hashes = statement.query_map([device_seq], |row| row.get(0).map(PatchHash)).map_err(db_error)?;
    let (mut chain, mut count) = (ChainHash::start(member.device), 0);
    for hash in hashes {
        chain = chain.then(hash.map_err(db_error)?);
        count += 1;
    }
    Ok((count == device_seq).then_some(chain))
}

/// Moves all rows into the former ones, as a layer of their own: what an earlier restore has left stays beside them.
fn set_aside(db: &Connection) -> Result<(), StoreError> {
    db.execute_batch(&format!(
        "INSERT INTO former_record (layer, {RECORD_COLUMNS})
           SELECT (SELECT coalesce(max(layer), 0) + 1 FROM former_record), {RECORD_COLUMNS} FROM record;
         UPDATE former_record SET offered = 0;
         DELETE FROM record;
         DELETE FROM village_digest;"
    ))
    .map_err(db_error)
}

/// A record as the server's former lives had it.
pub(super) fn read(db: &Connection, id: Uuid) -> Result<Option<Row>, StoreError> {
    let mut statement = db
        .prepare_cached(&format!(
            "SELECT {RECORD_COLUMNS} FROM former_record WHERE id = ?1 ORDER BY layer DESC"
        ))
        .map_err(db_error)?;
    let mut layers = statement.query_map([id.as_bytes()], row_from).map_err(db_error)?;
    let Some(last) = layers.next().transpose().map_err(db_error)? else { return Ok(None) };
    layers.try_fold(last, |row, former| Ok(merged(row, former.map_err(db_error)?))).map(Some)
}

/// The newer writes of both.
pub(super) fn merged(mut row: Row, former: Row) -> Row {
    for (name, version) in former.fields {
        if lacks(&row, &name, &version) {
            row.fields.insert(name, version);
        }
    }
    row
}

fn lacks(row: &Row, field: &str, version: &FieldVersion) -> bool {
    row.fields
        .get(field)
        .is_none_or(|standing| standing.stamp != version.stamp && version.wins_over(standing))
}

/// Whether any record is shown as a former life had it, where the present one says nothing newer.
pub(super) fn shows(db: &Connection) -> Result<bool, StoreError> {
    db.prepare_cached("SELECT EXISTS (SELECT 1 FROM former_record)")
        .and_then(|mut s| s.query_row([], |row| row.get(0)))
        .map_err(db_error)
}

/// Whether there is anything left of the former life.
pub(super) fn remains(db: &Connection) -> Result<bool, StoreError> {
    db.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM former_record WHERE offered <> 3)
             OR EXISTS (SELECT 1 FROM patch WHERE orphan > 0 AND orphan IN (1, 2))",
    )
    .and_then(|mut s| s.query_row([], |row| row.get(0)))
    .map_err(db_error)
}

/// So many rows of a former life are looked through in one transaction: on an old phone about a tenth of a second,
/// during which nobody else is served.
#[allow(non_upper_case_globals)]
const salvage_rows_max: usize = 500;

/// One row of a former life.
type Key = (Uuid, i64);

/// Everything of the new life is here: lets go what it has, and hands over what it lacks, about `bytes_max` at a time.
pub(super) fn load_salvage(db: &Connection, bytes_max: usize) -> Result<Salvage, StoreError> {
    for key in keys(db, "offered = 2")? {
        forget(db, key)?;
    }
    db.execute("UPDATE former_record SET offered = 0 WHERE offered = 1", []).map_err(db_error)?;
    db.execute("UPDATE patch SET orphan = 1 WHERE orphan = 2", []).map_err(db_error)?;
    let mut salvage = Salvage::default();
    let mut bytes = load_orphans(db, bytes_max, &mut salvage)?;
    let keys = keys(db, "offered = 0")?;
    salvage.more = keys.len() > salvage_rows_max;
    for key in keys.into_iter().take(salvage_rows_max) {
        if bytes > bytes_max {
            salvage.more = true;
            break;
        }
        let Some(former) = read_layer(db, key)? else { continue };
        let edits =
            if former.kind == kind::CONFLICT { lost_words(db, &former)? } else { lacking(db, former)? };
        if edits.is_empty() {
            forget(db, key)?;
            continue;
        }
        db.prepare_cached("UPDATE former_record SET offered = 1 WHERE id = ?1 AND layer = ?2")
            .and_then(|mut s| s.execute(params![key.0.as_bytes(), key.1]))
            .map_err(db_error)?;
        for (edit, order) in edits {
            bytes += edit.size_bytes();
            offer(&mut salvage, edit, order);
        }
    }
    Ok(salvage)
}

fn offer(salvage: &mut Salvage, edit: PatchDraft, order: Stamp) {
    let device_seq = salvage.patches.len() as u64 + 1;
    if order != edit.stamp {
        salvage.orders.insert(device_seq, order);
    }
    salvage.patches.push(Patch { device_seq, edit });
}

/// Hands over this phone's own patches of a device that it no longer is; their bytes.
fn load_orphans(db: &Connection, bytes_max: usize, salvage: &mut Salvage) -> Result<usize, StoreError> {
    let mut bytes = 0;
    let mut statement = db
        .prepare_cached(
            "SELECT at, stamp, ord, record, kind, village, body FROM whole_patch
             WHERE orphan > 0 AND orphan = 1 ORDER BY at",
        )
        .map_err(db_error)?;
    let mut rows = statement.query([]).map_err(db_error)?;
    while let Some(row) = rows.next().map_err(db_error)? {
        if bytes > bytes_max {
            break;
        }
        let records::OwnPatch { at, edit } = records::patch_from(row).map_err(db_error)?;
        let order = records::order_from(row).map_err(db_error)?;
        db.prepare_cached("UPDATE patch SET orphan = 2 WHERE at = ?1")
            .and_then(|mut s| s.execute([at]))
            .map_err(db_error)?;
        bytes += edit.size_bytes();
        let order = order.unwrap_or(edit.stamp);
        offer(salvage, edit, order);
    }
    Ok(bytes)
}

fn keys(db: &Connection, which: &str) -> Result<Vec<Key>, StoreError> {
    let sql = format!("SELECT id, layer FROM former_record WHERE {which} ORDER BY layer, id");
    let mut statement = db.prepare(&sql).map_err(db_error)?;
    let keys = statement.query_map([], |row| Ok((uuid_at(row, "id")?, row.get("layer")?)));
    keys.and_then(Iterator::collect).map_err(db_error)
}

fn read_layer(db: &Connection, (id, layer): Key) -> Result<Option<Row>, StoreError> {
    db.prepare_cached(&format!("SELECT {RECORD_COLUMNS} FROM former_record WHERE id = ?1 AND layer = ?2"))
        .and_then(|mut s| s.query_row(params![id.as_bytes(), layer], row_from).optional())
        .map_err(db_error)
}

/// What was offered last is with the server; it is let go when it has been pulled. What is of villages that the new life
/// does not know of this phone stays until they are told again ([`offer_again`]).
pub(super) fn keep_salvaged(db: &Connection, response: &SalvageResponse) -> Result<(), StoreError> {
    for village in &response.unknown {
        for change in [
            "UPDATE former_record SET offered = 3 WHERE offered = 1 AND village = ?1",
            "UPDATE patch SET orphan = 4 WHERE orphan = 2 AND village = ?1",
        ] {
            db.execute(change, [village]).map_err(db_error)?;
        }
    }
    db.execute_batch(
        "UPDATE former_record SET offered = 2 WHERE offered = 1;
         UPDATE patch SET orphan = 3 WHERE orphan = 2;",
    )
    .map_err(db_error)
}

/// The villages of this phone have changed: what the server could not judge before is offered once more.
pub(super) fn offer_again(db: &Connection) -> Result<(), StoreError> {
    db.execute_batch(
        "UPDATE former_record SET offered = 0 WHERE offered = 3;
         UPDATE patch SET orphan = 1 WHERE orphan = 4;",
    )
    .map_err(db_error)
}

fn forget(db: &Connection, key: Key) -> Result<(), StoreError> {
    let Some(row) = read_layer(db, key)? else { return Ok(()) };
    db.prepare_cached("DELETE FROM former_record WHERE id = ?1 AND layer = ?2")
        .and_then(|mut s| s.execute(params![key.0.as_bytes(), key.1]))
        .map_err(db_error)?;
    records::project_without(db, row)
}

/// The writes of a former row that do not stand in the new life's row, one patch per stamp, with their order.
fn lacking(db: &Connection, former: Row) -> Result<Vec<(PatchDraft, Stamp)>, StoreError> {
    let row = read_row(db, former.id)?;
    let disputed = disputed(db, former.id)?;
    let mut edits: BTreeMap<(Stamp, Stamp), PatchDraft> = BTreeMap::new();
    for (name, version) in former.fields {
        // A write that would lose is offered too: whether its words were knowingly replaced only the server can tell.
        let standing = row.as_ref().and_then(|row| row.fields.get(&name));
        if standing.is_some_and(|standing| standing.stamp == version.stamp) {
            continue;
        }
        let edit = edits.entry((version.stamp, version.order)).or_insert_with(|| PatchDraft {
            stamp: version.stamp,
            kind: former.kind.clone(),
            id: former.id,
            village: former.village.clone(),
            set: FieldSet::new(),
            base: Base::new(),
        });
        // Its writer had seen what stands there now, unless the two were in conflict before.
        let seen = standing.filter(|standing| version.wins_over(standing)).map(|standing| standing.stamp);
        if let Some(seen) = seen.filter(|stamp| !disputed.contains(&(name.clone(), *stamp))) {
            edit.base.insert(name.clone(), vec![seen]);
        }
        edit.set.insert(name, version.value);
    }
    Ok(edits.into_iter().map(|((_, order), edit)| (edit, order)).collect())
}

/// The losers of a record's open conflicts in the former life: (field, stamp).
fn disputed(db: &Connection, record: Uuid) -> Result<BTreeSet<(String, Stamp)>, StoreError> {
    let mut statement =
        db.prepare_cached("SELECT id FROM conflict WHERE record = ?1 AND open = 1").map_err(db_error)?;
    let found = statement.query_map([record.as_bytes()], |row| uuid_at(row, "id")).map_err(db_error)?;
    let mut disputed = BTreeSet::new();
    for id in found {
        let Some(conflict) = read(db, id.map_err(db_error)?)? else { continue };
        if let Ok(stamp) = conflict.text("other_stamp").parse() {
            disputed.insert((conflict.text("field").to_owned(), stamp));
        }
    }
    Ok(disputed)
}

/// An open conflict of the former life that the new one does not know: the words that lost are a write again, and the
/// server finds the conflict anew.
fn lost_words(db: &Connection, conflict: &Row) -> Result<Vec<(PatchDraft, Stamp)>, StoreError> {
    let known = read_row(db, conflict.id)?.is_some();
    let lost =
        conflict.fields.get("other").filter(|_| *conflict.value("open") == Value::Bool(true) && !known);
    let (Some(lost), Ok(id)) = (lost, conflict.text("record").parse()) else { return Ok(Vec::new()) };
    let edit = PatchDraft {
        stamp: lost.stamp,
        kind: conflict.text("record_kind").to_owned(),
        id,
        village: conflict.village.clone(),
        set: FieldSet::from([(conflict.text("field").to_owned(), lost.value.clone())]),
        base: Base::new(),
    };
    Ok(vec![(edit, lost.order)])
}

#[cfg(test)]
#[path = "former_tests.rs"]
mod tests;
