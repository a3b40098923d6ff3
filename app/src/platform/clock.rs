//! The device's clock, the one place that reads it.

/// Milliseconds since 1970 (UTC) by this device's own clock, which may be wrong by years: only the sync machine,
/// which knows the server's offset, judges it.
pub fn now_ms() -> i64 {
    #[cfg(target_family = "wasm")]
    {
        js_sys::Date::now() as i64
    }
    #[cfg(not(target_family = "wasm"))]
    {
        chrono::DateTime::<chrono::Utc>::from(std::time::SystemTime::now()).timestamp_millis()
    }
}
