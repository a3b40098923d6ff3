//! The page's end of the store actor in the browser: starts the worker and passes messages.

use std::sync::Arc;

use gloo_timers::future::TimeoutFuture;
use js_sys::Object;
use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
use wasm_bindgen_futures::spawn_local;
use web_sys::{ErrorEvent, MessageEvent, Worker, WorkerOptions, WorkerType};

use super::{
    StoreClient, StoreError, StorePhase,
    client::Hub,
    link::{FromStore, ToStore},
};
use crate::platform::web::{js, leaving::Leaving, show_unsupported};

const WORKER_URL: &str = "/worker.js";
/// A page that is still there this long after it was about to be left (a telephone number was tapped, say) stays.
const STAYING_AFTER_MS: u32 = 2_000;

impl StoreClient {
    /// Starts the store's worker, which runs this very module in its other role.
    ///
    /// # Errors
    /// [`StoreError::Unsupported`] when the browser has no module workers.
    pub fn start() -> Result<Self, StoreError> {
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        let worker = Worker::new_with_options(WORKER_URL, &options)
            .map_err(|_| StoreError::Unsupported("后台线程".to_owned()))?;
        let port = worker.clone();
        let hub = Hub::new(move |message| post(&port, &message));
        listen(&worker, &hub);
        // The compiled module travels along: no second download, no second compilation.
        let start = Object::new();
        js::set(&start, "module", &wasm_bindgen::module());
        js::set(&start, "shared", &Leaving::share());
        worker.post_message(&start).map_err(|_| StoreError::Unsupported("后台线程".to_owned()))?;
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

fn listen(worker: &Worker, hub: &Arc<Hub>) {
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
    worker.set_onmessage(Some(on_message.into_js_value().unchecked_ref()));
    let receiver = Arc::clone(hub);
    let on_error = Closure::<dyn FnMut(ErrorEvent)>::new(move |event: ErrorEvent| {
        receiver.receive(stopped(event.message()));
    });
    worker.set_onerror(Some(on_error.into_js_value().unchecked_ref()));
}

fn stopped(detail: String) -> FromStore {
    FromStore::Phase(StorePhase::Failed(StoreError::Stopped(detail)))
}
