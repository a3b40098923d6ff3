//! Opens the store's database file, one process at a time.

use std::{
    fs::{self, File, TryLockError},
    path::{Path, PathBuf},
};

use rusqlite::Connection;

use super::key_file;
use crate::{
    platform::{open_error, prepare_connection},
    store::StoreError,
};

const DATABASE_FILE: &str = "lianxin.db";
const LOCK_FILE: &str = "lianxin.lock";

/// The folder of one store, and the right to open it.
pub struct Database {
    dir: PathBuf,
    lock: File,
}

impl Database {
    /// Prepares the folder `dir`, creating it when it is not there.
    ///
    /// # Errors
    /// When the folder cannot be made or written.
    pub fn at(dir: &Path) -> Result<Self, StoreError> {
        fs::create_dir_all(dir).map_err(|error| io_error("建数据文件夹", &error))?;
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(dir.join(LOCK_FILE))
            .map_err(|error| io_error("打开锁文件", &error))?;
        Ok(Self { dir: dir.to_path_buf(), lock })
    }

    /// Takes the store for this process if no other one has it; says whether it did.
    ///
    /// # Errors
    /// When the file system cannot lock.
    pub fn try_lock(&self) -> Result<bool, StoreError> {
        match self.lock.try_lock() {
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(error)) => Err(io_error("锁定资料库", &error)),
        }
    }

    /// Waits until the other process lets go of the store.
    ///
    /// # Errors
    /// When the file system cannot lock.
    pub fn wait_lock(&self) -> Result<(), StoreError> {
        self.lock.lock().map_err(|error| io_error("锁定资料库", &error))
    }

    /// Opens the database with its key; a new one gets a new key first, durably.
    ///
    /// # Errors
    /// [`StoreError::Locked`] when the database is there and its key is not, or does not fit; nothing is deleted.
    pub fn open(&self) -> Result<Connection, StoreError> {
        let path = self.dir.join(DATABASE_FILE);
        let exists = path.try_exists().map_err(|error| io_error("查看资料库", &error))?;
        let key = key_file::load_or_create(&self.dir, exists)?;
        let connection = Connection::open(&path).map_err(open_error)?;
        prepare_connection(&connection, &key)?;
        Ok(connection)
    }
}

/// A failed file operation in words.
pub(super) fn io_error(what: &str, error: &std::io::Error) -> StoreError {
    if error.kind() == std::io::ErrorKind::StorageFull {
        return StoreError::Full;
    }
    StoreError::Broken(format!("{what}：{error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write_note(dir: &Path) {
        let database = Database::at(dir).unwrap();
        assert!(database.try_lock().unwrap());
        let connection = database.open().unwrap();
        connection
            .execute_batch("CREATE TABLE note (text TEXT); INSERT INTO note VALUES ('阿香说路不好走')")
            .unwrap();
    }

    #[test]
    fn the_file_is_encrypted_and_opens_again() {
        let dir = tempfile::tempdir().unwrap();
        write_note(dir.path());
        let bytes = fs::read(dir.path().join(DATABASE_FILE)).unwrap();
        assert!(!bytes.starts_with(b"SQLite format 3"), "the header must not be plain");
        let note = "阿香说路不好走".as_bytes();
        assert!(!bytes.windows(note.len()).any(|window| window == note), "the text must not be plain");

        let database = Database::at(dir.path()).unwrap();
        assert!(database.try_lock().unwrap());
        let read: String =
            database.open().unwrap().query_row("SELECT text FROM note", [], |row| row.get(0)).unwrap();
        assert_eq!(read.as_bytes(), note);
    }

    #[test]
    fn a_lost_or_wrong_key_says_so_and_deletes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        write_note(dir.path());
        let before = fs::read(dir.path().join(DATABASE_FILE)).unwrap();
        let key = dir.path().join(key_file::KEY_FILE);

        fs::write(&key, crate::platform::StoreKey::random().unwrap().hex()).unwrap();
        let wrong = Database::at(dir.path()).unwrap().open();
        assert!(matches!(wrong, Err(StoreError::Locked(_))));

        fs::remove_file(&key).unwrap();
        let lost = Database::at(dir.path()).unwrap().open();
        assert!(matches!(lost, Err(StoreError::Locked(_))));
        assert!(!key.exists(), "no new key may take the place of the lost one");
        assert_eq!(fs::read(dir.path().join(DATABASE_FILE)).unwrap(), before);
    }

    #[test]
    fn a_second_process_waits_its_turn() {
        let dir = tempfile::tempdir().unwrap();
        let first = Database::at(dir.path()).unwrap();
        let second = Database::at(dir.path()).unwrap();
        assert!(first.try_lock().unwrap());
        assert!(!second.try_lock().unwrap());
        drop(first);
        assert!(second.try_lock().unwrap());
    }
}
