//! The store actor: SQLite on its own thread (natively) or in its own worker (browser), asked by messages.

pub mod draft;
mod error;
mod request;

pub use error::StoreError;
pub use request::*;
