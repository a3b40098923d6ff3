//! 走访记录 (S3 走访笔录): one completed visit. A draft is local; completed, it is amended, never overwritten,
//! and 作废 keeps it readable. The time of the visit is not the time of writing.

use super::{
    Problem,
    category::GENERAL,
    coded::coded,
    fields as f,
    household::{NAME_CHARS_MAX, NOTE_CHARS_MAX},
};
use crate::replica::FieldSet;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Field names of a `visit` record.
pub mod field {
    /// The household (uuid); null for another target.
    pub const HOUSEHOLD: &str = "household";
    /// Kind of target.
    pub const TARGET_KIND: &str = "target_kind";
    /// The target's name as it was at the visit.
    pub const TARGET_NAME: &str = "target_name";
    /// Who visited (cadre id).
    pub const VISITOR: &str = "visitor";
    /// Their name as it was at the visit.
    pub const VISITOR_NAME: &str = "visitor_name";
    /// Who came along, names joined by 、
    pub const COMPANIONS: &str = "companions";
    /// When the visit was, ms UTC.
    pub const OCCURRED_AT: &str = "occurred_at";
    /// When it was written down, ms UTC.
    pub const WRITTEN_AT: &str = "written_at";
    /// 入户、电话、田间、其他
    pub const MODE: &str = "mode";
    /// 无人在家
    pub const ABSENT: &str = "absent";
    /// The campaign (uuid); null for none.
    pub const CAMPAIGN: &str = "campaign";
    /// 走访笔录
    pub const NOTES: &str = "notes";
    /// 联系卡 left (S3)
    pub const CARD_LEFT: &str = "card_left";
    /// 作废的原因
    pub const VOID_REASON: &str = "void_reason";
    /// `checklists.<category>`: the version of the checklist that was asked.
    pub const CHECKLIST_PREFIX: &str = "checklists.";
    /// `answers.<item>`, and `answers.<item>.<option>` where several may hold.
    pub const ANSWER_PREFIX: &str = "answers.";
}

/// What separates the names of companions.
pub const NAME_SEPARATOR: char = '、';
/// Most companions before the app asks whether that is right (S3 “随行人员不超过3人”).
pub const COMPANIONS_MAX: usize = 3;
/// Longest notes of one visit, characters.
pub const VISIT_NOTES_CHARS_MAX: usize = 20_000;

coded! {
    /// 走访对象 (S2 “进农村、进社区、进企业、进学校、进工地”, S3, S4).
    TargetKind {
        /// 户
        Household = "household" "户",
        /// 社区
        Community = "community" "社区",
        /// 企业
        Enterprise = "enterprise" "企业",
        /// 学校
        School = "school" "学校",
        /// 工地
        Site = "site" "工地",
        /// 单位
        Unit = "unit" "单位",
    }
}

/// What 入户 is called where the target is no household（约定）: nobody's home is entered at a school (S3 实地走访).
const ON_THE_SPOT: &str = "实地";

impl VisitMode {
    /// What people read of a visit to this kind of target.
    pub fn label_at(self, target: TargetKind) -> &'static str {
        use super::Coded;
        if self == VisitMode::Home && target != TargetKind::Household { ON_THE_SPOT } else { self.label() }
    }
}

coded! {
    /// 走访方式（约定）.
    VisitMode {
        /// 入户
        Home = "home" "入户",
        /// 电话
        Phone = "phone" "电话",
        /// 田间地头
        Field = "field" "田间",
        /// 其他
        Other = "other" "其他",
    }
}

/// One visit as this version understands it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Visit {
    /// The household, if the target is one.
    pub household: Option<Uuid>,
    /// Kind of target.
    pub target_kind: TargetKind,
    /// The target's name.
    pub target_name: String,
    /// Who visited (cadre id).
    pub visitor: String,
    /// Their name.
    pub visitor_name: String,
    /// Who came along.
    pub companions: Vec<String>,
    /// When the visit was, ms UTC.
    pub occurred_at: Option<i64>,
    /// When it was written down, ms UTC.
    pub written_at: Option<i64>,
    /// 走访方式
    pub mode: VisitMode,
    /// 无人在家: never counts as covered.
    pub absent: bool,
    /// The campaign.
    pub campaign: Option<Uuid>,
    /// Checklists asked: category → version; a visit reopens with these for ever.
    pub checklists: BTreeMap<String, i64>,
    /// Answers under their full field names (`answers.medicine`), as
    /// [`crate::domain::checklist::validate`] reads them.
    pub answers: FieldSet,
    /// 走访笔录
    pub notes: String,
    /// 联系卡 left
    pub card_left: bool,
    /// 作废的原因; empty for a visit that stands.
    pub void_reason: String,
}

impl Visit {
    /// Reads a record's fields.
    pub fn from_fields(fields: &FieldSet) -> Self {
        let companions = f::text(fields, field::COMPANIONS);
        let companions = companions.split(NAME_SEPARATOR).map(str::trim).filter(|name| !name.is_empty());
        Visit {
            household: f::id(fields, field::HOUSEHOLD),
            target_kind: f::coded(fields, field::TARGET_KIND),
            target_name: f::text(fields, field::TARGET_NAME),
            visitor: f::text(fields, field::VISITOR),
            visitor_name: f::text(fields, field::VISITOR_NAME),
            companions: companions.map(str::to_owned).collect(),
            occurred_at: f::int(fields, field::OCCURRED_AT),
            written_at: f::int(fields, field::WRITTEN_AT),
            mode: f::coded(fields, field::MODE),
            absent: f::flag(fields, field::ABSENT),
            campaign: f::id(fields, field::CAMPAIGN),
            checklists: f::ints_under(fields, field::CHECKLIST_PREFIX),
            answers: f::fields_under(fields, field::ANSWER_PREFIX),
            notes: f::text(fields, field::NOTES),
            card_left: f::flag(fields, field::CARD_LEFT),
            void_reason: f::text(fields, field::VOID_REASON),
        }
    }

