//! A pull: receipt, changes, cursor and digest out of one read transaction.

use super::{Caller, erase, life::receipt_of, moves::evicted, push::Pushed, sync::Refusal};
use crate::storage::{ServerIdentity, StorageError, head, nonce_at, read_identity};
use lianxin_shared::{
    replica::{Row, Stamp},
    sqlite::{digest_of, rows_after},
    wire::{
        PROTOCOL,
        v1::{Accepted, Batch, Cursor, ErrorCode, Held, Scope, SyncResponse, batch_of_rows, scope_hash},
    },
};
use rusqlite::{Connection, OptionalExtension};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Rows of one answer end here, bytes of their values. A phone asks for the next ones before it has committed these.
#[allow(non_upper_case_globals)]
pub const changes_bytes_max: usize = 2 * 1024 * 1024;
/// The same of an answer to new patches: the receipt is what their writer waits for, others' rows come after it.
#[allow(non_upper_case_globals)]
pub const changes_beside_push_bytes_max: usize = 256 * 1024;

/// Reads the answer to a sync, of about `bytes_max` bytes of rows ([`changes_bytes_max`] for phones). `db` is
/// inside a read transaction begun after the push was committed.
///
/// # Errors
/// [`Refusal`] when the cursor is not of this database; otherwise when SQLite fails.
pub fn pull(
    db: &Connection,
    caller: &Caller,
    cursor: &Cursor,
    pushed: Pushed,
    bytes_max: usize,
    now_ms: i64,
) -> Result<SyncResponse, super::ServiceError> {
    if nonce_at(db, cursor.seq)?.as_deref() != Some(cursor.nonce.as_str()) {
        return Err(Refusal::new(
            ErrorCode::RolledBack,
            "乡镇服务器的数据回到了从前的样子，对不上这部手机的进度。您写的都还在本机，请联系乡镇走访办。",
        )
        .into());
    }
    let identity = read_identity(db)?;
    let quiet = quiet(db, caller, &identity, cursor, now_ms)?;
    if caller.revoked {
        // What it handed in is safe, and it learns nothing else. It comes again at once, with nothing more to hand in,
        // and is told that it was revoked.
        return Ok(SyncResponse { more: true, ..quiet });
    }
    let (rows, more) = changed_rows(db, caller, cursor.seq, &pushed.told, bytes_max)?;
    let (head_seq, head_nonce) = head(db)?;
    let next = match rows.last() {
        Some(last) if more => Cursor { seq: last.seq, nonce: nonce_at(db, last.seq)?.unwrap_or_default() },
        _ => Cursor { seq: head_seq, nonce: head_nonce },
    };
    let digest = if more {
        String::new()
    } else {
        let sum = digest_of(db, caller.villages.iter().map(String::as_str)).map_err(StorageError::from)?;
        format!("{:016x}", sum.0)
    };
    let scope = scope_unless(db, caller, &identity, &pushed.scope_seen)?;
    // Of a village that is new to the phone it has heard nothing yet.
    let heard = if scope.is_some() { 0 } else { cursor.seq };
    Ok(SyncResponse {
        erased: erase::told(db, caller, (heard, next.seq), &pushed.erased)?,
        scope,
        accepted: pushed.accepted,
        changes: batch_of_rows(&rows),
        evicted: evicted(db, caller, cursor.seq, next.seq)?,
        cursor: next,
        more,
        digest,
        ..quiet
    })
}

fn changed_rows(
    db: &Connection,
    caller: &Caller,
    after: u64,
    told: &BTreeMap<Uuid, u64>,
    bytes_max: usize,
) -> Result<(Vec<Row>, bool), StorageError> {
    let (mut rows, mut bytes, mut more) = (Vec::new(), 0usize, false);
    rows_after(
        db,
        after,
        |village| caller.villages.contains(village),
        |row| {
            if told.get(&row.id) == Some(&row.seq) {
                return true;
            }
            if bytes > bytes_max {
                more = true;
                return false;
            }
            bytes += bytes_of(&row);
            rows.push(row);
            true
        },
    )?;
    Ok((rows, more))
}

/// About what a row takes in an answer.
pub(super) fn bytes_of(row: &Row) -> usize {
    64 + row.fields.values().map(|v| 16 + v.value.as_text().map_or(0, str::len)).sum::<usize>()
}

/// An answer without news: who answers, what is committed of the device, and what is held.
fn quiet(
    db: &Connection,
    caller: &Caller,
    identity: &ServerIdentity,
    cursor: &Cursor,
    now_ms: i64,
) -> Result<SyncResponse, StorageError> {
    Ok(SyncResponse {
        evicted: Vec::new(),
        erased: Vec::new(),
        protocol: PROTOCOL,
        server_id: identity.server_id,
        epoch: identity.epoch,
        server_time: now_ms.unsigned_abs(),
        receipt: receipt_of(db, caller.device)?,
        held: held(db, caller)?,
        scope: None,
        accepted: Accepted::default(),
        changes: Batch::default(),
        cursor: cursor.clone(),
        more: false,
        digest: String::new(),
    })
}

/// The villages granted, unless the phone has just these.
fn scope_unless(
    db: &Connection,
    caller: &Caller,
    identity: &ServerIdentity,
    seen: &str,
) -> Result<Option<Scope>, StorageError> {
    if scope_hash(caller.villages.iter().map(String::as_str)) == seen {
        return Ok(None);
    }
    let mut name_of = db.prepare_cached("SELECT name FROM village WHERE code = ?1")?;
    let mut villages = BTreeMap::new();
    for code in caller.villages.iter().filter(|code| **code != identity.region) {
        let name: Option<String> = name_of.query_row([code], |row| row.get(0)).optional()?;
        villages.insert(code.clone(), name.unwrap_or_else(|| code.clone()));
    }
    Ok(Some(Scope { villages, region: identity.region.clone() }))
}

fn held(db: &Connection, caller: &Caller) -> Result<Vec<Held>, StorageError> {
    let mut statement = db.prepare_cached(
        "SELECT device, device_seq, stamp, held, refused,
           (SELECT why FROM ruling WHERE ruling.device = patch.device AND ruling.device_seq = patch.device_seq
            ORDER BY ruling.id DESC LIMIT 1) AS why
         FROM patch
         WHERE held <> '' AND device IN (
           SELECT id FROM device WHERE cadre = (SELECT cadre FROM device WHERE id = ?1) OR id = ?1)
         ORDER BY device, device_seq",
    )?;
    let rows = statement.query_map([caller.device.to_i64()], |row| {
        let refused: bool = row.get("refused")?;
        let is_own = row.get::<_, i64>("device")? == caller.device.to_i64();
        let stamp = if is_own { None } else { Some(Stamp::from_bytes(row.get("stamp")?)) };
        // A number is this device's own alone.
        let device_seq = if is_own { row.get::<_, i64>("device_seq")?.unsigned_abs() } else { 0 };
        let why = row.get::<_, Option<String>>("why")?.filter(|why| refused && !why.is_empty());
        let reason = why.map_or_else(|| row.get("held"), Ok)?;
        Ok(Held { device_seq, reason, refused, stamp })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
