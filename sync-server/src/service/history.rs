//! A record's whole history: who wrote what, when by their own clock and when by the server's, over what, and what the
//! office said about it. Everything comes from the patches as they are kept.

use super::{
    OFFICE_NAME,
    apply::{EDIT_COLUMNS, edit_from},
    erase,
};
use crate::storage::{StorageError, read_identity};
use lianxin_shared::replica::{DeviceId, Erasure, PatchDraft, Stamp, Value};
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::BTreeMap;
use uuid::Uuid;

/// One patch of the record.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Kind of the record as the writer had it.
    pub kind: String,
    /// Whose chain it came in.
    pub device: DeviceId,
    /// The cadre, or who of the office.
    pub by: String,
    /// When it was written, by the writer's clock (Unix milliseconds).
    pub written_ms: i64,
    /// When it came, by the server's.
    pub received_ms: i64,
    /// Why it is in no record; empty if it is in.
    pub held: String,
    /// The office refused it.
    pub refused: bool,
    /// Whose phone brought it back after a restore.
    pub salvaged_by: Option<String>,
    /// What the office said about it last.
    pub ruling: Option<Said>,
    /// 依法抹去: why, in the office's words. Such a change has written nothing: its fields stand nowhere any more, or, if it
    /// names none, the whole record.
    pub erased: Option<String>,
    /// What it wrote.
    pub fields: Vec<FieldChange>,
}

/// A decision of the office.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Let in, or refused.
    pub released: bool,
    /// Who said so; empty where a grant did.
    pub by: String,
    /// In their words.
    pub why: String,
    /// Unix milliseconds.
    pub at_ms: i64,
}

/// One field that a patch wrote.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldChange {
    /// Its name.
    pub field: String,
    /// What stood there; none if nothing did.
    pub before: Option<Value>,
    /// What was written.
    pub after: Value,
    /// Its writer had not seen what stood there.
    pub unseen: bool,
    /// It chose one of several values.
    pub settled: bool,
    /// What was written has been erased by law.
    pub erased: bool,
}

impl Change {
    /// It chose one of several values that stood.
    pub fn is_settling(&self) -> bool {
        self.fields.iter().any(|field| field.settled)
    }

    /// Its writer had not seen what it changed.
    pub fn is_blind(&self) -> bool {
        self.fields.iter().any(|field| field.unseen && !field.settled)
    }
}

impl FieldChange {
    /// The value that stood there, if there was one.
    pub fn stood(&self) -> Option<&Value> {
        self.before.as_ref().filter(|before| **before != Value::Null)
    }
}

/// The history of a record in the order of its writes; empty if nobody wrote it. Of one that was erased by law, only that.
///
/// # Errors
/// When SQLite fails.
pub fn history(db: &Connection, record: Uuid) -> Result<Vec<Change>, StorageError> {
    let sql = format!(
        "SELECT {EDIT_COLUMNS}, device, device_seq, received_at, held, refused FROM patch
         WHERE record = ?1 ORDER BY ord, received_at, device, device_seq"
    );
    let mut statement = db.prepare_cached(&sql)?;
    let mut rows = statement.query([record.as_bytes()])?;
    let mut stands: BTreeMap<String, (Stamp, Value)> = BTreeMap::new();
    let mut changes = Vec::new();
    let erasure = erase::of(db, record)?;
    if erasure.is_whole() {
        return acts(db, record);
    }
    while let Some(row) = rows.next()? {
        let (edit, _) = edit_from(row)?;
        let place = (DeviceId::from_i64(row.get("device")?), row.get::<_, i64>("device_seq")?);
        let (held, refused): (String, bool) = (row.get("held")?, row.get("refused")?);
        let fields = compared(&edit, &stands, &erasure);
        if held.is_empty() {
            let written = edit.set.iter().map(|(name, value)| (name.clone(), (edit.stamp, value.clone())));
            stands.extend(written);
        }
        let salvaged_by = salvaged_by(db, place)?;
        changes.push(Change {
            device: place.0,
            by: writer(db, edit.stamp.device, place)?,
            kind: edit.kind,
            written_ms: i64::try_from(edit.stamp.wall_ms).unwrap_or_default(),
            received_ms: row.get("received_at")?,
            held,
            refused,
            salvaged_by,
            ruling: ruling(db, place)?,
            erased: None,
            fields,
        });
    }
    for act in acts(db, record)? {
        let later = changes.iter().position(|change: &Change| change.received_ms > act.received_ms);
        changes.insert(later.unwrap_or(changes.len()), act);
    }
    Ok(changes)
}

/// Who wrote what stands in the records, apart from imports, which nobody signs.
pub struct Authors {
    phones: BTreeMap<DeviceId, String>,
    /// The office's signed writes, and what came back after a restore from a phone that is not known any more.
    others: BTreeMap<Stamp, String>,
}

