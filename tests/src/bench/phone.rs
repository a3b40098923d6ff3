//! S1 and S2: saving a visit and searching households, on the phone's own store.

use super::{VisitRecord, per_mille};
use anyhow::{Context, bail};
use lianxin_app::{
    platform::{StoreKey, prepare_connection},
    store::{
        HouseholdFilter, HouseholdQuery, Reply, Request, Store, VisitTarget,
        draft::{OpinionDraft, VisitDraft},
    },
};
use lianxin_server::demo;
use lianxin_shared::{
    domain::pinyin,
    replica::{DeviceId, FieldVersion, Row, Stamp, kind},
    sqlite::{Replica, project},
    templates::templates,
    wire::v1::EnrolResponse,
};
use rusqlite::Connection;
use serde_json::{Value, json};
use std::{
    path::Path,
    time::{Duration, Instant},
};
use uuid::Uuid;

const NOW_MS: i64 = 1_790_000_000_000;
const VILLAGE: &str = "330100101001";

fn keyed(path: &Path) -> anyhow::Result<Connection> {
    let connection = Connection::open(path)?;
    prepare_connection(&connection, &StoreKey::random()?)?;
    Ok(connection)
}

/// An enrolled phone over a keyed, durable database.
fn phone(dir: &Path) -> anyhow::Result<Store> {
    let mut store = Store::open(keyed(&dir.join("phone.db"))?)?;
    let enrolled = EnrolResponse {
        protocol: 1,
        server_id: Uuid::from_u128(1),
        epoch: Uuid::from_u128(2),
        device: DeviceId::from_bits(7),
        token: "0".repeat(64),
        server_time: NOW_MS.unsigned_abs(),
        cadre: "c1".to_owned(),
        cadre_name: "韩冬梅".to_owned(),
        unit: "柳树沟村委会".to_owned(),
        township: "清溪镇".to_owned(),
        villages: [(VILLAGE.to_owned(), "柳树沟村".to_owned())].into(),
    };
    let server_url = "http://127.0.0.1:9".to_owned();
    store.handle(Request::Enrol { server_url, enrolled: Box::new(enrolled) }, NOW_MS)?;
    Ok(store)
}

/// Rows as if they had come from the server.
fn load(store: &Store, records: impl Iterator<Item = demo::DemoRecord>) -> anyhow::Result<()> {
    let db = store.connection();
    db.execute_batch("BEGIN IMMEDIATE")?;
    let mut replica = Replica::new(db);
    for (seq, record) in (1u64..).zip(records) {
        let stamp =
            Stamp { wall_ms: record.at_ms.unsigned_abs(), counter: 0, device: DeviceId::from_bits(1) };
        let mut row = Row::empty(record.kind, record.id, &record.village);
        row.seq = seq;
        let fields = record.fields.into_iter();
        row.fields = fields.map(|(n, value)| (n, FieldVersion { value, stamp, order: stamp })).collect();
        replica.put(&row)?;
        project(db, &row)?;
    }
    replica.finish()?;
    db.execute_batch("COMMIT")?;
    Ok(())
}

