//! Where the app keeps its data on a native system.

use std::{env, path::PathBuf};

use crate::store::StoreError;

/// Names a folder to use instead of the system's own, for tests and a second phone on one desk.
const DATA_DIR_VARIABLE: &str = "LIANXIN_DATA_DIR";

/// The folder that holds the store of this device.
///
/// # Errors
/// When the system has no home folder for the user and none was named.
pub fn data_dir() -> Result<PathBuf, StoreError> {
    if let Some(named) = env::var_os(DATA_DIR_VARIABLE) {
        return Ok(PathBuf::from(named));
    }
    directories::ProjectDirs::from("cn", "lianxin", "lianxin")
        .map(|dirs| dirs.data_local_dir().to_path_buf())
        .ok_or_else(|| StoreError::Broken("系统没有给出数据文件夹".to_owned()))
}
