//! Enrolment: the office makes a code of ten digits for a cadre, a phone redeems it once for a device and its
//! token.

use super::{AuthError, random_secret, secret_hash};
use crate::storage::StorageError;
use lianxin_shared::{
    domain::enrol_code::plain_code,
    replica::{ChainHash, DeviceId},
};
use rusqlite::{Connection, OptionalExtension, params};

/// How long a code can be redeemed, milliseconds: seven days.
#[allow(non_upper_case_globals)]
pub const enrol_ms_max: i64 = 7 * 24 * 60 * 60 * 1000;
/// Codes are this many: ten digits.
const CODES: u64 = 10_000_000_000;
/// Used and expired codes answer for themselves this long after their end, milliseconds; then they are unknown.
#[allow(non_upper_case_globals)]
const remembered_ms_max: i64 = 90 * 24 * 60 * 60 * 1000;
/// Longest name of a device that is kept, characters.
#[allow(non_upper_case_globals)]
const device_name_chars_max: usize = 60;

/// A code just made. Its digits are shown once and stored nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnrolCode {
    /// Ten digits without a space.
    pub digits: String,
    /// Until when it can be redeemed, Unix milliseconds.
    pub expires_at_ms: i64,
}

/// What a phone gets for its code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redeemed {
    /// The new device, never reused.
    pub device: DeviceId,
    /// Whose it is.
    pub cadre: String,
    /// What the phone proves itself with: 256 bits, hexadecimal.
    pub token: String,
}

/// Why a code was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum RedeemError {
    /// Mistyped, or from another server.
    #[error("没有这个登记码。请核对十位数字；本机的内容没有变化。")]
    Unknown,
    /// Someone has used it.
    #[error("这个登记码已经用过了。请让乡镇走访办重新生成一个；本机的内容没有变化。")]
    Used,
    /// It is older than seven days, or the office has taken it back.
    #[error("这个登记码已过期或已被乡镇作废（七天内有效）。请让乡镇走访办重新生成一个；本机的内容没有变化。")]
    Expired,
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<rusqlite::Error> for RedeemError {
    fn from(error: rusqlite::Error) -> Self {
        RedeemError::Storage(StorageError::Sqlite(error))
    }
}

/// Makes a code for a cadre.
///
/// # Errors
/// When there is no such cadre, the database fails or the platform gives no randomness.
pub fn create_code(db: &Connection, cadre: &str, now_ms: i64) -> Result<EnrolCode, AuthError> {
    let known = db.query_row("SELECT 1 FROM cadre WHERE id = ?1", [cadre], |_| Ok(())).optional()?;
    known.ok_or_else(|| AuthError::Unknown(cadre.to_owned()))?;
    db.execute("DELETE FROM enrol_code WHERE expires_at < ?1", [now_ms.saturating_sub(remembered_ms_max)])?;
    let expires_at_ms = now_ms.saturating_add(enrol_ms_max);
    loop {
        let digits = random_digits()?;
        let added = db.execute(
            "INSERT INTO enrol_code (code_hash, cadre, created_at, expires_at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (code_hash) DO NOTHING",
            params![secret_hash(&digits), cadre, now_ms, expires_at_ms],
        )?;
        if added == 1 {
            return Ok(EnrolCode { digits, expires_at_ms });
        }
    }
}

/// A code that somebody might still redeem. Its digits are known to nobody here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenCode {
    /// Whose phone it lets in.
    pub cadre: String,
    /// Their name.
    pub cadre_name: String,
    /// When it was made, Unix milliseconds; with the cadre it tells which one is meant.
    pub created_at_ms: i64,
    /// Until when it can be redeemed, Unix milliseconds.
    pub expires_at_ms: i64,
}

