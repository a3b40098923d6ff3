//! The one way out: reqwest, natively over rustls, in the browser over fetch.

use reqwest::{Client, header};
use std::{io::Write, time::Duration};
use uuid::Uuid;

/// An exchange that takes longer has failed; the next batch is smaller.
#[allow(non_upper_case_globals)]
const exchange_seconds_max: u64 = 60;
/// Bodies from this size on are compressed.
#[allow(non_upper_case_globals)]
const compress_bytes_min: usize = 512;

/// Where a message goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Path {
    /// `/v1/sync`
    Sync,
    /// `/v1/repair`
    Repair,
    /// `/v1/salvage`
    Salvage,
    /// `/v1/clone`
    Clone,
    /// `/v1/history`, of this record.
    History(Uuid),
}

/// One request of one driver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// Where to.
    pub path: Path,
    /// Which of the machine's: an answer to any but its newest is nobody's. (A history is known by its record.)
    pub number: u64,
}

/// A request on its way.
#[derive(Debug)]
pub struct Exchange {
    /// What its answer names.
    pub asked: Asked,
    /// The server's address without a slash at its end.
    pub server_url: String,
    /// The device's secret.
    pub token: String,
    /// JSON.
    pub body: Vec<u8>,
}

/// How it ended.
#[derive(Debug)]
pub enum Answer {
    /// No connection, or it broke.
    Unreachable,
    /// Something answered.
    Body {
        /// HTTP status.
        status: u16,
        /// `Retry-After` in seconds.
        retry_after_s: Option<u64>,
        /// What it said, decompressed.
        body: Vec<u8>,
    },
}

/// Sends exchanges.
#[derive(Debug, Clone)]
pub struct Transport {
    pub(super) client: Client,
}

impl Transport {
    /// With its connection pool.
    ///
    /// # Errors
    /// When the platform's TLS cannot be set up.
    pub fn new() -> Result<Self, reqwest::Error> {
        #[cfg(not(target_family = "wasm"))]
        crate::platform::native::tls::choose();
        Ok(Self { client: Client::builder().build()? })
    }

    /// Sends one exchange and waits for its answer.
    pub async fn send(&self, exchange: Exchange) -> Answer {
        let path = match exchange.asked.path {
            Path::Sync => "/v1/sync",
            Path::Repair => "/v1/repair",
            Path::Salvage => "/v1/salvage",
            Path::Clone => "/v1/clone",
            Path::History(_) => "/v1/history",
        };
        let token = Some(exchange.token.as_str());
        self.post(&format!("{}{path}", exchange.server_url), token, exchange.body).await
    }

    /// Posts what may come twice without harm: when the connection breaks under it, once more.
    pub(super) async fn post(&self, url: &str, token: Option<&str>, body: Vec<u8>) -> Answer {
        let request = self.request(url, token, body);
        let again = request.try_clone();
        match (answer_of(request).await, again) {
            (Ok(answer), _) => answer,
            (Err(error), Some(again)) if is_worn_out(&error) => {
                answer_of(again).await.unwrap_or(Answer::Unreachable)
            }
            (Err(_), _) => Answer::Unreachable,
        }
    }

    /// Posts what must not come twice.
    pub(super) async fn post_once(&self, url: &str, body: Vec<u8>) -> Answer {
        answer_of(self.request(url, None, body)).await.unwrap_or(Answer::Unreachable)
    }

    fn request(&self, url: &str, token: Option<&str>, body: Vec<u8>) -> reqwest::RequestBuilder {
        let mut request = self
            .client
            .post(url)
            .timeout(Duration::from_secs(exchange_seconds_max))
            .header(header::CONTENT_TYPE, "application/json");
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        match compressed(&body) {
            Some((encoding, bytes)) => request.header(header::CONTENT_ENCODING, encoding).body(bytes),
            None => request.body(body),
        }
    }
}