/// S1: one visit with its opinions saved durably (完成), against a bare durable commit of the same bytes.
///
/// # Errors
/// When the store fails.
pub fn save_visit(records: &[VisitRecord]) -> anyhow::Result<Value> {
    let dir = tempfile::tempdir()?;
    let mut store = phone(dir.path())?;
    let township = demo::generate(42, 2_000, NOW_MS);
    load(
        &store,
        township.records().filter(|record| record.kind == kind::HOUSEHOLD || record.kind == kind::PERSON),
    )?;
    let homes = township.records().filter(|record| record.kind == kind::HOUSEHOLD).map(|r| r.id);
    let homes: Vec<Uuid> = homes.collect();
    let bare = keyed(&dir.path().join("bare.db"))?;
    bare.execute_batch("CREATE TABLE bare (id INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT")?;
    let (mut saves, mut drafts, mut bares, mut bytes) = (Vec::new(), Vec::new(), Vec::new(), 0);
    for (i, record) in records.iter().enumerate() {
        let home = homes[i * 31 % homes.len()];
        let Reply::Draft(open) =
            store.handle(Request::StartVisit { target: VisitTarget::Household(home) }, NOW_MS)?
        else {
            bail!("no draft")
        };
        let draft = filled(open.draft, record)?;
        let body = serde_json::to_string(&draft)?;
        let id = draft.id;
        let begun = Instant::now();
        store.handle(Request::SaveDraft(Box::new(draft)), NOW_MS)?;
        drafts.push(begun.elapsed());
        let begun = Instant::now();
        store.handle(Request::CompleteVisit { id }, NOW_MS)?;
        saves.push(begun.elapsed());
        let begun = Instant::now();
        bare.execute("INSERT INTO bare (body) VALUES (?1)", [&body])?;
        bares.push(begun.elapsed());
        bytes += body.len();
    }
    [&mut saves, &mut drafts, &mut bares]
        .into_iter()
        .for_each(|times: &mut Vec<Duration>| times.sort_unstable());
    let (save, commit) = (per_mille(&saves, 500), per_mille(&bares, 500));
    Ok(json!({
        "workload": "S1 save one visit",
        "visits": records.len(),
        "bytes_mean": bytes / records.len().max(1),
        "median_ms": save,
        "p99_ms": per_mille(&saves, 990),
        "draft_median_ms": per_mille(&drafts, 500),
        "bare_commit_median_ms": commit,
        "ratio_to_bare": save / commit,
    }))
}

/// The draft as the record says, with every required item of its checklists answered.
fn filled(mut draft: VisitDraft, record: &VisitRecord) -> anyhow::Result<VisitDraft> {
    draft.notes = record.notes.clone();
    for item in templates().items_of(&draft.checklists) {
        if let Some(option) = item.options.first() {
            let (name, value) = item.pick(&option.code);
            draft.answers.insert(name, value);
        } else if item.required {
            draft.answers.insert(item.field(), item.read_number("1").unwrap_or_else(|_| "无".into()));
        }
    }
    for said in &record.opinions {
        let id = lianxin_app::ids::new_id(NOW_MS).context("randomness")?;
        draft.opinions.push(OpinionDraft { id, text: said.text.clone(), ..OpinionDraft::default() });
    }
    Ok(draft)
}

/// S2: households found as one types, over `n` households: every prefix of names, pinyin, initials and phones. The first
/// keystroke after the start reads the whole register, unless a quiet moment came before it; `first_ms` is without.
///
/// # Errors
/// When the store fails.
pub fn search_households(n: usize) -> anyhow::Result<Value> {
    let dir = tempfile::tempdir()?;
    let mut store = phone(dir.path())?;
    let township = demo::generate(42, n, NOW_MS);
    load(&store, township.records().filter(|record| record.kind != kind::DIARY))?;
    let homes = township.records().filter(|record| record.kind == kind::HOUSEHOLD).step_by((n / 60).max(1));
    let mut times = Vec::new();
    let mut typed = |store: &mut Store, word: &str| -> anyhow::Result<()> {
        for end in 1..=word.chars().count() {
            let text: String = word.chars().take(end).collect();
            let query = HouseholdQuery { text, filter: HouseholdFilter::All, offset: 0, limit: 50 };
            let begun = Instant::now();
            store.handle(Request::Households(query), NOW_MS)?;
            times.push(begun.elapsed());
        }
        Ok(())
    };
    for home in homes {
        let field =
            |name: &str| home.fields.get(name).and_then(|v| v.as_text()).unwrap_or_default().to_owned();
        typed(&mut store, &field("head"))?;
        typed(&mut store, &pinyin::initials(&field("head")))?;
        typed(&mut store, &pinyin::syllables(&field("head")).concat())?;
        typed(&mut store, &field("phone"))?;
        typed(&mut store, &format!("{} {}", field("group"), field("door")))?;
    }
    let first = times.first().copied().unwrap_or_default();
    times.sort_unstable();
    Ok(json!({
        "workload": "S2 household search as typed",
        "households": n,
        "queries": times.len(),
        "first_ms": first.as_secs_f64() * 1000.0,
        "median_ms": per_mille(&times, 500),
        "p99_ms": per_mille(&times, 990),
        "max_ms": per_mille(&times, 1000),
    }))
}
