//! What a restore does not take back to the past: who may do what. A phone that was revoked after the backup stays
//! revoked, a village withdrawn stays withdrawn, and a phone enrolled after it need not be enrolled again.

use crate::storage::StorageError;
use lianxin_shared::replica::{ChainHash, DeviceId};
use rusqlite::{Connection, params};
use std::path::Path;

/// Takes cadres, grants, phones, users and codes over from the database that the restored one replaces. Outside any
/// transaction; all of it or nothing. False if it is the database of another server.
///
/// # Errors
/// When `present` cannot be read as a database of this schema, or SQLite fails.
pub fn carry_over(restored: &Connection, present: &Path) -> Result<bool, StorageError> {
    restored.execute("ATTACH ?1 AS present", [present.to_string_lossy()])?;
    let done = restored.unchecked_transaction().map_err(StorageError::from).and_then(|tx| {
        let same = "SELECT (SELECT server_id FROM present.server) = (SELECT server_id FROM main.server)";
        if !tx.query_row(same, [], |row| row.get::<_, bool>(0))? {
            return Ok(false);
        }
        people(&tx)?;
        new_devices(&tx)?;
        tx.commit()?;
        Ok(true)
    });
    restored.execute_batch("DETACH present")?;
    done
}

fn people(db: &Connection) -> Result<(), StorageError> {
    // Sessions end: whoever was signed in signs in again.
    db.execute_batch(
        "INSERT INTO main.cadre SELECT * FROM present.cadre WHERE true
           ON CONFLICT (id) DO UPDATE SET name = excluded.name, unit = excluded.unit;
         DELETE FROM main.cadre_village;
         INSERT INTO main.cadre_village SELECT * FROM present.cadre_village;
         DELETE FROM main.cadre_village_past;
         INSERT INTO main.cadre_village_past SELECT * FROM present.cadre_village_past;
         DELETE FROM main.session;
         DELETE FROM main.user;
         INSERT INTO main.user SELECT * FROM present.user;
         INSERT OR REPLACE INTO main.enrol_code SELECT * FROM present.enrol_code;
         UPDATE main.device SET revoked_at =
           coalesce((SELECT revoked_at FROM present.device AS p WHERE p.id = main.device.id), revoked_at);",
    )?;
    Ok(())
}

/// Phones enrolled after the backup: this life has nothing of theirs yet.
fn new_devices(db: &Connection) -> Result<(), StorageError> {
    let mut statement =
        db.prepare("SELECT id FROM present.device WHERE id NOT IN (SELECT id FROM main.device)")?;
    let ids: Vec<i64> = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    for id in ids {
        db.execute(
            "INSERT INTO main.device (id, cadre, name, app_version, token_hash, enrolled_at, revoked_at, receipt, chain)
             SELECT id, cadre, name, app_version, token_hash, enrolled_at, revoked_at, 0, ?2
             FROM present.device WHERE id = ?1",
            params![id, ChainHash::start(DeviceId::from_i64(id)).0],
        )?;
    }
    Ok(())
}
