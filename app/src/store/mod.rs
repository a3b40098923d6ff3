//! The store actor: SQLite on its own thread (natively) or in its own worker (browser), asked by messages.
//!
//! Invariant: no screen holds a connection, and nothing but the actor touches the database.

mod amend;
mod campaign;
mod client;
#[cfg(not(target_family = "wasm"))]
mod client_native;
#[cfg(target_family = "wasm")]
mod client_web;
mod conflicts;
mod db;
pub mod draft;
mod drafts;
mod erase;
mod erase_draft;
mod error;
mod former;
mod glance;
mod handle;
mod held;
mod households;
mod link;
mod meta;
mod outgoing;
mod overview;
mod phase;
mod photo_desk;
mod photos;
mod placing;
mod records;
mod register;
mod repair;
mod replicate;
mod request;
mod scope;
mod search;
mod sync_desk;
mod tally;
#[cfg(test)]
mod test_world;
mod words;
#[cfg(target_family = "wasm")]
mod worker_web;

pub use client::StoreClient;
use db::db_error;
pub use error::StoreError;
pub use handle::{MIGRATIONS, Store};
pub use meta::Membership;
pub use phase::StorePhase;
pub use photos::fetched_file_bytes_max;
pub use request::*;
#[cfg(target_family = "wasm")]
pub use worker_web::run_worker;
