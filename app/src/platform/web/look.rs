//! The look is kept by `look.js`, which shows it before anything is painted.

use wasm_bindgen::{JsCast, JsValue};

use crate::platform::Look;

/// The look that this browser keeps for the app.
pub fn kept_look() -> Look {
    told(&JsValue::UNDEFINED)
        .and_then(|kept| kept.as_string())
        .map(|code| Look::from_code(&code))
        .unwrap_or_default()
}

/// Keeps a look and gives it to what the app's own sheets do not reach.
pub fn keep_look(look: Look) {
    told(&JsValue::from_str(look.code()));
}

fn told(look: &JsValue) -> Option<JsValue> {
    let window = web_sys::window()?;
    let keeper = js_sys::Reflect::get(&window, &JsValue::from_str("lianxinLook")).ok()?;
    keeper.dyn_into::<js_sys::Function>().ok()?.call1(&window, look).ok()
}
