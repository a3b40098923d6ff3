//! The merge: whatever patches come, in whatever order and however often, the record and its conflicts are what the
//! definition says, worked out the slow way.

use super::TIME;
use bolero::TypeGenerator;
use lianxin_shared::replica::{Base, DeviceId, FieldSet, History, PatchDraft, RecordFold, Row, Stamp, Value};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// One patch, of few places, so that they meet.
#[derive(Debug, Clone, TypeGenerator)]
struct Sketch {
    /// When and by whom: the patch's stamp. A copied phone may give one twice.
    at: u8,
    device: u8,
    /// Field and value of what it writes.
    writes: [Option<u8>; 2],
    /// What its editor had seen.
    seen: Vec<(u8, u8)>,
    /// Another order, given at admission.
    late: bool,
}

const FIELDS: [&str; 2] = ["phone", "note"];
const SERVER: u64 = 99;

fn stamp(at: u8, device: u8) -> Stamp {
    Stamp { wall_ms: u64::from(at % 8), counter: 0, device: DeviceId::from_bits(u64::from(device % 3)) }
}

fn value(drawn: u8) -> Value {
    match drawn % 5 {
        0 => Value::Null,
        1 => Value::Bool(true),
        2 => Value::Int(1),
        3 => "138".into(),
        _ => "139".into(),
    }
}

/// The patches with their orders; each order that admission gave is given once.
fn patches(sketches: &[Sketch]) -> Vec<(PatchDraft, Stamp)> {
    let drawn = sketches.iter().zip(0u16..).map(|(sketch, counter)| {
        let written = FIELDS.iter().zip(sketch.writes).filter_map(|(field, drawn)| Some((*field, drawn?)));
        let set: FieldSet = written.map(|(field, drawn)| (field.to_owned(), value(drawn))).collect();
        let seen: Vec<Stamp> = sketch.seen.iter().map(|(at, device)| stamp(*at, *device)).collect();
        let base: Base = set.keys().map(|field| (field.clone(), seen.clone())).collect();
        let own = stamp(sketch.at, sketch.device);
        let given = Stamp { wall_ms: u64::from(sketch.at % 5), counter, device: DeviceId::from_bits(SERVER) };
        let (kind, village) = ("household".to_owned(), "519921105201".to_owned());
        let edit = PatchDraft { stamp: own, kind, id: Uuid::nil(), village, set, base };
        (edit, if sketch.late { given } else { own })
    });
    drawn.filter(|(edit, _)| !edit.set.is_empty()).collect()
}

fn fold(patches: &[(PatchDraft, Stamp)]) -> Option<RecordFold> {
    let mut history = History::default();
    patches.iter().for_each(|(edit, order)| history.add(edit, *order));
    history.fold(Uuid::nil())
}

/// One write by the definition: its stamp and value name it; orders and bases of repetitions are taken together.
#[derive(Debug, Clone)]
struct Write {
    stamp: Stamp,
    value: Value,
    order: Stamp,
    base: BTreeSet<Stamp>,
}

impl Write {
    fn rank(&self) -> (Stamp, Vec<u8>) {
        (self.order, self.value.canonical_bytes())
    }
}

/// Field → value and stamp shown; and (field, stamp, value) of each that lost unseen.
type Truth = (BTreeMap<String, (Value, Stamp)>, BTreeSet<(String, Stamp, Vec<u8>)>);

fn truth(patches: &[(PatchDraft, Stamp)]) -> Truth {
    let (mut shown, mut lost) = Truth::default();
    for field in FIELDS {
        let mut writes: BTreeMap<(Stamp, Vec<u8>), Write> = BTreeMap::new();
        for (edit, order) in patches {
            let Some(value) = edit.set.get(field) else { continue };
            let write =
                Write { stamp: edit.stamp, value: value.clone(), order: *order, base: BTreeSet::new() };
            let write = writes.entry((edit.stamp, value.canonical_bytes())).or_insert(write);
            write.order = write.order.max(*order);
            write.base.extend(&edit.base[field]);
        }
        let writes: Vec<Write> = writes.into_values().collect();
        let Some(winner) = writes.iter().max_by_key(|write| write.rank()) else { continue };
        shown.insert(field.to_owned(), (winner.value.clone(), winner.stamp));
        let superseded = |write: &Write| {
            writes.iter().filter(|later| later.rank() > write.rank()).any(|later| {
                let above = |seen: &&Write| seen.value == write.value && seen.order >= write.order;
                later.base.contains(&write.stamp)
                    || writes.iter().filter(above).any(|seen| later.base.contains(&seen.stamp))
            })
        };
        // Of several values under one stamp one record of conflict is kept: that of the greatest.
        let mut losers: BTreeMap<Stamp, (Vec<u8>, Stamp)> = BTreeMap::new();
        for write in writes.iter().filter(|write| write.value != winner.value && !superseded(write)) {
            let value = write.value.canonical_bytes();
            let kept = losers.entry(write.stamp).or_insert((value.clone(), write.order));
            if (write.order, &value) > (kept.1, &kept.0) {
                *kept = (value, write.order);
            }
        }
        lost.extend(losers.into_iter().map(|(stamp, (value, _))| (field.to_owned(), stamp, value)));
    }
    (shown, lost)
}

#[test]
fn any_patches_in_any_order_fold_into_what_the_definition_says() {
    bolero::check!().with_type::<(Vec<Sketch>, Vec<u8>)>().with_test_time(TIME).for_each(
        |(sketches, shuffle)| {
            let patches = patches(&sketches[..sketches.len().min(9)]);
            let Some(folded) = fold(&patches) else { return };
            let mut other: Vec<(PatchDraft, Stamp)> = patches.clone();
            for (at, with) in shuffle.iter().enumerate() {
                let (at, with) = (at % other.len(), usize::from(*with) % other.len());
                other.swap(at, with);
                // Some come twice.
                if with % 3 == 0 && other.len() < 30 {
                    other.push(other[at].clone());
                }
            }
            assert_eq!(fold(&other).as_ref(), Some(&folded), "whatever the order, however often");
            let (shown, lost) = truth(&patches);
            let fields = folded.row.fields.iter();
            let found: BTreeMap<_, _> = fields
                .map(|(field, version)| (field.clone(), (version.value.clone(), version.stamp)))
                .collect();
            assert_eq!(found, shown);
            let conflicts = folded.conflicts.iter();
            let found: Vec<_> = conflicts
                .map(|one| (one.field.clone(), one.loser_stamp, one.loser_value.canonical_bytes()))
                .collect();
            assert_eq!(found.len(), lost.len(), "each once");
            assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), lost);
            let mut row = Row::empty("household", Uuid::nil(), "519921105201");
            for (edit, order) in &other {
                row.apply(edit, *order);
            }
            assert_eq!(row.fields, folded.row.fields, "the row kept patch by patch is the fold's");
        },
    );
}
