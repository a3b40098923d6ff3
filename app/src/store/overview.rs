//! 今日, 手记 and 我的: what is left to do, and where everything is.

use super::{
    Diary, Identity, Loaded, Mine, OutboxRow, RecordPlace, StoreError, SyncLine, Today, Walked,
    campaign::Running, conflicts, db_error, drafts, glance::glance, held, households, households::Chips,
    photos, records, scope, tally::tally,
};
use crate::{beijing, ids::new_id};
use lianxin_shared::{domain::diary::field, replica::kind, sqlite::uuid_at};
use rusqlite::{Connection, params};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Must-visit households that 今日 names; the rest is one tap away.
#[allow(non_upper_case_globals)]
const today_households_max: usize = 3;
/// Diary days listed below the day's page.
#[allow(non_upper_case_globals)]
const diary_days_max: usize = 60;

/// A diary day's first line in a list, characters.
#[allow(non_upper_case_globals)]
const line_chars_max: usize = 40;

pub(super) fn today(
    db: &Connection,
    running: &Running,
    chips: &Chips,
    cadre: &str,
    now_ms: i64,
) -> Result<Today, StoreError> {
    let first = chips.left.get(..today_households_max).unwrap_or(&chips.left);
    Ok(Today {
        campaign: running.name.clone(),
        left: chips.not_visited(),
        must_visit: chips.must_visit,
        households: households::lines(db, first, running)?,
        drafts: drafts::list(db)?,
        walked: walked_on(db, cadre, now_ms)?,
        diary_today: diary_record(db, cadre, &beijing::date(now_ms))?.map(|entry| {
            first_line(entry.fields.get(field::TEXT).and_then(|v| v.as_text()).unwrap_or_default())
        }),
        conflicts: conflicts::count(db)?,
        held: tally(db, HELD)?.things(),
    })
}

fn first_line(text: &str) -> String {
    glance(text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default(), line_chars_max)
}

/// What this cadre's walks on the day of `ms` came to.
fn walked_on(db: &Connection, cadre: &str, ms: i64) -> Result<Walked, StoreError> {
    let from = beijing::day_start(ms);
    // A household that went over into another counts as the one that it is shown under.
    let sql = "WITH day AS MATERIALIZED (
           SELECT id, absent, coalesce(
             (SELECT min(a.shown) FROM household_alias a WHERE a.old = v.household), v.household) AS household
           FROM visit v WHERE visitor = ?1 AND occurred_at >= ?2 AND occurred_at < ?3 AND void = 0)
         SELECT (SELECT count(DISTINCT household) FROM day WHERE NOT absent) AS households,
           (SELECT count(DISTINCT household) FROM day
             WHERE household NOT IN (SELECT household FROM day WHERE NOT absent AND household IS NOT NULL)) AS absent,
           (SELECT count(*) FROM day WHERE household IS NULL AND NOT absent) AS places,
           (SELECT count(*) FROM opinion o WHERE visitor = ?1 AND occurred_at >= ?2 AND occurred_at < ?3
             AND NOT EXISTS (SELECT 1 FROM visit v WHERE v.id = o.visit AND v.void)) AS opinions";
    let read = |row: &rusqlite::Row<'_>| {
        Ok(Walked {
            households: row.get("households")?,
            absent: row.get("absent")?,
            places: row.get("places")?,
            opinions: row.get("opinions")?,
        })
    };
    db.prepare_cached(sql)
        .and_then(|mut s| s.query_row(params![cadre, from, from + beijing::DAY_MS], read))
        .map_err(db_error)
}

fn diary_record(db: &Connection, cadre: &str, day: &str) -> Result<Option<Loaded>, StoreError> {
    let ids: Vec<Uuid> = db
        .prepare_cached("SELECT id FROM diary WHERE cadre = ?1 AND day = ?2 ORDER BY id LIMIT 1")
        .and_then(|mut s| s.query_map([cadre, day], |row| uuid_at(row, "id"))?.collect())
        .map_err(db_error)?;
    ids.first().map(|id| records::load(db, *id)).transpose()
}

pub(super) fn diary(
    db: &Connection,
    identity: &Identity,
    day: &str,
    now_ms: i64,
) -> Result<Diary, StoreError> {
    let noon = chrono::NaiveDate::parse_from_str(day, "%Y-%m-%d")
        .ok()
        .and_then(|d| d.and_hms_opt(4, 0, 0))
        .map(|d| d.and_utc().timestamp_millis())
        .ok_or_else(|| StoreError::Invalid("日期不对。".to_owned()))?;
    let entry = match diary_record(db, &identity.cadre, day)? {
        Some(entry) => entry,
        None => Loaded {
            kind: kind::DIARY.to_owned(),
            id: new_id(now_ms).map_err(|e| StoreError::Broken(e.to_string()))?,
            village: identity.villages.keys().next().cloned().unwrap_or_default(),
            fields: BTreeMap::new(),
            stamps: BTreeMap::new(),
            place: RecordPlace::Waiting,
            may_move: false,
            erased: Vec::new(),
        },
    };
    let days: Vec<(String, Uuid)> = db
        .prepare_cached("SELECT day, id FROM diary WHERE cadre = ?1 AND day <> ?2 ORDER BY day DESC")
        .and_then(|mut s| {
            s.query_map([&identity.cadre, day], |row| Ok((row.get("day")?, uuid_at(row, "id")?)))?.collect()
        })
        .map_err(db_error)?;
    let line = |(day, id)| {
        let text = records::shown(db, id)?.map(|row| first_line(row.text(field::TEXT))).unwrap_or_default();
        Ok((day, id, text))
    };
    let before = days.into_iter().take(diary_days_max).map(line).collect::<Result<_, StoreError>>()?;
    let photos = photos::views(db, &entry.village, &entry.fields)?;
    Ok(Diary { entry, photos, before, walked: walked_on(db, &identity.cadre, noon)? })
}

