//! The drivers of the phones: they execute their machines' actions one by one, as the native and the browser's
//! driver do, and between any two of them the process may end.

use super::{
    disk::DiskFault,
    faults::End,
    network::{self, ANSWER_MS_MAX, Ask, Packet, Told},
    phone::{Asked, Outcome},
    rng::Rng,
    skew,
    world::{Event, World},
};
use anyhow::{Context, Result, bail, ensure};
use lianxin_app::store::StoreError;
use lianxin_shared::{
    sync::{Action, Failure, Input, Phase},
    wire::v1::{ErrorCode, SyncResponse},
};

const MINUTE_MS: i64 = 60_000;
/// What an old phone may need for one step, with its storage nearly full.
const SLOW_STEP_MS: i64 = 4_000;

impl World {
    /// The machine hears of something, and its driver will act on it.
    pub(super) fn hear(&mut self, phone: usize, name: &'static str, input: Input) {
        let now = self.now;
        self.phones[phone].hear(name, input, now);
        self.step_soon(phone);
    }

    /// The cadre presses 同步.
    pub(super) fn press_sync(&mut self, phone: usize) {
        if self.phones[phone].is_up() {
            self.hear(phone, "sync now", Input::SyncNow);
        }
    }

    pub(super) fn step_soon(&mut self, phone: usize) {
        let (life, stepping) = (self.phones[phone].life, self.phones[phone].stepping);
        if !stepping {
            self.phones[phone].stepping = true;
            // Now and then the phone is slow, and what it waits for is there before it is.
            let slowest = if self.rng.chance(20) { SLOW_STEP_MS } else { 20 };
            let after = self.rng.between(0, slowest);
            self.plan(after, Event::Step(phone, life));
        }
    }

    /// The driver's next action.
    pub(super) fn step(&mut self, phone: usize, life: u32) -> Result<()> {
        if self.phones[phone].life != life || !self.phones[phone].is_up() {
            return Ok(());
        }
        self.phones[phone].stepping = false;
        let Some(action) = self.phones[phone].machine.poll_action() else { return Ok(()) };
        if !self.healed && self.rng.chance(self.faults.crash_phone) {
            let end = self.faults.end(&mut self.rng);
            return self.end_phone(phone, end, "between two steps");
        }
        self.take(phone, action).with_context(|| format!("phone {phone}"))?;
        if self.phones[phone].is_up() {
            self.step_soon(phone);
        }
        Ok(())
    }

    fn take(&mut self, phone: usize, action: Action) -> Result<()> {
        let wall = self.phones[phone].clock.at(self.now);
        match action {
            Action::Load { bytes_max, after } => {
                let bytes_max = (bytes_max / self.phones[phone].batch_divisor).max(1);
                self.coverage.add("requests sent ahead of a commit", u64::from(after.is_some()));
                let loaded = self.store(phone, |store| store.sync_load(bytes_max, after.as_ref()))?;
                self.digest_outcome(phone, "loaded", loaded, |out| Input::Loaded(Box::new(out)))
            }
            Action::Send(request) => {
                let n = request.patches.len();
                self.say(format!("phone {phone} sends {n} patches from cursor {}", request.cursor.seq));
                self.send(phone, Asked::Sync, network::write_sync(&request));
                Ok(())
            }
            Action::Commit(response) => self.commit_answer(phone, *response, wall),
            Action::LoadSums => {
                let damaged = self.damaging && self.healed;
                ensure!(
                    damaged || self.disasters.regrants,
                    "the digest differs although nothing was damaged"
                );
                self.coverage.count(if damaged { "repairs after damage" } else { "repairs after a grant" });
                self.say(format!("phone {phone} repairs"));
                let sums = self.store(phone, |store| store.sync_sums())?;
                self.digest_outcome(phone, "sums", sums, Input::Sums)
            }
            Action::SendRepair(request) => {
                self.send(phone, Asked::Repair, network::write_repair(&request));
                Ok(())
            }
            Action::Renew(life) => self.renew(phone, &life),
            Action::SendClone(_) => {
                self.send(phone, Asked::Clone, Ask::Clone);
                Ok(())
            }
            Action::BecomeOther(enrolled) => self.become_other(phone, &enrolled, wall),
            Action::LoadSalvage { bytes_max } => {
                let bytes_max = (bytes_max / self.phones[phone].batch_divisor).max(1);
                let salvage = self.store(phone, |store| store.sync_load_salvage(bytes_max))?;
                self.digest_outcome(phone, "salvage", salvage, |out| Input::Salvage(Box::new(out)))
            }
            Action::SendSalvage(request) => {
                let n = request.patches.len();
                self.say(format!("phone {phone} offers {n} writes of the former life"));
                self.send(phone, Asked::Salvage, network::write_salvage(&request));
                Ok(())
            }
            Action::KeepSalvaged(response) => {
                let kept = self.store(phone, |store| store.sync_keep_salvaged(&response))?;
                self.digest_outcome(phone, "salvage kept", kept, |()| Input::SalvageKept)
            }
            Action::Compare(response) => {
                let differing = self.store(phone, |store| store.sync_compare(&response))?;
                self.digest_outcome(phone, "differing", differing, Input::Differing)
            }
            Action::CommitRepair(response) => {
                let report = self.store(phone, |store| store.sync_commit_repair(*response))?;
                self.digest_outcome(phone, "committed", report, Input::Committed)
            }
            Action::WakeAt(at) => {
                self.phones[phone].wish += 1;
                let wish = self.phones[phone].wish;
                self.plan(at - wall, Event::Wake(phone, wish));
                Ok(())
            }
            Action::Report(Phase::Problem(failure)) => self.reported(phone, &failure),
            Action::Report(_) => Ok(()),
        }
    }

