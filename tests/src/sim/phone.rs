//! A phone: the real store and the real machine with a wall clock of its own, and a process that can end
//! between any two steps or in the middle of a transaction.

use super::{
    disk::{Disk, DiskFault},
    faults::{Burn, End, Fuse},
    network::Line,
    promises::Promises,
    rng::Rng,
};
use crate::register::{self, Listed};
use anyhow::{Context, Result, bail, ensure};
use lianxin_app::{
    platform::{StoreKey, prepare_connection},
    store::{Loaded, Reply, Request, Store, StoreError, draft::VisitDraft},
};
use lianxin_shared::{
    replica::{DeviceId, FieldSet},
    sync::{Input, Machine},
    wire::v1::EnrolResponse,
};
use rusqlite::Connection;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::Arc,
};
use uuid::Uuid;

/// The key of every phone's database.
const KEY: [u8; 32] = [7; 32];

/// A wall clock that runs at its own pace and jumps.
#[derive(Debug, Clone, Copy)]
pub struct WallClock {
    offset_ms: i64,
    drift_ppm: i64,
    since_ms: i64,
}

impl WallClock {
    /// Off by `offset_ms` at `now_ms`, gaining `drift_ppm` millionths.
    pub fn new(now_ms: i64, offset_ms: i64, drift_ppm: i64) -> Self {
        WallClock { offset_ms, drift_ppm, since_ms: now_ms }
    }

    /// What it shows at the true time.
    pub fn at(&self, now_ms: i64) -> i64 {
        now_ms + self.offset_ms + (now_ms - self.since_ms) * self.drift_ppm / 1_000_000
    }
}

/// An editor that is open: the record as it was loaded, and what has been typed.
#[derive(Debug, Clone)]
pub struct Editor {
    /// As loaded.
    pub loaded: Loaded,
    /// As typed.
    pub typed: FieldSet,
}

/// One cadre's phone.
pub struct Phone {
    /// For the trace: 0, 1, 2 …
    pub index: usize,
    /// The device.
    pub device: DeviceId,
    /// Who holds it.
    pub cadre: String,
    /// Villages that it has been told are its cadre's, without the township's own code.
    pub villages: BTreeSet<String>,
    /// Villages that it ever had to let go.
    pub withdrawn: BTreeSet<String>,
    /// Its wall clock.
    pub clock: WallClock,
    /// Which life of its process this is.
    pub life: u32,
    /// The sync machine of this life.
    pub machine: Machine,
    /// Whether a step of the driver is planned.
    pub stepping: bool,
    /// The request that waits for its answer.
    pub in_flight: Option<u64>,
    /// What that asked for.
    pub asked: Asked,
    /// Number of the last [`lianxin_shared::sync::Action::WakeAt`].
    pub wish: u64,
    /// Whether there is a signal.
    pub covered: bool,
    /// What its line carries.
    pub line: Line,
    /// A household is there as long as a visit to it is being written.
    pub waits_for_drafts: bool,
    /// It is of an older version.
    pub older: bool,
    /// The input that the machine digests.
    pub last_input: &'static str,
    /// A refusal came before the answer that it follows was committed: the machine speaks of it afterwards.
    pub failed_early: bool,
    /// A batch is this many times smaller than the machine asks for, so that small worlds have several.
    pub batch_divisor: usize,
    /// SQLite moves its log into the database after so many pages, so that small worlds see that too.
    pub checkpoint_pages: u32,
    /// Open editors; they die with the process.
    pub editors: Vec<Editor>,
    /// Drafts as last acknowledged.
    pub drafts: BTreeMap<Uuid, VisitDraft>,
    /// Drafts as they were being saved when that failed.
    pub doubtful: BTreeMap<Uuid, VisitDraft>,
    /// Drafts in the order in which they were begun.
    pub draft_order: Vec<Uuid>,
    /// What was acknowledged.
    pub promises: Promises,
    /// What lies under its database.
    pub disk: Arc<Disk>,
    /// What happened to the disk during the last work with the store.
    pub struck: Option<DiskFault>,
    path: PathBuf,
    store: Option<Store>,
    fuse: Fuse,
}

/// What a phone waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// A sync.
    Sync,
    /// A step of a repair.
    Repair,
    /// That a salvage was taken.
    Salvage,
    /// A device of its own.
    Clone,
}

/// How a request to the store ended.
#[derive(Debug)]
pub enum Outcome<T> {
    /// Acknowledged.
    Done(T),
    /// Refused in words, or failed; nothing was kept.
    Refused(StoreError),
    /// The transaction broke off.
    Burnt,
}

