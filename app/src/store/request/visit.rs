//! 走访: whom it goes to, its draft, and the completed visit.

use lianxin_shared::replica::FieldSet;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

use super::{HouseholdRow, Loaded, PhotoView};
use crate::store::draft::VisitDraft;

/// Whom a visit goes to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum VisitTarget {
    /// A household.
    Household(Uuid),
    /// 社区、企业、学校、工地、单位 (S2): kind as in `domain::visit`, name, village code.
    Other { kind: String, name: String, village: String },
}

/// A draft in a list.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct DraftRow {
    /// The visit's id to be.
    pub id: Uuid,
    /// “周秀兰”
    pub title: String,
    /// Last change, Unix ms.
    pub updated_ms: i64,
    /// Step at which it was left.
    pub step: u8,
    /// It corrects a finished visit.
    pub amends: bool,
}

/// A draft with what its screens need.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OpenDraft {
    /// The draft.
    pub draft: VisitDraft,
    /// Answers of the last visit here on the same checklist versions, by field name.
    pub last_answers: FieldSet,
    /// Of which visit each of them is.
    pub answers_of: BTreeMap<String, Uuid>,
    /// When that was, Unix ms.
    pub last_visit_ms: Option<i64>,
    /// The household, if it is one.
    pub household: Option<HouseholdRow>,
    /// Of each category that members carry, their names: whom its questions are about.
    pub bearers: BTreeMap<String, Vec<String>>,
    /// Names that this cadre has gone with before, most recent first.
    pub companions_before: Vec<String>,
    /// What people said in the finished visit that the draft corrects: verbatim for ever, only to be read.
    pub said: Vec<Loaded>,
    /// Fields of that visit that were erased by law: there is nothing to fill in.
    pub erased: BTreeSet<String>,
    /// The household was erased by law: the visit is kept without a name.
    pub household_erased: bool,
}

/// One completed visit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VisitPage {
    /// The visit.
    pub record: Loaded,
    /// Household's head or the target's name.
    pub title: String,
    /// Its opinions.
    pub opinions: Vec<Loaded>,
    /// Its photos.
    pub photos: Vec<PhotoView>,
    /// The cadre of this phone made it and it stands: it can be corrected.
    pub may_amend: bool,
    /// A correction of it is being written.
    pub amending: bool,
}
