//! Phones without screens, and the township that the sync workloads begin with.

use super::VisitRecord;
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
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::runtime::{Builder, Runtime};
use uuid::Uuid;

/// Visits changed in W3.
const CHANGED: usize = 10;
const REGION: &str = "519921105000";
const CADRE: &str = "韩冬梅";

/// One phone without its screen and its timers.
pub(super) struct Phone {
    pub store: Store,
    runtime: Arc<Runtime>,
    /// Where it sends to.
    url: String,
    pub requests: u64,
}

/// A phone's database and its key, to be opened again and again.
#[derive(Clone)]
pub(super) struct Kept {
    file: PathBuf,
    key: String,
}

impl Kept {
    pub(super) fn new(dir: &Path, name: &str) -> anyhow::Result<Self> {
        Ok(Self { file: dir.join(name), key: StoreKey::random()?.hex() })
    }

    /// A copy of its own for one run.
    pub(super) fn copied(&self, dir: &Path, name: &str) -> anyhow::Result<Self> {
        let file = dir.join(name);
        fs::copy(&self.file, &file)?;
        Ok(Self { file, key: self.key.clone() })
    }

    pub(super) fn open(&self, url: &str) -> anyhow::Result<Phone> {
        let connection = Connection::open(&self.file)?;
        prepare_connection(&connection, &StoreKey::from_hex(&self.key).context("a key")?)?;
        Ok(Phone {
            store: Store::open(connection)?,
            runtime: Arc::new(Builder::new_multi_thread().worker_threads(1).enable_all().build()?),
            url: url.to_owned(),
            requests: 0,
        })
    }
}

impl Phone {
    /// One whose store is in memory only; its answers come by a runtime that it shares with others.
    pub(super) fn in_memory(runtime: Arc<Runtime>, url: &str) -> anyhow::Result<Self> {
        let store = Store::open(Connection::open_in_memory()?)?;
        Ok(Phone { store, runtime, url: url.to_owned(), requests: 0 })
    }

    pub(super) fn enrol(&mut self, server: &Server) -> anyhow::Result<()> {
        self.enrol_with(&server.code(CADRE))
    }

    pub(super) fn enrol_with(&mut self, code: &str) -> anyhow::Result<()> {
        let enrolled = self.runtime.block_on(enrol(&self.url, code, None))?;
        let server_url = self.url.clone();
        self.store.handle(Request::Enrol { server_url, enrolled: Box::new(enrolled) }, now_ms())?;
        Ok(())
    }

    /// One sync from beginning to end, over a connection of its own: nothing is left of the one before.
    pub(super) fn sync(&mut self) -> anyhow::Result<Duration> {
        Ok(self.sync_and(|| ())?.1)
    }

    fn waiting(&mut self) -> anyhow::Result<u32> {
        let Reply::Status(status) = self.store.handle(Request::Status, now_ms())? else { bail!("no status") };
        Ok(status.sync.waiting)
    }

    /// How long until the last receipt for its own, and until it also has all that others wrote. In between it does
    /// what `at_receipt` says.
    pub(super) fn sync_and(&mut self, at_receipt: impl FnOnce()) -> anyhow::Result<(Duration, Duration)> {
        let transport = Transport::new()?;
        let (begun, mut received, mut at_receipt) = (Instant::now(), None, Some(at_receipt));
        let mut driver = Driver::new(1);
        let mut effects = driver.opened(&mut self.store, now_ms())?;
        while let Some(exchange) = effects.into_iter().find_map(|effect| match effect {
            Effect::Send(exchange) => Some(exchange),
            _ => None,
        }) {
            let (asked, mut exchange) = (exchange.asked, exchange);
            exchange.server_url.clone_from(&self.url);
            self.requests += 1;
            let transport = transport.clone();
            let answer = self.runtime.spawn(async move { transport.send(exchange).await });
            driver.go_on(&mut self.store, now_ms());
            let answer = self.runtime.block_on(answer)?;
            effects = driver.answered(&mut self.store, asked, answer, now_ms());
            if received.is_none() && self.waiting()? == 0 {
                received = Some(begun.elapsed());
                at_receipt.take().into_iter().for_each(|wait| wait());
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
    pub(super) fn hurries(&self) -> anyhow::Result<()> {
        Ok(self.store.connection().pragma_update(None, "synchronous", "off")?)
    }

    pub(super) fn save(&mut self, kind: &str, id: Uuid, village: &str, set: FieldSet) -> anyhow::Result<()> {
        let (kind, village) = (kind.to_owned(), village.to_owned());
        self.store
            .handle(Request::Save(Edit { kind, id: Some(id), village, set, base: Base::new() }), now_ms())?;
        Ok(())
    }

    pub(super) fn save_visit(&mut self, record: &VisitRecord) -> anyhow::Result<()> {
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
    pub(super) fn change(&mut self, records: &[VisitRecord], nth_run: usize) -> anyhow::Result<()> {
        for record in records.iter().take(CHANGED) {
            let notes = format!("{}（补记{nth_run}）", record.notes);
            let set = FieldSet::from([(visit::field::NOTES.to_owned(), Value::Text(notes))]);
            self.save(kind::VISIT, record.uuid()?, &record.village_code(), set)?;
        }
        Ok(())
    }
}

/// A township and the phones of the workloads, prepared once.
pub(super) struct Stage {
    pub dir: tempfile::TempDir,
    pub server: Server,
    /// Has written all the visits and sent none.
    pub writer: Kept,
    /// Has the households and waits for the visits.
    pub reader: Kept,
    pub crowd: Vec<Kept>,
}

impl Stage {
    pub(super) fn prepare(records: &[VisitRecord], crowd_size: usize) -> anyhow::Result<Self> {
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
    pub(super) fn begin(&mut self) {
        self.server.go_back_to("bench");
        self.server.start();
    }
}
