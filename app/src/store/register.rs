//! What the store keeps of the register in memory between two requests: the chips' counts, and the searched words.

use super::{
    FoundBy, HouseholdQuery, Households, Reply, Request, Store, StoreError, SyncPhase,
    campaign::Running,
    households::{self, Chips},
    search::SearchIndex,
};
use rusqlite::Connection;
use std::collections::BTreeMap;
use uuid::Uuid;

/// 今日 as a place to reopen at.
const TODAY_ADDRESS: &str = "/";

/// The register in memory.
#[derive(Debug)]
pub(super) struct Register {
    /// Counted once per change of records, for this campaign.
    chips: Option<(Running, Chips)>,
    search: Option<SearchIndex>,
    /// The next search may have to read first.
    is_behind: bool,
}

impl Default for Register {
    fn default() -> Self {
        Self { chips: None, search: None, is_behind: true }
    }
}

impl Register {
    /// Records have changed.
    pub fn note_change(&mut self) {
        self.chips = None;
        self.is_behind = true;
    }

    /// Brings the searched words up to date. After a failure they are read anew.
    ///
    /// # Errors
    /// When SQLite fails.
    fn ready(&mut self, db: &Connection) -> Result<&mut SearchIndex, StoreError> {
        self.is_behind = false;
        let search = match self.search.take() {
            Some(search) => search.refreshed(db)?,
            None => SearchIndex::build(db)?,
        };
        Ok(self.search.insert(search))
    }

    /// What the chips say.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn chips(&mut self, db: &Connection, running: &Running) -> Result<&Chips, StoreError> {
        let chips = match self.chips.take().filter(|(counted, _)| counted == running) {
            Some((_, chips)) => chips,
            None => {
                self.search.iter_mut().for_each(SearchIndex::forget_picked);
                households::chips(db, running)?
            }
        };
        let (_, chips) = self.chips.insert((running.clone(), chips));
        Ok(chips)
    }

    /// One page of the households that a query finds.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn find(
        &mut self,
        db: &Connection,
        query: &HouseholdQuery,
        running: &Running,
        cadre: &str,
    ) -> Result<Households, StoreError> {
        let chips = self.chips(db, running)?.clone();
        let found = self.ready(db)?.find(db, query, &chips.left, cadre)?;
        let (page, by): (Vec<Uuid>, Vec<Option<FoundBy>>) = found.page.into_iter().unzip();
        let mut by: BTreeMap<Uuid, FoundBy> =
            page.iter().copied().zip(by).filter_map(|(id, by)| Some((id, by?))).collect();
        let mut rows = households::lines(db, &page, running)?;
        for row in &mut rows {
            row.found_by = by.remove(&row.id);
        }
        Ok(Households {
            rows,
            total: found.total,
            all: chips.all,
            not_visited: chips.not_visited(),
            off_register: chips.off_register,
            categories: chips.categories,
        })
    }
}

impl Store {
    /// Whether this answer lets the app open at 今日, whose counts are not there yet.
    pub(super) fn opens_today(&self, reply: &Reply) -> bool {
        let today = |place: &str| matches!(place, "" | TODAY_ADDRESS);
        self.register.chips.is_none()
            && matches!(reply, Reply::Status(status) if status.identity.is_some() && today(&status.place))
    }

    /// Reads what 今日 asks as soon as it is drawn, while it is drawn.
    pub(super) fn foresee_today(&mut self, now_ms: i64) {
        // A failure is told to the page when it asks.
        drop(self.handle(Request::Today, now_ms));
    }

    /// Whether a quiet moment can be used for what the next search waits for otherwise.
    pub(super) fn has_quiet_work(&self) -> bool {
        self.register.is_behind
    }

    /// Nobody asks for anything: reads what the next search waits for otherwise. Not during an exchange, whose next
    /// rows would make it vain.
    pub(super) fn use_quiet_moment(&mut self) {
        if !matches!(self.phase, SyncPhase::Running { .. }) {
            // A failure is told to whoever searches: then the words are read anew.
            drop(self.register.ready(&self.connection));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quiet_moment_reads_what_has_changed_but_not_while_rows_arrive() {
        let mut store = Store::open(Connection::open_in_memory().unwrap()).unwrap();
        assert!(store.has_quiet_work(), "nothing has been read yet");
        store.use_quiet_moment();
        assert!(!store.has_quiet_work());
        store.register.note_change();
        store.report(SyncPhase::Running { sent: 0, total: 1 }, "");
        store.use_quiet_moment();
        assert!(store.has_quiet_work(), "the next rows would make it vain");
        store.report(SyncPhase::Idle, "");
        store.use_quiet_moment();
        assert!(!store.has_quiet_work());
    }
}
