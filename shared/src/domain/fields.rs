//! Reading typed values out of a record's flat fields, writing them back, and what differs between two states.

use super::Coded;
use crate::replica::{FieldSet, Value};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Something that a person should mend, in Chinese. Nothing is lost by it: a record with problems can
/// still be kept as a draft.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The field or checklist item (`head`, `answers.medicine`) beside which the message belongs.
    pub field: String,
    /// What is wrong and what to do.
    pub message: String,
}

impl Problem {
    /// A problem of one field.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Problem { field: field.into(), message: message.into() }
    }
}

/// What to write so that `before` becomes `after`: only fields of `after` that differ, where an absent
/// field equals an emptied one. Fields that `after` does not name are left alone.
pub fn changes(before: &FieldSet, after: &FieldSet) -> FieldSet {
    after
        .iter()
        .filter(|(name, value)| before.get(*name).unwrap_or(&Value::Null) != *value)
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// The text of a field, or empty.
pub(crate) fn text(fields: &FieldSet, name: &str) -> String {
    fields.get(name).and_then(Value::as_text).unwrap_or_default().to_owned()
}

/// The integer of a field.
pub(crate) fn int(fields: &FieldSet, name: &str) -> Option<i64> {
    fields.get(name).and_then(Value::as_int)
}

/// True only if the field says so.
pub(crate) fn flag(fields: &FieldSet, name: &str) -> bool {
    fields.get(name).is_some_and(Value::is_true)
}

/// The id of a field.
pub(crate) fn id(fields: &FieldSet, name: &str) -> Option<Uuid> {
    fields.get(name).and_then(Value::as_text).and_then(|text| Uuid::parse_str(text).ok())
}

/// The coded value of a field; the default for an absent or unknown code.
pub(crate) fn coded<C: Coded>(fields: &FieldSet, name: &str) -> C {
    fields.get(name).and_then(Value::as_text).and_then(C::from_code).unwrap_or_default()
}

/// The fields under `prefix`, by what follows it.
fn under<'a>(fields: &'a FieldSet, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a Value)> {
    fields
        .range(prefix.to_owned()..)
        .map_while(move |(name, value)| name.strip_prefix(prefix).map(|rest| (rest, value)))
}

/// The booleans under `prefix`; those said to be false are kept, so that taking a tag off can be written.
pub(crate) fn flags_under(fields: &FieldSet, prefix: &str) -> BTreeMap<String, bool> {
    under(fields, prefix)
        .filter_map(|(rest, value)| match value {
            Value::Bool(on) => Some((rest.to_owned(), *on)),
            _ => None,
        })
        .collect()
}

/// The integers under `prefix`.
pub(crate) fn ints_under(fields: &FieldSet, prefix: &str) -> BTreeMap<String, i64> {
    under(fields, prefix).filter_map(|(rest, value)| Some((rest.to_owned(), value.as_int()?))).collect()
}

/// The fields under `prefix` with their full names.
pub(crate) fn fields_under(fields: &FieldSet, prefix: &str) -> FieldSet {
    under(fields, prefix).map(|(rest, value)| (format!("{prefix}{rest}"), value.clone())).collect()
}

/// Text as a value: empty text is an emptied field.
pub(crate) fn text_value(text: &str) -> Value {
    if text.is_empty() { Value::Null } else { Value::from(text) }
}

/// An optional integer as a value.
pub(crate) fn int_value(int: Option<i64>) -> Value {
    int.map_or(Value::Null, Value::Int)
}

/// An optional id as a value.
pub(crate) fn id_value(id: Option<Uuid>) -> Value {
    id.map_or(Value::Null, |id| Value::Text(id.to_string()))
}

/// A flag as a value: what was never said stays absent (null) rather than false.
pub(crate) fn flag_value(on: bool) -> Value {
    if on { Value::Bool(true) } else { Value::Null }
}

/// Collects `(name, value)` pairs into fields.
pub(crate) fn collect<'a>(pairs: impl IntoIterator<Item = (&'a str, Value)>) -> FieldSet {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Whether the text is a day that exists, written `YYYY-MM-DD`.
pub(crate) fn is_date(text: &str) -> bool {
    text.len() == "2014-05-31".len() && chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok()
}

/// A problem if the text is longer than `chars_max` characters.
pub(crate) fn too_long(field: &str, name: &str, text: &str, chars_max: usize) -> Option<Problem> {
    let chars = text.chars().count();
    (chars > chars_max)
        .then(|| Problem::new(field, format!("{name}写了 {chars} 个字，最多 {chars_max} 个，请缩短。")))
}

/// A problem unless the text is empty or looks like a telephone number, or several joined by `、` (digits,
/// `-`, spaces; 7–13 digits).
pub(crate) fn odd_phone(field: &str, phone: &str) -> Option<Problem> {
    let plausible = |one: &str| {
        let digits = one.chars().filter(char::is_ascii_digit).count();
        let clean = one.chars().all(|c| c.is_ascii_digit() || matches!(c, '-' | ' ' | '+'));
        clean && (7..=13).contains(&digits)
    };
    (!phone.is_empty() && !phone.split('、').all(plausible))
        .then(|| Problem::new(field, "电话应是 7 到 13 位数字，请核对；记不准可以先空着。"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_equals_emptied_and_unknown_fields_stay() {
        let before = collect([("head", "周秀兰".into()), ("from_a_newer_version", "x".into())]);
        let after = collect([("head", "周秀兰".into()), ("phone", Value::Null), ("door", "17号".into())]);
        assert_eq!(changes(&before, &after), collect([("door", "17号".into())]));
    }

    #[test]
    fn emptying_a_field_is_written() {
        let before = collect([("phone", "14000000017".into())]);
        assert_eq!(changes(&before, &collect([("phone", Value::Null)])), collect([("phone", Value::Null)]));
    }

    #[test]
    fn a_phone_with_letters_is_questioned_and_an_empty_one_is_not() {
        assert!(odd_phone("phone", "没有").is_some());
        assert!(odd_phone("phone", "").is_none());
        assert!(odd_phone("phone", "0939-6123456").is_none());
        assert!(odd_phone("phone", "14000000017、0939-6123456").is_none(), "several in one field");
    }
}
