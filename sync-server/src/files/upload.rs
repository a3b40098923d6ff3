//! Uploads from their beginning to the whole file. Everything here blocks; a caller lets one request at a time at an
//! upload.

use super::{
    FileError, FileFolder, FileHash, device_uploads_max, original_bytes_max, thumb_bytes_max,
    upload_idle_minutes_max,
};
use crate::{
    service::Caller,
    storage::{Storage, StorageError},
};
use lianxin_shared::{domain::picture::media_of, replica::DeviceId};
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::time::{Duration, SystemTime};

/// What a file is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Role {
    /// A photo itself.
    Original,
    /// The small picture shown for the photo of this hash.
    Thumb(FileHash),
}

impl Role {
    /// The longest file, bytes.
    pub fn bytes_max(&self) -> u64 {
        match self {
            Role::Original => original_bytes_max,
            Role::Thumb(_) => thumb_bytes_max,
        }
    }

    /// The name of the photo, of which `own` is this file's hash.
    fn photo<'h>(&'h self, own: &'h FileHash) -> &'h FileHash {
        match self {
            Role::Original => own,
            Role::Thumb(original) => original,
        }
    }

    fn original(&self) -> &str {
        match self {
            Role::Original => "",
            Role::Thumb(original) => original.as_str(),
        }
    }
}

/// What a device wants to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewUpload {
    /// 12-digit code.
    pub village: String,
    /// SHA-256 of the whole file.
    pub hash: FileHash,
    /// What it is for.
    pub role: Role,
    /// Its length.
    pub bytes: u64,
}

/// An upload as the database knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// 128 random bits, hexadecimal.
    pub id: String,
    /// Whose it is.
    pub device: DeviceId,
    /// 12-digit code.
    pub village: String,
    /// SHA-256 of the whole file.
    pub hash: FileHash,
    /// What it is for.
    pub role: Role,
    /// Length of the whole file.
    pub bytes: u64,
    /// The file is whole.
    pub done: bool,
}

/// Begins an upload, finds the one that this device has begun before, or learns that the village has the file.
///
/// # Errors
/// Another village, too large, too many, or the disk.
pub fn begin(storage: &Storage, caller: &Caller, new: NewUpload, now_ms: i64) -> Result<Upload, FileError> {
    if !may_send(storage, caller, &new.village, new.role.photo(&new.hash))? {
        return Err(FileError::OtherVillage);
    }
    if new.bytes > new.role.bytes_max() {
        return Err(FileError::TooLarge(new.role.bytes_max() / 1024));
    }
    if new.bytes == 0 {
        return Err(FileError::NotAPicture);
    }
    let mut bytes = [0u8; 16];
    getrandom::fill(&mut bytes).map_err(StorageError::from)?;
    let id: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    if is_erased(storage, new.role.photo(&new.hash))? {
        // Erased by law: it counts as arrived, and none of it is taken. The phone will hear of it.
        return Ok(of_new(id, caller.device, new, true));
    }
    let (device, folder) = (caller.device, storage.files().clone());
    let (upload, given_up) = storage.write(move |db| begin_in(db, &folder, device, id, &new, now_ms))?;
    for id in given_up {
        storage.files().remove_upload(&id)?;
    }
    if upload.done {
        return Ok(upload);
    }
    if storage.files().has(&upload.village, &upload.hash) {
        // The bytes are here but unknown to the database: a restored one, or a crash before the last step.
        settle(storage, &upload, now_ms)?;
        return Ok(Upload { done: true, ..upload });
    }
    storage.files().open_upload(&upload.id)?;
    Ok(upload)
}

/// The upload, and the ids of those that it replaces.
fn begin_in(
    db: &Connection,
    folder: &FileFolder,
    device: DeviceId,
    id: String,
    new: &NewUpload,
    now_ms: i64,
) -> Result<(Upload, Vec<String>), FileError> {
    let known: Option<i64> = db
        .prepare_cached("UPDATE file SET named_at = ?3 WHERE village = ?1 AND hash = ?2 RETURNING bytes")?
        .query_row(params![new.village, new.hash.as_str(), now_ms], |row| row.get(0))
        .optional()?;
    let known = known.map(i64::unsigned_abs);
    if known.is_some() && !folder.has(&new.village, &new.hash) {
        // Lost on the disk: what a phone still has must be able to come back.
        db.prepare_cached("DELETE FROM file WHERE village = ?1 AND hash = ?2")?
            .execute([&new.village, new.hash.as_str()])?;
    } else if let Some(bytes) = known {
        let upload = of_new(id, device, NewUpload { bytes, ..new.clone() }, true);
        link_thumbnail(db, &upload)?;
        let told = done_upload(db, &upload)?;
        if told.is_none() {
            insert(db, &upload, now_ms)?;
        }
        return Ok((told.unwrap_or(upload), Vec::new()));
    }
    let open = open_uploads(db, device)?;
    let same = |upload: &&Upload| {
        (&upload.village, &upload.hash, &upload.role) == (&new.village, &new.hash, &new.role)
    };
    let mut given_up = Vec::new();
    if let Some(own) = open.iter().find(same) {
        if own.bytes == new.bytes {
            return Ok((own.clone(), given_up));
        }
        given_up.push(own.id.clone());
    } else if open.len() >= device_uploads_max {
        given_up.push(longest_idle(folder, &open).ok_or(FileError::TooMany)?);
    }
    for id in &given_up {
        db.prepare_cached("DELETE FROM upload WHERE id = ?1")?.execute([id])?;
    }
    let upload = of_new(id, device, new.clone(), false);
    insert(db, &upload, now_ms)?;
    Ok((upload, given_up))
}

