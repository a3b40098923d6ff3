//! The oracle: what the township's records must be, worked out the slow way from nothing but the table of all
//! accepted patches and the definitions of the contract. It shares no code with stamps, rows, merge or fold:
//! stamps are their hexadecimal text (whose order is theirs), values are JSON.
//!
//! - The winner of a field is its write with the greatest (order, bytes of the value).
//! - A write is superseded if a later one's base names it, or names a write of the same value at or above it.
//! - A write that is neither superseded nor of the winner's value is an open conflict.

use anyhow::{Context, Result, ensure};
use rusqlite::Connection;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// A record's id, hexadecimal.
pub type Id = String;

/// A write's name: record, field, stamp.
pub type WriteId = (Id, String, String);

/// One write of one field of one record.
#[derive(Debug, Clone)]
pub struct Write {
    record: Id,
    field: String,
    stamp: String,
    order: String,
    value: Value,
    base: BTreeSet<String>,
    kind: String,
    village: String,
}

/// A field as it must stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Value.
    pub value: Value,
    /// Stamp of the write.
    pub stamp: String,
    /// Its order.
    pub order: String,
}

/// A record as it must stand.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Record {
    /// Kind.
    pub kind: String,
    /// Village.
    pub village: String,
    /// Fields.
    pub fields: BTreeMap<String, Field>,
}

/// An open conflict: record, field, the loser's stamp, its value, the winner's stamp.
pub type Conflict = (Id, String, String, String, String);

/// Everything as it must stand.
#[derive(Debug, Default)]
pub struct Truth {
    /// Records that people wrote.
    pub records: BTreeMap<Id, Record>,
    /// Open conflicts.
    pub conflicts: BTreeSet<Conflict>,
}

/// Sixteen bytes as text.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Reads all accepted writes.
fn writes(server: &Connection) -> Result<Vec<Write>> {
    writes_where(server, "held = ''")
}

fn writes_where(server: &Connection, condition: &str) -> Result<Vec<Write>> {
    let mut all = Vec::new();
    let sql = format!("SELECT record, stamp, ord, kind, village, body FROM patch WHERE {condition}");
    let mut statement = server.prepare(&sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let [record, stamp, order] = [0, 1, 2].map(|column| row.get::<_, Vec<u8>>(column).map(|b| hex(&b)));
        let (record, stamp, order) = (record?, stamp?, order?);
        let body: Map<String, Value> = serde_json::from_str(&row.get::<_, String>(5)?)?;
        let set = body.get("set").and_then(Value::as_object).context("a patch without fields")?;
        for (field, value) in set {
            let base = body.get("base").and_then(|base| base.get(field)).and_then(Value::as_array);
            let base = base.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
            all.push(Write {
                record: record.clone(),
                field: field.clone(),
                stamp: stamp.clone(),
                order: order.clone(),
                value: value.clone(),
                base,
                kind: row.get(3)?,
                village: row.get(4)?,
            });
        }
    }
    Ok(all)
}

/// What people wrote, as a phone has it from the server, now and in its former life; with the village that it is of,
/// and the words.
///
/// # Errors
/// When its tables cannot be read.
pub fn pulled(phone: &Connection) -> Result<BTreeMap<WriteId, (String, String)>> {
    let mut all = BTreeMap::new();
    let mut tables = vec!["record".to_owned()];
    tables.extend(former_layers(phone)?);
    for table in tables {
        for (id, record) in stored_in(phone, &table)? {
            if record.kind != "conflict" {
                let village = record.village;
                all.extend(record.fields.into_iter().map(|(name, field)| {
                    ((id.clone(), name, field.stamp), (village.clone(), field.value.to_string()))
                }));
            }
        }
    }
    Ok(all)
}

/// Every write that the server accepted or, brought back after a restore, holds for its office; with the words.
///
/// # Errors
/// When its table cannot be read.
pub fn kept(server: &Connection) -> Result<BTreeMap<WriteId, String>> {
    let mut kept = held_for_the_office(server)?;
    kept.extend(writes(server)?.into_iter().map(named));
    Ok(kept)
}

