//! The register in memory, for what is searched while one types: SQL over encrypted pages would read every household
//! and person of the phone at each keystroke. It is built by one scan, and what changes afterwards is read again alone:
//! triggers of this connection note which households a write concerns, whoever writes. A household takes about 300
//! bytes: names are compared with what is typed by reading their characters, no spelling is kept.

use super::{
    FoundBy, HouseholdFilter, HouseholdQuery, StoreError, db_error, households,
    words::{Typed, Whereabouts, Words},
};
use lianxin_shared::sqlite::IS_PRESENT;
use rusqlite::{Connection, OptionalExtension, Params, Row, params};
use std::cmp::Reverse;
use uuid::Uuid;

/// More changed households than this, and one scan is cheaper than reading each.
#[allow(non_upper_case_globals)]
const changed_households_max: usize = 500;

/// Of more households than this, what was typed tells none from the others.
#[allow(non_upper_case_globals)]
const ranked_max: usize = 500;

/// A replaced row is told by BEFORE INSERT: SQLite's REPLACE fires no DELETE trigger. A person concerns the household
/// that it is in and the one that it was in.
const WATCH: &str = "
CREATE TEMP TABLE IF NOT EXISTS changed_household (id BLOB NOT NULL PRIMARY KEY) WITHOUT ROWID;
CREATE TEMP TRIGGER IF NOT EXISTS household_put AFTER INSERT ON main.household BEGIN
  INSERT OR IGNORE INTO changed_household VALUES (NEW.id); END;
CREATE TEMP TRIGGER IF NOT EXISTS household_set AFTER UPDATE ON main.household BEGIN
  INSERT OR IGNORE INTO changed_household VALUES (OLD.id), (NEW.id); END;
CREATE TEMP TRIGGER IF NOT EXISTS household_gone AFTER DELETE ON main.household BEGIN
  INSERT OR IGNORE INTO changed_household VALUES (OLD.id); END;
CREATE TEMP TRIGGER IF NOT EXISTS person_put BEFORE INSERT ON main.person BEGIN
  INSERT OR IGNORE INTO changed_household SELECT household FROM person WHERE id = NEW.id;
  INSERT OR IGNORE INTO changed_household VALUES (NEW.household); END;
CREATE TEMP TRIGGER IF NOT EXISTS person_set AFTER UPDATE ON main.person BEGIN
  INSERT OR IGNORE INTO changed_household VALUES (OLD.household), (NEW.household); END;
CREATE TEMP TRIGGER IF NOT EXISTS person_gone AFTER DELETE ON main.person BEGIN
  INSERT OR IGNORE INTO changed_household VALUES (OLD.household); END;
DELETE FROM changed_household;";

/// A household's columns as [`Entry::read`] takes them.
const COLUMNS: &str = "id, village, grp_no, grp, door_no, door, head, search, phone";

type Id = [u8; 16];

/// Where a household stands in the list: [`households::ORDER`].
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    village: Box<str>,
    group_no: i64,
    group: Box<str>,
    door_no: i64,
    door: Box<str>,
    head: Box<str>,
    id: Id,
}

impl Place {
    fn whereabouts(&self) -> Whereabouts<'_> {
        Whereabouts { village: &self.village, group_no: self.group_no }
    }
}

/// A household with the searched words of its own and of its members.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    place: Place,
    words: Box<str>,
}

impl Entry {
    fn read(row: &Row<'_>) -> rusqlite::Result<(Place, Words)> {
        let place = Place {
            id: row.get(0)?,
            village: row.get(1)?,
            group_no: row.get(2)?,
            group: row.get(3)?,
            door_no: row.get(4)?,
            door: row.get(5)?,
            head: row.get(6)?,
        };
        let words = Words::of_household(&place.head, &row.get::<_, String>(7)?, &row.get::<_, String>(8)?);
        Ok((place, words))
    }
}

/// What a chip chose, until records change.
#[derive(Debug)]
struct Picked {
    filter: HouseholdFilter,
    /// Numbers of entries, in the order in which they are listed.
    entries: Vec<usize>,
}

