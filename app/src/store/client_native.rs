//! The store actor natively: one thread that owns the database.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Weak},
    thread,
    time::{Duration, Instant},
};

use tokio::{
    runtime::Builder,
    sync::mpsc::{UnboundedReceiver, UnboundedSender, WeakUnboundedSender, unbounded_channel},
};

use super::{
    Store, StoreClient, StoreError, StorePhase,
    client::Hub,
    link::{Desk, FromStore, ToStore, Work},
};
use crate::{
    platform::{
        native::{database::Database, paths},
        now_ms,
    },
    sync::{Effect, Transport},
};

/// How long a window that is just closing may take before this one says that there are two.
const CLOSING_PATIENCE: Duration = Duration::from_millis(500);
const CLOSING_POLL: Duration = Duration::from_millis(5);

impl StoreClient {
    /// Starts the actor over this user's own store.
    ///
    /// # Errors
    /// When the system gives no data folder or no thread.
    pub fn start() -> Result<Self, StoreError> {
        Self::start_in(&paths::data_dir()?)
    }

    /// Starts the actor over the store in the folder `dir`, creating it when it is not there. The actor ends, and the
    /// store is closed, when the last clone of the client is dropped.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start_in(dir: &Path) -> Result<Self, StoreError> {
        let (sender, inbox): (UnboundedSender<Signal>, _) = unbounded_channel();
        // A message after the thread's end has nobody to answer it; the phase already says so.
        let works = sender.downgrade();
        let hub = Hub::new(move |message| drop(sender.send(Signal::Message(message))));
        let actor = Actor { dir: dir.to_path_buf(), hub: Arc::downgrade(&hub), inbox, works };
        thread::Builder::new()
            .name("store".to_owned())
            .spawn(move || actor.run())
            .map_err(|error| StoreError::Stopped(error.to_string()))?;
        Ok(Self::over(hub))
    }
}

/// Everything the actor reacts to, in one queue.
enum Signal {
    Message(ToStore),
    Work(Work),
}

struct Actor {
    dir: PathBuf,
    /// Weak, so that the thread does not keep its own client alive.
    hub: Weak<Hub>,
    inbox: UnboundedReceiver<Signal>,
    /// Where exchanges and alarms report; weak for the same reason.
    works: WeakUnboundedSender<Signal>,
}

impl Actor {
    fn run(mut self) {
        loop {
            self.say(FromStore::Phase(StorePhase::Opening));
            // The database keeps the lock and must outlive the store.
            let opened =
                self.open().and_then(|(database, connection)| Ok((Store::open(connection)?, database)));
            match opened {
                Ok((store, _database)) => match self.serve(store) {
                    Ok(()) => return,
                    Err(error) => self.say(FromStore::Phase(StorePhase::Failed(error))),
                },
                Err(error) => self.say(FromStore::Phase(StorePhase::Failed(error))),
            }
            if !self.wait_for_retry() {
                return;
            }
        }
    }

    fn open(&self) -> Result<(Database, rusqlite::Connection), StoreError> {
        let database = Database::at(&self.dir)?;
        let patient_until = Instant::now() + CLOSING_PATIENCE;
        let mut locked = database.try_lock()?;
        while !locked && Instant::now() < patient_until {
            thread::sleep(CLOSING_POLL);
            locked = database.try_lock()?;
        }
        if !locked {
            self.say(FromStore::Phase(StorePhase::OtherTab { since_ms: None, unanswered: false }));
            database.wait_lock()?;
            self.say(FromStore::Phase(StorePhase::Opening));
        }
        let connection = database.open()?;
        Ok((database, connection))
    }

    /// Serves until the last client is gone. While an exchange is under way the store answers; while the store works,
    /// another thread moves the exchange on.
    fn serve(&mut self, store: Store) -> Result<(), StoreError> {
        let stopped = |error: &dyn std::fmt::Display| StoreError::Stopped(error.to_string());
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("network")
            .enable_all()
            .build()
            .map_err(|e| stopped(&e))?;
        let transport = Transport::new().map_err(|e| stopped(&e))?;
        let (mut desk, effects) = Desk::open(store)?;
        self.say(FromStore::Phase(StorePhase::Open));
        runtime.block_on(async {
            self.start(&transport, effects);
            while let Some(signal) = self.inbox.recv().await {
                let work = match signal {
                    Signal::Message(ToStore::Call { id, request }) => Work::Call { id, request },
                    Signal::Message(ToStore::TakeOver) => continue,
                    Signal::Work(work) => work,
                };
                let effects = desk.serve(work, |message| self.say(message));
                self.start(&transport, effects);
            }
        });
        Ok(())
    }

