//! Coverage by village and category: of the households that a category names, how many were met in the
//! campaign ([`lianxin_shared::domain::coverage`] has the rule). Who is off the register is not counted.

use super::super::scope::{Campaign, json_list};
use crate::storage::StorageError;
use lianxin_shared::{domain::coverage::Coverage, sqlite::IS_PRESENT};
use rusqlite::Connection;
use std::collections::{BTreeMap, BTreeSet};

/// Coverage of a campaign.
pub(super) struct Matrix {
    /// Categories that any household carries, in the document's order.
    pub categories: Vec<&'static str>,
    /// By village and category; a cell without households is absent.
    pub cells: BTreeMap<(String, String), Coverage>,
    /// All households that the scheme requires, each counted once.
    pub must_visit: Coverage,
}

impl Matrix {
    /// Villages with any household to visit, by code.
    pub(super) fn villages(&self) -> BTreeSet<&str> {
        self.cells.keys().map(|(village, _)| village.as_str()).collect()
    }

    /// A category over all villages.
    pub(super) fn whole(&self, category: &str) -> Coverage {
        let cells = self.cells.iter().filter(|((_, code), _)| code == category).map(|(_, cell)| cell);
        cells.fold(Coverage::default(), |sum, cell| Coverage {
            covered: sum.covered + cell.covered,
            total: sum.total + cell.total,
        })
    }
}

/// One pass over the visits and one over the tags' index: a township of 100,000 households is counted while
/// somebody waits.
pub(super) fn read(db: &Connection, campaign: &Campaign) -> Result<Matrix, StorageError> {
    let required = campaign.categories();
    let (met, off_register) = (met(db, campaign)?, off_register(db)?);
    let mut cells: BTreeMap<(String, String), Coverage> = BTreeMap::new();
    let mut must_visit: BTreeMap<[u8; 16], bool> = BTreeMap::new();
    // A member's tag outlives a deleted household; the household's own does not. In the order of the index,
    // a household tagged twice stands twice in a row.
    let mut statement = db.prepare_cached(
        "SELECT DISTINCT t.category, t.village, t.household FROM tag t
         WHERE t.category IN (SELECT value FROM json_each(?1))
           AND (t.record = t.household OR EXISTS (SELECT 1 FROM household h WHERE h.id = t.household))
         ORDER BY t.category, t.village, t.household",
    )?;
    let mut rows = statement.query([json_list(&required)?])?;
    while let Some(row) = rows.next()? {
        let (category, village, household): (String, String, [u8; 16]) =
            (row.get(0)?, row.get(1)?, row.get(2)?);
        if off_register.contains(&household) {
            continue;
        }
        let covered = met.contains(&household);
        let cell = cells.entry((village, category)).or_default();
        cell.total += 1;
        cell.covered += usize::from(covered);
        must_visit.insert(household, covered);
    }
    let borne: BTreeSet<&str> = cells.keys().map(|(_, category)| category.as_str()).collect();
    let categories = required.into_iter().filter(|code| borne.contains(code)).collect();
    let covered = must_visit.values().filter(|met| **met).count();
    let must_visit = Coverage { covered, total: must_visit.len() };
    Ok(Matrix { categories, cells, must_visit })
}

/// The few households that are not on the register any more.
fn off_register(db: &Connection) -> Result<BTreeSet<[u8; 16]>, StorageError> {
    let sql = format!("SELECT h.id FROM household h WHERE h.standing <> '' AND NOT {IS_PRESENT}");
    let mut statement = db.prepare_cached(&sql)?;
    let households = statement.query_map([], |row| row.get(0))?;
    Ok(households.collect::<Result<_, _>>()?)
}

/// The households met in a campaign, and those under which they are shown after a 并户.
fn met(db: &Connection, campaign: &Campaign) -> Result<BTreeSet<[u8; 16]>, StorageError> {
    // The whole table is read in its own order: through an index every row would be looked up singly.
    let mut statement = db.prepare_cached(
        "SELECT household FROM visit NOT INDEXED
         WHERE campaign = ?1 AND absent = 0 AND void = 0 AND household IS NOT NULL",
    )?;
    let households = statement.query_map([campaign.id.to_string()], |row| row.get(0))?;
    let mut met: BTreeSet<[u8; 16]> = households.collect::<Result<_, _>>()?;
    let mut aliases = db.prepare_cached("SELECT old, shown FROM household_alias")?;
    let pairs = aliases.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let pairs: Vec<([u8; 16], [u8; 16])> = pairs.collect::<Result<_, _>>()?;
    let heirs: Vec<_> = pairs.iter().filter(|(old, _)| met.contains(old)).map(|(_, shown)| *shown).collect();
    met.extend(heirs);
    Ok(met)
}
