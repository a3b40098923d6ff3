//! The editor of one record: it hands back the stamps it LOADED, never re-read ones, so that what somebody else
//! wrote meanwhile becomes a conflict that a person settles, not a silent loss.

use lianxin_shared::{
    domain::photo::{self, Photo},
    replica::{Base, FieldSet, Stamp, Value},
};
use std::collections::BTreeMap;
use uuid::Uuid;

use super::{autosave::Source, taking::HoldsPhotos};
use crate::store::{Edit, Loaded, Reply, Request, StoreError};

/// A record that is being edited, field by field.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct RecordForm {
    kind: String,
    id: Option<Uuid>,
    village: String,
    may_move: bool,
    fields: FieldSet,
    base: BTreeMap<String, Stamp>,
    /// Written with the first save of a new record, whatever field is typed first.
    opening: FieldSet,
    /// Without this field's text a new record is not begun.
    begins_with: Vec<&'static str>,
    pending: FieldSet,
    flying: FieldSet,
}

impl RecordForm {
    /// An editor of a record as loaded.
    pub(crate) fn of(loaded: Loaded) -> Self {
        RecordForm {
            kind: loaded.kind,
            id: Some(loaded.id),
            village: loaded.village,
            may_move: loaded.may_move,
            fields: loaded.fields,
            base: loaded.stamps,
            ..RecordForm::default()
        }
    }

