//! Executes the machine's actions. What touches the store happens at once, each in one transaction; what needs
//! the network or time is handed back as an [`Effect`] and comes back as another input.

use super::{
    files::{FileAnswer, FileExchange, FileJob},
    photos::Photos,
    transport::{Answer, Asked, Exchange, Path},
    words,
};
use crate::store::{NotTold, Request, Store, StoreError, SyncPhase};
use lianxin_shared::{
    sync::{Action, CourierInput, Failure, Input, Machine, Phase},
    wire::{
        PROTOCOL,
        v1::{EnrolResponse, HistoryRequest, HistoryResponse, RepairResponse, SalvageResponse, SyncResponse},
    },
};
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

/// What the platform does for the driver.
#[derive(Debug)]
pub enum Effect {
    /// Send this; the answer goes to [`Driver::answered`].
    Send(Exchange),
    /// Send this; the answer goes to [`Driver::file_answered`].
    SendFile(FileExchange),
    /// Call [`Driver::go_on`] once everything before this has been started: the request is on its way while the store
    /// works.
    GoOn,
    /// Call [`Driver::woke`] at this time (Unix ms) with this number; an earlier wish is void.
    WakeAt {
        /// When.
        at_ms: i64,
        /// Which wish: only the newest counts.
        wish: Wish,
    },
}

/// A numbered wish to be woken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// Of the machine that exchanges text.
    Sync(u64),
    /// Of the courier.
    Photos(u64),
    /// Of the store itself: nothing of the sync.
    Quiet,
}

/// The machine beside its store.
pub struct Driver {
    machine: Machine,
    /// Of the request whose answer the machine waits for. Requests outlive what asked: a driver of a former turn at
    /// the database, or the device that this phone was. Their answers are not this machine's.
    number: u64,
    wish: u64,
    photos: Photos,
    /// What the machine last reported, for the courier: whether text is done.
    text: Option<CourierInput>,
}

impl Driver {
    /// With a random seed of its back-off and of its requests' numbers.
    pub fn new(seed: u64) -> Self {
        Self { machine: Machine::new(seed), number: seed, wish: 0, photos: Photos::new(!seed), text: None }
    }

