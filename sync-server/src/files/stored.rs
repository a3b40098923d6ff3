//! Whole files on their way out, with headers under which a browser shows them as pictures and as nothing else.

use super::{
    FileError, FileHash,
    references::{photo_kept_in, thumbnail_kept_in},
};
use crate::storage::Storage;
use axum::{
    http::{HeaderName, header},
    response::{IntoResponse, Response},
};
use rusqlite::{OptionalExtension, params};
use std::io;

/// A whole file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredFile {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Its media type, as its own bytes say.
    pub media: String,
}

/// A village's file. Blocking.
///
/// # Errors
/// [`FileError::NoSuchFile`] or the disk.
pub fn open_file(storage: &Storage, village: &str, hash: &FileHash) -> Result<StoredFile, FileError> {
    let found = storage.read(|db| -> Result<Option<(String, String)>, FileError> {
        let kept = photo_kept_in(db, village, hash.as_str())?.unwrap_or_else(|| village.to_owned());
        let mut statement = db.prepare_cached("SELECT media FROM file WHERE village = ?1 AND hash = ?2")?;
        let media = statement.query_row(params![kept, hash.as_str()], |row| row.get(0)).optional()?;
        Ok(media.map(|media| (kept, media)))
    })?;
    let (kept, media) = found.ok_or(FileError::NoSuchFile)?;
    match std::fs::read(storage.files().whole_path(&kept, hash)) {
        Ok(bytes) => Ok(StoredFile { bytes, media }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(FileError::NoSuchFile),
        Err(error) => Err(error.into()),
    }
}

/// The thumbnail of a village's photo, which itself may not be here yet. Blocking.
///
/// # Errors
/// [`FileError::NoSuchFile`] or the disk.
pub fn open_thumbnail(
    storage: &Storage,
    village: &str,
    original: &FileHash,
) -> Result<StoredFile, FileError> {
    let found = storage.read(|db| -> Result<Option<(String, String)>, FileError> {
        let kept = thumbnail_kept_in(db, village, original.as_str())?.unwrap_or_else(|| village.to_owned());
        let sql = "SELECT hash FROM thumbnail WHERE village = ?1 AND original = ?2";
        let mut statement = db.prepare_cached(sql)?;
        let hash = statement.query_row(params![kept, original.as_str()], |row| row.get(0)).optional()?;
        Ok(hash.map(|hash| (kept, hash)))
    })?;
    let (kept, hash) = found.ok_or(FileError::NoSuchFile)?;
    open_file(storage, &kept, &FileHash::parse(&hash).ok_or(FileError::NoSuchFile)?)
}

impl IntoResponse for StoredFile {
    fn into_response(self) -> Response {
        let headers = [
            (header::CONTENT_TYPE, self.media.as_str()),
            (header::CONTENT_DISPOSITION, "inline"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (
                header::CONTENT_SECURITY_POLICY,
                "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox",
            ),
            (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        ];
        (headers, self.bytes).into_response()
    }
}
