//! 户: one household. Its life goes on: 外出、迁出、销户 are states and 并户 is a link, not a deletion.

use super::{Problem, category, category::Tags, coded::coded, fields as f};
use crate::replica::FieldSet;
use uuid::Uuid;

/// Field names of a `household` record; its tags are `tags.<category>`.
pub mod field {
    /// 户主
    pub const HEAD: &str = "head";
    /// 组 (三组)
    pub const GROUP: &str = "group";
    /// 门牌
    pub const DOOR: &str = "door";
    /// 电话
    pub const PHONE: &str = "phone";
    /// 家庭人口数
    pub const POPULATION: &str = "population";
    /// 户编号
    pub const HOUSEHOLD_NO: &str = "household_no";
    /// 农户 or 居民户
    pub const CLASS: &str = "class";
    /// 住址
    pub const ADDRESS: &str = "address";
    /// 备注
    pub const NOTE: &str = "note";
    /// 户主身份证号
    pub const ID_NUMBER: &str = "id_number";
    /// 外出、迁出、销户
    pub const STATE: &str = "state";
    /// 并户: the household under which this one is shown
    pub const MERGED_INTO: &str = "merged_into";
    /// 删除
    pub const DELETED: &str = "deleted";
    /// 12-digit code of the village that it moved to; the office alone writes it.
    pub const VILLAGE: &str = "village";
}

/// Longest name of a person or target, characters.
pub const NAME_CHARS_MAX: usize = 40;
/// Longest short field (组、门牌、户编号), characters.
pub const SHORT_CHARS_MAX: usize = 60;
/// Longest note or address, characters.
pub const NOTE_CHARS_MAX: usize = 2000;
/// Most people of one household.
pub const POPULATION_MAX: i64 = 99;

coded! {
    /// 户类型: counted apart (S2 “居民6908户、农户90711家”).
    HouseholdClass {
        /// 农户
        Farm = "farm" "农户",
        /// 居民户
        Urban = "urban" "居民户",
    }
}

coded! {
    /// 户的状态（约定）.
    HouseholdState {
        /// At home. Kept in the record as an emptied field.
        Home = "" "在村",
        /// The whole household works elsewhere; still to be visited, by telephone if need be.
        Away = "away" "外出",
        /// Moved out of the village.
        Moved = "moved" "迁出",
        /// No longer exists.
        Dissolved = "dissolved" "销户",
    }
}

coded! {
    /// Whether a household is on the village's register. One that is not stays readable with all its visits, but
    /// is neither counted nor looked for.
    Standing {
        /// On the register: at home or 外出.
        Present = "" "在册",
        /// It moved out of the village.
        Moved = "moved" "迁出",
        /// It no longer exists.
        Dissolved = "dissolved" "销户",
        /// It is shown under another household.
        Merged = "merged" "并户",
    }
}

impl Standing {
    /// From 状态 and 并户 of a household; 并户 counts for more, since it says where its visits are shown.
    pub fn of(state: HouseholdState, is_merged: bool) -> Self {
        match state {
            _ if is_merged => Standing::Merged,
            HouseholdState::Home | HouseholdState::Away => Standing::Present,
            HouseholdState::Moved => Standing::Moved,
            HouseholdState::Dissolved => Standing::Dissolved,
        }
    }
}

/// One household as this version understands it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Household {
    /// 户主
    pub head: String,
    /// 组
    pub group: String,
    /// 门牌
    pub door: String,
    /// 电话
    pub phone: String,
    /// 家庭人口数
    pub population: Option<i64>,
    /// 户编号
    pub household_no: String,
    /// 农户 or 居民户
    pub class: HouseholdClass,
    /// 住址
    pub address: String,
    /// 备注
    pub note: String,
    /// 户主身份证号
    pub id_number: String,
    /// Categories of the household and of its members.
    pub tags: Tags,
    /// 状态
    pub state: HouseholdState,
    /// 并户
    pub merged_into: Option<Uuid>,
    /// 删除
    pub deleted: bool,
}

impl Household {
    /// Reads a record's fields.
    pub fn from_fields(fields: &FieldSet) -> Self {
        Household {
            head: f::text(fields, field::HEAD),
            group: f::text(fields, field::GROUP),
            door: f::text(fields, field::DOOR),
            phone: f::text(fields, field::PHONE),
            population: f::int(fields, field::POPULATION),
            household_no: f::text(fields, field::HOUSEHOLD_NO),
            class: f::coded(fields, field::CLASS),
            address: f::text(fields, field::ADDRESS),
            note: f::text(fields, field::NOTE),
            id_number: f::text(fields, field::ID_NUMBER),
            tags: f::flags_under(fields, category::TAG_PREFIX),
            state: f::coded(fields, field::STATE),
            merged_into: f::id(fields, field::MERGED_INTO),
            deleted: f::flag(fields, field::DELETED),
        }
    }

    /// Every field that this version knows; emptied ones are null. Save [`super::changes`], not this.
    pub fn to_fields(&self) -> FieldSet {
        use super::Coded;
        let mut fields = f::collect([
            (field::HEAD, f::text_value(&self.head)),
            (field::GROUP, f::text_value(&self.group)),
            (field::DOOR, f::text_value(&self.door)),
            (field::PHONE, f::text_value(&self.phone)),
            (field::POPULATION, f::int_value(self.population)),
            (field::HOUSEHOLD_NO, f::text_value(&self.household_no)),
            (field::CLASS, f::text_value(self.class.code())),
            (field::ADDRESS, f::text_value(&self.address)),
            (field::NOTE, f::text_value(&self.note)),
            (field::ID_NUMBER, f::text_value(&self.id_number)),
            (field::STATE, f::text_value(self.state.code())),
            (field::MERGED_INTO, f::id_value(self.merged_into)),
            (field::DELETED, f::flag_value(self.deleted)),
        ]);
        fields.extend(category::tag_fields(&self.tags));
        fields
    }

