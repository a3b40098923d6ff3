//! The client of the store actor: what screens and the headless phone call.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures_channel::{
    mpsc::{UnboundedReceiver, UnboundedSender, unbounded},
    oneshot,
};

use super::{
    Event, Reply, Request, StoreError, StorePhase,
    link::{FromStore, ToStore},
};

/// A handle on the store actor; clones speak to the same one.
#[derive(Clone)]
pub struct StoreClient {
    pub(super) hub: Arc<Hub>,
}

impl StoreClient {
    /// A client whose messages go through `send` and come back through [`Hub::receive`].
    pub(super) fn over(hub: Arc<Hub>) -> Self {
        Self { hub }
    }

    /// Asks the store and waits for its answer. While the store is being opened the request waits.
    ///
    /// # Errors
    /// The store's own error, or [`StoreError::OtherTab`] and its like when this tab does not have the store.
    pub async fn call(&self, request: Request) -> Result<Reply, StoreError> {
        let reply = self.hub.call(request)?;
        reply.await.unwrap_or_else(|_| Err(StoreError::Stopped("没有等到回答".to_owned())))
    }

    /// What the store says unasked, from now on.
    pub fn events(&self) -> UnboundedReceiver<Event> {
        let (sender, receiver) = unbounded();
        self.hub.lock().events.push(sender);
        receiver
    }

    /// The phases of the store's life, beginning with the present one.
    pub fn phases(&self) -> UnboundedReceiver<StorePhase> {
        let (sender, receiver) = unbounded();
        let mut state = self.hub.lock();
        // The receiver is in hand, so it cannot be closed.
        let _ = sender.unbounded_send(state.phase.clone());
        state.phases.push(sender);
        receiver
    }

    /// The present phase of the store's life.
    pub fn phase(&self) -> StorePhase {
        self.hub.lock().phase.clone()
    }

    /// Asks the tab that has the store to pass it on to this one; after a failure, tries once more to open it. The
    /// outcome shows in [`phases`](Self::phases).
    pub fn take_over(&self) {
        self.hub.send(ToStore::TakeOver);
    }
}

type Outcome = Result<Reply, StoreError>;
type Send = Box<dyn Fn(ToStore) + std::marker::Send + Sync>;

/// The client's end of the link: who waits for which answer, and who listens.
pub(super) struct Hub {
    send: Send,
    state: Mutex<State>,
}

struct State {
    phase: StorePhase,
    next_id: u64,
    waiting: BTreeMap<u64, oneshot::Sender<Outcome>>,
    /// Requests made before the store was open.
    unsent: Vec<ToStore>,
    events: Vec<UnboundedSender<Event>>,
    phases: Vec<UnboundedSender<StorePhase>>,
}

impl Hub {
    /// A hub whose messages leave through `send`.
    pub(super) fn new(send: impl Fn(ToStore) + std::marker::Send + Sync + 'static) -> Arc<Self> {
        let state = State {
            phase: StorePhase::Opening,
            next_id: 0,
            waiting: BTreeMap::new(),
            unsent: Vec::new(),
            events: Vec::new(),
            phases: Vec::new(),
        };
        Arc::new(Self { send: Box::new(send), state: Mutex::new(state) })
    }

    /// Takes a message that arrived from the actor.
    pub(super) fn receive(&self, message: FromStore) {
        match message {
            FromStore::Reply { id, outcome } => {
                let waiting = self.lock().waiting.remove(&id);
                if let Some(waiting) = waiting {
                    // Whoever asked may have left the screen; the work is done all the same.
                    let _ = waiting.send(outcome);
                }
            }
            FromStore::Event(event) => {
                self.lock().events.retain(|listener| listener.unbounded_send(event.clone()).is_ok());
            }
            FromStore::Phase(phase) => self.enter(phase),
        }
    }

    fn enter(&self, phase: StorePhase) {
        let (unsent, refused) = {
            let mut state = self.lock();
            state.phase = phase.clone();
            state.phases.retain(|listener| listener.unbounded_send(phase.clone()).is_ok());
            let refused =
                if phase.refusal().is_some() { std::mem::take(&mut state.waiting) } else { BTreeMap::new() };
            let unsent =
                if phase == StorePhase::Opening { Vec::new() } else { std::mem::take(&mut state.unsent) };
            (unsent, refused)
        };
        if let Some(error) = phase.refusal() {
            for waiting in refused.into_values() {
                let _ = waiting.send(Err(error.clone()));
            }
        } else {
            unsent.into_iter().for_each(|message| self.send(message));
        }
    }

    fn call(&self, request: Request) -> Result<oneshot::Receiver<Outcome>, StoreError> {
        let (answer, reply) = oneshot::channel();
        let message = {
            let mut state = self.lock();
            if let Some(refusal) = state.phase.refusal() {
                return Err(refusal);
            }
            let id = state.next_id;
            state.next_id += 1;
            state.waiting.insert(id, answer);
            let message = ToStore::Call { id, request };
            if !state.phase.answers() {
                state.unsent.push(message);
                return Ok(reply);
            }
            message
        };
        self.send(message);
        Ok(reply)
    }

    /// How many requests the store was given, if it answers at all now.
    #[cfg(target_family = "wasm")]
    pub(super) fn given(&self) -> Option<u64> {
        let state = self.lock();
        state.phase.answers().then_some(state.next_id)
    }

    pub(super) fn send(&self, message: ToStore) {
        (self.send)(message);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves this plain bookkeeping whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
