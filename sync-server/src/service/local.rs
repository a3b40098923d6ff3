//! Writes that arise on the server itself (the office's decisions, import, demo): patches like any other, through the same admission,
//! with the chain of the device they come from.

use super::{apply::Applier, erase::allowed, push::record_patch};
use crate::storage::{StorageError, keep_clock, read_clock, read_identity};
use lianxin_shared::{
    replica::{Base, ChainHash, Clock, DeviceId, FieldSet, Patch, PatchDraft, PatchHash, Stamp},
    sqlite::read_row,
};
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Which device writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// The server's own.
    Office,
    /// A device in the table.
    Device(DeviceId),
}

/// Writes records within the caller's transaction; [`LocalWriter::finish`] must be called before the commit.
#[must_use = "finish() keeps receipts, clock and digests"]
pub struct LocalWriter<'c> {
    db: &'c Connection,
    applier: Applier<'c>,
    office: DeviceId,
    clock: Clock,
    places: BTreeMap<DeviceId, Place>,
    /// Who of the office writes; empty for imports and the like.
    by: String,
}

struct Place {
    receipt: u64,
    chain: ChainHash,
    clock: Clock,
}

impl<'c> LocalWriter<'c> {
    /// On a connection that is inside a transaction.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn new(db: &'c Connection) -> Result<Self, StorageError> {
        Ok(Self {
            db,
            applier: Applier::new(db)?,
            office: read_identity(db)?.device,
            clock: read_clock(db)?,
            places: BTreeMap::new(),
            by: String::new(),
        })
    }

    /// What the office writes from now on is this person's.
    pub fn signed(mut self, by: &str) -> Self {
        by.clone_into(&mut self.by);
        self
    }

    /// Writes `set` into a record as at `at_ms`, having seen all that stands there. What was erased by law is not written
    /// again, by nobody.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn write(
        &mut self,
        origin: Origin,
        (kind, id, village): (&str, Uuid, &str),
        set: FieldSet,
        at_ms: i64,
    ) -> Result<(), StorageError> {
        let row = read_row(self.db, id)?;
        let base: Base = row
            .iter()
            .flat_map(|row| &row.fields)
            .filter(|(name, _)| set.contains_key(*name))
            .map(|(name, version)| (name.clone(), vec![version.stamp]))
            .collect();
        self.write_having_seen(origin, (kind, id, village), set, base, at_ms)
    }

    /// Writes `set` into a record as at `at_ms`, having seen the writes that `base` names and no others.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn write_having_seen(
        &mut self,
        origin: Origin,
        (kind, id, village): (&str, Uuid, &str),
        set: FieldSet,
        mut base: Base,
        at_ms: i64,
    ) -> Result<(), StorageError> {
        let set = allowed(self.db, id, set)?;
        if set.is_empty() {
            return Ok(());
        }
        base.retain(|field, _| set.contains_key(field));
        let device = match origin {
            Origin::Office => self.office,
            Origin::Device(device) => device,
        };
        let row = read_row(self.db, id)?;
        let above = row.iter().flat_map(|row| row.fields.values()).map(|version| version.order).max();
        let stamp = self.stamp(device, above, at_ms)?;
        let Some(place) = self.places.get_mut(&device) else { return Err(StorageError::Stopped) };
        let edit = PatchDraft { stamp, kind: kind.to_owned(), id, village: village.to_owned(), set, base };
        let patch = Patch { device_seq: place.receipt + 1, edit };
        let hash = PatchHash::of(&patch);
        (place.receipt, place.chain) = (patch.device_seq, place.chain.then(hash));
        record_patch(self.db, device, &patch, stamp, hash, at_ms, "")?;
        if origin == Origin::Office && !self.by.is_empty() {
            self.db
                .prepare_cached("INSERT INTO office_write (device, device_seq, by) VALUES (?1, ?2, ?3)")?
                .execute(params![device.to_i64(), patch.device_seq as i64, self.by])?;
        }
        self.applier.apply(row.as_ref(), &patch.edit, stamp)?;
        Ok(())
    }

    fn stamp(&mut self, device: DeviceId, above: Option<Stamp>, at_ms: i64) -> Result<Stamp, StorageError> {
        if !self.places.contains_key(&device) {
            let place = self.load(device)?;
            self.places.insert(device, place);
        }
        let Some(place) = self.places.get_mut(&device) else { return Err(StorageError::Stopped) };
        above.iter().for_each(|order| place.clock.observe(*order));
        Ok(place.clock.tick(at_ms))
    }

    fn load(&self, device: DeviceId) -> Result<Place, StorageError> {
        if device == self.office {
            let last: Option<(i64, [u8; 16])> = self.last_patch(device)?;
            let receipt = last.map_or(0, |(seq, _)| seq.unsigned_abs());
            return Ok(Place { receipt, chain: ChainHash::start(device), clock: self.clock.clone() });
        }
        let (receipt, chain): (i64, [u8; 16]) = self.db.query_row(
            "SELECT receipt, chain FROM device WHERE id = ?1",
            [device.to_i64()],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        let clock = match self.last_patch(device)? {
            Some((_, stamp)) => Clock::resume(device, Stamp::from_bytes(stamp), 0),
            None => Clock::new(device),
        };
        Ok(Place { receipt: receipt.unsigned_abs(), chain: ChainHash(chain), clock })
    }

    fn last_patch(&self, device: DeviceId) -> Result<Option<(i64, [u8; 16])>, StorageError> {
        Ok(self
            .db
            .query_row(
                "SELECT device_seq, stamp FROM patch WHERE device = ?1 ORDER BY device_seq DESC LIMIT 1",
                [device.to_i64()],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .optional()?)
    }

    /// Keeps receipts, clock and digests.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn finish(self) -> Result<(), StorageError> {
        for (device, place) in &self.places {
            if *device == self.office {
                keep_clock(self.db, &place.clock)?;
                continue;
            }
            self.db.execute(
                "UPDATE device SET receipt = ?2, chain = ?3 WHERE id = ?1",
                params![device.to_i64(), place.receipt as i64, place.chain.0],
            )?;
        }
        self.applier.finish()
    }
}
