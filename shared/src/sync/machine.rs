//! The phone's sync machine: no clock, network, files or SQL. `handle(input, now)` moves it on,
//! `poll_action()` says what to do next. Three drivers execute the same actions: native, browser, simulator.
//! No action holds a transaction open across another.
//!
//! While an answer is committed, the next request is already on its way: the server works on it meanwhile. So a
//! request may say more than the store has committed, and what it says is lost with the answer before it.

use super::{
    backoff::Backoff,
    limits::{
        batch_bytes_max, batch_bytes_min, batch_bytes_start, batch_slow_ms, idle_pull_ms, renewals_max,
        repairs_max, settle_ms,
    },
    steps::{Action, CommitReport, Failure, Input, Outgoing, Phase, Salvage},
};
use crate::wire::{
    PROTOCOL,
    v1::{
        CloneRequest, EnrolResponse, ErrorCode, RepairRequest, RepairResponse, SalvageRequest, SyncRequest,
        SyncResponse, batch_of_patches,
    },
};
use std::collections::{BTreeMap, VecDeque};
use uuid::Uuid;

#[derive(Debug, PartialEq, Eq)]
enum State {
    Idle,
    /// With the answer that is to be committed as soon as the next request is out.
    Loading(Option<Box<SyncResponse>>),
    Sending(Sent),
    Committing {
        took_nothing: bool,
    },
    Repairing,
    Renewing,
    Salvaging {
        digest_equal: bool,
    },
}

/// A request on its way.
#[derive(Debug, PartialEq, Eq)]
struct Sent {
    since_ms: i64,
    patches: usize,
    /// Patches without a receipt that it does not carry.
    behind: u32,
    receipt: u64,
    earlier: Earlier,
}

