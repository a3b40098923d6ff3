//! The store's messages: the same serialisable requests, replies and events for the native thread and the
//! browser's worker. Everything that a screen knows comes through here.

#![allow(missing_docs, reason = "the fields of a variant are explained by the variant")]

mod pages;
mod photo;
mod record;
mod register;
mod status;
mod visit;

pub use pages::{Diary, HeldElsewhere, Mine, OutboxRow, Today, Walked};
pub use photo::{Bytes, NewPhoto, PhotoName, PhotoPlace, PhotoSize, PhotoView};
pub use record::{ConflictView, Edit, Loaded, RecordPlace, Taken};
pub use register::{
    FoundBy, HouseholdFilter, HouseholdPage, HouseholdQuery, HouseholdRow, Households, TimelineEntry,
};
pub use status::{FontSize, Identity, Status, SyncLine, SyncPhase, Tally};
pub use visit::{DraftRow, OpenDraft, VisitPage, VisitTarget};

use lianxin_shared::wire::v1::{EnrolResponse, HistoryResponse};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::draft::VisitDraft;

/// What a screen asks of the store.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Request {
    /// Who this phone is and where its records are. → [`Reply::Status`]
    Status,
    /// Becomes the device that the server enrolled. → [`Reply::Status`]
    Enrol { server_url: String, enrolled: Box<EnrolResponse> },
    /// The page 今日. → [`Reply::Today`]
    Today,
    /// Households found. → [`Reply::Households`]
    Households(HouseholdQuery),
    /// One household's page. → [`Reply::Household`]
    Household { id: Uuid },
    /// One record with the stamps an editor must hand back. → [`Reply::Record`]
    Record { id: Uuid },
    /// Saves an edit durably; only fields that differ from what was loaded are written. → [`Reply::Record`]
    Save(Edit),
    /// Puts a household that nobody else knows yet, with its members, into another of this phone's villages.
    /// → [`Reply::Record`]
    PlaceHousehold { id: Uuid, village: String },
    /// Starts (or reopens) the draft of a visit. → [`Reply::Draft`]
    StartVisit { target: VisitTarget },
    /// Opens (or reopens) a finished visit for its author to correct. → [`Reply::Draft`]
    AmendVisit { id: Uuid },
    /// Keeps a draft durably. → [`Reply::Done`]
    SaveDraft(Box<VisitDraft>),
    /// One draft, with the last answers given at its household. → [`Reply::Draft`]
    Draft { id: Uuid },
    /// Throws a draft away, at the cadre's word. → [`Reply::Done`]
    DiscardDraft { id: Uuid },
    /// Turns a draft into the visit and its opinions, or a correction into patches of what differs, in one
    /// transaction. → [`Reply::Done`]
    CompleteVisit { id: Uuid },
    /// One completed visit. → [`Reply::Visit`]
    Visit { id: Uuid },
    /// Keeps a photo durably; what names it is saved apart. → [`Reply::PhotoKept`]
    KeepPhoto(Box<NewPhoto>),
    /// A photo's picture, if it is on this phone. → [`Reply::Picture`]
    Picture { name: PhotoName, size: PhotoSize },
    /// Where a photo is. → [`Reply::PhotoPlace`]
    PhotoPlace { name: PhotoName },
    /// Gets a picture from the township. → [`Reply::Done`]; [`Event::Fetched`] says what became of it.
    FetchPicture { name: PhotoName, size: PhotoSize },
    /// Asks the township for a record's history. → [`Reply::Done`]; [`Event::History`] brings it, or why not.
    FetchHistory { record: Uuid },
    /// The diary: a day's entry (or a fresh id for it) and the days before. → [`Reply::Diary`]
    Diary { date: String },
    /// Where every record is. → [`Reply::Mine`]
    Mine,
    /// Settles a conflict by one tap: the shown value, or the other one. → [`Reply::Done`]
    Resolve { conflict: Uuid, take: Taken },
    /// Keeps where the cadre was, to reopen there. → [`Reply::Done`]
    SavePlace { route: String },
    /// 标准、大、特大. → [`Reply::Done`]
    SetFontSize { size: FontSize },
    /// Syncs at once. → [`Reply::Done`]; progress comes as [`Event::Sync`].
    SyncNow,
    /// The platform's word on the network. → [`Reply::Done`]
    Online { online: bool },
}

/// What the store answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Reply {
    /// Done, durably.
    Done,
    /// See [`Request::Status`].
    Status(Status),
    /// See [`Request::Today`].
    Today(Today),
    /// See [`Request::Households`].
    Households(Households),
    /// See [`Request::Household`].
    Household(Box<HouseholdPage>),
    /// See [`Request::Record`].
    Record(Loaded),
    /// See [`Request::Draft`].
    Draft(Box<OpenDraft>),
    /// See [`Request::Visit`].
    Visit(Box<VisitPage>),
    /// See [`Request::KeepPhoto`].
    PhotoKept(PhotoName),
    /// See [`Request::Picture`].
    Picture(Option<Bytes>),
    /// See [`Request::PhotoPlace`].
    PhotoPlace(PhotoPlace),
    /// See [`Request::Diary`].
    Diary(Diary),
    /// See [`Request::Mine`].
    Mine(Box<Mine>),
}

/// What the store tells unasked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// The sync line at the top changed.
    Sync(SyncLine),
    /// Records changed (by a sync): screens ask again.
    Changed,
    /// A picture has come from the township, or why not.
    Fetched { name: PhotoName, size: PhotoSize, refusal: Option<String> },
    /// A record's history has come from the township, or why not.
    History { record: Uuid, told: Result<HistoryResponse, NotTold> },
    /// How the server stands to this phone has changed: [`Request::Status`] tells.
    Standing,
}

/// Why a record's history cannot be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotTold {
    /// In words.
    pub words: String,
    /// The township has none of it that this phone may see; asking again changes nothing.
    pub is_none: bool,
}
