//! The world: who lives in it, what happens when, and how it comes to rest.

use super::{
    checks,
    coverage::Coverage,
    disaster::{Disasters, Pulled},
    erasing::Erasures,
    faults::{End, Faults},
    network::{Line, Packet, Told},
    oracle::WriteId,
    phone::Phone,
    rng::Rng,
    server::{Committed, Server},
    trace::Trace,
};
use anyhow::{Context, Result, ensure};
use lianxin_server::service::Caller;
use lianxin_shared::{
    replica::DeviceId,
    sync::{Failure, Input},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};
use uuid::Uuid;

/// The township itself, granted to every device.
pub const REGION: &str = "519921105000";
/// Villages that may be granted.
const VILLAGES: [&str; 3] = ["519921105201", "519921105202", "519921105203"];
/// A village that is granted to nobody.
pub const FOREIGN: &str = "519921105299";
/// When worlds begin, Unix ms.
const DAWN_MS: i64 = 1_795_300_000_000;
/// One hour, milliseconds.
const HOUR_MS: i64 = 60 * 60 * 1000;
/// A world that takes longer does not come to rest.
const EVENTS_MAX: u64 = 60_000;
/// So many rounds of syncing must settle everything: one pushes, one pulls what others pushed.
const ROUNDS_MAX: u32 = 3;

/// What happens next.
#[derive(Debug)]
pub enum Event {
    /// A cadre does something.
    Act(usize),
    /// The office writes.
    Office,
    /// A phone's driver takes its next action; in that life of its process.
    Step(usize, u32),
    /// The time that a machine asked for; its wish's number.
    Wake(usize, u64),
    /// A request reaches the server.
    Arrive(Packet),
    /// The server's writer takes what waits; in that life of its process.
    Serve(u32),
    /// The server answers what it committed; in that life of its process.
    Read(u32, Box<Committed>),
    /// An answer reaches a phone: its request, for that life.
    Answer(usize, u32, u64, Told),
    /// A phone gives a request up.
    GiveUp(usize, u32, u64),
    /// The server's database is copied.
    BackUp,
    /// The server goes back to that copy.
    GoBack,
    /// A phone's data is copied onto another phone.
    Copy(usize),
    /// The office lets a phone in again.
    EnrolAnew(usize),
    /// A cadre's villages change.
    Regrant(usize),
    /// A cadre is away for months.
    GoAway(usize),
    /// A phone comes back into coverage.
    Covered(usize),
    /// A phone's power is cut; in that life of its process.
    CutPhone(usize, u32),
    /// The server's power is cut; in that life of its process.
    CutServer(u32),
    /// A phone's disk has space again.
    SpaceOnPhone(usize),
    /// The server's disk has space again.
    SpaceOnServer,
    /// A phone's process starts again.
    StartPhone(usize),
    /// The server's process starts again.
    StartServer,
}

/// A record that somebody has made, in the order of making.
#[derive(Debug, Clone)]
pub struct Known {
    /// Id.
    pub id: Uuid,
    /// Kind.
    pub kind: String,
    /// Its village.
    pub village: String,
}

/// One world.
pub struct World {
    /// The source of all chance.
    pub rng: Rng,
    /// True time, Unix ms.
    pub now: i64,
    /// What goes wrong, and how often.
    pub faults: Faults,
    /// What has happened.
    pub coverage: Coverage,
    /// The story.
    pub trace: Trace,
    /// The township.
    pub server: Server,
    /// Its cadres' phones.
    pub phones: Vec<Phone>,
    /// Records made so far.
    pub known: Vec<Known>,
    /// Villages of this world.
    pub villages: Vec<String>,
    /// Requests sent so far.
    pub requests: u64,
    /// Things that cadres will yet do besides what was planned at dawn.
    pub eager: u32,
    /// Nothing goes wrong any more, and nobody writes.
    pub healed: bool,
    /// A phone's rows will be damaged before the end.
    pub damaging: bool,
    /// What befalls this world.
    pub disasters: Disasters,
    /// The server is of a later version than the phones.
    pub newer_server: bool,
    /// There is a copy of the server's database.
    pub backed_up: bool,
    /// The life that the server was silently taken back in; while it lasts, nobody has noticed.
    pub unnoticed: Option<Uuid>,
    /// Writes that phones had pulled when the server went back.
    pub pulled: BTreeMap<WriteId, Pulled>,
    /// What writes of the server's former lives said they had replaced, with the stamps of those that did.
    pub replaced: BTreeMap<WriteId, BTreeSet<String>>,
    /// Cadres and villages that the office has withdrawn from them at some time.
    pub withdrawn: BTreeSet<(String, String)>,
    /// What the office has erased by law.
    pub erasures: Erasures,
    /// Devices given to copied phones.
    pub splits: u64,
    queue: BTreeMap<(i64, u64), Event>,
    planned: u64,
    ids: u64,
    seed: u64,
    _dir: tempfile::TempDir,
}

