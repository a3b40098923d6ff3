//! Real processes that die: the server and phones are killed (kill -9) at random moments under load, and the wire between
//! them delays, cuts, truncates and corrupts. Afterwards everything that a phone's store acknowledged must be on the server exactly once, and every phone
//! must show what the server has. Beside them, whole browsers that die while somebody types ([`kill_browsers`]), and disks
//! that fill up under the server and under a phone ([`fill_disks`]).

mod browser;
mod disk;
mod ledger;
mod phone;
mod wire;

pub use browser::kill_browsers;
pub use disk::{Outcome, fill_disks};
pub use phone::{PhoneArgs, work};

use crate::e2e::Server;
use anyhow::{Context, ensure};
use ledger::Ledger;
use phone::{Way, Worker};
use serde_json::{Value, json};
use std::{
    path::PathBuf,
    thread,
    time::{Duration, Instant},
};
use wire::BadWire;

const VILLAGE: &str = "519921105201";
/// Between two kills; random within.
const PAUSE_MS: (u64, u64) = (30, 700);
/// Of ten kills so many hit the server.
const SERVER_KILLS_OF_TEN: u64 = 4;

/// How much of it.
#[derive(Debug, Clone)]
pub struct Plan {
    /// This program, which also plays the phones.
    pub program: PathBuf,
    /// Chooses moments and victims.
    pub seed: u64,
    /// Phones at work.
    pub phones: usize,
    /// Kills in all.
    pub kills: usize,
    /// Goes on so long after the kills, without any.
    pub soak: Duration,
}

/// Kills, and then looks.
///
/// # Errors
/// When anything that was acknowledged is missing or doubled, or a replica differs.
pub fn run(plan: &Plan) -> anyhow::Result<Value> {
    let begun = Instant::now();
    let mut server = Server::township(&[(VILLAGE, "柳树沟村")], &[("阿香", VILLAGE)]);
    server.kill();
    let ca = server.speak_tls();
    server.start();
    let wire = BadWire::to(server.port(), plan.seed)?;
    let way = Way { url: wire.url(), ca };
    let dirs = tempfile::tempdir()?;
    let mut phones = Vec::new();
    for nth in 0..plan.phones {
        let code = server.code("阿香");
        let dir = dirs.path().join(format!("phone-{nth}"));
        phones.push(Worker::start(&plan.program, &dir, &way, &code)?);
    }
    wire.set_bad(true);
    let mut chance = Chance(plan.seed | 1);
    let (mut of_server, mut of_phones) = (0, 0);
    for _ in 0..plan.kills {
        thread::sleep(Duration::from_millis(chance.between(PAUSE_MS.0, PAUSE_MS.1)));
        if chance.between(0, 10) < SERVER_KILLS_OF_TEN {
            server.kill();
            of_server += 1;
            server.start();
        } else {
            let victim = chance.between(0, plan.phones as u64) as usize;
            let phone = phones.get_mut(victim).context("a phone")?;
            phone.kill_and_revive(&plan.program, &way)?;
            of_phones += 1;
        }
    }
    thread::sleep(plan.soak);
    wire.set_bad(false);
    let ledgers = phones.into_iter().map(Worker::finish).collect::<anyhow::Result<Vec<_>>>()?;
    let saved = ledgers.iter().map(Ledger::acknowledged).sum::<usize>();
    // Once more each, so that the last of one reaches the others.
    let mut states = Vec::new();
    for (nth, _) in ledgers.iter().enumerate() {
        let dir = dirs.path().join(format!("phone-{nth}"));
        states.push(phone::shown(&plan.program, &dir, &way)?);
    }
    let wanted = ledger::on_server(&server.database())?;
    ledgers.iter().try_for_each(|ledger| ledger.is_kept(&wanted))?;
    for (nth, state) in states.iter().enumerate() {
        ensure!(*state == wanted, "phone {nth} shows other households than the server has");
    }
    ledger::nothing_is_doubled(&server.database())?;
    server.check();
    server.stop();
    let [cut, truncated, corrupted, delayed] = wire.harms().counts();
    Ok(json!({
        "faults": "kill -9, bad wire", "seed": plan.seed, "phones": plan.phones,
        "kills_of_server": of_server, "kills_of_phones": of_phones,
        "connections_cut": cut, "connections_truncated": truncated, "connections_corrupted": corrupted,
        "pieces_delayed": delayed,
        "edits_acknowledged": saved, "households": wanted.len(),
        "lost": 0, "doubled": 0, "seconds": begun.elapsed().as_secs(),
    }))
}

/// Splitmix64: the same moments for the same seed, as far as processes allow.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// From `low`, below `high`.
    fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.next() % (high - low).max(1)
    }
}
