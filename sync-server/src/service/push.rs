//! A push: new patches are stored, judged and applied, in the caller's transaction.

use super::{
    Caller,
    apply::{Applied, Applier, Body},
    erase::{leave_out, listed, settle_held},
    held::refuse_again,
    life::receipt_of,
    moves::{placed, written_before_the_move},
    order,
    sync::Refusal,
};
use crate::{
    files::note_references,
    storage::{StorageError, keep_clock, read_clock},
};
use lianxin_shared::{
    domain::{household, office},
    replica::{ChainHash, DeviceId, Patch, PatchDraft, PatchHash, Row, Stamp, Value, kind},
    sqlite::read_row,
    wire::v1::{Accepted, ErrorCode, Receipt},
};
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// What a push left behind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pushed {
    /// For the answer.
    pub accepted: Accepted,
    /// Rows that the phone folds itself: their numbers as told, so that the pull leaves them out.
    pub told: BTreeMap<Uuid, u64>,
    /// Hash of the villages that the phone holds.
    pub scope_seen: String,
    /// Records that it wrote to and of which something was erased by law: it may have passed that in the stream before.
    pub erased: BTreeSet<Uuid>,
}

/// Stores and applies the new ones of `patches` (in the order of their `device_seq`). Those at or below the
/// receipt are only compared; a batch that leaves a gap is not stored, only answered. Replaying changes nothing.
///
/// # Errors
/// [`Refusal`] when a patch under a receipted number has other content (a copy of the phone writes too);
/// otherwise when SQLite fails. Either way the caller rolls back.
pub fn push(
    db: &Connection,
    caller: &Caller,
    cursor_seq: u64,
    patches: &[Patch],
    orders: &BTreeMap<u64, Stamp>,
    now_ms: i64,
) -> Result<Pushed, super::ServiceError> {
    let Receipt { device_seq: mut receipt, mut chain } = receipt_of(db, caller.device)?;
    let mut pushed = Pushed::default();
    let mut clock = read_clock(db)?;
    let set_back = order::set_back(db, patches, orders, now_ms)?;
    let mut applier = Applier::new(db)?;
    let mut outcomes: Vec<(Uuid, Option<Applied>)> = Vec::new();
    pushed.erased = listed(db, patches)?;
    for patch in patches {
        // Of the words as they were written: by this the phone knows its receipt.
        let hash = PatchHash::of(patch);
        if patch.device_seq <= receipt {
            let given = same_as_stored(db, caller.device, patch.device_seq, hash)?;
            // The answer that said so may have been lost, and its row comes pages later.
            if given != patch.edit.stamp {
                pushed.accepted.orders.insert(patch.device_seq, given);
            }
            continue;
        }
        if patch.device_seq != receipt + 1 {
            break;
        }
        if outcomes.is_empty() {
            pushed.accepted.first = patch.device_seq;
        }
        let row = read_row(db, patch.edit.id).map_err(StorageError::from)?;
        let held = judged(db, caller, &patch.edit, row.as_ref(), cursor_seq)?;
        let mut kept = patch.clone();
        let is_redacted = leave_out(db, &mut kept)?;
        let patch = &kept;
        let order = order::place(
            &mut clock,
            row.as_ref(),
            &patch.edit,
            order::claimed(patch, orders),
            set_back.get(&patch.device_seq),
            now_ms,
        );
        if order != patch.edit.stamp {
            pushed.accepted.orders.insert(patch.device_seq, order);
        }
        record_patch(db, caller.device, patch, order, hash, now_ms, held.unwrap_or_default())?;
        let applied = match held {
            Some(_) => {
                refuse_again(db, caller.device, patch.device_seq)?;
                settle_held(db, patch.edit.id)?;
                None
            }
            None => {
                let applied = applier.apply(row.as_ref(), &patch.edit, order)?;
                Some(Applied { plain: applied.plain && !is_redacted, ..applied })
            }
        };
        outcomes.push((patch.edit.id, applied));
        receipt = patch.device_seq;
        chain = chain.then(hash);
    }
    tell(&mut pushed, cursor_seq, &outcomes);
    applier.finish()?;
    if !outcomes.is_empty() {
        keep_receipt(db, caller.device, receipt, chain)?;
        if !pushed.accepted.orders.is_empty() {
            keep_clock(db, &clock)?;
        }
    }
    Ok(pushed)
}

/// Which rows the phone can compute itself: those it knew as they stood (up to its cursor, or from its own
/// patches of this very push) and that were plainly overwritten. All others are sent.
fn tell(pushed: &mut Pushed, cursor_seq: u64, outcomes: &[(Uuid, Option<Applied>)]) {
    let mut told: BTreeMap<Uuid, Option<u64>> = BTreeMap::new();
    for (id, applied) in outcomes {
        let Some(applied) = applied else { continue };
        let known = match told.get(id) {
            Some(Some(seq)) => applied.before == *seq,
            Some(None) => false,
            None => applied.before <= cursor_seq,
        };
        told.insert(*id, (known && applied.plain).then_some(applied.seq));
    }
    let mut last = 0i64;
    for (id, applied) in outcomes {
        let computable = told.get(id).copied().flatten().is_some();
        let seq = applied.as_ref().filter(|_| computable).map_or(0, |applied| applied.seq as i64);
        pushed.accepted.seqs.push(if seq == 0 { 0 } else { seq - last });
        if seq != 0 {
            last = seq;
        }
    }
    pushed.told = told.into_iter().filter_map(|(id, seq)| Some((id, seq?))).collect();
}