fn is_disaster(event: &Event) -> bool {
    matches!(event, Event::BackUp | Event::GoBack | Event::Copy(_) | Event::Regrant(_) | Event::GoAway(_))
}

/// A folder in memory where there is one.
fn folder() -> Result<tempfile::TempDir> {
    let memory = std::path::Path::new("/dev/shm");
    Ok(if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }?)
}

impl World {
    /// The world of a seed.
    ///
    /// # Errors
    /// When it cannot be set up.
    pub fn new(seed: u64, whole: bool) -> Result<Self> {
        let mut rng = Rng::new(seed ^ 0x11A9_4C1D);
        let dir = folder()?;
        let page_bytes_max = *rng.pick(&[500, 3_000, 8 << 20]);
        let checkpoint_pages = *rng.pick(&[1_000, 100, 10]);
        let server = Server::new(dir.path(), REGION, page_bytes_max, checkpoint_pages)?;
        // Where households move there must be a village to move to.
        let villages = if Disasters::of(seed).moves { 2 + rng.below(2) } else { 1 + rng.below(3) };
        let villages: Vec<String> = VILLAGES.iter().take(villages).map(|code| (*code).to_owned()).collect();
        let mut world = World {
            faults: Faults::draw(&mut rng),
            rng,
            now: DAWN_MS,
            coverage: Coverage::default(),
            trace: Trace::new(whole),
            server,
            phones: Vec::new(),
            known: Vec::new(),
            villages,
            requests: 0,
            eager: 0,
            healed: false,
            damaging: seed % 16 == 5 && !Disasters::of(seed).goes_back,
            disasters: Disasters::of(seed),
            newer_server: seed % 2 == 1,
            backed_up: false,
            unnoticed: None,
            pulled: BTreeMap::new(),
            replaced: BTreeMap::new(),
            withdrawn: BTreeSet::new(),
            erasures: Erasures::default(),
            splits: 0,
            queue: BTreeMap::new(),
            planned: 0,
            ids: 0,
            seed,
            _dir: dir,
        };
        world.coverage.count("worlds");
        world.eager = world.rng.below(50) as u32;
        world.found()?;
        world.settle_in()?;
        Ok(world)
    }

    /// An id that a seed always gives.
    pub fn fresh_id(&mut self) -> Uuid {
        self.ids += 1;
        Uuid::from_u128((u128::from(self.seed) << 64) | (0x51 << 56) | u128::from(self.ids))
    }

    /// Something will happen after `after` ms.
    pub fn plan(&mut self, after: i64, event: Event) {
        self.planned += 1;
        self.queue.insert((self.now + after.max(0), self.planned), event);
    }

    /// These will not happen.
    pub fn forget(&mut self, which: impl Fn(&Event) -> bool) {
        self.queue.retain(|_, event| !which(event));
    }

    /// A line of the story.
    pub fn say(&mut self, line: String) {
        self.trace.say(self.now - DAWN_MS, line);
    }

    /// Who calls with a device's token, and what they may read and write; none if the server does not know it.
    ///
    /// # Errors
    /// When the server's tables cannot be read.
    pub fn caller(&self, device: DeviceId) -> Result<Option<Caller>> {
        self.server.caller(device)
    }

    /// The same of a device that the server knows.
    ///
    /// # Errors
    /// When it does not.
    pub fn known(&self, device: DeviceId) -> Result<Caller> {
        self.caller(device)?.context("an unknown device")
    }

    /// Where the world's files are.
    pub fn dir(&self) -> &Path {
        self._dir.path()
    }

    /// Lives until the time of writing is over and everything has come to rest, then checks.
    ///
    /// # Errors
    /// When the contract is broken.
    pub fn run(&mut self) -> Result<()> {
        for _ in 0..EVENTS_MAX {
            if !self.queue.values().any(|event| matches!(event, Event::Act(_) | Event::Office)) {
                break;
            }
            self.next()?;
        }
        for _ in 0..self.rng.below(40) {
            self.next()?;
        }
        self.heal()?;
        let mut unsettled = String::new();
        for _ in 0..ROUNDS_MAX {
            // A life that began just now lets no other begin.
            self.now += HOUR_MS;
            (0..self.phones.len()).for_each(|phone| self.press_sync(phone));
            self.rest()?;
            unsettled = self.unsettled()?;
            if unsettled.is_empty() {
                break;
            }
        }
        ensure!(unsettled.is_empty(), "not at rest after {ROUNDS_MAX} rounds: {unsettled}");
        checks::all(self)
    }

    fn next(&mut self) -> Result<()> {
        let Some(((at, _), event)) = self.queue.pop_first() else { return Ok(()) };
        self.now = at;
        self.happen(event)
    }

