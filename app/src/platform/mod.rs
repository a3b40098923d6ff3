//! What differs between the browser and a native system: where the database lies, who keeps its key, whose turn
//! it is among several tabs or windows, how much room is left, how pictures are shrunk, whether screens are light or dark,
//! and how a new version arrives.
//!
//! Both sides offer the same few things under the same names; nothing above this module asks where it runs.

mod clock;
mod device;
mod key;
mod look;
mod picture;
mod prepare;
mod storage_info;

#[cfg(not(target_family = "wasm"))]
pub mod native;
#[cfg(target_family = "wasm")]
pub mod web;

pub use clock::now_ms;
pub use device::device_name;
pub use key::StoreKey;
pub use look::Look;
pub use picture::{PictureError, Shrunk, file_bytes_max, shrink};
pub use prepare::{open_error, prepare_connection};
pub use storage_info::StorageInfo;

#[cfg(not(target_family = "wasm"))]
pub use native::{
    look::{keep_look, kept_look},
    picture::Picture,
    storage::storage_info,
};
#[cfg(target_family = "wasm")]
pub use web::{
    look::{keep_look, kept_look},
    picture::Picture,
    storage::storage_info,
};
