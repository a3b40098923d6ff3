//! What the store does while nobody asks for anything, so that whoever asks next does not wait for it.

use super::{Store, SyncPhase};

/// Changed rows that may stand in SQLite's log alone. More are brought into the database at a quiet moment: the next
/// start, after the phone has killed the app, must read the log from its beginning.
#[allow(non_upper_case_globals)]
const logged_rows_max: u64 = 1_000;

impl Store {
    /// Whether a quiet moment can be used for what somebody waits for otherwise.
    pub(super) fn has_quiet_work(&self) -> bool {
        self.register.is_behind || self.has_long_log()
    }

    /// Nobody asks for anything: reads what the next search waits for, and shortens the log. Not during an exchange,
    /// whose next rows would make it vain.
    pub(super) fn use_quiet_moment(&mut self) {
        if matches!(self.phase, SyncPhase::Running { .. }) {
            return;
        }
        // A failure is told to whoever searches: then the words are read anew.
        drop(self.register.ready(&self.connection));
        if self.has_long_log() {
            self.rows_in_database = Some(self.connection.total_changes());
            // What stays in the log is as durable there, and shortened another time.
            drop(self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())));
        }
    }

    /// None were counted before: a killed app may have left any log.
    fn has_long_log(&self) -> bool {
        let written = self.connection.total_changes();
        self.rows_in_database.is_none_or(|before| written.saturating_sub(before) > logged_rows_max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::Connection;
    use std::fs;

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

    #[test]
    fn a_quiet_moment_leaves_a_short_log_however_much_was_written() {
        let dir = tempfile::tempdir().unwrap();
        let connection = Connection::open(dir.path().join("s.db")).unwrap();
        connection.pragma_update(None, "journal_mode", "wal").unwrap();
        let mut store = Store::open(connection).unwrap();
        let log_bytes = || fs::metadata(dir.path().join("s.db-wal")).unwrap().len();
        assert!(log_bytes() > 0);
        store.use_quiet_moment();
        assert_eq!(log_bytes(), 0);
        let mut insert = store.connection.prepare("INSERT INTO meta VALUES (?1, '')").unwrap();
        for nth in 0..=logged_rows_max {
            insert.execute([nth.to_string()]).unwrap();
        }
        drop(insert);
        assert!(log_bytes() > 0 && store.has_quiet_work());
        store.use_quiet_moment();
        assert_eq!(log_bytes(), 0);
        assert!(!store.has_quiet_work());
    }
}
