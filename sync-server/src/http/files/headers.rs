//! The headers of tus 1.0.0.

use crate::files::{FileError, FileHash, NewUpload, Role};
use axum::http::{HeaderMap, header};
use base64::{Engine, engine::general_purpose::STANDARD};
use lianxin_shared::domain::region;
use sha1::Sha1;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// The version that we speak.
pub(super) const VERSION: &str = "1.0.0";
/// What we can beyond the core.
pub(super) const EXTENSIONS: &str = "creation,creation-with-upload,checksum,termination";
/// Of a request's bytes.
pub(super) const CHECKSUM_ALGORITHMS: &str = "sha1,sha256";

pub(super) const RESUMABLE: &str = "tus-resumable";
pub(super) const TUS_VERSION: &str = "tus-version";
pub(super) const TUS_EXTENSION: &str = "tus-extension";
pub(super) const TUS_CHECKSUM_ALGORITHM: &str = "tus-checksum-algorithm";
pub(super) const MAX_SIZE: &str = "tus-max-size";
pub(super) const UPLOAD_OFFSET: &str = "upload-offset";
pub(super) const UPLOAD_LENGTH: &str = "upload-length";
pub(super) const METHOD_OVERRIDE: &str = "x-http-method-override";
const UPLOAD_METADATA: &str = "upload-metadata";
const UPLOAD_CHECKSUM: &str = "upload-checksum";
const UPLOAD_BODY: &str = "application/offset+octet-stream";

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Whether the body is part of a file.
pub(super) fn is_upload_body(headers: &HeaderMap) -> bool {
    text(headers, header::CONTENT_TYPE.as_str()) == Some(UPLOAD_BODY)
}

/// A header that is a number of bytes.
pub(super) fn number_of(headers: &HeaderMap, name: &'static str) -> Result<u64, FileError> {
    text(headers, name).and_then(|number| number.parse().ok()).ok_or(FileError::Malformed(name))
}

/// What `Upload-Length` and `Upload-Metadata` announce. Other keys are nobody's business here.
pub(super) fn new_upload_of(headers: &HeaderMap) -> Result<NewUpload, FileError> {
    let bytes = number_of(headers, UPLOAD_LENGTH)?;
    let known = metadata_of(headers)?;
    let get = |key: &str| known.get(key).map(String::as_str);
    let village =
        get("village").filter(|code| region::is_code(code)).ok_or(FileError::Malformed("village"))?;
    let hash = get("hash").and_then(FileHash::parse).ok_or(FileError::Malformed("hash"))?;
    let role = match get("role") {
        Some("original") => Role::Original,
        Some("thumb") => Role::Thumb(get("of").and_then(FileHash::parse).ok_or(FileError::Malformed("of"))?),
        _ => return Err(FileError::Malformed("role")),
    };
    Ok(NewUpload { village: village.to_owned(), hash, role, bytes })
}

/// `key base64(value), key base64(value)`; a key may stand alone.
fn metadata_of(headers: &HeaderMap) -> Result<BTreeMap<String, String>, FileError> {
    let malformed = || FileError::Malformed("Upload-Metadata");
    let mut known = BTreeMap::new();
    for pair in text(headers, UPLOAD_METADATA).unwrap_or_default().split(',') {
        let mut words = pair.split_whitespace();
        let Some(key) = words.next() else { continue };
        let value = STANDARD.decode(words.next().unwrap_or_default()).map_err(|_| malformed())?;
        known.insert(key.to_owned(), String::from_utf8(value).map_err(|_| malformed())?);
    }
    Ok(known)
}

/// What a request's bytes must add up to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Checksum {
    Sha1(Vec<u8>),
    Sha256(Vec<u8>),
}

impl Checksum {
    /// Whether these are the bytes.
    pub(super) fn holds(&self, bytes: &[u8]) -> bool {
        match self {
            Checksum::Sha1(sum) => Sha1::digest(bytes).as_slice() == sum,
            Checksum::Sha256(sum) => Sha256::digest(bytes).as_slice() == sum,
        }
    }
}

/// `Upload-Checksum`, if there is one.
pub(super) fn checksum_of(headers: &HeaderMap) -> Result<Option<Checksum>, FileError> {
    if !headers.contains_key(UPLOAD_CHECKSUM) {
        return Ok(None);
    }
    let malformed = FileError::Malformed("Upload-Checksum");
    let Some((algorithm, sum)) = text(headers, UPLOAD_CHECKSUM).and_then(|text| text.split_once(' ')) else {
        return Err(malformed);
    };
    match (algorithm, STANDARD.decode(sum.trim())) {
        ("sha1", Ok(sum)) => Ok(Some(Checksum::Sha1(sum))),
        ("sha256", Ok(sum)) => Ok(Some(Checksum::Sha256(sum))),
        _ => Err(malformed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    fn metadata(pairs: &[(&str, &str)]) -> String {
        let pairs: Vec<String> =
            pairs.iter().map(|(key, value)| format!("{key} {}", STANDARD.encode(value))).collect();
        pairs.join(",")
    }

    #[test]
    fn a_thumbnail_says_whose_it_is_and_every_word_must_make_sense() {
        let (hash, of) = ("ab".repeat(32), "cd".repeat(32));
        let said = |pairs: &[(&str, &str)]| {
            let told = metadata(pairs);
            new_upload_of(&headers(&[(UPLOAD_LENGTH, "7"), (UPLOAD_METADATA, &told)]))
        };
        let village = ("village", "519921105201");
        let told =
            said(&[village, ("hash", &hash), ("role", "thumb"), ("of", &of), ("filename", "照片.jpg")]);
        let told = told.unwrap();
        assert_eq!((told.bytes, told.hash.as_str()), (7, hash.as_str()));
        assert_eq!(told.role, Role::Thumb(FileHash::parse(&of).unwrap()));
        for wrong in [
            [village, ("hash", &hash), ("role", "thumb")],
            [village, ("hash", "../../../etc/passwd"), ("role", "original")],
            [("village", "../.."), ("hash", &hash), ("role", "original")],
            [village, ("hash", &hash), ("role", "video")],
        ] {
            assert!(matches!(said(&wrong), Err(FileError::Malformed(_))), "{wrong:?}");
        }
        let unreadable = headers(&[(UPLOAD_LENGTH, "7"), (UPLOAD_METADATA, "village @@@")]);
        assert!(new_upload_of(&unreadable).is_err());
        assert!(new_upload_of(&headers(&[(UPLOAD_LENGTH, "-7")])).is_err());
    }

    #[test]
    fn checksums_are_of_two_kinds() {
        let check = |value: &str| checksum_of(&headers(&[(UPLOAD_CHECKSUM, value)]));
        let sha1 = check("sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=").unwrap().unwrap();
        assert!(sha1.holds(b"hello world") && !sha1.holds(b"hello world!"));
        let sha256 = format!("sha256 {}", STANDARD.encode(Sha256::digest(b"hello world")));
        assert!(check(&sha256).unwrap().unwrap().holds(b"hello world"));
        for wrong in ["md5 XrY7u+Ae7tCTyyK7j1rNww==", "sha1", "sha1 ###"] {
            assert!(check(wrong).is_err(), "{wrong}");
        }
        assert_eq!(checksum_of(&HeaderMap::new()).unwrap(), None);
    }
}
