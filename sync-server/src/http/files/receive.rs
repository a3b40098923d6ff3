//! A request's bytes on their way to the disk: each piece is written as it arrives, so that a broken connection costs
//! nothing that has arrived.

use super::{headers::Checksum, turns::Turn};
use crate::{
    clock::now_ms,
    files::{FileError, Upload, UploadFile, offset, original_bytes_max, settle},
    http::{ApiError, AppState, api::blocking},
};
use axum::body::{Body, Bytes, HttpBody};
use http_body_util::BodyExt;
use std::pin::Pin;

/// Where a request's bytes belong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Start {
    /// At the beginning; what was there before goes.
    Anew,
    /// Here, if the upload stands here.
    At(u64),
}

/// An upload being written. It moves into each piece of blocking work and back: if the request is given up meanwhile, the
/// turn ends with that work, not before.
struct Writing {
    upload: Upload,
    file: UploadFile,
    turn: Turn,
}

impl Writing {
    async fn open(state: &AppState, upload: Upload, turn: Turn, start: Start) -> Result<Self, ApiError> {
        let storage = state.storage.clone();
        blocking(move || {
            if let Start::At(at) = start
                && at != offset(&storage, &upload)
            {
                return Err(FileError::OffsetDiffers.into());
            }
            let mut file = storage.files().open_upload(&upload.id).map_err(FileError::from)?;
            if start == Start::Anew {
                file.cut(0).map_err(FileError::from)?;
            }
            Ok(Self { upload, file, turn })
        })
        .await
    }

    fn room(&self) -> u64 {
        self.upload.bytes.saturating_sub(self.file.length())
    }

    async fn append(mut self, bytes: Bytes) -> Result<Self, ApiError> {
        blocking(move || {
            self.file.append(&bytes).map_err(FileError::from)?;
            Ok(self)
        })
        .await
    }

    async fn cut(mut self, length: u64) -> Result<(), ApiError> {
        blocking(move || Ok(self.file.cut(length).map_err(FileError::from)?)).await
    }

    async fn settle(self, state: &AppState) -> Result<u64, ApiError> {
        let storage = state.storage.clone();
        blocking(move || {
            let Self { upload, file, turn } = self;
            drop(file);
            let offset = settle(&storage, &upload, now_ms())?;
            drop(turn);
            Ok(offset)
        })
        .await
    }
}

/// Takes a body into an upload and tells where it stands then.
pub(super) async fn receive(
    state: &AppState,
    upload: Upload,
    turn: Turn,
    start: Start,
    body: Body,
    check: Option<Checksum>,
) -> Result<u64, ApiError> {
    if upload.done {
        let (offset, wrong) = (upload.bytes, start != Start::At(upload.bytes));
        return drained(body, if wrong { Err(FileError::OffsetDiffers.into()) } else { Ok(offset) }).await;
    }
    let mut arriving = Arriving::new(body, &turn);
    let writing = match Writing::open(state, upload, turn, start).await {
        Ok(writing) => writing,
        Err(refused) => return drained(arriving.body, Err(refused)).await,
    };
    if arriving.body.size_hint().lower() > writing.room() {
        return drained(arriving.body, Err(FileError::TooLong.into())).await;
    }
    let taken = match check {
        Some(check) => all_or_nothing(writing, &mut arriving, &check).await,
        None => piece_by_piece(writing, &mut arriving).await,
    };
    match taken {
        Ok(writing) => writing.settle(state).await,
        // Its other end is most likely gone.
        Err(refused) if arriving.given_up => Err(refused),
        Err(refused) => drained(arriving.body, Err(refused)).await,
    }
}

async fn piece_by_piece(mut writing: Writing, body: &mut Arriving) -> Result<Writing, ApiError> {
    let begun = writing.file.length();
    while let Some(piece) = body.next().await? {
        if piece.len() as u64 > writing.room() {
            writing.cut(begun).await?;
            return Err(FileError::TooLong.into());
        }
        writing = writing.append(piece).await?;
    }
    Ok(writing)
}

async fn all_or_nothing(
    writing: Writing,
    body: &mut Arriving,
    check: &Checksum,
) -> Result<Writing, ApiError> {
    let mut all = Vec::new();
    while let Some(piece) = body.next().await? {
        if (all.len() + piece.len()) as u64 > writing.room() {
            return Err(FileError::TooLong.into());
        }
        all.extend_from_slice(&piece);
    }
    if !check.holds(&all) {
        return Err(FileError::ChecksumDiffers.into());
    }
    writing.append(all.into()).await
}

/// A body, for as long as nobody newer wants its upload.
struct Arriving {
    body: Body,
    wanted: Pin<Box<dyn Future<Output = ()> + Send>>,
    given_up: bool,
}

impl Arriving {
    fn new(body: Body, turn: &Turn) -> Self {
        Self { body, wanted: Box::pin(turn.wanted()), given_up: false }
    }

    /// The next bytes; none at the end. What has arrived already is taken before somebody newer is let in.
    async fn next(&mut self) -> Result<Option<Bytes>, FileError> {
        tokio::select! {
            biased;
            piece = next(&mut self.body) => piece,
            () = &mut self.wanted => {
                self.given_up = true;
                Err(FileError::Interrupted)
            }
        }
    }
}

/// The next bytes of a body; none at its end.
async fn next(body: &mut Body) -> Result<Option<Bytes>, FileError> {
    while let Some(frame) = body.frame().await {
        if let Ok(piece) = frame.map_err(|_| FileError::Interrupted)?.into_data() {
            return Ok(Some(piece));
        }
    }
    Ok(None)
}

/// Lets a body that is not wanted arrive before the answer goes, within limits: a sender that is cut off amid its bytes
/// would never read why.
pub(super) async fn drained<T>(mut body: Body, answer: Result<T, ApiError>) -> Result<T, ApiError> {
    let mut left = original_bytes_max;
    while let Ok(Some(piece)) = next(&mut body).await {
        left = left.saturating_sub(piece.len() as u64);
        if left == 0 {
            break;
        }
    }
    answer
}
