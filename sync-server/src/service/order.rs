//! The order that a patch gets among all writes: its stamp, unless its writer's clock ran too far ahead, or what its
//! editor saw was given a later one.

use super::life::is_later_life;
use crate::storage::StorageError;
use lianxin_shared::{
    replica::{Clock, Patch, PatchDraft, Row, Stamp},
    sync::{order_of, runs_ahead},
};
use rusqlite::{Connection, params};
use std::collections::BTreeMap;
use uuid::Uuid;

/// How far back writes that arrive together are set, milliseconds by `device_seq`. In a later life a write may arrive after
/// those whose editors had seen it: it stands below them, and what was written to the record before stays below it.
///
/// # Errors
/// When SQLite fails.
pub(super) fn set_back(
    db: &Connection,
    patches: &[Patch],
    orders: &BTreeMap<u64, Stamp>,
    now_ms: i64,
) -> Result<BTreeMap<u64, u64>, StorageError> {
    let is_later_life = is_later_life(db)?;
    let claims = patches.iter().map(|patch| (claimed(patch, orders), patch));
    let mut late: Vec<(Stamp, &Patch)> =
        claims.filter(|(claimed, _)| is_later_life || runs_ahead(*claimed, now_ms)).collect();
    late.sort_by_key(|(claimed, _)| std::cmp::Reverse(*claimed));
    let (mut all, mut by_record) = (BTreeMap::new(), BTreeMap::<Uuid, u64>::new());
    for (claimed, patch) in late {
        let by = by_record.entry(patch.edit.id).or_default();
        let rises = |seen_by: &Stamp| claimed >= *seen_by || runs_ahead(claimed, now_ms);
        if let Some(seen_by) = least_that_saw(db, &patch.edit)?.filter(rises) {
            *by = (*by).max(claimed.wall_ms.saturating_sub(seen_by.wall_ms).saturating_add(1));
        }
        if *by > 0 {
            all.insert(patch.device_seq, *by);
        }
    }
    Ok(all)
}

/// A phone that brings a write back can only guess what its editor had seen, by the orders that it knows. What stands
/// above the write once it is set back by `by_ms` nobody can have seen who wrote it.
pub(super) fn forget_what_stands_above(edit: &mut PatchDraft, row: Option<&Row>, claimed: Stamp, by_ms: u64) {
    let placed = set_back_by(claimed, by_ms);
    for (name, seen) in &mut edit.base {
        let standing = row.and_then(|row| row.fields.get(name));
        let above = standing.filter(|version| version.order >= placed).map(|version| version.stamp);
        seen.retain(|stamp| Some(*stamp) != above);
    }
}

fn set_back_by(claimed: Stamp, by_ms: u64) -> Stamp {
    Stamp { wall_ms: claimed.wall_ms.saturating_sub(by_ms), ..claimed }
}

/// The order that a patch claims: what a former life gave it, which may only be lower, or its stamp.
pub(super) fn claimed(patch: &Patch, orders: &BTreeMap<u64, Stamp>) -> Stamp {
    let stamp = patch.edit.stamp;
    orders.get(&patch.device_seq).copied().filter(|order| *order < stamp).unwrap_or(stamp)
}

/// The order of a new patch, which claims `claimed` (what a former life gave it, or its stamp). `row` is what stands.
/// Whatever clocks say, a write stands above what its editor has seen: otherwise what was replaced would come back as
/// the winner.
pub(super) fn place(
    clock: &mut Clock,
    row: Option<&Row>,
    edit: &PatchDraft,
    claimed: Stamp,
    set_back_ms: Option<&u64>,
    now_ms: i64,
) -> Stamp {
    // What is overwritten may be up to ten minutes ahead itself.
    let standing = row.into_iter().flat_map(|row| &row.fields);
    let overwritten = standing.filter(|(name, _)| edit.set.contains_key(*name));
    overwritten.clone().for_each(|(_, version)| clock.observe(version.order));
    let given = order_of(claimed, clock, now_ms);
    let order = match set_back_ms {
        Some(by) => given.min(set_back_by(claimed, *by)),
        None => given,
    };
    let seen = |name: &str, stamp| edit.base.get(name).is_some_and(|base| base.contains(&stamp));
    let is_hidden =
        overwritten.into_iter().any(|(name, version)| version.order >= order && seen(name, version.stamp));
    if is_hidden { clock.tick(now_ms) } else { order }
}

/// The least order among the writes whose editors had seen this one.
fn least_that_saw(db: &Connection, edit: &PatchDraft) -> Result<Option<Stamp>, StorageError> {
    let mut statement = db.prepare_cached(
        "SELECT min(ord) FROM patch WHERE record = ?1 AND held = '' AND instr(body, ?2) > 0",
    )?;
    let least: Option<[u8; 16]> =
        statement.query_row(params![edit.id.as_bytes(), edit.stamp.to_string()], |row| row.get(0))?;
    Ok(least.map(Stamp::from_bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use lianxin_shared::replica::{DeviceId, FieldVersion, Value};

    const NOW_MS: i64 = 1_000_000_000;

    fn stamp(wall_ms: u64, device: u64) -> Stamp {
        Stamp { wall_ms, counter: 0, device: DeviceId::from_bits(device) }
    }

    fn edit(stamp: Stamp, seen: Stamp) -> PatchDraft {
        PatchDraft {
            stamp,
            kind: "household".to_owned(),
            id: Uuid::nil(),
            village: "519921105201".to_owned(),
            set: BTreeMap::from([("phone".to_owned(), Value::Text("13800000002".to_owned()))]),
            base: BTreeMap::from([("phone".to_owned(), vec![seen])]),
        }
    }

    /// A row whose telephone number was written with `stamp` and got `order`.
    fn row(stamp: Stamp, order: Stamp) -> Row {
        let mut row = Row::empty("household", Uuid::nil(), "519921105201");
        let value = Value::Text("13800000003".to_owned());
        row.fields.insert("phone".to_owned(), FieldVersion { value, stamp, order });
        row
    }

    #[test]
    fn what_was_seen_and_replaced_does_not_come_back_though_a_later_life_ordered_it_anew() {
        let (seen, replaced_at) = (stamp(9_000_000_000, 1), stamp(900_000_000, 2));
        let mut clock = Clock::new(DeviceId::from_bits(0xff));
        let anew = row(seen, stamp(999_000_000, 0xff));
        let order = place(&mut clock, Some(&anew), &edit(replaced_at, seen), replaced_at, None, NOW_MS);
        assert!(order > stamp(999_000_000, 0xff));
        let unseen = edit(replaced_at, stamp(5, 5));
        let order = place(&mut clock, Some(&anew), &unseen, replaced_at, None, NOW_MS);
        assert_eq!(order, replaced_at, "what was not seen is a conflict, and times decide");
    }

    #[test]
    fn a_clock_ahead_is_set_back_as_far_as_those_that_saw_its_writes_demand() {
        let mut clock = Clock::new(DeviceId::from_bits(0xff));
        let ahead = stamp(9_000_000_000, 1);
        let nothing_seen = edit(ahead, stamp(5, 5));
        let plain = place(&mut clock, None, &nothing_seen, ahead, None, NOW_MS);
        assert!(plain.wall_ms >= NOW_MS as u64 && plain < ahead);
        let by = 8_100_000_001;
        let set_back = place(&mut clock, None, &nothing_seen, ahead, Some(&by), NOW_MS);
        assert_eq!(set_back, stamp(899_999_999, 1));
    }
}
