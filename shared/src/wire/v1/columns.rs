//! Batches transposed into columns: records of one shape (kind and field names) stand together, so that
//! names are sent once and alike values lie side by side. Measured, that compresses to a fraction of row-wise objects.

use crate::replica::{Base, DeviceId, FieldVersion, Patch, PatchDraft, Row, Stamp, Value};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Many patches or rows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    /// Village codes, once each.
    pub villages: Vec<String>,
    /// Devices that stamps name, once each.
    pub devices: Vec<DeviceId>,
    /// Records by shape.
    pub groups: Vec<Group>,
}

impl Batch {
    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }
    /// How many patches or rows it holds.
    pub fn len(&self) -> usize {
        self.groups.iter().map(|group| group.ids.len()).sum()
    }
}

/// Records of one kind with the same field names, one column each.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// The kind.
    pub kind: String,
    /// Field names, in the order of `values`.
    pub fields: Vec<String>,
    /// Record ids.
    #[serde(with = "simple_ids")]
    pub ids: Vec<Uuid>,
    /// `device_seq` of patches, `seq` of rows: each the difference to the one before.
    pub numbers: Vec<i64>,
    /// Index into [`Batch::villages`].
    pub villages: Vec<usize>,
    /// Stamps' wall times, each the difference to the one before.
    pub walls: Vec<i64>,
    /// Stamps' counters.
    pub counters: Vec<u16>,
    /// Index into [`Batch::devices`].
    pub devices: Vec<usize>,
    /// One column of values per field.
    pub values: Vec<Vec<Value>>,
    /// Patches: what the editors had loaded, by place.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub bases: BTreeMap<usize, Base>,
    /// Rows: fields whose write differs from the row's stamp, by place: (stamp, order).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub others: BTreeMap<usize, BTreeMap<String, (Stamp, Stamp)>>,
}

/// The most that names of kinds, fields and villages, sent once, may take when each record has its own, bytes: a
/// small batch of many records with a huge name would fill the memory.
#[allow(non_upper_case_globals)]
const names_bytes_max: usize = 64 * 1024 * 1024;

/// A batch that contradicts itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("malformed batch: {0}")]
pub struct WireError(pub &'static str);

mod simple_ids {
    use serde::{Deserialize, Deserializer, Serializer, de, ser::SerializeSeq};
    use uuid::Uuid;

    pub fn serialize<S: Serializer>(ids: &[Uuid], serializer: S) -> Result<S::Ok, S::Error> {
        let mut seq = serializer.serialize_seq(Some(ids.len()))?;
        for id in ids {
            seq.serialize_element(&format_args!("{}", id.simple()))?;
        }
        seq.end()
    }
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Uuid>, D::Error> {
        let texts = Vec::<String>::deserialize(deserializer)?;
        texts.iter().map(|t| Uuid::try_parse(t).map_err(de::Error::custom)).collect()
    }
}

/// One record on its way into columns.
struct Entry<'a> {
    kind: &'a str,
    id: Uuid,
    number: u64,
    village: &'a str,
    stamp: Stamp,
    fields: Vec<(&'a str, &'a Value)>,
    base: Option<&'a Base>,
    others: BTreeMap<String, (Stamp, Stamp)>,
}

fn index_of<T: PartialEq + Clone>(list: &mut Vec<T>, item: &T) -> usize {
    list.iter().position(|known| known == item).unwrap_or_else(|| {
        list.push(item.clone());
        list.len() - 1
    })
}

fn index_in<T: Ord + Clone>(places: &mut BTreeMap<T, usize>, item: T) -> usize {
    let next = places.len();
    *places.entry(item).or_insert(next)
}

fn transpose<'a>(entries: impl Iterator<Item = Entry<'a>>) -> Batch {
    let mut batch = Batch::default();
    let mut villages: BTreeMap<String, usize> = BTreeMap::new();
    let mut shapes: BTreeMap<(String, Vec<String>), usize> = BTreeMap::new();
    let mut last: Vec<(i64, i64)> = Vec::new();
    for entry in entries {
        let names: Vec<String> = entry.fields.iter().map(|(name, _)| (*name).to_owned()).collect();
        let place = index_in(&mut shapes, (entry.kind.to_owned(), names.clone()));
        if place == batch.groups.len() {
            let values = vec![Vec::new(); names.len()];
            batch.groups.push(Group {
                kind: entry.kind.to_owned(),
                fields: names,
                values,
                ..Group::default()
            });
            last.push((0, 0));
        }
        let (Some(group), Some(last)) = (batch.groups.get_mut(place), last.get_mut(place)) else { continue };
        let (number, wall) = (entry.number as i64, entry.stamp.wall_ms as i64);
        let at = group.ids.len();
        group.ids.push(entry.id);
        group.numbers.push(number - last.0);
        group.walls.push(wall - last.1);
        *last = (number, wall);
        group.villages.push(index_in(&mut villages, entry.village.to_owned()));
        group.counters.push(entry.stamp.counter);
        group.devices.push(index_of(&mut batch.devices, &entry.stamp.device));
        for (column, (_, value)) in group.values.iter_mut().zip(entry.fields) {
            column.push(value.clone());
        }
        if let Some(base) = entry.base.filter(|base| !base.is_empty()) {
            group.bases.insert(at, base.clone());
        }
        if !entry.others.is_empty() {
            group.others.insert(at, entry.others);
        }
    }
    batch.villages = vec![String::new(); villages.len()];
    for (code, place) in villages {
        if let Some(slot) = batch.villages.get_mut(place) {
            *slot = code;
        }
    }
    batch
}

