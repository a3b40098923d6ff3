//! `check`: the database is whole, and everything derived equals a rebuild from the patches.

use super::{
    apply::{EDIT_COLUMNS, edit_from, fold_of},
    erase,
};
use crate::storage::StorageError;
use lianxin_shared::{
    replica::{ChainHash, DeviceId, Patch, PatchHash, ScopeDigest},
    sqlite::{read_row, rebuild_projections, rows_after},
};
use rusqlite::{Connection, params};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// What `check` found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CheckReport {
    /// Records compared.
    pub records: u64,
    /// Patches read.
    pub patches: u64,
    /// What is wrong; empty if all is well.
    pub problems: Vec<String>,
}

const PROJECTIONS: [&str; 9] =
    ["village", "campaign", "household", "person", "tag", "visit", "opinion", "diary", "conflict"];

/// Compares everything derived with a rebuild. The rebuild happens in a transaction that the caller rolls back.
///
/// # Errors
/// When SQLite fails.
pub fn check(db: &Connection) -> Result<CheckReport, StorageError> {
    let mut report = CheckReport::default();
    let integrity: String = db.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
    if integrity != "ok" {
        report.problems.push(format!("integrity_check: {integrity}"));
    }
    folds_equal_rows(db, &mut report)?;
    digests_equal_sums(db, &mut report)?;
    chains_hold(db, &mut report)?;
    words_are_as_written(db, &mut report)?;
    projections_equal_rebuild(db, &mut report)?;
    Ok(report)
}

fn folds_equal_rows(db: &Connection, report: &mut CheckReport) -> Result<(), StorageError> {
    report.patches =
        db.query_row("SELECT count(*) FROM patch", [], |row| row.get::<_, i64>(0))?.unsigned_abs();
    let mut statement = db.prepare("SELECT DISTINCT record FROM patch WHERE held = ''")?;
    let ids = statement.query_map([], |row| row.get(0).map(Uuid::from_bytes))?;
    let mut open = BTreeSet::new();
    for id in ids {
        let id = id?;
        let Some(fold) = fold_of(db, id)? else { continue };
        report.records += 1;
        open.extend(fold.conflicts.iter().map(|conflict| conflict.id));
        if read_row(db, id)?.is_none_or(|row| row.fields != fold.row.fields || row.kind != fold.row.kind) {
            report.problems.push(format!("record {id} is not the fold of its patches"));
        }
    }
    let mut statement = db.prepare(
        "SELECT id FROM record WHERE kind <> 'conflict'
           AND NOT EXISTS (SELECT 1 FROM patch WHERE patch.record = record.id AND held = '')",
    )?;
    for id in statement.query_map([], |row| row.get(0).map(Uuid::from_bytes))? {
        report.problems.push(format!("record {} has no patch", id?));
    }
    let mut statement = db.prepare("SELECT id FROM conflict WHERE open = 1")?;
    let shown: BTreeSet<Uuid> =
        statement.query_map([], |row| row.get(0).map(Uuid::from_bytes))?.collect::<Result<_, _>>()?;
    if shown != open {
        report.problems.push(format!("open conflicts: {} stored, {} folded", shown.len(), open.len()));
    }
    Ok(())
}

fn digests_equal_sums(db: &Connection, report: &mut CheckReport) -> Result<(), StorageError> {
    let mut sums: BTreeMap<String, (ScopeDigest, i64)> = BTreeMap::new();
    let mut damaged = Vec::new();
    let mut stored_hash = db.prepare("SELECT hash FROM record WHERE id = ?1")?;
    let mut failure = None;
    rows_after(
        db,
        0,
        |_| true,
        |row| {
            let hash = row.hash();
            match stored_hash.query_row([row.id.as_bytes()], |r| r.get::<_, i64>(0)) {
                Ok(stored) if stored as u64 != hash => damaged.push(row.id),
                Ok(_) => {}
                Err(error) => failure = Some(error),
            }
            let sum = sums.entry(row.village).or_default();
            sum.0.add(hash);
            sum.1 += 1;
            failure.is_none()
        },
    )?;
    failure.map_or(Ok(()), Err)?;
    report.problems.extend(damaged.iter().map(|id| format!("record {id}: stored hash differs")));
    let mut statement = db.prepare("SELECT village, sum, records FROM village_digest WHERE records <> 0")?;
    let stored: BTreeMap<String, (ScopeDigest, i64)> = statement
        .query_map([], |row| Ok((row.get(0)?, (ScopeDigest(row.get::<_, i64>(1)? as u64), row.get(2)?))))?
        .collect::<Result<_, _>>()?;
    if stored != sums {
        report.problems.push("village digests differ from the sums of their rows".to_owned());
    }
    Ok(())
}

