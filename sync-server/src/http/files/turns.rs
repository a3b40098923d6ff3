//! One request at a time at an upload, and the newest goes first: a phone that lost its connection comes back long before
//! the server notices, and must not wait for bytes that will never come.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError, Weak},
};
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard, watch};

/// Whose turn it is, by upload.
#[derive(Clone, Default)]
pub(in crate::http) struct Turns(Arc<Mutex<BTreeMap<String, Weak<Seat>>>>);

struct Seat {
    lock: Arc<AsyncMutex<()>>,
    waiting: watch::Sender<usize>,
}

/// The right to touch an upload, until dropped.
pub(super) struct Turn {
    seat: Arc<Seat>,
    _guard: OwnedMutexGuard<()>,
}

/// Counts as waiting until dropped, even if the request that waits is given up.
struct Waiting(Arc<Seat>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.waiting.send_modify(|waiting| *waiting = waiting.saturating_sub(1));
    }
}

impl Turns {
    /// Asks whoever has the turn to let go, and waits for it.
    pub(super) async fn take(&self, id: &str) -> Turn {
        let seat = self.seat(id);
        seat.waiting.send_modify(|waiting| *waiting += 1);
        let waiting = Waiting(seat.clone());
        let guard = seat.lock.clone().lock_owned().await;
        drop(waiting);
        Turn { seat, _guard: guard }
    }

    fn seat(&self, id: &str) -> Arc<Seat> {
        let mut seats = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seats.retain(|_, seat| seat.strong_count() > 0);
        if let Some(seat) = seats.get(id).and_then(Weak::upgrade) {
            return seat;
        }
        let seat = Arc::new(Seat { lock: Arc::default(), waiting: watch::Sender::new(0) });
        seats.insert(id.to_owned(), Arc::downgrade(&seat));
        seat
    }
}

impl Turn {
    /// Ends as soon as somebody else waits for this turn.
    pub(super) fn wanted(&self) -> impl Future<Output = ()> + Send + 'static {
        let mut waiting = self.seat.waiting.subscribe();
        async move {
            if waiting.wait_for(|waiting| *waiting > 0).await.is_err() {
                // Nobody can wait any more.
                std::future::pending::<()>().await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_comes_later_is_let_in_as_soon_as_the_other_hears_of_it() {
        let turns = Turns::default();
        let first = turns.take("a").await;
        let other = turns.take("b").await;
        let later = tokio::spawn({
            let turns = turns.clone();
            async move { drop(turns.take("a").await) }
        });
        first.wanted().await;
        drop(first);
        later.await.unwrap();
        drop(other);
        let again = turns.take("a").await;
        let wanted = tokio::select! {
            biased;
            () = again.wanted() => true,
            () = std::future::ready(()) => false,
        };
        assert!(!wanted, "nobody waits any more");
        assert_eq!(turns.0.lock().unwrap().len(), 1, "no seat is kept for nobody");
    }
}
