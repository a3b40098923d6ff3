//! 依法抹去 (个人信息保护法 第四十七条): what may stand nowhere any more, and how it is taken out of a write, a row, a
//! conflict. Envelopes stay: who wrote when, under which number, with which hash.

use super::{
    patch::{Base, FieldSet},
    row::{FieldVersion, Row},
    value::Value,
};
use crate::domain::{household, region};
use std::collections::BTreeSet;

/// The field that takes a record out of every list: a record that was erased whole says nothing else.
const DELETED: &str = household::field::DELETED;

/// What has been erased of one record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Erasure {
    whole: bool,
    fields: BTreeSet<String>,
}

impl Erasure {
    /// One field more; the empty name is the whole record.
    pub fn add(&mut self, field: String) {
        if field.is_empty() {
            self.whole = true;
        } else {
            self.fields.insert(field);
        }
    }

    /// Whether nothing has been erased.
    pub fn is_none(&self) -> bool {
        !self.whole && self.fields.is_empty()
    }

    /// Whether the whole record has been.
    pub fn is_whole(&self) -> bool {
        self.whole
    }

    /// Whether what is written into a field may stand nowhere.
    pub fn covers(&self, field: &str) -> bool {
        self.whole || self.fields.contains(field)
    }

    /// Takes what was erased out of a write: a field is emptied, a whole record says only that it is gone (and, of a
    /// household, to which village the office had moved it: its visits are there). True if anything was taken out.
    pub fn redact(&self, set: &mut FieldSet, base: &mut Base) -> bool {
        if self.whole {
            let before = (set.clone(), base.clone());
            set.retain(is_place);
            base.retain(|name, _| set.contains_key(name));
            set.insert(DELETED.to_owned(), Value::Bool(true));
            return before != (set.clone(), base.clone());
        }
        let mut any = false;
        for (_, value) in set.iter_mut().filter(|(name, _)| self.fields.contains(*name)) {
            any |= *value != Value::Null;
            *value = Value::Null;
        }
        any
    }

    /// Takes it out of a row; true if anything was taken out.
    pub fn redact_row(&self, row: &mut Row) -> bool {
        let before = row.fields.clone();
        if self.whole {
            let newest = row.fields.values().max_by_key(|version| version.order).cloned();
            row.fields.retain(|name, version| is_place(name, &mut version.value));
            let gone = newest.map(|newest| FieldVersion { value: Value::Bool(true), ..newest });
            row.fields.extend(gone.map(|gone| (DELETED.to_owned(), gone)));
        }
        for (_, version) in row.fields.iter_mut().filter(|(name, _)| self.fields.contains(*name)) {
            version.value = Value::Null;
        }
        row.fields != before
    }

    /// Takes the words that lost out of a conflict of the record, and closes it; true if anything has changed.
    pub fn redact_conflict(&self, conflict: &mut Row) -> bool {
        if !self.covers(conflict.text("field")) {
            return false;
        }
        let before = conflict.fields.clone();
        for (name, value) in [("other", Value::Null), ("open", Value::Bool(false))] {
            if let Some(version) = conflict.fields.get_mut(name) {
                version.value = value;
            }
        }
        conflict.fields != before
    }
}

/// Whether a field only says in which village a household is: no villager's word.
fn is_place(name: &String, value: &mut Value) -> bool {
    name == household::field::VILLAGE && value.as_text().is_some_and(region::is_code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replica::{DeviceId, Stamp};
    use uuid::Uuid;

    const VILLAGE: &str = "330100101001";

    fn erased(fields: &[&str]) -> Erasure {
        let mut erasure = Erasure::default();
        fields.iter().for_each(|field| erasure.add((*field).to_owned()));
        erasure
    }

    fn written() -> (FieldSet, Base) {
        let set = FieldSet::from([
            ("head".into(), "周秀兰".into()),
            ("phone".into(), "13800000001".into()),
            ("village".into(), VILLAGE.into()),
            ("deleted".into(), false.into()),
        ]);
        let stamp = Stamp { wall_ms: 1, counter: 0, device: DeviceId::from_bits(1) };
        (set, Base::from([("phone".into(), vec![stamp])]))
    }

    #[test]
    fn a_field_is_emptied_and_stays_named_with_what_its_editor_had_seen() {
        let (mut set, mut base) = written();
        assert!(erased(&["phone"]).redact(&mut set, &mut base));
        assert_eq!((set.get("phone"), set.get("head")), (Some(&Value::Null), Some(&"周秀兰".into())));
        assert_eq!(base, written().1);
        assert!(!erased(&["phone"]).redact(&mut set, &mut base), "once");
    }

    #[test]
    fn a_whole_record_says_only_that_it_is_gone_and_where_its_visits_are() {
        let (mut set, mut base) = written();
        assert!(erased(&["", "phone"]).redact(&mut set, &mut base));
        let left = FieldSet::from([("deleted".into(), true.into()), ("village".into(), VILLAGE.into())]);
        assert_eq!((set.clone(), base.clone()), (left, Base::new()));
        assert!(!erased(&[""]).redact(&mut set, &mut base), "once");
        let mut words = FieldSet::from([("village".into(), "周秀兰家".into())]);
        erased(&[""]).redact(&mut words, &mut base);
        assert_eq!(words.get("village"), None, "words under that name are words");
    }

    #[test]
    fn a_row_is_the_row_of_the_redacted_writes() {
        let stamp = Stamp { wall_ms: 7, counter: 0, device: DeviceId::from_bits(1) };
        for erasure in [erased(&[""]), erased(&["phone"])] {
            let (mut set, mut base) = written();
            let mut row = Row::empty("household", Uuid::nil(), VILLAGE);
            for (name, value) in set.clone() {
                row.fields.insert(name, FieldVersion { value, stamp, order: stamp });
            }
            assert!(erasure.redact_row(&mut row));
            erasure.redact(&mut set, &mut base);
            assert_eq!(row.values(), set);
            assert!(!erasure.redact_row(&mut row), "once");
        }
    }
}
