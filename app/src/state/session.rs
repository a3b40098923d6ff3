//! The session: the one handle through which screens reach the store, and what the store tells unasked.

use dioxus::{core::spawn_forever, prelude::*};
use futures_util::StreamExt;
use lianxin_shared::wire::v1::HistoryResponse;
use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};
use uuid::Uuid;

use super::{answer::Answer, taking::Intake};
use crate::store::{
    Event, Identity, NotTold, PhotoName, PhotoSize, Request, Status, StoreClient, StoreError, StorePhase,
    SyncLine,
};

/// A record's history, or why it cannot be shown.
pub(crate) type Told = Result<HistoryResponse, NotTold>;

/// Everything that all screens share. Copies speak of the same session.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct Session {
    client: CopyValue<StoreClient>,
    /// Who this phone is; none until the store has answered.
    pub(crate) status: Signal<Option<Status>>,
    /// The line at the top.
    pub(crate) line: Signal<SyncLine>,
    /// Where the store's life stands.
    pub(crate) phase: Signal<StorePhase>,
    /// Counts changes of records that came from outside: screens that read it ask again.
    pub(crate) changed: Signal<u64>,
    /// What was just done.
    pub(crate) note: Signal<Option<Note>>,
    /// Pictures that did not come from the township, and why; written whenever one came or did not.
    pub(crate) fetched: Signal<BTreeMap<(PhotoName, bool), String>>,
    /// The histories that were asked for last, each once it has come, or why it has not.
    pub(crate) history: Signal<BTreeMap<Uuid, Told>>,
    /// The records whose histories are still to be asked for, the next one last.
    history_wanted: CopyValue<Vec<Uuid>>,
    /// Photos on their way in, by the record that is to show them: they outlive its screen.
    pub(crate) takings: Signal<BTreeMap<String, Intake>>,
    /// Why the store could not say who this phone is.
    pub(crate) trouble: Signal<Option<StoreError>>,
    /// Starts the new version of the app that waits, if one does.
    pub(crate) update: Signal<Option<Update>>,
    flushers: CopyValue<Flushers>,
    /// Drafts that ended in this session: back passes over their steps.
    ended: CopyValue<BTreeSet<Uuid>>,
    /// A household that was chosen for a visit and was visited today already: its page asks.
    pub(crate) visited_already: CopyValue<Option<Uuid>>,
    /// The finished visit whose page lies beneath its correction: the way out of that leads back to it.
    pub(crate) amended_from: CopyValue<Option<Uuid>>,
}

/// A line that confirms what was just done.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Note {
    /// The one address where it is shown.
    pub(crate) at: String,
    /// What was done.
    pub(crate) words: String,
    /// The visit that was completed: the line goes on to say where it is.
    pub(crate) visit: Option<Uuid>,
}

/// Editors that are open, by number: asked to save at once when the page is hidden or the store must close.
#[derive(Clone, Default)]
struct Flushers(Rc<RefCell<BTreeMap<u64, Flush>>>);

/// Starts the new version of the app; the page is loaded afresh.
#[derive(Clone)]
pub(crate) struct Update(pub(crate) Flush);

/// Saves what one editor has.
pub(crate) type Flush = Rc<dyn Fn()>;

impl Session {
    /// A session over a store that has just been started; call once, in the root component.
    pub(crate) fn new(client: StoreClient) -> Self {
        Session {
            client: CopyValue::new(client),
            status: Signal::new(None),
            line: Signal::new(SyncLine::default()),
            phase: Signal::new(StorePhase::Opening),
            changed: Signal::new(0),
            note: Signal::new(None),
            history: Signal::new(BTreeMap::new()),
            history_wanted: CopyValue::new(Vec::new()),
            fetched: Signal::new(BTreeMap::new()),
            takings: Signal::new(BTreeMap::new()),
            trouble: Signal::new(None),
            update: Signal::new(None),
            flushers: CopyValue::new(Flushers::default()),
            ended: CopyValue::new(BTreeSet::new()),
            visited_already: CopyValue::new(None),
            amended_from: CopyValue::new(None),
        }
    }

    /// Asks the store.
    ///
    /// # Errors
    /// What the store says; [`StoreError::Broken`] if its answer is of another kind than the question.
    pub(crate) async fn ask<T: Answer>(self, request: Request) -> Result<T, StoreError> {
        let client = self.client();
        let reply = client.call(request).await?;
        T::from_reply(reply).ok_or_else(|| StoreError::Broken("answer of another kind".to_owned()))
    }

    /// Tells the store something whose answer nobody waits for.
    pub(crate) fn tell(self, request: Request) {
        let client = self.client();
        // A failure shows where it matters: the next request of a screen meets it too.
        spawn_forever(async move { drop(client.call(request).await) });
    }

    /// The store's client.
    pub(crate) fn client(self) -> StoreClient {
        self.client.read().clone()
    }

    /// The township's name, unit and villages of this cadre.
    pub(crate) fn identity(self) -> Identity {
        self.status.read().as_ref().and_then(|status| status.identity.clone()).unwrap_or_default()
    }

