//! The sync core without I/O: the phone's machine, its back-off, the courier of its photos, and the pure half of the server's admission.

mod admission;
mod backoff;
mod courier;
mod limits;
mod machine;
mod steps;

pub use admission::{Admission, admit, order_of, runs_ahead};
pub use backoff::{Backoff, retry_ms_max, retry_ms_min};
pub use courier::{
    Courier, CourierAction, CourierInput, Errand, Outcome, Parcel, Part, detours_max, piece_bytes_max,
    piece_bytes_min, piece_bytes_start, piece_slow_ms,
};
pub use limits::{
    batch_bytes_max, batch_bytes_min, batch_bytes_start, batch_slow_ms, idle_pull_ms, renewals_max, settle_ms,
};
pub use machine::Machine;
pub use steps::{Action, CommitReport, Failure, Input, Outgoing, Phase, Salvage};
