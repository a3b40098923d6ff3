//! What befalls a township besides bad networks: a server taken back to an older copy, phones copied onto others,
//! villages that change hands.

use super::{
    faults::End,
    network::Told,
    oracle::{self, WriteId},
    phone::{Outcome, WallClock},
    rng::Rng,
    world::{Event, World},
};
use anyhow::{Context, Result, ensure};
use lianxin_app::store::{Request, Store, StoreError};
use lianxin_shared::{
    replica::{DeviceId, Stamp},
    wire::v1::{EnrolResponse, Life, Scope},
};
use std::collections::{BTreeMap, BTreeSet};

/// Which disasters a world has.
#[derive(Debug, Clone, Copy, Default)]
pub struct Disasters {
    /// The server goes back to an older copy, openly or behind its back.
    pub goes_back: bool,
    /// A phone's data is copied onto another phone.
    pub copies: bool,
    /// Villages are granted and withdrawn.
    pub regrants: bool,
    /// Households move to other villages.
    pub moves: bool,
    /// A cadre is away for months.
    pub absences: bool,
    /// The office erases, as the law demands.
    pub erases: bool,
}

/// A write that phones had pulled when the server went back.
#[derive(Debug)]
pub struct Pulled {
    village: String,
    words: String,
    phones: BTreeSet<usize>,
}

/// How the server goes back to its backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GoingBack {
    /// The file was put in place behind its back.
    Silently,
    /// Restored, with nothing else left.
    Alone,
    /// Restored beside the present database.
    Beside,
}

impl Disasters {
    /// Those of a seed: mostly none, so that the common faults are not drowned.
    pub fn of(seed: u64) -> Self {
        Disasters {
            goes_back: seed % 3 == 1,
            copies: seed % 5 == 2,
            regrants: seed % 4 == 3,
            moves: seed % 7 == 4,
            absences: seed.is_multiple_of(6),
            erases: seed % 5 == 1 || seed % 8 == 7,
        }
    }

    /// Whether nothing happens that phones of the first version had not learnt to live through.
    pub fn are_none(self) -> bool {
        !(self.goes_back || self.copies || self.regrants || self.moves)
    }
}

impl World {
    /// Plans the disasters of this world's days.
    pub(super) fn plan_disasters(&mut self, day_ms: i64) {
        if self.disasters.goes_back {
            let first = self.rng.between(0, day_ms);
            self.plan(first, Event::BackUp);
            for _ in 0..1 + self.rng.below(2) {
                let after = self.rng.between(first, day_ms);
                self.plan(after, Event::GoBack);
            }
        }
        if self.disasters.copies {
            let at = self.rng.between(0, day_ms);
            let phone = self.rng.below(self.phones.len());
            self.plan(at, Event::Copy(phone));
        }
        if self.disasters.absences {
            let (at, phone) = (self.rng.between(0, day_ms), self.rng.below(self.phones.len()));
            self.plan(at, Event::GoAway(phone));
        }
        if self.disasters.regrants {
            for _ in 0..1 + self.rng.below(4) {
                let (at, phone) = (self.rng.between(0, day_ms), self.rng.below(self.phones.len()));
                self.plan(at, Event::Regrant(phone));
            }
        }
    }

    pub(super) fn back_up(&mut self) -> Result<()> {
        if self.server.is_up() {
            self.server.back_up()?;
            self.backed_up = true;
            self.say("the server is backed up".to_owned());
        }
        Ok(())
    }

    /// The server goes back to its backup. What any phone has of it by now must survive.
    pub(super) fn go_back(&mut self) -> Result<()> {
        if !self.backed_up {
            return Ok(());
        }
        let how = match self.rng.below(10) {
            // Without the present database the list of what was erased is lost, and with it what it names comes back.
            _ if self.disasters.erases => GoingBack::Beside,
            0..4 => GoingBack::Silently,
            4..7 => GoingBack::Alone,
            _ => GoingBack::Beside,
        };
        let silently = how == GoingBack::Silently;
        self.coverage.count(if silently { "silent rollbacks" } else { "restores" });
        self.say(format!("the server goes back to its backup: {how:?}"));
        if let Some(server) = self.server.writer() {
            // The office alone has these: another restore takes them as it takes what nobody has pulled.
            let held = oracle::held_for_the_office(server)?;
            self.pulled.retain(|write, _| !held.contains_key(write));
            for (write, by) in oracle::replacements(server)? {
                self.replaced.entry(write).or_default().extend(by);
            }
        }
        for phone in self.phones.iter().filter(|phone| phone.is_up()) {
            let had = oracle::pulled(phone.db()?)?;
            for (write, (village, words)) in had {
                let pulled = Pulled { village, words, phones: BTreeSet::new() };
                self.pulled.entry(write).or_insert(pulled).phones.insert(phone.index);
            }
        }
        let mut chance = Rng::new(self.rng.next());
        self.server.crash(End::Killed, &mut chance)?;
        self.server.go_back(how, self.now)?;
        let epoch = lianxin_server::storage::read_identity(self.server.writer().context("down")?)?.epoch;
        self.unnoticed = silently.then_some(epoch);
        Ok(())
    }