/// Why a patch whose village is not granted to its writer is held; a grant can take it away.
pub const NOT_GRANTED: &str = "这个村没有分给您";
/// The same where the writer's village is theirs, but the household has moved to one that is not.
pub const MOVED_AWAY: &str = "这一户已迁到别的村，那个村没有分给您";

/// Bytes first, judgement later: why a patch is kept apart, or none. The writer had pulled up to `cursor_seq`.
pub(super) fn judged(
    db: &Connection,
    caller: &Caller,
    edit: &PatchDraft,
    row: Option<&Row>,
    cursor_seq: u64,
) -> Result<Option<&'static str>, StorageError> {
    let placed = placed(db, edit, row)?;
    let foreign = placed.as_ref().is_some_and(|placed| !caller.villages.contains(&placed.village));
    let held = held_because(caller, edit, row).or((row.is_none() && foreign).then_some(NOT_GRANTED));
    if held != Some(NOT_GRANTED) {
        return Ok(held);
    }
    if written_before_the_move(db, caller, edit, placed.as_ref(), cursor_seq)? {
        return Ok(None);
    }
    let believed = foreign && caller.villages.contains(&edit.village);
    Ok(Some(if believed { MOVED_AWAY } else { NOT_GRANTED }))
}

fn held_because(caller: &Caller, edit: &PatchDraft, row: Option<&Row>) -> Option<&'static str> {
    if caller.revoked {
        Some("这部手机已停用，等乡镇走访办看过再收")
    } else if office::decides_all(&edit.kind) {
        Some("村和活动由乡镇走访办设定")
    } else if edit.stamp.device != caller.device {
        Some("署名不是这部手机")
    } else if edit.set.keys().any(|field| office::decides(&edit.kind, field)) {
        Some("迁到别的村由乡镇走访办来办")
    } else {
        objection(caller, edit, row)
    }
}

/// What speaks against a write, whoever signs it. Authorisation is judged by the grants at the time of writing: what
/// was written before a grant ended counts.
pub(super) fn objection(caller: &Caller, edit: &PatchDraft, row: Option<&Row>) -> Option<&'static str> {
    let village = row.map_or(&edit.village, |row| &row.village);
    let written_ms = i64::try_from(edit.stamp.wall_ms).unwrap_or(i64::MAX);
    let granted = caller.villages.contains(village)
        || caller.past.get(village).is_some_and(|ended_ms| written_ms <= *ended_ms)
        || moves_here(caller, edit);
    unfit(edit, row).or((!granted).then_some(NOT_GRANTED))
}

/// Whether a write brings the household into a village of the caller's: after a restore, its phones bring the office's
/// move back. A phone's own never gets here ([`held_because`]).
fn moves_here(caller: &Caller, edit: &PatchDraft) -> bool {
    let to = edit.set.get(household::field::VILLAGE).and_then(Value::as_text);
    edit.kind == kind::HOUSEHOLD && to.is_some_and(|to| caller.villages.contains(to))
}

/// What no grant and no office can take away: such a write cannot stand in the records.
pub(super) fn unfit(edit: &PatchDraft, row: Option<&Row>) -> Option<&'static str> {
    if let Some(reason) = edit.malformed() {
        Some(reason)
    } else if edit.kind == kind::CONFLICT {
        Some("冲突记录由乡镇服务器产生")
    } else if row.is_some_and(|row| row.kind != edit.kind) {
        Some("这条记录已有，却是另一类")
    } else {
        None
    }
}

fn keep_receipt(
    db: &Connection,
    device: DeviceId,
    receipt: u64,
    chain: ChainHash,
) -> Result<(), StorageError> {
    db.prepare_cached("UPDATE device SET receipt = ?2, chain = ?3 WHERE id = ?1")?.execute(params![
        device.to_i64(),
        receipt as i64,
        chain.0
    ])?;
    Ok(())
}

/// The order that the patch of this number was given, if it has this very content.
fn same_as_stored(
    db: &Connection,
    device: DeviceId,
    device_seq: u64,
    hash: PatchHash,
) -> Result<Stamp, super::ServiceError> {
    let mut statement = db
        .prepare_cached("SELECT hash, ord FROM patch WHERE device = ?1 AND device_seq = ?2")
        .map_err(StorageError::from)?;
    let stored: Option<([u8; 16], [u8; 16])> = statement
        .query_row(params![device.to_i64(), device_seq as i64], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()
        .map_err(StorageError::from)?;
    if let Some((_, order)) = stored.filter(|(stored, _)| *stored == hash.0) {
        return Ok(Stamp::from_bytes(order));
    }
    Err(Refusal::new(
        ErrorCode::ChainDiffers,
        "这部手机的编号上已有别的内容：可能用备份恢复过，或有另一部手机在用同一份资料。您写的都还在本机，请联系乡镇走访办。",
    )
    .into())
}

pub(super) fn record_patch(
    db: &Connection,
    device: DeviceId,
    patch: &Patch,
    order: Stamp,
    hash: PatchHash,
    now_ms: i64,
    held: &str,
) -> Result<(), StorageError> {
    let body = serde_json::to_string(&Body { set: patch.edit.set.clone(), base: patch.edit.base.clone() })?;
    db.prepare_cached(
        "INSERT INTO patch (device, device_seq, stamp, ord, record, kind, village, hash, body, received_at, held)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    )?
    .execute(params![
        device.to_i64(),
        patch.device_seq as i64,
        patch.edit.stamp.to_bytes(),
        order.to_bytes(),
        patch.edit.id.as_bytes(),
        patch.edit.kind,
        patch.edit.village,
        hash.0,
        body,
        now_ms,
        held
    ])?;
    note_references(db, patch.edit.id, &patch.edit.set)?;
    Ok(())
}
