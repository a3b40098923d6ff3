//! Which records name which photos, and what of it is here.

use super::{FileFolder, FileHash};
use crate::storage::StorageError;
use lianxin_shared::{domain::photo, replica::FieldSet};
use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

/// True of a row of `file` that some record names, as photo or as the thumbnail of one. History, values taken off and
/// patches held apart count, in any village: better a file too many than one that somebody may still ask for.
pub(super) const IS_REFERENCED: &str = "(EXISTS (SELECT 1 FROM file_reference r WHERE r.hash = file.hash)
     OR EXISTS (SELECT 1 FROM thumbnail t JOIN file_reference r ON r.hash = t.original
                WHERE t.village = file.village AND t.hash = file.hash))";

/// Notes the photos that a patch of `record` names, taken off or not; not those erased by law. Part of the patch's own transaction.
///
/// # Errors
/// When SQLite fails.
pub fn note_references(db: &Connection, record: Uuid, set: &FieldSet) -> Result<(), StorageError> {
    for hash in set.keys().filter_map(|field| photo::hash_of_field(field)) {
        db.prepare_cached(
            "INSERT OR IGNORE INTO file_reference (hash, record) SELECT ?1, ?2 WHERE NOT EXISTS
               (SELECT 1 FROM erased WHERE record = ?2 AND field IN ('', 'photos.' || ?1))",
        )?
        .execute(params![hash, record.as_bytes()])?;
    }
    Ok(())
}

/// Under which village the bytes of a photo lie that a record of `village` shows: its own, or one from which the record
/// moved. A known hash opens nothing elsewhere.
const KEPT_IN: &str = "SELECT ?1 WHERE EXISTS (SELECT 1 FROM kept WHERE village = ?1 AND name = ?2)
  UNION ALL
  SELECT m.from_village FROM file_reference r JOIN record c ON c.id = r.record AND c.village = ?1
    JOIN moved m ON m.record = c.id JOIN kept ON kept.village = m.from_village AND kept.name = ?2
    WHERE r.hash = ?2 LIMIT 1";

/// Where a photo itself lies, for a record of `village`; none if it has not arrived.
///
/// # Errors
/// When SQLite fails.
pub fn photo_kept_in(db: &Connection, village: &str, hash: &str) -> Result<Option<String>, StorageError> {
    kept_in(db, "WITH kept (village, name) AS (SELECT village, hash FROM file)", village, hash)
}

/// Where the thumbnail of a photo lies, for a record of `village`; none if it has not arrived.
///
/// # Errors
/// When SQLite fails.
pub fn thumbnail_kept_in(
    db: &Connection,
    village: &str,
    original: &str,
) -> Result<Option<String>, StorageError> {
    kept_in(db, "WITH kept (village, name) AS (SELECT village, original FROM thumbnail)", village, original)
}

fn kept_in(db: &Connection, kept: &str, village: &str, hash: &str) -> Result<Option<String>, StorageError> {
    let mut statement = db.prepare_cached(&format!("{kept} {KEPT_IN}"))?;
    Ok(statement.query_row(params![village, hash], |row| row.get(0)).optional()?)
}

/// A photo that a record shows and that has not arrived.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Missing {
    /// The record's village.
    pub village: String,
    /// The photo.
    pub hash: String,
}

/// Photos that records show as they stand now (not taken off, not held apart) and that are not here.
///
/// # Errors
/// When SQLite fails.
pub fn missing(db: &Connection, folder: &FileFolder) -> Result<Vec<Missing>, StorageError> {
    let mut statement = db.prepare(
        "SELECT DISTINCT record.village, r.hash FROM file_reference r JOIN record ON record.id = r.record
         WHERE coalesce(json_type(record.body, '$.\"photos.' || r.hash || '\"'), 'null') <> 'null'
         ORDER BY record.village, r.hash",
    )?;
    let named = statement.query_map([], |row| Ok(Missing { village: row.get(0)?, hash: row.get(1)? }))?;
    let mut missing = Vec::new();
    for photo in named {
        let photo = photo?;
        let kept = photo_kept_in(db, &photo.village, &photo.hash)?;
        let here = kept.zip(FileHash::parse(&photo.hash)).is_some_and(|(at, hash)| folder.has(&at, &hash));
        if !here {
            missing.push(photo);
        }
    }
    Ok(missing)
}

/// How many of what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Whole files, thumbnails included.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Thumbnails among them.
    pub thumbnails: u64,
    /// Whole files that no record names.
    pub orphans: u64,
    /// Uploads under way.
    pub uploads: u64,
}

/// What the database knows.
///
/// # Errors
/// When SQLite fails.
pub fn counts(db: &Connection) -> Result<Counts, StorageError> {
    let number = |row: &rusqlite::Row<'_>, at: usize| row.get::<_, i64>(at).map(i64::unsigned_abs);
    let sql = format!(
        "SELECT count(*), coalesce(sum(bytes), 0), coalesce(sum(NOT {IS_REFERENCED}), 0),
           coalesce(sum(EXISTS (SELECT 1 FROM thumbnail t WHERE t.village = file.village AND t.hash = file.hash)), 0),
           (SELECT count(*) FROM upload WHERE done = 0)
         FROM file"
    );
    Ok(db.query_row(&sql, [], |row| {
        Ok(Counts {
            files: number(row, 0)?,
            bytes: number(row, 1)?,
            orphans: number(row, 2)?,
            thumbnails: number(row, 3)?,
            uploads: number(row, 4)?,
        })
    })?)
}

/// The rows of `file` that records name: (village, hash).
pub(super) fn referenced(db: &Connection) -> Result<Vec<(String, FileHash)>, StorageError> {
    let sql = format!("SELECT village, hash FROM file WHERE {IS_REFERENCED} ORDER BY village, hash");
    let mut statement = db.prepare(&sql)?;
    let rows = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
    let rows: Vec<(String, String)> = rows.collect::<Result<_, _>>()?;
    Ok(rows.into_iter().filter_map(|(village, hash)| Some((village, FileHash::parse(&hash)?))).collect())
}
