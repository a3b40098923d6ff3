//! The protocol without HTTP: what a push does, what a pull reads, in plain functions over a connection, so
//! that the simulator runs the very same code.

mod apply;
mod check;
mod local;
mod pull;
mod push;
mod repair;
mod sync;

pub use check::{CheckReport, check};
pub use local::{LocalWriter, Origin};
pub use pull::{changes_bytes_max, pull};
pub use push::{Pushed, push};
pub use repair::repair;
pub use sync::{Refusal, ServiceError, SyncService, read_phase, write_phase};

use lianxin_shared::replica::DeviceId;
use std::collections::BTreeSet;

/// What people call the office: it stands as the writer where the server itself wrote, and phones say whom to ask.
pub const OFFICE_NAME: &str = "乡镇走访办";

/// A device that has shown its token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The device.
    pub device: DeviceId,
    /// Villages that it may read and write: its cadre's, and the township's own code.
    pub villages: BTreeSet<String>,
}
