//! What the township keeps apart of this phone's patches: shown here like any other while it waits for the office;
//! refused, it is in no record any more (state 3 without a row) and only to be read.

use super::{StoreError, db_error, records};
use lianxin_shared::{
    domain::label,
    replica::{Row, Value},
    sqlite::uuid_at,
    wire::v1::Held,
};
use rusqlite::{Connection, params};
use std::collections::BTreeSet;
use uuid::Uuid;

/// Takes the server's list in place of the former one. Records that are shown otherwise from now on are `touched`.
pub(super) fn keep(db: &Connection, held: &[Held], touched: &mut BTreeSet<Uuid>) -> Result<(), StoreError> {
    let mut listed = BTreeSet::new();
    let mut update = db
        .prepare_cached(
            "UPDATE patch SET held = ?2, state = ?3
             WHERE device_seq = ?1 AND state >= 2 AND (held <> ?2 OR state <> ?3) RETURNING record",
        )
        .map_err(db_error)?;
    for one in held {
        let device_seq = one.device_seq as i64;
        listed.insert(device_seq);
        let state = if one.refused { 3 } else { 2 };
        let ids = update.query_map(params![device_seq, one.reason, state], |row| uuid_at(row, "record"));
        touched.extend(ids.and_then(Iterator::collect::<Result<Vec<_>, _>>).map_err(db_error)?);
    }
    let mut statement = db
        .prepare_cached("SELECT device_seq, record FROM patch WHERE held <> '' AND device_seq > 0")
        .map_err(db_error)?;
    let known = statement
        .query_map([], |row| Ok((row.get("device_seq")?, uuid_at(row, "record")?)))
        .and_then(Iterator::collect::<Result<Vec<(i64, Uuid)>, _>>)
        .map_err(db_error)?;
    for (device_seq, record) in known.into_iter().filter(|(device_seq, _)| !listed.contains(device_seq)) {
        db.prepare_cached("UPDATE patch SET held = '' WHERE device_seq = ?1")
            .and_then(|mut s| s.execute([device_seq]))
            .map_err(db_error)?;
        touched.insert(record);
    }
    Ok(())
}

/// A record as this phone alone wrote it, refused patches included; none without any.
pub(super) fn written(db: &Connection, record: Uuid) -> Result<Option<Row>, StoreError> {
    let mut statement = db
        .prepare_cached(
            "SELECT at, stamp, record, kind, village, body FROM whole_patch WHERE record = ?1 ORDER BY at",
        )
        .map_err(db_error)?;
    let patches = statement
        .query_map([record.as_bytes()], records::patch_from)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(db_error)?;
    let mut row: Option<Row> = None;
    for own in patches {
        let row = row.get_or_insert_with(|| Row::empty(&own.edit.kind, record, &own.edit.village));
        row.apply(&own.edit, own.edit.stamp);
    }
    Ok(row)
}

/// What the refused patches of a record say, a line per field; what this version has no name for is left out.
pub(super) fn refused_words(db: &Connection, record: Uuid) -> Result<Vec<String>, StoreError> {
    let mut statement = db
        .prepare_cached(
            "SELECT at, stamp, record, kind, village, body FROM whole_patch
             WHERE record = ?1 AND held <> '' AND state = 3 ORDER BY at",
        )
        .map_err(db_error)?;
    let patches = statement
        .query_map([record.as_bytes()], records::patch_from)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(db_error)?;
    let mut lines = Vec::new();
    for edit in patches.into_iter().map(|own| own.edit) {
        for (name, value) in edit.set.iter().filter(|(_, value)| **value != Value::Null) {
            let label = label::field(&edit.kind, name);
            if label != *name && name != "occurred_at" {
                lines.push(format!("{label}：{}", label::value(name, value)));
            }
        }
    }
    Ok(lines)
}
