//! Fields and their values as people read them. What this version does not know is shown as it stands.

use crate::{
    console::{ledger::plain, parts::topic_name},
    export::words,
};
use lianxin_shared::{
    domain::{
        Coded,
        category::TAG_PREFIX,
        household::{HouseholdClass, HouseholdState},
        opinion::OpinionKind,
        person::Sex,
        photo,
        visit::{
            TargetKind, VisitMode,
            field::{ANSWER_PREFIX, CHECKLIST_PREFIX},
        },
    },
    replica::{FieldSet, Value, kind},
    templates::templates,
};

/// Field names that mean the same in every kind.
const COMMON: [(&str, &str); 27] = [
    ("head", "户主"),
    ("group", "组"),
    ("door", "门牌"),
    ("phone", "电话"),
    ("population", "人口"),
    ("household_no", "户编号"),
    ("class", "户类型"),
    ("address", "住址"),
    ("note", "备注"),
    ("id_number", "身份证号"),
    ("state", "状态"),
    ("merged_into", "并入的户"),
    ("deleted", "删除"),
    ("household", "哪一户"),
    ("relation", "与户主关系"),
    ("sex", "性别"),
    ("birth", "出生日期"),
    ("visit", "哪次走访"),
    ("target_kind", "对象"),
    ("target_name", "走访了谁"),
    ("visitor_name", "走访干部"),
    ("companions", "同行"),
    ("notes", "走访笔录"),
    ("void_reason", "作废原因"),
    ("card_left", "联系卡"),
    ("cadre_name", "干部"),
    ("village", "迁到的村"),
];

/// Field names whose meaning depends on the kind, or that belong to one.
const OF_KIND: [(&str, &str, &str); 15] = [
    (kind::PERSON, "name", "姓名"),
    (kind::VILLAGE, "name", "村名"),
    (kind::VILLAGE, "township", "乡镇"),
    (kind::CAMPAIGN, "name", "活动名称"),
    (kind::CAMPAIGN, "scheme", "必访方案"),
    (kind::CAMPAIGN, "start", "开始日期"),
    (kind::CAMPAIGN, "end", "结束日期"),
    (kind::DIARY, "text", "手记"),
    (kind::DIARY, "date", "日期"),
    (kind::OPINION, "text", "原话"),
    (kind::OPINION, "kind", "类型"),
    (kind::OPINION, "category", "类别"),
    (kind::OPINION, "immediate", "立行立改"),
    (kind::OPINION, "anonymous", "不记名"),
    (kind::OPINION, "occurred_at", "时间"),
];

/// Whether a field says anything to people: not what only links records or counts versions.
pub(super) fn speaks(field: &str) -> bool {
    !matches!(field, "visitor" | "cadre" | "campaign" | "written_at" | "channel")
        && !field.starts_with(CHECKLIST_PREFIX)
}

/// What people call a field.
pub(super) fn label(record_kind: &str, field: &str) -> String {
    if let Some(code) = field.strip_prefix(TAG_PREFIX) {
        return format!("类别“{}”", templates().category_name(code));
    }
    if let Some(rest) = field.strip_prefix(ANSWER_PREFIX) {
        let (id, option) = rest.split_once('.').unwrap_or((rest, ""));
        let Some(item) = templates().item(id) else { return field.to_owned() };
        let option = item.options.iter().find(|known| known.code == option);
        return format!("{}{}", item.question, option.map(|one| one.label.as_str()).unwrap_or_default());
    }
    if photo::hash_of_field(field).is_some() {
        return "照片".to_owned();
    }
    let of_kind = OF_KIND.iter().find(|(kind, name, _)| *kind == record_kind && *name == field);
    if let Some((_, _, label)) = of_kind {
        return (*label).to_owned();
    }
    let visit = [("occurred_at", "走访时间"), ("mode", "方式"), ("absent", "无人在家")];
    let found = COMMON.iter().chain(&visit).find(|(name, _)| *name == field);
    found.map_or_else(|| field.to_owned(), |(_, label)| (*label).to_owned())
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
    fn fields_are_called_what_people_call_them() {
        let called = [
            (kind::HOUSEHOLD, "phone", "电话"),
            (kind::HOUSEHOLD, "tags.gugua_laoren", "类别“孤寡老人”"),
            (kind::VISIT, "answers.housing", "房子住着安全吗？"),
            (kind::VISIT, "answers.housing_trouble.leak", "房子哪里有毛病？漏雨"),
            (kind::VISIT, "occurred_at", "走访时间"),
            (kind::OPINION, "occurred_at", "时间"),
            (kind::VISIT, "of_a_newer_version", "of_a_newer_version"),
        ];
        for (kind, field, expected) in called {
            assert_eq!(label(kind, field), expected);
        }
    }

    #[test]
    fn codes_are_read_as_their_labels() {
        assert_eq!(value(kind::VISIT, "answers.housing", &"risk".into(), 0), "有隐患");
        assert_eq!(value(kind::VISIT, "mode", &"phone".into(), 0), "电话");
        assert_eq!(value(kind::OPINION, "category", &Value::Null, 0), "未归类");
        assert_eq!(value(kind::HOUSEHOLD, "phone", &Value::Null, 0), "（空）");
        assert_eq!(value(kind::HOUSEHOLD, "tags.gugua_laoren", &true.into(), 0), "是");
    }
}
