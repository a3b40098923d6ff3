//! The server's process: the real service over a database of its own, run as the writer thread runs it (one
//! transaction, a savepoint each, answers after the commit), but step by step.

mod group;

use super::{
    disaster::GoingBack,
    disk::{Disk, DiskFault},
    faults::{Burn, End, Fuse},
    network::{Packet, Told},
    rng::Rng,
};
use anyhow::{Context, Result, ensure};
use lianxin_server::{
    service::{
        Caller, ErasureAct, LocalWriter, NewLife, Origin, Pushed, Refusal, ServiceError, begin_life,
        carry_over, erase, pull, repair, salvage,
    },
    storage::{DATABASE_FILE, ServerIdentity, Storage, StorageError, open_writable, read_identity},
};
use lianxin_shared::{
    replica::{ChainHash, DeviceId, FieldSet},
    wire::v1::{Cursor, EnrolResponse, RepairRequest, SalvageRequest},
};
use rusqlite::{Connection, params};
use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::Arc,
};
use uuid::Uuid;

/// The server's own device: fixed, so that ties between stamps fall alike in every run of a seed.
const OFFICE_DEVICE: DeviceId = DeviceId::from_bits(0x0FF1_CE00);

/// A running or stopped server.
pub struct Server {
    path: PathBuf,
    open: Option<Open>,
    /// Which life of its process this is.
    pub life: u32,
    /// Who it is.
    pub identity: ServerIdentity,
    /// Requests that wait for the writer.
    pub waiting: Vec<Packet>,
    /// Rows of one answer end here, bytes.
    pub page_bytes_max: usize,
    /// SQLite moves its log into the database after so many pages.
    checkpoint_pages: u32,
    /// What lies under its database.
    pub disk: Arc<Disk>,
    /// What happened to the disk during the last work.
    pub struck: Cell<Option<DiskFault>>,
    lives: Cell<u32>,
    fuse: Fuse,
}

struct Open {
    writer: Connection,
    reader: Connection,
}

/// A push that is committed and not yet answered.
#[derive(Debug, Clone)]
pub struct Committed {
    /// The request.
    pub packet: Packet,
    /// What the writing half made of it.
    pub outcome: Result<Pushed, Told>,
    /// The request's cursor.
    pub cursor: Cursor,
}

