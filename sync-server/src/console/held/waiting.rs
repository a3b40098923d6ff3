//! What is read of held patches and of what was decided about them.

use crate::{
    console::{PageError, erase, naming},
    service::why_never,
};
use lianxin_shared::{
    domain::opinion,
    replica::{DeviceId, FieldSet, Row, Stamp},
    sqlite::{read_row, uuid_at},
};
use rusqlite::{Connection, OptionalExtension, params};
use serde::Deserialize;
use uuid::Uuid;

/// Decisions that are listed.
#[allow(non_upper_case_globals)]
const rulings_shown_max: i64 = 20;

/// Whose phone it is.
pub(super) struct Holder {
    pub device: DeviceId,
    pub cadre: String,
    pub name: String,
    pub revoked: bool,
    /// Whether whoever wrote still reads on it what becomes of their words: it is neither revoked nor replaced.
    pub hears: bool,
}

/// All held patches of one record from one device, in words.
pub(super) struct HeldRecord {
    pub id: Uuid,
    pub name: String,
    pub village: String,
    pub written_ms: i64,
    pub received_ms: i64,
    pub reason: String,
    pub withheld: bool,
    pub lines: Vec<(String, String)>,
    /// Why nobody can let it in.
    pub never: Option<&'static str>,
    /// Why it was refused.
    pub ruling: Option<Said>,
    /// Where it is erased by law; none where that is done, or an address would tell.
    pub erase: Option<String>,
}

/// What somebody decided.
pub(super) struct Said {
    pub by: String,
    pub why: String,
    pub at_ms: i64,
}

/// A decision in the list.
pub(super) struct Listed {
    pub released: bool,
    pub by: String,
    pub why: String,
    pub at_ms: i64,
    /// None where a name is withheld: an id tells when it was written.
    pub record: Option<Uuid>,
    pub name: String,
    pub cadre: String,
}

/// What is held (or was refused), device by device in the order of writing; not what was erased by law, on which nobody
/// can rule any more.
pub(super) fn keys(db: &Connection, refused: bool) -> Result<Vec<(DeviceId, Uuid)>, PageError> {
    let mut statement = db.prepare_cached(
        "SELECT p.device AS device, p.record AS record, min(p.device_seq) AS first
         FROM patch p LEFT JOIN device d ON d.id = p.device LEFT JOIN cadre c ON c.id = d.cadre
         WHERE p.held <> '' AND p.refused = ?1
           AND NOT EXISTS (SELECT 1 FROM erased e WHERE e.record = p.record AND e.field = '')
         GROUP BY p.device, p.record ORDER BY c.name, p.device, first",
    )?;
    let keys = statement
        .query_map([refused], |row| Ok((DeviceId::from_i64(row.get("device")?), uuid_at(row, "record")?)))?;
    Ok(keys.collect::<Result<_, _>>()?)
}

/// Whose phone a device is. What phones brought back after a restore is the server's own.
pub(super) fn holder(db: &Connection, device: DeviceId) -> Result<Holder, PageError> {
    let mut statement = db.prepare_cached(
        "SELECT d.name, d.revoked_at IS NOT NULL, EXISTS (SELECT 1 FROM device n
           WHERE n.cadre = d.cadre AND n.enrolled_at > d.enrolled_at AND n.revoked_at IS NULL)
         FROM device d WHERE d.id = ?1",
    )?;
    let phone = statement
        .query_row([device.to_i64()], |row| Ok((row.get(0)?, row.get(1)?, row.get::<_, bool>(2)?)))
        .optional()?;
    // What came back after a restore is no phone's own; nobody knows which one would show it.
    let (name, revoked, replaced) = phone.unwrap_or_else(|| ("恢复备份后交回的".to_owned(), false, true));
    let hears = !revoked && !replaced;
    Ok(Holder { device, cadre: naming::holder(db, device)?, name, revoked, hears })
}

#[derive(Deserialize)]
struct Body {
    set: FieldSet,
}