pub(super) fn mine(
    db: &Connection,
    identity: Identity,
    sync: SyncLine,
    now_ms: i64,
) -> Result<Mine, StoreError> {
    let pages = |pragma: &str| -> Result<u64, StoreError> {
        db.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0))
            .map(i64::unsigned_abs)
            .map_err(db_error)
    };
    Ok(Mine {
        saved_today: tally(db, &format!("written_at >= {}", beijing::day_start(now_ms)))?,
        waiting: tally(db, WAITING)?,
        received: tally(db, RECEIVED)?,
        kept_apart: tally(db, HELD)?,
        not_taken: tally(db, REFUSED)?,
        outbox: outbox(db, WAITING)?,
        held: outbox(db, HELD)?,
        refused: refused(db)?,
        held_elsewhere: held::elsewhere(db)?,
        conflicts: conflicts::all(db, &identity.cadre_name)?,
        villages_leaving: scope::leaving(db)?,
        photos_refused: photos::lacking(db)?.1,
        identity,
        sync,
        records: db.query_row("SELECT count(*) FROM record", [], |row| row.get(0)).map_err(db_error)?,
        database_bytes: pages("page_count")? * pages("page_size")?,
    })
}

/// Patches that the township has not acknowledged.
const WAITING: &str = "state < 2";
/// Patches that it has, of records of which nothing waits and nothing was kept apart or refused: each is counted in one
/// place, what was said going with its visit.
const RECEIVED: &str = "state >= 2 AND held = ''
  AND record NOT IN (SELECT record FROM patch WHERE state < 2 OR held <> '')
  AND record NOT IN (SELECT o.id FROM opinion o JOIN patch p ON p.record = o.visit WHERE p.state < 2 OR p.held <> '')";
/// Patches that it keeps apart for checking.
const HELD: &str = "held <> '' AND state = 2";
/// Patches that the office refused. Of a record that was erased whole nothing is left to read, nor to be taken after all.
const REFUSED: &str =
    "held <> '' AND state = 3 AND patch.record NOT IN (SELECT record FROM erased WHERE field = '')";

/// The records on their way by `condition`, newest first; what was said goes with its visit.
fn outbox(db: &Connection, condition: &str) -> Result<Vec<OutboxRow>, StoreError> {
    let sql = format!(
        "WITH own AS MATERIALIZED (
           SELECT record, max(kind) AS kind, max(written_at) AS written_at, max(held) AS held, max(at) AS at
           FROM patch WHERE {condition} GROUP BY record)
         SELECT own.*, (
           SELECT count(DISTINCT patch.record) FROM opinion JOIN patch ON patch.record = opinion.id
           WHERE opinion.visit = own.record AND patch.held = own.held AND {condition}) AS opinions
         FROM own WHERE NOT EXISTS (
           SELECT 1 FROM opinion JOIN patch ON patch.record = opinion.visit
           WHERE opinion.id = own.record AND patch.held = own.held AND {condition})
         ORDER BY at DESC LIMIT 200"
    );
    let rows: Vec<OutboxRow> = db
        .prepare_cached(&sql)
        .and_then(|mut s| {
            s.query_map([], |row| {
                Ok(OutboxRow {
                    id: uuid_at(row, "record")?,
                    kind: row.get("kind")?,
                    title: String::new(),
                    written_ms: row.get("written_at")?,
                    reason: row.get("held")?,
                    opinions: row.get("opinions")?,
                    words: Vec::new(),
                })
            })?
            .collect()
        })
        .map_err(db_error)?;
    let dress = |mut row: OutboxRow| {
        row.title = records::shown(db, row.id)?.map(|shown| conflicts::title(&shown)).unwrap_or_default();
        Ok(row)
    };
    rows.into_iter().map(dress).collect()
}

/// What the office refused is in no record: its title and words come from the patches alone.
fn refused(db: &Connection) -> Result<Vec<OutboxRow>, StoreError> {
    let dress = |mut row: OutboxRow| {
        row.title = held::written(db, row.id)?.map(|written| conflicts::title(&written)).unwrap_or_default();
        row.words = held::refused_words(db, row.id)?;
        Ok(row)
    };
    outbox(db, REFUSED)?.into_iter().map(dress).collect()
}

/// Records (not patches) that the township has not acknowledged, and since when (Unix ms, 0 if none).
pub(super) fn waiting_records(db: &Connection) -> Result<(u32, i64), StoreError> {
    db.prepare_cached(
        "SELECT count(*), coalesce(min(since), 0)
         FROM (SELECT min(written_at) AS since FROM patch INDEXED BY patch_unsent WHERE state < 2 GROUP BY record)",
    )
    .and_then(|mut s| s.query_row([], |row| Ok((row.get(0)?, row.get(1)?))))
    .map_err(db_error)
}
