//! The search in the 户册: what is typed, which chip is on, and how far the list was read. It outlives its screen,
//! so that back from a household leads to the same line.

use dioxus::prelude::*;
use std::time::Duration;

use super::{pause::pause, session::use_session};
use crate::store::{HouseholdFilter, HouseholdQuery, Households, Request, StoreError};

/// Rows asked for at a time.
pub(crate) const ROWS_PER_STEP: u32 = 50;
/// Pause after a keystroke before the store is asked.
const SEARCH_PAUSE: Duration = Duration::from_millis(60);

/// A search and its answer. Copies speak of the same one.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct Search {
    /// What is typed.
    pub(crate) text: Signal<String>,
    /// Counts how often it was cleared: the field, which nobody else writes to, is then drawn anew.
    pub(crate) cleared: Signal<u32>,
    /// The chip.
    pub(crate) filter: Signal<HouseholdFilter>,
    /// Rows wanted so far.
    pub(crate) wanted: Signal<u32>,
    /// How far the list was scrolled, CSS pixels.
    pub(crate) scrolled: CopyValue<f64>,
}

impl Search {
    /// A search for nothing yet.
    pub(crate) fn new(filter: HouseholdFilter) -> Self {
        Search {
            text: Signal::new(String::new()),
            cleared: Signal::new(0),
            filter: Signal::new(filter),
            wanted: Signal::new(ROWS_PER_STEP),
            scrolled: CopyValue::new(0.0),
        }
    }

    /// Something was typed.
    pub(crate) fn type_text(mut self, text: String) {
        self.text.set(text);
        self.start_over();
    }

    /// What is typed is done with.
    pub(crate) fn clear(mut self) {
        if !self.text.peek().is_empty() {
            self.type_text(String::new());
            self.cleared += 1;
        }
    }

    /// A chip was chosen.
    pub(crate) fn choose(mut self, filter: HouseholdFilter) {
        self.filter.set(filter);
        self.start_over();
    }

    fn start_over(mut self) {
        self.wanted.set(ROWS_PER_STEP);
        self.scrolled.set(0.0);
    }

    /// The end of the list came into view.
    pub(crate) fn more(mut self) {
        self.wanted += ROWS_PER_STEP;
    }
}

/// The search that the 户册 keeps.
#[derive(Clone, Copy)]
pub(crate) struct RegisterSearch(pub(crate) Search);

/// Asks as somebody types. The latest question wins: asking again drops the one before, and the last answer
/// stays on the screen until the next is there.
pub(crate) fn use_households(search: Search) -> Resource<Result<Households, StoreError>> {
    let session = use_session();
    let mut typed_before = use_hook(|| CopyValue::new(search.text.peek().clone()));
    use_resource(move || {
        session.changed.read();
        let query = HouseholdQuery {
            text: search.text.read().trim().to_owned(),
            filter: search.filter.read().clone(),
            offset: 0,
            limit: *search.wanted.read(),
        };
        let is_typing = *typed_before.peek() != query.text;
        typed_before.set(query.text.clone());
        async move {
            if is_typing {
                pause(SEARCH_PAUSE).await;
            }
            session.ask(Request::Households(query)).await
        }
    })
}
