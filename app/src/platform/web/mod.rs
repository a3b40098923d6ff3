//! The browser: the database lies in OPFS inside a dedicated worker, its key in IndexedDB under a key that cannot be
//! taken out, and one lock says which tab's worker may open it.

pub mod database;
pub(crate) mod js;
mod key_box;
pub(crate) mod leaving;
pub mod look;
pub mod picture;
pub mod storage;
pub mod turn;
pub mod update;

pub use js::in_worker;

use wasm_bindgen::{JsCast, JsValue};

/// Shows the page's own notice about which browser to use; it works without the screens, so it also serves when the
/// store cannot start at all.
pub fn show_unsupported(missing: &str) {
    let Some(window) = web_sys::window() else { return };
    let notice = js_sys::Reflect::get(&window, &JsValue::from_str("lianxinUnsupported"))
        .ok()
        .and_then(|value| value.dyn_into::<js_sys::Function>().ok());
    if let Some(notice) = notice {
        let _ = notice.call1(&window, &JsValue::from_str(missing));
    }
}