/// One record's held patches, the later over the earlier; none if there are none any more.
pub(super) fn read(
    db: &Connection,
    device: DeviceId,
    record: Uuid,
    refused: bool,
    now_ms: i64,
) -> Result<Option<HeldRecord>, PageError> {
    let mut statement = db.prepare_cached(
        "SELECT kind, village, stamp, received_at, held, body FROM patch
         WHERE device = ?1 AND record = ?2 AND held <> '' AND refused = ?3 ORDER BY device_seq",
    )?;
    let mut rows = statement.query(params![device.to_i64(), record.as_bytes(), refused])?;
    let stands = read_row(db, record)?;
    let (mut set, mut last) = (FieldSet::new(), None);
    while let Some(row) = rows.next()? {
        let body: Body = serde_json::from_str(row.get_ref("body")?.as_str().unwrap_or_default())
            .map_err(crate::storage::StorageError::from)?;
        set.extend(body.set);
        let kind: String = row.get("kind")?;
        let village: String = row.get("village")?;
        let written = i64::try_from(Stamp::from_bytes(row.get("stamp")?).wall_ms).unwrap_or_default();
        let (received, reason): (i64, String) = (row.get("received_at")?, row.get("held")?);
        last = Some((kind, village, written, received, reason));
    }
    let Some((kind, village, written_ms, received_ms, reason)) = last else { return Ok(None) };
    let village = stands.as_ref().map_or(village, |row| row.village.clone());
    let named = as_if_in(stands, &kind, record, &village, &set);
    let withheld = naming::withheld(&named);
    Ok(Some(HeldRecord {
        id: record,
        name: naming::name_of(db, &named)?.0,
        village,
        written_ms,
        received_ms,
        reason,
        withheld,
        lines: if withheld { Vec::new() } else { naming::lines(db, &kind, &set, now_ms)? },
        never: why_never(db, device, record)?,
        ruling: if refused { said_of(db, device, record)? } else { None },
        erase: erase::way(db, record)?,
    }))
}

/// Whether a record that is held of a device is an opinion whose speaker would not be named.
pub(super) fn is_withheld(
    db: &Connection,
    device: DeviceId,
    record: Uuid,
    refused: bool,
    now_ms: i64,
) -> Result<bool, PageError> {
    Ok(read(db, device, record, refused, now_ms)?.is_some_and(|held| held.withheld))
}

/// The record as it would stand, to call it by its name. The name is withheld if either says so: the standing words, or
/// those that wait.
fn as_if_in(stands: Option<Row>, kind: &str, id: Uuid, village: &str, set: &FieldSet) -> Row {
    let mut row = stands.unwrap_or_else(|| Row::empty(kind, id, village));
    let zero = Stamp::from_bytes([0; 16]);
    for (name, value) in set {
        let version =
            lianxin_shared::replica::FieldVersion { value: value.clone(), stamp: zero, order: zero };
        if name == opinion::field::ANONYMOUS && value.is_true() {
            row.fields.insert(name.clone(), version);
        } else {
            row.fields.entry(name.clone()).or_insert(version);
        }
    }
    row
}

fn said_of(db: &Connection, device: DeviceId, record: Uuid) -> Result<Option<Said>, PageError> {
    let mut statement = db.prepare_cached(
        "SELECT r.by, r.why, r.at FROM ruling r JOIN patch p ON p.device = r.device AND p.device_seq = r.device_seq
         WHERE p.device = ?1 AND p.record = ?2 ORDER BY r.id DESC LIMIT 1",
    )?;
    let mut rows = statement.query(params![device.to_i64(), record.as_bytes()])?;
    Ok(match rows.next()? {
        Some(row) => Some(Said { by: row.get(0)?, why: row.get(1)?, at_ms: row.get(2)? }),
        None => None,
    })
}

/// The last decisions, one line per record and decision.
pub(super) fn rulings_of(db: &Connection) -> Result<Vec<Listed>, PageError> {
    let mut statement = db.prepare_cached(
        "SELECT r.released AS released, r.by AS by, r.why AS why, r.at AS at, p.record AS record, p.kind AS kind,
           p.village AS village, r.device AS device, p.body AS body
         FROM ruling r JOIN patch p ON p.device = r.device AND p.device_seq = r.device_seq
         GROUP BY p.record, r.device, r.at, r.released ORDER BY max(r.id) DESC LIMIT ?1",
    )?;
    let mut rows = statement.query([rulings_shown_max])?;
    let mut listed = Vec::new();
    while let Some(row) = rows.next()? {
        let record = uuid_at(row, "record")?;
        let body: Body = serde_json::from_str(row.get_ref("body")?.as_str().unwrap_or_default())
            .map_err(crate::storage::StorageError::from)?;
        let (kind, village): (String, String) = (row.get("kind")?, row.get("village")?);
        let named = as_if_in(read_row(db, record)?, &kind, record, &village, &body.set);
        let device = DeviceId::from_i64(row.get("device")?);
        let hidden = naming::withheld(&named);
        listed.push(Listed {
            released: row.get("released")?,
            by: row.get("by")?,
            why: row.get("why")?,
            at_ms: row.get("at")?,
            record: (!hidden).then_some(record),
            name: naming::name_of(db, &named)?.0,
            cadre: if hidden { String::new() } else { naming::holder(db, device)? },
        });
    }
    Ok(listed)
}
