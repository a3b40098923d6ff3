//! Fields and their values as people read them. What this version does not know is shown as it stands.

use crate::export::{plain, topic_name, words};
use lianxin_shared::{
    domain::{
        Coded,
        household::{HouseholdClass, HouseholdState},
        opinion::OpinionKind,
        person::Sex,
        visit::{
            TargetKind, VisitMode,
            field::{ANSWER_PREFIX, CHECKLIST_PREFIX},
        },
    },
    replica::{FieldSet, Value, kind},
    templates::templates,
};

/// Whether a field says anything to people: not what only links records or counts versions, nor an answer that is an
/// opinion, for its record names who gave it.
pub(super) fn speaks(field: &str) -> bool {
    !matches!(field, "visitor" | "cadre" | "campaign" | "written_at" | "channel")
        && !field.starts_with(CHECKLIST_PREFIX)
        && !templates().is_opinion_answer(field)
}

/// A value of a field as people read it.
pub(super) fn value(record_kind: &str, field: &str, value: &Value, now_ms: i64) -> String {
    if let Some(rest) = field.strip_prefix(ANSWER_PREFIX)
        && let Some(item) = templates().item(rest)
    {
        let answers = FieldSet::from([(field.to_owned(), value.clone())]);
        return item.answer_text(&answers).unwrap_or_else(|| plain(value));
    }
    let coded = match (record_kind, field, value.as_text()) {
        (kind::HOUSEHOLD, "class", Some(code)) => HouseholdClass::from_code(code).map(Coded::label),
        (kind::HOUSEHOLD, "state", Some(code)) => HouseholdState::from_code(code).map(Coded::label),
        (kind::HOUSEHOLD, "state", None) => Some(HouseholdState::Home.label()),
        (kind::PERSON, "sex", Some(code)) => Sex::from_code(code).map(Coded::label),
        (kind::VISIT, "mode", Some(code)) => VisitMode::from_code(code).map(Coded::label),
        (kind::VISIT, "target_kind", Some(code)) => TargetKind::from_code(code).map(Coded::label),
        (kind::OPINION, "kind", Some(code)) => OpinionKind::from_code(code).map(Coded::label),
        (kind::OPINION, "category", code) => return topic_name(code.unwrap_or_default()).to_owned(),
        _ => None,
    };
    match (coded, field, value) {
        (Some(label), _, _) => label.to_owned(),
        (None, "occurred_at" | "written_at", Value::Int(ms)) => words::minute(*ms, now_ms),
        (None, "id_number", Value::Text(number)) => words::masked(number),
        _ => plain(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_as_their_labels() {
        assert_eq!(value(kind::VISIT, "answers.housing", &"risk".into(), 0), "有隐患");
        assert_eq!(value(kind::VISIT, "mode", &"phone".into(), 0), "电话");
        assert_eq!(value(kind::OPINION, "category", &Value::Null, 0), "未归类");
        assert_eq!(value(kind::HOUSEHOLD, "phone", &Value::Null, 0), "（空）");
        assert_eq!(value(kind::HOUSEHOLD, "tags.gugua_laoren", &true.into(), 0), "是");
    }
}