impl Phone {
    /// A new phone with its cadre, enrolled and at rest.
    pub fn new(dir: &Path, index: usize, villages: BTreeSet<String>, clock: WallClock) -> Self {
        let path = dir.join(format!("phone{index}.db"));
        Phone {
            index,
            device: DeviceId::from_bits(0xA000 + index as u64),
            cadre: format!("c{index}"),
            villages,
            withdrawn: BTreeSet::new(),
            clock,
            life: 0,
            machine: Machine::new(index as u64),
            stepping: false,
            in_flight: None,
            asked: Asked::Sync,
            wish: 0,
            covered: true,
            line: Line::default(),
            waits_for_drafts: true,
            older: false,
            last_input: "",
            failed_early: false,
            batch_divisor: 1,
            checkpoint_pages: 1_000,
            editors: Vec::new(),
            drafts: BTreeMap::new(),
            doubtful: BTreeMap::new(),
            draft_order: Vec::new(),
            promises: Promises::default(),
            disk: Disk::under(&path),
            struck: None,
            path,
            store: None,
            fuse: Fuse::default(),
        }
    }

    /// Opens the database and starts the process.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn start(&mut self) -> Result<()> {
        let mut db = Connection::open(&self.path)?;
        let key = StoreKey::from_bytes(&KEY).context("a key of the right length")?;
        prepare_connection(&db, &key)?;
        db.pragma_update(None, "wal_autocheckpoint", self.checkpoint_pages)?;
        self.fuse.install(&mut db)?;
        self.store = Some(Store::open(db)?);
        Ok(())
    }

    /// The same data on another phone: copied at this moment, from now on both are used.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn copied(&self, dir: &Path, index: usize, clock: WallClock) -> Result<Self> {
        let mut copy = Phone::new(dir, index, self.villages.clone(), clock);
        (copy.device, copy.cadre) = (self.device, self.cadre.clone());
        (copy.promises, copy.withdrawn) = (self.promises.clone(), self.withdrawn.clone());
        (copy.drafts, copy.draft_order) = (self.drafts.clone(), self.draft_order.clone());
        copy.waits_for_drafts = self.waits_for_drafts;
        (copy.batch_divisor, copy.checkpoint_pages) = (self.batch_divisor, self.checkpoint_pages);
        self.db()?.execute("VACUUM INTO ?1", [copy.path.to_str().context("a path in UTF-8")?])?;
        copy.start()?;
        Ok(copy)
    }

    /// Becomes a device of the township.
    ///
    /// # Errors
    /// When the store refuses.
    pub fn enrol(&mut self, enrolled: EnrolResponse, now_ms: i64) -> Result<()> {
        let request = Request::Enrol { server_url: "https://x".to_owned(), enrolled: Box::new(enrolled) };
        self.ask(request, now_ms).map(|_| ())
    }

    /// The process ends: what is in memory or uncommitted is gone. Says how many changes of its files were lost with it.
    ///
    /// # Errors
    /// When its files cannot be left as a power cut leaves them.
    pub fn crash(&mut self, end: End, rng: &mut Rng) -> Result<u64> {
        let store = self.store.take();
        let lost = end.of(&self.disk, || drop(store), rng)?;
        self.life += 1;
        self.machine = Machine::new(u64::from(self.life) << 8 | self.index as u64);
        (self.stepping, self.in_flight) = (false, None);
        self.wish += 1;
        self.editors.clear();
        Ok(lost)
    }

    /// Whether the process runs.
    pub fn is_up(&self) -> bool {
        self.store.is_some()
    }

    /// The database.
    ///
    /// # Errors
    /// While the process is down.
    pub fn db(&self) -> Result<&Connection> {
        Ok(self.store.as_ref().context("the phone is down")?.connection())
    }

    /// Works with the store; the transaction may break off.
    ///
    /// # Errors
    /// When the store fails in a way that nothing explains.
    pub fn with_store<T>(
        &mut self,
        burn: Burn,
        work: impl FnOnce(&mut Store) -> Result<T, StoreError>,
    ) -> Result<Outcome<T>> {
        let store = self.store.as_mut().context("the phone is down")?;
        if let Burn::Disk(fault, after) = burn {
            self.disk.plan(fault, after);
        }
        self.fuse.light(burn);
        let outcome = work(store);
        let burnt = self.fuse.put_out();
        self.struck = self.disk.relax();
        let failed = matches!(self.struck, Some(DiskFault::PowerCut | DiskFault::Error));
        ensure!(store.connection().is_autocommit(), "the store left a transaction open");
        Ok(match outcome {
            Ok(value) => Outcome::Done(value),
            Err(_) if burnt => Outcome::Burnt,
            // The cadre is told which of the two it is.
            Err(StoreError::Full) if self.disk.is_full() => Outcome::Burnt,
            Err(StoreError::Broken(_)) if failed => Outcome::Burnt,
            Err(error @ StoreError::Broken(_)) => bail!("the store failed: {error}"),
            Err(error) => Outcome::Refused(error),
        })
    }

    /// Asks the store, which must answer.
    ///
    /// # Errors
    /// When it does not.
    pub fn ask(&mut self, request: Request, now_ms: i64) -> Result<Reply> {
        let wall = self.clock.at(now_ms);
        match self.with_store(Burn::No, |store| store.handle(request, wall))? {
            Outcome::Done(reply) => Ok(reply),
            Outcome::Refused(error) => bail!("the store refused: {error}"),
            Outcome::Burnt => bail!("burnt without a fuse"),
        }
    }

    /// A record as it is shown; none if it is not on this phone.
    ///
    /// # Errors
    /// When the store fails.
    pub fn record(&mut self, id: Uuid, now_ms: i64) -> Result<Option<Loaded>> {
        let wall = self.clock.at(now_ms);
        let outcome = self.with_store(Burn::No, |store| store.handle(Request::Record { id }, wall))?;
        match outcome {
            Outcome::Done(Reply::Record(loaded)) => Ok(Some(loaded)),
            Outcome::Refused(StoreError::NotFound) => Ok(None),
            other => bail!("asked for a record, got {other:?}"),
        }
    }

    /// Everything that was acknowledged is shown, up to a limit of records.
    ///
    /// # Errors
    /// When it is not.
    pub fn keeps_its_promises(&mut self, records_max: usize, now_ms: i64) -> Result<()> {
        let records = self.promises.records();
        for id in records.into_iter().rev().take(records_max) {
            let shown = self.record(id, now_ms)?;
            self.promises.kept(id, shown.as_ref(), &self.withdrawn)?;
        }
        for (id, mut kept) in self.drafts.clone() {
            if self.promises.is_touched(id) {
                continue;
            }
            let Reply::Draft(mut open) = self.ask(Request::Draft { id }, now_ms)? else { bail!("no draft") };
            if kept.household.is_some_and(|household| self.promises.is_touched(household)) {
                // Without the name, from when the phone has heard that it was erased.
                kept.target_name.clone_into(&mut open.draft.target_name);
            }
            // A save that failed at the very end of its commit may be there after a crash.
            if let Some(doubtful) = self.doubtful.remove(&id).filter(|doubtful| *doubtful == open.draft) {
                self.drafts.insert(id, doubtful.clone());
                kept = doubtful;
            }
            ensure!(open.draft == kept, "a draft is not as it was kept");
            // Villages are let go when nothing there is being written any more; where households move, they go by
            // themselves. A visit that is held can be corrected after that.
            let is_new = kept.amends.is_none();
            let Some(household) = kept.household.filter(|_| self.waits_for_drafts && is_new) else {
                continue;
            };
            let shown = self.record(household, now_ms)?;
            ensure!(shown.is_some(), "the household of a visit that is being written is gone");
        }
        Ok(())
    }

    /// Some of what the cadre may look for in the register is found as the tables alone have it.
    ///
    /// # Errors
    /// When it is not.
    pub fn finds_what_the_tables_have(&mut self, queries_max: usize, now_ms: i64) -> Result<()> {
        let texts = ["", "周", "MJG", "138 0", "记2", "y z", "00000003", "没有"];
        let queries = register::queries(self.villages.clone(), &texts);
        // Others each time: by the moment, so that a seed replays them.
        let first = usize::try_from(now_ms)? % queries.len();
        let count = queries_max.min(queries.len());
        for query in queries.into_iter().cycle().skip(first).take(count) {
            let wanted = Listed::of(self.db()?, query.clone(), &self.cadre, self.clock.at(now_ms))?;
            let Reply::Households(found) = self.ask(Request::Households(query), now_ms)? else {
                bail!("no list")
            };
            wanted.equals(&found)?;
        }
        Ok(())
    }

    /// The machine hears of something.
    pub fn hear(&mut self, name: &'static str, input: Input, now_ms: i64) {
        self.last_input = name;
        self.machine.handle(input, self.clock.at(now_ms));
    }
}
