//! The bodies of the sync API, packed both ways. Unpacking and packing take time and memory by the size of what is
//! exchanged: both happen off the reactor, and only so many at once as memory holds.

use super::{ApiError, api::blocking};
use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use lianxin_shared::wire::v1::ErrorCode;
use serde::{Serialize, de::DeserializeOwned};
use std::{
    io::{self, Read},
    sync::Arc,
};
use tokio::sync::{Semaphore, SemaphorePermit};

/// The largest body after unpacking.
#[allow(non_upper_case_globals)]
pub const plain_bytes_max: usize = 64 * 1024 * 1024;
/// Unpacked bodies in memory at once, together; a larger one waits until it is alone.
#[allow(non_upper_case_globals)]
const intake_mb_max: u32 = 12;
/// Answers that are put together at once.
#[allow(non_upper_case_globals)]
const answers_at_once_max: usize = 3;
/// zstd's own default: higher levels cost a phone's battery nothing, but the server time.
const ZSTD_LEVEL: i32 = 3;

/// How a body is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Packing {
    Zstd,
    Gzip,
    None,
}

impl Packing {
    /// Of a body that came.
    fn of(headers: &HeaderMap) -> Option<Self> {
        match headers.get(header::CONTENT_ENCODING).map(HeaderValue::as_bytes) {
            None | Some(b"identity") => Some(Packing::None),
            Some(b"gzip") => Some(Packing::Gzip),
            Some(b"zstd") => Some(Packing::Zstd),
            Some(_) => None,
        }
    }

    /// The best that the asker can unpack.
    fn accepted(headers: &HeaderMap) -> Self {
        let accepts = |name| {
            let lines = headers.get_all(header::ACCEPT_ENCODING).into_iter();
            let mut names = lines.filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(','));
            names.any(|one| one.split(';').next().is_some_and(|one| one.trim() == name))
        };
        match (accepts("zstd"), accepts("gzip")) {
            (true, _) => Packing::Zstd,
            (false, true) => Packing::Gzip,
            (false, false) => Packing::None,
        }
    }

    /// What the body says that it unpacks to; the most that is allowed if it does not say.
    fn claimed_bytes(self, body: &[u8]) -> usize {
        let claimed = match self {
            Packing::None => Some(body.len()),
            Packing::Gzip => body.last_chunk().map(|size| u32::from_le_bytes(*size) as usize),
            Packing::Zstd => zstd::zstd_safe::get_frame_content_size(body)
                .ok()
                .flatten()
                .and_then(|size| usize::try_from(size).ok()),
        };
        claimed.unwrap_or(plain_bytes_max)
    }

    /// The plain bytes: as many as were claimed and not one more.
    fn unpack(self, body: &[u8], claimed: usize) -> io::Result<Vec<u8>> {
        let limit = claimed as u64 + 1;
        let mut plain = Vec::with_capacity(claimed.min(body.len().saturating_mul(16)));
        match self {
            Packing::None => return Ok(body.to_vec()),
            Packing::Gzip => flate2::read::GzDecoder::new(body).take(limit).read_to_end(&mut plain)?,
            Packing::Zstd => zstd::Decoder::new(body)?.take(limit).read_to_end(&mut plain)?,
        };
        if plain.len() > claimed { Err(io::ErrorKind::InvalidData.into()) } else { Ok(plain) }
    }

    /// A message as it is sent.
    fn pack(self, message: &impl Serialize) -> io::Result<Vec<u8>> {
        match self {
            Packing::None => Ok(serde_json::to_vec(message)?),
            Packing::Gzip => {
                let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
                serde_json::to_writer(&mut packer, message)?;
                packer.finish()
            }
            Packing::Zstd => {
                let mut packer = zstd::Encoder::new(Vec::new(), ZSTD_LEVEL)?;
                serde_json::to_writer(&mut packer, message)?;
                packer.finish()
            }
        }
    }
}

/// A request's body as it arrived.
pub(super) struct Packed {
    body: Bytes,
    packing: Packing,
    /// How the answer may be packed.
    answer: Packing,
}

impl<S: Send + Sync> FromRequest<S> for Packed {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let (packing, answer) = (Packing::of(request.headers()), Packing::accepted(request.headers()));
        let body =
            Bytes::from_request(request, state).await.map_err(|rejection| match rejection.status() {
                StatusCode::PAYLOAD_TOO_LARGE => too_large(),
                _ => malformed(),
            })?;
        Ok(Self { body, packing: packing.ok_or_else(malformed)?, answer })
    }
}

pub(super) fn too_large() -> ApiError {
    ApiError::new(ErrorCode::TooLarge, "这一批太大，会自动分小了再报。您写的都在本机。")
}

pub(super) fn malformed() -> ApiError {
    let words = "上报的内容看不懂，没有存下。您写的都在本机，请把连心册更新到最新版。";
    ApiError::new(ErrorCode::Malformed, words)
}

