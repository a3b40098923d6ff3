//! One admitted patch becomes row, projection and, where something unseen was written, conflicts.

use super::moves::{belongings, has_moved, home_of, note_left};
use crate::storage::StorageError;
use lianxin_shared::{
    replica::{
        Base, Conflict, DeviceId, FieldSet, FieldVersion, History, PatchDraft, RecordFold, Row, Stamp, Value,
        kind,
    },
    sqlite::{Replica, project, read_row, uuid_at},
    sync::{Admission, admit},
};
use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use uuid::Uuid;

/// A patch's body as stored.
#[derive(Serialize, Deserialize)]
pub(super) struct Body {
    pub set: FieldSet,
    #[serde(default)]
    pub base: Base,
}

/// Patches being applied in one transaction.
pub(super) struct Applier<'c> {
    db: &'c Connection,
    replica: Replica<'c>,
    first_seq: u64,
    next_seq: u64,
}

/// What became of one patch.
pub(super) struct Applied {
    /// The row's new number, and its number before (0: it was not there).
    pub seq: u64,
    pub before: u64,
    /// The writer can compute the row itself.
    pub plain: bool,
}

impl<'c> Applier<'c> {
    pub fn new(db: &'c Connection) -> Result<Self, StorageError> {
        // A commit may end with a number that no row has: of something erased that is in no record.
        let next_seq: i64 = db.query_row(
            "SELECT 1 + max((SELECT coalesce(max(seq), 0) FROM record),
               (SELECT coalesce(max(last_seq), 0) FROM commit_log))",
            [],
            |r| r.get(0),
        )?;
        let next_seq = next_seq.unsigned_abs();
        Ok(Self { db, replica: Replica::new(db), first_seq: next_seq, next_seq })
    }

    /// Writes the digests and logs the commit if the stream has moved (a patch may change no row: somebody
    /// else has written the same already).
    pub fn finish(self) -> Result<(), StorageError> {
        self.replica.finish()?;
        if self.next_seq > self.first_seq {
            crate::storage::log_commit(self.db, self.next_seq - 1)?;
        }
        Ok(())
    }

    /// The next number of the stream.
    pub fn take_seq(&mut self) -> u64 {
        let seq = self.next_seq;
        self.next_seq += 1;
        seq
    }

    pub fn store(&mut self, mut row: Row) -> Result<u64, StorageError> {
        row.seq = self.take_seq();
        self.replica.put(&row)?;
        project(self.db, &row)?;
        Ok(row.seq)
    }

    /// Applies a patch that is already in the patch table. `row` is what stands.
    pub fn apply(
        &mut self,
        row: Option<&Row>,
        edit: &PatchDraft,
        order: Stamp,
    ) -> Result<Applied, StorageError> {
        let before = row.map_or(0, |row| row.seq);
        let in_conflict =
            if row.is_some() { open_conflict_fields(self.db, edit.id)? } else { BTreeSet::new() };
        let at_ms = i64::try_from(order.wall_ms).unwrap_or(i64::MAX);
        match admit(row, &in_conflict, edit, order) {
            Admission::Plain(mut new) => {
                let believed = new.village == edit.village;
                let home = home_of(self.db, &new)?;
                let chosen = home.is_some();
                new.village = home.unwrap_or(new.village);
                // A writer who believes it elsewhere cannot compute the row.
                let plain = believed && new.village == edit.village;
                let village = new.village.clone();
                let seq = self.store(new)?;
                self.follow(row, edit, (&village, chosen), seq, at_ms)?;
                Ok(Applied { seq, before, plain })
            }
            Admission::Refold => {
                let Some(mut fold) = fold_of(self.db, edit.id)? else {
                    return Err(StorageError::Stopped);
                };
                let home = home_of(self.db, &fold.row)?;
                let chosen = home.is_some();
                if let Some(village) = home.or_else(|| row.map(|row| row.village.clone())) {
                    fold.stay_in(&village);
                }
                let unchanged =
                    row.is_some_and(|row| row.fields == fold.row.fields && row.village == fold.row.village);
                let seq = if unchanged { before } else { self.store(fold.row.clone())? };
                self.store_conflicts(edit.id, &fold)?;
                self.follow(row, edit, (&fold.row.village, chosen), seq, at_ms)?;
                Ok(Applied { seq, before, plain: false })
            }
        }
    }

    /// Brings a record's row, projection and conflicts to what the fold over its stored patches says, if any is in.
    pub fn refold(&mut self, record: Uuid) -> Result<(), StorageError> {
        let Some(mut fold) = fold_of(self.db, record)? else { return Ok(()) };
        if let Some(row) = read_row(self.db, record)? {
            fold.stay_in(&row.village);
        }
        self.store(fold.row.clone())?;
        self.store_conflicts(record, &fold)
    }

    /// A record that now stands in another village than before has left that one; what belongs to a household that has
    /// ever moved goes where it is.
    fn follow(
        &mut self,
        before: Option<&Row>,
        edit: &PatchDraft,
        (to, chosen): (&str, bool),
        seq: u64,
        at_ms: i64,
    ) -> Result<(), StorageError> {
        let from = before.map_or(&edit.village, |row| &row.village);
        let household = chosen && edit.kind == kind::HOUSEHOLD;
        if from == to && !household {
            return Ok(());
        }
        // A household that was first heard of where it moved to counts as moved, too: others ask whether it ever was.
        if from != to || !has_moved(self.db, edit.id)? {
            note_left(self.db, edit.id, from, seq, at_ms)?;
        }
        for id in belongings(self.db, edit.id)? {
            let Some(mut row) = read_row(self.db, id)?.filter(|row| row.village != to) else { continue };
            let from = std::mem::replace(&mut row.village, to.to_owned());
            let seq = self.store(row)?;
            note_left(self.db, id, &from, seq, at_ms)?;
        }
        Ok(())
    }

    /// Brings the conflict records of `record` to what the fold says: new ones open, gone ones closed.
    fn store_conflicts(&mut self, record: Uuid, fold: &RecordFold) -> Result<(), StorageError> {
        let mut known = conflict_ids(self.db, record)?;
        for conflict in &fold.conflicts {
            known.remove(&conflict.id);
            let shown = fold.row.fields.get(&conflict.field);
            let row = conflict_row(self.db, conflict, shown, true)?;
            if read_row(self.db, conflict.id)?.is_none_or(|old| old.fields != row.fields) {
                self.store(row)?;
            }
        }
        for id in known {
            let Some(mut row) = read_row(self.db, id)? else { continue };
            let Some(open) = row.fields.get_mut("open") else { continue };
            if open.value != Value::Bool(false) {
                open.value = Value::Bool(false);
                self.store(row)?;
            }
        }
        Ok(())
    }
}

