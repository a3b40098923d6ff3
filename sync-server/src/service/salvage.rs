//! State push: after a restore, phones bring back what the new life lacks and they still have. Merged by stamp, within
//! the phone's villages, and kept as history like any other write. What the office alone decides (villages, campaigns,
//! and where a household belongs) comes back only after a restore and under no phone's signature, villages
//! and campaigns only where there is none: a phone never changes them. Who brought what back is kept in `salvaged`, since
//! such a write bears the stamp of somebody else. Where a household is in another village now than in the former life,
//! what was written about it waits for the office.

use super::{
    Caller,
    apply::{Applier, Body},
    erase,
    life::is_of_a_former_life,
    moves::is_village,
    order,
    push::{NOT_GRANTED, objection, record_patch},
    sync::Refusal,
};
use crate::storage::{StorageError, keep_clock, read_clock, read_identity};
use lianxin_shared::{
    domain::{household, office as offices},
    replica::{DeviceId, FieldSet, Patch, PatchDraft, PatchHash, Stamp, kind},
    sqlite::read_row,
    wire::{
        PROTOCOL,
        v1::{ErrorCode, SalvageRequest, SalvageResponse, patches_of_batch},
    },
};
use rusqlite::{Connection, Rows, params};
use std::collections::BTreeSet;

/// Why a write that was brought back waits for the office: no other phone may still have it.
pub const BROUGHT_BACK: &str = "恢复备份以后由手机交回；这一户现在在别的村，不是交回的干部的";

/// Takes what is offered and not yet there, in the caller's transaction. Offering it again changes nothing.
///
/// # Errors
/// [`Refusal`] when the request makes no sense; otherwise when SQLite fails.
pub fn salvage(
    db: &Connection,
    caller: &Caller,
    request: SalvageRequest,
    now_ms: i64,
) -> Result<SalvageResponse, super::ServiceError> {
    let orders = request.orders;
    let patches = patches_of_batch(request.patches).map_err(|error| {
        Refusal::new(
            ErrorCode::Malformed,
            &format!("补回的内容看不懂（{error}），没有存下。您写的都在本机。"),
        )
    })?;
    let office = read_identity(db)?.device;
    let mut next_seq = last_seq(db, office)? + 1;
    let mut clock = read_clock(db)?;
    let set_back = order::set_back(db, &patches, &orders, now_ms)?;
    let mut applier = Applier::new(db)?;
    let mut taken = 0;
    let mut unknown = BTreeSet::new();
    for mut patch in patches {
        let is_redacted = erase::leave_out(db, &mut patch)?;
        let Patch { device_seq, mut edit } = patch;
        if is_redacted && edit.set.keys().all(|field| field == household::field::DELETED) {
            continue;
        }
        let claimed = orders.get(&device_seq).copied().unwrap_or(edit.stamp);
        let row = read_row(db, edit.id).map_err(StorageError::from)?;
        let village = row.as_ref().map_or(&edit.village, |row| &row.village);
        if [village, &edit.village].into_iter().all(|code| is_unknown(caller, code)) {
            unknown.insert(edit.village);
            continue;
        }
        let is_office = is_of_a_former_life(db, edit.stamp.device)?;
        let objection = objection(caller, &edit, row.as_ref());
        let refused = objection.is_some_and(|why| why != NOT_GRANTED)
            || (objection.is_some() && is_unknown(caller, &edit.village))
            || (offices::decides_all(&edit.kind) && (row.is_some() || !is_office))
            || is_refused(db, &edit)?;
        if refused {
            continue;
        }
        if !(is_office && leads_to_a_village(db, &edit)?) && edit.kind == kind::HOUSEHOLD {
            edit.set.remove(household::field::VILLAGE);
            edit.base.remove(household::field::VILLAGE);
            if edit.set.is_empty() {
                continue;
            }
        }
        let mut set_back_ms = set_back.get(&device_seq);
        match known(db, &edit, claimed)? {
            Known::Yes => continue,
            // A copied phone went on under the same stamp with other words: they are a write of their own, known by the
            // order that it claims.
            Known::Otherwise => (edit.stamp, set_back_ms) = (clock.tick(now_ms), None),
            Known::No => {}
        }
        if objection.is_some() && is_held(db, office, &edit)? {
            continue;
        }
        if let Some(by) = set_back_ms {
            order::forget_what_stands_above(&mut edit, row.as_ref(), claimed, *by);
        }
        let order = order::place(&mut clock, row.as_ref(), &edit, claimed, set_back_ms, now_ms);
        let patch = Patch { device_seq: next_seq, edit };
        // Its village was the caller's; where its household is now the caller has no say.
        let held = objection.map_or("", |_| BROUGHT_BACK);
        record_patch(db, office, &patch, order, PatchHash::of(&patch), now_ms, held)?;
        db.prepare_cached("INSERT INTO salvaged (device, device_seq, offered_by) VALUES (?1, ?2, ?3)")
            .and_then(|mut s| s.execute(params![office.to_i64(), next_seq as i64, caller.device.to_i64()]))
            .map_err(StorageError::from)?;
        if held.is_empty() {
            applier.apply(row.as_ref(), &patch.edit, order)?;
        }
        next_seq += 1;
        taken += 1;
    }
    applier.finish()?;
    keep_clock(db, &clock)?;
    Ok(SalvageResponse { protocol: PROTOCOL, taken, unknown })
}