impl Authors {
    /// All of them, once for many records.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn read(db: &Connection) -> Result<Self, StorageError> {
        let mut statement = db.prepare("SELECT d.id, c.name FROM device d JOIN cadre c ON c.id = d.cadre")?;
        let phones = statement.query_map([], |row| Ok((DeviceId::from_i64(row.get(0)?), row.get(1)?)))?;
        let phones = phones.collect::<Result<_, _>>()?;
        let mut statement = db.prepare(
            "SELECT p.stamp, w.by FROM office_write w JOIN patch p USING (device, device_seq)
             UNION ALL SELECT p.stamp, ?1 FROM salvaged s JOIN patch p USING (device, device_seq)",
        )?;
        let others =
            statement.query_map([OFFICE_NAME], |row| Ok((Stamp::from_bytes(row.get(0)?), row.get(1)?)))?;
        Ok(Authors { phones, others: others.collect::<Result<_, _>>()? })
    }

    /// Whose a write is; none of an import's.
    pub fn of(&self, stamp: Stamp) -> Option<&str> {
        self.phones.get(&stamp.device).or_else(|| self.others.get(&stamp)).map(String::as_str)
    }
}

/// What the office has erased of a record, one change per act.
fn acts(db: &Connection, record: Uuid) -> Result<Vec<Change>, StorageError> {
    let office = read_identity(db)?.device;
    let entries = erase::entries(db, record)?;
    let whole = entries.iter().find(|entry| entry.field.is_empty()).map(|entry| entry.act.clone());
    let mut acts: Vec<Change> = Vec::new();
    for erase::ErasedEntry { field, kind, act } in entries {
        // The photos of a whole record are entries of their own.
        let is_part = whole.as_ref() == Some(&act) && !field.is_empty();
        let field = FieldChange {
            before: None,
            after: Value::Null,
            unseen: false,
            settled: false,
            erased: true,
            field,
        };
        let same = |last: &&mut Change| {
            (&last.by, last.received_ms, last.erased.as_ref()) == (&act.by, act.at_ms, Some(&act.why))
        };
        match acts.last_mut().filter(same) {
            Some(_) if is_part => {}
            Some(last) => last.fields.push(field),
            None => acts.push(Change {
                kind,
                device: office,
                by: act.by,
                written_ms: act.at_ms,
                received_ms: act.at_ms,
                held: String::new(),
                refused: false,
                salvaged_by: None,
                ruling: None,
                erased: Some(act.why),
                fields: if field.field.is_empty() { Vec::new() } else { vec![field] },
            }),
        }
    }
    Ok(acts)
}

/// What an edit wrote over what stood; not what it repeated.
fn compared(
    edit: &PatchDraft,
    stands: &BTreeMap<String, (Stamp, Value)>,
    erasure: &Erasure,
) -> Vec<FieldChange> {
    let mut fields = Vec::new();
    for (field, after) in &edit.set {
        let seen = edit.base.get(field).map(Vec::as_slice).unwrap_or_default();
        let before = stands.get(field);
        let unseen = before.is_some_and(|(stamp, value)| !seen.contains(stamp) && value != after);
        fields.push(FieldChange {
            field: field.clone(),
            before: before.map(|(_, value)| value.clone()),
            after: after.clone(),
            unseen,
            settled: seen.len() > 1,
            erased: erasure.covers(field),
        });
    }
    fields
}

/// Who wrote: the stamp knows, even where another phone brought it back.
fn writer(
    db: &Connection,
    by: DeviceId,
    (device, device_seq): (DeviceId, i64),
) -> Result<String, StorageError> {
    if let Some(name) = holder(db, by)? {
        return Ok(name);
    }
    let mut statement =
        db.prepare_cached("SELECT by FROM office_write WHERE device = ?1 AND device_seq = ?2")?;
    let signed: Option<String> =
        statement.query_row(params![device.to_i64(), device_seq], |row| row.get(0)).optional()?;
    Ok(signed.unwrap_or_else(|| OFFICE_NAME.to_owned()))
}

fn holder(db: &Connection, device: DeviceId) -> Result<Option<String>, StorageError> {
    let mut statement =
        db.prepare_cached("SELECT c.name FROM device d JOIN cadre c ON c.id = d.cadre WHERE d.id = ?1")?;
    Ok(statement.query_row([device.to_i64()], |row| row.get(0)).optional()?)
}

fn salvaged_by(
    db: &Connection,
    (device, device_seq): (DeviceId, i64),
) -> Result<Option<String>, StorageError> {
    let mut statement =
        db.prepare_cached("SELECT offered_by FROM salvaged WHERE device = ?1 AND device_seq = ?2")?;
    let by: Option<i64> =
        statement.query_row(params![device.to_i64(), device_seq], |row| row.get(0)).optional()?;
    let Some(by) = by.map(DeviceId::from_i64) else { return Ok(None) };
    Ok(Some(holder(db, by)?.unwrap_or_default()))
}

fn ruling(db: &Connection, (device, device_seq): (DeviceId, i64)) -> Result<Option<Said>, StorageError> {
    let mut statement = db.prepare_cached(
        "SELECT released, by, why, at FROM ruling WHERE device = ?1 AND device_seq = ?2 ORDER BY id DESC LIMIT 1",
    )?;
    let said = statement.query_row(params![device.to_i64(), device_seq], |row| {
        Ok(Said { released: row.get(0)?, by: row.get(1)?, why: row.get(2)?, at_ms: row.get(3)? })
    });
    Ok(said.optional()?)
}
