//! Who this phone is and how its sync stands.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;

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
    /// The office has revoked this phone, and everything completed on it is with the office: it shows nothing any
    /// more until it is enrolled anew.
    pub locked: bool,
    /// The server does not know this phone (it was restored from a backup older than the enrolment): the office must
    /// let it in again. Nothing is lost meanwhile.
    pub unknown: bool,
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
    /// The server whose records these are.
    pub server_id: Uuid,
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
    /// The same as people count them; where they are very many, all among the others.
    pub tally: Tally,
    /// When the oldest of them was written, Unix ms; 0 if none waits. After a day the reminder grows loud.
    pub waiting_since_ms: i64,
    /// Photos of records that are not wholly with the township.
    pub photos: u32,
    /// When the last exchange ended well, Unix ms; 0 never.
    pub last_ms: i64,
    /// A problem in plain words: what happened, what is safe, what to do. Empty if none.
    pub problem: String,
    /// How far this phone's clock was behind the server's at the last exchange, ms; negative if ahead.
    #[serde(default)]
    pub clock_off_ms: i64,
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

/// Records as people count them: 走访、手记、户. What was said goes with its visit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// 走访
    pub visits: u32,
    /// What was said in those visits.
    pub opinions_in_visits: u32,
    /// What was said in visits that are not among them.
    pub opinions: u32,
    /// 手记
    pub diaries: u32,
    /// 户的资料
    pub households: u32,
    /// 家里人的资料
    pub persons: u32,
    /// Conflicts that were settled, and whatever a newer version knows.
    pub others: u32,
}

impl Tally {
    /// How many things that is, a visit with what was said in it being one.
    pub fn things(&self) -> u32 {
        self.visits + self.opinions + self.diaries + self.households + self.persons + self.others
    }
}