    /// An editor of a record that begins to exist when one of `begins_with` gets its first letter; `opening` is
    /// written along.
    pub(crate) fn fresh(kind: &str, village: &str, opening: FieldSet, begins_with: &[&'static str]) -> Self {
        RecordForm {
            kind: kind.to_owned(),
            village: village.to_owned(),
            fields: opening.clone(),
            opening,
            begins_with: begins_with.to_vec(),
            ..RecordForm::default()
        }
    }

    /// The same, for a record whose id the store has minted.
    pub(crate) fn fresh_as(loaded: Loaded, opening: FieldSet, begins_with: &[&'static str]) -> Self {
        RecordForm { id: Some(loaded.id), ..Self::fresh(&loaded.kind, &loaded.village, opening, begins_with) }
    }

    /// The record, once it exists.
    pub(crate) fn id(&self) -> Option<Uuid> {
        self.id
    }

    /// The text of a field as edited so far.
    pub(crate) fn text(&self, field: &str) -> String {
        match self.fields.get(field) {
            Some(Value::Text(text)) => text.clone(),
            Some(Value::Int(number)) => number.to_string(),
            _ => String::new(),
        }
    }

    /// The photos as edited so far.
    pub(crate) fn photos(&self) -> Vec<Photo> {
        photo::photos_of(&self.fields)
    }

    /// A photo with its caption; one that is there already keeps its own.
    pub(crate) fn put_photo(&mut self, hash: &str, caption: &str) {
        if self.photos().iter().all(|photo| photo.hash != hash) {
            self.set(&photo::field_of_hash(hash), photo::value_of_caption(caption));
        }
    }

    /// A photo's caption as typed so far; one that is too long is not written.
    pub(crate) fn caption_photo(&mut self, hash: &str, caption: &str) {
        let caption = caption.trim();
        if caption.chars().count() <= photo::CAPTION_CHARS_MAX {
            self.set(&photo::field_of_hash(hash), photo::value_of_caption(caption));
        }
    }

    /// Whether a field says yes.
    pub(crate) fn is_true(&self, field: &str) -> bool {
        self.fields.get(field).is_some_and(Value::is_true)
    }

    /// The village of a record that is not begun is a matter of choice.
    pub(crate) fn set_village(&mut self, village: &str) {
        village.clone_into(&mut self.village);
    }

    /// The village.
    pub(crate) fn village(&self) -> &str {
        &self.village
    }

    /// Whether its village can still be put right: it is not begun, or has not left this phone.
    pub(crate) fn may_move(&self) -> bool {
        self.id.is_none() || self.may_move
    }

    /// It has been put into another village, or cannot be any more.
    pub(crate) fn placed(&mut self, placed: Option<&Loaded>) {
        if let Some(placed) = placed {
            placed.village.clone_into(&mut self.village);
        }
        self.may_move = placed.is_some_and(|placed| placed.may_move);
    }

    /// A field's new value; emptied text is null.
    pub(crate) fn set(&mut self, field: &str, value: Value) {
        let value = if value == Value::Text(String::new()) { Value::Null } else { value };
        self.fields.insert(field.to_owned(), value.clone());
        self.pending.insert(field.to_owned(), value);
    }

    /// Fields that were erased by law are said once, shown empty, and not tried again.
    fn let_go(&mut self, fields: Vec<String>) -> StoreError {
        for field in &fields {
            self.fields.remove(field);
        }
        StoreError::Erased { kind: self.kind.clone(), fields }
    }

    fn may_begin(&self) -> bool {
        self.begins_with.is_empty()
            || !self.base.is_empty()
            || !self.photos().is_empty()
            || self.begins_with.iter().any(|field| !self.text(field).trim().is_empty())
    }
}

impl HoldsPhotos for RecordForm {
    fn room(&self) -> Option<usize> {
        Some(photo::RECORD_PHOTOS_MAX.saturating_sub(self.photos().len()))
    }

    fn add_photo(&mut self, hash: &str) {
        self.put_photo(hash, "");
    }
}

impl Source for RecordForm {
    fn take(&mut self) -> Option<Request> {
        if self.pending.is_empty() || !self.may_begin() {
            return None;
        }
        if self.base.is_empty() {
            for (field, value) in &self.opening {
                self.pending.entry(field.clone()).or_insert_with(|| value.clone());
            }
        }
        self.flying = std::mem::take(&mut self.pending);
        let base: Base = self
            .flying
            .keys()
            .filter_map(|field| Some((field.clone(), vec![*self.base.get(field)?])))
            .collect();
        Some(Request::Save(Edit {
            kind: self.kind.clone(),
            id: self.id,
            village: self.village.clone(),
            set: self.flying.clone(),
            base,
        }))
    }

    fn is_held_back(&self) -> bool {
        !self.pending.is_empty() && !self.may_begin()
    }

    fn settle(&mut self, outcome: Result<Reply, StoreError>) -> Result<(), StoreError> {
        let flying = std::mem::take(&mut self.flying);
        let failed = match outcome {
            Ok(Reply::Record(mut saved)) => {
                self.id = Some(saved.id);
                self.may_move = saved.may_move;
                // Only of what was saved here: any other field keeps the stamp that this editor has seen.
                for field in flying.keys() {
                    if let Some(stamp) = saved.stamps.get(field) {
                        self.base.insert(field.clone(), *stamp);
                    }
                }
                if saved.erased.is_empty() {
                    return Ok(());
                }
                return Err(self.let_go(std::mem::take(&mut saved.erased)));
            }
            Err(StoreError::Erased { fields, .. }) => return Err(self.let_go(fields)),
            Ok(_) => StoreError::Broken("answer of another kind".to_owned()),
            Err(error) => error,
        };
        for (field, value) in flying {
            self.pending.entry(field).or_insert(value);
        }
        Err(failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::RecordPlace;
    use lianxin_shared::replica::DeviceId;

    fn stamp(ms: u64) -> Stamp {
        Stamp { wall_ms: ms, counter: 0, device: DeviceId::from_bits(1) }
    }

    fn loaded(fields: &[(&str, &str)], ms: u64) -> Loaded {
        Loaded {
            kind: "household".to_owned(),
            id: Uuid::from_u128(7),
            village: "510722101201".to_owned(),
            fields: fields.iter().map(|(f, v)| ((*f).to_owned(), Value::from(*v))).collect(),
            stamps: fields.iter().map(|(f, _)| ((*f).to_owned(), stamp(ms))).collect(),
            place: RecordPlace::Waiting,
            may_move: false,
            erased: Vec::new(),
        }
    }

    fn edit(request: Option<Request>) -> Edit {
        match request {
            Some(Request::Save(edit)) => edit,
            other => panic!("not a save: {other:?}"),
        }
    }

    /// 老周 writes the head's name while 阿香 has the form open: her own phone's next save must not claim to
    /// have seen it.
    #[test]
    fn the_base_is_what_the_form_loaded_and_only_saved_fields_move_on() {
        let mut form = RecordForm::of(loaded(&[("head", "李翠花"), ("phone", "138")], 1));
        form.set("phone", "139".into());
        let first = edit(form.take());
        assert_eq!(first.set, FieldSet::from([("phone".to_owned(), "139".into())]));
        assert_eq!(first.base, Base::from([("phone".to_owned(), vec![stamp(1)])]));
        form.settle(Ok(Reply::Record(loaded(&[("head", "李翠华"), ("phone", "139")], 9)))).unwrap();
        form.set("head", "李翠花花".into());
        form.set("phone", "137".into());
        let second = edit(form.take());
        assert_eq!(second.base.get("head"), Some(&vec![stamp(1)]));
        assert_eq!(second.base.get("phone"), Some(&vec![stamp(9)]));
    }

    #[test]
    fn what_a_failed_save_held_goes_out_with_the_next_but_newer_words_win() {
        let mut form = RecordForm::of(loaded(&[("head", "李"), ("phone", "1")], 1));
        form.set("head", "李翠".into());
        form.set("phone", "2".into());
        form.take();
        form.set("head", "李翠花".into());
        assert!(form.settle(Err(StoreError::Full)).is_err());
        let next = edit(form.take());
        assert_eq!(next.set.get("head"), Some(&"李翠花".into()));
        assert_eq!(next.set.get("phone"), Some(&"2".into()));
    }

    #[test]
    fn what_was_erased_by_law_is_said_once_and_not_tried_again() {
        let mut form = RecordForm::of(loaded(&[("head", "李"), ("phone", "")], 1));
        form.set("head", "李翠".into());
        form.set("tags.disabled", true.into());
        form.take();
        let saved = Loaded { erased: vec!["tags.disabled".to_owned()], ..loaded(&[("head", "李翠")], 2) };
        let told = form.settle(Ok(Reply::Record(saved))).unwrap_err();
        assert!(told.to_string().contains("依法抹去"), "{told}");
        assert!(!form.is_true("tags.disabled"), "the switch is off again");
        assert!(form.take().is_none(), "the rest is saved, and that is let go");

        form.set("phone", "139".into());
        form.take();
        let erased = StoreError::Erased { kind: "household".to_owned(), fields: vec!["phone".to_owned()] };
        assert!(form.settle(Err(erased)).is_err());
        form.set("head", "李翠花".into());
        assert_eq!(edit(form.take()).set, FieldSet::from([("head".to_owned(), "李翠花".into())]));
    }

    #[test]
    fn a_new_household_begins_with_a_name_and_gets_its_id_from_the_store() {
        let mut form = RecordForm::fresh("household", "510722101201", FieldSet::new(), &["head", "address"]);
        form.set("group", "三组".into());
        assert!(form.take().is_none() && form.is_held_back(), "no nameless household");
        form.set("head", "周".into());
        let first = edit(form.take());
        assert_eq!((first.id, first.set.len()), (None, 2));
        form.settle(Ok(Reply::Record(loaded(&[("group", "三组"), ("head", "周")], 3)))).unwrap();
        form.set("head", "".into());
        let second = edit(form.take());
        assert_eq!(second.id, Some(Uuid::from_u128(7)));
        assert_eq!(second.set.get("head"), Some(&Value::Null), "emptied is null");
    }

    #[test]
    fn a_caption_that_is_too_long_is_not_written() {
        let mut form = RecordForm::of(loaded(&[("text", "今天")], 1));
        form.put_photo("ab", "");
        form.take();
        form.caption_photo("ab", &"长".repeat(photo::CAPTION_CHARS_MAX + 1));
        assert!(form.take().is_none());
        form.caption_photo("ab", " 门前的路 ");
        assert_eq!(edit(form.take()).set.get("photos.ab"), Some(&"门前的路".into()));
    }

    #[test]
    fn a_diary_page_that_was_only_looked_at_is_not_written() {
        let opening = FieldSet::from([("date".to_owned(), "2014-05-31".into())]);
        let mut form = RecordForm::fresh_as(loaded(&[], 0), opening, &["text"]);
        assert!(form.take().is_none());
        form.set("text", "今天".into());
        let first = edit(form.take());
        assert_eq!(first.set.get("date"), Some(&"2014-05-31".into()));
        assert_eq!(first.id, Some(Uuid::from_u128(7)));
    }
}
