//! Photos being taken in: each chosen file is shrunk, kept by the store, and only then shown.
//!
//! The work goes on when the screen is left: what was chosen is taken in, or it is said which was not. Nobody opens the
//! same record before that ([`use_arrival`]), so that no two editors write over one another.

use dioxus::{core::spawn_forever, html::FileData, prelude::*};

use super::{
    autosave::{Autosave, Source},
    session::{Session, use_session},
};
use crate::{
    platform::{Picture, PictureError, shrink},
    store::{Bytes, NewPhoto, PhotoName, Request, StoreError, draft::PhotoDraft},
    text::photo as words,
};

/// What is edited, and may show photos.
pub(crate) trait HoldsPhotos: Source {
    /// How many more there may be; none if nothing can be added any more.
    fn room(&self) -> Option<usize>;
    /// Shows one that the store has kept; once, however often it was chosen.
    fn add_photo(&mut self, hash: &str);
}

/// How the taking in for one record stands.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Intake {
    /// Which of how many is under way.
    pub(crate) progress: Option<(usize, usize)>,
    /// What could not be taken in, each in words.
    pub(crate) troubles: Vec<String>,
    /// So many screens show this.
    screens: usize,
}

impl Intake {
    /// Whether nobody has anything more to learn of it.
    pub(crate) fn is_over(&self) -> bool {
        *self == Intake::default()
    }

    /// Whether no screen of the record shows it.
    pub(crate) fn is_unseen(&self) -> bool {
        self.screens == 0
    }
}

/// The taking in of photos for one record. Copies speak of the same.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct Taking {
    session: Session,
    record: CopyValue<String>,
    /// Takes chosen files in.
    pub(crate) ontake: Callback<Vec<FileData>>,
}

impl Taking {
    /// How it stands.
    pub(crate) fn intake(self) -> Intake {
        self.session.takings.read().get(&*self.record.read()).cloned().unwrap_or_default()
    }

    /// Whether a photo is under way.
    pub(crate) fn is_busy(self) -> bool {
        self.intake().progress.is_some()
    }
}

/// A change of what a record shows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum PhotoEdit {
    /// A caption as typed so far.
    Caption(String, String),
    /// A caption's field was left.
    Left,
    /// Characters are being composed.
    Composing(bool),
    /// Taken off.
    Remove(String),
    /// Put back where it was.
    PutBack(usize, PhotoDraft),
}

/// Takes files in for a record (by a name that no other has) of `village`. `shown` is raised for each, while there is a
/// screen to draw.
pub(crate) fn use_taking<S: HoldsPhotos>(
    record: String,
    village: String,
    (saver, shown): (CopyValue<Autosave<S>>, Signal<u64>),
) -> Taking {
    let session = use_session();
    let record = use_hook(|| {
        session.intake(&record, |intake| intake.screens += 1);
        CopyValue::new(record)
    });
    let left = record.peek().clone();
    use_drop(move || session.intake(&left, |intake| intake.screens = intake.screens.saturating_sub(1)));
    let ontake = use_callback(move |files: Vec<FileData>| {
        let (saver, record) = (saver.peek().clone(), record.peek().clone());
        let intake = TakeIn { session, record, village: village.clone(), saver, shown };
        spawn_forever(intake.all(files));
    });
    Taking { session, record, ontake }
}

/// Which photo is still under way for a record whose screen was left before; the record opens when none is.
pub(crate) fn use_arrival(record: &str) -> Option<(usize, usize)> {
    let session = use_session();
    let mut is_here = use_hook(|| CopyValue::new(false));
    if *is_here.peek() {
        return None;
    }
    let progress = session.takings.read().get(record).and_then(|intake| intake.progress);
    is_here.set(progress.is_none());
    progress
}

/// One choice of files on its way in.
struct TakeIn<S> {
    session: Session,
    record: String,
    village: String,
    saver: Autosave<S>,
    shown: Signal<u64>,
}

impl<S: HoldsPhotos> TakeIn<S> {
    async fn all(mut self, files: Vec<FileData>) {
        let count = files.len();
        self.note(|intake| intake.troubles.clear());
        for (at, file) in files.into_iter().enumerate() {
            match self.saver.read(S::room) {
                None => break,
                Some(0) => {
                    self.note(|intake| intake.troubles.push(words::TOO_MANY.to_owned()));
                    break;
                }
                Some(_) => self.note(|intake| intake.progress = Some((at + 1, count))),
            }
            match take(self.session, &self.village, &file).await {
                Ok(name) => {
                    self.saver.change(|record| record.add_photo(&name.hash));
                    if let Ok(mut shown) = self.shown.try_write() {
                        *shown += 1;
                    }
                }
                Err(words) => self.note(|intake| intake.troubles.push(words)),
            }
        }
        let saved = self.saver.settled().await;
        self.note(|intake| {
            intake.progress = None;
            // On the record's own screen the failure stands already, with another try.
            if let Some(why) = saved.err().filter(|_| intake.is_unseen()) {
                intake.troubles.push(words::not_noted(&why));
            }
        });
    }

    fn note(&self, change: impl FnOnce(&mut Intake)) {
        self.session.intake(&self.record, change);
    }
}

async fn take(session: Session, village: &str, file: &FileData) -> Result<PhotoName, String> {
    let refused = |error: PictureError| words::not_taken(&file.name(), &error.to_string());
    let shrunk = {
        let picture = decode(file).await.map_err(refused)?;
        shrink(&picture).await.map_err(refused)?
    };
    let new = NewPhoto {
        village: village.to_owned(),
        original: Bytes::of(&shrunk.original),
        thumb: Bytes::of(&shrunk.thumb),
    };
    let kept = session.ask::<PhotoName>(Request::KeepPhoto(Box::new(new))).await;
    kept.map_err(|error| match error {
        StoreError::Full => words::no_room(&file.name()),
        other => words::not_taken(&file.name(), &other.to_string()),
    })
}

#[cfg(target_family = "wasm")]
async fn decode(file: &FileData) -> Result<Picture, PictureError> {
    let chosen = file.inner().downcast_ref::<web_sys::File>().ok_or(PictureError::Unreadable)?;
    Picture::of(chosen).await
}

#[cfg(not(target_family = "wasm"))]
async fn decode(file: &FileData) -> Result<Picture, PictureError> {
    if file.size() > crate::platform::file_bytes_max {
        return Err(PictureError::TooLarge);
    }
    let bytes = file.read_bytes().await.map_err(|_| PictureError::Unreadable)?;
    Picture::of(&bytes)
}
