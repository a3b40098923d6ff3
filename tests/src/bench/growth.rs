//! What a server that has much already makes of the same work: W1 to W4 and a restart, at so many records of villages
//! that are not the phone's.

use super::{VisitRecord, memory::peak_of_process_mb, records, stage::Stage, sync::spread};
use lianxin_app::platform::now_ms;
use lianxin_server::{
    service::{LocalWriter, Origin},
    storage::{Storage, StorageError},
};
use lianxin_shared::{
    domain::{household, opinion, visit},
    replica::{FieldSet, kind},
};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use uuid::Uuid;

/// Visits that the phone pushes and pulls.
const VISITS: usize = 1_000;
/// Measurements of W3, W4 and the restart.
const RUNS: usize = 5;
/// Records of one transaction while the server is filled.
const FILLED_AT_ONCE: usize = 10_000;
/// Records of one village of the others.
const OF_A_VILLAGE: usize = 2_000;

/// One line per number of records.
///
/// # Errors
/// When something does not do what it should.
pub fn growth(sizes: &[usize], mut say: impl FnMut(Value)) -> anyhow::Result<()> {
    let visits = records(None, VISITS)?;
    let mut stage = Stage::prepare(&visits, 0)?;
    for &size in sizes {
        stage.server.go_back_to("bench");
        let own = stage.server.count("SELECT count(*) FROM record");
        eprintln!("装入 {size} 条……");
        fill(&Storage::open(&stage.server.data())?, size.saturating_sub(usize::try_from(own)?), &visits)?;
        say(measure(&mut stage, &visits, size)?);
        stage.server.stop();
    }
    Ok(())
}

fn measure(stage: &mut Stage, visits: &[VisitRecord], size: usize) -> anyhow::Result<Value> {
    let mut restarts = Vec::new();
    for _ in 0..RUNS {
        let begun = Instant::now();
        stage.server.start();
        restarts.push(begun.elapsed());
        // As if the power had failed.
        stage.server.kill();
    }
    stage.server.start();
    let url = stage.server.url().to_owned();
    let mut writer = stage.writer.copied(stage.dir.path(), "run-writer.db")?.open(&url)?;
    let mut reader = stage.reader.copied(stage.dir.path(), "run-reader.db")?.open(&url)?;
    let (w1, w2) = (writer.sync()?, reader.sync()?);
    let (mut w3, mut w4) = (Vec::new(), Vec::new());
    for run in 0..RUNS {
        writer.change(visits, run)?;
        w3.push(writer.sync()?);
        w4.push(writer.sync()?);
    }
    let ms = |times: &mut [Duration]| {
        let (median, low, high) = spread(times);
        json!({ "median_ms": median * 1000.0, "min_ms": low * 1000.0, "max_ms": high * 1000.0 })
    };
    Ok(json!({
        "workload": "growth", "records": size, "visits": visits.len(), "runs": RUNS,
        "w1_push_s": w1.as_secs_f64(), "w2_pull_s": w2.as_secs_f64(),
        "w3_ten_changed": ms(&mut w3), "w4_nothing_to_do": ms(&mut w4),
        "restart_after_kill": ms(&mut restarts),
        "server_peak_mb": peak_of_process_mb(stage.server.process().id())?,
    }))
}

/// Writes so many records of others: households, visits to them, and what was said.
fn fill(storage: &Storage, size: usize, visits: &[VisitRecord]) -> anyhow::Result<()> {
    for first in (0..size).step_by(FILLED_AT_ONCE) {
        let part: Vec<(usize, VisitRecord)> = (first..size.min(first + FILLED_AT_ONCE))
            .filter_map(|nth| Some((nth, visits.get(nth % visits.len().max(1))?.clone())))
            .collect();
        storage.write(move |db| {
            let mut writer = LocalWriter::new(db)?;
            for (nth, record) in &part {
                let id = id_of(*nth);
                let village = format!("5299{:05}001", nth / OF_A_VILLAGE);
                let (kind, set) = record_of(*nth, record);
                writer.write(Origin::Office, (kind, id, &village), set, now_ms())?;
            }
            writer.finish()?;
            Ok::<_, StorageError>(())
        })?;
    }
    Ok(())
}

fn id_of(nth: usize) -> Uuid {
    Uuid::from_u128(0xF111 << 96 | nth as u128)
}

/// Of every eight records one is a household, four are visits, three opinions.
fn record_of(nth: usize, record: &VisitRecord) -> (&'static str, FieldSet) {
    let home = id_of(nth - nth % 8).to_string();
    let said = record.opinions.first().map(|said| said.text.clone()).unwrap_or_default();
    match nth % 8 {
        0 => (
            kind::HOUSEHOLD,
            FieldSet::from([(household::field::HEAD.to_owned(), format!("户主{nth}").into())]),
        ),
        1..5 => (
            kind::VISIT,
            FieldSet::from([
                (visit::field::HOUSEHOLD.to_owned(), home.into()),
                (visit::field::VISITOR_NAME.to_owned(), record.visitor.clone().into()),
                (visit::field::OCCURRED_AT.to_owned(), record.visited_at.into()),
                (visit::field::NOTES.to_owned(), record.notes.clone().into()),
            ]),
        ),
        _ => (
            kind::OPINION,
            FieldSet::from([
                (opinion::field::HOUSEHOLD.to_owned(), home.into()),
                (opinion::field::TEXT.to_owned(), said.into()),
            ]),
        ),
    }
}
