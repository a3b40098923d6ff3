//! What can go wrong in a world, how often, and the fuse that breaks SQLite in the middle of a transaction.

use super::{
    disk::{Disk, DiskFault},
    rng::Rng,
};
use rusqlite::Connection;
use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicI64, Ordering},
};

/// How often each thing goes wrong, per mille. A world draws some of them high and some to nothing, so that a
/// rare meeting of two faults is not drowned by all the others.
#[derive(Debug, Clone, Copy, Default)]
pub struct Faults {
    /// A request never arrives.
    pub lose_request: u32,
    /// An answer never arrives.
    pub lose_answer: u32,
    /// A request arrives twice.
    pub double: u32,
    /// A message takes minutes.
    pub slow: u32,
    /// No connection at all.
    pub refuse: u32,
    /// 413, 429 or 5xx instead of an answer, from something in between, before or after the server did its work.
    pub status: u32,
    /// Something that is no answer of ours.
    pub garbage: u32,
    /// A phone walks out of coverage.
    pub partition: u32,
    /// A phone's process ends between two steps.
    pub crash_phone: u32,
    /// The server's process ends between two steps.
    pub crash_server: u32,
    /// A transaction breaks off in its middle or at its commit.
    pub burn: u32,
    /// The power is cut at a write.
    pub power: u32,
    /// A disk is full from a write on, for a while.
    pub full: u32,
    /// A write or a sync fails.
    pub io_error: u32,
    /// Of the processes that end between two steps, the power is cut under so many.
    pub unplugged: u32,
    /// A phone's wall clock jumps.
    pub jump: u32,
}

impl Faults {
    /// The faults of one world.
    pub fn draw(rng: &mut Rng) -> Self {
        let mut of = |low: u32, high: u32| *rng.pick(&[0, low, low, high]);
        Faults {
            lose_request: of(30, 250),
            lose_answer: of(40, 300),
            double: of(60, 300),
            slow: of(30, 150),
            refuse: of(30, 200),
            status: of(20, 120),
            garbage: of(10, 80),
            partition: of(20, 120),
            crash_phone: of(2, 12),
            crash_server: of(4, 30),
            burn: of(10, 60),
            power: of(4, 30),
            full: of(5, 40),
            io_error: of(5, 40),
            unplugged: of(300, 700),
            jump: of(20, 120),
        }
    }

    /// How a process ends between two steps.
    pub fn end(&self, rng: &mut Rng) -> End {
        if rng.chance(self.unplugged) {
            End::PowerCut
        } else if rng.chance(200) {
            End::Closed
        } else {
            End::Killed
        }
    }

    /// How the next transaction ends.
    pub fn burn(&self, rng: &mut Rng) -> Burn {
        let disk = [
            (self.power, DiskFault::PowerCut),
            (self.full, DiskFault::Full),
            (self.io_error, DiskFault::Error),
        ];
        for (per_mille, fault) in disk {
            if rng.chance(per_mille) {
                let span = *rng.pick(&[2, 12, 60]);
                return Burn::Disk(fault, rng.between(1, span) as u32);
            }
        }
        if !rng.chance(self.burn) {
            Burn::No
        } else if rng.chance(300) {
            Burn::AtCommit
        } else {
            let span = *rng.pick(&[4, 30, 200]);
            Burn::After(rng.between(1, span))
        }
    }
}

/// When a transaction breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Burn {
    /// It does not.
    No,
    /// After so many steps of SQLite's machine, in units of [`FUSE_STEPS`].
    After(i64),
    /// At its commit.
    AtCommit,
    /// This happens to the disk at the so many'th write or sync, if there are so many.
    Disk(DiskFault, u32),
}

impl Burn {
    /// Whether the power is to be cut.
    pub fn is_power_cut(self) -> bool {
        matches!(self, Burn::Disk(DiskFault::PowerCut, _))
    }
}

/// How a process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Its files are closed in order.
    Closed,
    /// At once.
    Killed,
    /// At once, and what its disk had not synced is lost.
    PowerCut,
}

impl End {
    /// Ends it: `close` closes its files. Says how many changes of them were lost.
    ///
    /// # Errors
    /// When the files cannot be left as a power cut leaves them.
    pub fn of(self, disk: &Disk, close: impl FnOnce(), rng: &mut Rng) -> std::io::Result<u64> {
        match self {
            End::Closed => close(),
            End::Killed | End::PowerCut => disk.kill(close),
        }
        if self == End::PowerCut { disk.cut_power(rng) } else { Ok(0) }
    }
}

/// Steps of SQLite's machine between two looks at the fuse.
const FUSE_STEPS: i32 = 25;

#[derive(Default)]
struct Powder {
    left: AtomicI64,
    at_commit: AtomicBool,
    burnt: AtomicBool,
}

/// Breaks a connection's transaction when lit. It burns once.
#[derive(Clone, Default)]
pub struct Fuse(Arc<Powder>);

impl Fuse {
    /// Lays the fuse into a connection.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn install(&self, db: &mut Connection) -> rusqlite::Result<()> {
        let steps = self.0.clone();
        db.progress_handler(FUSE_STEPS, Some(move || steps.step()))?;
        let commit = self.0.clone();
        db.commit_hook(Some(move || commit.commit()))
    }

    /// Lights it for what comes next.
    pub fn light(&self, burn: Burn) {
        self.0.burnt.store(false, Ordering::Relaxed);
        self.0.left.store(if let Burn::After(steps) = burn { steps } else { 0 }, Ordering::Relaxed);
        self.0.at_commit.store(burn == Burn::AtCommit, Ordering::Relaxed);
    }

    /// Puts it out; true if it has burnt.
    pub fn put_out(&self) -> bool {
        let burnt = self.0.burnt.load(Ordering::Relaxed);
        self.light(Burn::No);
        burnt
    }
}

impl Powder {
    fn step(&self) -> bool {
        let left = self.left.load(Ordering::Relaxed);
        if left == 0 {
            return false;
        }
        self.left.store(left - 1, Ordering::Relaxed);
        left == 1 && !self.burnt.swap(true, Ordering::Relaxed)
    }

    fn commit(&self) -> bool {
        self.at_commit.swap(false, Ordering::Relaxed) && !self.burnt.swap(true, Ordering::Relaxed)
    }
}