/// Fields of a record that have open conflicts.
fn open_conflict_fields(db: &Connection, record: Uuid) -> Result<BTreeSet<String>, StorageError> {
    let mut statement = db.prepare_cached("SELECT field FROM conflict WHERE record = ?1 AND open = 1")?;
    let fields = statement.query_map([record.as_bytes()], |row| row.get(0))?;
    Ok(fields.collect::<Result<_, _>>()?)
}

pub(super) fn conflict_ids(db: &Connection, record: Uuid) -> Result<BTreeSet<Uuid>, StorageError> {
    let mut statement = db.prepare_cached("SELECT id FROM conflict WHERE record = ?1")?;
    let ids = statement.query_map([record.as_bytes()], |row| row.get(0).map(Uuid::from_bytes))?;
    Ok(ids.collect::<Result<_, _>>()?)
}

/// The columns of a patch from which [`edit_from`] reads.
pub(super) const EDIT_COLUMNS: &str = "stamp, ord, record, kind, village, body";

/// A stored patch as it was written, and its order.
pub(super) fn edit_from(row: &rusqlite::Row<'_>) -> Result<(PatchDraft, Stamp), StorageError> {
    let body: Body = serde_json::from_str(row.get_ref("body")?.as_str().unwrap_or_default())?;
    let edit = PatchDraft {
        stamp: Stamp::from_bytes(row.get("stamp")?),
        kind: row.get("kind")?,
        id: uuid_at(row, "record")?,
        village: row.get("village")?,
        set: body.set,
        base: body.base,
    };
    Ok((edit, Stamp::from_bytes(row.get("ord")?)))
}

/// The fold over all patches of a record that are in the records (not the held ones).
pub(super) fn fold_of(db: &Connection, record: Uuid) -> Result<Option<RecordFold>, StorageError> {
    let sql = format!("SELECT {EDIT_COLUMNS} FROM patch WHERE record = ?1 AND held = ''");
    let mut statement = db.prepare_cached(&sql)?;
    let mut rows = statement.query([record.as_bytes()])?;
    let mut history = History::default();
    while let Some(row) = rows.next()? {
        let (edit, order) = edit_from(row)?;
        history.add(&edit, order);
    }
    Ok(history.fold(record))
}

/// The name of the cadre who holds a device; the office's for the server's own.
fn writer_name(db: &Connection, device: DeviceId) -> Result<String, StorageError> {
    let mut statement =
        db.prepare_cached("SELECT c.name FROM device d JOIN cadre c ON c.id = d.cadre WHERE d.id = ?1")?;
    let name: Option<String> = statement.query_row(params![device.to_i64()], |row| row.get(0)).optional()?;
    Ok(name.unwrap_or_else(|| super::OFFICE_NAME.to_owned()))
}

fn conflict_row(
    db: &Connection,
    conflict: &Conflict,
    shown: Option<&FieldVersion>,
    open: bool,
) -> Result<Row, StorageError> {
    let mut row = Row::empty(kind::CONFLICT, conflict.id, &conflict.village);
    let mut set = |name: &str, value: Value| {
        let (stamp, order) = (conflict.loser_stamp, conflict.loser_order);
        row.fields.insert(name.to_owned(), FieldVersion { value, stamp, order });
    };
    set("record", conflict.record.to_string().into());
    set("record_kind", conflict.record_kind.clone().into());
    set("field", conflict.field.clone().into());
    set("open", open.into());
    set("other", conflict.loser_value.clone());
    set("other_stamp", conflict.loser_stamp.to_string().into());
    set("other_by", writer_name(db, conflict.loser_stamp.device)?.into());
    set("shown_stamp", conflict.winner_stamp.to_string().into());
    let shown_by = shown.map(|version| version.stamp.device).unwrap_or(conflict.winner_stamp.device);
    set("shown_by", writer_name(db, shown_by)?.into());
    Ok(row)
}
