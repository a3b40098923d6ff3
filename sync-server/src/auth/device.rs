//! Devices: the cadres' phones, what they may receive, and taking that away.

use super::{
    AuthError,
    cadre::{past_villages, villages_of},
    secret_hash,
};
use crate::storage::read_identity;
use lianxin_shared::replica::DeviceId;
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::{BTreeMap, BTreeSet};

/// A phone that has proved itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// The device.
    pub id: DeviceId,
    /// Whose it is.
    pub cadre: String,
    /// Codes of everything it may receive: the cadre's villages and the township itself.
    pub villages: BTreeSet<String>,
    /// Villages that were the cadre's, and until when (Unix milliseconds).
    pub past: BTreeMap<String, i64>,
    /// Whether it was revoked: it may still push, into quarantine, but never pull.
    pub revoked: bool,
}

/// A device as the office sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceInfo {
    /// The device.
    pub id: DeviceId,
    /// Whose it is.
    pub cadre: String,
    /// Their name.
    pub cadre_name: String,
    /// What the phone calls itself (Android · Chrome).
    pub name: String,
    /// Version of the app that enrolled.
    pub app_version: String,
    /// Unix milliseconds.
    pub enrolled_at_ms: i64,
    /// Unix milliseconds.
    pub last_sync_at_ms: Option<i64>,
    /// Unix milliseconds.
    pub revoked_at_ms: Option<i64>,
    /// All its patches up to this number are committed.
    pub receipt: u64,
}

/// The device whose token this is; none for an unknown token.
///
/// # Errors
/// When the database fails.
pub fn authenticate(db: &Connection, token: &str) -> Result<Option<Device>, AuthError> {
    let mut statement = db.prepare_cached("SELECT id FROM device WHERE token_hash = ?1")?;
    let found: Option<i64> = statement.query_row([secret_hash(token)], |row| row.get(0)).optional()?;
    found.map_or(Ok(None), |id| device_of(db, DeviceId::from_i64(id)))
}

/// A device by its id; none if there is no such device.
///
/// # Errors
/// When the database fails.
pub fn device_of(db: &Connection, id: DeviceId) -> Result<Option<Device>, AuthError> {
    let mut statement =
        db.prepare_cached("SELECT cadre, revoked_at IS NOT NULL FROM device WHERE id = ?1")?;
    let found: Option<(String, bool)> =
        statement.query_row([id.to_i64()], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let Some((cadre, revoked)) = found else { return Ok(None) };
    let mut villages = villages_of(db, &cadre)?;
    villages.insert(read_identity(db)?.region);
    let past = past_villages(db, &cadre)?;
    Ok(Some(Device { id, cadre, villages, past, revoked }))
}

/// All devices, the ones in use first, then by cadre.
///
/// # Errors
/// When the database fails.
pub fn list_devices(db: &Connection) -> Result<Vec<DeviceInfo>, AuthError> {
    let mut statement = db.prepare_cached(
        "SELECT device.id, device.cadre, cadre.name, device.name, device.app_version, device.enrolled_at,
           device.last_sync_at, device.revoked_at, device.receipt
         FROM device JOIN cadre ON cadre.id = device.cadre
         ORDER BY device.revoked_at IS NOT NULL, cadre.name, device.enrolled_at DESC",
    )?;
    let devices = statement.query_map([], |row| {
        Ok(DeviceInfo {
            id: DeviceId::from_i64(row.get(0)?),
            cadre: row.get(1)?,
            cadre_name: row.get(2)?,
            name: row.get(3)?,
            app_version: row.get(4)?,
            enrolled_at_ms: row.get(5)?,
            last_sync_at_ms: row.get(6)?,
            revoked_at_ms: row.get(7)?,
            receipt: row.get::<_, i64>(8)?.unsigned_abs(),
        })
    })?;
    Ok(devices.collect::<Result<_, _>>()?)
}

/// Revokes a device: it receives nothing more. Doing it twice keeps the first time.
///
/// # Errors
/// When there is no such device or the database fails.
pub fn revoke_device(db: &Connection, id: DeviceId, now_ms: i64) -> Result<(), AuthError> {
    let changed = db.execute(
        "UPDATE device SET revoked_at = coalesce(revoked_at, ?2) WHERE id = ?1",
        params![id.to_i64(), now_ms],
    )?;
    if changed == 0 { Err(AuthError::Unknown(id.to_string())) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            Cadre, add_cadre, create_code, redeem_code,
            testing::{TOWNSHIP, fresh},
        },
        *,
    };
    use lianxin_shared::replica::ChainHash;

    #[test]
    fn a_phone_proves_itself_by_its_token_and_sees_its_villages_and_the_township() {
        let (_dir, storage) = fresh();
        let village = "519921105201".to_owned();
        let axiang = Cadre {
            id: "c1".to_owned(),
            name: "阿香".to_owned(),
            unit: String::new(),
            villages: BTreeSet::from([village.clone()]),
        };
        let phone = storage
            .write(move |db| {
                add_cadre(db, &axiang)?;
                let code = create_code(db, "c1", 0)?;
                Ok::<_, AuthError>(redeem_code(db, &code.digits, "Android · Chrome", "0.1.0", 5).unwrap())
            })
            .unwrap();
        let find = |token: &str| storage.read(|db| authenticate(db, token)).unwrap();
        let expected = Device {
            id: phone.device,
            cadre: "c1".to_owned(),
            villages: BTreeSet::from([village, TOWNSHIP.to_owned()]),
            past: BTreeMap::new(),
            revoked: false,
        };
        assert_eq!(find(&phone.token), Some(expected.clone()));
        assert_eq!(find("0"), None);
        let chain: [u8; 16] = storage
            .read(|db| Ok::<_, AuthError>(db.query_row("SELECT chain FROM device", [], |row| row.get(0))?))
            .unwrap();
        assert_eq!(ChainHash(chain), ChainHash::start(phone.device));

        let id = phone.device;
        for now in [60, 70] {
            storage.write(move |db| revoke_device(db, id, now)).unwrap();
        }
        assert_eq!(find(&phone.token), Some(Device { revoked: true, ..expected }));
        let devices = storage.read(list_devices).unwrap();
        let [device] = devices.as_slice() else { panic!("{devices:?}") };
        assert_eq!(
            (device.cadre_name.as_str(), device.app_version.as_str(), device.enrolled_at_ms),
            ("阿香", "0.1.0", 5)
        );
        assert_eq!((device.last_sync_at_ms, device.revoked_at_ms), (None, Some(60)));
        let stranger = DeviceId::from_bits(id.bits() ^ 1);
        assert!(storage.write(move |db| revoke_device(db, stranger, 1)).is_err());
    }
}
