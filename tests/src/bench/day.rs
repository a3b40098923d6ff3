//! A day of a whole county at one server: so many phones that each write and sync every hour.

use super::{memory::peak_of_process_mb, records, stage::Phone, sync::spread};
use crate::e2e::Server;
use anyhow::{Context, ensure};
use lianxin_app::platform::now_ms;
use lianxin_server::{
    auth::{create_code, list_cadres},
    storage::Storage,
};
use serde_json::{Value, json};
use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};
use tokio::runtime::{Builder, Runtime};
use uuid::Uuid;

/// Hours of a day in which cadres are out.
const HOURS: usize = 8;
/// Visits that a phone writes in an hour; with what people said they make about twenty records.
const VISITS_AN_HOUR: usize = 8;
/// Phones of one village, which see each other's records.
const PHONES_OF_A_VILLAGE: usize = 10;
/// Phones that this machine plays at a time.
const AT_ONCE: usize = 16;

/// Runs the day, as fast as this machine plays the phones.
///
/// # Errors
/// When a phone's sync does not end well, or a record is missing at the end.
pub fn day(phones: usize) -> anyhow::Result<Value> {
    let villages: Vec<(String, String)> = (0..phones.div_ceil(PHONES_OF_A_VILLAGE))
        .map(|nth| (format!("519921{nth:03}001"), format!("韩冬梅{nth}")))
        .collect();
    let named: Vec<(&str, &str)> = villages.iter().map(|(code, _)| (code.as_str(), code.as_str())).collect();
    let cadres: Vec<(&str, &str)> =
        villages.iter().map(|(code, name)| (name.as_str(), code.as_str())).collect();
    eprintln!("准备 {} 个村、{phones} 部手机……", villages.len());
    let mut server = Server::township(&named, &cadres);
    let mut stage = enrolled(&server, &villages, phones)?;
    let before = server.count("SELECT count(*) FROM record");
    let begun = Instant::now();
    let mut took = Vec::new();
    for hour in 0..HOURS {
        took.extend(one_hour(&mut stage, hour)?);
        eprintln!("第 {} 小时：{} 条", hour + 1, server.count("SELECT count(*) FROM record"));
    }
    let whole = begun.elapsed();
    let written: usize = stage.iter().map(|one| one.written).sum();
    let there = usize::try_from(server.count("SELECT count(*) FROM record") - before)?;
    ensure!(there == written, "{written} records were written, {there} are there");
    let requests: u64 = stage.iter().map(|one| one.phone.requests).sum();
    let (median, _, worst) = spread(&mut took);
    let p99 = took.get(took.len() * 99 / 100).map_or(f64::NAN, Duration::as_secs_f64);
    Ok(json!({
        "workload": "day", "phones": phones, "hours": HOURS, "records": written, "syncs": took.len(),
        "requests": requests, "whole_s": whole.as_secs_f64(),
        "sync_median_s": median, "sync_p99_s": p99, "sync_max_s": worst,
        "server_peak_mb": peak_of_process_mb(server.process().id())?,
    }))
}

/// One phone, its village, and what it has written.
struct Played {
    phone: Phone,
    nth: usize,
    village: String,
    written: usize,
}

fn enrolled(server: &Server, villages: &[(String, String)], phones: usize) -> anyhow::Result<Vec<Played>> {
    let runtime: Arc<Runtime> = Arc::new(Builder::new_multi_thread().worker_threads(1).enable_all().build()?);
    let storage = Storage::open(&server.data())?;
    let known = storage.read(list_cadres)?;
    let mut all = Vec::new();
    for nth in 0..phones {
        let (village, name) = villages.get(nth / PHONES_OF_A_VILLAGE).context("no village")?;
        let cadre = known.iter().find(|cadre| cadre.name == *name).context("no cadre")?.id.clone();
        let code = storage.write(move |db| create_code(db, &cadre, now_ms()))?;
        let mut phone = Phone::in_memory(runtime.clone(), server.url())?;
        phone.enrol_with(&code.digits)?;
        phone.sync()?;
        all.push(Played { phone, nth, village: village.clone(), written: 0 });
    }
    Ok(all)
}

/// Every phone writes what its hour brings and syncs; how long each sync took.
fn one_hour(stage: &mut [Played], hour: usize) -> anyhow::Result<Vec<Duration>> {
    let part = stage.len().div_ceil(AT_ONCE).max(1);
    thread::scope(|scope| {
        let playing: Vec<_> = stage
            .chunks_mut(part)
            .map(|phones| scope.spawn(|| phones.iter_mut().map(|one| one.hour(hour)).collect()))
            .collect();
        let mut took = Vec::new();
        for played in playing {
            let done: anyhow::Result<Vec<Duration>> =
                played.join().unwrap_or_else(|_| anyhow::bail!("a phone ended badly"));
            took.extend(done?);
        }
        Ok(took)
    })
}

impl Played {
    fn hour(&mut self, hour: usize) -> anyhow::Result<Duration> {
        for (nth, mut record) in records(None, VISITS_AN_HOUR)?.into_iter().enumerate() {
            let id = (self.nth * HOURS + hour) * VISITS_AN_HOUR + nth + 1;
            record.id = Uuid::from_u128((id as u128) << 16).to_string();
            record.village = self.village.chars().take(9).collect();
            record.household_id = format!("H{:06}", self.nth);
            self.phone.save_visit(&record)?;
            self.written += 1 + record.opinions.len();
        }
        self.phone.sync()
    }
}