/// What a query found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// How many households in all.
    pub total: u32,
    /// Those of the page, with what the line does not show and they were found by.
    pub page: Vec<(Uuid, Option<FoundBy>)>,
}

/// The register in memory.
#[derive(Debug)]
pub(super) struct SearchIndex {
    /// All households, also those off the register, in the order of the list.
    entries: Vec<Entry>,
    picked: Option<Picked>,
}

impl SearchIndex {
    /// By one scan over households and persons.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn build(db: &Connection) -> Result<Self, StoreError> {
        db.execute_batch(WATCH).map_err(db_error)?;
        let sql = format!("SELECT {COLUMNS} FROM household ORDER BY id");
        let mut read = rows(db, &sql, [], Entry::read)?;
        let mut statement =
            db.prepare_cached("SELECT household, name, search FROM person").map_err(db_error)?;
        let mut persons = statement.query([]).map_err(db_error)?;
        while let Some(person) = persons.next().map_err(db_error)? {
            let household: Id = person.get(0).map_err(db_error)?;
            let at = read.binary_search_by(|(place, _)| place.id.cmp(&household));
            if let Some((_, words)) = at.ok().and_then(|at| read.get_mut(at)) {
                let text = |column| person.get_ref(column)?.as_str().map_err(rusqlite::Error::from);
                words.add_member(text(1).map_err(db_error)?, text(2).map_err(db_error)?);
            }
        }
        let entries = read.into_iter().map(|(place, words)| Entry { place, words: words.into() });
        let mut index = Self { entries: entries.collect(), picked: None };
        index.entries.sort_unstable();
        Ok(index)
    }

    /// This index with what has changed in the register since.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn refreshed(mut self, db: &Connection) -> Result<Self, StoreError> {
        let changed = ids(db, "SELECT id FROM changed_household ORDER BY id", [])?;
        if changed.is_empty() {
            return Ok(self);
        }
        if changed.len() > changed_households_max {
            return Self::build(db);
        }
        self.picked = None;
        self.entries.retain(|entry| changed.binary_search(&entry.place.id).is_err());
        for id in changed {
            self.entries.extend(read_one(db, id)?);
        }
        // Two sorted runs: about one comparison per entry.
        self.entries.sort();
        db.prepare_cached("DELETE FROM changed_household")
            .and_then(|mut s| s.execute([]))
            .map_err(db_error)?;
        Ok(self)
    }

    /// Records or the campaign have changed: a chip may choose others.
    pub fn forget_picked(&mut self) {
        self.picked = None;
    }

    /// The households that the chip chooses and whose words, or whose members' words, hold every word of the text: what
    /// fits a name best comes first.
    /// `left` is [`Chips::left`](households::Chips).
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn find(
        &mut self,
        db: &Connection,
        query: &HouseholdQuery,
        left: &[Uuid],
        cadre: &str,
    ) -> Result<Found, StoreError> {
        let picked = match self.picked.take().filter(|picked| picked.filter == query.filter) {
            Some(picked) => picked,
            None => {
                Picked { entries: self.pick(db, &query.filter, left, cadre)?, filter: query.filter.clone() }
            }
        };
        let villages = rows(db, "SELECT code, name FROM village", [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let typed = Typed::new(&query.text, &villages);
        let chosen = picked.entries.iter().filter_map(|at| self.entries.get(*at));
        let mut found: Vec<&Entry> =
            chosen.filter(|entry| typed.is_in(&entry.words, entry.place.whereabouts())).collect();
        if !typed.is_empty() && found.len() <= ranked_max {
            // What fits equally well stays in the order of the list.
            found.sort_by_cached_key(|entry| typed.fit(&entry.words));
        }
        let (from, limit) = (query.offset as usize, query.limit.min(households::rows_max) as usize);
        let total = u32::try_from(found.len()).unwrap_or(u32::MAX);
        let page = found.into_iter().skip(from).take(limit);
        let page =
            page.map(|entry| (Uuid::from_bytes(entry.place.id), typed.found_by(&entry.words))).collect();
        self.picked = Some(picked);
        Ok(Found { total, page })
    }

    fn pick(
        &self,
        db: &Connection,
        filter: &HouseholdFilter,
        left: &[Uuid],
        cadre: &str,
    ) -> Result<Vec<usize>, StoreError> {
        let off = ids(
            db,
            &format!(
                "SELECT h.id FROM household h WHERE h.standing <> '' AND NOT {IS_PRESENT} ORDER BY h.id"
            ),
            [],
        )?;
        let is_off = |entry: &Entry| off.binary_search(&entry.place.id).is_ok();
        let all = || self.entries.iter().enumerate();
        Ok(match filter {
            HouseholdFilter::OffRegister => all().filter(|(_, e)| is_off(e)).map(|(at, _)| at).collect(),
            HouseholdFilter::All => all().filter(|(_, e)| !is_off(e)).map(|(at, _)| at).collect(),
            HouseholdFilter::Village(code) => {
                all().filter(|(_, e)| *e.place.village == **code && !is_off(e)).map(|(at, _)| at).collect()
            }
            HouseholdFilter::NotVisited => {
                let mut left: Vec<Id> = left.iter().map(|id| id.into_bytes()).collect();
                left.sort_unstable();
                self.among(&left).map(|(_, at)| at).collect()
            }
            HouseholdFilter::Category(code) => {
                let sql = "SELECT DISTINCT household FROM tag WHERE category = ?1 ORDER BY household";
                let tagged = ids(db, sql, [code])?;
                self.among(&tagged).filter(|(entry, _)| !is_off(entry)).map(|(_, at)| at).collect()
            }
            HouseholdFilter::Recent => {
                let sql = "SELECT household, max(occurred_at) FROM visit
                           WHERE visitor = ?1 AND household IS NOT NULL AND absent = 0 AND void = 0
                           GROUP BY household ORDER BY household";
                let last: Vec<(Id, i64)> = rows(db, sql, [cadre], |row| Ok((row.get(0)?, row.get(1)?)))?;
                let been: Vec<Id> = last.iter().map(|(id, _)| *id).collect();
                let when =
                    |id: &Id| been.binary_search(id).ok().and_then(|at| last.get(at)).map(|(_, ms)| *ms);
                let mut recent: Vec<_> = self
                    .among(&been)
                    .filter(|(entry, _)| !is_off(entry))
                    .map(|(entry, at)| (Reverse(when(&entry.place.id)), entry.place.id, at))
                    .collect();
                recent.sort_unstable();
                recent.into_iter().map(|(_, _, at)| at).collect()
            }
        })
    }

    /// The entries of these sorted ids, with their numbers.
    fn among<'a>(&'a self, ids: &'a [Id]) -> impl Iterator<Item = (&'a Entry, usize)> {
        let numbered = self.entries.iter().enumerate().map(|(at, entry)| (entry, at));
        numbered.filter(|(entry, _)| ids.binary_search(&entry.place.id).is_ok())
    }
}

fn read_one(db: &Connection, id: Id) -> Result<Option<Entry>, StoreError> {
    let household = db
        .prepare_cached(&format!("SELECT {COLUMNS} FROM household WHERE id = ?1"))
        .and_then(|mut s| s.query_row([id], Entry::read).optional())
        .map_err(db_error)?;
    let Some((place, mut words)) = household else { return Ok(None) };
    let sql = "SELECT name, search FROM person WHERE household = ?1";
    let members: Vec<(String, String)> = rows(db, sql, params![id], |row| Ok((row.get(0)?, row.get(1)?)))?;
    for (name, search) in members {
        words.add_member(&name, &search);
    }
    Ok(Some(Entry { place, words: words.into() }))
}

fn ids(db: &Connection, sql: &str, params: impl Params) -> Result<Vec<Id>, StoreError> {
    rows(db, sql, params, |row| row.get(0))
}

fn rows<T>(
    db: &Connection,
    sql: &str,
    params: impl Params,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>, StoreError> {
    let mut statement = db.prepare_cached(sql).map_err(db_error)?;
    statement.query_map(params, read).and_then(Iterator::collect).map_err(db_error)
}
