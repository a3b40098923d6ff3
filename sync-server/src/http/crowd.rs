//! How many requests run at once: a few per phone, so that a broken or stolen one cannot take the place of the
//! others, and so many in all that memory holds their bodies.

use super::ApiError;
use axum::{
    extract::{Request, State},
    http::header,
    middleware::Next,
    response::{IntoResponse, Response},
};
use lianxin_shared::wire::v1::ErrorCode;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::Semaphore;

/// Requests of one phone that run at once. One sync and one file are usual; after a broken link some that nobody
/// waits for any more may still be running.
#[allow(non_upper_case_globals)]
pub const requests_per_device_max: usize = 8;
/// Requests of all phones that run at once; further ones wait for their turn with their bodies unread.
#[allow(non_upper_case_globals)]
const requests_at_once_max: usize = 256;
/// A phone that asks too much at once is told to come back after so many seconds.
#[allow(non_upper_case_globals)]
const retry_seconds: i64 = 5;

/// The requests that run now.
#[derive(Debug, Clone)]
pub(super) struct Crowd {
    /// How many by the header that names the phone.
    phones: Arc<Mutex<BTreeMap<Vec<u8>, usize>>>,
    turns: Arc<Semaphore>,
}

impl Default for Crowd {
    fn default() -> Self {
        Self { phones: Arc::default(), turns: Arc::new(Semaphore::new(requests_at_once_max)) }
    }
}

impl Crowd {
    /// A place for one more request of this phone; none if it has too many already.
    fn enter(&self, phone: &[u8]) -> Option<Place> {
        let mut phones = self.phones.lock().unwrap_or_else(PoisonError::into_inner);
        let running = phones.entry(phone.to_vec()).or_default();
        if *running >= requests_per_device_max {
            return None;
        }
        *running += 1;
        Some(Place { crowd: self.clone(), phone: phone.to_vec() })
    }
}

/// One running request; its place is free again when this is dropped, also if the caller has hung up.
struct Place {
    crowd: Crowd,
    phone: Vec<u8>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut phones = self.crowd.phones.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(running) = phones.get_mut(&self.phone) else { return };
        *running -= 1;
        if *running == 0 {
            phones.remove(&self.phone);
        }
    }
}

/// The layer before everything that phones ask for.
pub(super) async fn take_turns(State(crowd): State<Crowd>, request: Request, next: Next) -> Response {
    let place = match request.headers().get(header::AUTHORIZATION) {
        Some(phone) => match crowd.enter(phone.as_bytes()) {
            Some(place) => Some(place),
            None => return too_many().into_response(),
        },
        // Whoever does not say who it is is refused before its body is read.
        None => None,
    };
    // The semaphore is never closed: without a turn nothing would be lost but this bound.
    let turn = crowd.turns.acquire().await.ok();
    let response = next.run(request).await;
    drop((turn, place));
    response
}

fn too_many() -> ApiError {
    let words = "这部手机同时上报得太多了，稍后会自动再报。您写的都在本机。";
    let mut error = ApiError::new(ErrorCode::TooMany, words);
    error.retry_after = Some(retry_seconds);
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_has_its_places_and_gets_them_back_and_others_keep_theirs() {
        let crowd = Crowd::default();
        let mut places: Vec<Place> =
            (0..requests_per_device_max).filter_map(|_| crowd.enter(b"one")).collect();
        assert_eq!(places.len(), requests_per_device_max);
        assert!(crowd.enter(b"one").is_none());
        assert!(crowd.enter(b"another").is_some());
        places.pop();
        assert!(crowd.enter(b"one").is_some());
        drop(places);
        assert!(crowd.phones.lock().unwrap().is_empty(), "nobody is remembered who asks nothing");
    }
}