/// A record for the office to write: kind, id, village, fields.
pub type OfficeWrite = (&'static str, Uuid, String, FieldSet);

impl Server {
    /// A new township in `dir`.
    pub fn new(dir: &Path, region: &str, page_bytes_max: usize, checkpoint_pages: u32) -> Result<Self> {
        let path = dir.join(DATABASE_FILE);
        let disk = Disk::under(&path);
        Storage::init(dir, "清溪镇", region)?;
        let fuse = Fuse::default();
        let open = open(&path, &fuse, checkpoint_pages)?;
        let start = lianxin_shared::replica::Clock::new(OFFICE_DEVICE).last();
        open.writer.execute(
            "UPDATE server SET server_id = ?1, epoch = ?2, device = ?3, clock = ?4",
            params![[1u8; 16], [2u8; 16], OFFICE_DEVICE.to_i64(), start.to_bytes()],
        )?;
        let identity = read_identity(&open.writer)?;
        Ok(Server {
            path,
            open: Some(open),
            life: 0,
            identity,
            waiting: Vec::new(),
            page_bytes_max,
            checkpoint_pages,
            disk,
            struck: Cell::new(None),
            lives: Cell::new(0),
            fuse,
        })
    }

    /// Lets a phone in, as `enrol` would.
    pub fn enrol(
        &self,
        device: DeviceId,
        cadre: &str,
        name: &str,
        villages: &BTreeSet<String>,
    ) -> Result<()> {
        let db = self.writer().context("down")?;
        db.execute("INSERT INTO cadre (id, name) VALUES (?1, ?2)", params![cadre, name])?;
        for village in villages {
            db.execute(
                "INSERT INTO cadre_village (cadre, village) VALUES (?1, ?2)",
                params![cadre, village],
            )?;
        }
        db.execute(
            "INSERT INTO device (id, cadre, token_hash, enrolled_at, chain) VALUES (?1, ?2, ?3, 0, ?4)",
            params![device.to_i64(), cadre, device.bits().to_be_bytes(), ChainHash::start(device).0],
        )?;
        Ok(())
    }

    /// The database; none while the process is down.
    pub fn writer(&self) -> Option<&Connection> {
        self.open.as_ref().map(|open| &open.writer)
    }

    /// Whether the process runs.
    pub fn is_up(&self) -> bool {
        self.open.is_some()
    }

    /// The process ends: what waits or is uncommitted is gone. Says how many changes of its files were lost with it.
    ///
    /// # Errors
    /// When its files cannot be left as a power cut leaves them.
    pub fn crash(&mut self, end: End, rng: &mut Rng) -> Result<u64> {
        let open = self.open.take();
        self.waiting.clear();
        self.life += 1;
        Ok(end.of(&self.disk, || drop(open), rng)?)
    }

    /// Something may happen during the work that follows.
    fn light(&self, burn: Burn) {
        if let Burn::Disk(fault, after) = burn {
            self.disk.plan(fault, after);
        }
        self.fuse.light(burn);
    }

    /// That work is over; true if something happened that explains its failure.
    fn put_out(&self) -> bool {
        self.struck.set(self.disk.relax());
        self.fuse.put_out() || self.struck.get().is_some() || self.disk.is_full()
    }

    /// The process starts again.
    pub fn start(&mut self) -> Result<()> {
        self.open = Some(open(&self.path, &self.fuse, self.checkpoint_pages)?);
        Ok(())
    }

    /// A life that a seed always gives.
    fn new_life(&self) -> NewLife {
        let n = self.lives.get() + 1;
        self.lives.set(n);
        let device = DeviceId::from_bits(OFFICE_DEVICE.bits() + u64::from(n));
        NewLife { epoch: Uuid::from_u128(u128::from(n) << 64 | 2), device }
    }

    /// What a failed write is answered with; an error that no fuse explains is the service's own.
    fn told(&self, error: ServiceError) -> Result<Told> {
        match error {
            ServiceError::Refused(Refusal(body)) => Ok(Told::Refused(serde_json::to_vec(&body)?)),
            ServiceError::Storage(error) => {
                let burnt = error.to_string().contains("interrupted") || self.disk.fails();
                anyhow::ensure!(burnt, "the server's write failed: {error}");
                Ok(Told::Failed(lianxin_shared::sync::Failure::Server))
            }
        }
    }

    /// Answers a committed push out of one read transaction begun after it; with the number of pages left.
    pub fn answer(&self, committed: Committed, caller: &Caller, now_ms: i64) -> Result<(Told, bool)> {
        let db = &self.open.as_ref().context("down")?.reader;
        let pushed = match committed.outcome {
            Ok(pushed) => pushed,
            Err(told) => return Ok((told, false)),
        };
        db.execute_batch("BEGIN")?;
        let read = pull(db, caller, &committed.cursor, pushed, self.page_bytes_max, now_ms);
        db.execute_batch("COMMIT")?;
        match read {
            Ok(response) => Ok((Told::Sync(serde_json::to_vec(&response)?), response.more)),
            Err(error) => Ok((self.told(error)?, false)),
        }
    }

    /// Answers one step of a repair.
    pub fn repair(&self, bytes: &[u8], caller: &Caller) -> Result<Told> {
        let db = &self.open.as_ref().context("down")?.reader;
        let request: RepairRequest = serde_json::from_slice(bytes)?;
        if request.epoch != read_identity(db)?.epoch {
            return Ok(Told::Failed(lianxin_shared::sync::Failure::Server));
        }
        db.execute_batch("BEGIN")?;
        let response = repair(db, caller, &request);
        db.execute_batch("COMMIT")?;
        Ok(Told::Other(serde_json::to_vec(&response?)?))
    }

    /// Takes a salvage, all or nothing.
    pub fn salvage(&self, bytes: &[u8], caller: &Caller, now_ms: i64, burn: Burn) -> Result<(Told, u64)> {
        let db = self.writer().context("down")?;
        let request: SalvageRequest = serde_json::from_slice(bytes)?;
        if request.epoch != read_identity(db)?.epoch {
            return Ok((Told::Failed(lianxin_shared::sync::Failure::Server), 0));
        }
        self.light(burn);
        db.execute_batch("BEGIN IMMEDIATE")?;
        let outcome = salvage(db, caller, request, now_ms);
        let outcome = outcome
            .and_then(|done| Ok(db.execute_batch("COMMIT").map(|()| done).map_err(StorageError::from)?));
        let burnt = self.put_out();
        if !db.is_autocommit() {
            db.execute_batch("ROLLBACK")?;
        }
        match outcome {
            Ok(response) => Ok((Told::Other(serde_json::to_vec(&response)?), response.taken)),
            Err(_) if burnt => Ok((Told::Failed(lianxin_shared::sync::Failure::Server), 0)),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes a device for a cadre's phone.
    pub fn welcome(&self, cadre: &str, own: DeviceId, now_ms: i64) -> Result<EnrolResponse> {
        let db = self.writer().context("down")?;
        db.execute(
            "INSERT INTO device (id, cadre, token_hash, enrolled_at, chain) VALUES (?1, ?2, ?3, 0, ?4)",
            params![own.to_i64(), cadre, own.bits().to_be_bytes(), ChainHash::start(own).0],
        )?;
        let identity = read_identity(db)?;
        Ok(EnrolResponse {
            protocol: lianxin_shared::wire::PROTOCOL,
            server_id: identity.server_id,
            epoch: identity.epoch,
            device: own,
            token: String::new(),
            server_time: now_ms.unsigned_abs(),
            cadre: cadre.to_owned(),
            cadre_name: String::new(),
            unit: String::new(),
            township: identity.township,
            villages: BTreeMap::new(),
        })
    }

    /// Grants a cadre exactly these villages.
    pub fn grant(&self, cadre: &str, villages: &BTreeSet<String>, now_ms: i64) -> Result<()> {
        let db = self.writer().context("down")?;
        db.execute_batch("BEGIN IMMEDIATE")?;
        lianxin_server::service::grant_villages(db, cadre, villages, now_ms)?;
        Ok(db.execute_batch("COMMIT")?)
    }

    /// The villages that a cadre has.
    pub fn villages_of(&self, cadre: &str) -> Result<BTreeSet<String>> {
        let db = self.writer().context("down")?;
        let mut statement = db.prepare("SELECT village FROM cadre_village WHERE cadre = ?1")?;
        Ok(statement.query_map([cadre], |row| row.get(0))?.collect::<Result<_, _>>()?)
    }

    /// Whose a device is.
    pub fn cadre_of(&self, device: DeviceId) -> Result<String> {
        let db = self.writer().context("down")?;
        let device = lianxin_server::auth::device_of(db, device)?;
        Ok(device.context("an unknown device")?.cadre)
    }

    /// Who calls with a device's token.
    pub fn caller(&self, device: DeviceId) -> Result<Option<Caller>> {
        let db = self.writer().context("down")?;
        Ok(lianxin_server::auth::device_of(db, device)?.map(|device| Caller {
            device: device.id,
            villages: device.villages,
            past: device.past,
            revoked: device.revoked,
        }))
    }

    /// Keeps a copy of the database as it stands.
    pub fn back_up(&self) -> Result<()> {
        let copy = self.path.with_extension("backup");
        if copy.exists() {
            std::fs::remove_file(&copy)?;
        }
        self.writer()
            .context("down")?
            .execute("VACUUM INTO ?1", [copy.to_str().context("a path in UTF-8")?])?;
        Ok(())
    }

    /// The copy becomes the database of a process that has ended; as a restore does, or behind its back. With the
    /// present database at hand a restore takes over from it who may do what.
    pub fn go_back(&mut self, how: GoingBack, now_ms: i64) -> Result<()> {
        ensure!(self.open.is_none(), "the server runs");
        self.disk.has_space();
        let present = self.path.with_extension("before");
        let db = Connection::open(&self.path)?;
        db.pragma_update_and_check(None, "journal_mode", "delete", |_| Ok(()))?;
        drop(db);
        std::fs::copy(&self.path, &present)?;
        for ending in ["db-wal", "db-shm"] {
            let file = self.path.with_extension(ending);
            if file.exists() {
                std::fs::remove_file(file)?;
            }
        }
        std::fs::copy(self.path.with_extension("backup"), &self.path)?;
        self.disk.was_replaced();
        self.start()?;
        if how != GoingBack::Silently {
            let db = self.writer().context("down")?;
            begin_life(db, &[read_identity(db)?.epoch], self.new_life(), "从备份恢复", now_ms)?;
            if how == GoingBack::Beside {
                ensure!(carry_over(db, &present)?, "the database of another server");
            }
        }
        Ok(())
    }

    /// The office erases fields of a record, all or nothing; false if the transaction failed.
    pub fn erase(&self, record: Uuid, fields: &BTreeSet<String>, now_ms: i64, burn: Burn) -> Result<bool> {
        let act =
            ErasureAct { by: "乡镇走访办".to_owned(), why: "本人要求".to_owned(), at_ms: now_ms };
        self.transact(burn, |db| Ok(erase(db, record, fields, &act).map(drop)?))
    }

    /// The office writes (an import, say), all or nothing; false if the transaction failed.
    pub fn office(&self, writes: Vec<OfficeWrite>, now_ms: i64, burn: Burn) -> Result<bool> {
        self.transact(burn, |db| {
            let mut writer = LocalWriter::new(db)?;
            for (kind, id, village, set) in writes {
                writer.write(Origin::Office, (kind, id, &village), set, now_ms)?;
            }
            Ok(writer.finish()?)
        })
    }

    fn transact(&self, burn: Burn, work: impl FnOnce(&Connection) -> Result<()>) -> Result<bool> {
        let db = self.writer().context("down")?;
        self.light(burn);
        let write = || -> Result<()> {
            db.execute_batch("BEGIN IMMEDIATE")?;
            work(db)?;
            Ok(db.execute_batch("COMMIT")?)
        };
        let outcome = write();
        let burnt = self.put_out();
        if outcome.is_err() && !db.is_autocommit() {
            db.execute_batch("ROLLBACK")?;
        }
        match outcome {
            Err(error) if !burnt => Err(error),
            outcome => Ok(outcome.is_ok()),
        }
    }
}

fn open(path: &Path, fuse: &Fuse, checkpoint_pages: u32) -> Result<Open> {
    let mut writer = open_writable(path)?;
    writer.pragma_update(None, "wal_autocheckpoint", checkpoint_pages)?;
    fuse.install(&mut writer)?;
    let reader = Connection::open(path)?;
    reader.set_prepared_statement_cache_capacity(128);
    Ok(Open { writer, reader })
}
