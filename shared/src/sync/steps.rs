//! What the sync machine is told and what it asks for.

use crate::{
    replica::{Patch, Stamp},
    wire::v1::{
        CloneRequest, Cursor, EnrolResponse, ErrorBody, Life, Receipt, RepairRequest, RepairResponse,
        SalvageRequest, SalvageResponse, SyncRequest, SyncResponse,
    },
};
use std::collections::BTreeMap;
use uuid::Uuid;

/// What the phone has to say, sealed and committed before it is handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// The server that the phone belongs to.
    pub server_id: Uuid,
    /// The life of its database that cursor and receipt speak of.
    pub epoch: Uuid,
    /// What was pulled.
    pub cursor: Cursor,
    /// The last receipt committed.
    pub receipt_seen: u64,
    /// [`crate::wire::v1::scope_hash`] of the villages held.
    pub scope: String,
    /// The next patches, at most as many bytes as asked for, at least one if there is one.
    pub patches: Vec<Patch>,
    /// Orders that a former life of the server gave them, by number.
    pub orders: BTreeMap<u64, Stamp>,
    /// Lives of the server that the phone has left, the newest last.
    pub left: Vec<Uuid>,
    /// Patches not yet receipted, these included (those that the uncommitted answer covers are not).
    pub waiting: u32,
}

/// What a committed answer left behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommitReport {
    /// The server has more rows; of a repair: something was mended, so another look at the digest is due.
    pub more: bool,
    /// Patches not yet receipted.
    pub waiting: u32,
    /// The phone's rows sum up to the server's digest (true when the answer carried none).
    pub digest_equal: bool,
    /// There are rows of the server's former life that its new one may lack.
    pub former: bool,
}

/// Writes of the server's former life that its new one lacks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Salvage {
    /// The writes, numbered 1, 2, 3 …, with their first writers' stamps.
    pub patches: Vec<Patch>,
    /// Order stamps that differ from the stamps, by number.
    pub orders: BTreeMap<u64, Stamp>,
    /// Not everything of the former life has been looked through.
    pub more: bool,
}

/// Why an exchange failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// No connection, or it broke.
    Network,
    /// 413.
    TooLarge,
    /// 429 or 503, with the pause that the server asks for.
    Busy {
        /// Milliseconds; 0 if it named none.
        retry_ms: u64,
    },
    /// 5xx.
    Server,
    /// Something answered that does not speak our protocol (a hotel's login page, say).
    Garbage,
    /// The server says no, and why.
    Refused(ErrorBody),
    /// The phone's own store failed (full disk, say); its words.
    Store(String),
}

/// What has happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// The platform's word on the network.
    Online(bool),
    /// The cadre pressed 同步.
    SyncNow,
    /// Something was saved.
    Changed,
    /// The time asked for by [`Action::WakeAt`] has come.
    Woke,
    /// Answer to [`Action::Load`].
    Loaded(Box<Outgoing>),
    /// Answer to [`Action::Send`].
    Answered(Result<Box<SyncResponse>, Failure>),
    /// Answer to [`Action::Commit`] and [`Action::CommitRepair`].
    Committed(CommitReport),
    /// Answer to [`Action::LoadSums`]: sum per village, hexadecimal.
    Sums(BTreeMap<String, String>),
    /// Answer to [`Action::SendRepair`].
    Repaired(Result<Box<RepairResponse>, Failure>),
    /// Answer to [`Action::Compare`]: records to fetch whole.
    Differing(Vec<Uuid>),
    /// Answer to [`Action::Renew`] and [`Action::BecomeOther`]: done.
    Renewed,
    /// The store finds that another phone writes under this device's id.
    Copied,
    /// Answer to [`Action::SendClone`].
    Recast(Result<Box<EnrolResponse>, Failure>),
    /// Answer to [`Action::LoadSalvage`]; without patches there is nothing to offer, unless it says that there is more.
    Salvage(Box<Salvage>),
    /// Answer to [`Action::SendSalvage`].
    Salvaged(Result<Box<SalvageResponse>, Failure>),
    /// Answer to [`Action::KeepSalvaged`]: done.
    SalvageKept,
    /// An action on the store failed.
    StoreFailed(String),
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Seal the open patches, commit, hand over the next ones.
    Load {
        /// At most this many bytes of them.
        bytes_max: usize,
        /// What an answer says that is still to be committed: go on from there, if its chain is this phone's.
        after: Option<Receipt>,
    },
    /// `POST /v1/sync`.
    Send(Box<SyncRequest>),
    /// Commit an answer, all in one transaction.
    Commit(Box<SyncResponse>),
    /// Hand over the sums per village.
    LoadSums,
    /// `POST /v1/repair`.
    SendRepair(Box<RepairRequest>),
    /// Compare the server's list with the phone's rows.
    Compare(Box<RepairResponse>),
    /// Put the rows in place.
    CommitRepair(Box<RepairResponse>),
    /// The server lives anew: forget its old cursor and receipts, keep its old rows apart.
    Renew(Life),
    /// `POST /v1/clone`.
    SendClone(CloneRequest),
    /// Go on as the new device, with what is not receipted.
    BecomeOther(Box<EnrolResponse>),
    /// Hand over what the new life lacks; called when everything of it has been pulled.
    LoadSalvage {
        /// At most this many bytes.
        bytes_max: usize,
    },
    /// `POST /v1/salvage`.
    SendSalvage(Box<SalvageRequest>),
    /// What was offered last is with the server, save what it could not judge yet.
    KeepSalvaged(Box<SalvageResponse>),
    /// Give [`Input::Woke`] at this time (Unix ms); replaces an earlier wish.
    WakeAt(i64),
    /// Show this.
    Report(Phase),
}

/// What the line at the top says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Phase {
    /// No network or no answer.
    Offline,
    /// Patches receipted in this round, of those there were.
    Running {
        /// Receipted.
        sent: u32,
        /// In all.
        total: u32,
    },
    /// All is exchanged; when (Unix ms).
    Done(i64),
    /// Waiting will not cure it, or not soon.
    Problem(Failure),
}