    /// A phone's data is copied onto a new phone, and both are used from now on.
    pub(super) fn copy_phone(&mut self, phone: usize) -> Result<()> {
        if !self.phones[phone].is_up() {
            return Ok(());
        }
        let index = self.phones.len();
        let clock = WallClock::new(self.now, self.rng.between(-40_000, 40_000), self.rng.between(-500, 500));
        let copy = self.phones[phone].copied(self.dir(), index, clock)?;
        self.say(format!("phone {index} is a copy of phone {phone}"));
        self.coverage.count("phones copied");
        self.phones.push(copy);
        self.press_sync(index);
        for _ in 0..3 + self.rng.below(6) {
            let at = self.rng.between(0, 30 * 60_000);
            let who = if self.rng.chance(500) { phone } else { index };
            self.plan(at, Event::Act(who));
        }
        Ok(())
    }

    /// The office enrols a phone anew that the server's older copy does not know.
    pub(super) fn enrol_anew(&mut self, phone: usize) -> Result<()> {
        if !self.phones[phone].is_up() || !self.server.is_up() || self.server.disk.is_full() {
            self.plan(1_000, Event::EnrolAnew(phone));
            return Ok(());
        }
        if self.server.caller(self.phones[phone].device)?.is_some() {
            return Ok(());
        }
        self.splits += 1;
        let own = DeviceId::from_bits(0xC000 + self.splits);
        let cadre = self.phones[phone].cadre.clone();
        let enrolled = self.server.welcome(&cadre, own, self.now)?;
        let wall = self.phones[phone].clock.at(self.now);
        self.coverage.count("phones enrolled anew");
        self.say(format!("the office enrols phone {phone} anew"));
        let outcome = self.become_device(phone, &enrolled, |store| {
            let request =
                Request::Enrol { server_url: "https://x".to_owned(), enrolled: Box::new(enrolled.clone()) };
            store.handle(request, wall).map(|_| ())
        })?;
        if matches!(outcome, Outcome::Done(())) {
            self.press_sync(phone);
        } else {
            self.plan(1_000, Event::EnrolAnew(phone));
        }
        Ok(())
    }

    /// The office changes a cadre's villages.
    pub(super) fn regrant(&mut self, phone: usize) -> Result<()> {
        if !self.server.is_up() || self.server.disk.is_full() {
            return Ok(());
        }
        let mut villages: BTreeSet<String> =
            self.villages.clone().into_iter().filter(|_| self.rng.chance(600)).collect();
        if villages.is_empty() {
            villages.insert(self.rng.pick(&self.villages).clone());
        }
        self.coverage.count("grants changed");
        self.say(format!("the cadre of phone {phone} is granted {villages:?}"));
        let cadre = self.phones[phone].cadre.clone();
        let withdrawn = self.villages.iter().filter(|village| !villages.contains(*village));
        self.withdrawn.extend(withdrawn.map(|village| (cadre.clone(), village.clone())));
        // A village that came and went while a phone was away: what it wrote for it came in, and it never had the rows.
        let before = self.server.villages_of(&cadre)?;
        for phone in self.phones.iter_mut().filter(|phone| phone.cadre == cadre) {
            let unheard = before.difference(&villages).filter(|village| !phone.villages.contains(*village));
            phone.withdrawn.extend(unheard.cloned());
        }
        self.server.grant(&cadre, &villages, self.now)
    }

    /// A phone was told its villages.
    pub(super) fn learns_scope(&mut self, phone: usize, scope: &Scope) {
        let villages: BTreeSet<String> = scope.villages.keys().cloned().collect();
        let phone = &mut self.phones[phone];
        phone.withdrawn.extend(phone.villages.difference(&villages).cloned());
        phone.villages = villages;
    }

