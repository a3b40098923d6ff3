//! The draft of a visit: local to the phone, kept at every change, turned into patches at 完成.

use lianxin_shared::{
    domain::{
        checklist::{AnswerKind, Item},
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
    /// answered there need not be answered again, and cannot be.
    pub fn items(&self, erased: &BTreeSet<String>) -> Vec<Item> {
        let mut items = templates().items_of(&self.checklists);
        for item in &mut items {
            let (whole, all) = (item.clone(), item.options.len());
            if item.kind == AnswerKind::Several {
                item.options.retain(|option| !erased.contains(&whole.option_field(&option.code)));
            }
            item.required &= !erased.contains(&whole.field()) && item.options.len() == all;
        }
        items
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