    /// The store commits an answer; what was acknowledged before is still shown, or something that came later.
    fn commit_answer(&mut self, phone: usize, response: SyncResponse, wall: i64) -> Result<()> {
        let (n, receipt) = (response.changes.len(), response.receipt.device_seq);
        let more = if response.more { ", more" } else { "" };
        self.say(format!(
            "phone {phone} commits receipt {receipt}, {n} rows, told {:?}, cursor {}{more}{}",
            response.accepted.seqs,
            response.cursor.seq,
            response.scope.as_ref().map_or_else(String::new, |scope| format!(
                ", now of {}",
                scope.codes().collect::<Vec<_>>().join(" ")
            ))
        ));
        let echoed = response.accepted.seqs.iter().filter(|seq| **seq == 0).count();
        self.coverage.add("rows echoed", echoed as u64);
        let scope = response.scope.clone();
        let moved = n > 0 || !response.accepted.seqs.is_empty();
        let ahead = self.phones[phone].in_flight.is_some();
        let report = self.store(phone, |store| store.sync_commit(response, wall))?;
        if ahead && matches!(report, Outcome::Burnt) {
            self.coverage.count("commits broken with a request ahead of them");
        }
        if let Outcome::Done(report) = &report {
            if let Some(scope) = &scope {
                self.learns_scope(phone, scope);
            }
            self.coverage.count("answers committed");
            if report.waiting > 0 {
                self.coverage.count("batches beyond the first");
                // What others wrote has come, and what lies over it has not all been sent.
                let (now, phone) = (self.now, &mut self.phones[phone]);
                super::checks::shows_what_it_holds(phone, now).context("between two batches")?;
            }
            if n > 0 {
                self.act_again(phone, 200, 0);
            }
            if moved && !self.damaging {
                let now = self.now;
                self.phones[phone].keeps_its_promises(4, now).context("after a sync")?;
                self.phones[phone].finds_what_the_tables_have(3, now).context("after a sync")?;
            }
        }
        let failed_early = std::mem::take(&mut self.phones[phone].failed_early);
        let name = if failed_early { "failure" } else { "committed" };
        self.digest_outcome(phone, name, report, Input::Committed)
    }

    /// A problem on the screen must have a cause.
    fn reported(&mut self, phone: usize, failure: &Failure) -> Result<()> {
        let last = self.phones[phone].last_input;
        let words = in_short(failure);
        self.say(format!("phone {phone} reports {words} after {last}"));
        ensure!(last != "committed", "a sync that worked is reported as a problem: {failure:?}");
        let unknown = matches!(failure, Failure::Refused(body) if body.code == ErrorCode::Unauthorized);
        ensure!(!self.healed || unknown, "a problem although nothing goes wrong: {failure:?}");
        let refused = matches!(failure, Failure::Refused(body) if body.code != ErrorCode::Unauthorized);
        ensure!(!refused, "the server refuses its own phone: {failure:?}");
        Ok(())
    }

