//! The villages that this phone holds: told by the server whenever they change. What a village granted anew had before
//! comes by repair; a village withdrawn leaves once nothing of it is unsent or being written.

use super::{StoreError, db_error, meta, photos, records};
use lianxin_shared::{
    sqlite::{Replica, read_row, uuid_at},
    wire::v1::{Evicted, Scope, scope_hash},
};
use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

/// Where the codes are kept; a phone that was enrolled before they were told has none.
const KEY: &str = "scope";

/// Keeps what the server has told.
pub(super) fn keep(db: &Connection, scope: &Scope) -> Result<(), StoreError> {
    let json = |value: serde_json::Result<String>| value.map_err(|e| StoreError::Broken(e.to_string()));
    let codes: Vec<&str> = scope.codes().collect();
    meta::set(db, KEY, &json(serde_json::to_string(&codes))?)?;
    meta::set(db, "villages", &json(serde_json::to_string(&scope.villages))?)
}

fn told(db: &Connection) -> Result<Option<Vec<String>>, StoreError> {
    Ok(meta::get(db, KEY)?.and_then(|text| serde_json::from_str(&text).ok()))
}

/// The hash by which the server sees whether this phone knows its villages; empty if it was never told.
pub(super) fn hash(db: &Connection) -> Result<String, StoreError> {
    Ok(told(db)?.map(|codes| scope_hash(codes.iter().map(String::as_str))).unwrap_or_default())
}

/// The villages whose rows are compared with the server's.
pub(super) fn codes(db: &Connection) -> Result<Vec<String>, StoreError> {
    match told(db)? {
        Some(codes) => Ok(codes),
        None => held(db),
    }
}

/// The villages that there are rows of in the server's present life.
fn held(db: &Connection) -> Result<Vec<String>, StoreError> {
    let mut statement =
        db.prepare_cached("SELECT village FROM village_digest WHERE records > 0").map_err(db_error)?;
    let held = statement.query_map([], |row| row.get(0)).and_then(Iterator::collect);
    held.map_err(db_error)
}

/// Names of the villages that are not this phone's any more and are still here: something of them is unsent or being
/// written.
pub(super) fn leaving(db: &Connection) -> Result<Vec<String>, StoreError> {
    let Some(mine) = told(db)? else { return Ok(Vec::new()) };
    let mut name_of = db.prepare_cached("SELECT name FROM village WHERE code = ?1").map_err(db_error)?;
    let gone = held(db)?.into_iter().filter(|village| !mine.contains(village));
    let name = |code: String| {
        let name: Option<String> =
            name_of.query_row([&code], |row| row.get(0)).optional().map_err(db_error)?;
        Ok(name.filter(|name| !name.is_empty()).unwrap_or(code))
    };
    gone.map(name).collect()
}

/// Lets withdrawn villages go, in the transaction of a sync that left nothing to pull; whether any went.
pub(super) fn evict(db: &Connection) -> Result<bool, StoreError> {
    let Some(mine) = told(db)? else { return Ok(false) };
    let mut any = false;
    for village in held(db)? {
        if !mine.contains(&village) && !is_in_use(db, &village)? {
            evict_village(db, &village)?;
            any = true;
        }
    }
    Ok(any)
}

/// Lets records go that have moved out of this phone's villages, unless a newer row of them has come; says which.
pub(super) fn leave(
    db: &Connection,
    replica: &mut Replica<'_>,
    evicted: &[Evicted],
) -> Result<Vec<Uuid>, StoreError> {
    let mut gone = Vec::new();
    for one in evicted {
        let row = read_row(db, one.id)?;
        let Some(row) = row.filter(|row| row.village == one.from && row.seq < one.seq) else { continue };
        replica.remove(one.id)?;
        // What this phone wrote and has no receipt for yet stays to be seen.
        records::project_without(db, row)?;
        gone.push(one.id);
    }
    Ok(gone)
}

/// Whether something of the village is unsent (photos too), is still to be offered after a restore, or a visit there is
/// being written.
fn is_in_use(db: &Connection, village: &str) -> Result<bool, StoreError> {
    if photos::is_unsent(db, village)? {
        return Ok(true);
    }
    db.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM patch WHERE state < 2 AND village = ?1)
             OR EXISTS (SELECT 1 FROM former_record WHERE village = ?1)
             OR EXISTS (SELECT 1 FROM draft LEFT JOIN household ON household.id = draft.household
                        WHERE household.village = ?1 OR instr(draft.body, ?1) > 0)",
    )
    .and_then(|mut s| s.query_row([village], |row| row.get(0)))
    .map_err(db_error)
}

fn evict_village(db: &Connection, village: &str) -> Result<(), StoreError> {
    let mut statement = db.prepare_cached("SELECT id FROM record WHERE village = ?1").map_err(db_error)?;
    let ids = statement.query_map(params![village], |row| uuid_at(row, "id")).and_then(Iterator::collect);
    let ids: Vec<Uuid> = ids.map_err(db_error)?;
    let mut replica = Replica::new(db);
    for id in ids {
        let Some(row) = read_row(db, id)? else { continue };
        replica.remove(id)?;
        // What this phone wrote there and the township holds apart stays to be read.
        records::project_without(db, row)?;
    }
    replica.finish()?;
    photos::evict(db, village)
}
