//! The server's database: SQLite in WAL, one writer that groups what waits into one transaction, pooled readers.

mod readers;
mod writer;

use crate::{clock::now_ms, files::FileFolder};
use lianxin_shared::{
    replica::{Clock, DeviceId, Stamp},
    sqlite::{
        REPLICA_V1, REPLICA_V2, REPLICA_V3, SchemaError, SqliteError, migrate, read_row, refresh_stale,
    },
};
use readers::Readers;
use rusqlite::{Connection, OpenFlags, ffi};
use std::path::{Path, PathBuf};
use uuid::Uuid;

pub use writer::Writer;

/// Schema steps, oldest first; a shipped one is never edited.
pub const MIGRATIONS: [&str; 10] = [
    REPLICA_V1,
    include_str!("schema/server_v1.sql"),
    REPLICA_V2,
    include_str!("schema/server_v2.sql"),
    include_str!("schema/server_files.sql"),
    include_str!("schema/server_v3.sql"),
    include_str!("schema/server_v4.sql"),
    REPLICA_V3,
    include_str!("schema/server_v5.sql"),
    include_str!("schema/server_v6.sql"),
];

/// The database's file within the data directory.
pub const DATABASE_FILE: &str = "lianxin.db";

/// What can go wrong below the service.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// SQLite said no.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    /// A row is damaged.
    #[error(transparent)]
    Rows(#[from] SqliteError),
    /// The schema does not fit.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// The platform gives no randomness.
    #[error("no randomness: {0}")]
    Random(#[from] getrandom::Error),
    /// There is no database yet.
    #[error("这里还没有数据库：{0}。请先运行 lianxin-server init。")]
    Missing(PathBuf),
    /// There is one already.
    #[error("这里已经有数据库了：{0}。没有改动它。")]
    Exists(PathBuf),
    /// The database file was deleted or replaced while it was open.
    #[error("the database file is gone from its place")]
    Gone,
    /// The writer thread has ended.
    #[error("the writer has stopped")]
    Stopped,
}

impl From<serde_json::Error> for StorageError {
    fn from(error: serde_json::Error) -> Self {
        StorageError::Rows(SqliteError::from(error))
    }
}

/// Who the server is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerIdentity {
    /// Minted by `init`, survives a restore.
    pub server_id: Uuid,
    /// Life of this database.
    pub epoch: Uuid,
    /// The server's own device.
    pub device: DeviceId,
    /// The township's name.
    pub township: String,
    /// Its 12-digit code, granted to every device.
    pub region: String,
}

/// The open database.
pub struct Storage {
    identity: ServerIdentity,
    // Before the writer: whoever closes last moves the log into the database, and a reader may not.
    readers: Readers,
    writer: Writer,
    files: FileFolder,
    left_over: tokio::sync::Notify,
}

