//! Repair, where the phone's rows do not sum up to the server's: what differs is found and fetched, each step one
//! transaction.

use super::{StoreError, db_error, meta, outgoing, records, replicate::read_seq, scope};
use lianxin_shared::{
    sqlite::{Replica, digest_of, read_row, uuid_at},
    sync::CommitReport,
    wire::v1::{RepairResponse, rows_of_batch},
};
use rusqlite::Connection;
use std::collections::BTreeMap;
use uuid::Uuid;

/// The sum per village.
pub(super) fn sums(db: &Connection) -> Result<BTreeMap<String, String>, StoreError> {
    let each = |village: String| {
        let sum = digest_of(db, [village.as_str()])?.0;
        Ok((village, format!("{sum:016x}")))
    };
    scope::codes(db)?.into_iter().map(each).collect()
}

/// Compares the server's lists with the rows here: rows that the server does not have go (nothing of this
/// phone's own is in them), the others that differ are to be fetched.
pub(super) fn compare(db: &Connection, response: &RepairResponse) -> Result<Vec<Uuid>, StoreError> {
    let mut wanted = Vec::new();
    let mut gone = Vec::new();
    for (village, theirs) in &response.rows {
        let mut statement =
            db.prepare_cached("SELECT id, hash, seq FROM record WHERE village = ?1").map_err(db_error)?;
        let rows = statement
            .query_map([village], |row| {
                Ok((
                    uuid_at(row, "id")?,
                    row.get::<_, i64>("hash")? as u64,
                    row.get::<_, i64>("seq")?.unsigned_abs(),
                ))
            })
            .map_err(db_error)?;
        let mut ours = BTreeMap::new();
        for row in rows {
            let (id, hash, seq) = row.map_err(db_error)?;
            ours.insert(id, format!("{hash:016x}"));
            if seq <= response.seq && !theirs.contains_key(&id) {
                gone.push(id);
            }
        }
        wanted.extend(theirs.iter().filter(|(id, hash)| ours.get(*id) != Some(*hash)).map(|(id, _)| *id));
    }
    let mut replica = Replica::new(db);
    for id in gone {
        let Some(row) = read_row(db, id)? else { continue };
        replica.remove(id)?;
        records::project_without(db, row)?;
    }
    replica.finish()?;
    Ok(wanted)
}

/// Puts the rows fetched by a repair in place, whatever number the damaged ones had.
pub(super) fn commit_repair(db: &Connection, response: RepairResponse) -> Result<CommitReport, StoreError> {
    let rows = rows_of_batch(response.wanted).map_err(|e| StoreError::Invalid(e.to_string()))?;
    let mut clock = records::clock_of(db)?;
    let (mut replica, mut mended) = (Replica::new(db), false);
    for row in &rows {
        row.fields.values().for_each(|version| clock.observe(version.order));
        if read_seq(db, row.id)?.is_none_or(|seq| seq <= row.seq) {
            replica.put(row)?;
            mended = true;
        }
    }
    replica.finish()?;
    meta::keep_clock(db, &clock)?;
    for row in &rows {
        match records::shown(db, row.id)? {
            Some(shown) => records::derive(db, &shown)?,
            None => records::derive(db, row)?,
        }
    }
    Ok(CommitReport { more: mended, waiting: outgoing::waiting(db)?, digest_equal: true, former: false })
}