    /// Works with a phone's store; the transaction may break off.
    pub(super) fn store<T>(
        &mut self,
        phone: usize,
        work: impl FnOnce(&mut lianxin_app::store::Store) -> Result<T, lianxin_app::store::StoreError>,
    ) -> Result<Outcome<T>> {
        let burn = self.faults.burn(&mut self.rng);
        let outcome = self.phones[phone].with_store(burn, work)?;
        let broken = matches!(outcome, Outcome::Burnt);
        match self.phones[phone].struck {
            Some(DiskFault::PowerCut) if broken => {
                self.coverage.count("power cuts of a phone within a transaction");
                self.end_phone(phone, End::PowerCut, "within a transaction")?;
            }
            // It came when all was written, or in what SQLite does after its commit.
            Some(DiskFault::PowerCut) => self.cut_soon(phone),
            None if !broken && burn.is_power_cut() => self.cut_soon(phone),
            Some(DiskFault::Full) => {
                self.coverage.count("disks full on a phone");
                self.say(format!("the disk of phone {phone} is full"));
                let after = self.space_after();
                self.plan(after, Event::SpaceOnPhone(phone));
            }
            Some(DiskFault::Error) => self.coverage.count("I/O errors on a phone"),
            None if broken && self.phones[phone].disk.is_full() => {
                self.coverage.count("work refused by a phone's full disk");
            }
            None if broken => {
                self.coverage.count("transactions broken on a phone");
                if self.rng.chance(700) {
                    self.coverage.count("crashes of a phone within a transaction");
                    self.end_phone(phone, End::Killed, "within a transaction")?;
                }
            }
            None => {}
        }
        Ok(outcome)
    }

    fn cut_soon(&mut self, phone: usize) {
        self.coverage.count("power cuts of a phone after a commit");
        let life = self.phones[phone].life;
        self.plan(0, Event::CutPhone(phone, life));
    }

    /// How long a disk stays full, ms: somebody has deleted something at once, or only after a while.
    pub(super) fn space_after(&mut self) -> i64 {
        let longest = *self.rng.pick(&[1, 2_000, 20 * MINUTE_MS]);
        self.rng.between(0, longest)
    }

    /// The machine hears how the store did.
    fn digest_outcome<T>(
        &mut self,
        phone: usize,
        name: &'static str,
        outcome: Outcome<T>,
        input: impl FnOnce(T) -> Input,
    ) -> Result<()> {
        match outcome {
            Outcome::Done(value) => self.hear(phone, name, input(value)),
            Outcome::Refused(StoreError::Copied) if self.disasters.copies => {
                self.hear(phone, "copied", Input::Copied);
            }
            Outcome::Refused(error) => bail!("the store refuses an honest answer: {error}"),
            Outcome::Burnt if self.phones[phone].is_up() => {
                self.hear(phone, "store failed", Input::StoreFailed("burnt".to_owned()));
            }
            Outcome::Burnt => {}
        }
        Ok(())
    }

    /// The machine hears that the phone has another device, or its server another life.
    pub(super) fn digest_renewal(&mut self, phone: usize, outcome: Outcome<()>) -> Result<()> {
        self.digest_outcome(phone, "renewed", outcome, |()| Input::Renewed)
    }

    pub(super) fn end_phone(&mut self, phone: usize, end: End, how: &str) -> Result<()> {
        let after = self.rng.pause(MINUTE_MS);
        self.end_phone_for(phone, end, how, after)
    }

    /// A phone's process ends, and starts again after `after_ms`.
    pub(super) fn end_phone_for(&mut self, phone: usize, end: End, how: &str, after_ms: i64) -> Result<()> {
        self.say(format!("phone {phone} ends {how}: {end:?}"));
        self.coverage.count(if end == End::PowerCut {
            "power cuts of a phone"
        } else {
            "crashes of a phone"
        });
        let mut chance = Rng::new(self.rng.next());
        let lost = self.phones[phone].crash(end, &mut chance)?;
        self.coverage.add("changes lost with a phone's power", lost);
        self.plan(after_ms, Event::StartPhone(phone));
        Ok(())
    }

