//! The store's half of a sync: what the machine's `Load`, `Commit` and repair actions do, each one transaction.

use super::{StoreError, db_error, former, held, meta, records, scope};
use lianxin_shared::{
    replica::{ChainHash, Patch, PatchDraft, PatchHash, Row, Stamp},
    sqlite::{Replica, digest_of, newest_order, read_row, uuid_at},
    sync::{CommitReport, Outgoing},
    wire::v1::{Accepted, Receipt, RepairResponse, SyncResponse, rows_of_batch},
};
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

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

/// Commits an answer: receipt, own patches folded into the server's rows, others' rows, cursor. With whether what
/// screens show may have changed.
pub(super) fn commit(
    db: &Connection,
    response: SyncResponse,
    now_ms: i64,
) -> Result<(CommitReport, bool), StoreError> {
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
        waiting: waiting(db)?,
        digest_equal,
        former: former::remains(db)?,
    };
    Ok((report, changed))
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
fn same_chain(db: &Connection, receipt: &Receipt) -> Result<(), StoreError> {
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

fn read_seq(db: &Connection, id: Uuid) -> Result<Option<u64>, StoreError> {
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
        clock.rewind_to(order);
        newest_order(db)?.into_iter().for_each(|newest| clock.observe(newest));
    }
    Ok(())
}

fn digest(db: &Connection) -> Result<String, StoreError> {
    let villages = scope::codes(db)?;
    Ok(format!("{:016x}", digest_of(db, villages.iter().map(String::as_str))?.0))
}

/// The sum per village.
pub(super) fn sums(db: &Connection) -> Result<BTreeMap<String, String>, StoreError> {
    let each = |village: String| {
        let sum = digest_of(db, [village.as_str()])?.0;
        Ok((village, format!("{sum:016x}")))
    };
    scope::codes(db)?.into_iter().map(each).collect()
}

/// Compares the server's lists with the rows here: rows that the server does not have go (nothing of this
/// phone's own is in them), the others that differ are to be fetched.
pub(super) fn compare(db: &Connection, response: &RepairResponse) -> Result<Vec<Uuid>, StoreError> {
    let mut wanted = Vec::new();
    let mut gone = Vec::new();
    for (village, theirs) in &response.rows {
        let mut statement =
            db.prepare_cached("SELECT id, hash, seq FROM record WHERE village = ?1").map_err(db_error)?;
        let rows = statement
            .query_map([village], |row| {
                Ok((
                    uuid_at(row, "id")?,
                    row.get::<_, i64>("hash")? as u64,
                    row.get::<_, i64>("seq")?.unsigned_abs(),
                ))
            })
            .map_err(db_error)?;
        let mut ours = BTreeMap::new();
        for row in rows {
            let (id, hash, seq) = row.map_err(db_error)?;
            ours.insert(id, format!("{hash:016x}"));
            if seq <= response.seq && !theirs.contains_key(&id) {
                gone.push(id);
            }
        }
        wanted.extend(theirs.iter().filter(|(id, hash)| ours.get(*id) != Some(*hash)).map(|(id, _)| *id));
    }
    let mut replica = Replica::new(db);
    for id in gone {
        let Some(row) = read_row(db, id)? else { continue };
        replica.remove(id)?;
        records::project_without(db, row)?;
    }
    replica.finish()?;
    Ok(wanted)
}

/// Puts the rows fetched by a repair in place, whatever number the damaged ones had.
pub(super) fn commit_repair(db: &Connection, response: RepairResponse) -> Result<CommitReport, StoreError> {
    let rows = rows_of_batch(response.wanted).map_err(|e| StoreError::Invalid(e.to_string()))?;
    let mut clock = records::clock_of(db)?;
    let (mut replica, mut mended) = (Replica::new(db), false);
    for row in &rows {
        row.fields.values().for_each(|version| clock.observe(version.order));
        if read_seq(db, row.id)?.is_none_or(|seq| seq <= row.seq) {
            replica.put(row)?;
            mended = true;
        }
    }
    replica.finish()?;
    meta::keep_clock(db, &clock)?;
    for row in &rows {
        match records::shown(db, row.id)? {
            Some(shown) => records::derive(db, &shown)?,
            None => records::derive(db, row)?,
        }
    }
    Ok(CommitReport { more: mended, waiting: waiting(db)?, digest_equal: true, former: false })
}
