//! What was held is judged: by the office, which lets it into the records or refuses it, or by a grant, where nothing
//! but the missing grant spoke against it. Per device in the order of writing. Every ruling is kept, and giving the
//! same one twice changes nothing.

use super::{
    Caller,
    apply::{Applier, EDIT_COLUMNS, edit_from},
    moves::is_village,
    push::{MOVED_AWAY, NOT_GRANTED, judged, unfit},
    salvage::BROUGHT_BACK,
};
use crate::{
    auth::{self, AuthError},
    storage::{StorageError, read_identity},
};
use lianxin_shared::{
    domain::household,
    replica::{DeviceId, PatchDraft, Row, Stamp, Value, kind},
    sqlite::read_row,
};
use rusqlite::{Connection, params};
use std::collections::BTreeSet;
use uuid::Uuid;

/// What the office says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ruling {
    /// Let into the records as if admitted now; otherwise refused: kept to be read, in no record.
    pub release: bool,
    /// Who says so.
    pub by: String,
    /// In their words; a refused phone's owner reads them.
    pub why: String,
    /// Unix milliseconds.
    pub at_ms: i64,
}

/// How many patches a ruling has changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ruled {
    /// Let in or refused.
    pub changed: usize,
    /// Not even the office can let them in.
    pub unfit: usize,
}

/// A patch as it waits.
struct Waiting {
    device: DeviceId,
    device_seq: i64,
    edit: PatchDraft,
    order: Stamp,
    held: String,
    refused: bool,
}

/// Rules on the held patches of a device: on those of one record (one that was refused may be let in after all), or
/// on all that wait.
///
/// # Errors
/// When SQLite fails.
pub fn rule(
    db: &Connection,
    device: DeviceId,
    record: Option<Uuid>,
    ruling: &Ruling,
) -> Result<Ruled, StorageError> {
    let mut applier = Applier::new(db)?;
    let mut ruled = Ruled::default();
    for patch in waiting(db, device)? {
        let meant = record.map_or(!patch.refused, |record| record == patch.edit.id);
        if !meant || (patch.refused && !ruling.release) {
            continue;
        }
        let row = read_row(db, patch.edit.id)?;
        if ruling.release && never_in(db, &patch, row.as_ref())?.is_some() {
            ruled.unfit += 1;
            continue;
        }
        if ruling.release {
            let_in(db, &mut applier, &patch, row.as_ref())?;
        } else {
            db.prepare_cached("UPDATE patch SET refused = 1 WHERE device = ?1 AND device_seq = ?2")?
                .execute(params![device.to_i64(), patch.device_seq])?;
        }
        keep(db, &patch, ruling)?;
        ruled.changed += 1;
    }
    applier.finish()?;
    Ok(ruled)
}

/// Why a held patch of a record cannot be let in by anybody; none if the office may.
///
/// # Errors
/// When SQLite fails.
pub fn why_never(
    db: &Connection,
    device: DeviceId,
    record: Uuid,
) -> Result<Option<&'static str>, StorageError> {
    let row = read_row(db, record)?;
    for patch in waiting(db, device)?.iter().filter(|patch| patch.edit.id == record) {
        if let Some(reason) = never_in(db, patch, row.as_ref())? {
            return Ok(Some(reason));
        }
    }
    Ok(None)
}

/// Grants a cadre exactly these villages from now on, and lets in what their phones wrote for a village while it was
/// not theirs: nothing else speaks against it any more. Returns how many patches came in.
///
/// # Errors
/// When there is no such cadre, no village or an odd one, or the database fails.
pub fn grant_villages(
    db: &Connection,
    cadre: &str,
    villages: &BTreeSet<String>,
    now_ms: i64,
) -> Result<usize, AuthError> {
    auth::set_villages(db, cadre, villages, now_ms)?;
    release_granted(db, cadre, now_ms)
}

fn release_granted(db: &Connection, cadre: &str, now_ms: i64) -> Result<usize, AuthError> {
    let mut statement = db.prepare_cached("SELECT id FROM device WHERE cadre = ?1 ORDER BY id")?;
    let devices = statement.query_map([cadre], |row| row.get(0).map(DeviceId::from_i64))?;
    let ruling =
        Ruling {
            release: true, by: String::new(), why: "这个村又分给了这名干部".to_owned(), at_ms: now_ms
        };
    let mut released = 0;
    for device in devices.collect::<Result<Vec<_>, _>>()? {
        let Some(device) = auth::device_of(db, device)? else { continue };
        let auth::Device { id, villages, past, revoked, .. } = device;
        let caller = Caller { device: id, villages, past, revoked };
        let mut applier = Applier::new(db)?;
        let lacking = [NOT_GRANTED, MOVED_AWAY];
        for patch in
            waiting(db, id)?.iter().filter(|one| !one.refused && lacking.contains(&one.held.as_str()))
        {
            let row = read_row(db, patch.edit.id).map_err(StorageError::from)?;
            // What its phone had heard of is not known any more; what was written before a move counts anyway.
            if judged(db, &caller, &patch.edit, row.as_ref(), u64::MAX)?.is_none() {
                let_in(db, &mut applier, patch, row.as_ref())?;
                keep(db, patch, &ruling)?;
                released += 1;
            }
        }
        applier.finish()?;
    }
    Ok(released)
}