fn chains_hold(db: &Connection, report: &mut CheckReport) -> Result<(), StorageError> {
    let mut devices = db.prepare("SELECT id, receipt, chain FROM device")?;
    let mut patches =
        db.prepare("SELECT device_seq, hash FROM patch WHERE device = ?1 ORDER BY device_seq")?;
    let rows = devices.query_map([], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, [u8; 16]>(2)?))
    })?;
    for row in rows {
        let (device, receipt, stored) = row?;
        let mut chain = ChainHash::start(DeviceId::from_i64(device));
        let mut expected = 0i64;
        let mut hashes = patches.query(params![device])?;
        while let Some(patch) = hashes.next()? {
            expected += 1;
            if patch.get::<_, i64>(0)? != expected {
                report.problems.push(format!("device {device}: gap before patch {expected}"));
            }
            chain = chain.then(PatchHash(patch.get(1)?));
        }
        if receipt != expected || chain.0 != stored {
            report
                .problems
                .push(format!("device {device}: receipt {receipt} does not match its {expected} patches"));
        }
    }
    Ok(())
}

/// Every patch says what its hash was made of, but for what was erased by law: of that nothing may be left.
fn words_are_as_written(db: &Connection, report: &mut CheckReport) -> Result<(), StorageError> {
    let sql = format!("SELECT {EDIT_COLUMNS}, device, device_seq, hash FROM patch");
    let mut statement = db.prepare(&sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let device_seq = row.get::<_, i64>("device_seq")?.unsigned_abs();
        let patch = Patch { device_seq, edit: edit_from(row)?.0 };
        let differs = PatchHash::of(&patch).0 != row.get::<_, [u8; 16]>("hash")?;
        if differs && erase::of(db, patch.edit.id)?.is_none() {
            let device: i64 = row.get("device")?;
            report.problems.push(format!("device {device}: patch {device_seq} is not what it was"));
        }
    }
    for record in erase::remains(db)? {
        report.problems.push(format!("record {record} was erased by law, and something of it remains"));
    }
    Ok(())
}

fn projections_equal_rebuild(db: &Connection, report: &mut CheckReport) -> Result<(), StorageError> {
    let dump = |table: &str| -> Result<Vec<Vec<rusqlite::types::Value>>, StorageError> {
        let mut statement = db.prepare(&format!("SELECT * FROM {table} ORDER BY 1, 2"))?;
        let columns = statement.column_count();
        let rows = statement.query_map([], |row| (0..columns).map(|i| row.get(i)).collect())?;
        Ok(rows.collect::<Result<_, _>>()?)
    };
    db.execute_batch("SAVEPOINT rebuild")?;
    let before = PROJECTIONS.iter().map(|table| dump(table)).collect::<Result<Vec<_>, _>>()?;
    let mut rows = Vec::new();
    rows_after(
        db,
        0,
        |_| true,
        |row| {
            rows.push(Ok(row));
            true
        },
    )?;
    rebuild_projections(db, rows.into_iter())?;
    for (table, before) in PROJECTIONS.iter().zip(before) {
        if dump(table)? != before {
            report.problems.push(format!("projection {table} differs from its rebuild"));
        }
    }
    db.execute_batch("ROLLBACK TO rebuild; RELEASE rebuild")?;
    Ok(())
}
