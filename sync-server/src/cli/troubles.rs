//! What a demo township has for the rooms 冲突 and 待收下: two phones that wrote over one another without having seen it,
//! and a phone that was revoked and then handed in what it still had. All of it is pushed, as phones do.

use crate::{
    auth::{AuthError, create_code, device_of, list_cadres, list_devices, redeem_code, revoke_device},
    service::{Caller, ServiceError, push},
    storage::{StorageError, random_uuid},
};
use lianxin_shared::{
    domain::{
        changes,
        household::{Household, field},
        opinion::{CHANNEL_VISIT, Opinion, OpinionKind},
        visit::Visit,
    },
    replica::{Base, Clock, DeviceId, FieldSet, Patch, PatchDraft, Stamp, kind},
    sqlite::{read_row, uuid_at},
};
use rusqlite::{Connection, OptionalExtension};
use std::collections::BTreeMap;
use uuid::Uuid;

/// One minute, milliseconds.
const MINUTE_MS: i64 = 60_000;
/// Who wrote over one another, and what: the first two of the story go to the same village.
const DISAGREE: [(&str, &str, i64); 2] = [
    ("韩冬梅", "冬天住县城女儿家，开春才回来，有事打她女儿电话。", 55),
    ("周建国", "老人不去县城了，今年在家过冬，炉子要人帮着装。", 40),
];
/// The household that they disagree about.
const DISPUTED: &str = "周秀兰";
/// Whose old phone was revoked, and the household that it tells of.
const CHANGED_PHONES: &str = "周建国";
const CALLED_ON: &str = "马建国";

