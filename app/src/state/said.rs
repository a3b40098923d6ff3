//! What people said, in the draft of a visit: taken over from the answers, and sorted otherwise by a correction.

use dioxus::prelude::*;
use lianxin_shared::{
    domain::{
        Coded, changes,
        opinion::{Opinion, OpinionKind},
    },
    replica::Value,
};
use uuid::Uuid;

use super::draft::Draft;
use crate::{
    ids::new_id,
    platform::now_ms,
    store::{
        Loaded,
        draft::{OpinionDraft, Sorted, VisitDraft},
    },
};

impl Draft {
    /// What was answered to a question for people's own words becomes an opinion, once: one that the cadre has changed or
    /// taken out since stays as it is. A correction's answers do not: what was said stands in the finished visit already.
    pub(crate) fn take_over_words(self) {
        if self.peek(|draft| draft.absent || draft.amends.is_some()) {
            return;
        }
        let items = self.visible();
        for item in items.iter().filter(|item| item.is_opinion) {
            let said = self
                .peek(|draft| draft.answers.get(&item.field()).and_then(Value::as_text).map(str::to_owned));
            let Some(said) = said.filter(|said| !said.trim().is_empty()) else { continue };
            if self.peek(|draft| draft.taken_over.get(&item.id) != Some(&said))
                && let Ok(id) = new_id(now_ms())
            {
                self.change(|draft| take_over(draft, &item.id, &said, id));
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

/// Makes an answer an opinion, or brings the one that was made of it up to date.
fn take_over(draft: &mut VisitDraft, item: &str, said: &str, new: Uuid) {
    let before = draft.taken_over.insert(item.to_owned(), said.to_owned());
    let same = draft.opinions.iter_mut().find(|one| before.as_deref() == Some(one.text.as_str()));
    if let Some(same) = same {
        said.clone_into(&mut same.text);
    } else if before.is_none() {
        draft.opinions.retain(|one| !one.text.is_empty());
        let kind = OpinionKind::Suggestion.code().to_owned();
        draft.opinions.push(OpinionDraft { id: new, text: said.to_owned(), kind, ..OpinionDraft::default() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_answered_in_peoples_words_becomes_an_opinion_once() {
        let mut draft = VisitDraft { opinions: vec![OpinionDraft::default()], ..VisitDraft::default() };
        let texts =
            |draft: &VisitDraft| draft.opinions.iter().map(|one| one.text.clone()).collect::<Vec<_>>();
        take_over(&mut draft, "advice", "路要修", Uuid::from_u128(1));
        assert_eq!(texts(&draft), ["路要修"], "the empty one makes room");
        assert_eq!(draft.opinions[0].kind, "suggestion");
        take_over(&mut draft, "advice", "路要修好", Uuid::from_u128(2));
        assert_eq!(texts(&draft), ["路要修好"]);
        draft.opinions[0].text = "路要修好，今年就修".to_owned();
        take_over(&mut draft, "advice", "路要修", Uuid::from_u128(3));
        assert_eq!(texts(&draft), ["路要修好，今年就修"], "what was written on is not touched");
        draft.opinions.clear();
        take_over(&mut draft, "advice", "路", Uuid::from_u128(4));
        assert!(draft.opinions.is_empty(), "taken out, it stays out");
    }
}
