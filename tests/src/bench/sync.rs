//! W1 to W5: the phone's own store, machine and transport against the real server process, both ends durable, the
//! phone's database keyed.

use super::{
    VisitRecord,
    limit::{limit, packed_bytes},
    memory::{Peak, peak_of_process_mb},
    wire::Wire,
};
use crate::e2e::Server;
use anyhow::{Context, bail, ensure};
use lianxin_app::{
    platform::{StoreKey, now_ms, prepare_connection},
    store::{Edit, Reply, Request, Store, SyncPhase},
    sync::{Driver, Effect, Transport, enrol},
};
use lianxin_shared::{
    domain::{household, opinion, visit},
    replica::{Base, FieldSet, Value, kind},
};
use rusqlite::Connection;
use serde_json::{Value as Json, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};
use tokio::runtime::{Builder, Runtime};
use uuid::Uuid;

/// Visits changed in W3.
const CHANGED: usize = 10;
const REGION: &str = "519921105000";
const CADRE: &str = "韩冬梅";

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

/// One phone without its screen and its timers.
struct Phone {
    store: Store,
    transport: Transport,
    runtime: Runtime,
    /// Where it sends to.
    url: String,
    requests: u64,
}

/// A phone's database and its key, to be opened again and again.
#[derive(Clone)]
struct Kept {
    file: PathBuf,
    key: String,
}

impl Kept {
    fn new(dir: &Path, name: &str) -> anyhow::Result<Self> {
        Ok(Self { file: dir.join(name), key: StoreKey::random()?.hex() })
    }

    /// A copy of its own for one run.
    fn copied(&self, dir: &Path, name: &str) -> anyhow::Result<Self> {
        let file = dir.join(name);
        fs::copy(&self.file, &file)?;
        Ok(Self { file, key: self.key.clone() })
    }

    fn open(&self, url: &str) -> anyhow::Result<Phone> {
        let connection = Connection::open(&self.file)?;
        prepare_connection(&connection, &StoreKey::from_hex(&self.key).context("a key")?)?;
        Ok(Phone {
            store: Store::open(connection)?,
            transport: Transport::new()?,
            runtime: Builder::new_multi_thread().worker_threads(1).enable_all().build()?,
            url: url.to_owned(),
            requests: 0,
        })
    }
}

impl Phone {
    fn enrol(&mut self, server: &Server) -> anyhow::Result<()> {
        let code = server.code(CADRE);
        let enrolled = self.runtime.block_on(enrol(server.url(), &code, None))?;
        let server_url = server.url().to_owned();
        self.store.handle(Request::Enrol { server_url, enrolled: Box::new(enrolled) }, now_ms())?;
        Ok(())
    }

    /// One sync from beginning to end, over a connection of its own: nothing is left of the one before.
    fn sync(&mut self) -> anyhow::Result<Duration> {
        Ok(self.sync_until_received()?.1)
    }

    fn waiting(&mut self) -> anyhow::Result<u32> {
        let Reply::Status(status) = self.store.handle(Request::Status, now_ms())? else { bail!("no status") };
        Ok(status.sync.waiting)
    }

    /// How long until the last receipt for its own, and until it also has all that others wrote.
    fn sync_until_received(&mut self) -> anyhow::Result<(Duration, Duration)> {
        self.transport = Transport::new()?;
        let (begun, mut received) = (Instant::now(), None);
        let mut driver = Driver::new(1);
        let mut effects = driver.opened(&mut self.store, now_ms())?;
        while let Some(exchange) = effects.into_iter().find_map(|effect| match effect {
            Effect::Send(exchange) => Some(exchange),
            _ => None,
        }) {
            let (asked, mut exchange) = (exchange.asked, exchange);
            exchange.server_url.clone_from(&self.url);
            self.requests += 1;
            let transport = self.transport.clone();
            let answer = self.runtime.spawn(async move { transport.send(exchange).await });
            driver.go_on(&mut self.store, now_ms());
            let answer = self.runtime.block_on(answer)?;
            effects = driver.answered(&mut self.store, asked, answer, now_ms());
            if received.is_none() && self.waiting()? == 0 {
                received = Some(begun.elapsed());
            }
        }
        let took = begun.elapsed();
        let Reply::Status(status) = self.store.handle(Request::Status, now_ms())? else { bail!("no status") };
        let line = status.sync;
        ensure!(
            line.phase == SyncPhase::Idle && line.waiting == 0,
            "the sync did not end well: {:?} {} {} waiting",
            line.phase,
            line.problem,
            line.waiting
        );
        Ok((received.unwrap_or(took), took))
    }

    /// What is prepared need not survive a power cut; what is measured is durable again.
    fn hurries(&self) -> anyhow::Result<()> {
        Ok(self.store.connection().pragma_update(None, "synchronous", "off")?)
    }

    fn save(&mut self, kind: &str, id: Uuid, village: &str, set: FieldSet) -> anyhow::Result<()> {
        let (kind, village) = (kind.to_owned(), village.to_owned());
        self.store
            .handle(Request::Save(Edit { kind, id: Some(id), village, set, base: Base::new() }), now_ms())?;
        Ok(())
    }

