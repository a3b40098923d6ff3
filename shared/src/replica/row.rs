//! Rows: the folded state of records, and the sum that compares two replicas.

use super::{
    patch::{FieldSet, PatchDraft},
    stamp::Stamp,
    value::Value,
};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use uuid::Uuid;

/// The winning write of one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldVersion {
    /// Its value.
    pub value: Value,
    /// The write's identity.
    pub stamp: Stamp,
    /// What winners compare: the stamp, unless admission gave another.
    pub order: Stamp,
}

impl FieldVersion {
    /// Whether `self` wins over `other`: greater order; equal orders by the value's bytes.
    pub fn wins_over(&self, other: &FieldVersion) -> bool {
        (self.order, self.value.canonical_bytes()) > (other.order, other.value.canonical_bytes())
    }
}

/// One record as the replica holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Kind of the record.
    pub kind: String,
    /// The record.
    pub id: Uuid,
    /// Its village, 12-digit code.
    pub village: String,
    /// The server's commit-ordered number of its last change; 0 on a phone that has not had it from the server.
    pub seq: u64,
    /// Winning writes by field.
    pub fields: BTreeMap<String, FieldVersion>,
}

impl Row {
    /// A record without fields yet.
    pub fn empty(kind: &str, id: Uuid, village: &str) -> Self {
        Row { kind: kind.to_owned(), id, village: village.to_owned(), seq: 0, fields: BTreeMap::new() }
    }

    /// Folds one edit in, field by field; `order` is its order stamp. True if anything changed.
    /// Commutative, associative and idempotent, whatever the order of arrival.
    pub fn apply(&mut self, edit: &PatchDraft, order: Stamp) -> bool {
        let mut changed = false;
        for (name, value) in &edit.set {
            let version = FieldVersion { value: value.clone(), stamp: edit.stamp, order };
            match self.fields.get_mut(name) {
                Some(current) if version.wins_over(current) => *current = version,
                Some(_) => continue,
                None => {
                    self.fields.insert(name.clone(), version);
                }
            }
            changed = true;
        }
        changed
    }

    /// The value of a field; null if it was never written.
    pub fn value(&self, field: &str) -> &Value {
        static NULL: Value = Value::Null;
        self.fields.get(field).map_or(&NULL, |version| &version.value)
    }

    /// The text of a field, empty if it is not a text.
    pub fn text(&self, field: &str) -> &str {
        self.value(field).as_text().unwrap_or_default()
    }

    /// All values, without their stamps.
    pub fn values(&self) -> FieldSet {
        self.fields.iter().map(|(name, version)| (name.clone(), version.value.clone())).collect()
    }

    /// As if `deleted` had won: for taking a row that is no longer there out of its projections.
    pub fn mark_deleted(&mut self) {
        let zero = Stamp::from_bytes([0; 16]);
        let version = FieldVersion { value: Value::Bool(true), stamp: zero, order: zero };
        self.fields.insert("deleted".to_owned(), version);
    }

    /// 64 bits over kind, id, village and every field with its stamps; not over `seq`.
    pub fn hash(&self) -> u64 {
        let mut hasher = Sha256::new();
        for text in [self.kind.as_bytes(), self.id.as_bytes(), self.village.as_bytes()] {
            hasher.update((text.len() as u64).to_be_bytes());
            hasher.update(text);
        }
        for (name, version) in &self.fields {
            let value = version.value.canonical_bytes();
            hasher.update((name.len() as u64).to_be_bytes());
            hasher.update(name.as_bytes());
            hasher.update((value.len() as u64).to_be_bytes());
            hasher.update(&value);
            hasher.update(version.stamp.to_bytes());
            hasher.update(version.order.to_bytes());
        }
        let mut out = [0; 8];
        for (to, from) in out.iter_mut().zip(hasher.finalize()) {
            *to = from;
        }
        u64::from_be_bytes(out)
    }
}

/// The sum of row hashes over a scope, kept incrementally: equal sums, equal rows (but for 1 in 2⁶⁴).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ScopeDigest(pub u64);

impl ScopeDigest {
    /// Adds a row by its hash.
    pub fn add(&mut self, hash: u64) {
        self.0 = self.0.wrapping_add(hash);
    }
    /// Takes a row out again.
    pub fn remove(&mut self, hash: u64) {
        self.0 = self.0.wrapping_sub(hash);
    }
}
