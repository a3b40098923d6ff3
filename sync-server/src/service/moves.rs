//! 迁村: a household that moves to another village of the township takes its members, visits and opinions along. The move
//! is a field of the household, `village`, which the office alone writes; the `village` of every other patch is a belief
//! of its writer.

use super::{Caller, local::LocalWriter, local::Origin};
use crate::storage::StorageError;
use lianxin_shared::{
    domain::{household, opinion, region},
    replica::{FieldSet, PatchDraft, Row, kind},
    sqlite::{read_row, uuid_at},
    wire::v1::Evicted,
};
use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

/// Why a household cannot move.
#[derive(Debug, thiserror::Error)]
pub enum MoveError {
    /// No such household.
    #[error("没有找到这一户；什么都没有改动。")]
    NoHousehold,
    /// No such village.
    #[error("本乡镇没有这个村，请从列出的村里选；什么都没有改动。")]
    NoVillage,
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<rusqlite::Error> for MoveError {
    fn from(error: rusqlite::Error) -> Self {
        MoveError::Storage(error.into())
    }
}

/// Moves a household to the village `to`, in the name of `by`; to where it is changes nothing.
///
/// # Errors
/// When there is no such household or village, or the database fails.
pub fn move_household(
    db: &Connection,
    household: Uuid,
    to: &str,
    by: &str,
    now_ms: i64,
) -> Result<(), MoveError> {
    let row = read_row(db, household).map_err(StorageError::from)?;
    let row = row.filter(|row| row.kind == kind::HOUSEHOLD).ok_or(MoveError::NoHousehold)?;
    if !is_village(db, to)? {
        return Err(MoveError::NoVillage);
    }
    if row.village == to {
        return Ok(());
    }
    let mut writer = LocalWriter::new(db)?.signed(by);
    let set = FieldSet::from([(household::field::VILLAGE.to_owned(), to.into())]);
    writer.write(Origin::Office, (kind::HOUSEHOLD, household, &row.village), set.clone(), now_ms)?;
    // What was merged into it is shown under it, and goes with it.
    for merged in merged_into(db, household)? {
        let Some(row) = read_row(db, merged).map_err(StorageError::from)? else { continue };
        writer.write(Origin::Office, (kind::HOUSEHOLD, merged, &row.village), set.clone(), now_ms)?;
    }
    Ok(writer.finish()?)
}

fn merged_into(db: &Connection, household: Uuid) -> Result<Vec<Uuid>, StorageError> {
    let mut statement =
        db.prepare_cached("SELECT old FROM household_alias WHERE shown = ?1 AND old <> ?1 ORDER BY old")?;
    let ids = statement.query_map([household.as_bytes()], |row| uuid_at(row, "old"))?;
    Ok(ids.collect::<Result<_, _>>()?)
}

/// Whether there is such a village in the township.
pub(super) fn is_village(db: &Connection, code: &str) -> Result<bool, StorageError> {
    Ok(db.prepare_cached("SELECT 1 FROM village WHERE code = ?1")?.exists([code])?)
}

/// Where a record belongs because of a move; none where no move has a say and it stays where it first arrived.
pub(super) fn home_of(db: &Connection, row: &Row) -> Result<Option<String>, StorageError> {
    match row.kind.as_str() {
        kind::HOUSEHOLD => {
            let to = row.text(household::field::VILLAGE);
            Ok(region::is_code(to).then(|| to.to_owned()))
        }
        kind::PERSON | kind::VISIT => home_of_household(db, row.text("household")),
        kind::OPINION => match home_of_household(db, row.text(opinion::field::HOUSEHOLD))? {
            Some(home) => Ok(Some(home)),
            None => home_of_visit(db, row.text(opinion::field::VISIT)),
        },
        _ => Ok(None),
    }
}

fn home_of_household(db: &Connection, id: &str) -> Result<Option<String>, StorageError> {
    let Ok(id) = Uuid::try_parse(id) else { return Ok(None) };
    // Most never moved, and this is asked for each visit that comes.
    if !has_moved(db, id)? {
        return Ok(None);
    }
    Ok(read_row(db, id)?.map(|household| household.village))
}

/// Whether a record stands where a move has put it.
pub(super) fn has_moved(db: &Connection, record: Uuid) -> Result<bool, StorageError> {
    Ok(db.prepare_cached("SELECT 1 FROM moved WHERE record = ?1")?.exists([record.as_bytes()])?)
}

fn home_of_visit(db: &Connection, id: &str) -> Result<Option<String>, StorageError> {
    match household_of_visit(db, id)? {
        Some(household) => home_of_household(db, &household.to_string()),
        None => Ok(None),
    }
}

fn household_of_visit(db: &Connection, id: &str) -> Result<Option<Uuid>, StorageError> {
    let Ok(id) = Uuid::try_parse(id) else { return Ok(None) };
    let household: Option<Option<[u8; 16]>> = db
        .prepare_cached("SELECT household FROM visit WHERE id = ?1")?
        .query_row([id.as_bytes()], |row| row.get(0))
        .optional()?;
    Ok(household.flatten().map(Uuid::from_bytes))
}

/// Everything that goes where a household goes, with the conflicts of all of it.
pub(super) fn belongings(db: &Connection, household: Uuid) -> Result<Vec<Uuid>, StorageError> {
    let mut statement = db.prepare_cached(
        "WITH own (id) AS (
           SELECT id FROM person WHERE household = ?1
           UNION SELECT id FROM visit WHERE household = ?1
           UNION SELECT id FROM opinion WHERE household = ?1
           UNION SELECT o.id FROM opinion o JOIN visit v ON v.id = o.visit WHERE v.household = ?1 AND o.household IS NULL)
         SELECT id FROM own
         UNION SELECT c.id FROM conflict c WHERE c.record = ?1 OR c.record IN (SELECT id FROM own)",
    )?;
    let ids = statement.query_map([household.as_bytes()], |row| uuid_at(row, "id"))?;
    Ok(ids.collect::<Result<_, _>>()?)
}

