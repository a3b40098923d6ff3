//! Room on a native system.

use std::fs;

use super::paths;
use crate::{platform::StorageInfo, store::StoreError};

/// Bytes in the app's data folder; a native system clears it only with the app.
///
/// # Errors
/// When the folder cannot be read.
pub async fn storage_info() -> Result<StorageInfo, StoreError> {
    let dir = paths::data_dir()?;
    let used = fs::read_dir(dir)
        .map_err(|error| super::database::io_error("查看数据文件夹", &error))?
        .filter_map(Result::ok)
        .filter_map(|entry| entry.metadata().ok())
        .map(|metadata| metadata.len())
        .sum();
    Ok(StorageInfo { persisted: true, used_bytes: Some(used), quota_bytes: None })
}
