//! `demo`: the invented township in a new database.

use super::troubles;
use crate::{
    auth::{self, AuthError, Cadre},
    clock::now_ms,
    demo::{DemoRecord, DemoTownship, generate},
    service::{LocalWriter, Origin},
    storage::{Storage, StorageError},
};
use clap::Args;
use lianxin_shared::replica::{ChainHash, DeviceId};
use rusqlite::{Connection, params};
use std::path::Path;

/// The demo's office user.
pub(super) const DEMO_USER: &str = "office";
/// The demo's password, for everybody to know: the data are invented.
pub(super) const DEMO_PASSWORD: &str = "lianxin-demo";
/// The cadre whose enrolment code `serve --demo` prints.
pub(super) const DEMO_CADRE: &str = "韩冬梅";
/// The file by which `make demo-reset` knows an invented township from a real one.
const DEMO_MARK: &str = "demo.txt";
/// Records of one transaction.
#[allow(non_upper_case_globals)]
const demo_records_per_commit: usize = 20_000;

#[derive(Debug, Args)]
pub(super) struct Demo {
    /// 户数，最多 120000
    #[arg(long, default_value_t = 900)]
    households: usize,
    /// 种子：同一个种子是同一个乡镇
    #[arg(long, default_value_t = 42)]
    seed: u64,
}

impl Demo {
    pub fn run(self, data: &Path) -> anyhow::Result<()> {
        let now = now_ms();
        let township = generate(self.seed, self.households, now);
        println!(
            "新建演示乡镇 {}：{} 户，{} 名干部……",
            township.name,
            township.households(),
            township.cadres.len()
        );
        Storage::init(data, &township.name, &township.code)?;
        let storage = Storage::open(data)?;
        let people = township.clone();
        let devices = storage.write(move |db| people_of(db, &people, now))?;
        let mut written = 0;
        let mut records = township.records().peekable();
        while records.peek().is_some() {
            let chunk: Vec<DemoRecord> = records.by_ref().take(demo_records_per_commit).collect();
            written += chunk.len();
            let devices = devices.clone();
            storage.write(move |db| write_records(db, &devices, chunk))?;
            println!("  {written} 条记录");
        }
        storage.write(move |db| troubles::add(db, now))?;
        println!("  另有一处冲突和一部停用的手机补交的走访，等走访办来定");
        std::fs::write(data.join(DEMO_MARK), "这里是演示乡镇，内容都是编的。\n")?;
        println!("演示乡镇在 {}。", data.display());
        Ok(())
    }
}

/// Cadres, a phone each, and the office's user.
fn people_of(db: &Connection, township: &DemoTownship, now_ms: i64) -> Result<Vec<DeviceId>, AuthError> {
    auth::add_user(db, DEMO_USER, "走访办公室", DEMO_PASSWORD, now_ms)?;
    let mut devices = Vec::new();
    for cadre in &township.cadres {
        auth::add_cadre(
            db,
            &Cadre {
                id: cadre.id.clone(),
                name: cadre.name.clone(),
                unit: cadre.unit.clone(),
                villages: cadre.villages.iter().cloned().collect(),
            },
        )?;
        let device = DeviceId::from_bits(getrandom::u64().map_err(StorageError::from)?);
        let mut token_hash = [0u8; 32];
        // A hash that no token has: nobody can speak as this phone.
        getrandom::fill(&mut token_hash).map_err(StorageError::from)?;
        db.execute(
            "INSERT INTO device (id, cadre, name, token_hash, enrolled_at, chain, last_sync_at)
             VALUES (?1, ?2, '演示手机', ?3, ?4, ?5, ?4)",
            params![device.to_i64(), cadre.id, token_hash, now_ms, ChainHash::start(device).0],
        )?;
        devices.push(device);
    }
    Ok(devices)
}

fn write_records(
    db: &Connection,
    devices: &[DeviceId],
    records: Vec<DemoRecord>,
) -> Result<(), StorageError> {
    let mut writer = LocalWriter::new(db)?;
    for record in records {
        let origin = devices.get(record.cadre).map_or(Origin::Office, |device| Origin::Device(*device));
        writer.write(origin, (record.kind, record.id, &record.village), record.fields, record.at_ms)?;
    }
    writer.finish()
}