/// Patches as a batch.
pub fn batch_of_patches(patches: &[Patch]) -> Batch {
    transpose(patches.iter().map(|patch| Entry {
        kind: &patch.edit.kind,
        id: patch.edit.id,
        number: patch.device_seq,
        village: &patch.edit.village,
        stamp: patch.edit.stamp,
        fields: patch.edit.set.iter().map(|(name, value)| (name.as_str(), value)).collect(),
        base: Some(&patch.edit.base),
        others: BTreeMap::new(),
    }))
}

/// Rows as a batch. A row's stamp is that of its newest write; fields of other writes are exceptions.
pub fn batch_of_rows(rows: &[Row]) -> Batch {
    transpose(rows.iter().map(|row| {
        let zero = Stamp { wall_ms: 0, counter: 0, device: DeviceId::from_bits(0) };
        let plain = |v: &&FieldVersion| v.stamp == v.order;
        let stamp = row.fields.values().filter(plain).map(|v| v.stamp).max().unwrap_or(zero);
        let others = row.fields.iter().filter(|(_, v)| (v.stamp, v.order) != (stamp, stamp));
        Entry {
            kind: &row.kind,
            id: row.id,
            number: row.seq,
            village: &row.village,
            stamp,
            fields: row.fields.iter().map(|(name, version)| (name.as_str(), &version.value)).collect(),
            base: None,
            others: others.map(|(name, v)| (name.clone(), (v.stamp, v.order))).collect(),
        }
    }))
}

/// One record out of columns.
struct Taken {
    kind: String,
    id: Uuid,
    number: u64,
    village: String,
    stamp: Stamp,
    fields: BTreeMap<String, Value>,
    base: Base,
    others: BTreeMap<String, (Stamp, Stamp)>,
}

/// Bytes of names when each record has its own.
fn names_bytes(batch: &Batch) -> usize {
    let village = batch.villages.iter().map(String::len).max().unwrap_or_default();
    let groups = batch.groups.iter().map(|group| {
        let fields: usize = group.fields.iter().map(String::len).sum();
        group.ids.len().saturating_mul(group.kind.len() + fields + village)
    });
    groups.fold(0, usize::saturating_add)
}

fn take(batch: Batch) -> Result<Vec<Taken>, WireError> {
    if names_bytes(&batch) > names_bytes_max {
        return Err(WireError("names beyond measure"));
    }
    let mut out = Vec::with_capacity(batch.len());
    for mut group in batch.groups {
        let n = group.ids.len();
        let columns = [
            group.numbers.len(),
            group.villages.len(),
            group.walls.len(),
            group.counters.len(),
            group.devices.len(),
        ];
        let whole = columns.iter().all(|len| *len == n)
            && group.values.len() == group.fields.len()
            && group.values.iter().all(|column| column.len() == n);
        if !whole {
            return Err(WireError("columns of different lengths"));
        }
        let mut values: Vec<_> = group.values.into_iter().map(Vec::into_iter).collect();
        let (mut number, mut wall) = (0i64, 0i64);
        let meta = group.ids.iter().zip(&group.numbers).zip(&group.villages).zip(&group.walls);
        let meta = meta.zip(&group.counters).zip(&group.devices).enumerate();
        for (at, (((((id, number_by), village), wall_by), counter), device)) in meta {
            number = number.checked_add(*number_by).ok_or(WireError("number out of range"))?;
            wall = wall.checked_add(*wall_by).ok_or(WireError("time out of range"))?;
            let device = *batch.devices.get(*device).ok_or(WireError("unknown device"))?;
            let fields =
                group.fields.iter().cloned().zip(values.iter_mut().filter_map(Iterator::next)).collect();
            out.push(Taken {
                kind: group.kind.clone(),
                id: *id,
                number: u64::try_from(number).map_err(|_| WireError("negative number"))?,
                village: batch.villages.get(*village).ok_or(WireError("unknown village"))?.clone(),
                stamp: Stamp {
                    wall_ms: u64::try_from(wall).map_err(|_| WireError("negative time"))?,
                    counter: *counter,
                    device,
                },
                fields,
                base: group.bases.remove(&at).unwrap_or_default(),
                others: group.others.remove(&at).unwrap_or_default(),
            });
        }
    }
    Ok(out)
}

