//! Orphans: uploads that nobody finishes and files that no record names go, at the server's start and daily, and what
//! erased records have left, as soon as nobody holds or reads it.

use super::{
    FileError, FileHash, day_ms, folder::ignore_missing, orphan_days_max, references::IS_REFERENCED,
    upload_days_max,
};
use crate::{
    clock::now_ms,
    storage::{Storage, StorageError},
};
use rusqlite::{Connection, params};
use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

/// Between two collections.
#[allow(non_upper_case_globals)]
const collect_hours: u64 = 24;
/// A collection that found a backup under way, or the log being read, looks again so soon.
#[allow(non_upper_case_globals)]
const paused_minutes: u64 = 5;

/// What went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Collected {
    /// Uploads given up, or long done and no longer asked for.
    pub uploads: u64,
    /// Whole files.
    pub files: u64,
    /// Bytes on the disk that the database does not know (any more).
    pub strays: u64,
}

/// Collects at once and then daily, and soon where something of erased records is left over, until its runtime ends.
pub async fn collecting(storage: Arc<Storage>) {
    let soon = Duration::from_secs(paused_minutes * 60);
    let daily = Duration::from_secs(collect_hours * 60 * 60);
    loop {
        let own = storage.clone();
        let done = tokio::task::spawn_blocking(move || (collect(&own, now_ms()), clean_up(&own))).await;
        let Ok((collected, is_clean)) = done else { return };
        match &collected {
            Ok(Some(Collected { uploads, files, strays })) => {
                tracing::info!(uploads, files, strays, "orphans collected")
            }
            Ok(None) => {}
            Err(error) => tracing::error!(error = %error, "collection failed"),
        }
        if !is_clean || matches!(collected, Ok(None)) {
            tokio::time::sleep(soon).await;
            continue;
        }
        tokio::select! {
            () = tokio::time::sleep(daily) => {}
            () = storage.left_over().notified() => tokio::time::sleep(soon).await,
        }
    }
}

/// Clears what erased records have left beside the tables: photos that nothing else names, and the log. False if
/// something of it is left, since somebody holds or reads it or the disk fails. Blocking.
pub fn clean_up(storage: &Storage) -> bool {
    let files = collect_erased(storage);
    let log = storage.empty_log();
    if matches!((&files, &log), (Ok(Some(_)), Ok(true))) {
        return true;
    }
    let (files, log) = (files.err().map(|e| e.to_string()), log.err().map(|e| e.to_string()));
    tracing::warn!(?files, ?log, "files or log are in use and keep for a while what was erased");
    false
}

/// Collects once; none if somebody holds the files, a backup say: then nothing was touched. Blocking.
///
/// # Errors
/// When SQLite or the disk fails; what is left goes the next time.
pub fn collect(storage: &Storage, now_ms: i64) -> Result<Option<Collected>, FileError> {
    let Some(alone) = storage.files().alone()? else { return Ok(None) };
    // A restored database does not know yet what phones will bring back: its photos are given time from then on.
    let is_young =
        storage.read(last_life_ms)?.is_some_and(|began_ms| now_ms - began_ms < orphan_days_max * day_ms);
    let erased = erased(storage)?;
    if is_young {
        let strays = stray_uploads(storage)?;
        return Ok(Some(Collected { uploads: old_uploads(storage, now_ms)?, strays, files: erased }));
    }
    let collected = Collected {
        uploads: old_uploads(storage, now_ms)?,
        files: erased + orphans(storage, now_ms)?,
        strays: stray_uploads(storage)? + stray_files(storage, now_ms)?,
    };
    drop(alone);
    Ok(Some(collected))
}

/// When the present life of the database began, Unix milliseconds; none for the first.
fn last_life_ms(db: &Connection) -> Result<Option<i64>, StorageError> {
    Ok(db.query_row("SELECT max(began_at) FROM epoch", [], |row| row.get(0))?)
}

fn old_uploads(storage: &Storage, now_ms: i64) -> Result<u64, FileError> {
    let before = now_ms - upload_days_max * day_ms;
    let gone = storage
        .write(move |db| texts(db, "DELETE FROM upload WHERE created_at < ?1 RETURNING id, ''", before))?;
    for (id, _) in &gone {
        storage.files().remove_upload(id)?;
    }
    Ok(gone.len() as u64)
}

fn orphans(storage: &Storage, now_ms: i64) -> Result<u64, FileError> {
    let before = now_ms - orphan_days_max * day_ms;
    let removing = storage.files().removing();
    let gone = storage.write(move |db| -> Result<_, FileError> {
        let sql =
            format!("DELETE FROM file WHERE named_at < ?1 AND NOT {IS_REFERENCED} RETURNING village, hash");
        let gone = texts(db, &sql, before)?;
        for (village, hash) in &gone {
            db.execute("DELETE FROM thumbnail WHERE village = ?1 AND hash = ?2", params![village, hash])?;
        }
        Ok(gone)
    })?;
    for (village, hash) in &gone {
        if let Some(hash) = FileHash::parse(hash) {
            ignore_missing(fs::remove_file(storage.files().whole_path(village, &hash)))?;
        }
    }
    drop(removing);
    Ok(gone.len() as u64)
}