    /// Every field that this version knows; emptied ones are null. Save [`super::changes`], not this.
    pub fn to_fields(&self) -> FieldSet {
        use super::Coded;
        let companions = self.companions.join(&NAME_SEPARATOR.to_string());
        let mut fields = f::collect([
            (field::HOUSEHOLD, f::id_value(self.household)),
            (field::TARGET_KIND, f::text_value(self.target_kind.code())),
            (field::TARGET_NAME, f::text_value(&self.target_name)),
            (field::VISITOR, f::text_value(&self.visitor)),
            (field::VISITOR_NAME, f::text_value(&self.visitor_name)),
            (field::COMPANIONS, f::text_value(&companions)),
            (field::OCCURRED_AT, f::int_value(self.occurred_at)),
            (field::WRITTEN_AT, f::int_value(self.written_at)),
            (field::MODE, f::text_value(self.mode.code())),
            (field::ABSENT, f::flag_value(self.absent)),
            (field::CAMPAIGN, f::id_value(self.campaign)),
            (field::NOTES, f::text_value(&self.notes)),
            (field::CARD_LEFT, f::flag_value(self.card_left)),
            (field::VOID_REASON, f::text_value(&self.void_reason)),
        ]);
        let versions = self.checklists.iter();
        fields.extend(versions.map(|(code, n)| (format!("{}{code}", field::CHECKLIST_PREFIX), (*n).into())));
        fields.extend(self.answers.clone());
        fields
    }

    /// Whether it covers its target (约定): somebody was met and the record stands.
    pub fn covers(&self) -> bool {
        !self.absent && self.void_reason.is_empty()
    }

    /// The categories whose checklists were asked, without 一般户.
    pub fn categories(&self) -> impl Iterator<Item = &str> {
        self.checklists.keys().map(String::as_str).filter(|code| *code != GENERAL)
    }

    /// What a person should mend before 完成; the answers have
    /// [`crate::domain::checklist::validate`] of their own.
    pub fn validate(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        // A household may have an address alone.
        if self.target_name.trim().is_empty() && self.household.is_none() {
            problems.push(Problem::new(field::TARGET_NAME, "请填走访了谁。"));
        }
        if self.target_kind == TargetKind::Household && self.household.is_none() {
            problems.push(Problem::new(field::HOUSEHOLD, "还没选定是哪一户，请从户册里选。"));
        }
        if self.visitor.is_empty() {
            problems.push(Problem::new(field::VISITOR, "没有走访人，请重新登录后再完成；写的内容都在。"));
        }
        if self.occurred_at.is_none() {
            problems.push(Problem::new(field::OCCURRED_AT, "请填走访时间。"));
        }
        if let (Some(occurred), Some(written)) = (self.occurred_at, self.written_at)
            && occurred > written
        {
            problems.push(Problem::new(field::OCCURRED_AT, "走访时间晚于现在，请核对日期和时间。"));
        }
        problems.extend(f::too_long(field::TARGET_NAME, "走访对象", &self.target_name, NAME_CHARS_MAX));
        problems.extend(f::too_long(field::NOTES, "走访笔录", &self.notes, VISIT_NOTES_CHARS_MAX));
        problems.extend(f::too_long(field::VOID_REASON, "作废原因", &self.void_reason, NOTE_CHARS_MAX));
        problems
    }

    /// Whether more came along than S3 allows (“随行人员不超过3人”): the app asks, and does not forbid.
    pub fn too_many_companions(&self) -> bool {
        self.companions.len() > COMPANIONS_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replica::Value;

    fn visit() -> Visit {
        Visit {
            household: Some(Uuid::from_u128(1)),
            target_name: "周秀兰".to_owned(),
            visitor: "c1".to_owned(),
            visitor_name: "韩冬梅".to_owned(),
            companions: vec!["周建国".to_owned(), "李素芬".to_owned()],
            occurred_at: Some(1_000),
            written_at: Some(2_000),
            checklists: BTreeMap::from([("gugua_laoren".to_owned(), 1)]),
            answers: FieldSet::from([
                ("answers.medicine".to_owned(), "short".into()),
                ("answers.who_visits.cadre".to_owned(), true.into()),
            ]),
            ..Visit::default()
        }
    }

    #[test]
    fn fields_survive_the_round_trip() {
        let visit = visit();
        let fields = visit.to_fields();
        assert_eq!(fields.get("companions"), Some(&Value::from("周建国、李素芬")));
        assert_eq!(fields.get("checklists.gugua_laoren"), Some(&Value::Int(1)));
        assert_eq!(Visit::from_fields(&fields), visit);
        assert_eq!(visit.validate(), []);
    }

    #[test]
    fn nobody_home_and_void_cover_nothing() {
        assert!(visit().covers());
        assert!(!Visit { absent: true, ..visit() }.covers());
        assert!(!Visit { void_reason: "走错了门".to_owned(), ..visit() }.covers());
    }

    #[test]
    fn a_visit_in_the_future_is_questioned() {
        let late = Visit { occurred_at: Some(3_000), ..visit() };
        assert_eq!(late.validate().len(), 1);
    }

    #[test]
    fn four_companions_are_one_too_many() {
        let names = |n: usize| (0..n).map(|i| format!("同行{i}")).collect();
        assert!(!Visit { companions: names(3), ..visit() }.too_many_companions());
        assert!(Visit { companions: names(4), ..visit() }.too_many_companions());
    }
}
