//! A phone without a screen: the app's own store, driver and transport, in a folder of its own.

use super::{Server, until};
use futures_util::StreamExt;
use lianxin_app::{
    platform::now_ms,
    store::{
        Bytes, Edit, Event, Loaded, Mine, NewPhoto, PhotoName, PhotoSize, Reply, Request, Status,
        StoreClient, StoreError, SyncPhase,
    },
    sync::enrol,
};
use lianxin_shared::replica::{Base, FieldSet, kind};
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use uuid::Uuid;

/// The phone; while it is `asleep` its store is closed.
pub struct Headless {
    dir: PathBuf,
    /// Removed with it, where the folder is its own.
    _own: Option<TempDir>,
    client: Option<StoreClient>,
}

impl Headless {
    /// A phone that nobody has enrolled.
    pub fn fresh() -> Self {
        let own = TempDir::new().expect("temporary folder");
        let mut phone = Self { dir: own.path().to_owned(), _own: Some(own), client: None };
        phone.wake();
        phone
    }

    /// A phone whose data stay in `dir` when this one ends.
    pub fn in_folder(dir: &Path) -> Self {
        let mut phone = Self { dir: dir.to_owned(), _own: None, client: None };
        phone.wake();
        phone
    }

    /// A cadre's phone.
    pub async fn enrolled(server: &Server, cadre: &str) -> Self {
        let phone = Self::fresh();
        let enrolled = phone.enrol(server.url(), &server.code(cadre)).await;
        enrolled.unwrap_or_else(|words| panic!("{cadre}: {words}"));
        phone.synced().await;
        phone
    }

    /// Enrols; the words of the refusal otherwise.
    ///
    /// # Errors
    /// What the cadre reads when it does not work.
    pub async fn enrol(&self, url: &str, code: &str) -> Result<(), String> {
        let server_id = self.status().await.identity.map(|identity| identity.server_id);
        let enrolled = enrol(url, code, server_id).await.map_err(|error| error.to_string())?;
        let request = Request::Enrol { server_url: url.to_owned(), enrolled: Box::new(enrolled) };
        self.ask(request).await.map(drop).map_err(|error| error.to_string())
    }

    /// Another phone with the same data, asleep: as after a move to a new phone while the old one stays in use. This
    /// one must be asleep.
    pub fn copied(&self) -> Self {
        assert!(self.client.is_none(), "only a closed store is copied whole");
        let own = TempDir::new().expect("temporary folder");
        for entry in std::fs::read_dir(&self.dir).expect("its folder") {
            let entry = entry.expect("a file");
            std::fs::copy(entry.path(), own.path().join(entry.file_name())).expect("copied");
        }
        Self { dir: own.path().to_owned(), _own: Some(own), client: None }
    }

    /// Closes the store.
    pub fn sleep(&mut self) {
        self.client = None;
    }

    /// Opens the store (again).
    pub fn wake(&mut self) {
        self.client = Some(StoreClient::start_in(&self.dir).expect("a store"));
    }

    /// Asks the store.
    ///
    /// # Errors
    /// The store's own.
    pub async fn ask(&self, request: Request) -> Result<Reply, StoreError> {
        self.client.as_ref().expect("awake").call(request).await
    }

    /// Who it is and how its sync stands.
    pub async fn status(&self) -> Status {
        match self.ask(Request::Status).await {
            Ok(Reply::Status(status)) => status,
            other => panic!("{other:?}"),
        }
    }

    /// The page 我的.
    pub async fn mine(&self) -> Mine {
        match self.ask(Request::Mine).await {
            Ok(Reply::Mine(mine)) => *mine,
            other => panic!("{other:?}"),
        }
    }

    /// One record as an editor loads it; none if it is not on this phone.
    pub async fn record(&self, id: Uuid) -> Option<Loaded> {
        match self.ask(Request::Record { id }).await {
            Ok(Reply::Record(loaded)) => Some(loaded),
            Err(StoreError::NotFound) => None,
            other => panic!("{other:?}"),
        }
    }

