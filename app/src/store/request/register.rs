//! 户册: households asked for, found and opened.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{ConflictView, Loaded, PhotoName, RecordPlace};

/// What to look for among households.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct HouseholdQuery {
    /// Name, pinyin whole or begun, initials, group, door number, phone, tag; empty for all.
    pub text: String,
    /// One chip.
    pub filter: HouseholdFilter,
    /// Rows to skip.
    pub offset: u32,
    /// Rows wanted.
    pub limit: u32,
}

/// A chip over the list of households.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub enum HouseholdFilter {
    /// 全部
    #[default]
    All,
    /// 必访未到
    NotVisited,
    /// Households where this cadre has met somebody, newest visit first: where a visit often goes again.
    Recent,
    /// 迁出、销户、并户: not on the register any more
    OffRegister,
    /// A category's code.
    Category(String),
    /// A village's code.
    Village(String),
}

/// Households found.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Households {
    /// The rows asked for.
    pub rows: Vec<HouseholdRow>,
    /// How many there are in all for this text and filter.
    pub total: u32,
    /// Households on the register, whatever the text.
    pub all: u32,
    /// Must-visit households not visited yet.
    pub not_visited: u32,
    /// Households that are not on the register any more.
    pub off_register: u32,
    /// Households per category code, the campaign's categories first.
    pub categories: Vec<(String, u32)>,
}

/// One line of the list.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct HouseholdRow {
    /// Id.
    pub id: Uuid,
    /// 户主
    pub head: String,
    /// Village's name.
    pub village: String,
    /// 三组
    pub group: String,
    /// 17号
    pub door: String,
    /// 人口, 0 unknown.
    pub population: u32,
    /// Code of its `Standing`; empty while it is on the register.
    pub standing: String,
    /// Category codes of the household and its members.
    pub tags: Vec<String>,
    /// A category of the campaign applies and nobody has been there.
    pub must_visit_left: bool,
    /// Last visit that met somebody, Unix ms.
    pub last_visit_ms: Option<i64>,
    /// By what a search found it, if the line does not show that anyway.
    pub found_by: Option<FoundBy>,
}

/// What a search found a household by, beside what its line shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum FoundBy {
    /// Its telephone.
    Phone(String),
    /// A member's name.
    Member(String),
    /// A member's telephone.
    MemberPhone {
        /// Whose.
        name: String,
        /// The number.
        phone: String,
    },
}

/// One household's page: its 连心册.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HouseholdPage {
    /// The line.
    pub row: HouseholdRow,
    /// The record, for editing.
    pub record: Loaded,
    /// Members, the head first.
    pub members: Vec<Loaded>,
    /// Visits, newest first.
    pub timeline: Vec<TimelineEntry>,
    /// An unfinished visit here.
    pub draft: Option<Uuid>,
    /// The last visit here today by the cadre of this phone, at which somebody was met.
    pub visited_today: Option<Uuid>,
    /// Open conflicts of this household and its members.
    pub conflicts: Vec<ConflictView>,
}

/// One visit in a timeline.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TimelineEntry {
    /// The visit.
    pub id: Uuid,
    /// When it was, Unix ms.
    pub occurred_ms: i64,
    /// Who went.
    pub visitor_name: String,
    /// 入户 etc., code.
    pub mode: String,
    /// 无人在家
    pub absent: bool,
    /// 作废
    pub void: bool,
    /// What people said.
    pub opinions: Vec<String>,
    /// What was photographed.
    pub photos: Vec<PhotoName>,
    /// Where it is.
    pub place: RecordPlace,
}
