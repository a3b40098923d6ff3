//! 照片: the files themselves for a signed-in browser, and the photos that a record shows.

use super::{ConsoleState, PageError, request::SignedIn};
use crate::{
    files::{FileError, FileHash, StoredFile, open_file, open_thumbnail, photo_kept_in, thumbnail_kept_in},
    storage::StorageError,
};
use axum::extract::{Path, State};
use lianxin_shared::{
    domain::photo,
    replica::{Row, Value},
};
use maud::{Markup, html};
use rusqlite::Connection;

/// `GET /console/files/{village}/{hash}`
pub(super) async fn file(
    State(state): State<ConsoleState>,
    _: SignedIn,
    Path((village, hash)): Path<(String, String)>,
) -> Result<StoredFile, PageError> {
    let hash = FileHash::parse(&hash).ok_or(PageError::NotFound)?;
    let storage = state.storage.clone();
    Ok(tokio::task::spawn_blocking(move || open_file(&storage, &village, &hash)).await??)
}

/// `GET /console/files/{village}/{hash}/thumb`
pub(super) async fn thumbnail(
    State(state): State<ConsoleState>,
    _: SignedIn,
    Path((village, original)): Path<(String, String)>,
) -> Result<StoredFile, PageError> {
    let original = FileHash::parse(&original).ok_or(PageError::NotFound)?;
    let storage = state.storage.clone();
    Ok(tokio::task::spawn_blocking(move || open_thumbnail(&storage, &village, &original)).await??)
}

impl From<FileError> for PageError {
    fn from(error: FileError) -> Self {
        match error {
            FileError::Storage(error) => PageError::Storage(error),
            FileError::Io(error) => PageError::Disk(error),
            // Whatever else it is, there is nothing here to show.
            _ => PageError::NotFound,
        }
    }
}

/// A photo that a record shows.
pub(super) struct Photo {
    village: String,
    hash: String,
    caption: String,
    here: bool,
    has_thumbnail: bool,
}

/// The photos of a record as it stands, in the order of their hashes.
pub(super) fn photos_of(db: &Connection, row: &Row) -> Result<Vec<Photo>, StorageError> {
    let mut photos = Vec::new();
    for (field, version) in &row.fields {
        let Some(hash) = photo::hash_of_field(field) else { continue };
        let caption = match &version.value {
            Value::Null => continue,
            Value::Text(caption) => caption.clone(),
            _ => String::new(),
        };
        photos.push(Photo {
            village: row.village.clone(),
            hash: hash.to_owned(),
            caption,
            here: photo_kept_in(db, &row.village, hash)?.is_some(),
            has_thumbnail: thumbnail_kept_in(db, &row.village, hash)?.is_some(),
        });
    }
    Ok(photos)
}

/// Small pictures that lead to the large ones, and how many of these have not arrived.
pub(super) fn strip(photos: &[Photo]) -> Markup {
    let lacking = photos.iter().filter(|photo| !photo.here).count();
    html! {
        @if lacking > 0 {
            p.note.wait { "文字已到，照片差 " (lacking) " 张：还在拍照的手机里，有网时会接着传。" }
        }
        @if !photos.is_empty() { div.photos { @for photo in photos { (figure(photo)) } } }
    }
}

fn figure(photo: &Photo) -> Markup {
    let address = format!("/console/files/{}/{}", photo.village, photo.hash);
    let small = if photo.has_thumbnail { format!("{address}/thumb") } else { address.clone() };
    let shown = if photo.caption.is_empty() { "照片" } else { photo.caption.as_str() };
    html! {
        figure {
            @if photo.here { a href=(address) { img src=(small) alt=(shown) loading="lazy"; } }
            @else if photo.has_thumbnail { img src=(small) alt=(shown) loading="lazy"; }
            @else { span.lacking { "还没有到" } }
            @if !photo.caption.is_empty() { figcaption { (photo.caption) } }
        }
    }
}