/// Every write that was brought back after a restore and waits for the office: no phone has it any more.
///
/// # Errors
/// When its table cannot be read.
pub fn held_for_the_office(server: &Connection) -> Result<BTreeMap<WriteId, String>> {
    let brought_back = "held <> '' AND EXISTS (SELECT 1 FROM salvaged s
                          WHERE s.device = patch.device AND s.device_seq = patch.device_seq)";
    Ok(writes_where(server, brought_back)?.into_iter().map(named).collect())
}

fn named(write: Write) -> (WriteId, String) {
    ((write.record, write.field, write.stamp), write.value.to_string())
}

/// Every write that an accepted one says it has replaced, with the stamps of those that did.
///
/// # Errors
/// When the table cannot be read.
pub fn replacements(server: &Connection) -> Result<BTreeMap<WriteId, BTreeSet<String>>> {
    let mut all: BTreeMap<WriteId, BTreeSet<String>> = BTreeMap::new();
    for Write { record, field, stamp, base, .. } in writes(server)? {
        for seen in base {
            all.entry((record.clone(), field.clone(), seen)).or_default().insert(stamp.clone());
        }
    }
    Ok(all)
}

/// Works everything out.
///
/// # Errors
/// When the table cannot be read, or one stamp stands for two values.
pub fn truth(server: &Connection) -> Result<Truth> {
    let mut fields: BTreeMap<(Id, String), Vec<Write>> = BTreeMap::new();
    let mut first: BTreeMap<Id, Write> = BTreeMap::new();
    for write in writes(server)? {
        let earliest = first.entry(write.record.clone()).or_insert_with(|| write.clone());
        if write.order < earliest.order {
            *earliest = write.clone();
        }
        let writes = fields.entry((write.record.clone(), write.field.clone())).or_default();
        match writes.iter_mut().find(|known| known.stamp == write.stamp) {
            // Once from its writer, once brought back by a phone or from the writer's copied phone: one write.
            Some(known) => {
                ensure!(known.value == write.value, "two values of {} under one stamp", write.field);
                known.base.extend(write.base);
                known.order = known.order.clone().max(write.order);
            }
            None => writes.push(write),
        }
    }
    let mut truth = Truth::default();
    for ((id, field), writes) in fields {
        let winner = writes.iter().max_by_key(|write| rank(write)).context("no writes")?;
        for loser in writes.iter().filter(|write| write.value != winner.value) {
            if !writes.iter().any(|later| supersedes(later, loser, &writes)) {
                truth.conflicts.insert((
                    id.clone(),
                    field.clone(),
                    loser.stamp.clone(),
                    loser.value.to_string(),
                    winner.stamp.clone(),
                ));
            }
        }
        let record = truth.records.entry(id.clone()).or_default();
        (record.kind, record.village) = (first[&id].kind.clone(), first[&id].village.clone());
        let stands =
            Field { value: winner.value.clone(), stamp: winner.stamp.clone(), order: winner.order.clone() };
        record.fields.insert(field, stands);
    }
    go_along(&mut truth);
    Ok(truth)
}

/// A household that has moved is where its `village` says, and its members, visits and opinions are with it.
fn go_along(truth: &mut Truth) {
    let text = |record: &Record, field: &str| {
        record.fields.get(field).and_then(|field| field.value.as_str()).map(str::to_owned)
    };
    let moved: BTreeMap<Id, String> = truth
        .records
        .iter()
        .filter(|(_, record)| record.kind == "household")
        .filter_map(|(id, record)| Some((id.clone(), text(record, "village")?)))
        .collect();
    let named = |record: &Record, field: &str| text(record, field).map(|id| id.replace('-', ""));
    let visited: BTreeMap<Id, Id> = truth
        .records
        .iter()
        .filter(|(_, record)| record.kind == "visit")
        .filter_map(|(id, record)| Some((id.clone(), named(record, "household")?)))
        .collect();
    for (id, record) in &mut truth.records {
        let household = match record.kind.as_str() {
            "household" => Some(id.clone()),
            "person" | "visit" => named(record, "household"),
            "opinion" => named(record, "household")
                .or_else(|| named(record, "visit").and_then(|visit| visited.get(&visit).cloned())),
            _ => None,
        };
        if let Some(village) = household.and_then(|household| moved.get(&household)) {
            record.village.clone_from(village);
        }
    }
}

