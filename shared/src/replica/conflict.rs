//! Conflicts: several people wrote one field without having seen one another.

use super::{fold::Write, stamp::Stamp, value::Value};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// One write that lost against the shown one although nobody has seen it. Kept as a record of kind
/// `conflict` until a person settles it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// hash(record, field, loser's stamp): the same wherever and whenever it is found.
    pub id: Uuid,
    /// The record written to.
    pub record: Uuid,
    /// Its kind.
    pub record_kind: String,
    /// Its village.
    pub village: String,
    /// The field.
    pub field: String,
    /// Stamp of the write that is shown.
    pub winner_stamp: Stamp,
    /// Stamp of the write that is not.
    pub loser_stamp: Stamp,
    /// Order of the write that is not.
    pub loser_order: Stamp,
    /// What it wrote: nobody's words disappear.
    pub loser_value: Value,
}

impl Conflict {
    pub(crate) fn new(
        record: Uuid,
        kind: &str,
        village: &str,
        field: &str,
        winner: &Write,
        loser: &Write,
    ) -> Self {
        Conflict {
            id: conflict_id(record, field, loser.stamp),
            record,
            record_kind: kind.to_owned(),
            village: village.to_owned(),
            field: field.to_owned(),
            winner_stamp: winner.stamp,
            loser_stamp: loser.stamp,
            loser_order: loser.order,
            loser_value: loser.value.clone(),
        }
    }
}

/// The id of the conflict that `loser`'s write of `field` is.
pub fn conflict_id(record: Uuid, field: &str, loser: Stamp) -> Uuid {
    let mut hasher = Sha256::new();
    hasher.update(b"lianxin conflict");
    hasher.update(record.as_bytes());
    hasher.update(loser.to_bytes());
    hasher.update(field.as_bytes());
    let mut bytes = [0; 16];
    for (to, from) in bytes.iter_mut().zip(hasher.finalize()) {
        *to = from;
    }
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}
