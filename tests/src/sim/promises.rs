//! What a phone's screen has promised its cadre: everything acknowledged must be shown at once, survive any
//! crash, reach the server exactly once, and never give way to what it replaced.

use anyhow::{Result, ensure};
use lianxin_app::store::{Edit, Loaded};
use lianxin_shared::replica::{DeviceId, FieldSet, Stamp, Value};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// One field as it was acknowledged.
#[derive(Debug, Clone)]
struct Promise {
    value: Value,
    stamp: Stamp,
    /// Writes that were shown before: none of them may come back by itself.
    replaced: BTreeSet<Stamp>,
}

/// The promises of one phone.
#[derive(Debug, Default, Clone)]
pub struct Promises {
    shown: BTreeMap<Uuid, BTreeMap<String, Promise>>,
    villages: BTreeMap<Uuid, String>,
    /// What the office has erased since: nobody is promised that any more.
    erased: BTreeSet<(Uuid, String)>,
    /// Acknowledged writes by the stamp of their patch.
    written: BTreeMap<Stamp, (Uuid, FieldSet)>,
}

impl Promises {
    /// An edit was acknowledged: what is shown now is what was saved.
    ///
    /// # Errors
    /// When it is not.
    pub fn acknowledge(
        &mut self,
        device: DeviceId,
        before: Option<&Loaded>,
        edit: &Edit,
        after: &Loaded,
    ) -> Result<()> {
        for (field, value) in &edit.set {
            let shown = after.fields.get(field).unwrap_or(&Value::Null);
            // What the office has erased is left out of a save, and of what was saved before.
            if self.is_erased(after.id, field) {
                continue;
            }
            ensure!(shown == value, "saved {field} = {} and see {}", brief(value), brief(shown));
            let Some(stamp) = after.stamps.get(field).copied().filter(|stamp| stamp.device == device) else {
                continue;
            };
            let (record, set) = self.written.entry(stamp).or_insert_with(|| (after.id, FieldSet::new()));
            ensure!(*record == after.id, "the stamp {stamp} was given to two records");
            // A phone that became another device meanwhile has signed anew what the edit had seen.
            let is_it = |seen: &Stamp| (seen.wall_ms, seen.counter) == (stamp.wall_ms, stamp.counter);
            let unseen = edit.base.get(field).is_none_or(|base| !base.iter().any(is_it));
            let overwritten = set.insert(field.clone(), value.clone()).filter(|old| unseen && old != value);
            ensure!(
                overwritten.is_none(),
                "{field} = {overwritten:?} is gone by an edit that had not seen it"
            );
            self.villages.insert(after.id, after.village.clone());
            let promises = self.shown.entry(after.id).or_default();
            let mut replaced = promises.get(field).map(|old| old.replaced.clone()).unwrap_or_default();
            replaced.extend(promises.get(field).map(|old| old.stamp));
            replaced.extend(before.and_then(|before| before.stamps.get(field)));
            replaced.remove(&stamp);
            promises.insert(field.clone(), Promise { value: value.clone(), stamp, replaced });
        }
        Ok(())
    }

    /// The phone signs what is not receipted as another device: writes `is_unreceipted` says so of.
    pub fn sign_anew(&mut self, device: DeviceId, is_unreceipted: impl Fn(Stamp) -> bool) {
        let anew = |stamp: Stamp| if is_unreceipted(stamp) { Stamp { device, ..stamp } } else { stamp };
        self.written = std::mem::take(&mut self.written).into_iter().map(|(s, w)| (anew(s), w)).collect();
        for promise in self.shown.values_mut().flat_map(BTreeMap::values_mut) {
            promise.stamp = anew(promise.stamp);
            promise.replaced = promise.replaced.iter().map(|stamp| anew(*stamp)).collect();
        }
    }

    /// The office has erased a field of a record; the empty name is all of it.
    pub fn erase(&mut self, record: Uuid, field: &str) {
        self.erased.insert((record, field.to_owned()));
    }

    /// Whether the office has erased it.
    pub fn is_erased(&self, record: Uuid, field: &str) -> bool {
        [field, ""].iter().any(|field| self.erased.contains(&(record, (*field).to_owned())))
    }

    /// Whether the office has erased anything of a record.
    pub fn is_touched(&self, record: Uuid) -> bool {
        self.erased.range((record, String::new())..).next().is_some_and(|(id, _)| *id == record)
    }

    /// Records with promises, oldest id first.
    pub fn records(&self) -> Vec<Uuid> {
        self.shown.keys().copied().collect()
    }

    /// What is shown of a record keeps its promises: it is what was saved, or a write that came later. Records of
    /// villages that were `withdrawn` may be gone from the phone.
    ///
    /// # Errors
    /// When something acknowledged is gone.
    pub fn kept(&self, record: Uuid, now: Option<&Loaded>, withdrawn: &BTreeSet<String>) -> Result<()> {
        let Some(promises) = self.shown.get(&record) else { return Ok(()) };
        if self.villages.get(&record).is_some_and(|village| withdrawn.contains(village)) {
            return Ok(());
        }
        ensure!(
            now.is_some() || self.is_erased(record, ""),
            "a record that was saved is not there any more: {record}, {promises:?}"
        );
        for (field, promise) in promises.iter().filter(|(field, _)| !self.is_erased(record, field)) {
            let stamp = now.and_then(|now| now.stamps.get(field)).copied();
            let value = now.and_then(|now| now.fields.get(field)).cloned().unwrap_or_default();
            ensure!(stamp.is_some(), "a saved {field} is not there any more");
            let own = stamp == Some(promise.stamp);
            ensure!(
                !own || value == promise.value,
                "{field} was saved as {} and is shown as {}",
                brief(&promise.value),
                brief(&value)
            );
            let back = stamp.is_some_and(|stamp| promise.replaced.contains(&stamp));
            ensure!(
                !back,
                "{field} was saved as {} and shows what it replaced: {}",
                brief(&promise.value),
                brief(&value)
            );
        }
        Ok(())
    }

    /// Every acknowledged write: patch, record, field, value.
    pub fn written(&self) -> impl Iterator<Item = (Stamp, Uuid, &String, &Value)> {
        self.written
            .iter()
            .flat_map(|(stamp, (id, set))| set.iter().map(|(field, value)| (*stamp, *id, field, value)))
    }
}

/// A value, short enough for a message.
pub fn brief(value: &Value) -> String {
    let text = format!("{value:?}");
    if text.chars().count() > 60 { text.chars().take(60).chain(['…']).collect() } else { text }
}
