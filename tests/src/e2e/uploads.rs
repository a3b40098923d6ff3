//! A device that sends and fetches files, request by request.

use super::Server;
use lianxin_server::files::FileHash;
use lianxin_shared::wire::PROTOCOL;
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};

/// The body of tus.
pub const UPLOAD_BODY: &str = "application/offset+octet-stream";

/// A noisy picture of `side`² pixels, different for each `seed`: a whole PNG of about 3·`side`² bytes.
pub fn photo(side: u32, seed: u32) -> Vec<u8> {
    let mut state = seed.wrapping_mul(2_654_435_761) | 1;
    let noise = image::RgbImage::from_fn(side, side, |_, _| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let [a, b, c, _] = state.to_be_bytes();
        image::Rgb([a, b, c])
    });
    let mut bytes = std::io::Cursor::new(Vec::new());
    noise.write_to(&mut bytes, image::ImageFormat::Png).expect("a picture");
    bytes.into_inner()
}

/// A noisy JPEG of `side`² pixels, different for each `seed`.
pub fn jpeg(side: u32, quality: u8, seed: u32) -> Vec<u8> {
    let noise = image::load_from_memory(&photo(side, seed)).expect("a picture").into_rgb8();
    let mut bytes = Vec::new();
    let encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, quality);
    noise.write_with_encoder(encoder).expect("a picture");
    bytes
}

/// A JPEG as a camera writes it: twice as wide as high, to be turned upright, and beside the pixels stands where it was
/// taken.
pub fn camera_jpeg(width: u32, seed: u32) -> Vec<u8> {
    // Sky, a hill and the ground under it, so that a person who looks at the test's pictures sees which way is up.
    let hill = |x: u32| width / 4 + (x * (seed + 3) / 7) % (width / 5);
    let scene = image::RgbImage::from_fn(width / 2, width, |x, y| match y {
        y if y < hill(x) => image::Rgb([150, 190, 225u8.saturating_sub((y / 16) as u8)]),
        y if y < width * 2 / 3 => image::Rgb([90 + (seed * 37 % 90) as u8, 130, 70 + (x % 40) as u8]),
        y => image::Rgb([150 + (y % 50) as u8, 110 + (x % 60) as u8, 80]),
    });
    let mut plain = Vec::new();
    let encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut plain, 92);
    image::imageops::rotate270(&scene).write_with_encoder(encoder).expect("a picture");
    // Big-endian TIFF with one entry: orientation (0x0112) 6, a quarter turn clockwise.
    let entry = [0x4D, 0x4D, 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0];
    let body = [b"Exif\0\0".as_slice(), &entry, CAMERA_PLACE].concat();
    let length = u16::try_from(body.len() + 2).expect("short").to_be_bytes();
    [&plain[..2], &[0xFF, 0xE1], &length, &body, &plain[2..]].concat()
}

/// What [`camera_jpeg`] says of its place.
pub const CAMERA_PLACE: &[u8] = b"GPS 30.123N 103.456E";

/// The hash by which a file is named.
pub fn hash_of(bytes: &[u8]) -> String {
    FileHash::of(bytes).to_string()
}

/// Base64 as tus wants it.
pub fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let number = (0..3).fold(0u32, |all, n| (all << 8) | u32::from(group.get(n).copied().unwrap_or(0)));
        for n in 0..4 {
            let digit = DIGITS[(number >> (18 - 6 * n)) as usize & 63];
            text.push(if n <= group.len() { digit as char } else { '=' });
        }
    }
    text
}

/// What came back: its status and its words.
#[derive(Debug)]
pub struct Refused {
    /// The status.
    pub status: StatusCode,
    /// For the program.
    pub code: String,
    /// For the person.
    pub message: String,
}

/// The device.
pub struct Sender {
    /// What it proves itself by.
    pub token: String,
    url: String,
    client: Client,
}