/// The patches of a batch, by `device_seq`.
///
/// # Errors
/// When the columns contradict one another.
pub fn patches_of_batch(batch: Batch) -> Result<Vec<Patch>, WireError> {
    let mut patches: Vec<Patch> = take(batch)?
        .into_iter()
        .map(|t| Patch {
            device_seq: t.number,
            edit: PatchDraft {
                stamp: t.stamp,
                kind: t.kind,
                id: t.id,
                village: t.village,
                set: t.fields,
                base: t.base,
            },
        })
        .collect();
    patches.sort_by_key(|patch| patch.device_seq);
    Ok(patches)
}

/// The rows of a batch, by `seq`.
///
/// # Errors
/// When the columns contradict one another.
pub fn rows_of_batch(batch: Batch) -> Result<Vec<Row>, WireError> {
    let mut rows: Vec<Row> = take(batch)?
        .into_iter()
        .map(|mut t| {
            let version = |name: &str, value, others: &mut BTreeMap<String, (Stamp, Stamp)>| {
                let (stamp, order) = others.remove(name).unwrap_or((t.stamp, t.stamp));
                FieldVersion { value, stamp, order }
            };
            let fields = t
                .fields
                .into_iter()
                .map(|(n, v)| {
                    let v = version(&n, v, &mut t.others);
                    (n, v)
                })
                .collect();
            Row { kind: t.kind, id: t.id, village: t.village, seq: t.number, fields }
        })
        .collect();
    rows.sort_by_key(|row| row.seq);
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn stamps() -> impl Strategy<Value = Stamp> {
        (0u64..1 << 48, any::<u16>(), any::<u64>()).prop_map(|(wall_ms, counter, d)| Stamp {
            wall_ms,
            counter,
            device: DeviceId::from_bits(d),
        })
    }
    fn values() -> impl Strategy<Value = Value> {
        prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            any::<i64>().prop_map(Value::Int),
            "\\PC{0,8}".prop_map(Value::Text)
        ]
    }
    fn fields() -> impl Strategy<Value = BTreeMap<String, Value>> {
        prop::collection::btree_map("[a-c]", values(), 1..4)
    }

    proptest! {
        #[test]
        fn patches_come_back(edits in prop::collection::vec((stamps(), "[ab]", any::<u128>(), "[0-9]{12}", fields(), prop::collection::btree_map("[a-c]", prop::collection::vec(stamps(), 0..3), 0..2)), 0..9)) {
            let patches: Vec<Patch> = edits.into_iter().enumerate().map(|(i, (stamp, kind, id, village, set, base))| Patch {
                device_seq: i as u64 + 5,
                edit: PatchDraft { stamp, kind, id: Uuid::from_u128(id), village, set, base },
            }).collect();
            let json = serde_json::to_string(&batch_of_patches(&patches)).unwrap();
            prop_assert_eq!(patches_of_batch(serde_json::from_str(&json).unwrap()).unwrap(), patches);
        }

        #[test]
        fn rows_come_back(rows in prop::collection::vec(("[ab]", any::<u128>(), "[0-9]{12}", prop::collection::btree_map("[a-c]", (values(), stamps(), prop::option::of(stamps())), 1..4)), 0..9)) {
            let rows: Vec<Row> = rows.into_iter().enumerate().map(|(i, (kind, id, village, fields))| Row {
                kind, id: Uuid::from_u128(id), village, seq: i as u64 * 3,
                fields: fields.into_iter().map(|(n, (value, stamp, order))| (n, FieldVersion { value, stamp, order: order.unwrap_or(stamp) })).collect(),
            }).collect();
            let json = serde_json::to_string(&batch_of_rows(&rows)).unwrap();
            prop_assert_eq!(rows_of_batch(serde_json::from_str(&json).unwrap()).unwrap(), rows);
        }
    }

    #[test]
    fn a_batch_that_would_swell_beyond_measure_is_refused_before_it_does() {
        let n = 200;
        let group = |kind: &str, field: String| Group {
            kind: kind.to_owned(),
            fields: vec![field],
            ids: vec![Uuid::nil(); n],
            numbers: vec![1; n],
            villages: vec![0; n],
            walls: vec![0; n],
            counters: vec![0; n],
            devices: vec![0; n],
            values: vec![vec![Value::Null; n]],
            ..Group::default()
        };
        let batch = |village: String, group: Group| Batch {
            villages: vec![village],
            devices: vec![DeviceId::from_bits(1)],
            groups: vec![group],
        };
        let long = || "长".repeat(names_bytes_max / n / 3 + 1);
        let swollen = Err(WireError("names beyond measure"));
        assert_eq!(patches_of_batch(batch("1".into(), group("visit", long()))), swollen);
        assert_eq!(patches_of_batch(batch(long(), group("visit", "notes".into()))), swollen);
        assert_eq!(patches_of_batch(batch("1".into(), group(&long(), "notes".into()))), swollen);
        assert_eq!(patches_of_batch(batch("1".into(), group("visit", "notes".into()))).unwrap().len(), n);
    }

    #[test]
    fn columns_of_different_lengths_are_refused() {
        let group = Group { kind: "visit".into(), ids: vec![Uuid::nil()], ..Group::default() };
        let batch = Batch { groups: vec![group], ..Batch::default() };
        assert_eq!(patches_of_batch(batch), Err(WireError("columns of different lengths")));
    }
}
