//! What phones sent on one day: which records, and what of it the office has still to let in.

use super::words;
use crate::storage::StorageError;
use rusqlite::{Connection, params};
use std::collections::BTreeSet;
use uuid::Uuid;

/// What came on a day from phones, also from those revoked since.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// Records of which something was let in.
    pub records: BTreeSet<Uuid>,
    /// Records of which something waits for the office.
    pub held: BTreeSet<Uuid>,
    /// When the last of it came, Unix milliseconds.
    pub last_ms: Option<i64>,
}

impl Received {
    /// On a day `YYYY-MM-DD` of Beijing; nothing for what is no day. Each device's newest patches are walked back to that
    /// morning: today costs what came today, however much is stored.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn on(db: &Connection, day: &str) -> Result<Self, StorageError> {
        let mut received = Received::default();
        let Some(start) = words::day_start_ms(day) else { return Ok(received) };
        let end = start.saturating_add(words::day_ms);
        let mut devices = db.prepare_cached("SELECT id FROM device")?;
        let devices = devices.query_map([], |row| row.get(0))?.collect::<Result<Vec<i64>, _>>()?;
        let mut statement = db.prepare_cached(
            "SELECT record, received_at, held <> '', refused FROM patch WHERE device = ?1 ORDER BY device_seq DESC",
        )?;
        for device in devices {
            let mut rows = statement.query(params![device])?;
            while let Some(row) = rows.next()? {
                let at: i64 = row.get(1)?;
                if at < start {
                    break;
                }
                if at < end {
                    received.take(Uuid::from_bytes(row.get(0)?), (row.get(2)?, row.get(3)?), at);
                }
            }
        }
        Ok(received)
    }

    fn take(&mut self, record: Uuid, (held, refused): (bool, bool), at_ms: i64) {
        self.last_ms = self.last_ms.max(Some(at_ms));
        match (held, refused) {
            (false, _) => self.records.insert(record),
            (true, false) => self.held.insert(record),
            (true, true) => false,
        };
    }
}
