//! Opens the store's database in OPFS, through SQLite's pool of synchronous access handles.

use futures_util::future::join;
use gloo_timers::future::TimeoutFuture;
use rusqlite::Connection;
use sqlite_wasm_rs::{WasmOsCallback, vfs::VfsFilesManager};
use sqlite_wasm_vfs::sahpool::{OpfsSAHError, OpfsSAHPoolCfgBuilder, OpfsSAHPoolUtil, install};

use super::{js, key_box};
use crate::{
    platform::{now_ms, open_error, prepare_connection},
    store::StoreError,
};

/// The pool's name for the database. SAH pool names are flat.
const DATABASE_FILE: &str = "lianxin.db";
/// The cipher wraps the pool's own VFS under this prefix; any other name would store plain text or refuse a key.
const DATABASE_URI: &str = "file:lianxin.db?vfs=multipleciphers-opfs-sahpool";
/// Slots of the pool: the database, its WAL and the journal of the day it was made, and as many again. Temporary files
/// are in memory (`SQLITE_TEMP_STORE=2`). Each slot costs a round trip to the browser at every start.
const POOL_SLOTS: usize = 6;
/// How long the handles of a page that was just left may stay open: the browser passes its turn on first and closes
/// its files a moment later.
const HANDLES_PATIENCE_MS: i64 = 10_000;
const HANDLES_POLL_MS: u32 = 40;

/// The browser's storage for one store. The tab's turn ([`super::turn`]) must be held while this is in use.
pub struct Database {
    pool: OpfsSAHPoolUtil,
}

impl Database {
    /// Opens the database with its key; a new one gets a new key first, durably. The key is fetched while the pool's
    /// file handles are.
    ///
    /// # Errors
    /// [`StoreError::Locked`] when the database is there and its key is not, or does not fit; nothing is deleted.
    /// [`StoreError::Unsupported`] when the browser has no synchronous file handles; else what it says.
    pub async fn open() -> Result<(Self, Connection), StoreError> {
        let (database, key) = join(Self::acquire(), key_box::load()).await;
        let database = database?;
        let key = match key? {
            Some(key) => key,
            None if database.pool.contains(DATABASE_FILE).map_err(pool_error)? => {
                return Err(StoreError::Locked("浏览器里没有钥匙".to_owned()));
            }
            None => key_box::create().await?,
        };
        let connection = Connection::open(DATABASE_URI).map_err(open_error)?;
        prepare_connection(&connection, &key)?;
        Ok((database, connection))
    }

    /// Takes the pool of file handles, as no other worker may while this one has them. Whoever holds the turn is
    /// alone, so handles that are still open belong to a page that is going away: they are waited for.
    async fn acquire() -> Result<Self, StoreError> {
        let patient_until_ms = now_ms() + HANDLES_PATIENCE_MS;
        loop {
            match take_pool().await {
                Err(error) if is_still_open(&error) && now_ms() < patient_until_ms => {
                    TimeoutFuture::new(HANDLES_POLL_MS).await;
                }
                outcome => return outcome.map(|pool| Self { pool }).map_err(pool_error),
            }
        }
    }

    /// Gives all file handles back, so that another tab can take them. The connection must be closed before.
    ///
    /// # Errors
    /// When a connection is still open.
    pub fn release(&self) -> Result<(), StoreError> {
        self.pool.pause().map_err(pool_error)
    }
}

async fn take_pool() -> Result<OpfsSAHPoolUtil, OpfsSAHError> {
    let settings = OpfsSAHPoolCfgBuilder::new().initial_capacity(POOL_SLOTS).build();
    let pool = install::<WasmOsCallback>(&settings, true).await?;
    if pool.is_paused() {
        pool.resume().await?;
    }
    // A pool of an earlier version has more.
    pool.reduce_capacity(pool.capacity().saturating_sub(POOL_SLOTS)).await?;
    Ok(pool)
}

/// Whether another handle on the same file is the trouble.
fn is_still_open(error: &OpfsSAHError) -> bool {
    let OpfsSAHError::Opfs { value, .. } = error else { return false };
    js::get(value, "name").as_string().as_deref() == Some("NoModificationAllowedError")
}

fn pool_error(error: OpfsSAHError) -> StoreError {
    match error {
        OpfsSAHError::NotSupported => StoreError::Unsupported("可靠的文件存储".to_owned()),
        OpfsSAHError::Opfs { operation, value, .. } => js::storage_error(operation, &value),
        other => StoreError::Broken(other.to_string()),
    }
}
