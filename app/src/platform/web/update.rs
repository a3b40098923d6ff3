//! A new version of the app in the browser: the service worker fetches it whole, then waits until the app says that no
//! draft is open.

use std::{cell::Cell, rc::Rc};

use futures_channel::mpsc::{UnboundedReceiver, unbounded};
use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
use web_sys::{ServiceWorkerContainer, ServiceWorkerRegistration, ServiceWorkerState};

use super::js;

const SERVICE_WORKER_URL: &str = "/sw.js";
const ACTIVATE_MESSAGE: &str = "activate";

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
        let installing = registration.clone();
        let page = container.clone();
        let found = Closure::<dyn FnMut()>::new(move || {
            let Some(worker) = installing.installing() else { return };
            let (ready, page, watched) = (ready.clone(), page.clone(), worker.clone());
            let changed = Closure::<dyn FnMut()>::new(move || {
                // Without a controller this is the first installation, not a new version.
                if watched.state() == ServiceWorkerState::Installed && page.controller().is_some() {
                    let _ = ready.unbounded_send(());
                }
            });
            worker.set_onstatechange(Some(changed.into_js_value().unchecked_ref()));
        });
        registration.set_onupdatefound(Some(found.into_js_value().unchecked_ref()));
        let updates_handle = Self { registration, wanted: Rc::new(Cell::new(false)) };
        updates_handle.reload_when_activated(&container);
        Some((updates_handle, updates))
    }

    /// Starts the waiting version: the page reloads into it. Call only while no draft is open.
    pub fn apply(&self) {
        if let Some(waiting) = self.registration.waiting() {
            self.wanted.set(true);
            let _ = waiting.post_message(&JsValue::from_str(ACTIVATE_MESSAGE));
        }
    }

    /// Looks for a new version now, as when the network comes back; without a network nothing happens.
    pub fn check(&self) {
        let _ = self.registration.update();
    }

    fn reload_when_activated(&self, container: &ServiceWorkerContainer) {
        let wanted = Rc::clone(&self.wanted);
        let activated = Closure::<dyn FnMut()>::new(move || {
            if wanted.get()
                && let Some(window) = web_sys::window()
            {
                let _ = window.location().reload();
            }
        });
        container.set_oncontrollerchange(Some(activated.into_js_value().unchecked_ref()));
    }
}
