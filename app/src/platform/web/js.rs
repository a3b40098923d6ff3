//! Small helpers for what the browser bindings lack.

use js_sys::{Array, Function, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::DedicatedWorkerGlobalScope;

use crate::store::StoreError;

/// Whether this code runs as the store's worker rather than as the page.
pub fn in_worker() -> bool {
    js_sys::global().is_instance_of::<DedicatedWorkerGlobalScope>()
}

/// The worker's global scope.
pub(crate) fn worker_scope() -> Result<DedicatedWorkerGlobalScope, StoreError> {
    js_sys::global().dyn_into().map_err(|_| StoreError::Unsupported("后台线程".to_owned()))
}

/// `target[name]`, or `undefined`.
pub(crate) fn get(target: &JsValue, name: &str) -> JsValue {
    Reflect::get(target, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED)
}

/// Sets `target[name]`; a plain object never refuses.
pub(crate) fn set(target: &JsValue, name: &str, value: &JsValue) {
    let _ = Reflect::set(target, &JsValue::from_str(name), value);
}

/// Calls `target[name](...arguments)`.
pub(crate) fn call(target: &JsValue, name: &str, arguments: &Array) -> Result<JsValue, JsValue> {
    let function: Function = get(target, name).dyn_into()?;
    Reflect::apply(&function, target, arguments)
}

/// Awaits a promise that a binding returned or refused to return.
pub(crate) async fn settle(promise: Result<Promise, JsValue>) -> Result<JsValue, JsValue> {
    JsFuture::from(promise?).await
}

/// A JavaScript error in words: its name and message where it has them.
pub(crate) fn describe(error: &JsValue) -> String {
    let part = |name| get(error, name).as_string();
    match (part("name"), part("message")) {
        (Some(name), Some(message)) => format!("{name}: {message}"),
        (_, Some(message)) => message,
        _ => error.as_string().unwrap_or_else(|| format!("{error:?}")),
    }
}

/// A failed storage call: a full disk is told apart from the rest.
pub(crate) fn storage_error(what: &str, error: &JsValue) -> StoreError {
    if get(error, "name").as_string().as_deref() == Some("QuotaExceededError") {
        return StoreError::Full;
    }
    StoreError::Broken(format!("{what}：{}", describe(error)))
}