    pub(super) fn start_phone(&mut self, phone: usize) -> Result<()> {
        let now = self.now;
        self.phones[phone].start()?;
        if self.phones[phone].disk.is_full() {
            self.coverage.count("phones started with a full disk");
        }
        self.phones[phone].keeps_its_promises(12, now).context("after a crash of the phone")?;
        if self.rng.chance(200) {
            let phone = &mut self.phones[phone];
            super::checks::shows_what_it_holds(phone, now).context("after a crash of the phone")?;
        }
        if self.server.is_up() {
            super::checks::receipts_are_durable(self, phone)?;
        }
        self.say(format!("phone {phone} starts"));
        if !self.phones[phone].covered {
            self.hear(phone, "offline", Input::Online(false));
        }
        self.press_sync(phone);
        Ok(())
    }

    fn send(&mut self, phone: usize, asked: Asked, body: Ask) {
        self.requests += 1;
        let (request, life) = (self.requests, self.phones[phone].life);
        self.phones[phone].in_flight = Some(request);
        self.phones[phone].asked = asked;
        let device = self.phones[phone].device;
        let (line, older) = (self.phones[phone].line, self.phones[phone].older);
        let line = self.phones[phone].covered.then_some(line);
        let body = if older { skew::of_older_phone(body) } else { body };
        let journey = network::send(&mut self.rng, &self.faults, &body, line, &mut self.coverage);
        if let Some((after, failure)) = journey.told {
            self.plan(after, Event::Answer(phone, life, request, Told::Failed(failure)));
        }
        for after in journey.arrivals {
            let packet = Packet { request, phone, device, life, body: body.clone() };
            self.plan(after, Event::Arrive(packet));
        }
        self.plan(ANSWER_MS_MAX, Event::GiveUp(phone, life, request));
        // Nobody stops writing because the phone is syncing.
        self.act_again(phone, 100, 800);
    }

    pub(super) fn answered(&mut self, phone: usize, life: u32, request: u64, told: Told) -> Result<()> {
        let to = &self.phones[phone];
        if !to.is_up() || to.life != life || to.in_flight != Some(request) {
            self.coverage.count("answers too late");
            return self.answered_late(phone, told);
        }
        if !to.covered && !matches!(told, Told::Failed(_)) {
            self.coverage.count("answers lost");
            return Ok(());
        }
        self.phones[phone].in_flight = None;
        let early = self.phones[phone].machine.has_action();
        if early {
            self.coverage.count("answers that overtook a commit");
        }
        let input = match self.phones[phone].asked {
            Asked::Sync => Input::Answered(network::read_sync(told)),
            Asked::Repair => Input::Repaired(network::read_other(told)),
            Asked::Salvage => Input::Salvaged(network::read_other(told)),
            Asked::Clone => Input::Recast(network::read_other(told)),
        };
        let name = match &input {
            Input::Answered(Err(failure))
            | Input::Repaired(Err(failure))
            | Input::Salvaged(Err(failure))
            | Input::Recast(Err(failure)) => {
                let line = format!("phone {phone} is told {}", in_short(failure));
                if matches!(failure, Failure::Refused(body) if body.code == ErrorCode::Unauthorized) {
                    self.plan(30_000, Event::EnrolAnew(phone));
                }
                self.say(line);
                self.phones[phone].failed_early = early;
                "failure"
            }
            _ => "answer",
        };
        self.hear(phone, name, input);
        Ok(())
    }

    /// A driver drops an answer that nobody waits for; a machine at rest does the same.
    fn answered_late(&mut self, phone: usize, told: Told) -> Result<()> {
        let to = &mut self.phones[phone];
        if to.is_up() && !to.machine.is_busy() {
            let queued: Vec<Action> = std::iter::from_fn(|| to.machine.poll_action()).collect();
            ensure!(queued.iter().all(|a| matches!(a, Action::Report(_) | Action::WakeAt(_))), "{queued:?}");
            let (before, wall) = (to.machine.is_busy(), to.clock.at(self.now));
            to.machine.handle(Input::Answered(network::read_sync(told)), wall);
            ensure!(!before && to.machine.poll_action().is_none(), "a late answer moves the machine");
            for action in queued {
                self.take(phone, action)?;
            }
        }
        Ok(())
    }
}

/// A failure in the story: of a refusal only the code, since the rest may hold hashes over random ids, and a story is
/// the same each time.
fn in_short(failure: &Failure) -> String {
    match failure {
        Failure::Refused(body) => format!("{:?}", body.code),
        other => format!("{other:?}"),
    }
}