    /// Writes down a new household and returns its id.
    pub async fn new_household(&self, village: &str, head: &str) -> Uuid {
        let set = FieldSet::from([("head".to_owned(), head.into())]);
        let (kind, village) = (kind::HOUSEHOLD.to_owned(), village.to_owned());
        match self.ask(Request::Save(Edit { kind, id: None, village, set, base: Base::new() })).await {
            Ok(Reply::Record(loaded)) => loaded.id,
            other => panic!("{other:?}"),
        }
    }

    /// Writes down a new member of a household and returns its id.
    pub async fn new_member(&self, village: &str, household: Uuid, name: &str) -> Uuid {
        let set = FieldSet::from([
            ("name".to_owned(), name.into()),
            ("household".to_owned(), household.to_string().into()),
        ]);
        let (kind, village) = (kind::PERSON.to_owned(), village.to_owned());
        match self.ask(Request::Save(Edit { kind, id: None, village, set, base: Base::new() })).await {
            Ok(Reply::Record(loaded)) => loaded.id,
            other => panic!("{other:?}"),
        }
    }

    /// Edits one field of a record that is on this phone, as an editor does that has just loaded it.
    ///
    /// # Errors
    /// The store's own.
    pub async fn edit(&self, id: Uuid, field: &str, value: &str) -> Result<Loaded, StoreError> {
        let loaded = self.record(id).await.unwrap_or_else(|| panic!("{id} is not on this phone"));
        let base = loaded.stamps.get(field).map(|stamp| (field.to_owned(), vec![*stamp]));
        let edit = Edit {
            kind: loaded.kind,
            id: Some(id),
            village: loaded.village,
            set: FieldSet::from([(field.to_owned(), value.into())]),
            base: base.into_iter().collect(),
        };
        match self.ask(Request::Save(edit)).await? {
            Reply::Record(loaded) => Ok(loaded),
            other => panic!("{other:?}"),
        }
    }

    /// A field's text as this phone shows it.
    pub async fn text(&self, id: Uuid, field: &str) -> String {
        let loaded = self.record(id).await.unwrap_or_else(|| panic!("{id} is not on this phone"));
        loaded.fields.get(field).and_then(|value| value.as_text()).unwrap_or_default().to_owned()
    }

    /// Keeps a photo as the screens do, and names it.
    pub async fn keep_photo(&self, village: &str, original: &[u8], thumb: &[u8]) -> PhotoName {
        let (original, thumb) = (Bytes::of(original), Bytes::of(thumb));
        let new = NewPhoto { village: village.to_owned(), original, thumb };
        match self.ask(Request::KeepPhoto(Box::new(new))).await {
            Ok(Reply::PhotoKept(name)) => name,
            other => panic!("{other:?}"),
        }
    }

    /// A picture that is on this phone.
    pub async fn picture(&self, name: &PhotoName, size: PhotoSize) -> Option<Vec<u8>> {
        match self.ask(Request::Picture { name: name.clone(), size }).await {
            Ok(Reply::Picture(bytes)) => bytes.map(|bytes| bytes.decode().expect("Base64")),
            other => panic!("{other:?}"),
        }
    }

    /// Asks the township for a picture; the words if it does not come.
    pub async fn refusal_of(&self, wanted: &PhotoName, wanted_size: PhotoSize) -> String {
        let mut events = self.client.as_ref().expect("awake").events();
        self.ask(Request::FetchPicture { name: wanted.clone(), size: wanted_size }).await.expect("heard");
        while let Some(event) = events.next().await {
            if let Event::Fetched { name, size, refusal } = event
                && (&name, size) == (wanted, wanted_size)
            {
                return refusal.expect("a refusal");
            }
        }
        panic!("the store has ended");
    }

    /// Presses 同步.
    pub async fn press_sync(&self) {
        self.ask(Request::SyncNow).await.expect("heard");
    }

    /// Presses 同步 and waits until everything is exchanged.
    pub async fn synced(&self) {
        let pressed_ms = now_ms();
        self.press_sync().await;
        until("everything is exchanged", async || {
            let line = self.status().await.sync;
            (line.phase == SyncPhase::Idle && line.waiting == 0 && line.last_ms >= pressed_ms).then_some(())
        })
        .await;
    }

    /// Presses 同步 and waits for the words of a problem that contain `part`.
    pub async fn told(&self, part: &str) {
        self.press_sync().await;
        until(part, async || self.status().await.sync.problem.contains(part).then_some(())).await;
    }
}