    /// A phone takes up the server's new life.
    pub(super) fn renew(&mut self, phone: usize, life: &Life) -> Result<()> {
        self.say(format!("phone {phone} takes up a new life from receipt {}", life.receipt.device_seq));
        let outcome = self.store(phone, |store| store.sync_renew(life))?;
        if matches!(outcome, Outcome::Done(())) {
            self.coverage.count("new lives taken up");
            let now = self.now;
            self.phones[phone].keeps_its_promises(8, now).context("after a new life")?;
        }
        self.digest_renewal(phone, outcome)
    }

    /// A copied phone becomes a device of its own.
    pub(super) fn become_other(&mut self, phone: usize, enrolled: &EnrolResponse, wall: i64) -> Result<()> {
        let outcome = self.become_device(phone, enrolled, |store| store.sync_become_other(enrolled, wall))?;
        if matches!(outcome, Outcome::Done(())) {
            self.coverage.count("copies that got a device of their own");
        }
        self.digest_renewal(phone, outcome)
    }

    fn become_device(
        &mut self,
        phone: usize,
        enrolled: &EnrolResponse,
        work: impl FnOnce(&mut Store) -> Result<(), StoreError>,
    ) -> Result<Outcome<()>> {
        let mut statement = self.phones[phone].db()?.prepare("SELECT stamp FROM patch WHERE state < 2")?;
        let unreceipted: BTreeSet<Stamp> =
            statement.query_map([], |row| row.get(0).map(Stamp::from_bytes))?.collect::<Result<_, _>>()?;
        drop(statement);
        let outcome = self.store(phone, work)?;
        if matches!(outcome, Outcome::Done(())) {
            self.say(format!("phone {phone} is device {} now", enrolled.device));
            let phone = &mut self.phones[phone];
            phone.device = enrolled.device;
            phone.promises.sign_anew(enrolled.device, |stamp| unreceipted.contains(&stamp));
        }
        Ok(outcome)
    }

    /// The server gives a copied phone a device of its own.
    pub(super) fn split(&mut self, device: DeviceId) -> Result<Told> {
        self.splits += 1;
        let own = DeviceId::from_bits(0xC000 + self.splits);
        let cadre = self.server.cadre_of(device)?;
        let enrolled = self.server.welcome(&cadre, own, self.now)?;
        Ok(Told::Other(serde_json::to_vec(&enrolled)?))
    }

    /// Everything that a phone had pulled before the server went back is there again, or the same words under another
    /// stamp, or what knowingly replaced it; or it is still on the phone, while the server does not know that the village is its cadre's. Only the office's own
    /// withdrawal may take it away.
    ///
    /// # Errors
    /// When something is lost.
    pub(super) fn nothing_pulled_is_lost(&self) -> Result<()> {
        let server = self.server.writer().context("down")?;
        let kept = oracle::kept(server)?;
        let said: BTreeSet<_> =
            kept.iter().map(|((record, field, _), words)| (record, field, words)).collect();
        let mut standing: BTreeSet<WriteId> = kept.keys().cloned().collect();
        let mut replaced = self.replaced.clone();
        for (write, by) in oracle::replacements(server)? {
            replaced.entry(write).or_default().extend(by);
        }
        let missing = self.pulled.iter().filter(|(write, pulled)| {
            !self.erasures.names(write)
                && !said.contains(&(&write.0, &write.1, &pulled.words))
                && !is_told_on(write, &replaced, &mut standing)
        });
        for (write, Pulled { village, phones, .. }) in missing {
            for phone in phones.iter().map(|index| &self.phones[*index]) {
                let is_withdrawn = self.withdrawn.contains(&(phone.cadre.clone(), village.clone()));
                ensure!(
                    is_withdrawn
                        || (self.disasters.regrants && oracle::pulled(phone.db()?)?.contains_key(write)),
                    "a write that phone {} had pulled is lost with the server's former life: {write:?}",
                    phone.index
                );
            }
        }
        Ok(())
    }
}

/// Whether a write stands, or one that replaced it, or one that replaced that.
fn is_told_on(
    write: &WriteId,
    replaced: &BTreeMap<WriteId, BTreeSet<String>>,
    standing: &mut BTreeSet<WriteId>,
) -> bool {
    let by = replaced.get(write).into_iter().flatten();
    let found = standing.contains(write)
        || by
            .into_iter()
            .any(|stamp| is_told_on(&(write.0.clone(), write.1.clone(), stamp.clone()), replaced, standing));
    if found {
        standing.insert(write.clone());
    }
    found
}