/// Whether these very words wait for the office already.
fn is_held(db: &Connection, office: DeviceId, edit: &PatchDraft) -> Result<bool, StorageError> {
    let mut statement = db.prepare_cached(
        "SELECT body FROM patch WHERE record = ?1 AND stamp = ?2 AND held <> '' AND device = ?3",
    )?;
    has_words(
        statement.query(params![edit.id.as_bytes(), edit.stamp.to_bytes(), office.to_i64()])?,
        &edit.set,
    )
}

/// Whether the office has refused these very words: then nobody brings them in past it. Those that wait for it may have
/// been let in by the life that was lost.
fn is_refused(db: &Connection, edit: &PatchDraft) -> Result<bool, StorageError> {
    let mut statement = db.prepare_cached(
        "SELECT body FROM patch WHERE record = ?1 AND stamp = ?2 AND held <> '' AND refused = 1",
    )?;
    has_words(statement.query(params![edit.id.as_bytes(), edit.stamp.to_bytes()])?, &edit.set)
}

fn has_words(mut rows: Rows<'_>, set: &FieldSet) -> Result<bool, StorageError> {
    while let Some(row) = rows.next()? {
        let body: Body = serde_json::from_str(row.get_ref(0)?.as_str().unwrap_or_default())?;
        if body.set == *set {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a move, if the edit is one, leads to a village that there is.
fn leads_to_a_village(db: &Connection, edit: &PatchDraft) -> Result<bool, StorageError> {
    match edit.set.get(household::field::VILLAGE) {
        None => Ok(true),
        Some(to) => is_village(db, to.as_text().unwrap_or_default()),
    }
}

/// Whether the caller has not had a village in this life.
fn is_unknown(caller: &Caller, village: &str) -> bool {
    !caller.villages.contains(village) && !caller.past.contains_key(village)
}

fn last_seq(db: &Connection, device: DeviceId) -> Result<u64, StorageError> {
    let mut statement =
        db.prepare_cached("SELECT coalesce(max(device_seq), 0) FROM patch WHERE device = ?1")?;
    Ok(statement.query_row([device.to_i64()], |row| row.get::<_, i64>(0))?.unsigned_abs())
}

/// Whether a record's history has an edit.
enum Known {
    Yes,
    No,
    /// Its stamp stands for other values there.
    Otherwise,
}

/// Looks the writes of an edit up in the record's history, by their stamp; or by their order, under which those that
/// came `Otherwise` before are kept.
fn known(db: &Connection, edit: &PatchDraft, order: Stamp) -> Result<Known, StorageError> {
    let mut statement = db.prepare_cached(
        "SELECT body FROM patch WHERE record = ?1 AND held = '' AND (stamp = ?2 OR ord = ?3)",
    )?;
    let mut rows = statement.query(params![edit.id.as_bytes(), edit.stamp.to_bytes(), order.to_bytes()])?;
    let mut history = Vec::new();
    while let Some(row) = rows.next()? {
        let body: Body = serde_json::from_str(row.get_ref(0)?.as_str().unwrap_or_default())?;
        history.push(body.set);
    }
    let has = |(name, value): (&String, _)| history.iter().any(|set| set.get(name) == Some(value));
    let stands = |(name, _): (&String, _)| history.iter().any(|set| set.contains_key(name));
    Ok(if edit.set.iter().all(has) {
        Known::Yes
    } else if edit.set.iter().any(|one| stands(one) && !has(one)) {
        Known::Otherwise
    } else {
        // Another phone may have brought back as much of it as still stood in its rows: the fold joins the two.
        Known::No
    })
}