/// Codes that can be redeemed now, the newest first.
///
/// # Errors
/// When the database fails.
pub fn open_codes(db: &Connection, now_ms: i64) -> Result<Vec<OpenCode>, AuthError> {
    let mut statement = db.prepare_cached(
        "SELECT code.cadre, cadre.name, code.created_at, code.expires_at
         FROM enrol_code code JOIN cadre ON cadre.id = code.cadre
         WHERE code.used_at IS NULL AND code.expires_at > ?1
         ORDER BY code.created_at DESC, code.cadre",
    )?;
    let codes = statement.query_map([now_ms], |row| {
        Ok(OpenCode {
            cadre: row.get(0)?,
            cadre_name: row.get(1)?,
            created_at_ms: row.get(2)?,
            expires_at_ms: row.get(3)?,
        })
    })?;
    Ok(codes.collect::<Result<_, _>>()?)
}

/// Takes back a cadre's unused code that was made at that moment: it expires now. Doing it twice, or for a code that
/// was used meanwhile, changes nothing.
///
/// # Errors
/// When the database fails.
pub fn revoke_code(db: &Connection, cadre: &str, created_at_ms: i64, now_ms: i64) -> Result<(), AuthError> {
    db.execute(
        "UPDATE enrol_code SET expires_at = min(expires_at, ?3)
         WHERE cadre = ?1 AND created_at = ?2 AND used_at IS NULL",
        params![cadre, created_at_ms, now_ms],
    )?;
    Ok(())
}

/// Ten digits, each code equally likely: numbers of the last, incomplete round are drawn again.
fn random_digits() -> Result<String, StorageError> {
    loop {
        let drawn = getrandom::u64()?;
        if drawn < u64::MAX - u64::MAX % CODES {
            return Ok(format!("{:010}", drawn % CODES));
        }
    }
}

/// The digits as people read them aloud: `12345 67890`.
pub fn grouped_digits(digits: &str) -> String {
    match digits.split_at_checked(digits.len() / 2) {
        Some((left, right)) => format!("{left} {right}"),
        None => digits.to_owned(),
    }
}

