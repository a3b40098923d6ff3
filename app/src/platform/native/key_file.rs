//! The database's key in a file that only this user may read.

use std::{
    fs::{self, File, OpenOptions},
    io::{ErrorKind, Write},
    path::Path,
};

use super::database::io_error;
use crate::{platform::StoreKey, store::StoreError};

/// The key file's name, beside the database.
pub(super) const KEY_FILE: &str = "lianxin.key";

/// The key in `dir`; a new one only if no database exists that an old one would open.
pub(super) fn load_or_create(dir: &Path, database_exists: bool) -> Result<StoreKey, StoreError> {
    let path = dir.join(KEY_FILE);
    match fs::read_to_string(&path) {
        Ok(text) => {
            StoreKey::from_hex(text.trim()).ok_or_else(|| StoreError::Locked("钥匙文件的内容不对".to_owned()))
        }
        Err(error) if error.kind() == ErrorKind::NotFound && database_exists => {
            Err(StoreError::Locked("找不到钥匙文件".to_owned()))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => create(dir, &path),
        Err(error) => Err(StoreError::Locked(format!("读不了钥匙文件：{error}"))),
    }
}

/// Writes a new key so that a power cut leaves either none or a whole one.
fn create(dir: &Path, path: &Path) -> Result<StoreKey, StoreError> {
    let key = StoreKey::random().map_err(|error| StoreError::Broken(format!("没有随机数：{error}")))?;
    let fresh = path.with_extension("new");
    let written = private_file(&fresh)
        .and_then(|mut file| file.write_all(key.hex().as_bytes()).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&fresh, path))
        .and_then(|()| sync_dir(dir));
    written.map_err(|error| io_error("写钥匙文件", &error))?;
    Ok(key)
}

#[cfg(unix)]
fn private_file(path: &Path) -> std::io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(path)
}

#[cfg(not(unix))]
fn private_file(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().create(true).write(true).truncate(true).open(path)
}

/// Makes the rename itself durable, where folders can be synced.
fn sync_dir(dir: &Path) -> std::io::Result<()> {
    if cfg!(unix) { File::open(dir)?.sync_all() } else { Ok(()) }
}