    /// Gets a picture from the township, if it can be had.
    pub(crate) fn fetch(mut self, name: &PhotoName, size: PhotoSize) {
        let picture = (name.clone(), size == PhotoSize::Full);
        if self.fetched.peek().contains_key(&picture) {
            self.fetched.write().remove(&picture);
        }
        self.tell(Request::FetchPicture { name: name.clone(), size });
    }

    /// Asks the township for the histories of records, one after another: it takes few requests of one phone at once.
    pub(crate) fn ask_history(mut self, mut records: Vec<Uuid>) {
        self.history.set(BTreeMap::new());
        records.reverse();
        self.history_wanted.set(records);
        self.ask_next_history();
    }

    fn ask_next_history(mut self) {
        let next = self.history_wanted.write().pop();
        if let Some(record) = next {
            self.tell(Request::FetchHistory { record });
        }
    }

    /// One has come. After a failure nothing more is asked: the page tells of it.
    fn take_history(mut self, record: Uuid, told: Told) {
        let goes_on = told.as_ref().err().is_none_or(|why| why.is_none);
        self.history.write().insert(record, told);
        if goes_on {
            self.ask_next_history();
        }
    }

    /// Why a picture has not come from the township, if it has not.
    pub(crate) fn why_not_fetched(self, name: &PhotoName, size: PhotoSize) -> Option<String> {
        self.fetched.read().get(&(name.clone(), size == PhotoSize::Full)).cloned()
    }

    /// Changes how the taking in of photos for a record stands.
    pub(crate) fn intake(mut self, record: &str, change: impl FnOnce(&mut Intake)) {
        let mut takings = self.takings.write();
        change(takings.entry(record.to_owned()).or_default());
        takings.retain(|_, intake| !intake.is_over());
    }

    /// Asks once more who this phone is.
    pub(crate) async fn refresh(mut self) {
        match self.ask::<Status>(Request::Status).await {
            Ok(status) => self.take_status(status),
            Err(error) => self.trouble.set(Some(error)),
        }
    }

    /// Takes the store's word on who this phone is.
    pub(crate) fn take_status(mut self, status: Status) {
        self.line.set(status.sync.clone());
        self.status.set(Some(status));
        self.trouble.set(None);
    }

    /// Notes an editor that must save when the page is hidden; the number unregisters it.
    pub(crate) fn register(self, flush: Flush) -> u64 {
        let flushers = self.flushers.read().clone();
        let mut open = flushers.0.borrow_mut();
        let number = open.keys().next_back().map_or(0, |last| last + 1);
        open.insert(number, flush);
        number
    }

    /// Forgets an editor.
    pub(crate) fn unregister(self, number: u64) {
        self.flushers.read().0.borrow_mut().remove(&number);
    }

    /// A draft was completed or thrown away.
    pub(crate) fn end_draft(mut self, id: Uuid) {
        self.ended.write().insert(id);
    }

    /// A draft is written again under its id: a finished visit is corrected.
    pub(crate) fn begin_draft(mut self, id: Uuid) {
        self.ended.write().remove(&id);
    }

    /// Whether a draft ended in this session.
    pub(crate) fn has_ended(self, id: Uuid) -> bool {
        self.ended.peek().contains(&id)
    }

    /// Every open editor saves now: the page may be gone in a moment.
    pub(crate) fn flush_all(self) {
        let open: Vec<_> = self.flushers.read().0.borrow().values().cloned().collect();
        for flush in open {
            flush();
        }
    }

    /// Starts the new version that waits, unless somebody is writing or a visit is half written.
    pub(crate) async fn update_if_idle(self) {
        let waiting = self.update.peek().clone();
        let Some(Update(start)) = waiting else { return };
        if self.flushers.peek().0.borrow().is_empty()
            && self.takings.peek().is_empty()
            && let Ok(status) = self.ask::<Status>(Request::Status).await
            && status.drafts_open == 0
        {
            start();
        }
    }

    /// Listens to the store's events until it ends.
    pub(crate) async fn listen_events(mut self) {
        let mut events = self.client().events();
        while let Some(event) = events.next().await {
            match event {
                Event::Sync(line) => {
                    // A receipt moves records from 待上报 to 已收到 without changing a word of them.
                    let moved = {
                        let before = self.line.peek();
                        (before.waiting, before.photos, before.last_ms)
                            != (line.waiting, line.photos, line.last_ms)
                    };
                    self.line.set(line);
                    if moved {
                        self.changed += 1;
                    }
                }
                Event::Changed => self.changed += 1,
                Event::Fetched { name, size, refusal } => {
                    let (picture, mut fetched) = ((name, size == PhotoSize::Full), self.fetched.write());
                    match refusal {
                        Some(words) => fetched.insert(picture, words),
                        None => fetched.remove(&picture),
                    };
                }
                Event::History { record, told } => self.take_history(record, told),
                Event::Standing => self.refresh().await,
            }
        }
    }

    /// Follows the phases of the store's life.
    pub(crate) async fn listen_phases(mut self) {
        let mut phases = self.client().phases();
        while let Some(phase) = phases.next().await {
            match phase {
                StorePhase::Open => self.refresh().await,
                StorePhase::Closing => self.flush_all(),
                _ => {}
            }
            self.phase.set(phase);
        }
    }
}

/// The session of this app.
pub(crate) fn use_session() -> Session {
    use_context::<Session>()
}
