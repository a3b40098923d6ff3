//! The township's side: the server takes groups of requests, commits them, answers, and may end between any two of
//! these; the office writes records of its own; strangers knock.

use super::{
    cadre::NAMES,
    disk::DiskFault,
    faults::End,
    network::{self, Ask, Packet, Told},
    rng::Rng,
    server::Committed,
    skew,
    world::{Event, Known, World},
};
use anyhow::{Context, Result, bail, ensure};
use lianxin_server::service::Caller;
use lianxin_shared::{
    replica::{FieldSet, kind},
    sync::Failure,
    wire::v1::{ErrorBody, ErrorCode, SyncRequest},
};
use std::collections::BTreeSet;
use uuid::Uuid;

/// Pushes in one transaction.
const GROUP_MAX: usize = 3;

impl World {
    pub(super) fn arrive(&mut self, packet: Packet) {
        if !self.server.is_up() {
            let Packet { phone, life, request, .. } = packet;
            self.plan(100, Event::Answer(phone, life, request, Told::Failed(Failure::Network)));
            return;
        }
        self.server.waiting.push(packet);
        let (after, life) = (self.rng.between(0, 200), self.server.life);
        self.plan(after, Event::Serve(life));
    }

    /// The writer takes what waits.
    pub(super) fn serve(&mut self, life: u32) -> Result<()> {
        if self.server.life != life || !self.server.is_up() || self.server.waiting.is_empty() {
            return Ok(());
        }
        let n = (1 + self.rng.below(GROUP_MAX)).min(self.server.waiting.len());
        let taken: Vec<Packet> = self.server.waiting.drain(..n).collect();
        if !self.server.waiting.is_empty() {
            self.plan(1, Event::Serve(life));
        }
        let (syncs, others): (Vec<Packet>, Vec<Packet>) =
            taken.into_iter().partition(|packet| matches!(packet.body, Ask::Sync(_)));
        for packet in others {
            if !self.server.is_up() {
                return Ok(());
            }
            let told = self.serve_other(&packet)?;
            self.send_answer(&packet, told)?;
        }
        if syncs.len() > 1 {
            self.coverage.count("groups of pushes");
        }
        if !syncs.is_empty() && self.server.is_up() { self.commit(life, syncs) } else { Ok(()) }
    }

    /// A request that is no sync.
    fn serve_other(&mut self, packet: &Packet) -> Result<Told> {
        match &packet.body {
            Ask::Sync(_) => bail!("a sync is committed in a group"),
            _ if self.caller(packet.device)?.is_none() => stranger(),
            Ask::Repair(bytes) => self.server.repair(bytes, &self.known(packet.device)?),
            Ask::Clone if self.server.disk.is_full() => Ok(Told::Failed(Failure::Server)),
            Ask::Clone => self.split(packet.device),
            Ask::Salvage(bytes) => {
                let burn = self.faults.burn(&mut self.rng);
                let caller = self.known(packet.device)?;
                let (told, taken) = self.server.salvage(bytes, &caller, self.now, burn)?;
                self.server_struck();
                self.coverage.add("writes salvaged", taken);
                Ok(told)
            }
        }
    }

    fn commit(&mut self, life: u32, syncs: Vec<Packet>) -> Result<()> {
        let burn = self.faults.burn(&mut self.rng);
        let mut group = Vec::new();
        for packet in &syncs {
            match self.caller(packet.device)? {
                Some(caller) => group.push((packet.clone(), caller)),
                None => self.send_answer(packet, stranger()?)?,
            }
        }
        if group.is_empty() {
            return Ok(());
        }
        strangers(&mut self.rng, &mut group);
        let done = self.server.commit_group(group, self.now, burn)?;
        let struck = self.server_struck();
        if burn.is_power_cut() && done.is_some() {
            self.coverage.count("power cuts of the server after a commit");
            let (after, life) = (self.rng.pause(100), self.server.life);
            self.plan(after, Event::CutServer(life));
        }
        let Some(done) = done else {
            if struck == Some(DiskFault::PowerCut) {
                self.coverage.count("power cuts of the server within a transaction");
                return self.end_server(End::PowerCut, "within a transaction");
            }
            if struck.is_none() && self.server.disk.is_full() {
                self.coverage.count("work refused by the server's full disk");
            } else if struck.is_none() && self.rng.chance(600) {
                self.coverage.count("crashes of the server within a transaction");
                return self.end_server(End::Killed, "within a transaction");
            }
            let failed = Told::Failed(Failure::Server);
            return syncs.iter().try_for_each(|packet| self.send_answer(packet, failed.clone()));
        };
        if self.rng.chance(self.faults.crash_server) {
            let end = self.faults.end(&mut self.rng);
            let cut = end == End::PowerCut;
            let what = if cut {
                "power cuts of the server after a commit"
            } else {
                "crashes of the server after a commit"
            };
            self.coverage.count(what);
            return self.end_server(end, "after a commit, before its answers");
        }
        for committed in done {
            stranger_was_refused(&committed)?;
            if committed.packet.request != 0 && refused_as(&committed)? == Some(ErrorCode::Unavailable) {
                self.coverage.count("rollbacks proved to a young life");
            }
            if let Ok(pushed) = &committed.outcome {
                self.coverage.add("orders given", pushed.accepted.orders.len() as u64);
            }
            if committed.packet.request != 0 {
                let after = self.rng.pause(20);
                self.plan(after, Event::Read(life, Box::new(committed)));
            }
        }
        Ok(())
    }

