//! What phone and server share: the domain, the replica, the wire and the sync machine.

pub mod domain;
pub mod replica;
#[cfg(feature = "sqlite")]
pub mod sqlite;
pub mod sync;
pub mod templates;
pub mod wire;
