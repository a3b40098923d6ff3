//! The store's messages: the same serialisable requests, replies and events for the native thread and the
//! browser's worker. Everything that a screen knows comes through here.

#![allow(missing_docs, reason = "the fields of a variant are explained by the variant")]

use lianxin_shared::{
    replica::{Base, FieldSet, Stamp},
    wire::v1::EnrolResponse,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;

use super::draft::VisitDraft;

/// What a screen asks of the store.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Request {
    /// Who this phone is and where its records are. → [`Reply::Status`]
    Status,
    /// Becomes the device that the server enrolled. → [`Reply::Status`]
    Enrol { server_url: String, enrolled: Box<EnrolResponse> },
    /// The page 今日. → [`Reply::Today`]
    Today,
    /// Households found. → [`Reply::Households`]
    Households(HouseholdQuery),
    /// One household's page. → [`Reply::Household`]
    Household { id: Uuid },
    /// One record with the stamps an editor must hand back. → [`Reply::Record`]
    Record { id: Uuid },
    /// Saves an edit durably; only fields that differ from what was loaded are written. → [`Reply::Record`]
    Save(Edit),
    /// Starts (or reopens) the draft of a visit. → [`Reply::Draft`]
    StartVisit { target: VisitTarget },
    /// Keeps a draft durably. → [`Reply::Done`]
    SaveDraft(Box<VisitDraft>),
    /// One draft, with the last answers given at its household. → [`Reply::Draft`]
    Draft { id: Uuid },
    /// Throws a draft away, at the cadre's word. → [`Reply::Done`]
    DiscardDraft { id: Uuid },
    /// Turns a draft into the visit and its opinions, in one transaction. → [`Reply::Done`]
    CompleteVisit { id: Uuid },
    /// One completed visit. → [`Reply::Visit`]
    Visit { id: Uuid },
    /// The diary: a day's entry (or a fresh id for it) and the days before. → [`Reply::Diary`]
    Diary { date: String },
    /// Where every record is. → [`Reply::Mine`]
    Mine,
    /// Settles a conflict by one tap: the shown value, or the other one. → [`Reply::Done`]
    Resolve { conflict: Uuid, take: Taken },
    /// Keeps where the cadre was, to reopen there. → [`Reply::Done`]
    SavePlace { route: String },
    /// 标准、大、特大. → [`Reply::Done`]
    SetFontSize { size: FontSize },
    /// Syncs at once. → [`Reply::Done`]; progress comes as [`Event::Sync`].
    SyncNow,
    /// The platform's word on the network. → [`Reply::Done`]
    Online { online: bool },
}

/// What the store answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Reply {
    /// Done, durably.
    Done,
    /// See [`Request::Status`].
    Status(Status),
    /// See [`Request::Today`].
    Today(Today),
    /// See [`Request::Households`].
    Households(Households),
    /// See [`Request::Household`].
    Household(Box<HouseholdPage>),
    /// See [`Request::Record`].
    Record(Loaded),
    /// See [`Request::Draft`].
    Draft(Box<OpenDraft>),
    /// See [`Request::Visit`].
    Visit(Box<VisitPage>),
    /// See [`Request::Diary`].
    Diary(Diary),
    /// See [`Request::Mine`].
    Mine(Box<Mine>),
}

/// What the store tells unasked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// The sync line at the top changed.
    Sync(SyncLine),
    /// Records changed (by a sync): screens ask again.
    Changed,
    /// Another tab has taken the store over; this one must stop.
    TakenOver,
}

/// Who this phone is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// None before enrolment.
    pub identity: Option<Identity>,
    /// 标准、大、特大.
    pub font_size: FontSize,
    /// Route at which the app was left; empty at first.
    pub place: String,
    /// The line at the top.
    pub sync: SyncLine,
    /// Drafts that are open (a new app version waits for none).
    pub drafts_open: u32,
}

/// The enrolled cadre.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Identity {
    /// Cadre id.
    pub cadre: String,
    /// Name, as visits show it.
    pub cadre_name: String,
    /// 柳树沟村委会
    pub unit: String,
    /// 清溪镇
    pub township: String,
    /// Code to name.
    pub villages: BTreeMap<String, String>,
    /// Address of the server.
    pub server_url: String,
}

/// Size of all text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum FontSize {
    /// 标准
    #[default]
    Standard,
    /// 大
    Large,
    /// 特大
    ExtraLarge,
}

/// The line of state that is always visible.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SyncLine {
    /// What is going on.
    pub phase: SyncPhase,
    /// Records that the township has not acknowledged.
    pub waiting: u32,
    /// When the oldest of them was written, Unix ms; 0 if none waits. After a day the reminder grows loud.
    pub waiting_since_ms: i64,
    /// When the last exchange ended well, Unix ms; 0 never.
    pub last_ms: i64,
    /// A problem in plain words: what happened, what is safe, what to do. Empty if none.
    pub problem: String,
}

/// What sync is doing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum SyncPhase {
    /// No network, or the server does not answer: everything works, nothing is lost.
    #[default]
    Offline,
    /// An exchange is under way: patches sent of those that were waiting.
    Running { sent: u32, total: u32 },
    /// At rest with the network there.
    Idle,
    /// A problem that waiting will not cure; `problem` says what to do.
    Stopped,
}

