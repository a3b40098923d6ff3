//! Who may do what: the office's users with password and session, the cadres' phones with enrolment code and
//! token, and the throttle that slows down guessing.
//!
//! Everything here works on a plain connection and takes the time as a parameter, so that the console, the
//! HTTP interface and the command line share it. Secrets are stored as hashes only; a secret with 256 random
//! bits needs no slow hash, a password does.

mod cadre;
mod device;
mod enrol;
mod password;
mod session;
mod throttle;
mod user;

use crate::storage::StorageError;
use sha2::{Digest, Sha256};

pub use cadre::{Cadre, add_cadre, list_cadres, new_cadre_id, past_villages, set_villages};
pub use device::{Device, DeviceInfo, authenticate, device_of, list_devices, revoke_device};
pub use enrol::{
    EnrolCode, OpenCode, RedeemError, Redeemed, create_code, enrol_ms_max, grouped_digits, open_codes,
    redeem_code, revoke_code, split_device,
};
pub use password::{password_chars_max, password_chars_min};
pub use session::{
    NewSession, Session, clearing_cookie, end_session, find_session, session_cookie, session_ms_max,
    start_session, token_in_cookies,
};
pub use throttle::{Throttle, Wait, failures_free_per_address, failures_free_per_name};
pub use user::{User, add_user, check_password, set_password, user_count};

/// What can go wrong with users, cadres and devices.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The password is too short or too long.
    #[error("密码要 {password_chars_min} 到 {password_chars_max} 个字，请换一个。没有改动任何账号。")]
    PasswordLength,
    /// A name is missing or too long.
    #[error("{0}要填，最多 {1} 个字。没有保存。")]
    Name(&'static str, usize),
    /// There is such a user or cadre already.
    #[error("已经有“{0}”了，请换一个名字；原来的没有改动。")]
    Taken(String),
    /// There is no such user, cadre or device.
    #[error("没有找到“{0}”，请核对；没有改动任何内容。")]
    Unknown(String),
    /// A village's code is no 12-digit code.
    #[error("村代码“{0}”不是 12 位数字，请核对；没有保存。")]
    Village(String),
    /// A cadre without any village could receive nothing.
    #[error("至少选一个村，干部才能收到户册；没有保存。")]
    NoVillage,
    /// The password could not be hashed.
    #[error("password hashing failed: {0}")]
    Hash(String),
}

impl From<rusqlite::Error> for AuthError {
    fn from(error: rusqlite::Error) -> Self {
        AuthError::Storage(StorageError::Sqlite(error))
    }
}

/// Longest name of a user, cadre or device, characters.
#[allow(non_upper_case_globals)]
pub const name_chars_max: usize = 40;

/// The hash under which a secret of high entropy is stored.
fn secret_hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

/// 256 random bits, hexadecimal.
fn random_secret() -> Result<String, StorageError> {
    let mut bytes = [0u8; 32];
    getrandom::fill(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// The name as people typed it, trimmed, if it is neither empty nor too long.
fn clean_name(what: &'static str, name: &str) -> Result<String, AuthError> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > name_chars_max {
        return Err(AuthError::Name(what, name_chars_max));
    }
    Ok(name.to_owned())
}

#[cfg(test)]
pub(crate) mod testing {
    use crate::storage::Storage;

    /// The township of all tests here.
    pub const TOWNSHIP: &str = "519921105000";

    /// A fresh database that lives as long as the folder.
    pub fn fresh() -> (tempfile::TempDir, Storage) {
        let dir = tempfile::tempdir().unwrap();
        Storage::init(dir.path(), "清溪镇", TOWNSHIP).unwrap();
        let storage = Storage::open(dir.path()).unwrap();
        (dir, storage)
    }
}
