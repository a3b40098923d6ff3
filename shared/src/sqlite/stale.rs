//! Projections that a migration has changed are derived anew. A schema step cannot do it: what a phone shows is
//! more than its rows.

use super::{projection::project, rows::SqliteError};
use crate::replica::Row;
use rusqlite::{Connection, TransactionBehavior};
use uuid::Uuid;

/// Derives every record of the projections that a migration has marked, in one transaction. `shown` gives a record
/// as it is shown; a killed run begins again.
///
/// # Errors
/// When SQLite or `shown` fails: nothing is changed then.
pub fn refresh_stale<E: From<SqliteError>>(
    db: &mut Connection,
    shown: impl Fn(&Connection, Uuid) -> Result<Option<Row>, E>,
) -> Result<(), E> {
    let stale = read(db, "SELECT name FROM stale_projection", |row| row.get::<_, String>(0))?;
    // Nothing is written if there is nothing to do: a full disk must not keep anybody from opening what is there.
    if stale.is_empty() {
        return Ok(());
    }
    let tx = db.transaction_with_behavior(TransactionBehavior::Immediate).map_err(SqliteError::from)?;
    for table in stale {
        let ids = read(&tx, &format!("SELECT id FROM {table}"), |row| row.get(0).map(Uuid::from_bytes))?;
        for id in ids {
            if let Some(row) = shown(&tx, id)? {
                project(&tx, &row)?;
            }
        }
    }
    tx.execute_batch("DELETE FROM stale_projection").map_err(SqliteError::from)?;
    tx.commit().map_err(SqliteError::from)?;
    Ok(())
}

fn read<T>(
    db: &Connection,
    sql: &str,
    each: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>, SqliteError> {
    let mut statement = db.prepare(sql)?;
    Ok(statement.query_map([], each)?.collect::<Result<_, _>>()?)
}
