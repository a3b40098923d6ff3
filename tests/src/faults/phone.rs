//! A phone as a process of its own, so that it can be killed: it writes without pause, says what its store has
//! acknowledged, and syncs as the app does.

use super::ledger::{Households, Ledger, number_of};
use crate::e2e::{Headless, Process};
use anyhow::{Context, bail, ensure};
use clap::Args;
use lianxin_app::store::{HouseholdFilter, HouseholdQuery, Reply, Request};
use std::{
    io::BufRead,
    path::{Path, PathBuf},
    process::Command,
    thread::JoinHandle,
    time::Duration,
};
use uuid::Uuid;

const VILLAGE: &str = super::VILLAGE;
/// Every so many edits a new household is written down, else one of this phone's is edited.
const NEW_EVERY: u64 = 5;
/// As many as that; then there are only edits, so that a long soak stays a township.
const HOUSEHOLDS_MAX: usize = 2_000;
/// Between two edits: many times faster than a cadre, and still so that the wire keeps up.
const EDIT_PAUSE: Duration = Duration::from_millis(20);
/// Households of one page when all are listed.
const PAGE: u32 = 200;

/// How phones come to their server.
pub struct Way {
    /// Where it answers.
    pub url: String,
    /// The township's own root certificate.
    pub ca: PathBuf,
}

/// What a phone process is told.
#[derive(Debug, Args)]
pub struct PhoneArgs {
    /// Its folder.
    #[arg(long)]
    dir: PathBuf,
    /// The server.
    #[arg(long)]
    url: String,
    /// Enrols with this first.
    #[arg(long)]
    code: Option<String>,
    /// Writes nothing: syncs, says what it shows, ends.
    #[arg(long)]
    show: bool,
}

/// Plays the phone until it is killed or its input ends.
///
/// # Errors
/// When the store refuses what it must take.
pub async fn work(args: PhoneArgs) -> anyhow::Result<()> {
    lianxin_app::platform::native::tls::choose();
    let phone = Headless::in_folder(&args.dir);
    if let Some(code) = &args.code {
        phone.enrol(&args.url, code).await.map_err(|words| anyhow::anyhow!(words))?;
    }
    if args.show {
        phone.synced().await;
        for (id, head) in households(&phone).await? {
            println!("shows {id} {}", number_of(&head)?);
        }
        println!("done");
        return Ok(());
    }
    println!("ready");
    let asked_to_end = std::thread::spawn(|| drop(std::io::stdin().read_line(&mut String::new())));
    let mut own: Vec<(Uuid, u64)> = Vec::new();
    for turn in 0_u64.. {
        if asked_to_end.is_finished() {
            break;
        }
        let at = usize::try_from(turn % own.len().max(1) as u64)?;
        tokio::time::sleep(EDIT_PAUSE).await;
        if turn % NEW_EVERY == 0 && own.len() < HOUSEHOLDS_MAX {
            let id = phone.new_household(VILLAGE, "户-1").await;
            println!("saved {id} 1");
            own.push((id, 1));
        } else if let Some((id, number)) = own.get_mut(at) {
            *number += 1;
            phone.edit(*id, "head", &format!("户-{number}")).await?;
            println!("saved {id} {number}");
        }
    }
    phone.synced().await;
    println!("done");
    Ok(())
}

async fn households(phone: &Headless) -> anyhow::Result<Vec<(Uuid, String)>> {
    let mut all = Vec::new();
    loop {
        let offset = u32::try_from(all.len())?;
        let query = HouseholdQuery { text: String::new(), filter: HouseholdFilter::All, offset, limit: PAGE };
        let Reply::Households(page) = phone.ask(Request::Households(query)).await? else { bail!("no page") };
        if page.rows.is_empty() {
            return Ok(all);
        }
        all.extend(page.rows.into_iter().map(|household| (household.id, household.head)));
    }
}

/// A phone process at work, and what it has said.
pub struct Worker {
    process: Process,
    listening: JoinHandle<anyhow::Result<Ledger>>,
    /// What it has said in all its lives before.
    ledger: Ledger,
    dir: PathBuf,
}

impl Worker {
    /// A new phone at work.
    pub fn start(program: &Path, dir: &Path, way: &Way, code: &str) -> anyhow::Result<Self> {
        let (process, listening) = begin(program, dir, way, Some(code))?;
        Ok(Self { process, listening, ledger: Ledger::default(), dir: dir.to_owned() })
    }

    /// Kills it, and starts it again over what is left.
    pub fn kill_and_revive(&mut self, program: &Path, way: &Way) -> anyhow::Result<()> {
        self.process.kill();
        let (process, listening) = begin(program, &self.dir, way, None)?;
        self.process = process;
        let said = std::mem::replace(&mut self.listening, listening);
        self.ledger.add(heard(said)?);
        Ok(())
    }

    /// Asks it to end its work, waits until all is sent, and returns what it has said.
    pub fn finish(mut self) -> anyhow::Result<Ledger> {
        self.process.close_input();
        if !self.process.wait().success() {
            bail!("a phone ended badly: {}", std::fs::read_to_string(self.dir.join("phone.log"))?);
        }
        self.ledger.add(heard(self.listening)?);
        Ok(self.ledger)
    }
}

fn heard(listening: JoinHandle<anyhow::Result<Ledger>>) -> anyhow::Result<Ledger> {
    listening.join().map_err(|_| anyhow::anyhow!("the listener ended badly"))?
}

fn command(program: &Path, dir: &Path, way: &Way) -> Command {
    let mut command = Command::new(program);
    command.arg("phone").arg("--dir").arg(dir).args(["--url", &way.url]);
    // In place of the system's roots.
    command.env("SSL_CERT_FILE", &way.ca);
    command
}

/// Starts a phone that writes; a thread listens to it.
fn begin(
    program: &Path,
    dir: &Path,
    way: &Way,
    code: Option<&str>,
) -> anyhow::Result<(Process, JoinHandle<anyhow::Result<Ledger>>)> {
    std::fs::create_dir_all(dir)?;
    let log = dir.join("phone.log");
    let mut command = command(program, dir, way);
    if let Some(code) = code {
        command.args(["--code", code]);
    }
    let mut process = Process::start_with_input(&mut command, &log);
    let mut out = process.output().context("its output")?;
    if code.is_some() {
        // Nothing befalls it before it is a phone of the township.
        let mut said = String::new();
        out.read_line(&mut said)?;
        ensure!(said == "ready\n", "a phone was not enrolled: {}", std::fs::read_to_string(&log)?);
    }
    let listening = std::thread::spawn(move || {
        let mut ledger = Ledger::default();
        for line in out.lines() {
            // The last line of a killed process may be cut short: it acknowledges nothing.
            let Ok(line) = line else { break };
            ledger.note(&line)?;
        }
        Ok(ledger)
    });
    Ok((process, listening))
}

/// What a phone shows after one more sync.
pub fn shown(program: &Path, dir: &Path, way: &Way) -> anyhow::Result<Households> {
    let said = command(program, dir, way).arg("--show").output()?;
    let text = String::from_utf8(said.stdout)?;
    ensure!(said.status.success() && text.ends_with("done\n"), "a phone ended badly: {text}");
    text.lines()
        .filter_map(|line| line.strip_prefix("shows "))
        .map(|line| {
            let (id, number) = line.split_once(' ').context("a number")?;
            Ok((id.parse()?, number.parse()?))
        })
        .collect()
}