    fn save_visit(&mut self, record: &VisitRecord) -> anyhow::Result<()> {
        let (id, home, village) = (record.uuid()?, record.home(), record.village_code());
        let text = |text: &str| Value::Text(text.to_owned());
        let mut set = FieldSet::from([
            (visit::field::HOUSEHOLD.to_owned(), text(&home.to_string())),
            (visit::field::VISITOR_NAME.to_owned(), text(&record.visitor)),
            (visit::field::OCCURRED_AT.to_owned(), Value::Int(record.visited_at)),
            (visit::field::WRITTEN_AT.to_owned(), Value::Int(record.created_at)),
            (visit::field::NOTES.to_owned(), text(&record.notes)),
        ]);
        set.extend(
            record
                .checklist
                .iter()
                .map(|(item, answer)| (format!("{}{item}", visit::field::ANSWER_PREFIX), text(answer))),
        );
        self.save(kind::VISIT, id, &village, set)?;
        for (nth, said) in record.opinions.iter().enumerate() {
            let set = FieldSet::from([
                (opinion::field::VISIT.to_owned(), text(&id.to_string())),
                (opinion::field::HOUSEHOLD.to_owned(), text(&home.to_string())),
                (opinion::field::TEXT.to_owned(), text(&said.text)),
                (opinion::field::KIND.to_owned(), text(&said.kind)),
            ]);
            self.save(kind::OPINION, Uuid::from_u128(id.as_u128() ^ (nth as u128 + 1)), &village, set)?;
        }
        Ok(())
    }

    /// Changes the notes of visits that it has.
    fn change(&mut self, records: &[VisitRecord], nth_run: usize) -> anyhow::Result<()> {
        for record in records.iter().take(CHANGED) {
            let notes = format!("{}（补记{nth_run}）", record.notes);
            let set = FieldSet::from([(visit::field::NOTES.to_owned(), Value::Text(notes))]);
            self.save(kind::VISIT, record.uuid()?, &record.village_code(), set)?;
        }
        Ok(())
    }
}

/// A township and the phones of the workloads, prepared once.
struct Stage {
    dir: tempfile::TempDir,
    server: Server,
    /// Has written all the visits and sent none.
    writer: Kept,
    /// Has the households and waits for the visits.
    reader: Kept,
    crowd: Vec<Kept>,
}

impl Stage {
    fn prepare(records: &[VisitRecord], crowd_size: usize) -> anyhow::Result<Self> {
        let dir = tempfile::tempdir()?;
        let villages: BTreeSet<String> = records.iter().map(VisitRecord::village_code).collect();
        let villages: Vec<(&str, &str)> =
            villages.iter().map(|code| (code.as_str(), code.as_str())).collect();
        eprintln!("准备 {} 个村……", villages.len());
        let mut server = Server::township_of(REGION, &villages, CADRE);
        let homes: BTreeMap<Uuid, (String, String)> = records
            .iter()
            .map(|record| (record.home(), (record.village_code(), record.household_id.clone())))
            .collect();
        let (writer, reader) = (Kept::new(dir.path(), "writer.db")?, Kept::new(dir.path(), "reader.db")?);
        let mut phone = writer.open(server.url())?;
        phone.hurries()?;
        phone.enrol(&server)?;
        phone.sync()?;
        eprintln!("准备 {} 户、{} 次走访……", homes.len(), records.len());
        for (id, (village, head)) in homes {
            let set = FieldSet::from([(household::field::HEAD.to_owned(), Value::Text(head))]);
            phone.save(kind::HOUSEHOLD, id, &village, set)?;
        }
        phone.sync()?;
        for record in records {
            phone.save_visit(record)?;
        }
        let mut second = reader.open(server.url())?;
        second.enrol(&server)?;
        second.sync()?;
        let mut crowd = Vec::new();
        for (nth, own) in
            records.chunks(records.len().div_ceil(crowd_size.max(1))).enumerate().take(crowd_size)
        {
            let kept = Kept::new(dir.path(), &format!("crowd-{nth}.db"))?;
            let mut phone = kept.open(server.url())?;
            phone.hurries()?;
            phone.enrol(&server)?;
            phone.sync()?;
            own.iter().try_for_each(|record| phone.save_visit(record))?;
            crowd.push(kept);
        }
        drop((phone, second));
        server.stop();
        server.keep("bench");
        Ok(Self { dir, server, writer, reader, crowd })
    }

    /// The township as it was prepared, its server just started.
    fn begin(&mut self) {
        self.server.go_back_to("bench");
        self.server.start();
    }
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
fn spread(times: &mut [Duration]) -> (f64, f64, f64) {
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
fn push_together(stage: &Stage, url: &str) -> anyhow::Result<(Duration, Duration)> {
    let mut phones = Vec::new();
    for (nth, kept) in stage.crowd.iter().enumerate() {
        phones.push(kept.copied(stage.dir.path(), &format!("run-crowd-{nth}.db"))?.open(url)?);
    }
    let begun = Instant::now();
    let done: Vec<anyhow::Result<(Duration, Duration)>> = thread::scope(|scope| {
        let syncing: Vec<_> =
            phones.iter_mut().map(|phone| scope.spawn(|| phone.sync_until_received())).collect();
        syncing
            .into_iter()
            .map(|sync| sync.join().unwrap_or_else(|_| anyhow::bail!("a phone ended badly")))
            .collect()
    });
    let took = begun.elapsed();
    let each = done.into_iter().collect::<anyhow::Result<Vec<_>>>()?;
    Ok((each.into_iter().map(|(received, _)| received).max().unwrap_or(took), took))
}
