//! The page's end of the store actor in the browser: passes messages to the worker that `boot.js` has started.

use std::sync::Arc;

use gloo_timers::future::TimeoutFuture;
use js_sys::Array;
use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
use wasm_bindgen_futures::spawn_local;
use web_sys::{ErrorEvent, MessageEvent, Worker};

use super::{
    StoreClient, StoreError, StorePhase,
    client::Hub,
    link::{FromStore, ToStore},
};
use crate::platform::web::{js, leaving::Leaving, show_unsupported};

/// What `boot.js` leaves for the page: the worker, and how to hear it from its first message on.
const STORE_NAME: &str = "lianxinStore";
/// A page that is still there this long after it was about to be left (a telephone number was tapped, say) stays.
const STAYING_AFTER_MS: u32 = 2_000;

impl StoreClient {
    /// Speaks to the store's worker, which runs this very module in its other role.
    ///
    /// # Errors
    /// [`StoreError::Unsupported`] when the page has no such worker.
    pub fn start() -> Result<Self, StoreError> {
        let unsupported = || StoreError::Unsupported("后台线程".to_owned());
        let store = js::get(&js_sys::global(), STORE_NAME);
        let worker: Worker = js::get(&store, "worker").dyn_into().map_err(|_| unsupported())?;
        let hub = Hub::new(move |message| post(&worker, &message));
        listen(&store, &hub).map_err(|_| unsupported())?;
        Ok(Self::over(hub))
    }

    /// The page is about to be left: returns when the store has answered what it was asked so far and rests. A page
    /// that is still there a while later goes on by itself.
    pub fn leave(&self) {
        Leaving::here().leave(self.hub.given().unwrap_or(0));
        let hub = Arc::clone(&self.hub);
        spawn_local(async move {
            TimeoutFuture::new(STAYING_AFTER_MS).await;
            Leaving::here().stay();
            hub.send(ToStore::Staying);
        });
    }
}

fn post(worker: &Worker, message: &ToStore) {
    if let Ok(text) = serde_json::to_string(message) {
        // Posting a string never throws, not even to a worker that has died.
        let _ = worker.post_message(&JsValue::from_str(&text));
    }
}

fn listen(store: &JsValue, hub: &Arc<Hub>) -> Result<(), JsValue> {
    let receiver = Arc::clone(hub);
    let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        let Some(text) = event.data().as_string() else { return };
        match serde_json::from_str::<FromStore>(&text) {
            Ok(message) => {
                if let FromStore::Phase(StorePhase::Failed(StoreError::Unsupported(missing))) = &message {
                    show_unsupported(missing);
                }
                receiver.receive(message);
            }
            Err(error) => receiver.receive(stopped(error.to_string())),
        }
    });
    let receiver = Arc::clone(hub);
    let on_error = Closure::<dyn FnMut(ErrorEvent)>::new(move |event: ErrorEvent| {
        receiver.receive(stopped(event.message()));
    });
    let listeners = Array::of2(&on_message.into_js_value(), &on_error.into_js_value());
    js::call(store, "listen", &listeners).map(drop)
}

fn stopped(detail: String) -> FromStore {
    FromStore::Phase(StorePhase::Failed(StoreError::Stopped(detail)))
}
