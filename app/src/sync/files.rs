//! Requests for files: photos on their way to the township by tus 1.0.0, and from it.

use super::Transport;
use crate::store::{PhotoName, PhotoSize};
use reqwest::header;
use std::time::Duration;

/// A request that takes longer has failed: the longest piece at 4 KB a second.
#[allow(non_upper_case_globals)]
const request_seconds_max: u64 = 70;

/// What a request is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileJob {
    /// A step of the courier, by its number: an answer to any but the newest is nobody's.
    Courier(u64),
    /// A picture that a screen wants.
    Fetch(PhotoName, PhotoSize),
}

/// The methods that files need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Creation.
    Post,
    /// Where it stands.
    Head,
    /// More bytes.
    Patch,
    /// A picture.
    Get,
}

/// A request on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileExchange {
    /// What for.
    pub job: FileJob,
    /// How.
    pub method: Method,
    /// The whole address.
    pub url: String,
    /// The device's secret.
    pub token: String,
    /// Headers of tus.
    pub headers: Vec<(&'static str, String)>,
    /// Bytes of a file.
    pub body: Vec<u8>,
}

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileAnswer {
    /// No connection, or it broke.
    Unreachable,
    /// Something answered.
    Said {
        /// HTTP status.
        status: u16,
        /// `Location`
        location: Option<String>,
        /// `Upload-Offset`
        offset: Option<u64>,
        /// `Retry-After` in seconds.
        retry_after_s: Option<u64>,
        /// What it said.
        body: Vec<u8>,
    },
}

impl Transport {
    /// Sends one request for a file and waits for its answer.
    pub async fn send_file(&self, exchange: FileExchange) -> FileAnswer {
        let method = match exchange.method {
            Method::Post => reqwest::Method::POST,
            Method::Head => reqwest::Method::HEAD,
            Method::Patch => reqwest::Method::PATCH,
            Method::Get => reqwest::Method::GET,
        };
        let mut request = self
            .client
            .request(method, &exchange.url)
            .timeout(Duration::from_secs(request_seconds_max))
            .bearer_auth(&exchange.token);
        for (name, value) in exchange.headers {
            request = request.header(name, value);
        }
        if !exchange.body.is_empty() {
            request = request.body(exchange.body);
        }
        said(request).await.unwrap_or(FileAnswer::Unreachable)
    }
}

async fn said(request: reqwest::RequestBuilder) -> Result<FileAnswer, reqwest::Error> {
    let response = request.send().await?;
    let text = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
    let (location, offset) = (text("location").map(str::to_owned), text("upload-offset"));
    let offset = offset.and_then(|number| number.parse().ok());
    let retry_after_s = text(header::RETRY_AFTER.as_str()).and_then(|number| number.parse().ok());
    let status = response.status().as_u16();
    Ok(FileAnswer::Said { status, location, offset, retry_after_s, body: response.bytes().await?.to_vec() })
}
