//! SQLite's failures in the words of the person who holds the phone.

use super::StoreError;
use lianxin_shared::sqlite::{SchemaError, SqliteError};
use rusqlite::ErrorCode;

/// What SQLite says, as the store's error.
pub(super) fn db_error(error: rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => StoreError::Full,
        _ => StoreError::Broken(error.to_string()),
    }
}

impl From<SqliteError> for StoreError {
    fn from(error: SqliteError) -> Self {
        match error {
            SqliteError::Sqlite(error) => db_error(error),
            SqliteError::Damaged(words) => StoreError::Broken(words),
        }
    }
}

impl From<SchemaError> for StoreError {
    fn from(error: SchemaError) -> Self {
        match error {
            SchemaError::TooNew { .. } => StoreError::TooNew,
            SchemaError::Sqlite(error) => db_error(error),
        }
    }
}
