//! Schema migrations by SQLite's own `user_version`. (The ready crate for it is bound to an older rusqlite.)

use rusqlite::Connection;

/// A database that this build cannot bring to its schema.
#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    /// A newer build wrote it.
    #[error("the database has schema {found}, this build knows {known}")]
    TooNew {
        /// Its version.
        found: usize,
        /// The newest that this build knows.
        known: usize,
    },
    /// SQLite said no; nothing was changed.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
}

/// Brings the database to the newest schema, one transaction per step, so that a killed migration goes on
/// where it was. `steps` are SQL scripts; a shipped one is never edited.
///
/// # Errors
/// See [`SchemaError`].
pub fn migrate(connection: &mut Connection, steps: &[&str]) -> Result<(), SchemaError> {
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let found = usize::try_from(found).unwrap_or(usize::MAX);
    if found > steps.len() {
        return Err(SchemaError::TooNew { found, known: steps.len() });
    }
    for (at, step) in steps.iter().enumerate().skip(found) {
        let tx = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        tx.execute_batch(step)?;
        tx.pragma_update(None, "user_version", i64::try_from(at + 1).unwrap_or(i64::MAX))?;
        tx.commit()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_step_leaves_the_one_before_and_goes_on_later() {
        let mut db = Connection::open_in_memory().unwrap();
        let bad = ["CREATE TABLE a (x) ;", "CREATE TABLE b (x); NOT SQL;"];
        assert!(migrate(&mut db, &bad).is_err());
        let good = ["CREATE TABLE a (x) ;", "CREATE TABLE b (x);"];
        migrate(&mut db, &good).unwrap();
        db.execute_batch("INSERT INTO b VALUES (1)").unwrap();
        assert!(matches!(migrate(&mut db, &good[..1]), Err(SchemaError::TooNew { found: 2, known: 1 })));
    }
}
