//! Room in the browser, and its promise to keep what is stored.

use wasm_bindgen::{JsCast, JsValue};
use web_sys::StorageEstimate;

use super::js;
use crate::{platform::StorageInfo, store::StoreError};

/// Asks the browser to keep the store (it may say no) and how much room there is. For the page, not the worker.
///
/// # Errors
/// When the browser has no storage manager.
pub async fn storage_info() -> Result<StorageInfo, StoreError> {
    let window = web_sys::window().ok_or_else(|| StoreError::Unsupported("页面".to_owned()))?;
    let storage = window.navigator().storage();
    let failed = |error: JsValue| js::storage_error("查看空间", &error);
    let persisted = js::settle(storage.persist()).await.map_err(failed)?.is_truthy();
    let estimate: StorageEstimate = js::settle(storage.estimate()).await.map_err(failed)?.unchecked_into();
    let bytes = |value: Option<f64>| value.map(|bytes| bytes as u64);
    Ok(StorageInfo {
        persisted,
        used_bytes: bytes(estimate.get_usage()),
        quota_bytes: bytes(estimate.get_quota()),
    })
}
