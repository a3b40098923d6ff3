//! What an answer of the server does to the store: the machine's `Commit`, one transaction.

use super::{StoreError, db_error, erase, former, held, meta, outgoing, records, scope};
use lianxin_shared::{
    replica::{ChainHash, PatchHash, Row, Stamp},
    sqlite::{Replica, digest_of, newest_order, read_row, uuid_at},
    sync::CommitReport,
    wire::v1::{Accepted, Receipt, SyncResponse, rows_of_batch},
};
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// What a commit has come to.
pub(super) struct Committed {
    /// For the machine.
    pub report: CommitReport,
    /// What screens show may have changed.
    pub changed: bool,
    /// Something that was erased by law has left the tables.
    pub redacted: bool,
}

/// Commits an answer: receipt, own patches folded into the server's rows, others' rows, cursor.
pub(super) fn commit(db: &Connection, response: SyncResponse, now_ms: i64) -> Result<Committed, StoreError> {
    let malformed =
        |e: &dyn std::fmt::Display| StoreError::Invalid(format!("乡镇服务器的答复看不懂（{e}）。"));
    let rows = rows_of_batch(response.changes).map_err(|e| malformed(&e))?;
    let receipted = receipted(db, &response.receipt)?;
    let mut clock = records::clock_of(db)?;
    clock.set_server_time(response.server_time, now_ms);
    let mut touched = BTreeSet::new();
    let lowered = keep_orders(db, &response.accepted, &mut touched)?;
    let mut replica = Replica::new(db);
    fold_accepted(db, &mut replica, &response.accepted, &mut touched)?;
    mark_receipted(db, response.receipt.device_seq)?;
    let mut pulled = BTreeMap::new();
    for row in rows {
        row.fields.values().for_each(|version| clock.observe(version.order));
        learn_orders(db, &row)?;
        if read_seq(db, row.id)?.is_none_or(|seq| seq < row.seq) {
            replica.put(&row)?;
            touched.insert(row.id);
            pulled.insert(row.id, row);
        }
    }
    for left in scope::leave(db, &mut replica, &response.evicted)? {
        pulled.remove(&left);
        touched.insert(left);
    }
    let redacted = erase::take(db, &mut replica, &response.erased)?;
    pulled.retain(|id, _| !redacted.contains(id));
    touched.extend(&redacted);
    replica.finish()?;
    let mut changed = receipted || response.scope.is_some();
    if let Some(scope) = &response.scope {
        scope::keep(db, scope)?;
        former::offer_again(db)?;
    }
    held::keep(db, &response.held, &mut touched)?;
    if !response.more {
        settle(db, response.receipt.device_seq, &mut touched)?;
        changed |= scope::evict(db)?;
    }
    changed |= !touched.is_empty();
    for id in touched {
        match pulled.remove(&id) {
            Some(row) => records::project_over(db, row)?,
            None => records::project_shown(db, id)?,
        }
    }
    if let Some(order) = lowered {
        rewind(db, &mut clock, order)?;
    }
    meta::keep_clock(db, &clock)?;
    meta::keep_cursor(db, &response.cursor)?;
    meta::set(db, "last_sync_ms", &now_ms.to_string())?;
    let digest_equal = response.digest.is_empty() || response.digest == digest(db)?;
    let report = CommitReport {
        more: response.more,
        waiting: outgoing::waiting(db)?,
        digest_equal,
        former: former::remains(db)?,
    };
    Ok(Committed { report, changed, redacted: !redacted.is_empty() })
}

/// Takes a receipt; whether it is news.
fn receipted(db: &Connection, receipt: &Receipt) -> Result<bool, StoreError> {
    if receipt.device_seq <= meta::receipt(db)? {
        return Ok(false);
    }
    same_chain(db, receipt)?;
    meta::set(db, "receipt", &receipt.device_seq.to_string())?;
    meta::set(db, "chain", &receipt.chain.to_string())?;
    Ok(true)
}

/// Refuses a receipt whose chain is not that of the very patches that were sent.
pub(super) fn same_chain(db: &Connection, receipt: &Receipt) -> Result<(), StoreError> {
    let stored = meta::get(db, "chain")?.unwrap_or_default();
    let quoted = serde_json::Value::String(stored);
    let mut own: ChainHash = serde_json::from_value(quoted).map_err(|e| StoreError::Broken(e.to_string()))?;
    let mut statement = db
        .prepare_cached(
            "SELECT hash FROM patch WHERE device_seq > ?1 AND device_seq <= ?2 AND state >= 1 ORDER BY device_seq",
        )
        .map_err(db_error)?;
    let hashes = statement
        .query_map(params![meta::receipt(db)? as i64, receipt.device_seq as i64], |row| {
            row.get(0).map(PatchHash)
        })
        .map_err(db_error)?;
    for hash in hashes {
        own = own.then(hash.map_err(db_error)?);
    }
    if own == receipt.chain { Ok(()) } else { Err(StoreError::Copied) }
}

/// What the receipt covers and is not in the server's rows here yet.
fn mark_receipted(db: &Connection, receipt: u64) -> Result<(), StoreError> {
    db.prepare_cached("UPDATE patch SET state = 2 WHERE state < 2 AND state = 1 AND device_seq <= ?1")
        .and_then(|mut s| s.execute([receipt as i64]))
        .map_err(db_error)?;
    Ok(())
}

