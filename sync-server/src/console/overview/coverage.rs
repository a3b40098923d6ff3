//! Coverage by village and category: of the households that a category names, how many were met in the
//! campaign ([`lianxin_shared::domain::coverage`] has the rule).

use super::super::scope::{Campaign, json_list};
use crate::storage::StorageError;
use lianxin_shared::domain::coverage::Coverage;
use rusqlite::{Connection, params};
use std::collections::{BTreeMap, BTreeSet};

/// The households met in a campaign, as a common table expression named `met`.
pub(in crate::console) const MET: &str =
    "met (household) AS MATERIALIZED (SELECT DISTINCT household FROM visit
   WHERE campaign = ?1 AND absent = 0 AND void = 0 AND household IS NOT NULL)";

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

pub(super) fn read(db: &Connection, campaign: &Campaign) -> Result<Matrix, StorageError> {
    let required = campaign.categories();
    let (id, list) = (campaign.id.to_string(), json_list(&required)?);
    let mut statement = db.prepare_cached(&format!(
        "WITH {MET}
         SELECT t.village, t.category, count(DISTINCT t.household), count(DISTINCT met.household)
         FROM tag t JOIN household h ON h.id = t.household LEFT JOIN met ON met.household = t.household
         WHERE t.category IN (SELECT value FROM json_each(?2))
         GROUP BY t.category, t.village"
    ))?;
    let rows = statement.query_map(params![id, list], |row| {
        let (total, covered): (i64, i64) = (row.get(2)?, row.get(3)?);
        Ok(((row.get(0)?, row.get(1)?), coverage(covered, total)))
    })?;
    let cells: BTreeMap<(String, String), Coverage> = rows.collect::<Result<_, _>>()?;
    let borne: BTreeSet<&str> = cells.keys().map(|(_, category)| category.as_str()).collect();
    let categories = required.into_iter().filter(|code| borne.contains(code)).collect();
    let must_visit = db
        .prepare_cached(&format!(
            "WITH {MET}
             SELECT count(*), count(met.household) FROM
               (SELECT DISTINCT household FROM tag WHERE category IN (SELECT value FROM json_each(?2))) t
             JOIN household h ON h.id = t.household LEFT JOIN met ON met.household = t.household"
        ))?
        .query_row(params![id, list], |row| Ok(coverage(row.get(1)?, row.get(0)?)))?;
    Ok(Matrix { categories, cells, must_visit })
}

fn coverage(covered: i64, total: i64) -> Coverage {
    let whole = |number: i64| usize::try_from(number).unwrap_or_default();
    Coverage { covered: whole(covered), total: whole(total) }
}