/// What has become of the answer before the one that is awaited.
#[derive(Debug, PartialEq, Eq)]
enum Earlier {
    Committed,
    Committing,
    /// It could not be: what is awaited goes on from it, and is of no use.
    Failed(Failure),
    /// The store found that another phone writes under this device's id.
    Copied,
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
    /// An answer that came before the one before it was committed.
    early: Option<Result<Box<SyncResponse>, Failure>>,
    total: u32,
    repairs: u32,
    renewals: u32,
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
            early: None,
            total: 0,
            repairs: 0,
            renewals: 0,
            actions: VecDeque::new(),
        }
    }

    /// The next thing to do, until there is none.
    pub fn poll_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// Whether there is something to do.
    pub fn has_action(&self) -> bool {
        !self.actions.is_empty()
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
            Input::Answered(outcome) => self.answered(outcome, now_ms),
            Input::Repaired(Ok(response)) => self.repaired(response),
            Input::Recast(Ok(enrolled)) => self.recast(enrolled),
            Input::Salvaged(Ok(response)) if self.is_salvaging() => {
                self.act(Action::KeepSalvaged(response));
            }
            Input::Salvaged(Ok(_)) => {}
            Input::Repaired(Err(failure)) | Input::Recast(Err(failure)) | Input::Salvaged(Err(failure)) => {
                self.refused(failure, now_ms)
            }
            Input::Copied => self.broken(Earlier::Copied, now_ms),
            Input::Renewed if self.state == State::Renewing => self.load(),
            // What was merged there comes back with the next pull.
            Input::SalvageKept if self.is_salvaging() => self.load(),
            Input::Renewed | Input::SalvageKept => {}
            Input::Salvage(salvage) => self.salvage(*salvage, now_ms),
            Input::Committed(report) => self.committed(report, now_ms),
            Input::Sums(sums) => self.send_repair(sums, Vec::new()),
            Input::Differing(ids) if ids.is_empty() => self.rest(now_ms),
            Input::Differing(ids) => self.send_repair(BTreeMap::new(), ids),
            Input::StoreFailed(words) => self.broken(Earlier::Failed(Failure::Store(words)), now_ms),
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
        self.repairs = 0;
        self.renewals = 0;
        self.load();
    }

    fn load(&mut self) {
        self.state = State::Loading(None);
        self.act(Action::Load { bytes_max: self.batch_bytes, after: None });
    }

    fn loaded(&mut self, outgoing: Outgoing, now_ms: i64) {
        let State::Loading(uncommitted) = &mut self.state else { return };
        let uncommitted = uncommitted.take();
        let patches = outgoing.patches.len();
        self.identity = Some((outgoing.server_id, outgoing.epoch));
        self.total = self.total.max(outgoing.waiting);
        self.report_running(outgoing.waiting);
        let (cursor, receipt) = match &uncommitted {
            Some(answer) => (answer.cursor.clone(), answer.receipt.device_seq),
            None => (outgoing.cursor, outgoing.receipt_seen),
        };
        self.act(Action::Send(Box::new(SyncRequest {
            protocol: PROTOCOL,
            server_id: outgoing.server_id,
            epoch: outgoing.epoch,
            cursor,
            receipt_seen: outgoing.receipt_seen,
            scope: outgoing.scope,
            patches: batch_of_patches(&outgoing.patches),
            orders: outgoing.orders,
            left: outgoing.left,
        })));
        let earlier = if uncommitted.is_some() { Earlier::Committing } else { Earlier::Committed };
        let behind = outgoing.waiting.saturating_sub(u32::try_from(patches).unwrap_or(u32::MAX));
        self.state = State::Sending(Sent { since_ms: now_ms, patches, behind, receipt, earlier });
        if let Some(answer) = uncommitted {
            self.act(Action::Commit(answer));
        }
    }

    fn report_running(&mut self, waiting: u32) {
        let sent = self.total.saturating_sub(waiting);
        self.act(Action::Report(Phase::Running { sent, total: self.total }));
    }

    fn answered(&mut self, outcome: Result<Box<SyncResponse>, Failure>, now_ms: i64) {
        let State::Sending(sent) = &mut self.state else { return };
        match std::mem::replace(&mut sent.earlier, Earlier::Committed) {
            Earlier::Committed => {}
            Earlier::Committing => {
                sent.earlier = Earlier::Committing;
                self.early = Some(outcome);
                return;
            }
            Earlier::Failed(failure) => return self.failed(failure, now_ms),
            Earlier::Copied => return self.copied(Failure::Server, now_ms),
        }
        let State::Sending(Sent { since_ms, patches, behind, receipt, .. }) = self.state else { return };
        let response = match outcome {
            Ok(response) => response,
            Err(failure) => return self.refused(failure, now_ms),
        };
        if patches > 0 && now_ms.saturating_sub(since_ms) < batch_slow_ms {
            self.batch_bytes = (self.batch_bytes * 2).min(batch_bytes_max);
        }
        let took_nothing = patches > 0 && response.receipt.device_seq <= receipt;
        // Not where the phone's villages change: what it must send and hold is another then.
        let goes_on = response.more || behind > 0;
        if goes_on && !took_nothing && response.scope.is_none() {
            let after = Some(response.receipt.clone());
            self.state = State::Loading(Some(response));
            self.act(Action::Load { bytes_max: self.batch_bytes, after });
        } else {
            self.state = State::Committing { took_nothing };
            self.act(Action::Commit(response));
        }
    }

    fn committed(&mut self, report: CommitReport, now_ms: i64) {
        let took_nothing = match &mut self.state {
            State::Committing { took_nothing } => *took_nothing,
            State::Sending(sent) => {
                sent.earlier = Earlier::Committed;
                self.backoff.reset();
                self.report_running(report.waiting);
                if let Some(outcome) = self.early.take() {
                    self.answered(outcome, now_ms);
                }
                return;
            }
            // Rows came: perhaps not all of them yet (a village granted anew may have many).
            State::Repairing if report.more && self.repairs < repairs_max => return self.load(),
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
        } else if report.former {
            self.state = State::Salvaging { digest_equal: report.digest_equal };
            self.act(Action::LoadSalvage { bytes_max: self.batch_bytes });
        } else {
            self.repair_or_rest(report.digest_equal, now_ms);
        }
    }

    fn repair_or_rest(&mut self, digest_equal: bool, now_ms: i64) {
        if digest_equal || self.repairs >= repairs_max {
            return self.rest(now_ms);
        }
        self.repairs += 1;
        self.state = State::Repairing;
        self.act(Action::LoadSums);
    }

    /// The store could not do its part. A request that is on its way is waited for: its answer must not be taken
    /// for that of a later one.
    fn broken(&mut self, how: Earlier, now_ms: i64) {
        let awaited = self.early.take().is_none();
        match (&mut self.state, how) {
            // What has been answered counts, though nothing can follow it now.
            (State::Loading(answer @ Some(_)), Earlier::Failed(_)) => {
                self.actions.extend(answer.take().map(Action::Commit));
                self.state = State::Committing { took_nothing: false };
            }
            (State::Sending(sent), how) if awaited && sent.earlier == Earlier::Committing => {
                sent.earlier = how
            }
            (_, Earlier::Failed(failure)) => self.failed(failure, now_ms),
            _ => self.copied(Failure::Server, now_ms),
        }
    }

    fn send_repair(&mut self, sums: BTreeMap<String, String>, want: Vec<Uuid>) {
        let (State::Repairing, Some((server_id, epoch))) = (&self.state, self.identity) else { return };
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

    /// A refusal that the machine itself can cure; every other is a failure.
    fn refused(&mut self, failure: Failure, now_ms: i64) {
        match failure {
            Failure::Refused(body) if body.code == ErrorCode::OtherEpoch && self.may_renew() => {
                match body.life {
                    Some(life) => {
                        self.state = State::Renewing;
                        self.act(Action::Renew(life));
                    }
                    None => self.failed(Failure::Refused(body), now_ms),
                }
            }
            Failure::Refused(body) if body.code == ErrorCode::ChainDiffers => {
                self.copied(Failure::Refused(body), now_ms);
            }
            other => self.failed(other, now_ms),
        }
    }

    fn may_renew(&mut self) -> bool {
        self.renewals += 1;
        self.state != State::Idle && self.renewals <= renewals_max
    }

    /// Another phone writes under this device's id: this one asks for an id of its own.
    fn copied(&mut self, otherwise: Failure, now_ms: i64) {
        let Some((server_id, _)) = self.identity.filter(|_| self.may_renew()) else {
            return self.failed(otherwise, now_ms);
        };
        self.state = State::Renewing;
        self.act(Action::SendClone(CloneRequest { protocol: PROTOCOL, server_id }));
    }

    fn recast(&mut self, enrolled: Box<EnrolResponse>) {
        if self.state == State::Renewing {
            self.act(Action::BecomeOther(enrolled));
        }
    }

    fn is_salvaging(&self) -> bool {
        matches!(self.state, State::Salvaging { .. })
    }

    fn salvage(&mut self, salvage: Salvage, now_ms: i64) {
        let (State::Salvaging { digest_equal }, Some((server_id, epoch))) = (&self.state, self.identity)
        else {
            return;
        };
        if salvage.patches.is_empty() {
            // What is left to be looked through waits for the next exchange: the store serves others in between.
            let digest_equal = *digest_equal;
            return if salvage.more { self.load() } else { self.repair_or_rest(digest_equal, now_ms) };
        }
        self.act(Action::SendSalvage(Box::new(SalvageRequest {
            protocol: PROTOCOL,
            server_id,
            epoch,
            patches: batch_of_patches(&salvage.patches),
            orders: salvage.orders,
        })));
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