impl Sender {
    /// A new device of a cadre.
    pub async fn enrolled(server: &Server, cadre: &str) -> Self {
        let client = Client::new();
        let request = json!({
            "protocol": PROTOCOL, "code": server.code(cadre), "device_name": "sender", "app_version": "0"
        });
        let answer = client.post(format!("{}/v1/enrol", server.url())).json(&request).send().await;
        let answer: Value = answer.expect("an answer").json().await.expect("enrolled");
        let token = answer["token"].as_str().expect("a token").to_owned();
        Self { token, url: server.url().to_owned(), client }
    }

    /// The same device with another token, over another way.
    pub fn like(&self, url: &str, token: &str) -> Self {
        // No connection is shared, so that one that was cut is not used again.
        Self { token: token.to_owned(), url: url.to_owned(), client: Client::new() }
    }

    /// A request of tus to a path.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, format!("{}{path}", self.url));
        request.bearer_auth(&self.token).header("Tus-Resumable", "1.0.0")
    }

    /// `Upload-Metadata`: pairs of key and value.
    pub fn metadata(pairs: &[(&str, &str)]) -> String {
        let pairs: Vec<String> =
            pairs.iter().map(|(key, value)| format!("{key} {}", base64(value.as_bytes()))).collect();
        pairs.join(",")
    }

    /// Announces an original; its path and where to go on.
    ///
    /// # Errors
    /// The refusal.
    pub async fn create(&self, village: &str, hash: &str, bytes: usize) -> Result<(String, u64), Refused> {
        let told = Self::metadata(&[("village", village), ("hash", hash), ("role", "original")]);
        let request = self.request(Method::POST, "/v1/files").header("Upload-Length", bytes);
        let answer = accepted(request.header("Upload-Metadata", told)).await?;
        let location = answer.headers()["location"].to_str().expect("text").to_owned();
        Ok((location, offset_in(&answer)))
    }

    /// Sends bytes from an offset on; the new offset.
    ///
    /// # Errors
    /// The refusal.
    pub async fn append(&self, path: &str, at: u64, bytes: &[u8]) -> Result<u64, Refused> {
        Ok(offset_in(&accepted(self.appending(path, at).body(bytes.to_vec())).await?))
    }

    /// The same before its body.
    pub fn appending(&self, path: &str, at: u64) -> RequestBuilder {
        self.request(Method::PATCH, path).header("Upload-Offset", at).header("Content-Type", UPLOAD_BODY)
    }

    /// Where an upload stands.
    ///
    /// # Errors
    /// The status of the refusal.
    pub async fn offset(&self, path: &str) -> Result<u64, StatusCode> {
        let answer = self.request(Method::HEAD, path).send().await.expect("an answer");
        if answer.status() == StatusCode::OK { Ok(offset_in(&answer)) } else { Err(answer.status()) }
    }

    /// Sends an original, from wherever it stands.
    ///
    /// # Errors
    /// The refusal.
    pub async fn send(&self, village: &str, bytes: &[u8]) -> Result<String, Refused> {
        let hash = hash_of(bytes);
        let (path, at) = self.create(village, &hash, bytes.len()).await?;
        let rest = &bytes[usize::try_from(at).expect("a length")..];
        if !rest.is_empty() {
            self.append(&path, at, rest).await?;
        }
        Ok(hash)
    }

    /// Fetches `/v1/files/{path}`.
    ///
    /// # Errors
    /// The refusal.
    pub async fn fetch(&self, path: &str) -> Result<Vec<u8>, Refused> {
        let answer = accepted(self.request(Method::GET, &format!("/v1/files/{path}"))).await?;
        Ok(answer.bytes().await.expect("bytes").to_vec())
    }
}

/// The answer, if it is none of refusal.
///
/// # Errors
/// The refusal.
pub async fn accepted(request: RequestBuilder) -> Result<Response, Refused> {
    let answer = request.send().await.expect("an answer");
    let status = answer.status();
    if status.is_success() {
        return Ok(answer);
    }
    let body: Value = answer.json().await.expect("a refusal in words");
    let word = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    Err(Refused { status, code: word("code"), message: word("message") })
}

fn offset_in(answer: &Response) -> u64 {
    let offset = answer.headers().get("upload-offset").and_then(|offset| offset.to_str().ok());
    offset.and_then(|offset| offset.parse().ok()).expect("an offset")
}
