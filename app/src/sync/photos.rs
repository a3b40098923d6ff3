//! Executes the courier's actions beside the store, and gets pictures that a screen wants.

use super::{
    Effect, Wish,
    files::{FileAnswer, FileExchange, FileJob, Method},
};
use crate::store::{Membership, PhotoName, PhotoSize, Store, StoreError, fetched_file_bytes_max};
use base64::{Engine, engine::general_purpose::STANDARD};
use lianxin_shared::{
    sync::{Courier, CourierAction, CourierInput, Errand, Outcome, Parcel, Part},
    wire::v1::{ErrorBody, ErrorCode},
};
use sha2::{Digest, Sha256};
use std::collections::VecDeque;

/// Where uploads begin; each lies under it.
const UPLOADS: &str = "/v1/files";
/// The body of tus.
const UPLOAD_BODY: &str = "application/offset+octet-stream";

/// The courier beside its store, and the pictures that are wanted.
pub(super) struct Photos {
    courier: Courier,
    /// Of the courier's newest request.
    number: u64,
    wish: u64,
    wanted: VecDeque<(PhotoName, PhotoSize)>,
    is_fetching: bool,
}

impl Photos {
    /// With the seed of its back-off and of its numbers.
    pub fn new(seed: u64) -> Self {
        Self {
            courier: Courier::new(seed),
            number: seed,
            wish: 0,
            wanted: VecDeque::new(),
            is_fetching: false,
        }
    }

    /// The time wished for has come; an outdated wish is ignored.
    pub fn woke(&mut self, store: &mut Store, wish: u64, now_ms: i64) -> Vec<Effect> {
        if wish == self.wish { self.tell(store, CourierInput::Woke, now_ms) } else { Vec::new() }
    }

    /// Tells the courier, and does what it asks for.
    pub fn tell(&mut self, store: &mut Store, input: CourierInput, now_ms: i64) -> Vec<Effect> {
        if input == CourierInput::TextDone {
            // Not worth an alarm: the next time will do.
            drop(store.collect_photos(now_ms));
        }
        let mut effects = Vec::new();
        self.courier.handle(input, now_ms);
        while let Some(action) = self.courier.poll_action() {
            match self.execute(store, action, &mut effects) {
                Ok(Some(input)) => self.courier.handle(input, now_ms),
                Ok(None) => {}
                Err(_) => self.courier.handle(CourierInput::StoreFailed, now_ms),
            }
        }
        effects
    }

    fn execute(
        &mut self,
        store: &mut Store,
        action: CourierAction,
        effects: &mut Vec<Effect>,
    ) -> Result<Option<CourierInput>, StoreError> {
        match action {
            CourierAction::LoadNext => return Ok(Some(CourierInput::Next(store.next_parcel()?))),
            CourierAction::Send(parcel, errand) => {
                self.number = self.number.wrapping_add(1);
                let job = FileJob::Courier(self.number);
                effects.push(Effect::SendFile(exchange(store, job, &parcel, &errand)?));
            }
            CourierAction::Delivered(parcel) => store.parcel_delivered(&parcel)?,
            CourierAction::Refused(parcel, words) => store.parcel_refused(&parcel, &words)?,
            CourierAction::PutOff(parcel) => store.parcel_put_off(&parcel)?,
            CourierAction::WakeAt(at_ms) => {
                self.wish += 1;
                effects.push(Effect::WakeAt { at_ms, wish: Wish::Photos(self.wish) });
            }
        }
        Ok(None)
    }

    /// A request has ended.
    pub fn answered(
        &mut self,
        store: &mut Store,
        job: FileJob,
        answer: FileAnswer,
        now_ms: i64,
    ) -> Vec<Effect> {
        match job {
            FileJob::Courier(number) if number != self.number => Vec::new(),
            FileJob::Courier(_) => self.tell(store, CourierInput::Answered(outcome_of(answer)), now_ms),
            FileJob::Fetch(name, size) => {
                self.is_fetching = false;
                let outcome = picture_of(&answer);
                // A store that cannot keep it says so at the next save; the picture can be asked for again.
                drop(store.fetched(name, size, outcome));
                self.fetch_next(store)
            }
        }
    }

    /// A screen wants a picture; one is fetched at a time.
    pub fn want(&mut self, store: &Store, name: &PhotoName, size: PhotoSize) -> Vec<Effect> {
        let wanted = (name.clone(), size);
        if !self.wanted.contains(&wanted) {
            self.wanted.push_back(wanted);
        }
        self.fetch_next(store)
    }

    fn fetch_next(&mut self, store: &Store) -> Vec<Effect> {
        let (false, Ok(Some(member))) = (self.is_fetching, store.membership()) else { return Vec::new() };
        let Some((name, size)) = self.wanted.pop_front() else { return Vec::new() };
        self.is_fetching = true;
        let ending = if size == PhotoSize::Small { "/thumb" } else { "" };
        let url = format!("{}{UPLOADS}/{}/{}{ending}", member.server_url, name.village, name.hash);
        let job = FileJob::Fetch(name, size);
        let (headers, body) = (Vec::new(), Vec::new());
        vec![Effect::SendFile(FileExchange {
            job,
            method: Method::Get,
            url,
            token: member.token,
            headers,
            body,
        })]
    }
}