/// Lets in what the office had let in before a restore: device and number.
pub(super) fn release_again(
    db: &Connection,
    released: &BTreeSet<(DeviceId, i64)>,
) -> Result<(), StorageError> {
    let mut applier = Applier::new(db)?;
    for device in released.iter().map(|(device, _)| *device).collect::<BTreeSet<_>>() {
        for patch in waiting(db, device)?.iter().filter(|one| released.contains(&(device, one.device_seq))) {
            let row = read_row(db, patch.edit.id)?;
            let_in(db, &mut applier, patch, row.as_ref())?;
        }
    }
    applier.finish()
}

/// A patch that comes again after a restore and is held again stays refused if the office's last word was no.
pub(super) fn refuse_again(db: &Connection, device: DeviceId, device_seq: u64) -> Result<(), StorageError> {
    db.prepare_cached(
        "UPDATE patch SET refused = 1 WHERE device = ?1 AND device_seq = ?2 AND held <> ''
           AND 0 = (SELECT released FROM ruling WHERE device = ?1 AND device_seq = ?2 ORDER BY id DESC LIMIT 1)",
    )?
    .execute(params![device.to_i64(), device_seq as i64])?;
    Ok(())
}

fn waiting(db: &Connection, device: DeviceId) -> Result<Vec<Waiting>, StorageError> {
    let sql = format!(
        "SELECT {EDIT_COLUMNS}, device_seq, held, refused FROM patch
         WHERE device = ?1 AND held <> '' ORDER BY device_seq"
    );
    let mut statement = db.prepare_cached(&sql)?;
    let mut rows = statement.query([device.to_i64()])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        let (edit, order) = edit_from(row)?;
        let (device_seq, held, refused) = (row.get("device_seq")?, row.get("held")?, row.get("refused")?);
        all.push(Waiting { device, device_seq, edit, order, held, refused });
    }
    Ok(all)
}

fn never_in(
    db: &Connection,
    patch: &Waiting,
    row: Option<&Row>,
) -> Result<Option<&'static str>, StorageError> {
    if patch.edit.stamp.device != patch.device && patch.held != BROUGHT_BACK {
        return Ok(Some("署名不是这部手机"));
    }
    if matches!(patch.edit.kind.as_str(), kind::VILLAGE | kind::CAMPAIGN) {
        return Ok(Some("村和活动由乡镇走访办设定"));
    }
    if let Some(reason) = unfit(&patch.edit, row) {
        return Ok(Some(reason));
    }
    // Nobody would ever see a record of a village that there is not.
    let to = patch.edit.set.get(household::field::VILLAGE).and_then(Value::as_text);
    let to = to.filter(|_| patch.edit.kind == kind::HOUSEHOLD);
    let known = row.is_some()
        || patch.edit.village == read_identity(db)?.region
        || is_village(db, &patch.edit.village)?;
    let known = known && to.map_or(Ok(true), |to| is_village(db, to))?;
    Ok((!known).then_some("本乡镇没有这个村"))
}

fn let_in(
    db: &Connection,
    applier: &mut Applier<'_>,
    patch: &Waiting,
    row: Option<&Row>,
) -> Result<(), StorageError> {
    db.prepare_cached("UPDATE patch SET held = '', refused = 0 WHERE device = ?1 AND device_seq = ?2")?
        .execute(params![patch.device.to_i64(), patch.device_seq])?;
    applier.apply(row, &patch.edit, patch.order)?;
    Ok(())
}

fn keep(db: &Connection, patch: &Waiting, ruling: &Ruling) -> Result<(), StorageError> {
    db.prepare_cached(
        "INSERT INTO ruling (device, device_seq, released, held, by, why, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute(params![
        patch.device.to_i64(),
        patch.device_seq,
        ruling.release,
        patch.held,
        ruling.by,
        ruling.why,
        ruling.at_ms
    ])?;
    Ok(())
}
