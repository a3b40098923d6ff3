//! Photos being taken in: each chosen file is shrunk, kept by the store, and only then shown.

use dioxus::{html::FileData, prelude::*};

use super::session::{Session, use_session};
use crate::{
    platform::{Picture, PictureError, shrink},
    store::{Bytes, NewPhoto, PhotoName, Request, StoreError, draft::PhotoDraft},
    text::photo as words,
};

/// What is being taken in. Copies speak of the same.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct Taking {
    /// Which of how many is under way.
    pub(crate) progress: Signal<Option<(usize, usize)>>,
    /// What could not be taken in, each in words.
    pub(crate) troubles: Signal<Vec<String>>,
    /// Takes chosen files in.
    pub(crate) ontake: Callback<Vec<FileData>>,
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

/// Takes files in for a record of `village`, for as long as the component lives. `room` says how many more there may
/// be; `onkept` gets each photo that is durably there.
pub(crate) fn use_taking(
    village: String,
    room: impl Fn() -> usize + Copy + 'static,
    onkept: impl Fn(PhotoName) + Copy + 'static,
) -> Taking {
    let session = use_session();
    let mut progress = use_signal(|| None);
    let mut troubles = use_signal(Vec::new);
    // The work belongs to the component that called this hook, not to the step from which the files come.
    let ontake = use_callback(move |files: Vec<FileData>| {
        let village = village.clone();
        spawn(async move {
            let count = files.len();
            troubles.write().clear();
            for (at, file) in files.into_iter().enumerate() {
                if room() == 0 {
                    troubles.write().push(words::TOO_MANY.to_owned());
                    break;
                }
                progress.set(Some((at + 1, count)));
                match take(session, &village, &file).await {
                    Ok(name) => onkept(name),
                    Err(words) => troubles.write().push(words),
                }
            }
            progress.set(None);
        });
    });
    Taking { progress, troubles, ontake }
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
