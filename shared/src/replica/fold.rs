//! The fold over ALL patches of one record: winners and conflicts as a function of the patch set, whatever
//! the order of arrival. The server's fast paths must equal it, and `check` compares them.

use super::{
    conflict::Conflict,
    patch::PatchDraft,
    row::{FieldVersion, Row},
    stamp::Stamp,
    value::Value,
};
use std::collections::BTreeMap;

/// One write of one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// Identity.
    pub stamp: Stamp,
    /// What winners compare.
    pub order: Stamp,
    /// The value.
    pub value: Value,
    /// The stamps that its editor had seen.
    pub base: Vec<Stamp>,
}

impl Write {
    fn rank(&self) -> (Stamp, Vec<u8>) {
        (self.order, self.value.canonical_bytes())
    }
}

/// All accepted patches of one record with their order stamps.
#[derive(Debug, Clone, Default)]
pub struct History {
    writes: BTreeMap<String, Vec<Write>>,
    /// Village of the earliest patch: a later patch's village is only a belief.
    first: Option<(Stamp, String, String)>,
}

/// What a record's history folds into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordFold {
    /// Winning writes; `seq` is 0.
    pub row: Row,
    /// Open conflicts, ordered by field and loser.
    pub conflicts: Vec<Conflict>,
}

impl RecordFold {
    /// The record stands in this village, whatever the village of its earliest patch is: only a move brings it
    /// into another, and its conflicts stay with it.
    pub fn stay_in(&mut self, village: &str) {
        village.clone_into(&mut self.row.village);
        self.conflicts.iter_mut().for_each(|conflict| village.clone_into(&mut conflict.village));
    }
}

impl History {
    /// Adds a patch; one that is there already changes nothing. Of two values under one stamp (a copied phone may
    /// give a stamp twice) neither is lost. A write that comes twice with different bases (once
    /// from its writer, once salvaged by a phone that had only its row) has seen what either says.
    pub fn add(&mut self, edit: &PatchDraft, order: Stamp) {
        for (name, value) in &edit.set {
            let writes = self.writes.entry(name.clone()).or_default();
            let base = edit.base.get(name).cloned().unwrap_or_default();
            if let Some(known) = writes.iter_mut().find(|w| w.stamp == edit.stamp && w.value == *value) {
                known.base.extend(base);
                known.order = known.order.max(order);
                continue;
            }
            writes.push(Write { stamp: edit.stamp, order, value: value.clone(), base });
        }
        let place = (order, edit.kind.clone(), edit.village.clone());
        if self.first.as_ref().is_none_or(|first| place < *first) {
            self.first = Some(place);
        }
    }

    /// The fold; none without patches.
    pub fn fold(&self, id: uuid::Uuid) -> Option<RecordFold> {
        let (_, kind, village) = self.first.as_ref()?;
        let mut row = Row::empty(kind, id, village);
        let mut conflicts = Vec::new();
        for (field, writes) in &self.writes {
            let Some(winner) = writes.iter().max_by_key(|w| w.rank()) else { continue };
            let version =
                FieldVersion { value: winner.value.clone(), stamp: winner.stamp, order: winner.order };
            row.fields.insert(field.clone(), version);
            let unseen = |w: &&Write| w.value != winner.value && !superseded(w, writes);
            let mut losers: Vec<&Write> = writes.iter().filter(unseen).collect();
            // A stamp names one conflict: of several values under it the greatest.
            losers.sort_by_key(|w| (w.stamp, std::cmp::Reverse(w.rank())));
            losers.dedup_by_key(|w| w.stamp);
            let conflict = |loser: &Write| Conflict::new(id, kind, village, field, winner, loser);
            conflicts.extend(losers.into_iter().map(conflict));
        }
        Some(RecordFold { row, conflicts })
    }
}

