//! Autosave: every change goes to the store at each pause, however long somebody types on, and at once when the
//! page is hidden. Nothing is written into a field for it, so that a composition goes on undisturbed.
//!
//! What is being edited lives outside the signals of its screen, so that the last words are saved even when
//! the screen is already gone.

use dioxus::{core::spawn_forever, prelude::*};
use futures_channel::oneshot;
use std::{
    cell::{Cell, RefCell},
    future::Future,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use super::{
    gate::{Gate, Mark},
    pause::pause,
    session::{Session, use_session},
};
use crate::store::{Reply, Request, StoreError};

/// Pause after the last keystroke, then the text is saved.
pub(crate) const TYPING_PAUSE: Duration = Duration::from_millis(280);
/// The longest that a typed character waits for its save to begin, with or without a pause: it must be safe within a
/// second of being typed. Composition does not hold it up either, since a keyboard that listens to speech composes for
/// whole sentences.
const TYPING_WAIT_MAX: Duration = Duration::from_millis(700);

/// What an editor edits, as the saver sees it.
pub(crate) trait Source: 'static {
    /// Takes what has changed since it was last taken, as a request; none if there is nothing to send.
    fn take(&mut self) -> Option<Request>;
    /// Whether something was changed that no request can carry yet, as a household's door before its head's name.
    fn is_held_back(&self) -> bool {
        false
    }
    /// Learns what became of the request; after a failure the changes taken belong to the next one.
    ///
    /// # Errors
    /// The store's error, passed on for the screen to show.
    fn settle(&mut self, outcome: Result<Reply, StoreError>) -> Result<(), StoreError>;
}

struct Inner<S> {
    source: RefCell<S>,
    gate: RefCell<Gate>,
    /// Counts changes: a pause that ends after a newer change does nothing.
    ticket: Cell<u64>,
    /// Counts saves: a longest wait that ends after a newer save has begun does nothing.
    saves: Cell<u64>,
    /// The count of saves for which a longest wait runs.
    longest_for: Cell<Option<u64>>,
    composing: Cell<bool>,
    /// Told when the save under way has ended.
    waiting: RefCell<Vec<oneshot::Sender<()>>>,
    mark: Signal<Mark>,
    session: Session,
}

/// An editor's saver. Clones speak of the same one.
pub(crate) struct Autosave<S> {
    inner: Rc<Inner<S>>,
}

impl<S> Clone for Autosave<S> {
    fn clone(&self) -> Self {
        Autosave { inner: Rc::clone(&self.inner) }
    }
}

impl<S: Source> Autosave<S> {
    /// Reads what is being edited.
    pub(crate) fn read<T>(&self, read: impl FnOnce(&S) -> T) -> T {
        read(&self.inner.source.borrow())
    }

