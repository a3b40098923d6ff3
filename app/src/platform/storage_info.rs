//! How much room the device gives, and whether it promised to keep it.

use serde::{Deserialize, Serialize};

/// The device's storage as far as it tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StorageInfo {
    /// Whether the browser promised not to clear the store by itself; natively always true.
    pub persisted: bool,
    /// Bytes used by this app, where the system tells.
    pub used_bytes: Option<u64>,
    /// Bytes this app may use in all, where the system tells.
    pub quota_bytes: Option<u64>,
}