fn rank(write: &Write) -> (String, Vec<u8>) {
    (write.order.clone(), write.value.to_string().into_bytes())
}

/// Whether who wrote `later` had read what `write` says.
fn supersedes(later: &Write, write: &Write, all: &[Write]) -> bool {
    rank(later) > rank(write)
        && all.iter().any(|seen| {
            let same_words = seen.value == write.value && seen.order >= write.order;
            later.base.contains(&seen.stamp) && (seen.stamp == write.stamp || same_words)
        })
}

/// The records that a database holds, people's and conflicts' apart, read from its columns.
///
/// # Errors
/// When the table cannot be read.
pub fn stored(db: &Connection) -> Result<BTreeMap<Id, Record>> {
    stored_in(db, "record")
}

/// The records of which all is erased.
///
/// # Errors
/// When the list cannot be read.
pub fn erased_whole(server: &Connection) -> Result<BTreeSet<Id>> {
    let mut statement = server.prepare("SELECT record FROM erased WHERE field = ''")?;
    let ids = statement.query_map([], |row| Ok(hex(&row.get::<_, Vec<u8>>(0)?)))?;
    Ok(ids.collect::<Result<_, _>>()?)
}

fn stored_in(db: &Connection, table: &str) -> Result<BTreeMap<Id, Record>> {
    let mut records = BTreeMap::new();
    let mut statement = db.prepare(&format!("SELECT id, kind, village, stamp, body, others FROM {table}"))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let stamp = hex(&row.get::<_, Vec<u8>>(3)?);
        let body: Map<String, Value> = serde_json::from_str(&row.get::<_, String>(4)?)?;
        let others: String = row.get(5)?;
        let others: BTreeMap<String, (String, String)> =
            if others.is_empty() { BTreeMap::new() } else { serde_json::from_str(&others)? };
        let fields = body.into_iter().map(|(name, value)| {
            let plain = (stamp.clone(), stamp.clone());
            let (stamp, order) = others.get(&name).cloned().unwrap_or(plain);
            (name, Field { value, stamp, order })
        });
        let record = Record { kind: row.get(1)?, village: row.get(2)?, fields: fields.collect() };
        records.insert(hex(&row.get::<_, Vec<u8>>(0)?), record);
    }
    Ok(records)
}

/// Where a phone keeps the rows of each former life, the last first.
fn former_layers(phone: &Connection) -> Result<Vec<String>> {
    let layers: i64 =
        phone.query_row("SELECT coalesce(max(layer), 0) FROM former_record", [], |row| row.get(0))?;
    Ok((1..=layers).rev().map(|layer| format!("former_record WHERE layer = {layer}")).collect())
}