    /// The store has been opened: sync if this phone is enrolled.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn opened(&mut self, store: &mut Store, now_ms: i64) -> Result<Vec<Effect>, StoreError> {
        Ok(match store.membership()? {
            Some(_) => self.step(store, Input::SyncNow, now_ms),
            None => Vec::new(),
        })
    }

    /// A request that the store has answered well: some of them are the machine's business too.
    pub fn noticed(&mut self, store: &mut Store, request: &Request, now_ms: i64) -> Vec<Effect> {
        let enrolled = matches!(store.membership(), Ok(Some(_)));
        let input = match request {
            _ if !enrolled => return Vec::new(),
            Request::SyncNow => {
                // What fails here fails again where it matters.
                drop(store.offer_refused_again());
                Input::SyncNow
            }
            Request::FetchPicture { name, size } => return self.photos.want(store, name, *size),
            Request::FetchHistory { record } => return ask_history(store, *record),
            Request::Enrol { .. } => {
                // What is under way is in the name of the device that this phone was.
                self.number = self.number.wrapping_add(1);
                self.machine = Machine::new(self.number);
                Input::SyncNow
            }
            Request::Online { online } => Input::Online(*online),
            Request::Save(_) | Request::CompleteVisit { .. } | Request::Resolve { .. } => Input::Changed,
            _ => return Vec::new(),
        };
        self.step(store, input, now_ms)
    }

    /// The time wished for has come; an outdated wish is ignored.
    pub fn woke(&mut self, store: &mut Store, wish: Wish, now_ms: i64) -> Vec<Effect> {
        match wish {
            Wish::Sync(wish) if wish == self.wish => self.step(store, Input::Woke, now_ms),
            Wish::Sync(_) | Wish::Quiet => Vec::new(),
            Wish::Photos(wish) => self.photos.woke(store, wish, now_ms),
        }
    }

    /// A request for a file has ended.
    pub fn file_answered(
        &mut self,
        store: &mut Store,
        job: FileJob,
        answer: FileAnswer,
        now_ms: i64,
    ) -> Vec<Effect> {
        self.photos.answered(store, job, answer, now_ms)
    }

    /// An exchange has ended.
    pub fn answered(&mut self, store: &mut Store, asked: Asked, answer: Answer, now_ms: i64) -> Vec<Effect> {
        let input = match asked.path {
            Path::History(record) => {
                let told = decode::<HistoryResponse>(answer).map(|told| *told);
                store.history_told(record, told.map_err(|failure| words::of_history(&failure)));
                return Vec::new();
            }
            _ if asked.number != self.number => return Vec::new(),
            Path::Sync => Input::Answered(decode::<SyncResponse>(answer)),
            Path::Repair => Input::Repaired(decode::<RepairResponse>(answer)),
            Path::Salvage => Input::Salvaged(decode::<SalvageResponse>(answer)),
            Path::Clone => Input::Recast(decode::<EnrolResponse>(answer)),
        };
        self.step(store, input, now_ms)
    }

    /// What was put off until a request is on its way.
    pub fn go_on(&mut self, store: &mut Store, now_ms: i64) -> Vec<Effect> {
        let mut effects = Vec::new();
        while self.act(store, now_ms, &mut effects) {}
        self.tell_photos(store, now_ms, &mut effects);
        effects
    }

    fn step(&mut self, store: &mut Store, input: Input, now_ms: i64) -> Vec<Effect> {
        let mut effects = self.go_on(store, now_ms);
        self.machine.handle(input, now_ms);
        while self.act(store, now_ms, &mut effects) {
            if matches!(effects.last(), Some(Effect::Send(_))) && self.machine.has_action() {
                effects.push(Effect::GoOn);
                break;
            }
        }
        self.tell_photos(store, now_ms, &mut effects);
        effects
    }

    /// Executes the machine's next action, if there is one.
    fn act(&mut self, store: &mut Store, now_ms: i64, effects: &mut Vec<Effect>) -> bool {
        let Some(action) = self.machine.poll_action() else { return false };
        match self.execute(store, action, now_ms, effects) {
            Ok(Some(input)) => self.machine.handle(input, now_ms),
            Ok(None) => {}
            Err(StoreError::Copied) => self.machine.handle(Input::Copied, now_ms),
            Err(error) => self.machine.handle(Input::StoreFailed(error.to_string()), now_ms),
        }
        true
    }

    fn tell_photos(&mut self, store: &mut Store, now_ms: i64, effects: &mut Vec<Effect>) {
        if let Some(text) = self.text.take() {
            effects.extend(self.photos.tell(store, text, now_ms));
        }
    }

    fn execute(
        &mut self,
        store: &mut Store,
        action: Action,
        now_ms: i64,
        effects: &mut Vec<Effect>,
    ) -> Result<Option<Input>, StoreError> {
        Ok(match action {
            Action::Load { bytes_max, after } => {
                Some(Input::Loaded(Box::new(store.sync_load(bytes_max, after.as_ref())?)))
            }
            Action::Commit(response) => Some(Input::Committed(store.sync_commit(*response, now_ms)?)),
            Action::LoadSums => Some(Input::Sums(store.sync_sums()?)),
            Action::Compare(response) => Some(Input::Differing(store.sync_compare(&response)?)),
            Action::CommitRepair(response) => Some(Input::Committed(store.sync_commit_repair(*response)?)),
            Action::Send(request) => match self.exchange(store, Path::Sync, &*request) {
                Ok(exchange) => {
                    effects.push(Effect::Send(exchange));
                    None
                }
                Err(error) => Some(Input::Answered(Err(Failure::Store(error.to_string())))),
            },
            Action::SendRepair(request) => {
                effects.push(Effect::Send(self.exchange(store, Path::Repair, &*request)?));
                None
            }
            Action::SendSalvage(request) => {
                effects.push(Effect::Send(self.exchange(store, Path::Salvage, &*request)?));
                None
            }
            Action::SendClone(request) => {
                effects.push(Effect::Send(self.exchange(store, Path::Clone, &request)?));
                None
            }
            Action::Renew(life) => {
                store.sync_renew(&life)?;
                Some(Input::Renewed)
            }
            Action::BecomeOther(enrolled) => {
                store.sync_become_other(&enrolled, now_ms)?;
                Some(Input::Renewed)
            }
            Action::LoadSalvage { bytes_max } => {
                Some(Input::Salvage(Box::new(store.sync_load_salvage(bytes_max)?)))
            }
            Action::KeepSalvaged(response) => {
                store.sync_keep_salvaged(&response)?;
                Some(Input::SalvageKept)
            }
            Action::WakeAt(at_ms) => {
                self.wish += 1;
                effects.push(Effect::WakeAt { at_ms, wish: Wish::Sync(self.wish) });
                None
            }
            Action::Report(phase) => {
                match &phase {
                    Phase::Problem(Failure::Refused(body)) => store.note_standing(Some(body.code))?,
                    Phase::Done(_) => store.note_standing(None)?,
                    _ => {}
                }
                let is_done = matches!(phase, Phase::Done(_));
                self.text = Some(if is_done { CourierInput::TextDone } else { CourierInput::TextBusy });
                report(store, phase);
                None
            }
        })
    }

    /// The machine's next request.
    fn exchange<T: Serialize>(
        &mut self,
        store: &Store,
        path: Path,
        message: &T,
    ) -> Result<Exchange, StoreError> {
        self.number = self.number.wrapping_add(1);
        exchange(store, Asked { path, number: self.number }, message)
    }
}

