//! Opens the store's database in OPFS, through SQLite's pool of synchronous access handles.

use rusqlite::Connection;
use sqlite_wasm_rs::{WasmOsCallback, vfs::VfsFilesManager};
use sqlite_wasm_vfs::sahpool::{OpfsSAHError, OpfsSAHPoolCfgBuilder, OpfsSAHPoolUtil, install};

use super::{js, key_box};
use crate::{
    platform::{open_error, prepare_connection},
    store::StoreError,
};

/// The pool's name for the database. SAH pool names are flat.
const DATABASE_FILE: &str = "lianxin.db";
/// The cipher wraps the pool's own VFS under this prefix; any other name would store plain text or refuse a key.
const DATABASE_URI: &str = "file:lianxin.db?vfs=multipleciphers-opfs-sahpool";
/// Slots of the pool: the database, its journals and room for temporary files, which all count.
const POOL_SLOTS: usize = 24;

/// The browser's storage for one store. The tab's turn ([`super::turn`]) must be held while this is in use.
pub struct Database {
    pool: OpfsSAHPoolUtil,
}

impl Database {
    /// Takes the pool of file handles, as no other worker may while this one has them.
    ///
    /// # Errors
    /// [`StoreError::Unsupported`] when the browser has no synchronous file handles; else what it says.
    pub async fn acquire() -> Result<Self, StoreError> {
        let settings = OpfsSAHPoolCfgBuilder::new().initial_capacity(POOL_SLOTS).build();
        let pool = install::<WasmOsCallback>(&settings, true).await.map_err(pool_error)?;
        if pool.is_paused() {
            pool.resume().await.map_err(pool_error)?;
        }
        Ok(Self { pool })
    }

    /// Opens the database with its key; a new one gets a new key first, durably.
    ///
    /// # Errors
    /// [`StoreError::Locked`] when the database is there and its key is not, or does not fit; nothing is deleted.
    pub async fn open(&self) -> Result<Connection, StoreError> {
        let exists = self.pool.contains(DATABASE_FILE).map_err(pool_error)?;
        let key = key_box::load_or_create(exists).await?;
        let connection = Connection::open(DATABASE_URI).map_err(open_error)?;
        prepare_connection(&connection, &key)?;
        Ok(connection)
    }

    /// Gives all file handles back, so that another tab can take them. The connection must be closed before.
    ///
    /// # Errors
    /// When a connection is still open.
    pub fn release(&self) -> Result<(), StoreError> {
        self.pool.pause().map_err(pool_error)
    }
}

fn pool_error(error: OpfsSAHError) -> StoreError {
    match error {
        OpfsSAHError::NotSupported => StoreError::Unsupported("可靠的文件存储".to_owned()),
        OpfsSAHError::Opfs { operation, value, .. } => js::storage_error(operation, &value),
        other => StoreError::Broken(other.to_string()),
    }
}
