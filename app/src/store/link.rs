//! What travels between the client and the actor, on every platform.

use serde::{Deserialize, Serialize};

use super::{Event, Reply, Request, Store, StoreError, StorePhase};
use crate::platform::now_ms;

/// To the actor.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum ToStore {
    /// A request whose reply carries the same number.
    Call { id: u64, request: Request },
    /// Get the store from the other tab, or try to open it once more.
    TakeOver,
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

/// Answers one request, then passes on what the store has to say.
pub(super) fn answer(store: &mut Store, id: u64, request: Request, mut send: impl FnMut(FromStore)) {
    let outcome = store.handle(request, now_ms());
    send(FromStore::Reply { id, outcome });
    for event in store.take_events() {
        send(FromStore::Event(event));
    }
}
