//! What a restore does not take back to the past: who may do what, and what the office has ruled and erased. A phone that was revoked
//! after the backup stays revoked, a village withdrawn stays withdrawn, a phone enrolled after it need not be enrolled
//! again, and what was refused stays refused.

use super::{erase::erase_again, held::release_again};
use crate::storage::StorageError;
use lianxin_shared::replica::{ChainHash, DeviceId};
use rusqlite::{Connection, params};
use std::path::Path;

/// Takes cadres, grants, phones, users, codes, rulings and what was erased by law over from the database that the restored one replaces. Outside any
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
        rulings(&tx)?;
        erased(&tx)?;
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

/// What the office said of patches that the backup has stands at once; of others, when they come again
/// ([`super::held::refuse_again`]).
fn rulings(db: &Connection) -> Result<(), StorageError> {
    db.execute_batch(
        "INSERT INTO main.ruling (device, device_seq, released, held, by, why, at)
           SELECT device, device_seq, released, held, by, why, at FROM present.ruling AS p
           WHERE NOT EXISTS (SELECT 1 FROM main.ruling AS m WHERE m.device = p.device
             AND m.device_seq = p.device_seq AND m.at = p.at AND m.released = p.released)
           ORDER BY id;
         UPDATE main.patch AS m SET refused = 1
         WHERE held <> '' AND EXISTS (SELECT 1 FROM present.patch AS p WHERE p.device = m.device
           AND p.device_seq = m.device_seq AND p.hash = m.hash AND p.refused = 1);",
    )?;
    let mut statement = db.prepare(
        "SELECT m.device, m.device_seq FROM main.patch AS m JOIN present.patch AS p
           ON p.device = m.device AND p.device_seq = m.device_seq AND p.hash = m.hash
         WHERE m.held <> '' AND p.held = '' ORDER BY m.device, m.device_seq",
    )?;
    let released = statement.query_map([], |row| Ok((DeviceId::from_i64(row.get(0)?), row.get(1)?)))?;
    release_again(db, &released.collect::<Result<_, _>>()?)
}

/// What was erased after the backup is erased from it at once, and told to all phones again.
fn erased(db: &Connection) -> Result<(), StorageError> {
    // A database that no newer version has opened yet has no list.
    let sql = "SELECT EXISTS (SELECT 1 FROM present.sqlite_schema WHERE name = 'erased')";
    if !db.query_row(sql, [], |row| row.get::<_, bool>(0))? {
        return Ok(());
    }
    db.execute_batch(
        "INSERT OR REPLACE INTO main.erased (record, field, kind, village, by, why, at, seq)
           SELECT record, field, kind, village, by, why, at, seq FROM present.erased",
    )?;
    erase_again(db)
}
