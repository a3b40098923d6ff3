//! The simulator: phones, an office and one server under a network that loses, doubles, delays and garbles, with
//! processes that end between any two steps or in the middle of a transaction, and clocks that jump by days.
//! The real store, the real machine, the real service over real SQLite; everything drawn from one seed.
//!
//! After a while the network heals, all sync until nothing moves, and [`checks`] compares everything with
//! everything and with an [`oracle`] that shares no code with the merge.

mod absence;
mod cadre;
mod checks;
mod coverage;
mod dawn;
mod disaster;
mod disk;
mod driver;
mod erasing;
mod faults;
mod network;
mod oracle;
mod phone;
mod promises;
mod rng;
mod server;
mod skew;
mod township;
mod trace;
mod visits;
mod world;

pub use coverage::{Coverage, ESSENTIAL};

use std::{
    fmt,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};
use world::World;

/// A world that ended well.
#[derive(Debug, Clone)]
pub struct Report {
    /// What happened in it.
    pub coverage: Coverage,
    /// Sum over its whole story: two runs of a seed have the same.
    pub story: u64,
    /// The story's tail, or all of it.
    pub trace: String,
}

/// A world that broke the contract.
#[derive(Debug, Clone)]
pub struct Failure {
    /// Its seed.
    pub seed: u64,
    /// What was broken.
    pub what: String,
    /// The story's tail, or all of it.
    pub trace: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Failure { seed, what, trace } = self;
        write!(f, "{trace}seed {seed}: {what}\nreplay: make sim SEED={seed}")
    }
}

/// Runs one world; `whole` keeps all of its story.
///
/// # Errors
/// When it breaks the contract.
pub fn run(seed: u64, whole: bool) -> Result<Report, Failure> {
    let mut world = match World::new(seed, whole) {
        Ok(world) => world,
        Err(error) => return Err(Failure { seed, what: format!("{error:#}"), trace: String::new() }),
    };
    match world.run() {
        Ok(()) => Ok(Report {
            coverage: world.coverage.clone(),
            story: world.trace.sum(),
            trace: world.trace.tail(),
        }),
        Err(error) => Err(Failure { seed, what: format!("{error:#}"), trace: world.trace.tail() }),
    }
}

/// Runs `seeds` worlds from seed `from` on all processors; ends early after a few failures.
pub fn run_many(from: u64, seeds: u64) -> (Coverage, Vec<Failure>) {
    const FAILURES_MAX: usize = 3;
    let next = AtomicU64::new(0);
    let result = Mutex::new((Coverage::default(), Vec::new()));
    let work = || {
        loop {
            let n = next.fetch_add(1, Ordering::Relaxed);
            if n >= seeds {
                break;
            }
            let outcome = run(from + n, false);
            let mut result = result.lock().unwrap_or_else(PoisonError::into_inner);
            match outcome {
                Ok(report) => result.0.merge(&report.coverage),
                Err(failure) => result.1.push(failure),
            }
            if result.1.len() >= FAILURES_MAX {
                next.store(seeds, Ordering::Relaxed);
            }
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(work);
        }
    });
    result.into_inner().unwrap_or_else(PoisonError::into_inner)
}
