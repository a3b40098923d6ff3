//! What the sync machine asks of the store, each one transaction.

use super::{Event, Store, StoreError, erase, former, meta, outgoing, repair, replicate, scope};
use lianxin_shared::{
    sync::{CommitReport, Outgoing, Salvage},
    wire::v1::{EnrolResponse, Life, Receipt, RepairResponse, SalvageResponse, SyncResponse},
};
use std::collections::BTreeMap;
use uuid::Uuid;

impl Store {
    /// The machine's `Load`: seals, commits, hands over.
    ///
    /// # Errors
    /// [`StoreError::Copied`] when `after` is not of this phone's patches, or when SQLite fails; nothing was sealed then.
    pub fn sync_load(&mut self, bytes_max: usize, after: Option<&Receipt>) -> Result<Outgoing, StoreError> {
        self.transact(|db| outgoing::load(db, bytes_max, after))
    }

    /// The machine's `Commit`: the whole answer or nothing.
    ///
    /// # Errors
    /// When the answer contradicts this phone or SQLite fails; nothing of it is kept then.
    pub fn sync_commit(&mut self, response: SyncResponse, now_ms: i64) -> Result<CommitReport, StoreError> {
        let is_rescoped = response.scope.is_some();
        let committed = self.transact(|db| replicate::commit(db, response, now_ms))?;
        if committed.redacted {
            erase::empty_log(&self.connection);
        }
        if is_rescoped {
            // Every screen that names the villages says the new ones.
            self.events.push(Event::Standing);
        }
        if committed.changed {
            self.changed();
            self.events.push(Event::Changed);
        }
        Ok(committed.report)
    }

    /// The machine's `LoadSums`.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn sync_sums(&self) -> Result<BTreeMap<String, String>, StoreError> {
        repair::sums(&self.connection)
    }

    /// The machine's `Compare`.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn sync_compare(&mut self, response: &RepairResponse) -> Result<Vec<Uuid>, StoreError> {
        let wanted = self.transact(|db| repair::compare(db, response))?;
        self.changed();
        Ok(wanted)
    }

    /// The machine's `CommitRepair`.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn sync_commit_repair(&mut self, response: RepairResponse) -> Result<CommitReport, StoreError> {
        let report = self.transact(|db| repair::commit_repair(db, response))?;
        self.changed();
        self.events.push(Event::Changed);
        Ok(report)
    }

    /// The machine's `Renew`.
    ///
    /// # Errors
    /// [`StoreError::Copied`], or when SQLite fails; nothing has changed then.
    pub fn sync_renew(&mut self, life: &Life) -> Result<(), StoreError> {
        self.transact(|db| former::renew(db, life))
    }

    /// The machine's `BecomeOther`.
    ///
    /// # Errors
    /// When SQLite fails; nothing has changed then.
    pub fn sync_become_other(&mut self, enrolled: &EnrolResponse, now_ms: i64) -> Result<(), StoreError> {
        self.transact(|db| meta::become_other(db, enrolled, now_ms))
    }

    /// The machine's `LoadSalvage`.
    ///
    /// # Errors
    /// When SQLite fails; nothing has changed then.
    pub fn sync_load_salvage(&mut self, bytes_max: usize) -> Result<Salvage, StoreError> {
        let salvage = self.transact(|db| {
            let salvage = former::load_salvage(db, bytes_max)?;
            // What kept a village here that is no longer this phone's may have been the last of its former life.
            if !former::remains(db)? {
                scope::evict(db)?;
            }
            Ok(salvage)
        })?;
        self.changed();
        Ok(salvage)
    }

    /// The machine's `KeepSalvaged`.
    ///
    /// # Errors
    /// When SQLite fails; nothing has changed then.
    pub fn sync_keep_salvaged(&mut self, response: &SalvageResponse) -> Result<(), StoreError> {
        self.transact(|db| former::keep_salvaged(db, response))
    }
}
