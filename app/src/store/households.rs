//! Households: found as one types, and one household's page.

use super::{
    HouseholdPage, HouseholdRow, Identity, Loaded, StoreError, TimelineEntry, campaign::Running, conflicts,
    db_error, drafts, erase, photos, records,
};
use crate::beijing;
use lianxin_shared::{
    domain::person::{self, relation_rank},
    replica::{Value, kind},
    sqlite::{IS_PRESENT, uuid_at},
};
use rusqlite::{Connection, OptionalExtension, ToSql, params};
use std::collections::BTreeMap;
use uuid::Uuid;

/// The most rows of one answer.
#[allow(non_upper_case_globals)]
pub(super) const rows_max: u32 = 200;

/// What the chips over the list say; changes only with records and the campaign, so the store keeps it.
#[derive(Debug, Clone, Default)]
pub(super) struct Chips {
    pub all: u32,
    /// Must-visit households not visited yet, in the order of the list.
    pub left: Vec<Uuid>,
    pub must_visit: u32,
    pub off_register: u32,
    pub categories: Vec<(String, u32)>,
}

impl Chips {
    /// How many are left to visit.
    pub fn not_visited(&self) -> u32 {
        u32::try_from(self.left.len()).unwrap_or(u32::MAX)
    }
}

/// A household is left when it is on the register, a category of the campaign applies, and no visit of it or of
/// one merged into it has met anybody there. CROSS JOIN keeps SQLite from walking all visits for the few links.
fn left() -> String {
    format!(
        "{IS_PRESENT}
  AND EXISTS (SELECT 1 FROM tag t, json_each(:categories) c WHERE t.household = h.id AND t.category = c.value)
  AND NOT EXISTS (SELECT 1 FROM visit v WHERE v.household = h.id AND v.absent = 0 AND v.void = 0
    AND v.campaign = :campaign)
  AND h.id NOT IN (SELECT a.shown FROM household_alias a CROSS JOIN visit v ON v.household = a.old
    WHERE v.absent = 0 AND v.void = 0 AND v.campaign = :campaign)"
    )
}

pub(super) fn chips(db: &Connection, running: &Running) -> Result<Chips, StoreError> {
    let count = |sql: &str, params: &[(&str, &dyn ToSql)]| -> Result<u32, StoreError> {
        db.prepare_cached(sql).and_then(|mut s| s.query_row(params, |row| row.get(0))).map_err(db_error)
    };
    let (categories, campaign) = (running.categories_json(), running.id_text());
    let both: [(&str, &dyn ToSql); 2] = [(":categories", &categories), (":campaign", &campaign)];
    let mut statement = db
        .prepare_cached(&format!(
            "SELECT t.category, count(DISTINCT t.household) FROM tag t JOIN household h ON h.id = t.household
             WHERE {IS_PRESENT} GROUP BY t.category"
        ))
        .map_err(db_error)?;
    let counted: BTreeMap<String, u32> = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .and_then(Iterator::collect)
        .map_err(db_error)?;
    let first = running.categories.iter().filter(|code| counted.contains_key(*code)).cloned();
    let rest = counted.keys().filter(|code| !running.categories.contains(code)).cloned();
    let ordered: Vec<String> = first.chain(rest).collect();
    Ok(Chips {
        all: count(&format!("SELECT count(*) FROM household h WHERE {IS_PRESENT}"), &[])?,
        left: db
            .prepare_cached(&format!("SELECT h.id FROM household h WHERE {} {ORDER}", left()))
            .and_then(|mut s| s.query_map(both.as_slice(), |row| uuid_at(row, "id"))?.collect())
            .map_err(db_error)?,
        must_visit: count(
            &format!(
                "SELECT count(DISTINCT t.household) FROM tag t JOIN household h ON h.id = t.household
             WHERE {IS_PRESENT} AND t.category IN (SELECT value FROM json_each(:categories))"
            ),
            &[(":categories", &categories)],
        )?,
        off_register: count(&format!("SELECT count(*) FROM household h WHERE NOT {IS_PRESENT}"), &[])?,
        categories: ordered
            .into_iter()
            .map(|code| {
                let n = counted.get(&code).copied().unwrap_or(0);
                (code, n)
            })
            .collect(),
    })
}

/// The household `h` and those merged into it: visits of either show under the one.
const OWN: &str = "IN (SELECT h.id UNION ALL SELECT a.old FROM household_alias a WHERE a.shown = h.id)";

/// Lines of the list, of these households and in this order; one that is not here has none.
pub(super) fn lines(
    db: &Connection,
    ids: &[Uuid],
    running: &Running,
) -> Result<Vec<HouseholdRow>, StoreError> {
    let ids = ids.iter().map(|id| id.simple().to_string());
    let ids =
        serde_json::to_string(&ids.collect::<Vec<_>>()).map_err(|e| StoreError::Broken(e.to_string()))?;
    let sql = format!(
        "SELECT h.id, h.head, h.grp, h.door, CASE WHEN {IS_PRESENT} THEN '' ELSE h.standing END AS standing,
           coalesce(w.name, h.village) AS village,
           CASE WHEN h.population > 0 THEN h.population
             ELSE (SELECT count(*) FROM person p WHERE p.household = h.id) END AS population,
           (SELECT group_concat(DISTINCT t.category) FROM tag t WHERE t.household = h.id) AS tags,
           (SELECT max(v.occurred_at) FROM visit v
             WHERE v.household {OWN} AND v.absent = 0 AND v.void = 0) AS last_visit,
           ({}) AS is_left
         FROM json_each(:ids) page CROSS JOIN household h ON h.id = unhex(page.value)
         LEFT JOIN village w ON w.code = h.village ORDER BY page.key",
        left()
    );
    let params: [(&str, &dyn ToSql); 3] =
        [(":ids", &ids), (":categories", &running.categories_json()), (":campaign", &running.id_text())];
    let mut statement = db.prepare_cached(&sql).map_err(db_error)?;
    statement.query_map(params.as_slice(), row_from).and_then(Iterator::collect).map_err(db_error)
}

