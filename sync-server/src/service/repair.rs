//! Repair after a digest that differs: lists of the villages that differ, then the rows wanted. Never a wipe.

use super::Caller;
use crate::storage::{StorageError, head};
use lianxin_shared::{
    replica::Row,
    sqlite::{digest_of, read_row},
    wire::{
        PROTOCOL,
        v1::{RepairRequest, RepairResponse, batch_of_rows},
    },
};
use rusqlite::Connection;
use std::collections::BTreeMap;
use uuid::Uuid;

/// The most rows sent whole in one answer; the phone asks again for the rest at its next digest.
#[allow(non_upper_case_globals)]
const repair_rows_max: usize = 5_000;

/// Answers a repair request out of one read transaction.
///
/// # Errors
/// When SQLite fails.
pub fn repair(
    db: &Connection,
    caller: &Caller,
    request: &RepairRequest,
) -> Result<RepairResponse, StorageError> {
    let mut rows = BTreeMap::new();
    if !request.sums.is_empty() || request.want.is_empty() {
        for village in &caller.villages {
            let ours = format!("{:016x}", digest_of(db, [village.as_str()])?.0);
            let theirs = request.sums.get(village).cloned().unwrap_or_else(|| format!("{:016x}", 0));
            if ours != theirs {
                rows.insert(village.clone(), hashes_of(db, village)?);
            }
        }
    }
    let mut wanted: Vec<Row> = Vec::new();
    for id in request.want.iter().take(repair_rows_max) {
        wanted.extend(read_row(db, *id)?.filter(|row| caller.villages.contains(&row.village)));
    }
    wanted.sort_by_key(|row| row.seq);
    Ok(RepairResponse { protocol: PROTOCOL, rows, wanted: batch_of_rows(&wanted), seq: head(db)?.0 })
}

fn hashes_of(db: &Connection, village: &str) -> Result<BTreeMap<Uuid, String>, StorageError> {
    let mut statement = db.prepare_cached("SELECT id, hash FROM record WHERE village = ?1")?;
    let rows = statement.query_map([village], |row| {
        Ok((Uuid::from_bytes(row.get(0)?), format!("{:016x}", row.get::<_, i64>(1)? as u64)))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