/// What a phone must show: the newer writes of the server's rows and those of its former life, and over them its own
/// patches that are not in them yet.
///
/// # Errors
/// When its tables cannot be read.
pub fn shown(phone: &Connection) -> Result<BTreeMap<Id, Record>> {
    let mut records = stored(phone)?;
    let rank = |field: &Field| (field.order.clone(), field.value.to_string().into_bytes());
    let mut former = Vec::new();
    for layer in former_layers(phone)? {
        former.extend(stored_in(phone, &layer)?);
    }
    for (id, former) in former {
        let record =
            records.entry(id).or_insert_with(|| Record { fields: BTreeMap::new(), ..former.clone() });
        for (name, field) in former.fields {
            let newer = |standing: &Field| field.stamp != standing.stamp && rank(&field) > rank(standing);
            if record.fields.get(&name).is_none_or(newer) {
                record.fields.insert(name, field);
            }
        }
    }
    let mut statement = phone
        .prepare("SELECT record, kind, village, stamp, body FROM whole_patch WHERE state < 3 ORDER BY at")?;
    let orders = own_orders(phone)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let stamp = hex(&row.get::<_, Vec<u8>>(3)?);
        let order = orders.get(&stamp).context("a patch without an order")?.clone();
        let body: Map<String, Value> = serde_json::from_str(&row.get::<_, String>(4)?)?;
        let (kind, village) = (row.get(1)?, row.get(2)?);
        let record = records.entry(hex(&row.get::<_, Vec<u8>>(0)?)).or_insert_with(|| Record {
            kind,
            village,
            fields: BTreeMap::new(),
        });
        let set = body.get("set").and_then(Value::as_object).context("a patch without fields")?;
        for (name, value) in set {
            let mut own = Field { value: value.clone(), stamp: stamp.clone(), order: order.clone() };
            // What was written over stays so, whatever order a later life gives it.
            let seen = body.get("base").and_then(|base| base.get(name)).and_then(Value::as_array);
            let saw = |standing: &Field| {
                seen.is_some_and(|seen| seen.iter().any(|stamp| stamp.as_str() == Some(&standing.stamp)))
            };
            match record.fields.get(name) {
                Some(standing) if rank(&own) <= rank(standing) && saw(standing) => {
                    own.order.clone_from(&standing.order);
                }
                Some(standing) if rank(&own) <= rank(standing) => continue,
                _ => {}
            }
            record.fields.insert(name.clone(), own);
        }
    }
    Ok(records)
}

/// The open conflicts that a database holds as records.
///
/// # Errors
/// When two of them are the same.
pub fn stored_conflicts(records: &BTreeMap<Id, Record>) -> Result<BTreeSet<Conflict>> {
    let mut open = BTreeSet::new();
    for record in records.values().filter(|record| record.kind == "conflict") {
        let value = |name: &str| record.fields.get(name).map(|f| f.value.clone()).unwrap_or_default();
        let text = |name: &str| value(name).as_str().unwrap_or_default().to_owned();
        if value("open") == Value::Bool(true) {
            let conflict = (
                text("record").replace('-', ""),
                text("field"),
                text("other_stamp"),
                value("other").to_string(),
                text("shown_stamp"),
            );
            ensure!(open.insert(conflict), "one conflict stands there twice");
        }
    }
    Ok(open)
}

/// Of a phone's own writes that lie over the server's rows: stamp and order. None stands above one whose editor saw it.
fn own_orders(phone: &Connection) -> Result<BTreeMap<String, String>> {
    let mut orders = BTreeMap::new();
    let mut seen_by = Vec::new();
    let mut statement =
        phone.prepare("SELECT stamp, coalesce(ord, stamp), body FROM whole_patch WHERE state < 3")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let [stamp, order] = [0, 1].map(|column| row.get::<_, Vec<u8>>(column).map(|bytes| hex(&bytes)));
        let (stamp, order) = (stamp?, order?);
        let body: Map<String, Value> = serde_json::from_str(&row.get::<_, String>(2)?)?;
        let bases = body.get("base").and_then(Value::as_object).into_iter().flat_map(Map::values);
        let seen = bases.filter_map(Value::as_array).flatten().filter_map(Value::as_str);
        seen_by.extend(seen.map(|seen| (seen.to_owned(), stamp.clone())));
        orders.insert(stamp, order);
    }
    // The beginning of a word comes before it.
    let lowered = |orders: &BTreeMap<String, String>| {
        seen_by.iter().find_map(|(seen, by)| {
            let (standing, above) = (orders.get(seen)?, orders.get(by)?);
            let below = above.get(..above.len().saturating_sub(1))?;
            (standing >= above).then(|| (seen.clone(), below.to_owned()))
        })
    };
    while let Some((seen, below)) = lowered(&orders) {
        orders.insert(seen, below);
    }
    Ok(orders)
}
