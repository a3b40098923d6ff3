//! Patches: local edits, the only thing that a phone ever sends.

use super::{
    stamp::{Stamp, WALL_MS_MAX},
    value::Value,
};
use std::collections::BTreeMap;
use uuid::Uuid;

/// The largest patch, bytes of its fields and values; checked at save, below the smallest batch, so that
/// halving a batch always ends.
#[allow(non_upper_case_globals)]
pub const patch_bytes_max: usize = 256 * 1024;
/// The most fields of one patch.
#[allow(non_upper_case_globals)]
pub const patch_fields_max: usize = 1000;
/// The longest field name, bytes.
#[allow(non_upper_case_globals)]
pub const field_name_bytes_max: usize = 120;

/// Fields by dotted name.
pub type FieldSet = BTreeMap<String, Value>;
/// Per field, the stamps of the values that the editor had loaded; a resolution lists every stamp it settles.
pub type Base = BTreeMap<String, Vec<Stamp>>;

/// One local edit of one record, not yet sealed (it has no place in the device's sequence).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatchDraft {
    /// Identity, minted when the patch was opened.
    pub stamp: Stamp,
    /// Kind of the record.
    pub kind: String,
    /// The record.
    pub id: Uuid,
    /// The village that the writer believes the record belongs to (12-digit code).
    pub village: String,
    /// What is written.
    pub set: FieldSet,
    /// What the editor saw of each written field; a field without an entry was absent.
    pub base: Base,
}

impl PatchDraft {
    /// Bytes of field names and values, as [`patch_bytes_max`] counts them.
    pub fn size_bytes(&self) -> usize {
        let value_bytes = |v: &Value| match v {
            Value::Text(t) => t.len() + 2,
            _ => 20,
        };
        self.set.iter().map(|(name, value)| name.len() + value_bytes(value)).sum::<usize>()
            + self.base.iter().map(|(name, stamps)| name.len() + stamps.len() * 32).sum::<usize>()
    }

    /// Why this patch cannot be sent or stored as a write, in Chinese; none if it can.
    pub fn malformed(&self) -> Option<&'static str> {
        let name_ok = |name: &String| !name.is_empty() && name.len() <= field_name_bytes_max;
        if self.set.is_empty() {
            Some("空的修改")
        } else if self.set.len() > patch_fields_max || self.size_bytes() > patch_bytes_max {
            Some("内容太长")
        } else if !self.set.keys().chain(self.base.keys()).all(name_ok) {
            Some("栏目名不合规")
        } else if self.kind.is_empty() || self.kind.len() > 40 {
            Some("记录类型不合规")
        } else if self.village.len() != 12 || !self.village.bytes().all(|b| b.is_ascii_digit()) {
            Some("村代码不合规")
        } else if self.stamp.wall_ms > WALL_MS_MAX {
            Some("时间不合规")
        } else {
            None
        }
    }
}

/// A sealed patch: it has its gapless place in its device's sequence and never changes again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patch {
    /// 1, 2, 3 … per device.
    pub device_seq: u64,
    /// The edit.
    pub edit: PatchDraft,
}

impl Patch {
    /// Feeds the canonical form, length-prefixed so that no two patches share one.
    pub(crate) fn hash_into(&self, update: &mut dyn FnMut(&[u8])) {
        let edit = &self.edit;
        update(&self.device_seq.to_be_bytes());
        update(&edit.stamp.to_bytes());
        update(edit.id.as_bytes());
        for text in [&edit.kind, &edit.village] {
            update(&(text.len() as u64).to_be_bytes());
            update(text.as_bytes());
        }
        update(&(edit.set.len() as u64).to_be_bytes());
        for (name, value) in &edit.set {
            let bytes = value.canonical_bytes();
            update(&(name.len() as u64).to_be_bytes());
            update(name.as_bytes());
            update(&(bytes.len() as u64).to_be_bytes());
            update(&bytes);
        }
        for (name, stamps) in &edit.base {
            update(&(name.len() as u64).to_be_bytes());
            update(name.as_bytes());
            update(&(stamps.len() as u64).to_be_bytes());
            for stamp in stamps {
                update(&stamp.to_bytes());
            }
        }
    }
}
