//! The phone app of 连心册: store, sync driver, platform, and (feature `ui`) its screens.

pub mod beijing;
pub mod ids;
pub mod platform;
pub mod store;
pub mod sync;

#[cfg(feature = "ui")]
mod components;
#[cfg(feature = "ui")]
mod format;
#[cfg(feature = "ui")]
mod route;
#[cfg(feature = "ui")]
mod state;
#[cfg(feature = "ui")]
mod text;
#[cfg(feature = "ui")]
pub mod ui;
#[cfg(feature = "ui")]
mod views;
