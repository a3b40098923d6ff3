//! W1 to W5: the phone's own store, machine and transport against the real server process, both ends durable, the
//! phone's database keyed.

use super::{
    VisitRecord,
    limit::{limit, packed_bytes},
    memory::{Peak, peak_of_process_mb},
    stage::{Phone, Stage},
    wire::Wire,
};
use anyhow::ensure;
use serde_json::{Value as Json, json};
use std::{
    cell::Cell,
    sync::Barrier,
    thread,
    time::{Duration, Instant},
};

/// How the sync workloads are run.
#[derive(Debug, Clone, Copy)]
pub struct SyncBench {
    /// Measurements of each workload; the median counts.
    pub runs: usize,
    /// Phones of W5, which share the visits among them; none leaves it out.
    pub crowd: usize,
    /// Round trip of the network between phone and server.
    pub round_trip: Duration,
}

/// What was measured of one workload.
#[derive(Default)]
struct Line {
    took: Vec<Duration>,
    limits: Vec<Duration>,
    bytes: (u64, u64),
    requests: u64,
    phone_mb: u64,
    server_mb: u64,
}

impl Line {
    fn json(&mut self, workload: &str) -> Json {
        let (median, low, high) = spread(&mut self.took);
        let limit = spread(&mut self.limits).0;
        json!({
            "workload": workload,
            "median_s": median, "min_s": low, "max_s": high, "runs": self.took.len(),
            "limit_s": limit, "ratio_to_limit": median / limit,
            "bytes_up": self.bytes.0, "bytes_down": self.bytes.1, "requests": self.requests,
            "phone_peak_mb": self.phone_mb, "server_peak_mb": self.server_mb,
        })
    }
}

/// Median, least and greatest, seconds.
pub(super) fn spread(times: &mut [Duration]) -> (f64, f64, f64) {
    times.sort_unstable();
    let at = |nth: usize| times.get(nth).map_or(f64::NAN, Duration::as_secs_f64);
    (at(times.len() / 2), at(0), at(times.len().saturating_sub(1)))
}

/// The workloads, one line each as they are done; `say` gets them.
///
/// # Errors
/// When something does not do what it should.
pub fn sync_workloads(
    records: &[VisitRecord],
    lines: &[String],
    bench: SyncBench,
    mut say: impl FnMut(Json),
) -> anyhow::Result<()> {
    let mut stage = Stage::prepare(records, bench.crowd)?;
    let packed = packed_bytes(lines)?;
    let names = ["W1 push all", "W2 pull all", "W3 ten changed", "W4 nothing to do"];
    let mut measured: [Line; 4] = Default::default();
    // The last run is counted and not timed, unless all go over the wire anyway.
    for run in 0..=bench.runs {
        stage.begin();
        let wire = Wire::to(stage.server.port(), bench.round_trip)?;
        let (is_timed, is_wired) = (run < bench.runs, run == bench.runs || !bench.round_trip.is_zero());
        let url = if is_wired { wire.url().to_owned() } else { stage.server.url().to_owned() };
        let limit = limit(lines)?;
        let mut writer = stage.writer.copied(stage.dir.path(), "run-writer.db")?.open(&url)?;
        let mut reader = stage.reader.copied(stage.dir.path(), "run-reader.db")?.open(&url)?;
        for (nth, line) in measured.iter_mut().enumerate() {
            let phone = if nth == 1 { &mut reader } else { &mut writer };
            if nth == 2 {
                phone.change(records, run)?;
            }
            let (before, requests) = (wire.bytes(), phone.requests);
            let peak = Peak::begin()?;
            let took = phone.sync()?;
            line.phone_mb = line.phone_mb.max(peak.end_mb()?);
            if is_timed {
                line.took.push(took);
                line.limits.push(limit);
            }
            let after = wire.bytes();
            line.bytes = (after.0 - before.0, after.1 - before.1);
            line.requests = phone.requests - requests;
            line.server_mb = peak_of_process_mb(stage.server.process().id())?;
        }
        let visits = stage.server.count("SELECT count(*) FROM record WHERE kind = 'visit'");
        ensure!(visits == records.len() as i64, "{visits} visits are there");
        stage.server.stop();
    }
    for (name, line) in names.into_iter().zip(&mut measured) {
        let mut json = line.json(name);
        if name.starts_with("W1") {
            json["bytes_up_to_zstd"] = json!(line.bytes.0 as f64 / packed as f64);
        }
        say(json);
    }
    if bench.crowd == 0 {
        return Ok(());
    }
    let (mut crowd, mut equal) = (Line::default(), Vec::new());
    for _ in 0..bench.runs {
        stage.begin();
        crowd.limits.push(limit(lines)?);
        let url = stage.server.url().to_owned();
        let (received, took) = push_together(&stage, &url)?;
        crowd.took.push(received);
        equal.push(took);
        crowd.server_mb = crowd.server_mb.max(peak_of_process_mb(stage.server.process().id())?);
        let visits = stage.server.count("SELECT count(*) FROM record WHERE kind = 'visit'");
        ensure!(visits == records.len() as i64, "{visits} visits are there");
        stage.server.stop();
    }
    let mut json = crowd.json(&format!("W5 {} phones at once", bench.crowd));
    json["median_until_all_have_all_s"] = json!(spread(&mut equal).0);
    say(json);
    Ok(())
}

/// All phones of the crowd sync at the same moment: until the last receipt, and until each has what all others wrote.
/// One that has its receipts waits for the others before it goes on: this machine plays them all, and what a phone
/// does with the others' records is its own processor's work elsewhere.
fn push_together(stage: &Stage, url: &str) -> anyhow::Result<(Duration, Duration)> {
    let mut phones = Vec::new();
    for (nth, kept) in stage.crowd.iter().enumerate() {
        phones.push(kept.copied(stage.dir.path(), &format!("run-crowd-{nth}.db"))?.open(url)?);
    }
    let all_received = Barrier::new(phones.len());
    let begun = Instant::now();
    let done: Vec<anyhow::Result<(Duration, Duration)>> = thread::scope(|scope| {
        let all_received = &all_received;
        let sync = move |phone: &mut Phone| {
            let waits = Cell::new(true);
            let wait = || {
                if waits.replace(false) {
                    all_received.wait();
                }
            };
            let took = phone.sync_and(wait);
            // Nobody waits for a phone whose sync broke off.
            wait();
            took
        };
        let syncing: Vec<_> = phones.iter_mut().map(|phone| scope.spawn(move || sync(phone))).collect();
        syncing
            .into_iter()
            .map(|sync| sync.join().unwrap_or_else(|_| anyhow::bail!("a phone ended badly")))
            .collect()
    });
    let took = begun.elapsed();
    let each = done.into_iter().collect::<anyhow::Result<Vec<_>>>()?;
    Ok((each.into_iter().map(|(received, _)| received).max().unwrap_or(took), took))
}
