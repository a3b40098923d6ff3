//! What this phone sends: its open patches are sealed, committed, and handed over.

use super::{StoreError, db_error, meta, records, replicate::same_chain, scope};
use lianxin_shared::{
    replica::{Patch, PatchDraft, PatchHash, Stamp},
    sync::Outgoing,
    wire::v1::Receipt,
};
use rusqlite::Connection;
use std::collections::BTreeMap;

/// Patches on their way into one batch.
struct Next {
    patches: Vec<Patch>,
    orders: BTreeMap<u64, Stamp>,
    bytes: usize,
    bytes_max: usize,
}

impl Next {
    /// Whether it fits; one always does.
    fn takes(&mut self, edit: &PatchDraft) -> bool {
        self.bytes += edit.size_bytes();
        self.bytes <= self.bytes_max || self.patches.is_empty()
    }
}

/// Hands over the next patches to send: the sealed ones, then as many open ones as fit, which it seals. `after` is a
/// receipt that is still to be committed.
pub(super) fn load(
    db: &Connection,
    bytes_max: usize,
    after: Option<&Receipt>,
) -> Result<Outgoing, StoreError> {
    let member = meta::membership(db)?.ok_or(StoreError::NotFound)?;
    let receipt_seen = meta::receipt(db)?;
    let mut sent = receipt_seen;
    if let Some(after) = after.filter(|after| after.device_seq > receipt_seen) {
        same_chain(db, after)?;
        sent = after.device_seq;
    }
    let mut next = Next { patches: Vec::new(), orders: BTreeMap::new(), bytes: 0, bytes_max };
    if load_sealed(db, sent, &mut next)? {
        seal(db, &mut next)?;
    }
    let covered = u32::try_from(sent.saturating_sub(receipt_seen)).unwrap_or(u32::MAX);
    Ok(Outgoing {
        server_id: member.server_id,
        epoch: member.epoch,
        cursor: meta::cursor(db)?,
        receipt_seen,
        scope: scope::hash(db)?,
        patches: next.patches,
        orders: next.orders,
        left: meta::lives_left(db)?,
        waiting: waiting(db)?.saturating_sub(covered),
    })
}

/// What was sealed for an exchange that did not come to its end; whether all of it fits.
fn load_sealed(db: &Connection, sent: u64, next: &mut Next) -> Result<bool, StoreError> {
    let mut statement = db
        .prepare_cached(
            "SELECT at, device_seq, stamp, ord, record, kind, village, body FROM whole_patch
             WHERE state = 1 AND state < 2 AND device_seq > ?1 ORDER BY device_seq",
        )
        .map_err(db_error)?;
    let mut rows = statement.query([sent as i64]).map_err(db_error)?;
    while let Some(row) = rows.next().map_err(db_error)? {
        let device_seq = row.get::<_, i64>("device_seq").map_err(db_error)?.unsigned_abs();
        let edit = records::patch_from(row).map_err(db_error)?.edit;
        if !next.takes(&edit) {
            return Ok(false);
        }
        let order = records::order_from(row).map_err(db_error)?;
        next.orders.extend(order.map(|order| (device_seq, order)));
        next.patches.push(Patch { device_seq, edit });
    }
    Ok(true)
}

/// Seals the oldest open patches: each gets its gapless `device_seq`. Younger ones can still be written on.
fn seal(db: &Connection, next: &mut Next) -> Result<(), StoreError> {
    let last: i64 = db
        .query_row("SELECT coalesce(max(device_seq), 0) FROM patch", [], |row| row.get(0))
        .map_err(db_error)?;
    let mut statement = db
        .prepare_cached(
            "SELECT at, stamp, record, kind, village, body FROM whole_patch
             WHERE state = 0 AND state < 2 AND device_seq IS NULL ORDER BY at",
        )
        .map_err(db_error)?;
    let mut rows = statement.query([]).map_err(db_error)?;
    let mut sealed = Vec::new();
    for device_seq in last.unsigned_abs() + 1.. {
        let Some(row) = rows.next().map_err(db_error)? else { break };
        let own = records::patch_from(row).map_err(db_error)?;
        if !next.takes(&own.edit) {
            break;
        }
        let patch = Patch { device_seq, edit: own.edit };
        sealed.push((own.at, device_seq as i64, PatchHash::of(&patch).0));
        next.patches.push(patch);
    }
    let mut update = db
        .prepare_cached("UPDATE patch SET device_seq = ?2, hash = ?3, state = 1 WHERE at = ?1")
        .map_err(db_error)?;
    for envelope in sealed {
        update.execute(envelope).map_err(db_error)?;
    }
    Ok(())
}

/// Patches that no receipt covers.
pub(super) fn waiting(db: &Connection) -> Result<u32, StoreError> {
    db.prepare_cached("SELECT count(*) FROM patch WHERE state < 2")
        .and_then(|mut s| s.query_row([], |row| row.get(0)))
        .map_err(db_error)
}