    /// One event.
    fn happen(&mut self, event: Event) -> Result<()> {
        match event {
            Event::Act(phone) => self.act(phone),
            Event::Office => self.office(),
            Event::Step(phone, life) => self.step(phone, life),
            Event::Wake(phone, wish) => {
                if self.phones[phone].is_up() && self.phones[phone].wish == wish {
                    self.hear(phone, "woke", Input::Woke);
                }
                Ok(())
            }
            Event::Arrive(packet) => {
                self.arrive(packet);
                Ok(())
            }
            Event::Serve(life) => self.serve(life),
            Event::Read(life, committed) => self.read(life, *committed),
            Event::Answer(phone, life, request, told) => self.answered(phone, life, request, told),
            Event::GiveUp(phone, life, request) => {
                let told = Told::Failed(Failure::Network);
                let waits = self.phones[phone].life == life && self.phones[phone].in_flight == Some(request);
                if waits { self.answered(phone, life, request, told) } else { Ok(()) }
            }
            Event::BackUp => self.back_up(),
            Event::GoBack => self.go_back(),
            Event::Copy(phone) => self.copy_phone(phone),
            Event::EnrolAnew(phone) => self.enrol_anew(phone),
            Event::Regrant(phone) => self.regrant(phone),
            Event::GoAway(phone) => self.go_away(phone),
            Event::Covered(phone) => {
                self.phones[phone].covered = true;
                if self.phones[phone].is_up() && self.rng.chance(700) {
                    self.hear(phone, "online", Input::Online(true));
                }
                Ok(())
            }
            Event::CutPhone(phone, life) if self.phones[phone].life == life => {
                self.end_phone(phone, End::PowerCut, "just after a commit")
            }
            Event::CutServer(life) if self.server.life == life && self.server.is_up() => {
                self.end_server(End::PowerCut, "just after a commit")
            }
            Event::SpaceOnPhone(phone) => {
                self.phones[phone].disk.has_space();
                Ok(())
            }
            Event::SpaceOnServer => {
                self.server.disk.has_space();
                Ok(())
            }
            Event::StartPhone(phone) if !self.phones[phone].is_up() => self.start_phone(phone),
            Event::StartServer if !self.server.is_up() => self.start_server(),
            Event::CutPhone(..) | Event::CutServer(_) | Event::StartPhone(_) | Event::StartServer => Ok(()),
        }
    }

    /// Nothing goes wrong any more; whoever is down comes back.
    fn heal(&mut self) -> Result<()> {
        self.say("--- the network heals".to_owned());
        (self.faults, self.eager) = (Faults::default(), 0);
        self.forget(|event| {
            matches!(event, Event::Act(_) | Event::Office | Event::StartPhone(_) | Event::Covered(_))
                || is_disaster(event)
        });
        self.server.disk.has_space();
        for phone in &mut self.phones {
            phone.disk.has_space();
            phone.line = Line::default();
        }
        if !self.server.is_up() {
            self.start_server()?;
        }
        for index in 0..self.phones.len() {
            if !self.phones[index].is_up() {
                self.start_phone(index)?;
            }
            self.phones[index].covered = true;
            let now = self.now;
            self.phones[index].hear("online", Input::Online(true), now);
            self.step_soon(index);
        }
        // What failed before still tells on what follows; from here on nothing may.
        self.rest()?;
        self.healed = true;
        if self.damaging { checks::damage(self) } else { Ok(()) }
    }

    /// Lets things happen until only alarm clocks are left, then forgets those.
    fn rest(&mut self) -> Result<()> {
        for _ in 0..EVENTS_MAX {
            let mut events = self.queue.values();
            let busy = self.phones.iter().any(|phone| phone.machine.is_busy());
            if !busy && events.all(|event| matches!(event, Event::Wake(..))) {
                self.queue.clear();
                return Ok(());
            }
            self.next()?;
        }
        anyhow::bail!("the world does not come to rest")
    }

    /// Why a phone is not up to date; empty if all are.
    fn unsettled(&self) -> Result<String> {
        let (head, _) = lianxin_server::storage::head(self.server.writer().context("down")?)?;
        let mut why = String::new();
        for phone in &self.phones {
            let db = phone.db()?;
            let waiting: i64 =
                db.query_row("SELECT count(*) FROM patch WHERE state < 2", [], |row| row.get(0))?;
            let cursor: Option<String> = rusqlite::OptionalExtension::optional(db.query_row(
                "SELECT value FROM meta WHERE key = 'cursor_seq'",
                [],
                |row| row.get(0),
            ))?;
            if waiting > 0 || cursor.as_deref() != Some(&head.to_string()) {
                why += &format!(
                    "phone {} has {waiting} patches waiting, cursor {cursor:?} of {head}; ",
                    phone.index
                );
            }
        }
        Ok(why)
    }
}