    /// Whether it can still be visited: not deleted, merged away, moved or dissolved. 外出 still can.
    pub fn is_present(&self) -> bool {
        !self.deleted && self.standing() == Standing::Present
    }

    /// Whether it is on the register, and why not.
    pub fn standing(&self) -> Standing {
        Standing::of(self.state, self.merged_into.is_some())
    }

    /// What a person should mend before saving.
    pub fn validate(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.head.trim().is_empty() {
            problems.push(Problem::new(field::HEAD, "请填户主姓名。"));
        }
        if self.population.is_some_and(|n| !(0..=POPULATION_MAX).contains(&n)) {
            problems.push(Problem::new(
                field::POPULATION,
                format!("人口应在 0 到 {POPULATION_MAX} 之间，请核对。"),
            ));
        }
        problems.extend(f::odd_phone(field::PHONE, &self.phone));
        problems.extend(f::too_long(field::HEAD, "户主姓名", &self.head, NAME_CHARS_MAX));
        problems.extend(f::too_long(field::GROUP, "组", &self.group, SHORT_CHARS_MAX));
        problems.extend(f::too_long(field::DOOR, "门牌", &self.door, SHORT_CHARS_MAX));
        problems.extend(f::too_long(field::HOUSEHOLD_NO, "户编号", &self.household_no, SHORT_CHARS_MAX));
        problems.extend(f::too_long(field::ADDRESS, "住址", &self.address, NOTE_CHARS_MAX));
        problems.extend(f::too_long(field::NOTE, "备注", &self.note, NOTE_CHARS_MAX));
        problems
    }
}

/// Whether a telephone has a number of digits that none has（约定）: a mobile has 11, a landline 7 or 8 behind an area code
/// of 3 or 4 that may be left out. Empty is none, and several in one field are not judged.
pub fn is_odd_phone(phone: &str) -> bool {
    let is_several = phone.contains(['、', '，', ',', '/', ';', '；', '转']);
    let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
    let expected: &[usize] = if digits.starts_with('1') { &[11] } else { &[7, 8, 10, 11, 12] };
    !(digits.is_empty() || is_several || expected.contains(&digits.len()))
}

#[cfg(test)]
mod tests {
    use super::{super::changes, *};
    use crate::replica::Value;

    fn zhou_xiulan() -> FieldSet {
        f::collect([
            (field::HEAD, "周秀兰".into()),
            (field::GROUP, "三组".into()),
            (field::POPULATION, Value::Int(1)),
            ("tags.gugua_laoren", true.into()),
            ("colour_of_the_door", "红".into()),
        ])
    }

    #[test]
    fn an_edit_writes_only_what_changed() {
        let loaded = Household::from_fields(&zhou_xiulan());
        let mut edited = loaded.clone();
        edited.door = "17号".to_owned();
        edited.tags.insert("gugua_laoren".to_owned(), false);
        assert_eq!(
            changes(&loaded.to_fields(), &edited.to_fields()),
            f::collect([(field::DOOR, "17号".into()), ("tags.gugua_laoren", false.into())])
        );
    }

    #[test]
    fn a_value_this_version_cannot_read_is_not_overwritten() {
        let mut fields = zhou_xiulan();
        fields.insert(field::POPULATION.to_owned(), "一人".into());
        fields.insert(field::STATE.to_owned(), "of_a_newer_version".into());
        let loaded = Household::from_fields(&fields);
        let mut edited = loaded.clone();
        edited.note = "耳背".to_owned();
        let written = changes(&loaded.to_fields(), &edited.to_fields());
        assert_eq!(written, f::collect([(field::NOTE, "耳背".into())]));
    }

    #[test]
    fn fields_survive_the_round_trip() {
        let household = Household::from_fields(&zhou_xiulan());
        assert_eq!(Household::from_fields(&household.to_fields()), household);
        assert_eq!(household.validate(), []);
    }

    #[test]
    fn a_household_without_a_head_says_so() {
        let problems = Household { population: Some(100), ..Household::default() }.validate();
        let fields: Vec<_> = problems.iter().map(|p| p.field.as_str()).collect();
        assert_eq!(fields, [field::HEAD, field::POPULATION]);
    }

    #[test]
    fn who_went_out_to_work_is_still_visited_and_who_moved_is_not() {
        let away = Household { state: HouseholdState::Away, ..Household::default() };
        let moved = Household { state: HouseholdState::Moved, ..Household::default() };
        assert!(away.is_present() && !moved.is_present());
    }

    #[test]
    fn a_telephone_of_another_length_is_odd() {
        for phone in ["", "13800000001", "138 0000 0001", "0816-2345678", "2345678", "13800000001、2345678"]
        {
            assert!(!is_odd_phone(phone), "{phone}");
        }
        for phone in ["139123", "138000000011", "12345678", "081"] {
            assert!(is_odd_phone(phone), "{phone}");
        }
    }
}
