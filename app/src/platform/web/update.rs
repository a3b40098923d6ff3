//! A new version of the app in the browser: the service worker fetches it whole, then waits until the app says that no
//! draft is open.

use std::{cell::Cell, rc::Rc};

use futures_channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
use web_sys::{ServiceWorker, ServiceWorkerContainer, ServiceWorkerRegistration, ServiceWorkerState};

use super::js;
use crate::platform::now_ms;

const SERVICE_WORKER_URL: &str = "/sw.js";
const ACTIVATE_MESSAGE: &str = "activate";
/// How long after one look for a new version the next may come.
const LOOK_PAUSE_MS: i64 = 3_600_000;

/// Watches for new versions. Keep one for the life of the page.
#[derive(Clone)]
pub struct Updates {
    registration: ServiceWorkerRegistration,
    wanted: Rc<Cell<bool>>,
}

impl Updates {
    /// Registers the service worker. The receiver yields once for each version that is ready and waits.
    ///
    /// Returns `None` where the browser has no service workers; the app then simply needs the network to start.
    pub async fn watch() -> Option<(Self, UnboundedReceiver<()>)> {
        let container = web_sys::window()?.navigator().service_worker();
        if !container.is_object() {
            return None;
        }
        let registration: ServiceWorkerRegistration =
            js::settle(Ok(container.register(SERVICE_WORKER_URL))).await.ok()?.unchecked_into();
        let (ready, updates) = unbounded();
        if registration.waiting().is_some() && container.controller().is_some() {
            let _ = ready.unbounded_send(());
        }
        // The page may have registered the worker before this, so a version may be on its way already.
        if let Some(worker) = registration.installing() {
            announce(&worker, &ready, &container);
        }
        let (installing, page) = (registration.clone(), container.clone());
        let found = Closure::<dyn FnMut()>::new(move || {
            if let Some(worker) = installing.installing() {
                announce(&worker, &ready, &page);
            }
        });
        registration.set_onupdatefound(Some(found.into_js_value().unchecked_ref()));
        let watching = Self { registration, wanted: Rc::new(Cell::new(false)) };
        watching.reload_when_activated(&container);
        watching.look_when_seen();
        Some((watching, updates))
    }

    /// Starts the version that waited: the page reloads into it. Call only while no draft is open.
    pub fn apply(&self) {
        self.wanted.set(true);
        match self.registration.waiting() {
            Some(waiting) => drop(waiting.post_message(&JsValue::from_str(ACTIVATE_MESSAGE))),
            // Another page has started it meanwhile, perhaps the one that was left for this.
            None => reload(),
        }
    }

    /// Looks for a new version whenever the page comes back into view after a while: an app on the home screen may
    /// stay open for weeks. Without a network nothing happens.
    fn look_when_seen(&self) {
        let Some(document) = web_sys::window().and_then(|window| window.document()) else { return };
        let (registration, page) = (self.registration.clone(), document.clone());
        let looked_ms = Cell::new(now_ms());
        let seen = Closure::<dyn FnMut()>::new(move || {
            if !page.hidden() && now_ms() - looked_ms.get() >= LOOK_PAUSE_MS {
                looked_ms.set(now_ms());
                let _ = registration.update();
            }
        });
        let seen = seen.into_js_value();
        // Only a browser without events would refuse, and the app cannot run there anyway.
        let _ = document.add_event_listener_with_callback("visibilitychange", seen.unchecked_ref());
    }

    fn reload_when_activated(&self, container: &ServiceWorkerContainer) {
        let wanted = Rc::clone(&self.wanted);
        let activated = Closure::<dyn FnMut()>::new(move || {
            if wanted.get() {
                reload();
            }
        });
        container.set_oncontrollerchange(Some(activated.into_js_value().unchecked_ref()));
    }
}

fn reload() {
    if let Some(window) = web_sys::window() {
        let _ = window.location().reload();
    }
}

/// Says so once `worker` has been fetched whole and waits.
fn announce(worker: &ServiceWorker, ready: &UnboundedSender<()>, page: &ServiceWorkerContainer) {
    let (ready, page, watched) = (ready.clone(), page.clone(), worker.clone());
    let changed = Closure::<dyn FnMut()>::new(move || {
        // Without a controller this is the first installation, not a new version.
        if watched.state() == ServiceWorkerState::Installed && page.controller().is_some() {
            let _ = ready.unbounded_send(());
        }
    });
    worker.set_onstatechange(Some(changed.into_js_value().unchecked_ref()));
}
