//! A backup's files, copied after its database: what that database's records name.

use super::{
    FileFolder, FileHash,
    folder::{make_folder, sync_folder},
    references::referenced,
};
use crate::storage::StorageError;
use rusqlite::Connection;
use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{self, Write},
    path::PathBuf,
};

/// What was copied.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Copied {
    /// Files that are in the target now.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Files that the database knows and that are not in the source, or not as their hash says.
    pub lost: u64,
}

/// Copies the files that the records of `db` name, durably, each checked by its hash; those there already stay. Serves a
/// backup as well as a restore. The caller holds the source ([`FileFolder::hold`]).
///
/// # Errors
/// When SQLite or the disk fails.
pub fn copy_referenced(db: &Connection, from: &FileFolder, to: &FileFolder) -> Result<Copied, CopyError> {
    let mut copied = Copied::default();
    let mut folders: BTreeSet<PathBuf> = BTreeSet::new();
    for (village, hash) in referenced(db)? {
        let bytes = match fs::read(from.whole_path(&village, &hash)) {
            Ok(bytes) if FileHash::of(&bytes) == hash => bytes,
            Ok(_) => {
                copied.lost += 1;
                continue;
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                copied.lost += 1;
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        copied.files += 1;
        copied.bytes += bytes.len() as u64;
        if to.has(&village, &hash) {
            continue;
        }
        let target = to.whole_path(&village, &hash);
        let part = target.with_extension("part");
        if let Some(dir) = target.parent() {
            make_folder(dir)?;
            folders.insert(dir.to_owned());
        }
        let mut file = File::create(&part)?;
        file.write_all(&bytes)?;
        file.sync_all()?;
        fs::rename(&part, &target)?;
    }
    folders.iter().try_for_each(|dir| sync_folder(dir))?;
    Ok(copied)
}

/// Why a copy stopped.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The database.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The disk.
    #[error(transparent)]
    Io(#[from] io::Error),
}