    /// The server answers what it has committed.
    pub(super) fn read(&mut self, life: u32, committed: Committed) -> Result<()> {
        if self.server.life != life || !self.server.is_up() {
            return Ok(());
        }
        let caller = self.known(committed.packet.device)?;
        let packet = committed.packet.clone();
        let (told, more) = self.server.answer(committed, &caller, self.now)?;
        if more {
            self.coverage.count("pages beyond the first");
        }
        self.send_answer(&packet, told)
    }

    /// What happened to the server's disk during its last work; if its power was cut, it goes now.
    pub(super) fn server_struck(&mut self) -> Option<DiskFault> {
        let struck = self.server.struck.take();
        match struck {
            Some(DiskFault::PowerCut) => {
                let life = self.server.life;
                let after = self.rng.pause(20);
                self.plan(after, Event::CutServer(life));
            }
            Some(DiskFault::Full) => {
                self.coverage.count("disks full on the server");
                self.say("the server's disk is full".to_owned());
                let after = self.space_after();
                self.plan(after, Event::SpaceOnServer);
            }
            Some(DiskFault::Error) => self.coverage.count("I/O errors on the server"),
            None => {}
        }
        struck
    }

    pub(super) fn send_answer(&mut self, packet: &Packet, told: Told) -> Result<()> {
        let (line, older) = (self.phones[packet.phone].line, self.phones[packet.phone].older);
        let told = self.between_versions(told, older);
        let Some((after, told)) =
            network::answer(&mut self.rng, &self.faults, told, line, &mut self.coverage)
        else {
            return Ok(());
        };
        self.plan(after, Event::Answer(packet.phone, packet.life, packet.request, told));
        if self.rng.chance(self.faults.crash_server) {
            let end = self.faults.end(&mut self.rng);
            self.end_server(end, "while idle")?;
        }
        Ok(())
    }

    /// What a phone of its version reads of what a server of its version says.
    fn between_versions(&mut self, mut told: Told, older: bool) -> Told {
        if self.newer_server {
            self.coverage.count("answers with words of a later version");
            told = skew::of_newer_server(told);
        }
        if older {
            self.coverage.count("answers to an older phone");
            told = skew::to_older_phone(told);
        }
        told
    }

    pub(super) fn end_server(&mut self, end: End, how: &str) -> Result<()> {
        self.say(format!("the server ends {how}: {end:?}"));
        let what = if end == End::PowerCut { "power cuts of the server" } else { "crashes of the server" };
        self.coverage.count(what);
        let mut chance = Rng::new(self.rng.next());
        let lost = self.server.crash(end, &mut chance)?;
        self.coverage.add("changes lost with the server's power", lost);
        let after = self.rng.pause(20_000);
        self.plan(after, Event::StartServer);
        Ok(())
    }

    pub(super) fn start_server(&mut self) -> Result<()> {
        self.server.start()?;
        self.say("the server starts".to_owned());
        for phone in 0..self.phones.len() {
            if self.phones[phone].is_up() {
                super::checks::receipts_are_durable(self, phone).context("after a crash of the server")?;
            }
        }
        Ok(())
    }

