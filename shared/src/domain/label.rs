//! What people read for a record's field and its value, where a screen has no form around it (conflicts, history).

use super::Coded;
use super::{opinion::OpinionKind, photo, visit::VisitMode};
use crate::replica::{Value, kind};
use crate::templates::templates;

/// The label of a field (“电话”); its name if this version does not know it.
pub fn field(record_kind: &str, name: &str) -> String {
    if let Some(code) = name.strip_prefix("tags.") {
        return format!("类别“{}”", templates().category_name(code));
    }
    if let Some(rest) = name.strip_prefix("answers.") {
        let (item, option) = rest.split_once('.').unwrap_or((rest, ""));
        let Some(item) = templates().item(item) else { return name.to_owned() };
        let option = item.options.iter().find(|o| o.code == option).map(|o| format!("：{}", o.label));
        return format!("{}{}", item.question, option.unwrap_or_default());
    }
    if name.starts_with(photo::FIELD_PREFIX) {
        return "照片".to_owned();
    }
    let label = match (record_kind, name) {
        (kind::HOUSEHOLD, "head") => "户主",
        (kind::OPINION, "text") => "原话",
        (kind::DIARY, "text") => "手记",
        (_, "group") => "组别",
        (_, "door") => "门牌",
        (_, "phone") => "电话",
        (_, "population") => "人口",
        (_, "household_no") => "户编号",
        (_, "class") => "户别",
        (_, "address") => "住址",
        (_, "note") => "备注",
        (_, "notes") => "走访笔录",
        (_, "id_number") => "身份证号",
        (_, "state") => "现状",
        (_, "name") => "姓名",
        (_, "relation") => "与户主关系",
        (_, "sex") => "性别",
        (_, "birth") => "出生日期",
        (_, "deleted") => "删除",
        (_, "merged_into") => "并入的户",
        (_, "target_name") => "走访对象",
        (_, "companions") => "同行",
        (_, "occurred_at") => "走访时间",
        (_, "mode") => "方式",
        (_, "absent") => "无人在家",
        (_, "card_left") => "联系卡",
        (_, "kind") => "性质",
        (_, "immediate") => "立行立改",
        (_, "anonymous") => "不留姓名",
        _ => name,
    };
    label.to_owned()
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
        assert_eq!(field(kind::PERSON, "phone"), "电话");
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
