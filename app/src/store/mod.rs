//! The store actor: SQLite on its own thread (natively) or in its own worker (browser), asked by messages.
//!
//! Invariant: no screen holds a connection, and nothing but the actor touches the database.

mod client;
#[cfg(not(target_family = "wasm"))]
mod client_native;
#[cfg(target_family = "wasm")]
mod client_web;
pub mod draft;
mod error;
mod handle;
mod link;
mod phase;
mod request;
#[cfg(target_family = "wasm")]
mod worker_web;

pub use client::StoreClient;
pub use error::StoreError;
pub use handle::Store;
pub use phase::StorePhase;
pub use request::*;
#[cfg(target_family = "wasm")]
pub use worker_web::run_worker;
