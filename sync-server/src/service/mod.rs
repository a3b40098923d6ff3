//! The protocol without HTTP: what a push does, what a pull reads, in plain functions over a connection, so
//! that the simulator runs the very same code.

mod apply;
mod carry;
mod check;
mod erase;
mod held;
mod history;
mod life;
mod local;
mod moves;
mod order;
mod pull;
mod push;
mod repair;
mod salvage;
mod sync;
#[cfg(test)]
mod tests;

pub use carry::carry_over;
pub use check::{CheckReport, check};
pub use erase::{ErasedEntry, ErasureAct, entries as erased_entries, erase, erase_for_good, told_of};
pub use held::{Ruled, Ruling, grant_villages, rule, why_never};
pub use history::{Authors, Change, FieldChange, Said, history};
pub use life::{NewLife, begin_life};
pub use local::{LocalWriter, Origin};
pub use moves::{MoveError, move_household};
pub use pull::{changes_beside_push_bytes_max, changes_bytes_max, pull};
pub use push::{MOVED_AWAY, NOT_GRANTED, Pushed, push};
pub use repair::repair;
pub use salvage::{BROUGHT_BACK, salvage};
pub use sync::{
    Refusal, ServiceError, SyncService, Unpacked, begin_next_life, greet, note_sync, write_phase,
};

use lianxin_shared::replica::DeviceId;
use std::collections::{BTreeMap, BTreeSet};

/// What people call the office: it stands as the writer where the server itself wrote, and phones say whom to ask.
pub const OFFICE_NAME: &str = "乡镇走访办";

/// A device that has shown its token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The device.
    pub device: DeviceId,
    /// Villages that it may read and write: its cadre's, and the township's own code.
    pub villages: BTreeSet<String>,
    /// Villages whose grant has ended, and when (Unix milliseconds): what was written before is still accepted.
    pub past: BTreeMap<String, i64>,
    /// It was revoked: what it still sends is kept apart for the office, and it receives nothing.
    pub revoked: bool,
}
