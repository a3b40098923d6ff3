//! The draft of a visit: local to the phone, kept at every change, turned into patches at 完成.

use lianxin_shared::{
    domain::{
        Coded,
        checklist::{self, AnswerKind, Item},
        opinion::OpinionKind,
        photo::Photo,
    },
    replica::{Base, FieldSet, Stamp, Value},
    templates::templates,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// A visit that is being written.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct VisitDraft {
    /// The visit's id to be: completing twice cannot double it.
    pub id: Uuid,
    /// Village code.
    pub village: String,
    /// The household, if it is one.
    pub household: Option<Uuid>,
    /// `household`, `community`, … (S2 “进农村、进社区、进企业、进学校、进工地”)
    pub target_kind: String,
    /// Name of another target; the head's name for lists otherwise.
    pub target_name: String,
    /// Categories whose checklists are asked, with the checklist's version, as at the start.
    pub checklists: BTreeMap<String, i64>,
    /// Step at which it was left: 0 checklist, 1 opinions, 2 review.
    pub step: u8,
    /// Element at which it was left, to reopen at the same field.
    pub focus: String,
    /// When the visit was, Unix ms: not when it is written.
    pub occurred_ms: i64,
    /// `home`, `phone`, `field`, `other`
    pub mode: String,
    /// 无人在家
    pub absent: bool,
    /// Who came along, joined by 、 (S3: at most three).
    pub companions: String,
    /// `answers.*`
    pub answers: FieldSet,
    /// Free notes.
    pub notes: String,
    /// 联系卡 left.
    pub card_left: bool,
    /// What was photographed, in the order of taking.
    #[serde(default)]
    pub photos: Vec<PhotoDraft>,
    /// What people said.
    pub opinions: Vec<OpinionDraft>,
    /// What a correction changes about what was said then, by the opinion: never its words.
    #[serde(default)]
    pub sorted: BTreeMap<Uuid, Sorted>,
    /// Answers that became opinions, by the question's id, as they were taken over.
    #[serde(default)]
    pub taken_over: BTreeMap<String, String>,
    /// Answers that came by 同上次, by their field.
    #[serde(default)]
    pub repeated: BTreeMap<String, Repeated>,
    /// Begun, Unix ms.
    pub started_ms: i64,
    /// Last change, Unix ms.
    pub updated_ms: i64,
    /// The finished visit that this corrects, as it was loaded; none while the visit is not finished. Its id is the
    /// draft's.
    #[serde(default)]
    pub amends: Option<Amended>,
}

impl VisitDraft {
    /// The questions of its checklists, as they are put where the fields `erased` of the visit were erased by law: what was
    /// answered there need not be answered again, and cannot be. A correction asks for no more of people's own words: what
    /// they said stands as opinions, and is added to there.
    pub fn items(&self, erased: &BTreeSet<String>) -> Vec<Item> {
        let mut items = templates().items_of(&self.checklists);
        items.retain(|item| self.amends.is_none() || !item.is_opinion);
        for item in &mut items {
            let (whole, all) = (item.clone(), item.options.len());
            if item.kind == AnswerKind::Several {
                item.options.retain(|option| !erased.contains(&whole.option_field(&option.code)));
            }
            item.required &= !erased.contains(&whole.field()) && item.options.len() == all;
        }
        items
    }

    /// What was answered to questions for people's own words and is no opinion yet, by the question's id. What a
    /// correction found in its visit has long been one.
    pub fn words_to_take_over(&self, items: &[Item]) -> Vec<(String, String)> {
        if self.absent {
            return Vec::new();
        }
        let asked = checklist::visible(items, &self.answers).into_iter().filter(|item| item.is_opinion);
        let said = asked.filter_map(|item| {
            let found = self.amends.as_ref().and_then(|amended| amended.fields.get(&item.field()));
            let answer = self.answers.get(&item.field()).filter(|answer| found != Some(*answer));
            Some((item.id.clone(), answer.and_then(Value::as_text)?.to_owned()))
        });
        said.filter(|(item, said)| !said.trim().is_empty() && self.taken_over.get(item) != Some(said))
            .collect()
    }

    /// Makes an answer an opinion, or brings the one that was made of it up to date; one that the cadre has changed or
    /// taken out since stays as it is.
    pub fn take_over(&mut self, item: &str, said: &str, new: Uuid) {
        let before = self.taken_over.insert(item.to_owned(), said.to_owned());
        let same = self.opinions.iter_mut().find(|one| before.as_deref() == Some(one.text.as_str()));
        if let Some(same) = same {
            said.clone_into(&mut same.text);
        } else if before.is_none() {
            self.opinions.retain(|one| !one.text.is_empty());
            let kind = OpinionKind::Suggestion.code().to_owned();
            self.opinions.push(OpinionDraft {
                id: new,
                text: said.to_owned(),
                kind,
                ..OpinionDraft::default()
            });
        }
    }
}

/// An answer as an earlier visit had it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Repeated {
    /// That visit.
    pub visit: Uuid,
    /// What was taken over: the answer may have become another since.
    pub value: Value,
}

/// Another 是什么, 分类, 立行立改 or 不留姓名 for an opinion of the finished visit.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Sorted {
    /// Wanted values.
    pub set: FieldSet,
    /// The stamps of those that the editor saw.
    pub base: Base,
}

/// A finished visit as it was loaded for 更正: kept in the draft and never read again, so that only what the author
/// changed is written, over the very values that the author saw.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Amended {
    /// Values.
    pub fields: FieldSet,
    /// Stamp of each.
    pub stamps: BTreeMap<String, Stamp>,
}

/// One photo of a draft; its bytes are in the store already.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PhotoDraft {
    /// Hash of the original.
    pub hash: String,
    /// What is to be seen on it.
    pub caption: String,
}

impl From<&PhotoDraft> for Photo {
    fn from(draft: &PhotoDraft) -> Self {
        Photo { hash: draft.hash.clone(), caption: draft.caption.trim().to_owned() }
    }
}

/// One opinion of a draft, verbatim.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct OpinionDraft {
    /// The opinion's id to be.
    pub id: Uuid,
    /// Their words.
    pub text: String,
    /// `problem`, `suggestion`, `appeal`, `help`; empty until chosen (saved as a problem then).
    pub kind: String,
    /// Category code, optional.
    pub category: String,
    /// 立行立改
    pub immediate: bool,
    /// The name is withheld.
    pub anonymous: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_answered_in_peoples_words_becomes_an_opinion_once() {
        let mut draft = VisitDraft { opinions: vec![OpinionDraft::default()], ..VisitDraft::default() };
        let texts =
            |draft: &VisitDraft| draft.opinions.iter().map(|one| one.text.clone()).collect::<Vec<_>>();
        draft.take_over("advice", "路要修", Uuid::from_u128(1));
        assert_eq!(texts(&draft), ["路要修"], "the empty one makes room");
        assert_eq!(draft.opinions[0].kind, "suggestion");
        draft.take_over("advice", "路要修好", Uuid::from_u128(2));
        assert_eq!(texts(&draft), ["路要修好"]);
        draft.opinions[0].text = "路要修好，今年就修".to_owned();
        draft.take_over("advice", "路要修", Uuid::from_u128(3));
        assert_eq!(texts(&draft), ["路要修好，今年就修"], "what was written on is not touched");
        draft.opinions.clear();
        draft.take_over("advice", "路", Uuid::from_u128(4));
        assert!(draft.opinions.is_empty(), "taken out, it stays out");
    }
}
