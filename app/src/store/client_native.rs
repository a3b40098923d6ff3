//! The store actor natively: one thread that owns the database.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Weak,
        mpsc::{Receiver, channel},
    },
    thread,
};

use super::{
    Store, StoreClient, StoreError, StorePhase,
    client::Hub,
    link::{FromStore, ToStore, answer},
};
use crate::platform::native::{database::Database, paths};

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
        let (sender, inbox) = channel();
        // A message after the thread's end has nobody to answer it; the phase already says so.
        let hub = Hub::new(move |message| drop(sender.send(message)));
        let actor = Actor { dir: dir.to_path_buf(), hub: Arc::downgrade(&hub), inbox };
        thread::Builder::new()
            .name("store".to_owned())
            .spawn(move || actor.run())
            .map_err(|error| StoreError::Stopped(error.to_string()))?;
        Ok(Self::over(hub))
    }
}

struct Actor {
    dir: PathBuf,
    /// Weak, so that the thread does not keep its own client alive.
    hub: Weak<Hub>,
    inbox: Receiver<ToStore>,
}

impl Actor {
    fn run(self) {
        loop {
            self.say(FromStore::Phase(StorePhase::Opening));
            // The database keeps the lock and must outlive the store.
            let opened =
                self.open().and_then(|(database, connection)| Ok((Store::open(connection)?, database)));
            match opened {
                Ok((store, _database)) => return self.serve(store),
                Err(error) => self.say(FromStore::Phase(StorePhase::Failed(error))),
            }
            if !self.wait_for_retry() {
                return;
            }
        }
    }

    fn open(&self) -> Result<(Database, rusqlite::Connection), StoreError> {
        let database = Database::at(&self.dir)?;
        if !database.try_lock()? {
            self.say(FromStore::Phase(StorePhase::OtherTab { since_ms: None, unanswered: false }));
            database.wait_lock()?;
            self.say(FromStore::Phase(StorePhase::Opening));
        }
        let connection = database.open()?;
        Ok((database, connection))
    }

    fn serve(&self, mut store: Store) {
        self.say(FromStore::Phase(StorePhase::Open));
        while let Ok(message) = self.inbox.recv() {
            if let ToStore::Call { id, request } = message {
                answer(&mut store, id, request, |reply| self.say(reply));
            }
        }
    }

    /// Waits until the user asks for another try; `false` when the client is gone.
    fn wait_for_retry(&self) -> bool {
        loop {
            match self.inbox.recv() {
                Ok(ToStore::TakeOver) => return true,
                Ok(ToStore::Call { id, .. }) => {
                    let stopped = StoreError::Stopped("还没有打开".to_owned());
                    self.say(FromStore::Reply { id, outcome: Err(stopped) });
                }
                Err(_) => return false,
            }
        }
    }

    fn say(&self, message: FromStore) {
        if let Some(hub) = self.hub.upgrade() {
            hub.receive(message);
        }
    }
}