/// Why a demo could not be finished.
#[derive(Debug, thiserror::Error)]
pub(super) enum TroubleError {
    /// Cadres or devices.
    #[error(transparent)]
    Auth(#[from] AuthError),
    /// The sync refused what the demo pushed.
    #[error(transparent)]
    Service(#[from] ServiceError),
    /// The code that was just made.
    #[error(transparent)]
    Redeem(#[from] crate::auth::RedeemError),
    /// The database.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<rusqlite::Error> for TroubleError {
    fn from(error: rusqlite::Error) -> Self {
        TroubleError::Storage(error.into())
    }
}

/// Adds both; nothing where the township is too small to have anybody to tell of.
///
/// # Errors
/// When the database fails or the product itself refuses.
pub(super) fn add(db: &Connection, now_ms: i64) -> Result<(), TroubleError> {
    if let Some((household, village)) = home(db, DISPUTED)? {
        disagree(db, household, &village, now_ms)?;
    }
    if let Some((household, village)) = home(db, CALLED_ON)? {
        hand_in(db, household, &village, now_ms)?;
    }
    Ok(())
}

/// A household on the register by its head, and its village.
fn home(db: &Connection, head: &str) -> Result<Option<(Uuid, String)>, StorageError> {
    let sql = "SELECT id, village FROM household WHERE head = ?1 AND standing = '' ORDER BY id LIMIT 1";
    let found = db.query_row(sql, [head], |row| Ok((Uuid::from_bytes(row.get(0)?), row.get(1)?)));
    Ok(found.optional()?)
}

/// Two cadres write the same field; neither has seen the other's words.
fn disagree(db: &Connection, household: Uuid, village: &str, now_ms: i64) -> Result<(), TroubleError> {
    let Some(row) = read_row(db, household).map_err(StorageError::from)? else { return Ok(()) };
    let seen = row.fields.get(field::NOTE).map(|version| vec![version.stamp]);
    let base: Base = seen.into_iter().map(|stamps| (field::NOTE.to_owned(), stamps)).collect();
    for (name, words, minutes_ago) in DISAGREE {
        let device = list_devices(db)?.into_iter().find(|one| one.cadre_name == name);
        let Some(device) = device else { continue };
        let mut phone = Phone::resumed(db, device.id, device.receipt)?;
        let set = FieldSet::from([(field::NOTE.to_owned(), words.into())]);
        phone.edit(
            (kind::HOUSEHOLD, household, village),
            set,
            base.clone(),
            now_ms - minutes_ago * MINUTE_MS,
        );
        phone.push(db, now_ms)?;
    }
    Ok(())
}

/// A cadre has a new phone; the old one is revoked, comes into reach of a network, and hands in a visit.
fn hand_in(db: &Connection, household: Uuid, village: &str, now_ms: i64) -> Result<(), TroubleError> {
    let Some(cadre) = list_cadres(db)?.into_iter().find(|cadre| cadre.name == CHANGED_PHONES) else {
        return Ok(());
    };
    let code = create_code(db, &cadre.id, now_ms)?;
    let old = redeem_code(db, &code.digits, "旧手机（已换）", "", now_ms)?.device;
    let Some(row) = read_row(db, household).map_err(StorageError::from)? else { return Ok(()) };
    let (at, target_name) = (now_ms - 26 * 60 * MINUTE_MS, Household::from_fields(&row.values()).head);
    let campaign =
        db.query_row("SELECT id FROM campaign ORDER BY start_day DESC LIMIT 1", [], |row| uuid_at(row, "id"));
    let visit = Visit {
        household: Some(household),
        campaign: campaign.optional().map_err(StorageError::from)?,
        target_name,
        visitor: cadre.id.clone(),
        visitor_name: cadre.name.clone(),
        occurred_at: Some(at),
        written_at: Some(at + 9 * MINUTE_MS),
        notes: "换手机前最后走的一户，手机一直没信号，没来得及报。家里都好，就是门前的路灯不亮。".to_owned(),
        ..Visit::default()
    };
    let visit_id = random_uuid()?;
    let opinion = Opinion {
        visit: Some(visit_id),
        household: Some(household),
        text: "路灯坏了两个月了，晚上出门要打手电。".to_owned(),
        kind: OpinionKind::Problem,
        channel: CHANNEL_VISIT.to_owned(),
        occurred_at: visit.occurred_at,
        visitor: cadre.id,
        visitor_name: cadre.name,
        ..Opinion::default()
    };
    let mut phone = Phone::resumed(db, old, 0)?;
    for (kind, id, fields) in
        [(kind::VISIT, visit_id, visit.to_fields()), (kind::OPINION, random_uuid()?, opinion.to_fields())]
    {
        let written = changes(&FieldSet::new(), &fields);
        phone.edit((kind, id, village), written, Base::new(), at + 9 * MINUTE_MS);
    }
    revoke_device(db, old, now_ms)?;
    phone.push(db, now_ms)
}

/// A phone with patches that it has not pushed yet.
struct Phone {
    clock: Clock,
    receipt: u64,
    patches: Vec<Patch>,
}

impl Phone {
    /// One whose patches up to `receipt` are here.
    fn resumed(db: &Connection, device: DeviceId, receipt: u64) -> Result<Self, StorageError> {
        let last: Option<[u8; 16]> =
            db.query_row("SELECT max(stamp) FROM patch WHERE device = ?1", [device.to_i64()], |row| {
                row.get(0)
            })?;
        let clock = match last {
            Some(stamp) => Clock::resume(device, Stamp::from_bytes(stamp), 0),
            None => Clock::new(device),
        };
        Ok(Self { clock, receipt, patches: Vec::new() })
    }

    fn edit(&mut self, (kind, id, village): (&str, Uuid, &str), set: FieldSet, base: Base, at_ms: i64) {
        let stamp = self.clock.tick(at_ms);
        let edit = PatchDraft { stamp, kind: kind.to_owned(), id, village: village.to_owned(), set, base };
        self.receipt += 1;
        self.patches.push(Patch { device_seq: self.receipt, edit });
    }

    fn push(self, db: &Connection, now_ms: i64) -> Result<(), TroubleError> {
        let Some(device) = device_of(db, self.clock.device())? else { return Ok(()) };
        let caller = Caller {
            device: device.id,
            villages: device.villages,
            past: device.past,
            revoked: device.revoked,
        };
        // A cursor of 0: nothing of others has been pulled since.
        push(db, &caller, 0, &self.patches, &BTreeMap::new(), now_ms)?;
        Ok(())
    }
}
