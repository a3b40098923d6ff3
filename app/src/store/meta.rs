//! The phone's own facts: who it is, where it stands, what it was set to.

use super::{FontSize, Identity, StoreError, db_error, records};
use lianxin_shared::{
    replica::{ChainHash, Clock, DeviceId, Stamp},
    wire::v1::{Cursor, EnrolResponse},
};
use rusqlite::{Connection, OptionalExtension};
use uuid::Uuid;

pub(super) fn get(db: &Connection, key: &str) -> Result<Option<String>, StoreError> {
    db.prepare_cached("SELECT value FROM meta WHERE key = ?1")
        .and_then(|mut s| s.query_row([key], |row| row.get(0)).optional())
        .map_err(db_error)
}

pub(super) fn set(db: &Connection, key: &str, value: &str) -> Result<(), StoreError> {
    db.prepare_cached("INSERT OR REPLACE INTO meta (key, value) VALUES (?1, ?2)")
        .and_then(|mut s| s.execute([key, value]))
        .map_err(db_error)?;
    Ok(())
}

fn number(db: &Connection, key: &str) -> Result<u64, StoreError> {
    Ok(get(db, key)?.and_then(|text| text.parse().ok()).unwrap_or(0))
}

/// What the phone knows of the server that it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// The server.
    pub server_id: Uuid,
    /// The life of its database.
    pub epoch: Uuid,
    /// This device.
    pub device: DeviceId,
    /// Its secret.
    pub token: String,
    /// Where it is.
    pub server_url: String,
}

pub(super) fn membership(db: &Connection) -> Result<Option<Membership>, StoreError> {
    let read = |key| get(db, key).map(Option::unwrap_or_default);
    let (Ok(server_id), Ok(epoch), Ok(device)) =
        (Uuid::try_parse(&read("server_id")?), Uuid::try_parse(&read("epoch")?), read("device")?.parse())
    else {
        return Ok(None);
    };
    Ok(Some(Membership { server_id, epoch, device, token: read("token")?, server_url: read("server_url")? }))
}

pub(super) fn identity(db: &Connection) -> Result<Option<Identity>, StoreError> {
    let Some(member) = membership(db)? else { return Ok(None) };
    let read = |key| get(db, key).map(Option::unwrap_or_default);
    Ok(Some(Identity {
        cadre: read("cadre")?,
        cadre_name: read("cadre_name")?,
        unit: read("unit")?,
        township: read("township")?,
        villages: serde_json::from_str(&read("villages")?).unwrap_or_default(),
        server_id: member.server_id,
        server_url: member.server_url,
    }))
}

/// Becomes the device that `enrolled` names.
pub(super) fn become_device(
    db: &Connection,
    server_url: &str,
    enrolled: &EnrolResponse,
    now_ms: i64,
) -> Result<(), StoreError> {
    let mut clock = Clock::new(enrolled.device);
    clock.set_server_time(enrolled.server_time, now_ms);
    keep_clock(db, &clock)?;
    let villages =
        serde_json::to_string(&enrolled.villages).map_err(|e| StoreError::Broken(e.to_string()))?;
    let facts = [
        ("server_id", enrolled.server_id.to_string()),
        ("epoch", enrolled.epoch.to_string()),
        ("device", enrolled.device.to_string()),
        ("token", enrolled.token.clone()),
        ("server_url", server_url.trim_end_matches('/').to_owned()),
        ("cadre", enrolled.cadre.clone()),
        ("cadre_name", enrolled.cadre_name.clone()),
        ("unit", enrolled.unit.clone()),
        ("township", enrolled.township.clone()),
        ("villages", villages),
        ("chain", ChainHash::start(enrolled.device).to_string()),
    ];
    facts.iter().try_for_each(|(key, value)| set(db, key, value))
}

/// Goes on as another device of the same server, with everything that is not receipted: its patches are numbered and
/// stamped anew, for the other phone may have gone on writing under the very same stamps. What was receipted stays the
/// former device's, on the server.
pub(super) fn become_other(db: &Connection, enrolled: &EnrolResponse, now_ms: i64) -> Result<(), StoreError> {
    let mut clock = clock(db)?.unwrap_or_else(|| Clock::new(enrolled.device));
    records::sign_anew(db, enrolled.device)?;
    let facts = [
        ("device", enrolled.device.to_string()),
        ("token", enrolled.token.clone()),
        ("chain", ChainHash::start(enrolled.device).to_string()),
        ("receipt", "0".to_owned()),
    ];
    facts.iter().try_for_each(|(key, value)| set(db, key, value))?;
    clock.set_server_time(enrolled.server_time, now_ms);
    keep_clock(db, &clock)
}

/// So many lives of the server are remembered.
#[allow(non_upper_case_globals)]
const lives_left_max: usize = 16;

/// Lives of the server that this phone has left for later ones, the newest last.
pub(super) fn lives_left(db: &Connection) -> Result<Vec<Uuid>, StoreError> {
    Ok(get(db, "lives_left")?.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
}

/// Goes over into a later life of the server.
pub(super) fn enter_life(db: &Connection, epoch: Uuid) -> Result<(), StoreError> {
    let mut left = lives_left(db)?;
    left.extend(membership(db)?.map(|member| member.epoch));
    let old = left.len().saturating_sub(lives_left_max);
    let text = serde_json::to_string(&left.split_off(old)).map_err(|e| StoreError::Broken(e.to_string()))?;
    set(db, "lives_left", &text)?;
    set(db, "epoch", &epoch.to_string())
}

pub(super) fn clock(db: &Connection) -> Result<Option<Clock>, StoreError> {
    let Some(device) = get(db, "device")?.and_then(|text| text.parse::<DeviceId>().ok()) else {
        return Ok(None);
    };
    let last = get(db, "clock")?.and_then(|text| text.parse::<Stamp>().ok());
    let offset = get(db, "clock_offset")?.and_then(|text| text.parse().ok()).unwrap_or(0);
    Ok(Some(match last {
        Some(last) => Clock::resume(device, last, offset),
        None => Clock::new(device),
    }))
}

pub(super) fn keep_clock(db: &Connection, clock: &Clock) -> Result<(), StoreError> {
    set(db, "clock", &clock.last().to_string())?;
    set(db, "clock_offset", &clock.offset_ms().to_string())
}

pub(super) fn cursor(db: &Connection) -> Result<Cursor, StoreError> {
    Ok(Cursor { seq: number(db, "cursor_seq")?, nonce: get(db, "cursor_nonce")?.unwrap_or_default() })
}

pub(super) fn keep_cursor(db: &Connection, cursor: &Cursor) -> Result<(), StoreError> {
    set(db, "cursor_seq", &cursor.seq.to_string())?;
    set(db, "cursor_nonce", &cursor.nonce)
}

pub(super) fn receipt(db: &Connection) -> Result<u64, StoreError> {
    number(db, "receipt")
}

pub(super) fn font_size(db: &Connection) -> Result<FontSize, StoreError> {
    Ok(get(db, "font_size")?.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
}