/// What the server gave stays with the patch: if it must be sent again, to a later life, it must not rise. Returns the
/// greatest of those below their stamps.
fn keep_orders(
    db: &Connection,
    accepted: &Accepted,
    touched: &mut BTreeSet<Uuid>,
) -> Result<Option<Stamp>, StoreError> {
    let mut update = db
        .prepare_cached(
            "UPDATE patch SET ord = ?2 WHERE device_seq = ?1 RETURNING stamp > ?2 AS lowered, record",
        )
        .map_err(db_error)?;
    let mut greatest = None;
    for (device_seq, order) in &accepted.orders {
        let patch = update
            .query_row(params![*device_seq as i64, order.to_bytes()], |row| {
                Ok((row.get::<_, bool>("lowered")?, uuid_at(row, "record")?))
            })
            .optional()
            .map_err(db_error)?;
        let Some((lowered, record)) = patch else { continue };
        touched.insert(record);
        if lowered {
            greatest = greatest.max(Some(*order));
        }
    }
    Ok(greatest)
}

/// The same from a row, where the answer to the push itself was lost.
fn learn_orders(db: &Connection, row: &Row) -> Result<(), StoreError> {
    for version in row.fields.values().filter(|version| version.order != version.stamp) {
        db.prepare_cached("UPDATE patch SET ord = ?3 WHERE record = ?1 AND stamp = ?2")
            .and_then(|mut s| {
                s.execute(params![row.id.as_bytes(), version.stamp.to_bytes(), version.order.to_bytes()])
            })
            .map_err(db_error)?;
    }
    Ok(())
}

/// Folds the patches whose rows the server did not echo. What is shown stays as it is, only deeper down, unless it was
/// a former life's: such records are `touched`.
fn fold_accepted(
    db: &Connection,
    replica: &mut Replica<'_>,
    accepted: &Accepted,
    touched: &mut BTreeSet<Uuid>,
) -> Result<(), StoreError> {
    let former = former::shows(db)?;
    let mut find = db
        .prepare_cached(
            "SELECT at, stamp, record, kind, village, body FROM whole_patch WHERE device_seq = ?1 AND state IN (1, 2)",
        )
        .map_err(db_error)?;
    let mut done = db.prepare_cached("UPDATE patch SET state = 3 WHERE at = ?1").map_err(db_error)?;
    let mut row_seq = 0i64;
    for (device_seq, step) in (accepted.first..).zip(&accepted.seqs) {
        if *step == 0 {
            continue;
        }
        row_seq += step;
        let own = find.query_row([device_seq as i64], records::patch_from).optional().map_err(db_error)?;
        let Some(own) = own else { continue };
        let order = accepted.orders.get(&device_seq).copied().unwrap_or(own.edit.stamp);
        let id = own.edit.id;
        let mut row = read_row(db, id)?.unwrap_or_else(|| Row::empty(&own.edit.kind, id, &own.edit.village));
        row.apply(&own.edit, order);
        row.seq = row_seq.unsigned_abs();
        replica.put(&row)?;
        done.execute([own.at]).map_err(db_error)?;
        touched.extend(former.then_some(id));
    }
    Ok(())
}

pub(super) fn read_seq(db: &Connection, id: Uuid) -> Result<Option<u64>, StoreError> {
    db.prepare_cached("SELECT seq FROM record WHERE id = ?1")
        .and_then(|mut s| s.query_row([id.as_bytes()], |row| row.get::<_, i64>(0)).optional())
        .map(|seq| seq.map(i64::unsigned_abs))
        .map_err(db_error)
}

/// All rows are here: receipted patches are in them and leave the overlay; held ones stay visible. So does a household
/// that no row will come of (its village is no longer this phone's) while a visit to it is being written.
fn settle(db: &Connection, receipt: u64, touched: &mut BTreeSet<Uuid>) -> Result<(), StoreError> {
    let mut statement = db
        .prepare_cached(
            "UPDATE patch SET state = 3 WHERE state = 2 AND held = '' AND coalesce(device_seq, 0) <= ?1
               AND NOT (EXISTS (SELECT 1 FROM draft WHERE draft.household = patch.record)
                        AND NOT EXISTS (SELECT 1 FROM record WHERE record.id = patch.record))
             RETURNING record",
        )
        .map_err(db_error)?;
    let ids = statement.query_map([receipt as i64], |row| uuid_at(row, "record")).map_err(db_error)?;
    for id in ids {
        touched.insert(id.map_err(db_error)?);
    }
    Ok(())
}

/// The server found this phone's clock too far ahead: go on from its stamp, unless patches with later
/// stamps still lie over the rows (they would hide what is written next).
fn rewind(
    db: &Connection,
    clock: &mut lianxin_shared::replica::Clock,
    order: Stamp,
) -> Result<(), StoreError> {
    let later: bool = db
        .query_row(
            "SELECT EXISTS (SELECT 1 FROM patch WHERE state < 3 AND stamp > ?1)",
            [order.to_bytes()],
            |r| r.get(0),
        )
        .map_err(db_error)?;
    // Writes of a former life may still come back with later orders.
    if !later && !former::remains(db)? {
        records::set_back(db, clock, order)?;
        newest_order(db)?.into_iter().for_each(|newest| clock.observe(newest));
    }
    Ok(())
}

fn digest(db: &Connection) -> Result<String, StoreError> {
    let villages = scope::codes(db)?;
    Ok(format!("{:016x}", digest_of(db, villages.iter().map(String::as_str))?.0))
}

#[cfg(test)]
#[path = "replicate_tests.rs"]
mod tests;
