//! One record: loaded, edited, where it is, and settled where two people wrote it differently.

use lianxin_shared::replica::{Base, FieldSet, Stamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;

/// An edit of one record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Edit {
    /// Kind (see `replica::kind`).
    pub kind: String,
    /// The record; a new record's id was minted by [`Reply::Diary`](super::Reply::Diary) or is none.
    pub id: Option<Uuid>,
    /// Village code.
    pub village: String,
    /// Wanted values; those equal to what is loaded are not written.
    pub set: FieldSet,
    /// The stamps as LOADED by the editor, never re-read at save.
    pub base: Base,
}

/// A record as an editor loads it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Loaded {
    /// Kind.
    pub kind: String,
    /// Id.
    pub id: Uuid,
    /// Village code.
    pub village: String,
    /// Values.
    pub fields: FieldSet,
    /// Stamp of each value: hand them back as [`Edit::base`].
    pub stamps: BTreeMap<String, Stamp>,
    /// Where it is.
    pub place: RecordPlace,
    /// A household of which nothing has left this phone, and that nobody has begun to visit: its village can still be
    /// put right ([`Request::PlaceHousehold`](super::Request::PlaceHousehold)).
    #[serde(default)]
    pub may_move: bool,
    /// Of a save: the fields that were not written, since the office has erased them by law.
    pub erased: Vec<String>,
}

/// Where a record is, from receipts alone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum RecordPlace {
    /// 已存本机, not yet acknowledged.
    #[default]
    Waiting,
    /// 乡镇已收到
    Received,
    /// 乡镇暂存待核
    Held,
}

/// Two people wrote one field differently.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ConflictView {
    /// The conflict record.
    pub id: Uuid,
    /// The record written to.
    pub record: Uuid,
    /// Its kind.
    pub record_kind: String,
    /// “李翠花”
    pub title: String,
    /// 电话
    pub field_label: String,
    /// The value that is shown now.
    pub shown: String,
    /// Who wrote it (“您” for oneself) and when, Unix ms.
    pub shown_by: (String, i64),
    /// The value that is not.
    pub other: String,
    /// Who wrote that and when.
    pub other_by: (String, i64),
}

/// The value that a resolution keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Taken {
    /// The one shown.
    Shown,
    /// The other one.
    Other,
}
