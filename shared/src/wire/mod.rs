//! What travels between phone and server. Apart from the domain and replica types, so that a change there
//! cannot change the wire by accident; golden files in `tests/` freeze every version.

pub mod v1;

/// The newest protocol that this build speaks. History: 1 (2026-11): first.
pub const PROTOCOL: u32 = 1;