/// True of a row of `file` that is a photo erased by law, or the thumbnail of one.
const IS_ERASED: &str = "(EXISTS (SELECT 1 FROM erased e WHERE e.field GLOB 'photos.*' AND e.field = 'photos.' || file.hash)
     OR EXISTS (SELECT 1 FROM thumbnail t JOIN erased e ON e.field GLOB 'photos.*' AND e.field = 'photos.' || t.original
                WHERE t.village = file.village AND t.hash = file.hash))";

/// Collects the photos that were erased by law and that no record names, however new they are; none if somebody holds the
/// files: then the next collection does it. Blocking.
///
/// # Errors
/// When SQLite or the disk fails; what is left goes the next time.
fn collect_erased(storage: &Storage) -> Result<Option<u64>, FileError> {
    let Some(alone) = storage.files().alone()? else { return Ok(None) };
    let gone = erased(storage)?;
    drop(alone);
    Ok(Some(gone))
}

fn erased(storage: &Storage) -> Result<u64, FileError> {
    let removing = storage.files().removing();
    let folder = storage.files().clone();
    let files = storage.write(move |db| -> Result<_, FileError> {
        let uploads = texts(
            db,
            "DELETE FROM upload WHERE created_at >= ?1 AND EXISTS (SELECT 1 FROM erased e
               WHERE e.field GLOB 'photos.*' AND e.field IN ('photos.' || upload.hash, 'photos.' || upload.original)
               AND NOT EXISTS (SELECT 1 FROM file_reference r WHERE r.hash = substr(e.field, 8)))
             RETURNING id, ''",
            i64::MIN,
        )?;
        let sql = format!(
            "DELETE FROM file WHERE stored_at >= ?1 AND {IS_ERASED} AND NOT {IS_REFERENCED} RETURNING village, hash"
        );
        let files = texts(db, &sql, i64::MIN)?;
        for (village, hash) in &files {
            db.execute("DELETE FROM thumbnail WHERE village = ?1 AND hash = ?2", params![village, hash])?;
            // Before the commit: once its row is gone, nothing tells that a file was erased.
            if let Some(hash) = FileHash::parse(hash) {
                ignore_missing(fs::remove_file(folder.whole_path(village, &hash)))?;
            }
        }
        uploads.iter().try_for_each(|(id, _)| folder.remove_upload(id))?;
        Ok(files.len() as u64)
    })?;
    drop(removing);
    Ok(files)
}

/// What a statement that deletes returns.
fn texts(db: &Connection, sql: &str, before_ms: i64) -> Result<Vec<(String, String)>, FileError> {
    let mut statement = db.prepare_cached(sql)?;
    let rows = statement.query_map([before_ms], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Files of uploads that have no row: every upload's row is committed before its file is made.
fn stray_uploads(storage: &Storage) -> Result<u64, FileError> {
    let mut strays = 0;
    for (path, name) in entries(&storage.files().uploads_dir())? {
        let sql = "SELECT 1 FROM upload WHERE id = ?1 AND done = 0";
        if !storage.read(|db| exists(db, sql, &[&name]))? {
            ignore_missing(fs::remove_file(path))?;
            strays += 1;
        }
    }
    Ok(strays)
}

/// Whole files that the database does not know. A restored one may not know them yet, so they are given time.
fn stray_files(storage: &Storage, now_ms: i64) -> Result<u64, FileError> {
    let mut strays = 0;
    for (village_dir, village) in entries(&storage.files().whole_dir())? {
        for (dir, _) in entries(&village_dir)? {
            for (path, hash) in entries(&dir)? {
                if age_ms(&path, now_ms) < orphan_days_max * day_ms {
                    continue;
                }
                let removing = storage.files().removing();
                let sql = "SELECT 1 FROM file WHERE village = ?1 AND hash = ?2
                           UNION SELECT 1 FROM upload WHERE village = ?1 AND hash = ?2 AND done = 0";
                if !storage.read(|db| exists(db, sql, &[&village, &hash]))? {
                    ignore_missing(fs::remove_file(&path))?;
                    strays += 1;
                }
                drop(removing);
            }
        }
    }
    Ok(strays)
}

fn exists(db: &Connection, sql: &str, values: &[&String]) -> Result<bool, StorageError> {
    Ok(db.prepare_cached(sql)?.exists(rusqlite::params_from_iter(values))?)
}

/// Since a file was written last; 0 if nobody knows.
fn age_ms(path: &Path, now_ms: i64) -> i64 {
    let written = fs::metadata(path).and_then(|data| data.modified()).ok();
    let written = written.and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
    written.and_then(|at| i64::try_from(at.as_millis()).ok()).map_or(0, |at| now_ms - at)
}

/// Paths and names in a folder; none if it is not there.
fn entries(dir: &Path) -> io::Result<Vec<(PathBuf, String)>> {
    let listed = match fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        listed => listed?,
    };
    let mut entries = Vec::new();
    for entry in listed {
        let entry = entry?;
        entries.push((entry.path(), entry.file_name().to_string_lossy().into_owned()));
    }
    Ok(entries)
}
