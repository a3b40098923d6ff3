//! 今日, 手记 and 我的.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{ConflictView, DraftRow, HouseholdRow, Identity, Loaded, PhotoView, SyncLine, Tally};

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
    /// What this cadre's walks of today came to.
    pub walked: Walked,
    /// First line of today's diary, none if not begun.
    pub diary_today: Option<String>,
    /// Fields written differently by two people.
    pub conflicts: u32,
    /// Records of this phone that the township keeps apart for checking.
    pub held: u32,
}

/// The diary.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Diary {
    /// The day's entry; a fresh id and no fields if it is not begun.
    pub entry: Loaded,
    /// The entry's photos.
    pub photos: Vec<PhotoView>,
    /// Days before with their first lines, newest first: (date, record, line).
    pub before: Vec<(String, Uuid, String)>,
    /// What the day's walks came to, to write from.
    pub walked: Walked,
}

/// What a cadre's walks of one day came to, counted as the office's 走访户次: what was made void is in none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Walked {
    /// Households where somebody was met, each once.
    pub households: u32,
    /// Households where nobody was at home all day.
    pub absent: u32,
    /// Visits elsewhere: 社区、企业、学校、工地、单位 (S2).
    pub places: u32,
    /// Opinions heard.
    pub opinions: u32,
}

/// Where everything is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Mine {
    /// Who.
    pub identity: Identity,
    /// Records saved on this phone today.
    pub saved_today: Tally,
    /// Records not yet acknowledged.
    pub waiting: Tally,
    /// Records acknowledged, of this phone, ever, of which nothing waits and nothing is held or refused.
    pub received: Tally,
    /// Records that the township keeps apart for checking.
    pub kept_apart: Tally,
    /// Records that the office refused.
    pub not_taken: Tally,
    /// What is waiting; what was said goes with its visit.
    pub outbox: Vec<OutboxRow>,
    /// Records that the township keeps for checking, with the reason.
    pub held: Vec<OutboxRow>,
    /// What the office refused: in no record, only to be read.
    pub refused: Vec<OutboxRow>,
    /// The same of what this cadre wrote on another phone.
    pub held_elsewhere: Vec<HeldElsewhere>,
    /// Fields written differently.
    pub conflicts: Vec<ConflictView>,
    /// Villages that are not this cadre's any more, and are still here for what is unsent or being written.
    pub villages_leaving: Vec<String>,
    /// Photos that the township will not take.
    pub photos_refused: u32,
    /// The line at the top.
    pub sync: SyncLine,
    /// Records on this phone, for the storage line.
    pub records: u32,
    /// Size of the database, bytes.
    pub database_bytes: u64,
}

/// What the township does not have in its records of what a cadre wrote on another phone: of the words nothing is here.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldElsewhere {
    /// Why, in the township's words.
    pub reason: String,
    /// The office will not have it; otherwise it waits for the office.
    pub refused: bool,
    /// How many writes have this reason.
    pub count: u32,
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
    /// What was said in this visit that is on its way with it.
    pub opinions: u32,
    /// What a refused one says, a line per field.
    pub words: Vec<String>,
}
