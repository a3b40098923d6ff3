//! The one rusqlite implementation of replica and projections, used by the phone (natively and in the
//! browser) and by the server. Neither writes its own.

mod migrate;
mod projection;
mod rows;
mod stale;

pub use migrate::{SchemaError, migrate};
pub use projection::{IS_PRESENT, project, rebuild_projections};
pub use rows::{
    RECORD_COLUMNS, Replica, SqliteError, digest_of, newest_order, read_row, row_from, rows_after, uuid_at,
};
pub use stale::refresh_stale;

/// The tables of replica and projections, version 1. Never edited once shipped.
pub const REPLICA_V1: &str = include_str!("schema/replica_v1.sql");

/// Version 2: whether a household is on the register. Never edited once shipped.
pub const REPLICA_V2: &str = include_str!("schema/replica_v2.sql");

/// Version 3: the bodies out of the index. Never edited once shipped.
pub const REPLICA_V3: &str = include_str!("schema/replica_v3.sql");