impl Storage {
    /// Makes a new database in `dir` (created if need be).
    ///
    /// # Errors
    /// When there is one already, or SQLite fails.
    pub fn init(dir: &Path, township: &str, region: &str) -> Result<(), StorageError> {
        let path = dir.join(DATABASE_FILE);
        if path.exists() {
            return Err(StorageError::Exists(path));
        }
        std::fs::create_dir_all(dir).map_err(|_| StorageError::Missing(dir.to_owned()))?;
        let mut db = Connection::open(&path)?;
        configure(&db)?;
        migrate(&mut db, &MIGRATIONS)?;
        db.pragma_update(None, "application_id", cleared_id)?;
        let device = DeviceId::from_bits(getrandom::u64()?);
        db.execute(
            "INSERT INTO server (only, server_id, epoch, device, clock, township, region)
             VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6)",
            rusqlite::params![
                random_uuid()?.as_bytes(),
                random_uuid()?.as_bytes(),
                device.to_i64(),
                Clock::new(device).last().to_bytes(),
                township,
                region
            ],
        )?;
        Ok(())
    }

    /// Opens the database in `dir`, bringing an older schema up to date.
    ///
    /// # Errors
    /// When there is none, it is newer than this build, or SQLite fails.
    pub fn open(dir: &Path) -> Result<Self, StorageError> {
        let path = dir.join(DATABASE_FILE);
        let mut db = open_writable(&path)?;
        migrate(&mut db, &MIGRATIONS)?;
        clear_free_pages(&db);
        refresh_stale::<StorageError>(&mut db, |db, id| Ok(read_row(db, id)?))?;
        let identity = read_identity(&db)?;
        let files = FileFolder::of_database(&path);
        let left_over = tokio::sync::Notify::new();
        Ok(Self { identity, writer: Writer::start(db)?, readers: Readers::new(path), files, left_over })
    }

    /// Where the photos lie, beside the database.
    pub fn files(&self) -> &FileFolder {
        &self.files
    }

    /// Who this server is, as at opening: life and device may change while it runs ([`read_identity`] tells).
    pub fn identity(&self) -> &ServerIdentity {
        &self.identity
    }

    /// Reads within one transaction, on a pooled connection. Blocking.
    ///
    /// # Errors
    /// When SQLite or `read` fails.
    pub fn read<T, E: From<StorageError>>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        self.readers.read(read)
    }

    /// Told when something that was erased by law could not be cleared from files or the log at once.
    pub fn left_over(&self) -> &tokio::sync::Notify {
        &self.left_over
    }

    /// Moves the log into the database and empties it, so that what was erased does not stay readable there; false if
    /// somebody reads for longer than [`log_wait`], during which nobody writes. Blocking.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn empty_log(&self) -> Result<bool, StorageError> {
        let db = open_writable(self.readers.path())?;
        db.busy_timeout(log_wait)?;
        let busy: bool = db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
        Ok(!busy)
    }

    /// Writes within a savepoint of the next grouped transaction; returns after its durable commit. Blocking.
    /// An error rolls back this savepoint alone.
    ///
    /// # Errors
    /// When `write` or the commit fails: then nothing of it is stored.
    pub fn write<T, E>(
        &self,
        write: impl FnOnce(&Connection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StorageError> + Send + 'static,
    {
        self.writer.write(write)
    }
}

/// Opens an existing database for writing.
///
/// # Errors
/// When there is none or SQLite fails.
pub fn open_writable(path: &Path) -> Result<Connection, StorageError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    if !path.exists() {
        return Err(StorageError::Missing(path.to_owned()));
    }
    let db = Connection::open_with_flags(path, flags)?;
    configure(&db)?;
    Ok(db)
}

/// Emptying the log waits so long for those who read: phones' writes wait meanwhile.
#[allow(non_upper_case_globals)]
pub const log_wait: std::time::Duration = std::time::Duration::from_secs(1);

/// Pages that the writer keeps in memory: the indexes of a township's records, so that a push reads none of them again.
#[allow(non_upper_case_globals)]
const writer_cache_kib: i64 = 32 * 1024;

/// The `application_id` of a database in whose free pages nothing lies that was ever deleted ("LXC1").
#[allow(non_upper_case_globals)]
const cleared_id: i32 = 0x4C58_4331;

/// Writes the database anew, without the free pages in which former versions have left words. It works without, too: on a
/// disk that has no room for it, say; then, or after a kill, the next start tries again, for the mark is written last.
fn clear_free_pages(db: &Connection) {
    let clear = || {
        if db.query_row("PRAGMA application_id", [], |row| row.get::<_, i32>(0))? == cleared_id {
            return Ok(());
        }
        db.execute_batch("VACUUM")?;
        // The file has its former pages until the log has moved into it.
        if db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))? {
            return Err(rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_BUSY), None));
        }
        db.pragma_update(None, "application_id", cleared_id)
    };
    if let Err(error) = clear() {
        tracing::warn!(error = %error, "free pages were not cleared; the next start tries again");
    }
}

/// Durable before fast: a receipt may only speak of what a power cut cannot take back.
fn configure(db: &Connection) -> Result<(), StorageError> {
    db.pragma_update(None, "journal_mode", "wal")?;
    db.pragma_update(None, "synchronous", "full")?;
    db.pragma_update(None, "foreign_keys", true)?;
    // What is erased by law must not lie about in free pages.
    db.pragma_update(None, "secure_delete", true)?;
    db.pragma_update(None, "cache_size", -writer_cache_kib)?;
    db.busy_timeout(std::time::Duration::from_secs(10))?;
    db.set_prepared_statement_cache_capacity(128);
    Ok(())
}

