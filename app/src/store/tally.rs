//! How many records there are of what people count: 走访、手记、户, with what was said going with its visit.

use super::{StoreError, Tally, db_error};
use lianxin_shared::replica::kind;
use rusqlite::Connection;

/// While no more records than this wait, the line at the top says of what kind they are. Beyond, it says how many: it is
/// asked for at every save, also after months without a network.
#[allow(non_upper_case_globals)]
const line_records_max: u32 = 200;

/// Counts the records that have a patch of which `condition` holds, and that are not wholly erased by law.
pub(super) fn tally(db: &Connection, condition: &str) -> Result<Tally, StoreError> {
    let sql = format!(
        "WITH own AS MATERIALIZED (SELECT record, max(kind) AS kind FROM patch
           WHERE {condition} AND record NOT IN (SELECT record FROM erased WHERE field = '') GROUP BY record)
         SELECT kind, count(*), sum(kind = 'opinion' AND EXISTS (
           SELECT 1 FROM opinion WHERE opinion.id = own.record AND opinion.visit IN (SELECT record FROM own)))
         FROM own GROUP BY kind"
    );
    let mut statement = db.prepare_cached(&sql).map_err(db_error)?;
    let counted = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .and_then(Iterator::collect::<Result<Vec<(String, u32, u32)>, _>>)
        .map_err(db_error)?;
    let mut tally = Tally::default();
    for (kind, count, with_visit) in counted {
        match kind.as_str() {
            kind::VISIT => tally.visits = count,
            kind::OPINION => {
                tally.opinions_in_visits = with_visit;
                tally.opinions = count.saturating_sub(with_visit);
            }
            kind::DIARY => tally.diaries = count,
            kind::HOUSEHOLD => tally.households = count,
            kind::PERSON => tally.persons = count,
            _ => tally.others += count,
        }
    }
    Ok(tally)
}

/// What waits, as the line at the top says it; `records` is how many they are.
pub(super) fn of_line(db: &Connection, records: u32) -> Result<Tally, StoreError> {
    match records {
        0 => Ok(Tally::default()),
        1..=line_records_max => tally(db, "state < 2"),
        _ => Ok(Tally { others: records, ..Tally::default() }),
    }
}
