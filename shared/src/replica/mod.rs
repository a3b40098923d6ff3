//! The replicated data: values, stamps, patches, rows, how writes merge, and the sums that prove two
//! replicas equal. All of it is pure: no clock, randomness or I/O.

mod chain;
mod clock;
mod conflict;
mod erasure;
mod fold;
mod patch;
mod row;
mod stamp;
mod value;

pub use chain::{ChainHash, PatchHash};
pub use clock::{Clock, ahead_ms_max};
pub(crate) use clock::{order_for, runs_ahead};
pub use conflict::{Conflict, conflict_id};
pub use erasure::Erasure;
pub use fold::{History, RecordFold, Write};
pub use patch::{Base, FieldSet, Patch, PatchDraft, field_name_bytes_max, patch_bytes_max, patch_fields_max};
pub use row::{FieldVersion, Row, ScopeDigest};
pub use stamp::{DeviceId, Stamp, StampParseError};
pub use value::Value;

/// Kinds of record that this version understands; any other kind is kept and passed on untouched.
pub mod kind {
    /// 户
    pub const HOUSEHOLD: &str = "household";
    /// 成员
    pub const PERSON: &str = "person";
    /// 走访记录
    pub const VISIT: &str = "visit";
    /// 意见建议
    pub const OPINION: &str = "opinion";
    /// 蹲点手记
    pub const DIARY: &str = "diary";
    /// 村: its name, scoped by its own code
    pub const VILLAGE: &str = "village";
    /// 活动: scoped by the township's code, which every device is granted
    pub const CAMPAIGN: &str = "campaign";
    /// Two people wrote one field differently; created by the server alone.
    pub const CONFLICT: &str = "conflict";
}
