//! The phone's sync machine: no clock, network, files or SQL. `handle(input, now)` moves it on,
//! `poll_action()` says what to do next. Three drivers execute the same actions: native, browser, simulator.
//! No action holds a transaction open across another.

use super::backoff::Backoff;
use crate::replica::Patch;
use crate::wire::{
    PROTOCOL,
    v1::{
        Cursor, ErrorBody, ErrorCode, RepairRequest, RepairResponse, SyncRequest, SyncResponse,
        batch_of_patches,
    },
};
use std::collections::{BTreeMap, VecDeque};
use uuid::Uuid;

/// Size of the first batch, bytes before compression (about a quarter goes over the air).
#[allow(non_upper_case_globals)]
pub const batch_bytes_start: usize = 256 * 1024;
/// Halving ends here; one patch is always sent, whatever its size.
#[allow(non_upper_case_globals)]
pub const batch_bytes_min: usize = 16 * 1024;
/// Doubling ends here: about 4 MiB compressed.
#[allow(non_upper_case_globals)]
pub const batch_bytes_max: usize = 16 * 1024 * 1024;
/// A batch that takes longer does not make the next one larger.
#[allow(non_upper_case_globals)]
pub const batch_slow_ms: i64 = 5_000;
/// Pause after a local change, so that a burst of typing is one exchange.
#[allow(non_upper_case_globals)]
pub const settle_ms: i64 = 3_000;
/// With nothing to send, look for others' changes this often.
#[allow(non_upper_case_globals)]
pub const idle_pull_ms: i64 = 5 * 60 * 1000;

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
    /// The next patches, at most as many bytes as asked for, at least one if there is one.
    pub patches: Vec<Patch>,
    /// Patches not yet receipted, these included.
    pub waiting: u32,
}

/// What a committed answer left behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommitReport {
    /// The server has more rows.
    pub more: bool,
    /// Patches not yet receipted.
    pub waiting: u32,
    /// The phone's rows sum up to the server's digest (true when the answer carried none).
    pub digest_equal: bool,
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

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Idle,
    Loading,
    Sending { since_ms: i64, patches: usize, receipt_seen: u64 },
    Committing { took_nothing: bool },
    Repairing,
}

/// The machine. See the module.
#[derive(Debug)]
pub struct Machine {
    state: State,
    online: bool,
    again: bool,
    batch_bytes: usize,
    backoff: Backoff,
    identity: Option<(Uuid, Uuid)>,
    total: u32,
    repair_tried: bool,
    actions: VecDeque<Action>,
}

impl Machine {
    /// At rest; it starts with the first [`Input::Online`], [`Input::SyncNow`] or [`Input::Changed`].
    pub fn new(seed: u64) -> Self {
        Machine {
            state: State::Idle,
            online: true,
            again: false,
            batch_bytes: batch_bytes_start,
            backoff: Backoff::new(seed),
            identity: None,
            total: 0,
            repair_tried: false,
            actions: VecDeque::new(),
        }
    }

    /// The next thing to do, until there is none.
    pub fn poll_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// Whether an exchange is under way.
    pub fn is_busy(&self) -> bool {
        self.state != State::Idle
    }

    /// Moves on; `now_ms` is the driver's clock.
    pub fn handle(&mut self, input: Input, now_ms: i64) {
        match input {
            Input::Online(online) => self.set_online(online),
            Input::SyncNow => {
                self.backoff.reset();
                self.begin();
            }
            Input::Changed if self.state == State::Idle => self.act(Action::WakeAt(now_ms + settle_ms)),
            Input::Changed => self.again = true,
            Input::Woke if self.online => self.begin(),
            Input::Woke => {}
            Input::Loaded(outgoing) => self.loaded(*outgoing, now_ms),
            Input::Answered(Ok(response)) => self.answered(response, now_ms),
            Input::Repaired(Ok(response)) => self.repaired(response),
            Input::Answered(Err(failure)) | Input::Repaired(Err(failure)) => self.failed(failure, now_ms),
            Input::Committed(report) => self.committed(report, now_ms),
            Input::Sums(sums) => self.send_repair(sums, Vec::new()),
            Input::Differing(ids) if ids.is_empty() => self.rest(now_ms),
            Input::Differing(ids) => self.send_repair(BTreeMap::new(), ids),
            Input::StoreFailed(words) => self.failed(Failure::Store(words), now_ms),
        }
    }

    fn act(&mut self, action: Action) {
        self.actions.push_back(action);
    }

    fn set_online(&mut self, online: bool) {
        let came_back = online && !self.online;
        self.online = online;
        if came_back {
            self.backoff.reset();
            self.begin();
        } else if !online && self.state == State::Idle {
            self.act(Action::Report(Phase::Offline));
        }
    }

