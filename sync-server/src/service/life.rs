//! Lives of the server's database: a restore, or a phone that proves a rollback, begins a new one, so that no phone
//! takes an old receipt or cursor for one of the present.

use super::Caller;
use crate::storage::{StorageError, read_identity};
use lianxin_shared::{
    replica::{ChainHash, DeviceId},
    wire::v1::{Life, Receipt},
};
use rusqlite::{Connection, params};
use uuid::Uuid;

/// What a new life is known by; random, but given from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewLife {
    /// Its id.
    pub epoch: Uuid,
    /// The server's own device in it: stamps of the former life cannot come again.
    pub device: DeviceId,
}

impl NewLife {
    /// At random.
    ///
    /// # Errors
    /// When the platform gives no randomness.
    pub fn random() -> Result<Self, StorageError> {
        Ok(Self { epoch: crate::storage::random_uuid()?, device: DeviceId::from_bits(getrandom::u64()?) })
    }
}

/// Begins a new life if the present one is among the `past`; false if another has begun meanwhile.
///
/// # Errors
/// When SQLite fails.
pub fn begin_life(
    db: &Connection,
    past: &[Uuid],
    new: NewLife,
    why: &str,
    now_ms: i64,
) -> Result<bool, StorageError> {
    if !past.contains(&read_identity(db)?.epoch) {
        return Ok(false);
    }
    db.execute(
        "UPDATE server SET epoch = ?1, device = ?2",
        params![new.epoch.as_bytes(), new.device.to_i64()],
    )?;
    db.execute(
        "INSERT INTO epoch (epoch, began_at, why) VALUES (?1, ?2, ?3)",
        params![new.epoch.as_bytes(), now_ms, why],
    )?;
    Ok(true)
}

/// Whether a signature may be the server's own of a former life: there was one, and it is neither the present life's nor
/// that of a phone. A database that was put back does not know all the lives that came after it, so none is listed.
pub(super) fn is_of_a_former_life(db: &Connection, device: DeviceId) -> Result<bool, StorageError> {
    let mut statement = db.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM epoch) AND NOT EXISTS (SELECT 1 FROM server WHERE device = ?1)
           AND NOT EXISTS (SELECT 1 FROM device WHERE id = ?1)",
    )?;
    Ok(statement.query_row([device.to_i64()], |row| row.get(0))?)
}

/// Whether this is not the database's first life: then what is written down in it need not have arrived in the order in
/// which it was seen.
pub(super) fn is_later_life(db: &Connection) -> Result<bool, StorageError> {
    let mut statement = db.prepare_cached("SELECT EXISTS (SELECT 1 FROM epoch)")?;
    Ok(statement.query_row([], |row| row.get(0))?)
}

/// Between two lives that phones prove, milliseconds: every life costs every phone a pull of everything, so no single
/// phone, damaged or hostile, may bring on one after the other.
#[allow(non_upper_case_globals)]
const life_ms_min: i64 = 60 * 60 * 1000;

/// Whether the present life began so lately that no phone may begin another.
pub(super) fn life_is_young(db: &Connection, now_ms: i64) -> Result<bool, StorageError> {
    let began_ms: Option<i64> = db.query_row("SELECT max(began_at) FROM epoch", [], |row| row.get(0))?;
    Ok(began_ms.is_some_and(|began_ms| now_ms - began_ms < life_ms_min))
}

/// The present life as a device must know it.
pub(super) fn life_of(db: &Connection, epoch: Uuid, caller: &Caller) -> Result<Life, StorageError> {
    Ok(Life { epoch, receipt: receipt_of(db, caller.device)? })
}

/// What is durably committed of a device.
pub(super) fn receipt_of(db: &Connection, device: DeviceId) -> Result<Receipt, StorageError> {
    let mut statement = db.prepare_cached("SELECT receipt, chain FROM device WHERE id = ?1")?;
    let (receipt, chain): (i64, [u8; 16]) =
        statement.query_row([device.to_i64()], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(Receipt { device_seq: receipt.unsigned_abs(), chain: ChainHash(chain) })
}
