//! The settings every connection to the store's database gets, the same in the browser and natively.

use rusqlite::{Connection, ErrorCode};

use super::StoreKey;
use crate::store::StoreError;

/// Pages kept in memory, KiB: a page that is read again must be decrypted again.
const CACHE_KIB: u32 = 8 * 1024;

/// Keys the connection and makes every commit durable before it returns.
///
/// Exclusive locking comes before WAL, because the browser's file system has no shared memory: with it, SQLite keeps
/// the WAL index on the heap. The first read proves the key.
///
/// # Errors
/// [`StoreError::Locked`] when the key does not open the file, else what SQLite says.
pub fn prepare_connection(connection: &Connection, key: &StoreKey) -> Result<(), StoreError> {
    // A raw key skips the passphrase derivation, which would cost 100 ms at every start and add nothing to
    // 32 random bytes.
    let settings = [
        ("key", format!("raw:{}", key.hex())),
        ("locking_mode", "exclusive".to_owned()),
        ("journal_mode", "wal".to_owned()),
        ("synchronous", "full".to_owned()),
        ("foreign_keys", "on".to_owned()),
        // What is erased by law must not lie about in free pages.
        ("secure_delete", "on".to_owned()),
        ("cache_size", format!("-{CACHE_KIB}")),
    ];
    for (name, value) in settings {
        connection.pragma_update(None, name, value).map_err(open_error)?;
    }
    Ok(())
}

/// What SQLite says while the database is being opened, in the user's words.
pub fn open_error(error: rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => StoreError::Full,
        // SQLite cannot tell a wrong key from a damaged first page: both read as “not a database”.
        Some(ErrorCode::NotADatabase) => StoreError::Locked(error.to_string()),
        _ => StoreError::Broken(error.to_string()),
    }
}