    fn begin(&mut self) {
        if self.state != State::Idle {
            self.again = true;
            return;
        }
        self.again = false;
        self.total = 0;
        self.repair_tried = false;
        self.load();
    }

    fn load(&mut self) {
        self.state = State::Loading;
        self.act(Action::Load { bytes_max: self.batch_bytes });
    }

    fn loaded(&mut self, outgoing: Outgoing, now_ms: i64) {
        if self.state != State::Loading {
            return;
        }
        self.identity = Some((outgoing.server_id, outgoing.epoch));
        self.total = self.total.max(outgoing.waiting);
        self.report_running(outgoing.waiting);
        self.state = State::Sending {
            since_ms: now_ms,
            patches: outgoing.patches.len(),
            receipt_seen: outgoing.receipt_seen,
        };
        self.act(Action::Send(Box::new(SyncRequest {
            protocol: PROTOCOL,
            server_id: outgoing.server_id,
            epoch: outgoing.epoch,
            cursor: outgoing.cursor,
            receipt_seen: outgoing.receipt_seen,
            patches: batch_of_patches(&outgoing.patches),
        })));
    }

    fn report_running(&mut self, waiting: u32) {
        let sent = self.total.saturating_sub(waiting);
        self.act(Action::Report(Phase::Running { sent, total: self.total }));
    }

    fn answered(&mut self, response: Box<SyncResponse>, now_ms: i64) {
        let State::Sending { since_ms, patches, receipt_seen } = self.state else { return };
        if patches > 0 && now_ms.saturating_sub(since_ms) < batch_slow_ms {
            self.batch_bytes = (self.batch_bytes * 2).min(batch_bytes_max);
        }
        let took_nothing = patches > 0 && response.receipt.device_seq <= receipt_seen;
        self.state = State::Committing { took_nothing };
        self.act(Action::Commit(response));
    }

    fn committed(&mut self, report: CommitReport, now_ms: i64) {
        let took_nothing = match self.state {
            State::Committing { took_nothing } => took_nothing,
            State::Repairing => return self.rest(now_ms),
            _ => return,
        };
        if took_nothing && !report.more {
            // The server answered but took nothing: asking again at once would never end.
            return self.failed(Failure::Server, now_ms);
        }
        self.backoff.reset();
        self.report_running(report.waiting);
        if report.more || report.waiting > 0 {
            self.load();
        } else if !report.digest_equal && !self.repair_tried {
            self.repair_tried = true;
            self.state = State::Repairing;
            self.act(Action::LoadSums);
        } else {
            self.rest(now_ms);
        }
    }

    fn send_repair(&mut self, sums: BTreeMap<String, String>, want: Vec<Uuid>) {
        let (State::Repairing, Some((server_id, epoch))) = (self.state, self.identity) else { return };
        let request = RepairRequest { protocol: PROTOCOL, server_id, epoch, sums, want };
        self.act(Action::SendRepair(Box::new(request)));
    }

    fn repaired(&mut self, response: Box<RepairResponse>) {
        if self.state != State::Repairing {
            return;
        }
        let compare = response.wanted.is_empty();
        self.act(if compare { Action::Compare(response) } else { Action::CommitRepair(response) });
    }

    fn rest(&mut self, now_ms: i64) {
        self.state = State::Idle;
        self.act(Action::Report(Phase::Done(now_ms)));
        if self.again {
            self.begin();
        } else {
            self.act(Action::WakeAt(now_ms + idle_pull_ms));
        }
    }

    fn failed(&mut self, failure: Failure, now_ms: i64) {
        if self.state == State::Idle {
            return;
        }
        self.state = State::Idle;
        let mut pause = self.backoff.next_pause_ms();
        match &failure {
            Failure::TooLarge => self.batch_bytes = (self.batch_bytes / 2).max(batch_bytes_min),
            Failure::Network => self.batch_bytes = (self.batch_bytes / 2).max(batch_bytes_min),
            Failure::Busy { retry_ms } => pause = pause.max((*retry_ms).min(super::backoff::retry_ms_max)),
            Failure::Refused(body) if body.code != ErrorCode::Unavailable => {
                pause = super::backoff::retry_ms_max
            }
            Failure::Server | Failure::Garbage | Failure::Refused(_) | Failure::Store(_) => {}
        }
        let phase = if failure == Failure::Network { Phase::Offline } else { Phase::Problem(failure) };
        self.act(Action::Report(phase));
        self.act(Action::WakeAt(now_ms.saturating_add_unsigned(pause)));
    }
}

#[cfg(test)]
#[path = "machine_tests.rs"]
mod tests;