/// The upload that has stood still longest, if it has for long enough.
fn longest_idle(folder: &FileFolder, open: &[Upload]) -> Option<String> {
    let written = |id: &str| folder.upload_state(id).map_or(SystemTime::UNIX_EPOCH, |(_, written)| written);
    let (oldest, id) = open.iter().map(|upload| (written(&upload.id), &upload.id)).min()?;
    let idle = SystemTime::now().duration_since(oldest).unwrap_or_default();
    (idle > Duration::from_secs(upload_idle_minutes_max * 60)).then(|| id.clone())
}

fn of_new(id: String, device: DeviceId, new: NewUpload, done: bool) -> Upload {
    Upload { id, device, village: new.village, hash: new.hash, role: new.role, bytes: new.bytes, done }
}

fn insert(db: &Connection, upload: &Upload, now_ms: i64) -> Result<(), FileError> {
    db.prepare_cached(
        "INSERT INTO upload (id, device, village, hash, original, bytes, created_at, done)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?
    .execute(params![
        upload.id,
        upload.device.to_i64(),
        upload.village,
        upload.hash.as_str(),
        upload.role.original(),
        i64::try_from(upload.bytes).unwrap_or(i64::MAX),
        now_ms,
        upload.done
    ])?;
    Ok(())
}

fn link_thumbnail(db: &Connection, upload: &Upload) -> Result<(), FileError> {
    if let Role::Thumb(original) = &upload.role {
        // The first stays, unless its bytes are gone.
        db.prepare_cached(
            "INSERT INTO thumbnail (village, original, hash) VALUES (?1, ?2, ?3)
             ON CONFLICT (village, original) DO UPDATE SET hash = excluded.hash WHERE NOT EXISTS
               (SELECT 1 FROM file WHERE file.village = thumbnail.village AND file.hash = thumbnail.hash)",
        )?
        .execute([&upload.village, original.as_str(), upload.hash.as_str()])?;
    }
    Ok(())
}

const COLUMNS: &str = "id, device, village, hash, original, bytes, done";

/// None if the row is damaged.
fn read(row: &Row<'_>) -> rusqlite::Result<Option<Upload>> {
    let (hash, original): (String, String) = (row.get("hash")?, row.get("original")?);
    let role = match FileHash::parse(&original) {
        Some(original) => Role::Thumb(original),
        None => Role::Original,
    };
    let (id, village, done) = (row.get("id")?, row.get("village")?, row.get("done")?);
    let (device, bytes): (i64, i64) = (row.get("device")?, row.get("bytes")?);
    Ok(FileHash::parse(&hash).map(|hash| Upload {
        id,
        device: DeviceId::from_i64(device),
        village,
        hash,
        role,
        bytes: bytes.unsigned_abs(),
        done,
    }))
}

fn open_uploads(db: &Connection, device: DeviceId) -> Result<Vec<Upload>, FileError> {
    let sql = format!("SELECT {COLUMNS} FROM upload WHERE device = ?1 AND done = 0");
    let mut statement = db.prepare_cached(&sql)?;
    let rows = statement.query_map([device.to_i64()], read)?;
    Ok(rows.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}

/// The device's upload that stands for the same whole file, so that offering it often leaves one row.
fn done_upload(db: &Connection, like: &Upload) -> Result<Option<Upload>, FileError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM upload
         WHERE device = ?1 AND done = 1 AND village = ?2 AND hash = ?3 AND original = ?4 AND bytes = ?5"
    );
    let bytes = i64::try_from(like.bytes).unwrap_or(i64::MAX);
    let mut statement = db.prepare_cached(&sql)?;
    let found = statement
        .query_row(
            params![like.device.to_i64(), like.village, like.hash.as_str(), like.role.original(), bytes],
            read,
        )
        .optional()?;
    Ok(found.flatten())
}

