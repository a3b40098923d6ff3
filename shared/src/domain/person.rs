//! 成员: one member of a household.

use super::{
    Problem, category,
    category::Tags,
    coded::coded,
    fields as f,
    household::{NAME_CHARS_MAX, NOTE_CHARS_MAX, SHORT_CHARS_MAX},
};
use crate::replica::FieldSet;
use uuid::Uuid;

/// Field names of a `person` record; its tags are `tags.<category>`.
pub mod field {
    /// The household (uuid).
    pub const HOUSEHOLD: &str = "household";
    /// 姓名
    pub const NAME: &str = "name";
    /// 与户主关系
    pub const RELATION: &str = "relation";
    /// 身份证号
    pub const ID_NUMBER: &str = "id_number";
    /// 电话
    pub const PHONE: &str = "phone";
    /// 性别
    pub const SEX: &str = "sex";
    /// 出生日期 (`YYYY-MM-DD`)
    pub const BIRTH: &str = "birth";
    /// 备注
    pub const NOTE: &str = "note";
    /// 删除
    pub const DELETED: &str = "deleted";
}

coded! {
    /// 性别.
    Sex {
        /// Not written down.
        Unknown = "" "未填",
        /// 男
        Male = "male" "男",
        /// 女
        Female = "female" "女",
    }
}

/// Where a member stands in the household's list by 与户主关系, the head first (order of GB/T 4761: 户主、配偶、子女、
/// 孙辈、父母、祖辈、兄弟姐妹、其他).
pub fn relation_rank(relation: &str) -> u8 {
    let says = |words: &[&str]| words.iter().any(|word| relation.contains(word));
    match relation.trim() {
        "户主" | "本人" => 0,
        "妻" | "夫" => 1,
        _ if says(&["配偶", "妻子", "丈夫", "老伴", "爱人"]) => 1,
        _ if says(&["侄", "甥", "叔", "伯", "姑", "姨", "舅"]) => 8,
        _ if says(&["孙"]) => 4,
        _ if says(&["祖", "爷", "奶", "外公", "外婆", "姥"]) => 6,
        _ if says(&["父", "母", "爸", "妈", "公公", "婆婆"]) => 5,
        _ if says(&["兄", "弟", "姐", "妹", "哥", "嫂"]) => 7,
        _ if says(&["媳", "婿"]) => 3,
        _ if says(&["子", "女", "儿"]) => 2,
        _ => 8,
    }
}

/// One member as this version understands them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Person {
    /// The household.
    pub household: Option<Uuid>,
    /// 姓名
    pub name: String,
    /// 与户主关系
    pub relation: String,
    /// 身份证号
    pub id_number: String,
    /// 电话
    pub phone: String,
    /// 性别
    pub sex: Sex,
    /// 出生日期 (`YYYY-MM-DD`)
    pub birth: String,
    /// 备注
    pub note: String,
    /// Categories of this person.
    pub tags: Tags,
    /// 删除
    pub deleted: bool,
}

impl Person {
    /// Reads a record's fields.
    pub fn from_fields(fields: &FieldSet) -> Self {
        Person {
            household: f::id(fields, field::HOUSEHOLD),
            name: f::text(fields, field::NAME),
            relation: f::text(fields, field::RELATION),
            id_number: f::text(fields, field::ID_NUMBER),
            phone: f::text(fields, field::PHONE),
            sex: f::coded(fields, field::SEX),
            birth: f::text(fields, field::BIRTH),
            note: f::text(fields, field::NOTE),
            tags: f::flags_under(fields, category::TAG_PREFIX),
            deleted: f::flag(fields, field::DELETED),
        }
    }

    /// Every field that this version knows; emptied ones are null. Save [`super::changes`], not this.
    pub fn to_fields(&self) -> FieldSet {
        use super::Coded;
        let mut fields = f::collect([
            (field::HOUSEHOLD, f::id_value(self.household)),
            (field::NAME, f::text_value(&self.name)),
            (field::RELATION, f::text_value(&self.relation)),
            (field::ID_NUMBER, f::text_value(&self.id_number)),
            (field::PHONE, f::text_value(&self.phone)),
            (field::SEX, f::text_value(self.sex.code())),
            (field::BIRTH, f::text_value(&self.birth)),
            (field::NOTE, f::text_value(&self.note)),
            (field::DELETED, f::flag_value(self.deleted)),
        ]);
        fields.extend(category::tag_fields(&self.tags));
        fields
    }

    /// What a person should mend before saving.
    pub fn validate(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.name.trim().is_empty() {
            problems.push(Problem::new(field::NAME, "请填成员姓名。"));
        }
        if self.household.is_none() {
            problems.push(Problem::new(field::HOUSEHOLD, "没有选定是哪一户，请从户册里打开那一户再添。"));
        }
        if !self.birth.is_empty() && !f::is_date(&self.birth) {
            problems.push(Problem::new(field::BIRTH, "出生日期应写成 1956-03-08 这样，请核对。"));
        }
        problems.extend(f::odd_phone(field::PHONE, &self.phone));
        problems.extend(f::too_long(field::NAME, "姓名", &self.name, NAME_CHARS_MAX));
        problems.extend(f::too_long(field::RELATION, "与户主关系", &self.relation, SHORT_CHARS_MAX));
        problems.extend(f::too_long(field::NOTE, "备注", &self.note, NOTE_CHARS_MAX));
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_survive_the_round_trip() {
        let person = Person {
            household: Some(Uuid::from_u128(7)),
            name: "𠮷有福".to_owned(),
            relation: "户主".to_owned(),
            sex: Sex::Male,
            birth: "1951-02-28".to_owned(),
            tags: Tags::from([("lao_dangyuan".to_owned(), true)]),
            ..Person::default()
        };
        assert_eq!(Person::from_fields(&person.to_fields()), person);
        assert_eq!(person.validate(), []);
    }

    #[test]
    fn a_family_stands_in_the_order_of_a_household_book() {
        let mut family = [
            "其他",
            "弟媳",
            "外孙女",
            "侄女",
            "母亲",
            "次子",
            "姑父",
            "祖母",
            "儿媳",
            "妻子",
            "户主",
            "岳父",
            "孙子",
        ];
        family.sort_by_key(|relation| relation_rank(relation));
        assert_eq!(
            family,
            [
                "户主",
                "妻子",
                "次子",
                "儿媳",
                "外孙女",
                "孙子",
                "母亲",
                "岳父",
                "祖母",
                "弟媳",
                "其他",
                "侄女",
                "姑父"
            ]
        );
    }

    #[test]
    fn a_day_that_does_not_exist_is_questioned() {
        let person = Person {
            household: Some(Uuid::nil()),
            name: "马建国".to_owned(),
            birth: "1953-02-30".to_owned(),
            ..Person::default()
        };
        assert_eq!(person.validate().len(), 1);
    }
}
