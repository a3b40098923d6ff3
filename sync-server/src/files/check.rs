//! `check` for files: what records name and is here has the bytes of its hash; who names what equals a rebuild.
//! What was erased by law is still named by its writes, which say nothing of it, and counts as named by nobody.

use super::{
    FileFolder, FileHash,
    references::{missing, referenced},
};
use crate::storage::StorageError;
use rusqlite::Connection;

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FilesReport {
    /// Files read.
    pub files: u64,
    /// Photos whose words are here and whose bytes are not: no damage, the phones still have them.
    pub missing: u64,
    /// What is wrong; empty if all is well.
    pub problems: Vec<String>,
}

/// Reads every file that records name.
///
/// # Errors
/// When SQLite fails.
pub fn check_files(db: &Connection, folder: &FileFolder) -> Result<FilesReport, StorageError> {
    let mut report = FilesReport { missing: missing(db, folder)?.len() as u64, ..FilesReport::default() };
    for (village, hash) in referenced(db)? {
        if !folder.has(&village, &hash) {
            continue;
        }
        report.files += 1;
        match std::fs::read(folder.whole_path(&village, &hash)) {
            Ok(bytes) if FileHash::of(&bytes) == hash => {}
            Ok(_) => {
                report.problems.push(format!("file {village}/{hash}: its bytes are not those of its hash"))
            }
            Err(error) => report.problems.push(format!("file {village}/{hash}: {error}")),
        }
    }
    let differing: i64 = db.query_row(
        "WITH named (hash, record) AS (
           SELECT DISTINCT substr(field.key, 8), patch.record FROM patch, json_each(patch.body, '$.set') AS field
           WHERE field.key GLOB 'photos.*' AND length(field.key) = 71
             AND substr(field.key, 8) NOT GLOB '*[^0-9a-f]*'
           EXCEPT SELECT substr(field, 8), record FROM erased WHERE field GLOB 'photos.*')
         SELECT (SELECT count(*) FROM (SELECT * FROM named EXCEPT SELECT hash, record FROM file_reference))
              + (SELECT count(*) FROM (SELECT hash, record FROM file_reference EXCEPT SELECT * FROM named))",
        [],
        |row| row.get(0),
    )?;
    if differing != 0 {
        report.problems.push(format!("file references: {differing} differ from a rebuild"));
    }
    Ok(report)
}