/// Reads nothing of the store's own: the township has every change, this phone only what came of them.
fn ask_history(store: &mut Store, record: Uuid) -> Vec<Effect> {
    let asked = store.membership().and_then(|member| {
        let server_id = member.ok_or(StoreError::NotFound)?.server_id;
        let request = HistoryRequest { protocol: PROTOCOL, server_id, record };
        exchange(store, Asked { path: Path::History(record), number: 0 }, &request)
    });
    match asked {
        Ok(exchange) => vec![Effect::Send(exchange)],
        Err(error) => {
            store.history_told(record, Err(NotTold { words: error.to_string(), is_none: false }));
            Vec::new()
        }
    }
}

fn exchange<T: Serialize>(store: &Store, asked: Asked, message: &T) -> Result<Exchange, StoreError> {
    let member = store.membership()?.ok_or(StoreError::NotFound)?;
    let body = serde_json::to_vec(message).map_err(|e| StoreError::Broken(e.to_string()))?;
    Ok(Exchange { asked, server_url: member.server_url, token: member.token, body })
}

fn decode<T: DeserializeOwned>(answer: Answer) -> Result<Box<T>, Failure> {
    match answer {
        Answer::Unreachable => Err(Failure::Network),
        Answer::Body { status: 200, body, .. } => {
            serde_json::from_slice(&body).map(Box::new).map_err(|_| Failure::Garbage)
        }
        Answer::Body { status, body, retry_after_s } => Err(match (status, serde_json::from_slice(&body)) {
            (413, _) => Failure::TooLarge,
            (429, _) => Failure::Busy { retry_ms: retry_after_s.unwrap_or(0).saturating_mul(1000) },
            (503, Err(_)) => Failure::Busy { retry_ms: retry_after_s.unwrap_or(0).saturating_mul(1000) },
            (_, Ok(refused)) => Failure::Refused(refused),
            (500..=599, Err(_)) => Failure::Server,
            (_, Err(_)) => Failure::Garbage,
        }),
    }
}

fn report(store: &mut Store, phase: Phase) {
    match phase {
        Phase::Offline => store.report(SyncPhase::Offline, ""),
        Phase::Running { sent, total } => store.report(SyncPhase::Running { sent, total }, ""),
        Phase::Done(_) => store.report(SyncPhase::Idle, ""),
        Phase::Problem(failure) => store.report(SyncPhase::Stopped, &words::of(&failure)),
    }
}

#[cfg(test)]
#[path = "driver_tests.rs"]
mod tests;
