//! The page is left only between two steps of its worker: the two agree on that through shared memory.
//!
//! A browser takes the files of a page away before it ends the page's worker. Chromium 156 crashes the whole tab, the
//! next page with it, when the worker writes in between (a null pointer of its own after
//! `FileSystemSyncAccessHandle.write`). Nothing stored is lost by that, but the user sees a dead tab. So a page that is
//! about to be left first lets its worker do what was asked so far, for a bounded time, and the worker begins nothing
//! else until the page says that it stays.

use js_sys::{Atomics, Int32Array};
use wasm_bindgen::JsCast;

use super::js;
use crate::platform::now_ms;

/// How long a page that is left waits for its worker.
const LEAVING_PATIENCE_MS: i64 = 1_000;
/// Where the page and its worker each keep the cells that they share (made by `boot.js`, see also `worker.js`).
const SHARED_NAME: &str = "lianxinShared";

/// 1 while the worker is at work.
const BUSY: u32 = 0;
/// How many of the page's requests the worker has answered.
const ANSWERED: u32 = 1;
/// 0, or one more than the number of requests that are still to be answered before the page is left.
const LEAVING: u32 = 2;

/// One end of the agreement. Without shared memory (an old browser) nothing is agreed and everything may begin.
pub(crate) struct Leaving {
    cells: Option<Int32Array>,
}

impl Leaving {
    /// What was agreed here, in the page or in the worker.
    pub(crate) fn here() -> Self {
        Self { cells: js::get(&js_sys::global(), SHARED_NAME).dyn_into().ok() }
    }

    /// The page is about to be left after so many requests: returns when the worker has answered them and rests, or
    /// when its time is over. Blocks the page, which nobody uses any more.
    pub(crate) fn leave(&self, requests: u64) {
        let requests = low_bits(requests);
        self.store(LEAVING, requests + 1);
        let patient_until_ms = now_ms() + LEAVING_PATIENCE_MS;
        while now_ms() < patient_until_ms && (self.load(BUSY) != 0 || self.load(ANSWERED) < requests) {}
    }

    /// The page stays after all.
    pub(crate) fn stay(&self) {
        self.store(LEAVING, 0);
    }

    /// Whether the worker may begin a step: the answer to the request of this number, or one of its own. If so, it is
    /// at work until [`ended`](Self::ended).
    pub(crate) fn may_begin(&self, request: Option<u64>) -> bool {
        // First said, then asked: whichever of the two ends comes second sees the other.
        self.store(BUSY, 1);
        let limit = self.load(LEAVING);
        let may = limit == 0 || request.is_some_and(|id| low_bits(id) + 1 < limit);
        if !may {
            self.store(BUSY, 0);
        }
        may
    }

    /// The step is over; `request` is the number of the request that it answered.
    pub(crate) fn ended(&self, request: Option<u64>) {
        if let Some(id) = request {
            self.store(ANSWERED, low_bits(id) + 1);
        }
        self.store(BUSY, 0);
    }

    fn store(&self, cell: u32, value: i32) {
        if let Some(cells) = &self.cells {
            // Fails only outside the array.
            let _ = Atomics::store(cells, cell, value);
        }
    }

    fn load(&self, cell: u32) -> i32 {
        self.cells.as_ref().and_then(|cells| Atomics::load(cells, cell).ok()).unwrap_or(0)
    }
}

/// A page asks fewer than 2³¹ times.
fn low_bits(number: u64) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX - 1)
}