    /// A household of the register; mostly one that has somebody or something to take along.
    fn household_to_move(&mut self) -> Result<Option<Known>> {
        let server = self.server.writer().context("down")?;
        let mut statement = server.prepare(
            "SELECT household FROM person UNION SELECT household FROM visit WHERE household IS NOT NULL",
        )?;
        let with_belongings: BTreeSet<Uuid> = statement
            .query_map([], |row| row.get::<_, Option<[u8; 16]>>(0))?
            .filter_map(|id| id.transpose())
            .map(|id| id.map(Uuid::from_bytes))
            .collect::<Result<_, _>>()?;
        drop(statement);
        let any = self.rng.chance(300);
        let fits = |k: &&Known| k.kind == kind::HOUSEHOLD && (any || with_belongings.contains(&k.id));
        let households: Vec<&Known> = self.known.iter().filter(fits).collect();
        Ok(if households.is_empty() { None } else { Some((*self.rng.pick(&households)).clone()) })
    }

    /// The office imports: new households, and fields of known ones.
    pub(super) fn office(&mut self) -> Result<()> {
        if !self.server.is_up() {
            return Ok(());
        }
        if self.disasters.erases && self.rng.chance(400) {
            return self.erase();
        }
        let mut writes = Vec::new();
        let (mut made, mut moves) = (Vec::new(), 0);
        for _ in 0..1 + self.rng.below(4) {
            if self.disasters.moves
                && self.rng.chance(400)
                && let Some(known) = self.household_to_move()?
            {
                moves += 1;
                let to = self.rng.pick(&self.villages).as_str().into();
                let set = FieldSet::from([("village".to_owned(), to)]);
                writes.push((kind::HOUSEHOLD, known.id, known.village, set));
                continue;
            }
            let households: Vec<&Known> = self.known.iter().filter(|k| k.kind == kind::HOUSEHOLD).collect();
            let known = if self.rng.chance(500) && !households.is_empty() {
                (*self.rng.pick(&households)).clone()
            } else {
                let (id, village) = (self.fresh_id(), self.rng.pick(&self.villages).clone());
                let known = Known { id, kind: kind::HOUSEHOLD.to_owned(), village };
                made.push(known.clone());
                known
            };
            let set = FieldSet::from([
                ("head".to_owned(), (*self.rng.pick(&NAMES)).into()),
                ("phone".to_owned(), self.value_of("phone")),
            ]);
            writes.push((kind::HOUSEHOLD, known.id, known.village, set));
        }
        let burn = self.faults.burn(&mut self.rng);
        let n = writes.len();
        let written = self.server.office(writes, self.now, burn)?;
        self.server_struck();
        if written {
            self.coverage.count("office writes");
            self.coverage.add("households moved", moves);
            self.say(format!("the office writes {n} records"));
            self.known.extend(made);
        }
        Ok(())
    }
}

/// The answer to a token that the server does not know.
pub(super) fn stranger() -> Result<Told> {
    let message = "乡镇服务器不认识这部手机".to_owned();
    let body = ErrorBody { code: ErrorCode::Unauthorized, message, life: None };
    Ok(Told::Refused(serde_json::to_vec(&body)?))
}

/// Now and then a request of another database's life or of a newer protocol stands in the same group.
fn strangers(rng: &mut Rng, group: &mut Vec<(Packet, Caller)>) {
    let Some((packet, caller)) = group.first().filter(|_| rng.chance(100)).cloned() else { return };
    let Ask::Sync(bytes) = &packet.body else { return };
    let mut request: SyncRequest = serde_json::from_slice(bytes).expect("a phone's request is whole");
    if rng.chance(500) {
        request.epoch = Uuid::from_u128(99);
    } else {
        request.protocol += 1;
    }
    let body = network::write_sync(&request);
    let place = rng.below(group.len() + 1);
    group.insert(place, (Packet { request: 0, body, ..packet }, caller));
}

/// What [`strangers`] sent was refused.
///
/// # Errors
/// When it was taken.
fn stranger_was_refused(committed: &Committed) -> Result<()> {
    if committed.packet.request != 0 {
        return Ok(());
    }
    if matches!(committed.outcome, Err(Told::Failed(Failure::Server))) {
        return Ok(());
    }
    let code = refused_as(committed)?;
    ensure!(
        matches!(code, Some(ErrorCode::OtherEpoch | ErrorCode::ProtocolTooNew)),
        "a stranger was refused as {code:?}"
    );
    Ok(())
}

/// Why the server says no; none if it does not.
fn refused_as(committed: &Committed) -> Result<Option<ErrorCode>> {
    let Err(Told::Refused(bytes)) = &committed.outcome else { return Ok(None) };
    Ok(Some(serde_json::from_slice::<ErrorBody>(bytes)?.code))
}
