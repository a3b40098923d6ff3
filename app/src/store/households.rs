//! Households: found as one types, and one household's page.

use super::{
    HouseholdFilter, HouseholdPage, HouseholdQuery, HouseholdRow, Households, Loaded, StoreError,
    TimelineEntry, campaign::Running, conflicts, db_error, drafts, photos, records,
};
use lianxin_shared::sqlite::{IS_PRESENT, uuid_at};
use rusqlite::{Connection, ToSql, types::Value};
use std::collections::BTreeMap;
use uuid::Uuid;

/// The most rows of one answer.
#[allow(non_upper_case_globals)]
const rows_max: u32 = 200;

/// What the chips over the list say; changes only when records change, so the store keeps it.
#[derive(Debug, Clone, Default)]
pub(super) struct Chips {
    pub all: u32,
    pub not_visited: u32,
    pub must_visit: u32,
    pub off_register: u32,
    pub categories: Vec<(String, u32)>,
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
        not_visited: count(&format!("SELECT count(*) FROM household h WHERE {}", left()), &both)?,
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

/// The WHERE of a query and its parameters.
struct Condition {
    sql: String,
    params: Vec<(String, Value)>,
}

fn condition(query: &HouseholdQuery, running: &Running, cadre: &str) -> Condition {
    let off_register = query.filter == HouseholdFilter::OffRegister;
    let mut sql = if off_register { format!("NOT {IS_PRESENT}") } else { IS_PRESENT.to_owned() };
    let mut params = vec![
        (":categories".to_owned(), Value::from(running.categories_json())),
        (":campaign".to_owned(), Value::from(running.id_text())),
        (":cadre".to_owned(), Value::from(cadre.to_owned())),
    ];
    match &query.filter {
        HouseholdFilter::All | HouseholdFilter::OffRegister => {}
        HouseholdFilter::NotVisited => sql.push_str(&format!(" AND {}", left())),
        HouseholdFilter::Recent => sql
            .push_str(" AND EXISTS (SELECT 1 FROM visit v WHERE v.household = h.id AND v.visitor = :cadre)"),
        HouseholdFilter::Category(code) => {
            sql.push_str(" AND h.id IN (SELECT household FROM tag WHERE category = :code)");
            params.push((":code".to_owned(), Value::from(code.clone())));
        }
        HouseholdFilter::Village(code) => {
            sql.push_str(" AND h.village = :village");
            params.push((":village".to_owned(), Value::from(code.clone())));
        }
    }
    for (i, word) in query.text.to_lowercase().split_whitespace().enumerate() {
        let name = format!(":word{i}");
        sql.push_str(&format!(
            " AND (instr(h.search, {name}) > 0 OR h.id IN (SELECT household FROM person WHERE instr(search, {name}) > 0))"
        ));
        params.push((name, Value::from(word.to_owned())));
    }
    Condition { sql, params }
}

/// Only the parameters that a statement names (SQLite refuses the others).
fn run<T>(
    db: &Connection,
    sql: &str,
    params: &[(String, Value)],
    read: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>, StoreError> {
    let named: Vec<(&str, &dyn ToSql)> = params
        .iter()
        .filter(|(name, _)| sql.contains(name.as_str()))
        .map(|(name, value)| (name.as_str(), value as &dyn ToSql))
        .collect();
    let mut statement = db.prepare_cached(sql).map_err(db_error)?;
    statement.query_map(named.as_slice(), read).and_then(Iterator::collect).map_err(db_error)
}

/// The household `h` and those merged into it: visits of either show under the one.
const OWN: &str = "IN (SELECT h.id UNION ALL SELECT a.old FROM household_alias a WHERE a.shown = h.id)";

fn select(condition: &str) -> String {
    format!(
        "SELECT h.id, h.head, h.grp, h.door, CASE WHEN {IS_PRESENT} THEN '' ELSE h.standing END AS standing,
           coalesce(w.name, h.village) AS village,
           CASE WHEN h.population > 0 THEN h.population
             ELSE (SELECT count(*) FROM person p WHERE p.household = h.id) END AS population,
           (SELECT group_concat(DISTINCT t.category) FROM tag t WHERE t.household = h.id) AS tags,
           (SELECT max(v.occurred_at) FROM visit v
             WHERE v.household {OWN} AND v.absent = 0 AND v.void = 0) AS last_visit,
           ({}) AS is_left
         FROM household h LEFT JOIN village w ON w.code = h.village WHERE {condition}",
        left()
    )
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
    })
}

const RECENT: &str = "ORDER BY (SELECT max(v.occurred_at) FROM visit v
  WHERE v.household = h.id AND v.visitor = :cadre) DESC, h.id";
const ORDER: &str = "ORDER BY h.village, h.grp_no, h.grp, h.door_no, h.door, h.head, h.id";

pub(super) fn find(
    db: &Connection,
    query: &HouseholdQuery,
    running: &Running,
    chips: &Chips,
    cadre: &str,
) -> Result<Households, StoreError> {
    let Condition { sql, mut params } = condition(query, running, cadre);
    let order = if query.filter == HouseholdFilter::Recent { RECENT } else { ORDER };
    let total = if query.text.trim().is_empty() && query.filter == HouseholdFilter::All {
        chips.all
    } else {
        let counted =
            run(db, &format!("SELECT count(*) FROM household h WHERE {sql}"), &params, |r| r.get(0))?;
        counted.first().copied().unwrap_or(0)
    };
    // The ids first: sorting thin rows and dressing only the page keeps typing instant over 20,000 households.
    let page = format!(
        "h.id IN (SELECT h.id FROM household h WHERE {sql} {order} LIMIT :limit OFFSET :offset) {order}"
    );
    params.push((":limit".to_owned(), Value::from(i64::from(query.limit.min(rows_max)))));
    params.push((":offset".to_owned(), Value::from(i64::from(query.offset))));
    Ok(Households {
        rows: run(db, &select(&page), &params, row_from)?,
        total,
        all: chips.all,
        not_visited: chips.not_visited,
        off_register: chips.off_register,
        categories: chips.categories.clone(),
    })
}

/// One line of the list.
pub(super) fn line(db: &Connection, id: Uuid, running: &Running) -> Result<Option<HouseholdRow>, StoreError> {
    let params = vec![
        (":categories".to_owned(), Value::from(running.categories_json())),
        (":campaign".to_owned(), Value::from(running.id_text())),
        (":id".to_owned(), Value::from(id.as_bytes().to_vec())),
    ];
    Ok(run(db, &select("h.id = :id"), &params, row_from)?.into_iter().next())
}

pub(super) fn page(
    db: &Connection,
    id: Uuid,
    running: &Running,
    own: &str,
) -> Result<HouseholdPage, StoreError> {
    let row = line(db, id, running)?.ok_or(StoreError::NotFound)?;
    let members = ids(db, "SELECT id FROM person WHERE household = ?1 ORDER BY id", id)?;
    let members: Vec<Loaded> = members.iter().map(|id| records::load(db, *id)).collect::<Result<_, _>>()?;
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
        conflicts,
    })
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
