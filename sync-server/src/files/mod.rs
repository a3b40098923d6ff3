//! Photos: how they come in, where they lie, when they go.
//!
//! # On the wire (`http/files` speaks it, any client of tus 1.0.0 can)
//! All of `/v1/files` wants the device's bearer token, as `/v1/sync` does, and answers refusals with the same body
//! `{code, message}`. Extensions: creation, creation-with-upload, checksum (`sha1`, `sha256`), termination.
//!
//! * `POST /v1/files` with `Upload-Length` and `Upload-Metadata`, whose values are in Base64 as always in tus:
//!   `village` (12 digits), `hash` (SHA-256 of the whole file, 64 lowercase hexadecimal digits), `role` (`original` or
//!   `thumb`) and, for a `thumb` only, `of` (the hash of its original). 201 with `Location` and `Upload-Offset`:
//!   * the village has the file already: `Upload-Offset` is its length, nothing is to be sent;
//!   * this device began the same upload before: it leads there, `Upload-Offset` is where to go on. So a phone needs to
//!     keep no addresses: it creates the upload again. With bytes in the body it starts from 0 instead.
//! * `HEAD /v1/files/{id}`: `Upload-Offset` and `Upload-Length`; what it says is on the disk.
//! * `PATCH /v1/files/{id}` at `Upload-Offset`: 204 with the new one. What arrives before a connection breaks counts, to
//!   the byte; with `Upload-Checksum` all of a request's bytes count or none. 409: the upload stands elsewhere, or
//!   somebody goes on with it on a newer connection: ask by HEAD. 460: the bytes are not those of the checksum.
//! * `DELETE /v1/files/{id}`: given up.
//! * The request that brings the last byte is answered when all is on the disk, and judged. 460: the bytes are not
//!   those of the hash; 415: they are no whole JPEG, PNG or WebP. Then the upload is gone, to be created anew.
//! * 403 `other_village`: not the caller's village, nor one that was and whose records name the photo; 404: no such upload of this device; 413: too long; 429: too many
//!   under way; 503: the disk is full, say. None of them takes anything from the phone.
//! * What the server said it has, it said in this life of its database (`epoch`): in a new one, phones create their
//!   uploads again, and send what is lacking.
//! * `GET /v1/files/{village}/{hash}` and `GET /v1/files/{village}/{hash}/thumb` (the thumbnail of that original).
//!
//! # What holds
//! A file is whole under its hash or not there: its bytes are written apart, synced, renamed, the folder is synced, and
//! only then the database knows it and the sender is answered. An upload's length on the disk is its offset, so no crash
//! can make the two disagree. Records name photos by fields ([`lianxin_shared::domain::photo`]); `file_reference` holds
//! who names what, written with each patch. Orphans go ([`collect()`]) after [`orphan_days_max`], never while a backup runs.
//!
//! Absent: files that leave their village when a household moves; storage elsewhere than in this folder.

mod backup;
mod check;
mod collect;
mod error;
mod folder;
mod hash;
mod references;
mod stored;
mod upload;

#[cfg(test)]
mod tests;

pub use backup::{Copied, CopyError, copy_referenced};
pub use check::{FilesReport, check_files};
pub use collect::{Collected, clean_up, collect, collecting};
pub use error::FileError;
pub use folder::{FileFolder, UploadFile};
pub use hash::FileHash;
pub use references::{Counts, Missing, counts, missing, note_references, photo_kept_in, thumbnail_kept_in};
pub use stored::{StoredFile, open_file, open_thumbnail};
pub use upload::{NewUpload, Role, Upload, begin, find, offset, settle, terminate};

/// The longest original, bytes (phones shrink to 300 KB).
#[allow(non_upper_case_globals)]
pub const original_bytes_max: u64 = 1024 * 1024;
/// The longest thumbnail, bytes (phones shrink to 20 KB).
#[allow(non_upper_case_globals)]
pub const thumb_bytes_max: u64 = 64 * 1024;
/// Unfinished uploads of one device.
#[allow(non_upper_case_globals)]
pub const device_uploads_max: usize = 16;
/// A device's unfinished upload that has stood still for so long makes room for a new one.
#[allow(non_upper_case_globals)]
pub const upload_idle_minutes_max: u64 = 60;
/// An upload that is so old is given up.
#[allow(non_upper_case_globals)]
pub const upload_days_max: i64 = 7;
/// A whole file that no record has named for so long goes.
#[allow(non_upper_case_globals)]
pub const orphan_days_max: i64 = 30;

/// One day, milliseconds.
#[allow(non_upper_case_globals)]
const day_ms: i64 = 24 * 60 * 60 * 1000;