/// Redeems a code, once: the device row is made in the caller's transaction.
///
/// # Errors
/// When the code is unknown, used or expired, the database fails or the platform gives no randomness.
pub fn redeem_code(
    db: &Connection,
    code: &str,
    device_name: &str,
    app_version: &str,
    now_ms: i64,
) -> Result<Redeemed, RedeemError> {
    let hash = secret_hash(&plain_code(code));
    let found: Option<(String, i64, Option<i64>)> = db
        .query_row("SELECT cadre, expires_at, used_at FROM enrol_code WHERE code_hash = ?1", [hash], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .optional()?;
    let (cadre, expires_at, used_at) = found.ok_or(RedeemError::Unknown)?;
    if used_at.is_some() {
        return Err(RedeemError::Used);
    }
    if expires_at <= now_ms {
        return Err(RedeemError::Expired);
    }
    db.execute("UPDATE enrol_code SET used_at = ?2 WHERE code_hash = ?1", params![hash, now_ms])?;
    Ok(add_device(db, cadre, device_name, app_version, now_ms)?)
}

/// A device of its own for a phone that is a copy of another: whose it is and what it is called stay.
///
/// # Errors
/// When the database fails or the platform gives no randomness.
pub fn split_device(db: &Connection, copied: DeviceId, now_ms: i64) -> Result<Redeemed, StorageError> {
    let (cadre, name, version): (String, String, String) = db.query_row(
        "SELECT cadre, name, app_version FROM device WHERE id = ?1",
        [copied.to_i64()],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )?;
    add_device(db, cadre, &name, &version, now_ms)
}

fn add_device(
    db: &Connection,
    cadre: String,
    device_name: &str,
    app_version: &str,
    now_ms: i64,
) -> Result<Redeemed, StorageError> {
    let device = DeviceId::from_bits(getrandom::u64()?);
    let token = random_secret()?;
    let clip = |text: &str| text.trim().chars().take(device_name_chars_max).collect::<String>();
    db.execute(
        "INSERT INTO device (id, cadre, name, app_version, token_hash, enrolled_at, chain)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            device.to_i64(),
            cadre,
            clip(device_name),
            clip(app_version),
            secret_hash(&token),
            now_ms,
            ChainHash::start(device).0
        ],
    )?;
    Ok(Redeemed { device, cadre, token })
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Cadre, add_cadre, testing::fresh},
        *,
    };
    use crate::storage::Storage;
    use std::collections::BTreeSet;

    fn with_axiang() -> (tempfile::TempDir, Storage) {
        let (dir, storage) = fresh();
        let villages = BTreeSet::from(["519921105201".to_owned()]);
        let axiang = Cadre { id: "c1".to_owned(), name: "阿香".to_owned(), unit: String::new(), villages };
        storage.write(move |db| add_cadre(db, &axiang)).unwrap();
        (dir, storage)
    }

    fn redeem(storage: &Storage, code: &str, now_ms: i64) -> Result<Redeemed, RedeemError> {
        let code = code.to_owned();
        storage.write(move |db| redeem_code(db, &code, "Android · Chrome", "0.1.0", now_ms))
    }

    #[test]
    fn a_code_is_redeemed_once_however_it_is_typed() {
        let (_dir, storage) = with_axiang();
        let code = storage.write(|db| create_code(db, "c1", 0)).unwrap();
        assert_eq!(code.digits.len(), 10);
        let shown = grouped_digits(&code.digits);
        assert_eq!((shown.len(), shown.chars().nth(5)), (11, Some(' ')));
        let full_width: String = shown
            .chars()
            .map(|c| c.to_digit(10).and_then(|d| char::from_u32(u32::from('０') + d)).unwrap_or(c))
            .collect();
        let redeemed = redeem(&storage, &full_width, 1).unwrap();
        assert_eq!(redeemed.cadre, "c1");
        assert!(matches!(redeem(&storage, &code.digits, 2), Err(RedeemError::Used)));
        assert!(matches!(redeem(&storage, "abc", 2), Err(RedeemError::Unknown)));
    }

    #[test]
    fn a_code_expires_after_seven_days() {
        let (_dir, storage) = with_axiang();
        let code = storage.write(|db| create_code(db, "c1", 0)).unwrap();
        assert!(matches!(redeem(&storage, &code.digits, enrol_ms_max), Err(RedeemError::Expired)));
        assert!(redeem(&storage, &code.digits, enrol_ms_max - 1).is_ok());
    }

    #[test]
    fn a_code_taken_back_lets_nobody_in_and_is_no_longer_open() {
        let (_dir, storage) = with_axiang();
        let kept = storage.write(|db| create_code(db, "c1", 1)).unwrap();
        let lost = storage.write(|db| create_code(db, "c1", 2)).unwrap();
        let made = |now| storage.read(|db| open_codes(db, now)).unwrap();
        assert_eq!(made(3).iter().map(|code| code.created_at_ms).collect::<Vec<_>>(), [2, 1]);
        storage.write(|db| revoke_code(db, "c1", 2, 4)).unwrap();
        assert_eq!(made(4).iter().map(|code| code.created_at_ms).collect::<Vec<_>>(), [1]);
        assert!(matches!(redeem(&storage, &lost.digits, 4), Err(RedeemError::Expired)));
        assert!(redeem(&storage, &kept.digits, 4).is_ok());
        assert_eq!(made(5), [], "a used code is open no longer");
    }

    #[test]
    fn nobody_gets_a_code_for_a_stranger() {
        let (_dir, storage) = with_axiang();
        assert!(matches!(storage.write(|db| create_code(db, "c2", 0)), Err(AuthError::Unknown(_))));
    }

    #[test]
    fn the_database_holds_no_digits() {
        let (_dir, storage) = with_axiang();
        let code = storage.write(|db| create_code(db, "c1", 0)).unwrap();
        let stored: Vec<u8> = storage
            .read(|db| {
                Ok::<_, AuthError>(db.query_row("SELECT code_hash FROM enrol_code", [], |row| row.get(0))?)
            })
            .unwrap();
        assert_eq!(stored, secret_hash(&code.digits));
    }
}
