//! The numbers of 总览.

use super::{super::scope::Campaign, silent_ms_max};
use crate::{
    auth::{DeviceInfo, list_devices},
    console::PageError,
    export::{COUNTS, Received, words},
    storage::StorageError,
};
use lianxin_shared::{
    domain::{Coded, opinion::OpinionKind, visit::field::NOTES},
    replica::kind,
    sqlite::{IS_PRESENT, read_row, uuid_at},
};
use rusqlite::{Connection, OptionalExtension};
use uuid::Uuid;

/// Topics shown as bars.
#[allow(non_upper_case_globals)]
const topics_max: usize = 7;
/// Visits shown as the latest.
#[allow(non_upper_case_globals)]
const latest_max: i64 = 6;
/// Characters shown of a visit's notes.
#[allow(non_upper_case_globals)]
const notes_chars_max: usize = 32;
/// Devices shown with their last sync.
#[allow(non_upper_case_globals)]
pub(super) const devices_shown_max: usize = 7;

/// What 总览 counts: of the campaign if there is one, otherwise of all time.
pub(super) struct Figures {
    /// Completed visits at which somebody was met (户次).
    pub met: i64,
    /// Visits to schools, enterprises and other places.
    pub places: i64,
    /// Visits with nobody at home.
    pub absent: i64,
    /// Visits declared void: counted nowhere.
    pub void: i64,
    /// Visits of the ledger that belong to no campaign or to another one.
    pub elsewhere: i64,
    /// Households on the register.
    pub registered: i64,
    /// Households that moved away, were dissolved or joined with another.
    pub off_register: i64,
    /// Opinions of all kinds.
    pub opinions: i64,
    /// By kind, label and number.
    pub kinds: Vec<(&'static str, i64)>,
    /// Topic code and number, the most first and the unsorted last.
    pub topics: Vec<(String, i64)>,
    /// Opinions of the topics for which there is no room.
    pub other_topics: i64,
    /// Opinions of other times than the campaign's.
    pub opinions_elsewhere: i64,
    /// Opinions of visits that are void: counted nowhere.
    pub void_opinions: i64,
    /// The newest visits.
    pub latest: Vec<Latest>,
    /// Received today.
    pub today: Today,
    /// Devices in use, the one that synced last first.
    pub devices: Vec<DeviceInfo>,
    /// How many of them have been silent for long.
    pub silent: usize,
}

/// One of the newest visits.
pub(super) struct Latest {
    pub id: Uuid,
    pub village: String,
    pub target: String,
    pub visitor: String,
    pub absent: bool,
    pub occurred_at: i64,
    pub notes: String,
}

/// What phones sent today, also those revoked since; each record counted once.
#[derive(Default)]
pub(super) struct Today {
    pub visits: i64,
    pub opinions: i64,
    pub diary: i64,
    /// Records that wait for the office.
    pub held: usize,
    /// When the last patch of today came, Unix milliseconds.
    pub last_ms: Option<i64>,
}

pub(super) fn read(db: &Connection, campaign: Option<&Campaign>, now_ms: i64) -> Result<Figures, PageError> {
    let id = campaign.map(|campaign| campaign.id.to_string());
    let span = campaign.map_or((i64::MIN, i64::MAX), Campaign::span_ms);
    let [met, places, absent, void, elsewhere] = db
        .prepare_cached(
            "SELECT count(*) FILTER (WHERE NOT void AND ours AND NOT absent AND target_kind = 'household'),
               count(*) FILTER (WHERE NOT void AND ours AND NOT absent AND target_kind <> 'household'),
               count(*) FILTER (WHERE NOT void AND ours AND absent),
               count(*) FILTER (WHERE void), count(*) FILTER (WHERE NOT void AND NOT ours)
             FROM (SELECT void, absent, target_kind, ?1 IS NULL OR campaign = ?1 AS ours FROM visit)",
        )?
        .query_row([id], |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?]))?;
    let (registered, off_register) = db
        .prepare_cached(&format!(
            "SELECT count(*) FILTER (WHERE {IS_PRESENT}), count(*) FILTER (WHERE NOT {IS_PRESENT}) FROM household h"
        ))?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let (all_opinions, void_opinions): (i64, i64) = db
        .prepare_cached(&format!(
            "SELECT count(*) FILTER (WHERE {COUNTS}), count(*) FILTER (WHERE NOT {COUNTS}) FROM opinion o"
        ))?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let kinds = kinds(db, span)?;
    let opinions = kinds.iter().map(|(_, count)| count).sum();
    let (topics, other_topics) = topics(db, span)?;
    let mut devices: Vec<DeviceInfo> = list_devices(db)?;
    devices.retain(|device| device.revoked_at_ms.is_none());
    devices.sort_by_key(|device| std::cmp::Reverse(device.last_sync_at_ms));
    let silent = |device: &&DeviceInfo| device.last_sync_at_ms.is_none_or(|at| now_ms - at > silent_ms_max);
    Ok(Figures {
        met,
        places,
        absent,
        void,
        elsewhere,
        registered,
        off_register,
        opinions,
        opinions_elsewhere: all_opinions - opinions,
        void_opinions,
        kinds,
        topics,
        other_topics,
        latest: latest(db)?,
        today: today(db, now_ms)?,
        silent: devices.iter().filter(silent).count(),
        devices,
    })
}

