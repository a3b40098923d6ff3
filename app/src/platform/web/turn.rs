//! Whose turn it is among several tabs of one browser: the Web Locks API decides, a BroadcastChannel asks.
//!
//! Invariant: nobody touches the database without holding the [`Turn`]. The browser itself ends a turn when its tab or
//! worker dies, so a crash never locks the user out. The turn is never stolen: a frozen tab may hold open handles.

use std::cell::Cell;

use futures_channel::oneshot;
use js_sys::{Array, Function, Object, Promise};
use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
use web_sys::{BroadcastChannel, MessageEvent};

use super::js;
use crate::{platform::now_ms, store::StoreError};

const TURN_LOCK: &str = "lianxin-store";
/// The holder also holds a lock of this name followed by the time it began, so that others can say which tab it is.
const SINCE_PREFIX: &str = "lianxin-since-";
const ASK_CHANNEL: &str = "lianxin-turn";

/// The right to open the store; dropping it passes the turn on.
pub struct Turn {
    store: Held,
    since: Option<Held>,
}

impl Turn {
    /// Takes the turn, waiting for it if `wait`; `None` when another tab has it and nobody waits.
    ///
    /// # Errors
    /// When the browser has no locks.
    pub async fn take(wait: bool) -> Result<Option<Self>, StoreError> {
        let Some(store) = hold(TURN_LOCK, wait).await? else { return Ok(None) };
        let since = hold(&format!("{SINCE_PREFIX}{}", now_ms()), false).await?;
        Ok(Some(Self { store, since }))
    }

    /// When the tab that has the turn began, in milliseconds since 1970, if the browser tells.
    pub async fn holder_since_ms() -> Option<i64> {
        let locks = locks().ok()?;
        let query: Promise = js::call(&locks, "query", &Array::new()).ok()?.dyn_into().ok()?;
        let snapshot = js::settle(Ok(query)).await.ok()?;
        let held: Array = js::get(&snapshot, "held").dyn_into().ok()?;
        held.iter()
            .filter_map(|lock| js::get(&lock, "name").as_string())
            .find_map(|name| name.strip_prefix(SINCE_PREFIX)?.parse().ok())
    }

    /// Ends the turn.
    pub fn pass_on(self) {
        drop(self.since);
        drop(self.store);
    }
}

/// One lock of the browser; released on drop.
struct Held {
    release: Function,
}

impl Drop for Held {
    fn drop(&mut self) {
        let _ = self.release.call0(&JsValue::UNDEFINED);
    }
}

fn locks() -> Result<JsValue, StoreError> {
    let locks = js::get(&js::get(&js_sys::global(), "navigator"), "locks");
    if locks.is_object() { Ok(locks) } else { Err(StoreError::Unsupported("页面锁".to_owned())) }
}

async fn hold(name: &str, wait: bool) -> Result<Option<Held>, StoreError> {
    let (granted, answer) = oneshot::channel();
    let granted = Cell::new(Some(granted));
    // The lock lasts until the promise that this callback returns is settled.
    let callback = Closure::<dyn FnMut(JsValue) -> JsValue>::new(move |lock: JsValue| {
        let Some(granted) = granted.take() else { return JsValue::UNDEFINED };
        if lock.is_null() {
            let _ = granted.send(None);
            return JsValue::UNDEFINED;
        }
        let mut granted = Some(granted);
        Promise::new(&mut |release, _| {
            if let Some(granted) = granted.take() {
                let _ = granted.send(Some(Held { release }));
            }
        })
        .into()
    });
    let options = Object::new();
    js::set(&options, "ifAvailable", &JsValue::from_bool(!wait));
    let arguments = Array::of3(&name.into(), &options, callback.as_ref());
    js::call(&locks()?, "request", &arguments)
        .map_err(|error| StoreError::Broken(format!("页面锁：{}", js::describe(&error))))?;
    let held = answer.await.unwrap_or(None);
    drop(callback);
    Ok(held)
}

/// The channel on which tabs ask each other for the turn.
pub struct Asking {
    channel: BroadcastChannel,
    _listener: Closure<dyn FnMut(MessageEvent)>,
}

impl Asking {
    /// Listens; `asked` is called whenever another tab wants the turn.
    ///
    /// # Errors
    /// When the browser has no such channel.
    pub fn listen(mut asked: impl FnMut() + 'static) -> Result<Self, StoreError> {
        let channel = BroadcastChannel::new(ASK_CHANNEL)
            .map_err(|_| StoreError::Unsupported("页面间通信".to_owned()))?;
        let listener = Closure::<dyn FnMut(MessageEvent)>::new(move |_| asked());
        channel.set_onmessage(Some(listener.as_ref().unchecked_ref()));
        Ok(Self { channel, _listener: listener })
    }

    /// Asks whichever tab has the turn to pass it on.
    pub fn ask(&self) {
        // A closed channel is the only failure, and this one lives as long as its worker.
        let _ = self.channel.post_message(&JsValue::from_str("ask"));
    }
}
