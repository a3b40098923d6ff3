//! New ids: UUIDv7, minted on the phone, so that a record has its id before any server knows of it.

use uuid::Uuid;

/// A new record's id; `now_ms` is the phone's clock.
///
/// # Errors
/// When the platform gives no randomness: then nothing may be written.
pub fn new_id(now_ms: i64) -> Result<Uuid, getrandom::Error> {
    let mut random = [0; 10];
    getrandom::fill(&mut random)?;
    Ok(uuid::Builder::from_unix_timestamp_millis(u64::try_from(now_ms).unwrap_or(0), &random).into_uuid())
}
