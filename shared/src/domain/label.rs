//! What people read for a record's field and its value, where a screen has no form around it (conflicts, history, what is
//! held): one table for phone and console.

use super::Coded;
use super::{opinion::OpinionKind, photo, visit::VisitMode};
use crate::replica::{Value, kind};
use crate::templates::templates;

/// Field names that mean the same in every kind.
const COMMON: [(&str, &str); 30] = [
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
    ("occurred_at", "走访时间"),
    ("mode", "方式"),
    ("absent", "无人在家"),
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
    (kind::OPINION, "anonymous", "不留姓名"),
    (kind::OPINION, "occurred_at", "时间"),
];

/// The label of a field (“电话”); its name if this version does not know it.
pub fn field(record_kind: &str, name: &str) -> String {
    if let Some(code) = name.strip_prefix("tags.") {
        return format!("类别“{}”", templates().category_name(code));
    }
    if let Some(rest) = name.strip_prefix("answers.") {
        let (item, option) = rest.split_once('.').unwrap_or((rest, ""));
        let Some(item) = templates().item(item) else { return name.to_owned() };
        let option = item.options.iter().find(|o| o.code == option).map(|o| o.label.clone());
        return format!("{}{}", item.question, option.unwrap_or_default());
    }
    if name.starts_with(photo::FIELD_PREFIX) {
        return "照片".to_owned();
    }
    let of_kind = OF_KIND.iter().find(|(kind, field, _)| *kind == record_kind && *field == name);
    let common = COMMON.iter().find(|(field, _)| *field == name).map(|(_, label)| *label);
    of_kind.map(|(_, _, label)| *label).or(common).unwrap_or(name).to_owned()
}

/// A value as people read it: 是 and 否, labels instead of codes, （空） for nothing.
pub fn value(name: &str, value: &Value) -> String {
    match value {
        Value::Null if name.starts_with(photo::FIELD_PREFIX) => "（去掉这张）".to_owned(),
        Value::Bool(true) if name.starts_with(photo::FIELD_PREFIX) => "（没写说明）".to_owned(),
        Value::Null => "（空）".to_owned(),
        Value::Bool(true) => "是".to_owned(),
        Value::Bool(false) => "否".to_owned(),
        Value::Int(int) => int.to_string(),
        Value::Text(text) if text.is_empty() => "（空）".to_owned(),
        Value::Text(text) => coded(name, text).unwrap_or_else(|| text.clone()),
    }
}

fn coded(name: &str, code: &str) -> Option<String> {
    if let Some(rest) = name.strip_prefix("answers.") {
        let item = templates().item(rest.split_once('.').map_or(rest, |(item, _)| item))?;
        return item.options.iter().find(|o| o.code == code).map(|o| o.label.clone());
    }
    match name {
        "mode" => VisitMode::from_code(code).map(|mode| mode.label().to_owned()),
        "kind" => OpinionKind::from_code(code).map(|kind| kind.label().to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_read_words_and_not_codes() {
        assert_eq!(field(kind::HOUSEHOLD, "tags.gugua_laoren"), "类别“孤寡老人”");
        let called = [
            (kind::PERSON, "phone", "电话"),
            (kind::VISIT, "answers.housing", "房子住着安全吗？"),
            (kind::VISIT, "answers.housing_trouble.leak", "房子哪里有毛病？漏雨"),
            (kind::VISIT, "occurred_at", "走访时间"),
            (kind::OPINION, "occurred_at", "时间"),
        ];
        for (kind, name, expected) in called {
            assert_eq!(field(kind, name), expected);
        }
        assert_eq!(value("phone", &Value::Null), "（空）");
        assert_eq!(value("mode", &"home".into()), "入户");
        let photo = photo::field_of_hash(&"ab".repeat(32));
        assert_eq!(
            (field(kind::VISIT, &photo), value(&photo, &Value::Null)),
            ("照片".into(), "（去掉这张）".into())
        );
        assert_eq!(field("future", "unknown_field"), "unknown_field");
    }
}
