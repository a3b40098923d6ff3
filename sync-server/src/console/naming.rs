//! What people call a record, and where it is to be read; and the fields of a write as lines of words.

use super::{PageError, parts::name_or, scope, wording};
use crate::{
    auth::device_of,
    service::{OFFICE_NAME, erased_entries},
};
use lianxin_shared::{
    domain::{household, label, opinion, photo, visit},
    replica::{DeviceId, FieldSet, Row, Value, kind},
    sqlite::read_row,
};
use rusqlite::{Connection, OptionalExtension};
use uuid::Uuid;

/// Whether a record is an opinion whose speaker wished not to be named: nothing that leads to them may be shown.
pub(super) fn withheld(record: &Row) -> bool {
    record.kind == kind::OPINION && record.value(opinion::field::ANONYMOUS).is_true()
}

/// The fields of a withheld opinion that lead to nobody.
pub(super) fn harmless(field: &str) -> bool {
    matches!(field, opinion::field::TEXT | opinion::field::KIND | opinion::field::CATEGORY)
}

/// What people call the record, and its page if it has one.
pub(super) fn name_of(db: &Connection, record: &Row) -> Result<(String, Option<String>), PageError> {
    let id = record.id;
    if record.value(household::field::DELETED).is_true()
        && erased_entries(db, id)?.iter().any(|e| e.field.is_empty())
    {
        return Ok(("已依法抹去的记录".to_owned(), None));
    }
    let household = |id: Uuid| format!("/console/households/{id}");
    let visit = |id: Uuid| format!("/console/visits/{id}");
    Ok(match record.kind.as_str() {
        kind::HOUSEHOLD => (format!("户 {}", name_or(record.text("head"))), Some(household(id))),
        kind::PERSON => {
            let of = Uuid::try_parse(record.text("household")).ok();
            (format!("成员 {}", name_or(record.text("name"))), of.map(household))
        }
        kind::VISIT => (format!("走访 {}", record.text(visit::field::TARGET_NAME)), Some(visit(id))),
        kind::OPINION if withheld(record) => ("意见建议（不记名）".to_owned(), None),
        kind::OPINION => {
            let at = Uuid::try_parse(record.text(opinion::field::VISIT)).ok();
            let target: Option<String> = match at {
                Some(at) => db
                    .query_row("SELECT target_name FROM visit WHERE id = ?1", [at.as_bytes()], |row| {
                        row.get(0)
                    })
                    .optional()?,
                None => None,
            };
            (format!("意见建议 {}", target.unwrap_or_default()), at.map(visit))
        }
        kind::DIARY => (format!("手记 {}", record.text("cadre_name")), None),
        kind::VILLAGE => ("村".to_owned(), None),
        kind::CAMPAIGN => ("活动".to_owned(), None),
        other => (other.to_owned(), None),
    })
}

/// 组 and 门牌 of the household that a record is, or is about; empty if it is about none.
pub(super) fn place_of(db: &Connection, record: &Row) -> Result<String, PageError> {
    let id = match record.kind.as_str() {
        kind::HOUSEHOLD => Some(record.id),
        _ => Uuid::try_parse(record.text("household")).ok(),
    };
    let Some(id) = id else { return Ok(String::new()) };
    let mut statement = db.prepare_cached("SELECT trim(grp || ' ' || door) FROM household WHERE id = ?1")?;
    Ok(statement.query_row([id.as_bytes()], |row| row.get(0)).optional()?.unwrap_or_default())
}

/// The record that a value of this field names.
pub(super) fn referred(field: &str, value: &Value) -> Option<Uuid> {
    let refers = matches!(field, "household" | "visit" | "merged_into");
    value.as_text().filter(|_| refers).and_then(|text| Uuid::try_parse(text).ok())
}

/// What became of a record that does not stand.
pub(super) enum Fate {
    /// It waits for the office, or has not come.
    Waits(&'static str),
    /// The office refused it, and said why.
    Refused(&'static str, String),
}

impl Fate {
    /// 一次没有收下的走访
    fn words(&self) -> String {
        match self {
            Fate::Waits(what) => format!("一{what}还没收下"),
            Fate::Refused(what, _) => format!("一{what}没有收下"),
        }
    }
}

/// What became of a record that only held patches tell of.
pub(super) fn fate(db: &Connection, id: Uuid) -> Result<Fate, PageError> {
    let mut statement = db.prepare_cached(
        "SELECT kind, min(refused) FROM patch WHERE record = ?1 AND held <> '' GROUP BY kind LIMIT 1",
    )?;
    let held = statement.query_row([id.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let (kind, refused): (String, bool) = held.unwrap_or_default();
    let what = match kind.as_str() {
        kind::VISIT => "次走访，",
        kind::HOUSEHOLD => "户，",
        _ => "条记录，",
    };
    if !refused {
        return Ok(Fate::Waits(what));
    }
    let mut statement = db.prepare_cached(
        "SELECT r.why FROM ruling r JOIN patch p USING (device, device_seq)
         WHERE p.record = ?1 AND r.released = 0 ORDER BY r.id DESC LIMIT 1",
    )?;
    let why: Option<String> = statement.query_row([id.as_bytes()], |row| row.get(0)).optional()?;
    Ok(Fate::Refused(what, why.unwrap_or_default()))
}

/// A value of a field as people read it; another record by its name.
pub(super) fn value_of(
    db: &Connection,
    record_kind: &str,
    field: &str,
    value: &Value,
    now_ms: i64,
) -> Result<String, PageError> {
    if let Some(id) = referred(field, value) {
        return match read_row(db, id)? {
            Some(row) => Ok(name_of(db, &row)?.0),
            // Nobody reads an id: what it names waits itself, or was refused.
            None => Ok(fate(db, id)?.words()),
        };
    }
    if let Some(code) = value.as_text().filter(|_| field == household::field::VILLAGE) {
        let villages = scope::villages(db)?;
        return Ok(scope::village_name(&villages, code).to_owned());
    }
    if photo::hash_of_field(field).is_some() {
        return Ok(match value {
            Value::Null => "去掉".to_owned(),
            Value::Text(caption) if !caption.is_empty() => caption.clone(),
            _ => "添上".to_owned(),
        });
    }
    Ok(wording::value(record_kind, field, value, now_ms))
}

/// The fields of a write that say something to people, with their labels; nothing for what is not filled in.
pub(super) fn lines(
    db: &Connection,
    record_kind: &str,
    set: &FieldSet,
    now_ms: i64,
) -> Result<Vec<(String, String)>, PageError> {
    let mut lines = Vec::new();
    for (field, value) in set.iter().filter(|(field, value)| wording::speaks(field) && **value != Value::Null)
    {
        lines.push((label::field(record_kind, field), value_of(db, record_kind, field, value, now_ms)?));
    }
    Ok(lines)
}

/// Who holds a device; the office for the server's own.
pub(super) fn holder(db: &Connection, device: DeviceId) -> Result<String, PageError> {
    let Some(device) = device_of(db, device)? else { return Ok(OFFICE_NAME.to_owned()) };
    Ok(db.query_row("SELECT name FROM cadre WHERE id = ?1", [device.cadre], |row| row.get(0))?)
}