/// Whether the connection was there and broke: the server may have closed it while the phone was busy with its last
/// answer.
#[cfg(not(target_family = "wasm"))]
fn is_worn_out(error: &reqwest::Error) -> bool {
    !error.is_connect() && !error.is_timeout()
}

/// Browsers see to that themselves.
#[cfg(target_family = "wasm")]
fn is_worn_out(_error: &reqwest::Error) -> bool {
    false
}

async fn answer_of(request: reqwest::RequestBuilder) -> Result<Answer, reqwest::Error> {
    let response = request.send().await?;
    let retry_after = response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
    let retry_after_s = retry_after.and_then(|text| text.parse().ok());
    let status = response.status().as_u16();
    Ok(Answer::Body { status, retry_after_s, body: response.bytes().await?.to_vec() })
}

/// The body compressed, with the encoding's name; none if it is not worth it.
fn compressed(body: &[u8]) -> Option<(&'static str, Vec<u8>)> {
    if body.len() < compress_bytes_min {
        return None;
    }
    #[cfg(not(target_family = "wasm"))]
    {
        zstd::bulk::compress(body, ZSTD_LEVEL).ok().map(|bytes| ("zstd", bytes))
    }
    #[cfg(target_family = "wasm")]
    {
        gzip(body).ok().map(|bytes| ("gzip", bytes))
    }
}

#[cfg(not(target_family = "wasm"))]
const ZSTD_LEVEL: i32 = 3;

#[cfg_attr(not(target_family = "wasm"), allow(dead_code, reason = "the browser's way; tested natively"))]
fn gzip(body: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(body)?;
    encoder.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn both_ways_of_compressing_come_back() {
        let body = "您写的都在本机。".repeat(200).into_bytes();
        let (encoding, bytes) = compressed(&body).unwrap();
        assert_eq!((encoding, zstd::bulk::decompress(&bytes, body.len()).unwrap()), ("zstd", body.clone()));
        let mut plain = Vec::new();
        flate2::read::GzDecoder::new(gzip(&body).unwrap().as_slice()).read_to_end(&mut plain).unwrap();
        assert_eq!(plain, body);
        assert!(compressed(b"{}").is_none());
    }
    /// Reads one request and answers it, without closing.
    fn answer_one(stream: &mut std::net::TcpStream) {
        read_one(stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").unwrap();
    }

    fn read_one(stream: &mut std::net::TcpStream) {
        let mut request = Vec::new();
        let mut byte = [0];
        while !request.ends_with(b"\r\n\r\n{}") {
            stream.read_exact(&mut byte).unwrap();
            request.push(byte[0]);
        }
    }

    #[tokio::test]
    async fn what_must_not_come_twice_is_sent_once() {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let url = format!("http://{}/v1/enrol", listener.local_addr().unwrap());
        let server = std::thread::spawn(move || {
            let (mut first, _) = listener.accept().unwrap();
            read_one(&mut first);
            // The code is used up, and the answer is lost.
            drop(first);
            listener
        });
        let answer = Transport::new().unwrap().post_once(&url, b"{}".to_vec()).await;
        assert!(matches!(answer, Answer::Unreachable), "{answer:?}");
        let listener = server.join().unwrap();
        listener.set_nonblocking(true).unwrap();
        assert!(listener.accept().is_err(), "nobody came again");
    }

    #[tokio::test]
    async fn a_connection_that_breaks_under_a_request_is_tried_once_more() {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let url = format!("http://{}/v1/sync", listener.local_addr().unwrap());
        let server = std::thread::spawn(move || {
            let (mut first, _) = listener.accept().unwrap();
            answer_one(&mut first);
            // The server gives the connection up just as the next request comes in.
            read_one(&mut first);
            drop(first);
            let (mut second, _) = listener.accept().unwrap();
            answer_one(&mut second);
        });
        let transport = Transport::new().unwrap();
        for _ in 0..2 {
            let answer = transport.post(&url, None, b"{}".to_vec()).await;
            assert!(matches!(answer, Answer::Body { status: 200, .. }), "{answer:?}");
        }
        server.join().unwrap();
    }
}