/// An upload of the caller's that it may go on with.
///
/// # Errors
/// [`FileError::NoSuchUpload`], another device's ones included; [`FileError::OtherVillage`]; or SQLite.
pub fn find(storage: &Storage, caller: &Caller, id: &str) -> Result<Upload, FileError> {
    let upload = storage.read(|db| {
        let sql = format!("SELECT {COLUMNS} FROM upload WHERE id = ?1 AND device = ?2");
        let mut statement = db.prepare_cached(&sql)?;
        let found = statement.query_row(params![id, caller.device.to_i64()], read).optional()?;
        found.flatten().ok_or(FileError::NoSuchUpload)
    })?;
    let allowed = may_send(storage, caller, &upload.village, upload.role.photo(&upload.hash))?;
    if allowed { Ok(upload) } else { Err(FileError::OtherVillage) }
}

/// Whether the caller may send a photo of a village: its own, or one that was its own, whose records name the photo
/// already. What was written in time arrives with its photos, as its words do.
fn may_send(storage: &Storage, caller: &Caller, village: &str, photo: &FileHash) -> Result<bool, FileError> {
    if caller.villages.contains(village) {
        return Ok(true);
    }
    if !caller.past.contains_key(village) {
        return Ok(false);
    }
    storage.read(|db| {
        let mut named = db.prepare_cached("SELECT 1 FROM file_reference WHERE hash = ?1")?;
        Ok(named.exists([photo.as_str()])?)
    })
}

/// Whether a photo was erased by law, and no record names it.
fn is_erased(storage: &Storage, photo: &FileHash) -> Result<bool, FileError> {
    storage.read(|db| {
        let mut erased = db.prepare_cached(
            "SELECT 1 FROM erased WHERE field GLOB 'photos.*' AND field = 'photos.' || ?1
               AND NOT EXISTS (SELECT 1 FROM file_reference WHERE hash = ?1)",
        )?;
        Ok(erased.exists([photo.as_str()])?)
    })
}

/// How far an upload is, without judging it.
pub fn offset(storage: &Storage, upload: &Upload) -> u64 {
    match storage.files().upload_state(&upload.id) {
        _ if upload.done => upload.bytes,
        Some((length, _)) => length,
        None if storage.files().has(&upload.village, &upload.hash) => upload.bytes,
        None => 0,
    }
}

/// Makes what has arrived durable and tells how far the upload is. If all is there, it is judged and becomes a whole
/// file before this returns; doing so again changes nothing.
///
/// # Errors
/// [`FileError::HashDiffers`] and [`FileError::NotAPicture`], after which the upload is gone; or the disk.
pub fn settle(storage: &Storage, upload: &Upload, now_ms: i64) -> Result<u64, FileError> {
    let here = offset(storage, upload);
    if upload.done || here == 0 {
        return Ok(here);
    }
    if storage.files().upload_state(&upload.id).is_some() {
        storage.files().open_upload(&upload.id)?.sync()?;
    }
    if here < upload.bytes {
        return Ok(here);
    }
    let bytes = storage.files().read_full(upload)?;
    let media = media_of(&bytes);
    let judged = if FileHash::of(&bytes) != upload.hash {
        Err(FileError::HashDiffers)
    } else {
        media.ok_or(FileError::NotAPicture)
    };
    let media = match judged {
        Ok(media) => media,
        Err(refused) => {
            terminate(storage, upload)?;
            return Err(refused);
        }
    };
    let adding = storage.files().adding();
    storage.files().keep(upload)?;
    let done = upload.clone();
    storage.write(move |db| finish_in(db, &done, media, now_ms))?;
    drop(adding);
    Ok(upload.bytes)
}

fn finish_in(db: &Connection, upload: &Upload, media: &str, now_ms: i64) -> Result<(), FileError> {
    db.prepare_cached(
        "INSERT INTO file (village, hash, bytes, media, device, stored_at, named_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)
         ON CONFLICT (village, hash) DO UPDATE SET named_at = excluded.named_at",
    )?
    .execute(params![
        upload.village,
        upload.hash.as_str(),
        i64::try_from(upload.bytes).unwrap_or(i64::MAX),
        media,
        upload.device.to_i64(),
        now_ms
    ])?;
    link_thumbnail(db, upload)?;
    db.prepare_cached("UPDATE upload SET done = 1 WHERE id = ?1")?.execute([&upload.id])?;
    Ok(())
}

/// Gives an upload up. A file that it has become stays: others may have named it.
///
/// # Errors
/// When the disk fails.
pub fn terminate(storage: &Storage, upload: &Upload) -> Result<(), FileError> {
    let id = upload.id.clone();
    storage.write(move |db| -> Result<(), FileError> {
        db.prepare_cached("DELETE FROM upload WHERE id = ?1")?.execute([id])?;
        Ok(())
    })?;
    Ok(storage.files().remove_upload(&upload.id)?)
}
