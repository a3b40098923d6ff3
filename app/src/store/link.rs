//! What travels between the client and the actor, on every platform.

use serde::{Deserialize, Serialize};

use super::{Event, Reply, Request, Store, StoreError, StorePhase};
use crate::{
    platform::now_ms,
    sync::{Answer, Asked, Driver, Effect, FileAnswer, FileJob, Wish},
};

/// To the actor.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum ToStore {
    /// A request whose reply carries the same number.
    Call { id: u64, request: Request },
    /// Get the store from the other tab, or try to open it once more.
    TakeOver,
    /// The page that was about to be left is still there: go on.
    #[cfg(target_family = "wasm")]
    Staying,
}

/// From the actor.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum FromStore {
    /// The answer to the request of this number.
    Reply { id: u64, outcome: Result<Reply, StoreError> },
    /// Something happened.
    Event(Event),
    /// The store's life moved on.
    Phase(StorePhase),
}

/// What reaches the actor while it serves.
#[derive(Debug)]
pub(super) enum Work {
    /// A screen asks.
    Call { id: u64, request: Request },
    /// An exchange of the sync has ended.
    Answered(Asked, Answer),
    /// The time that the sync wished for has come.
    Woke(Wish),
    /// A request for a file has ended.
    FileAnswered(FileJob, FileAnswer),
    /// The request is on its way.
    GoOn,
}

#[cfg(target_family = "wasm")]
impl Work {
    /// The number of the request, if a screen asked.
    pub fn request(&self) -> Option<u64> {
        match self {
            Work::Call { id, .. } => Some(*id),
            Work::Answered(..) | Work::Woke(_) | Work::FileAnswered(..) | Work::GoOn => None,
        }
    }
}

/// How long after records have changed the store reads, in milliseconds, what the next search would wait for: by then
/// the screen shows what was asked for.
#[allow(non_upper_case_globals)]
const quiet_after_ms: i64 = 1_000;

/// The store with the sync beside it: one step of work at a time, then what there is to say.
pub(super) struct Desk {
    store: Store,
    driver: Driver,
    /// A quiet moment has been wished for and has not come yet.
    awaits_quiet: bool,
}

impl Desk {
    /// Over an opened store; the sync starts at once where the phone is enrolled.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn open(store: Store) -> Result<(Self, Vec<Effect>), StoreError> {
        let seed = getrandom::u64().map_err(|error| StoreError::Broken(error.to_string()))?;
        let mut desk = Self { store, driver: Driver::new(seed), awaits_quiet: false };
        let mut effects = desk.driver.opened(&mut desk.store, now_ms())?;
        effects.extend(desk.wish_for_quiet(now_ms()));
        Ok((desk, effects))
    }

    fn wish_for_quiet(&mut self, now_ms: i64) -> Option<Effect> {
        if self.awaits_quiet || !self.store.has_quiet_work() {
            return None;
        }
        self.awaits_quiet = true;
        Some(Effect::WakeAt { at_ms: now_ms + quiet_after_ms, wish: Wish::Quiet })
    }

    /// Does one piece of work, says what comes of it, and hands back what the platform must do.
    pub fn serve(&mut self, work: Work, mut send: impl FnMut(FromStore)) -> Vec<Effect> {
        let (store, now) = (&mut self.store, now_ms());
        let mut effects = match work {
            Work::Call { id, request } => {
                let outcome = store.handle(request.clone(), now);
                let fine = outcome.is_ok();
                let opens_today = outcome.as_ref().is_ok_and(|reply| store.opens_today(reply));
                send(FromStore::Reply { id, outcome });
                if opens_today {
                    store.foresee_today(now);
                }
                if fine { self.driver.noticed(store, &request, now) } else { Vec::new() }
            }
            Work::Answered(asked, answer) => self.driver.answered(store, asked, answer, now),
            Work::Woke(Wish::Quiet) => {
                self.awaits_quiet = false;
                store.use_quiet_moment();
                Vec::new()
            }
            Work::Woke(wish) => self.driver.woke(store, wish, now),
            Work::GoOn => self.driver.go_on(store, now),
            Work::FileAnswered(job, answer) => self.driver.file_answered(store, job, answer, now),
        };
        for event in store.take_events() {
            send(FromStore::Event(event));
        }
        effects.extend(self.wish_for_quiet(now));
        effects
    }
}