fn row_from(row: &rusqlite::Row<'_>) -> rusqlite::Result<HouseholdRow> {
    let tags: Option<String> = row.get("tags")?;
    Ok(HouseholdRow {
        id: uuid_at(row, "id")?,
        head: row.get("head")?,
        village: row.get("village")?,
        group: row.get("grp")?,
        door: row.get("door")?,
        population: row.get("population")?,
        standing: row.get("standing")?,
        tags: tags.iter().flat_map(|codes| codes.split(',')).map(str::to_owned).collect(),
        must_visit_left: row.get("is_left")?,
        last_visit_ms: row.get("last_visit")?,
        found_by: None,
    })
}

/// The order of the list; [`super::search`] keeps it in memory.
const ORDER: &str = "ORDER BY h.village, h.grp_no, h.grp, h.door_no, h.door, h.head, h.id";

/// One line of the list.
pub(super) fn line(db: &Connection, id: Uuid, running: &Running) -> Result<Option<HouseholdRow>, StoreError> {
    Ok(lines(db, &[id], running)?.into_iter().next())
}

pub(super) fn page(
    db: &Connection,
    id: Uuid,
    running: &Running,
    who: &Identity,
    now_ms: i64,
) -> Result<HouseholdPage, StoreError> {
    let own = who.cadre_name.as_str();
    erase::refuse_gone(db, kind::HOUSEHOLD, id)?;
    let row = line(db, id, running)?.ok_or(StoreError::NotFound)?;
    let members = ids(db, "SELECT id FROM person WHERE household = ?1 ORDER BY id", id)?;
    let mut members: Vec<Loaded> =
        members.iter().map(|id| records::load(db, *id)).collect::<Result<_, _>>()?;
    let rank = |member: &Loaded| {
        let relation = member.fields.get(person::field::RELATION).and_then(Value::as_text);
        relation_rank(relation.unwrap_or_default())
    };
    members.sort_by_key(|member| (rank(member), member.id));
    let mut conflicts = conflicts::of_record(db, id, own)?;
    for member in &members {
        conflicts.extend(conflicts::of_record(db, member.id, own)?);
    }
    Ok(HouseholdPage {
        row,
        record: records::load(db, id)?,
        members,
        timeline: timeline(db, id)?,
        draft: drafts::of_household(db, id)?,
        visited_today: visited_today(db, id, &who.cadre, now_ms)?,
        conflicts,
    })
}

/// The last visit of a household today by this cadre: one that stands and at which somebody was met.
fn visited_today(
    db: &Connection,
    household: Uuid,
    cadre: &str,
    now_ms: i64,
) -> Result<Option<Uuid>, StoreError> {
    let from = beijing::day_start(now_ms);
    db.prepare_cached(
        "SELECT id FROM visit WHERE visitor = ?2 AND occurred_at >= ?3 AND occurred_at < ?4 AND absent = 0 AND void = 0
           AND household IN (SELECT ?1 UNION ALL SELECT old FROM household_alias WHERE shown = ?1)
         ORDER BY occurred_at DESC, id DESC LIMIT 1",
    )
    .and_then(|mut s| {
        let today = params![household.as_bytes(), cadre, from, from + beijing::DAY_MS];
        s.query_row(today, |row| uuid_at(row, "id")).optional()
    })
    .map_err(db_error)
}

pub(super) fn ids(db: &Connection, sql: &str, of: Uuid) -> Result<Vec<Uuid>, StoreError> {
    db.prepare_cached(sql)
        .and_then(|mut s| s.query_map([of.as_bytes()], |row| uuid_at(row, "id"))?.collect())
        .map_err(db_error)
}

fn timeline(db: &Connection, household: Uuid) -> Result<Vec<TimelineEntry>, StoreError> {
    let mut statement = db
        .prepare_cached(
            "SELECT id, occurred_at, visitor_name, mode, absent, void FROM visit
             WHERE household IN (SELECT ?1 UNION ALL SELECT old FROM household_alias WHERE shown = ?1)
             ORDER BY occurred_at DESC, id DESC",
        )
        .map_err(db_error)?;
    let entries = statement
        .query_map([household.as_bytes()], |row| {
            Ok(TimelineEntry {
                id: uuid_at(row, "id")?,
                occurred_ms: row.get("occurred_at")?,
                visitor_name: row.get("visitor_name")?,
                mode: row.get("mode")?,
                absent: row.get("absent")?,
                void: row.get("void")?,
                ..TimelineEntry::default()
            })
        })
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(db_error)?;
    let dress = |mut entry: TimelineEntry| {
        for id in ids(db, "SELECT id FROM opinion WHERE visit = ?1 ORDER BY id", entry.id)? {
            entry.opinions.extend(records::shown(db, id)?.map(|row| row.text("text").to_owned()));
        }
        entry.photos = photos::names(db, entry.id)?;
        entry.place = records::place_of(db, entry.id)?;
        Ok(entry)
    };
    entries.into_iter().map(dress).collect()
}