/// The request that an errand means.
fn exchange(
    store: &Store,
    job: FileJob,
    parcel: &Parcel,
    errand: &Errand,
) -> Result<FileExchange, StoreError> {
    let Membership { server_url, token, .. } = store.membership()?.ok_or(StoreError::NotFound)?;
    let mut headers = vec![("Tus-Resumable", "1.0.0".to_owned())];
    let (method, path, body) = match errand {
        Errand::Offer | Errand::Ask => {
            headers.push(("Upload-Length", parcel.bytes.to_string()));
            headers.push(("Upload-Metadata", metadata(parcel)));
            let whole = *errand == Errand::Offer;
            let body = if whole { store.parcel_bytes(parcel, 0, parcel.bytes)? } else { Vec::new() };
            (Method::Post, UPLOADS.to_owned(), body)
        }
        Errand::Look { at } => (Method::Head, at.clone(), Vec::new()),
        Errand::Append { at, offset, length } => {
            headers.push(("Upload-Offset", offset.to_string()));
            (Method::Patch, at.clone(), store.parcel_bytes(parcel, *offset, *length)?)
        }
    };
    if !body.is_empty() {
        headers.push(("Content-Type", UPLOAD_BODY.to_owned()));
        headers.push(("Upload-Checksum", format!("sha256 {}", STANDARD.encode(Sha256::digest(&body)))));
    }
    Ok(FileExchange { job, method, url: format!("{server_url}{path}"), token, headers, body })
}

/// `Upload-Metadata`
fn metadata(parcel: &Parcel) -> String {
    let mut pairs = vec![("village", parcel.village.as_str()), ("hash", parcel.hash.as_str())];
    match parcel.part {
        Part::Original => pairs.push(("role", "original")),
        Part::Thumb => pairs.extend([("role", "thumb"), ("of", parcel.photo.as_str())]),
    }
    let pairs: Vec<String> =
        pairs.into_iter().map(|(key, value)| format!("{key} {}", STANDARD.encode(value))).collect();
    pairs.join(",")
}

/// What an answer means for an upload.
fn outcome_of(answer: FileAnswer) -> Outcome {
    let FileAnswer::Said { status, location, offset, retry_after_s, body } = answer else {
        return Outcome::Network;
    };
    let refusal: Option<ErrorBody> = serde_json::from_slice(&body).ok();
    let words = |refusal: &ErrorBody| Outcome::Refused(refusal.message.clone());
    let retry_ms = retry_after_s.unwrap_or(0).saturating_mul(1000);
    match (status, &refusal) {
        // Whoever names another server must not get this phone's secret.
        (200 | 201 | 204, _) => match (offset, location) {
            (Some(offset), None) => Outcome::Stands { at: None, offset },
            (Some(offset), Some(at)) if at.starts_with(UPLOADS) => Outcome::Stands { at: Some(at), offset },
            _ => Outcome::Trouble,
        },
        (404 | 410, _) => Outcome::Gone,
        (409, _) => Outcome::Elsewhere,
        (460, _) => Outcome::Corrupt,
        (413, None) => Outcome::TooMuchAtOnce,
        (413 | 415, Some(refusal)) => words(refusal),
        (403, Some(refusal)) if refusal.code == ErrorCode::OtherVillage => words(refusal),
        (401 | 403, _) => Outcome::TurnedAway,
        (429 | 503, _) => Outcome::Busy(retry_ms),
        _ => Outcome::Trouble,
    }
}

/// The picture that came, or the words for the person who wants to see it.
fn picture_of(answer: &FileAnswer) -> Result<&[u8], String> {
    match answer {
        FileAnswer::Unreachable => Err("现在连不上乡镇，照片还在那里；有网时再点一下。".to_owned()),
        FileAnswer::Said { status: 200, body, .. } if body.len() <= fetched_file_bytes_max => Ok(body),
        FileAnswer::Said { body, .. } => Err(match serde_json::from_slice::<ErrorBody>(body) {
            Ok(refusal) => refusal.message,
            Err(_) => "答话的不是乡镇服务器，照片没有取到；换个网络再点一下。".to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(status: u16, offset: Option<u64>, location: Option<&str>, body: &str) -> Outcome {
        let location = location.map(str::to_owned);
        let body = body.as_bytes().to_vec();
        outcome_of(FileAnswer::Said { status, location, offset, retry_after_s: Some(7), body })
    }

    #[test]
    fn every_answer_of_tus_has_its_meaning() {
        let at = "/v1/files/0123";
        let stands = |at: Option<&str>, offset| Outcome::Stands { at: at.map(str::to_owned), offset };
        assert_eq!(said(201, Some(5), Some(at), ""), stands(Some(at), 5));
        assert_eq!(said(204, Some(9), None, ""), stands(None, 9));
        assert_eq!(said(201, Some(5), Some("https://elsewhere/v1/files/1"), ""), Outcome::Trouble);
        assert_eq!(said(200, None, None, "<html>请登录宾馆网络</html>"), Outcome::Trouble);
        assert_eq!(said(404, None, None, ""), Outcome::Gone);
        assert_eq!(said(410, None, None, ""), Outcome::Gone);
        assert_eq!(said(409, None, None, ""), Outcome::Elsewhere);
        assert_eq!(said(460, None, None, ""), Outcome::Corrupt);
        assert_eq!(said(413, None, None, "<html>"), Outcome::TooMuchAtOnce);
        let refused = |code: &str| format!(r#"{{"code":"{code}","message":"照片还在本机"}}"#);
        let words = Outcome::Refused("照片还在本机".to_owned());
        assert_eq!(said(413, None, None, &refused("too_large")), words);
        assert_eq!(said(415, None, None, &refused("not_a_picture")), words);
        assert_eq!(said(403, None, None, &refused("other_village")), words);
        assert_eq!(said(403, None, None, &refused("revoked")), Outcome::TurnedAway);
        assert_eq!(said(401, None, None, ""), Outcome::TurnedAway);
        assert_eq!(said(503, None, None, ""), Outcome::Busy(7_000));
        assert_eq!(said(502, None, None, ""), Outcome::Trouble);
        assert_eq!(outcome_of(FileAnswer::Unreachable), Outcome::Network);
    }
}
