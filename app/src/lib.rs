//! The phone app of 连心册: store, sync driver, platform, and (feature `ui`) its screens.

pub mod beijing;
pub mod ids;
pub mod platform;
pub mod store;
pub mod sync;
#[cfg(feature = "ui")]
pub mod ui;