/// Who the database says it is.
///
/// # Errors
/// When SQLite fails.
pub fn read_identity(db: &Connection) -> Result<ServerIdentity, StorageError> {
    let mut statement = db.prepare_cached("SELECT server_id, epoch, device, township, region FROM server")?;
    let identity = statement.query_row([], |row| {
        Ok(ServerIdentity {
            server_id: Uuid::from_bytes(row.get(0)?),
            epoch: Uuid::from_bytes(row.get(1)?),
            device: DeviceId::from_i64(row.get(2)?),
            township: row.get(3)?,
            region: row.get(4)?,
        })
    })?;
    Ok(identity)
}

/// The server's clock as it stands in the database.
///
/// # Errors
/// When SQLite fails.
pub fn read_clock(db: &Connection) -> Result<Clock, StorageError> {
    let (device, last): (i64, [u8; 16]) =
        db.query_row("SELECT device, clock FROM server", [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(Clock::resume(DeviceId::from_i64(device), Stamp::from_bytes(last), 0))
}

/// Keeps the server's clock.
///
/// # Errors
/// When SQLite fails.
pub fn keep_clock(db: &Connection, clock: &Clock) -> Result<(), StorageError> {
    db.prepare_cached("UPDATE server SET clock = ?1")?.execute([clock.last().to_bytes()])?;
    Ok(())
}

/// The head of the stream: (number, nonce of its commit).
///
/// # Errors
/// When SQLite fails.
pub fn head(db: &Connection) -> Result<(u64, String), StorageError> {
    let mut statement =
        db.prepare_cached("SELECT last_seq, nonce FROM commit_log ORDER BY last_seq DESC LIMIT 1")?;
    let mut rows = statement.query([])?;
    Ok(match rows.next()? {
        Some(row) => (row.get::<_, i64>(0)?.unsigned_abs(), row.get(1)?),
        None => (0, String::new()),
    })
}

/// The nonce of the commit that holds `seq`; none if no commit does.
///
/// # Errors
/// When SQLite fails.
pub fn nonce_at(db: &Connection, seq: u64) -> Result<Option<String>, StorageError> {
    if seq == 0 {
        return Ok(Some(String::new()));
    }
    let mut statement =
        db.prepare_cached("SELECT nonce FROM commit_log WHERE last_seq >= ?1 ORDER BY last_seq LIMIT 1")?;
    let mut rows = statement.query([seq as i64])?;
    Ok(rows.next()?.map(|row| row.get(0)).transpose()?)
}

/// Records that this commit moved the stream up to `last_seq`.
///
/// # Errors
/// When SQLite fails.
pub fn log_commit(db: &Connection, last_seq: u64) -> Result<(), StorageError> {
    let nonce = format!("{:016x}", getrandom::u64()?);
    db.prepare_cached("INSERT INTO commit_log (last_seq, nonce, at) VALUES (?1, ?2, ?3)")?
        .execute(rusqlite::params![last_seq as i64, nonce, now_ms()])?;
    Ok(())
}

/// 122 random bits.
///
/// # Errors
/// When the platform gives no randomness.
pub fn random_uuid() -> Result<Uuid, StorageError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(uuid::Builder::from_random_bytes(bytes).into_uuid())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_that_was_closed_is_one_file() {
        let dir = tempfile::tempdir().unwrap();
        Storage::init(dir.path(), "清溪镇", "519921105000").unwrap();
        let storage = Storage::open(dir.path()).unwrap();
        let write =
            |db: &Connection| Ok::<_, StorageError>(db.execute_batch("UPDATE server SET township = ''")?);
        storage.write(write).unwrap();
        assert_eq!(storage.read(read_identity).unwrap().township, "");
        drop(storage);
        let log = dir.path().join(format!("{DATABASE_FILE}-wal"));
        assert!(!log.exists(), "whoever copies the file would copy half of it");
    }
}