/// By kind in the order of their list; a kind of a newer version counts as the default, as records read it.
fn kinds(db: &Connection, span: (i64, i64)) -> Result<Vec<(&'static str, i64)>, StorageError> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT o.kind, count(*) FROM opinion o WHERE o.occurred_at >= ?1 AND o.occurred_at < ?2 AND {COUNTS}
         GROUP BY o.kind"
    ))?;
    let rows = statement.query_map([span.0, span.1], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let counted: Vec<(String, i64)> = rows.collect::<Result<_, _>>()?;
    let number = |kind: OpinionKind| {
        let of_kind =
            counted.iter().filter(|(code, _)| OpinionKind::from_code(code).unwrap_or_default() == kind);
        of_kind.map(|(_, count)| count).sum()
    };
    Ok(OpinionKind::ALL.iter().map(|kind| (kind.label(), number(*kind))).collect())
}

/// The topics for which there is room, and how many opinions the others have.
fn topics(db: &Connection, span: (i64, i64)) -> Result<(Vec<(String, i64)>, i64), StorageError> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT o.category, count(*) AS number FROM opinion o
         WHERE o.occurred_at >= ?1 AND o.occurred_at < ?2 AND {COUNTS}
         GROUP BY o.category ORDER BY o.category = '', number DESC, o.category"
    ))?;
    let rows = statement.query_map([span.0, span.1], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let mut shown: Vec<(String, i64)> = rows.collect::<Result<_, _>>()?;
    let others = shown.split_off(shown.len().min(topics_max));
    Ok((shown, others.iter().map(|(_, count)| count).sum()))
}

fn latest(db: &Connection) -> Result<Vec<Latest>, StorageError> {
    let mut statement = db.prepare_cached(
        "SELECT id, village, target_name, visitor_name, absent, occurred_at FROM visit WHERE void = 0
         ORDER BY occurred_at DESC, id LIMIT ?1",
    )?;
    let rows = statement.query_map([latest_max], |row| {
        Ok(Latest {
            id: uuid_at(row, "id")?,
            village: row.get("village")?,
            target: row.get("target_name")?,
            visitor: row.get("visitor_name")?,
            absent: row.get("absent")?,
            occurred_at: row.get("occurred_at")?,
            notes: String::new(),
        })
    })?;
    let mut latest: Vec<Latest> = rows.collect::<Result<_, _>>()?;
    for visit in &mut latest {
        let row = read_row(db, visit.id)?;
        visit.notes = row.map(|row| words::excerpt(row.text(NOTES), notes_chars_max)).unwrap_or_default();
    }
    Ok(latest)
}

/// What stands of what came today; what was said at a voided visit does not count, here either. Nor does what was said
/// under no name: on a day with one visit that would be where.
fn today(db: &Connection, now_ms: i64) -> Result<Today, StorageError> {
    let received = Received::on(db, &words::iso_day(now_ms))?;
    let mut today = Today { held: received.held.len(), last_ms: received.last_ms, ..Today::default() };
    let opinion = format!("SELECT 'opinion' FROM opinion o WHERE o.id = ?1 AND o.anonymous = 0 AND {COUNTS}");
    let mut statement = db.prepare_cached(&format!(
        "SELECT 'visit' FROM visit WHERE id = ?1 AND void = 0 UNION ALL {opinion}
         UNION ALL SELECT 'diary' FROM diary WHERE id = ?1"
    ))?;
    for id in &received.records {
        let of: Option<String> = statement.query_row([id.as_bytes()], |row| row.get(0)).optional()?;
        match of.as_deref() {
            Some(kind::VISIT) => today.visits += 1,
            Some(kind::OPINION) => today.opinions += 1,
            Some(kind::DIARY) => today.diary += 1,
            _ => {}
        }
    }
    Ok(today)
}