/// Where requests take their turns.
#[derive(Debug, Clone)]
pub(super) struct Desk {
    intake: Arc<Semaphore>,
    answers: Arc<Semaphore>,
}

impl Default for Desk {
    fn default() -> Self {
        Self {
            intake: Arc::new(Semaphore::new(intake_mb_max as usize)),
            answers: Arc::new(Semaphore::new(answers_at_once_max)),
        }
    }
}

impl Desk {
    /// Unpacks a request and does its `work`.
    ///
    /// # Errors
    /// When the body is too large or cannot be read; what `work` says.
    pub(super) async fn take<T: DeserializeOwned, R: Send + 'static>(
        &self,
        Packed { body, packing, .. }: Packed,
        work: impl FnOnce(T) -> Result<R, ApiError> + Send + 'static,
    ) -> Result<R, ApiError> {
        let claimed = packing.claimed_bytes(&body);
        if claimed > plain_bytes_max {
            return Err(too_large());
        }
        let _turn = turn(&self.intake, megabytes(claimed)).await?;
        blocking(move || {
            let plain = packing.unpack(&body, claimed).map_err(|_| malformed())?;
            drop(body);
            let request = serde_json::from_slice(&plain).map_err(|_| malformed())?;
            drop(plain);
            work(request)
        })
        .await
    }

    /// Does the `work` of answering and packs what comes of it.
    ///
    /// # Errors
    /// What `work` says.
    pub(super) async fn answer<R: Serialize>(
        &self,
        packing: Answer,
        work: impl FnOnce() -> Result<R, ApiError> + Send + 'static,
    ) -> Result<Response, ApiError> {
        let _turn = turn(&self.answers, 1).await?;
        let body =
            blocking(move || packing.0.pack(&work()?).map_err(|error| ApiError::unavailable(&error))).await?;
        let mut response = ([(header::CONTENT_TYPE, "application/json")], body).into_response();
        let name = match packing.0 {
            Packing::Zstd => "zstd",
            Packing::Gzip => "gzip",
            Packing::None => return Ok(response),
        };
        response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static(name));
        Ok(response)
    }
}

/// How the answer to a request is packed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Answer(Packing);

impl Packed {
    /// How its answer is packed.
    pub(super) fn answer(&self) -> Answer {
        Answer(self.answer)
    }
}

fn megabytes(bytes: usize) -> u32 {
    u32::try_from(bytes >> 20).map_or(intake_mb_max, |whole| (whole + 1).min(intake_mb_max))
}

async fn turn(semaphore: &Semaphore, places: u32) -> Result<SemaphorePermit<'_>, ApiError> {
    semaphore.acquire_many(places).await.map_err(|error| ApiError::unavailable(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: header::HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[test]
    fn what_is_packed_is_unpacked_and_says_its_size() {
        let words = vec!["阿婆说井水浑了"; 200];
        let plain = serde_json::to_vec(&words).unwrap();
        for packing in [Packing::None, Packing::Gzip] {
            let body = packing.pack(&words).unwrap();
            assert_eq!(packing.claimed_bytes(&body), plain.len(), "{packing:?}");
            assert_eq!(packing.unpack(&body, plain.len()).unwrap(), plain);
        }
        let body = zstd::bulk::compress(&plain, ZSTD_LEVEL).unwrap();
        assert_eq!(Packing::Zstd.claimed_bytes(&body), plain.len());
        assert_eq!(Packing::Zstd.unpack(&body, plain.len()).unwrap(), plain);
        // A stream does not say it: as much as may be.
        let stream = Packing::Zstd.pack(&words).unwrap();
        assert_eq!(Packing::Zstd.claimed_bytes(&stream), plain_bytes_max);
        assert_eq!(Packing::Zstd.unpack(&stream, plain_bytes_max).unwrap(), plain);
    }

    #[test]
    fn a_body_that_unpacks_to_more_than_it_claims_is_refused() {
        let mut body = Packing::Gzip.pack(&vec![0_u8; 1_000_000]).unwrap();
        let size = body.len() - 4;
        body[size..].copy_from_slice(&100_u32.to_le_bytes());
        assert!(Packing::Gzip.unpack(&body, Packing::Gzip.claimed_bytes(&body)).is_err());
    }

    #[test]
    fn the_best_packing_that_the_asker_knows_is_taken() {
        let of = |value| Packing::accepted(&headers(header::ACCEPT_ENCODING, value));
        assert_eq!(of("gzip, deflate, br, zstd"), Packing::Zstd);
        assert_eq!(of("gzip;q=0.8, br"), Packing::Gzip);
        assert_eq!(of("br"), Packing::None);
        assert_eq!(Packing::accepted(&HeaderMap::new()), Packing::None);
        assert_eq!(Packing::of(&headers(header::CONTENT_ENCODING, "br")), None);
    }
}