/// A write is superseded if the editor of a later write had seen it, or had seen the same value standing
/// above it: who changes 138 to 139 has read “138”, whichever of two equal writes of it was shown.
fn superseded(write: &Write, writes: &[Write]) -> bool {
    let seen_by = |later: &Write| {
        later.base.contains(&write.stamp)
            || writes.iter().any(|seen| {
                seen.value == write.value && seen.order >= write.order && later.base.contains(&seen.stamp)
            })
    };
    writes.iter().any(|later| later.rank() > write.rank() && seen_by(later))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replica::{Base, DeviceId, FieldSet};
    use proptest::prelude::*;
    use uuid::Uuid;

    fn stamp(wall_ms: u64, device: u64) -> Stamp {
        Stamp { wall_ms, counter: 0, device: DeviceId::from_bits(device) }
    }

    fn edit(at: Stamp, value: &str, base: &[Stamp]) -> PatchDraft {
        PatchDraft {
            stamp: at,
            kind: "household".into(),
            id: Uuid::nil(),
            village: "330100101001".into(),
            set: FieldSet::from([("phone".into(), value.into())]),
            base: Base::from([("phone".into(), base.to_vec())]),
        }
    }

    fn fold(edits: &[PatchDraft]) -> RecordFold {
        let mut history = History::default();
        edits.iter().for_each(|e| history.add(e, e.stamp));
        history.fold(Uuid::nil()).unwrap()
    }

    #[test]
    fn a_seen_write_is_superseded_and_an_unseen_one_is_a_conflict() {
        let (axiang, laozhou) = (stamp(1, 1), stamp(2, 2));
        let one_after_the_other = fold(&[edit(axiang, "138", &[]), edit(laozhou, "139", &[axiang])]);
        assert_eq!(one_after_the_other.conflicts, vec![]);
        let at_once = fold(&[edit(axiang, "138", &[]), edit(laozhou, "139", &[])]);
        assert_eq!(at_once.row.text("phone"), "139");
        assert_eq!(at_once.conflicts.len(), 1);
        assert_eq!(at_once.conflicts[0].loser_value, "138".into());
    }

    #[test]
    fn one_resolution_settles_both() {
        let (a, b, tap) = (stamp(1, 1), stamp(2, 2), stamp(3, 1));
        let settled = fold(&[edit(a, "138", &[]), edit(b, "139", &[]), edit(tap, "138", &[a, b])]);
        assert_eq!((settled.row.text("phone"), settled.conflicts.len()), ("138", 0));
    }

    #[test]
    fn two_who_wrote_the_same_are_no_conflict_even_after_a_third_changes_it() {
        let (a, b, c) = (stamp(1, 1), stamp(2, 2), stamp(3, 3));
        let same = [edit(a, "138", &[]), edit(b, "138", &[])];
        assert_eq!(fold(&same).conflicts, vec![]);
        let [a, b2] = same;
        assert_eq!(fold(&[a, b2, edit(c, "139", &[b])]).conflicts, vec![]);
    }

    #[test]
    fn two_values_under_one_stamp_fold_alike_whichever_came_first() {
        let (twice, later) = (stamp(1, 1), stamp(2, 2));
        let (one, other, third) = (edit(twice, "138", &[]), edit(twice, "139", &[]), edit(later, "140", &[]));
        let folded = fold(&[one.clone(), other.clone()]);
        assert_eq!(folded.row.text("phone"), "139", "as the row kept patch by patch says");
        assert_eq!(folded.conflicts.len(), 1);
        assert_eq!(fold(&[other.clone(), one.clone()]), folded);
        let three = fold(&[one.clone(), other.clone(), third.clone()]);
        assert_eq!(three.conflicts.len(), 1, "one stamp, one conflict");
        assert_eq!(three.conflicts[0].loser_value, "139".into());
        assert_eq!(fold(&[third, other, one]), three);
    }

    proptest! {
        /// Any order of arrival, with repetitions, folds into the same row and the same conflicts.
        #[test]
        fn arrival_order_does_not_matter(
            writes in prop::collection::vec((0u64..6, 0u64..3, "[ab]", prop::collection::vec((0u64..6, 0u64..3), 0..3)), 1..8),
            shuffle in any::<u64>(),
        ) {
            let mut seen = std::collections::BTreeSet::new();
            let edits: Vec<_> = writes.iter().filter(|(w, d, _, _)| seen.insert((*w, *d)))
                .map(|(w, d, v, base)| edit(stamp(*w, *d), v, &base.iter().map(|(w, d)| stamp(*w, *d)).collect::<Vec<_>>()))
                .collect();
            let mut other = edits.clone();
            let n = other.len();
            for i in 0..n {
                other.swap(i, (shuffle.rotate_left(i as u32 * 7) % n as u64) as usize);
            }
            other.push(edits[0].clone());
            prop_assert_eq!(fold(&edits), fold(&other));
            let mut row = Row::empty("household", Uuid::nil(), "330100101001");
            other.iter().for_each(|e| { row.apply(e, e.stamp); });
            prop_assert_eq!(row.fields, fold(&edits).row.fields, "the incremental row is the fold's");
        }
    }
}