    /// Starts what the sync wants; each reports back through the queue.
    fn start(&self, transport: &Transport, effects: Vec<Effect>) {
        for effect in effects {
            let (works, transport) = (self.works.clone(), transport.clone());
            tokio::spawn(async move {
                let work = match effect {
                    Effect::Send(exchange) => {
                        let asked = exchange.asked;
                        Work::Answered(asked, transport.send(exchange).await)
                    }
                    Effect::SendFile(exchange) => {
                        let job = exchange.job.clone();
                        Work::FileAnswered(job, transport.send_file(exchange).await)
                    }
                    Effect::WakeAt { at_ms, wish } => {
                        let wait = u64::try_from(at_ms.saturating_sub(now_ms())).unwrap_or(0);
                        tokio::time::sleep(Duration::from_millis(wait)).await;
                        Work::Woke(wish)
                    }
                    Effect::GoOn => Work::GoOn,
                };
                if let Some(works) = works.upgrade() {
                    // The actor may have ended meanwhile; then nobody waits for this.
                    let _ = works.send(Signal::Work(work));
                }
            });
        }
    }

    /// Waits until the user asks for another try; `false` when the client is gone.
    fn wait_for_retry(&mut self) -> bool {
        loop {
            match self.inbox.blocking_recv() {
                Some(Signal::Message(ToStore::TakeOver)) => return true,
                Some(Signal::Message(ToStore::Call { id, .. })) => {
                    let stopped = StoreError::Stopped("还没有打开".to_owned());
                    self.say(FromStore::Reply { id, outcome: Err(stopped) });
                }
                Some(Signal::Work(_)) => {}
                None => return false,
            }
        }
    }

    fn say(&self, message: FromStore) {
        if let Some(hub) = self.hub.upgrade() {
            hub.receive(message);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use futures_util::{StreamExt, future::join_all};

    use super::*;
    use crate::store::{Reply, Request, StoreError};

    /// Waits until the client's store is in a phase that `wanted` accepts.
    async fn until(client: &StoreClient, wanted: impl Fn(&StorePhase) -> bool) {
        let mut phases = client.phases();
        while let Some(phase) = phases.next().await {
            if wanted(&phase) {
                return;
            }
        }
    }

    async fn place(client: &StoreClient) -> String {
        match client.call(Request::Status).await {
            Ok(Reply::Status(status)) => status.place,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn what_was_answered_is_there_after_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let client = StoreClient::start_in(dir.path()).unwrap();
        // Asked before the store is open: requests wait, in their order.
        let saved = ["/diary", "/households"]
            .map(|route| client.call(Request::SavePlace { route: route.to_owned() }));
        for outcome in join_all(saved).await {
            assert_eq!(outcome, Ok(Reply::Done));
        }
        drop(client);
        let client = StoreClient::start_in(dir.path()).unwrap();
        assert_eq!(place(&client).await, "/households");
    }

    #[tokio::test]
    async fn a_second_window_says_so_and_takes_its_turn_when_the_first_closes() {
        let dir = tempfile::tempdir().unwrap();
        let first = StoreClient::start_in(dir.path()).unwrap();
        assert_eq!(place(&first).await, "");
        let second = StoreClient::start_in(dir.path()).unwrap();
        until(&second, |phase| matches!(phase, StorePhase::OtherTab { .. })).await;
        assert_eq!(second.call(Request::Status).await, Err(StoreError::OtherTab));
        drop(first);
        until(&second, |phase| *phase == StorePhase::Open).await;
        assert_eq!(place(&second).await, "");
    }

    #[tokio::test]
    async fn a_lost_key_is_told_and_another_try_opens_once_it_is_back() {
        let dir = tempfile::tempdir().unwrap();
        let client = StoreClient::start_in(dir.path()).unwrap();
        assert_eq!(client.call(Request::SavePlace { route: "/mine".to_owned() }).await, Ok(Reply::Done));
        drop(client);
        let (key, hidden) = (dir.path().join("lianxin.key"), dir.path().join("hidden"));
        // Its thread ends after its last client is gone; then the key can be taken away.
        Database::at(dir.path()).unwrap().wait_lock().unwrap();
        fs::rename(&key, &hidden).unwrap();

        let client = StoreClient::start_in(dir.path()).unwrap();
        until(&client, |phase| matches!(phase, StorePhase::Failed(StoreError::Locked(_)))).await;
        let refused = client.call(Request::Status).await;
        assert!(matches!(refused, Err(StoreError::Locked(_))), "{refused:?}");
        fs::rename(&hidden, &key).unwrap();
        client.take_over();
        until(&client, |phase| *phase == StorePhase::Open).await;
        assert_eq!(place(&client).await, "/mine");
    }
}
