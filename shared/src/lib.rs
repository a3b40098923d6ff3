//! What phone and server share: the domain, the replica, the wire and the sync machine.

pub mod replica;
pub mod wire;