/// Notes that a record has left a village with the change `seq`.
pub(super) fn note_left(
    db: &Connection,
    record: Uuid,
    from: &str,
    seq: u64,
    at_ms: i64,
) -> Result<(), StorageError> {
    db.prepare_cached(
        "INSERT OR REPLACE INTO moved (record, from_village, seq, at) VALUES (?1, ?2, ?3, ?4)",
    )?
    .execute(params![record.as_bytes(), from, seq as i64, at_ms])?;
    Ok(())
}

/// The village in which a write will stand, where a move has decided that, and the record that moved.
pub(super) struct Placed {
    pub village: String,
    moved: Uuid,
}

/// Where a write will stand if that is not where its writer believes: with the standing record, or with the household
/// that a new record belongs to.
pub(super) fn placed(
    db: &Connection,
    edit: &PatchDraft,
    row: Option<&Row>,
) -> Result<Option<Placed>, StorageError> {
    if let Some(row) = row {
        return Ok(Some(Placed { village: row.village.clone(), moved: row.id }));
    }
    let mut new = Row::empty(&edit.kind, edit.id, &edit.village);
    new.apply(edit, edit.stamp);
    let Some(village) = home_of(db, &new)? else { return Ok(None) };
    let named = |field: &str| Uuid::try_parse(new.text(field)).ok();
    let moved = match named("household") {
        Some(household) => Some(household),
        None => household_of_visit(db, new.text("visit"))?,
    };
    Ok(moved.map(|moved| Placed { village, moved }))
}

/// Whether a patch was written when its record was still in a village of its writer: before the move, or by a phone
/// that had not heard of it (`cursor_seq` is what it has pulled).
pub(super) fn written_before_the_move(
    db: &Connection,
    caller: &Caller,
    edit: &PatchDraft,
    placed: Option<&Placed>,
    cursor_seq: u64,
) -> Result<bool, StorageError> {
    let Some(placed) = placed else { return Ok(false) };
    let written_ms = i64::try_from(edit.stamp.wall_ms).unwrap_or(i64::MAX);
    let mut statement = db.prepare_cached("SELECT from_village, seq, at FROM moved WHERE record = ?1")?;
    let mut left = statement.query([placed.moved.as_bytes()])?;
    while let Some(one) = left.next()? {
        let (from, seq, at): (String, i64, i64) = (one.get(0)?, one.get(1)?, one.get(2)?);
        let granted = caller.villages.contains(&from)
            || caller.past.get(&from).is_some_and(|ended_ms| written_ms <= *ended_ms);
        if granted && (cursor_seq < seq.unsigned_abs() || written_ms <= at) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Records that left the caller's villages between two numbers of the stream and are in none of them now.
pub(super) fn evicted(
    db: &Connection,
    caller: &Caller,
    after: u64,
    up_to: u64,
) -> Result<Vec<Evicted>, StorageError> {
    let mut statement = db.prepare_cached(
        "SELECT m.record AS record, m.from_village AS left_village, m.seq AS seq, r.village AS village
         FROM moved m JOIN record r ON r.id = m.record WHERE m.seq > ?1 AND m.seq <= ?2 ORDER BY m.seq",
    )?;
    let mut rows = statement.query(params![after as i64, up_to as i64])?;
    let mut evicted = Vec::new();
    while let Some(row) = rows.next()? {
        let (from, now): (String, String) = (row.get("left_village")?, row.get("village")?);
        if caller.villages.contains(&from) && !caller.villages.contains(&now) {
            let seq = row.get::<_, i64>("seq")?.unsigned_abs();
            evicted.push(Evicted { id: uuid_at(row, "record")?, from, seq });
        }
    }
    Ok(evicted)
}