    /// Changes it by one tap: saved at once.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut S) -> T) -> T {
        let result = self.note(change);
        self.flush();
        result
    }

    /// Changes it by typing: saved at the next pause, or when it has waited for [`TYPING_WAIT_MAX`].
    pub(crate) fn typed<T>(&self, change: impl FnOnce(&mut S) -> T) -> T {
        let result = self.note(change);
        self.at_pause();
        self.at_longest();
        result
    }

    /// Composition of characters begins or ends; a pause in between is thinking, not the end of a word, and only the
    /// longest wait saves.
    pub(crate) fn composing(&self, composing: bool) {
        self.inner.composing.set(composing);
        if !composing {
            self.at_pause();
        }
    }

    /// Saves now what is unsaved. The request leaves before this returns.
    pub(crate) fn flush(&self) {
        let this = self.clone();
        let mut saving: Pin<Box<dyn Future<Output = ()>>> = Box::pin(async move { this.save().await });
        // Polled here and now: when the page is being hidden there may be no later.
        if saving.as_mut().poll(&mut Context::from_waker(Waker::noop())) == Poll::Pending {
            spawn_forever(saving);
        }
    }

    /// Saves now, and waits until all that was changed is acknowledged.
    ///
    /// # Errors
    /// The store's words when the last save failed.
    pub(crate) async fn settled(&self) -> Result<(), String> {
        loop {
            // Ends at once while another save is under way.
            self.save().await;
            match self.inner.gate.borrow().mark() {
                Mark::Saving => {}
                Mark::Failed(words) => return Err(words),
                Mark::Untouched | Mark::Saved => return Ok(()),
            }
            let (tell, told) = oneshot::channel();
            self.inner.waiting.borrow_mut().push(tell);
            // The saver outlives whoever waits, so somebody answers.
            let _ = told.await;
        }
    }

    fn note<T>(&self, change: impl FnOnce(&mut S) -> T) -> T {
        let result = change(&mut self.inner.source.borrow_mut());
        self.inner.gate.borrow_mut().touch();
        self.inner.ticket.set(self.inner.ticket.get() + 1);
        self.show();
        result
    }

    fn at_pause(&self) {
        let this = self.clone();
        let ticket = self.inner.ticket.get();
        spawn_forever(async move {
            pause(TYPING_PAUSE).await;
            if this.inner.ticket.get() == ticket && !this.inner.composing.get() {
                this.save().await;
            }
        });
    }

    /// Begins the longest wait of the first character that no save has taken.
    fn at_longest(&self) {
        let save = self.inner.saves.get();
        if self.inner.longest_for.replace(Some(save)) == Some(save) {
            return;
        }
        let this = self.clone();
        spawn_forever(async move {
            pause(TYPING_WAIT_MAX).await;
            if this.inner.saves.get() == save {
                this.save().await;
            }
        });
    }

    async fn save(&self) {
        loop {
            if !self.inner.gate.borrow_mut().start() {
                return;
            }
            self.inner.saves.set(self.inner.saves.get() + 1);
            self.show();
            let request = self.inner.source.borrow_mut().take();
            let outcome = match request {
                Some(request) => {
                    let reply = self.inner.session.client().call(request).await;
                    self.inner.source.borrow_mut().settle(reply)
                }
                None => Ok(()),
            };
            let failed = outcome.is_err();
            let mut gate = self.inner.gate.borrow_mut();
            if self.inner.source.borrow().is_held_back() && !failed {
                gate.hold();
            } else {
                gate.end(outcome.map_err(|error| error.to_string()));
            }
            drop(gate);
            self.show();
            for waiting in self.inner.waiting.take() {
                // Whoever waited may have gone.
                let _ = waiting.send(());
            }
            if failed {
                // Whoever types on waits for the longest wait again.
                self.inner.longest_for.set(None);
                return;
            }
        }
    }

    fn show(&self) {
        let mark = self.inner.gate.borrow().mark();
        let mut shown = self.inner.mark;
        // The screen may be gone: then nobody reads the mark.
        if shown.try_peek().is_ok_and(|now| *now != mark)
            && let Ok(mut shown) = shown.try_write()
        {
            *shown = mark;
        }
    }
}

/// A saver over `source` for as long as the component lives; what is unsaved then still goes out.
pub(crate) fn use_autosave<S: Source>(source: impl FnOnce() -> S) -> (Autosave<S>, Signal<Mark>) {
    let session = use_session();
    let mark = use_signal(Mark::default);
    let (saver, number) = use_hook(|| {
        let saver = Autosave {
            inner: Rc::new(Inner {
                source: RefCell::new(source()),
                gate: RefCell::default(),
                ticket: Cell::new(0),
                saves: Cell::new(0),
                longest_for: Cell::new(None),
                composing: Cell::new(false),
                waiting: RefCell::default(),
                mark,
                session,
            }),
        };
        let flushed = saver.clone();
        (saver, session.register(Rc::new(move || flushed.flush())))
    });
    let last = saver.clone();
    use_drop(move || {
        last.flush();
        session.unregister(number);
    });
    (saver, mark)
}
