//! Waiting, in the browser and natively.

use std::time::Duration;

/// Comes back after `time`.
pub(crate) async fn pause(time: Duration) {
    #[cfg(target_family = "wasm")]
    gloo_timers::future::sleep(time).await;
    #[cfg(not(target_family = "wasm"))]
    tokio::time::sleep(time).await;
}