/// An edit of one record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Edit {
    /// Kind (see `replica::kind`).
    pub kind: String,
    /// The record; a new record's id was minted by [`Reply::Diary`] or is none.
    pub id: Option<Uuid>,
    /// Village code.
    pub village: String,
    /// Wanted values; those equal to what is loaded are not written.
    pub set: FieldSet,
    /// The stamps as LOADED by the editor, never re-read at save.
    pub base: Base,
}

/// A record as an editor loads it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Loaded {
    /// Kind.
    pub kind: String,
    /// Id.
    pub id: Uuid,
    /// Village code.
    pub village: String,
    /// Values.
    pub fields: FieldSet,
    /// Stamp of each value: hand them back as [`Edit::base`].
    pub stamps: BTreeMap<String, Stamp>,
    /// Where it is.
    pub place: RecordPlace,
}

/// Where a record is, from receipts alone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum RecordPlace {
    /// 已存本机, not yet acknowledged.
    #[default]
    Waiting,
    /// 乡镇已收到
    Received,
    /// 乡镇暂存待核
    Held,
}

/// What to look for among households.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct HouseholdQuery {
    /// Name, pinyin initials, group, door number, phone, tag; empty for all.
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
    /// Households where this cadre was last, newest visit first: where a visit often goes again.
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
}

/// The page 今日.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Today {
    /// The campaign's name, empty if none.
    pub campaign: String,
    /// Must-visit households left.
    pub left: u32,
    /// Must-visit households in all.
    pub must_visit: u32,
    /// The first few that are left.
    pub households: Vec<HouseholdRow>,
    /// Visits begun and not completed.
    pub drafts: Vec<DraftRow>,
    /// Visits that this cadre completed today.
    pub visits_today: u32,
    /// Opinions that this cadre took down today.
    pub opinions_today: u32,
    /// First line of today's diary, none if not begun.
    pub diary_today: Option<String>,
    /// Fields written differently by two people.
    pub conflicts: u32,
}

/// A draft in a list.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct DraftRow {
    /// The visit's id to be.
    pub id: Uuid,
    /// “周秀兰”
    pub title: String,
    /// Last change, Unix ms.
    pub updated_ms: i64,
}

/// Whom a visit goes to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum VisitTarget {
    /// A household.
    Household(Uuid),
    /// 社区、企业、学校、工地、单位 (S2): kind as in `domain::visit`, name, village code.
    Other { kind: String, name: String, village: String },
}

/// A draft with what its screens need.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OpenDraft {
    /// The draft.
    pub draft: VisitDraft,
    /// Answers of the last visit here on the same checklist versions, by field name.
    pub last_answers: FieldSet,
    /// When that was, Unix ms.
    pub last_visit_ms: Option<i64>,
    /// The household, if it is one.
    pub household: Option<HouseholdRow>,
    /// Names that this cadre has gone with before, most recent first.
    pub companions_before: Vec<String>,
}

/// One household's page: its 连心册.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HouseholdPage {
    /// The line.
    pub row: HouseholdRow,
    /// The record, for editing.
    pub record: Loaded,
    /// Members.
    pub members: Vec<Loaded>,
    /// Visits, newest first.
    pub timeline: Vec<TimelineEntry>,
    /// An unfinished visit here.
    pub draft: Option<Uuid>,
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
    /// Where it is.
    pub place: RecordPlace,
}

/// One completed visit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VisitPage {
    /// The visit.
    pub record: Loaded,
    /// Household's head or the target's name.
    pub title: String,
    /// Its opinions.
    pub opinions: Vec<Loaded>,
}

/// The diary.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Diary {
    /// The day's entry; a fresh id and no fields if it is not begun.
    pub entry: Loaded,
    /// Days before with their first lines, newest first: (date, record, line).
    pub before: Vec<(String, Uuid, String)>,
    /// The day's visits and opinions, to write from.
    pub visits: u32,
    /// See `visits`.
    pub opinions: u32,
}

/// Where everything is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Mine {
    /// Who.
    pub identity: Identity,
    /// Records saved on this phone today.
    pub saved_today: u32,
    /// Records not yet acknowledged.
    pub waiting: u32,
    /// Records acknowledged, of this phone, ever.
    pub received: u32,
    /// What is waiting: (record, kind, title).
    pub outbox: Vec<OutboxRow>,
    /// Records that the township keeps for checking, with the reason.
    pub held: Vec<OutboxRow>,
    /// Fields written differently.
    pub conflicts: Vec<ConflictView>,
    /// The line at the top.
    pub sync: SyncLine,
    /// Records on this phone, for the storage line.
    pub records: u32,
    /// Size of the database, bytes.
    pub database_bytes: u64,
}

/// A record on its way.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct OutboxRow {
    /// The record.
    pub id: Uuid,
    /// Its kind.
    pub kind: String,
    /// 走访 周秀兰
    pub title: String,
    /// When it was written, Unix ms.
    pub written_ms: i64,
    /// Why it is held; empty otherwise.
    pub reason: String,
}

/// Two people wrote one field differently.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ConflictView {
    /// The conflict record.
    pub id: Uuid,
    /// The record written to.
    pub record: Uuid,
    /// Its kind.
    pub record_kind: String,
    /// “李翠花”
    pub title: String,
    /// 电话
    pub field_label: String,
    /// The value that is shown now.
    pub shown: String,
    /// Who wrote it (“您” for oneself) and when, Unix ms.
    pub shown_by: (String, i64),
    /// The value that is not.
    pub other: String,
    /// Who wrote that and when.
    pub other_by: (String, i64),
}

/// The value that a resolution keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Taken {
    /// The one shown.
    Shown,
    /// The other one.
    Other,
}
