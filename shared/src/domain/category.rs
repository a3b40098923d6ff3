//! 走访对象的类别: what the must-visit schemes of S0, S3 and S4 name. A category is a tag on a household or
//! a person; several at once are usual. The list itself is data: `templates/categories.json`.

use super::fields;
use crate::replica::FieldSet;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Tag fields are `tags.<category code>`.
pub const TAG_PREFIX: &str = "tags.";
/// The checklist of a household that carries no category (一般户).
pub const GENERAL: &str = "general";

/// One category of people or households to visit.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Category {
    /// Code kept in records (`gugua_laoren`); never changes its meaning.
    pub code: String,
    /// What people read (孤寡老人).
    pub name: String,
    /// Whether the tag is about a person or the whole household. A person's tag is repeated on the
    /// household, since lists, chips and coverage go by household.
    pub borne_by: BorneBy,
    /// Where it is used.
    pub place: Place,
    /// Code of the category of another document that whoever is of this one is of too（约定）: a 特困户 (S4) is a 困难户
    /// (S3), so that each document's scheme counts it.
    #[serde(default)]
    pub is_also: Option<String>,
    /// The document that names it.
    pub source: String,
}

/// Whom a category's tag is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BorneBy {
    /// The whole household (困难户).
    Household,
    /// One person (老党员).
    Person,
}

/// Where a category is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// Villages: the phone offers it as a tag and a filter.
    Village,
    /// A county's own units (S3 县直单位): not offered in a village's register.
    Unit,
}

/// The field that carries a category's tag: `tags.<code>`.
pub fn tag_field(category: &str) -> String {
    format!("{TAG_PREFIX}{category}")
}

/// Codes of the categories whose tag a record's fields say to be true, known to this version or not.
pub fn tagged(record: &FieldSet) -> impl Iterator<Item = String> {
    fields::flags_under(record, TAG_PREFIX).into_iter().filter_map(|(code, on)| on.then_some(code))
}

/// The tags of an entity: false means taken off, which must be written, unlike never put on.
pub type Tags = BTreeMap<String, bool>;

/// The tags as fields.
pub(crate) fn tag_fields(tags: &Tags) -> FieldSet {
    tags.iter().map(|(code, on)| (tag_field(code), (*on).into())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replica::Value;

    #[test]
    fn a_tag_taken_off_is_not_listed() {
        let record = FieldSet::from([
            (tag_field("lao_dangyuan"), Value::Bool(true)),
            (tag_field("canji_ren"), Value::Bool(false)),
            (tag_field("of_a_newer_version"), Value::Bool(true)),
            ("tagsx".to_owned(), Value::Bool(true)),
        ]);
        assert_eq!(tagged(&record).collect::<Vec<_>>(), ["lao_dangyuan", "of_a_newer_version"]);
    }
}
