//! What people said, in the draft of a visit: taken over from the answers, and sorted otherwise by a correction.

use dioxus::prelude::*;
use lianxin_shared::domain::{
    Coded, changes,
    opinion::{Opinion, OpinionKind},
};
use uuid::Uuid;

use super::draft::Draft;
use crate::{
    ids::new_id,
    platform::now_ms,
    store::{
        Loaded,
        draft::{OpinionDraft, Sorted},
    },
};

impl Draft {
    /// What was answered to a question for people's own words becomes an opinion, once.
    pub(crate) fn take_over_words(self) {
        let items = self.items.read().clone();
        for (item, said) in self.peek(|draft| draft.words_to_take_over(&items)) {
            // Without randomness there is no id; 完成 tries again.
            if let Ok(id) = new_id(now_ms()) {
                self.change(|draft| draft.take_over(&item, &said, id));
            }
        }
    }

    /// What the finished visit says already, sorted as its correction has it so far.
    pub(crate) fn said(self) -> Vec<Loaded> {
        let mut said = self.open.read().said.clone();
        self.read(|draft| {
            for record in &mut said {
                let sorted = draft.sorted.get(&record.id).into_iter().flat_map(|sorted| &sorted.set);
                record.fields.extend(sorted.map(|(name, value)| (name.clone(), value.clone())));
            }
        });
        said
    }

    /// Whether the name was withheld when the finished visit was opened.
    pub(crate) fn was_unnamed(self, id: Uuid) -> bool {
        let open = self.open.read();
        open.said.iter().any(|record| record.id == id && Opinion::from_fields(&record.fields).anonymous)
    }

    /// Sorts one of them otherwise. Its words stay, and so do the stamps that were seen.
    pub(crate) fn sort_said(self, id: Uuid, wanted: &OpinionDraft) {
        let said = self.open.read().said.iter().find(|record| record.id == id).cloned();
        let Some(loaded) = said else { return };
        let before = Opinion::from_fields(&loaded.fields);
        let after = Opinion {
            kind: OpinionKind::from_code(&wanted.kind).unwrap_or_default(),
            category: wanted.category.clone(),
            immediate: wanted.immediate,
            anonymous: wanted.anonymous,
            ..before.clone()
        };
        let set = changes(&before.to_fields(), &after.to_fields());
        let seen = |name: &String| Some((name.clone(), vec![*loaded.stamps.get(name)?]));
        let base = set.keys().filter_map(seen).collect();
        self.change(|draft| {
            if set.is_empty() {
                draft.sorted.remove(&id);
            } else {
                draft.sorted.insert(id, Sorted { set, base });
            }
        });
    }
}
