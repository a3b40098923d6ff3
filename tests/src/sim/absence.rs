//! Phones without a signal: for minutes in a valley, or for months while the cadre is away. Then the phone lies in a
//! drawer with work that never left it, or goes on being written on where there is no signal, while everything at home
//! changes.

use super::{
    faults::End,
    phone::WallClock,
    world::{Event, World},
};
use anyhow::Result;
use lianxin_shared::sync::Input;

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;
/// The shortest and the longest absence, days.
const DAYS: (i64, i64) = (30, 200);

impl World {
    /// The cadre of a phone goes away. The others rest too until shortly before the return: what they write meets what
    /// is months old.
    pub(super) fn go_away(&mut self, phone: usize) -> Result<()> {
        if !self.phones[phone].is_up() {
            return Ok(());
        }
        let days = self.rng.between(DAYS.0, DAYS.1);
        let away = days * DAY_MS;
        self.forget(|event| matches!(event, Event::Covered(of) if *of == phone));
        for other in 0..self.phones.len() {
            if other != phone {
                let back = away - self.rng.between(0, 6 * HOUR_MS);
                self.rest_phone(other, back)?;
                for _ in 0..1 + self.rng.below(4) {
                    let at = back + self.rng.between(0, 4 * HOUR_MS);
                    self.plan(at, Event::Act(other));
                }
            }
        }
        for _ in 0..self.rng.below(4) {
            let at = self.rng.between(0, away);
            self.plan(at, Event::Office);
        }
        if self.rng.chance(500) {
            self.say(format!("phone {phone} lies in a drawer for {days} days"));
            self.coverage.count("phones in a drawer for months");
            self.rest_phone(phone, away)?;
        } else {
            self.say(format!("phone {phone} is out of coverage for {days} days"));
            self.coverage.count("phones out of coverage for months");
            self.phones[phone].covered = false;
            self.hear(phone, "offline", Input::Online(false));
            for _ in 0..2 + self.rng.below(6) {
                let at = self.rng.between(0, away);
                self.plan(at, Event::Act(phone));
            }
            self.plan(away, Event::Covered(phone));
        }
        self.plan(away + 5 * MINUTE_MS, Event::Act(phone));
        Ok(())
    }

    /// Now and then a phone walks out of coverage or its clock jumps.
    pub(super) fn weather(&mut self, phone: usize) {
        if self.rng.chance(self.faults.partition) && self.phones[phone].covered {
            self.coverage.count("partitions");
            self.say(format!("phone {phone} loses coverage"));
            self.phones[phone].covered = false;
            if self.phones[phone].is_up() && self.rng.chance(500) {
                self.hear(phone, "offline", Input::Online(false));
            }
            let after = self.rng.pause(20 * MINUTE_MS);
            self.plan(after, Event::Covered(phone));
        }
        if self.rng.chance(self.faults.jump) {
            self.coverage.count("clock jumps");
            // A little ahead is let pass, more is given an order: the border between them matters most.
            let (low, high) = *self.rng.pick(&[
                (5 * MINUTE_MS, 10 * MINUTE_MS),
                (10 * MINUTE_MS, 12 * MINUTE_MS),
                (0, 4 * DAY_MS),
                (-4 * DAY_MS, 0),
            ]);
            let offset = self.rng.between(low, high);
            self.say(format!("the clock of phone {phone} jumps to {}s off", offset / 1000));
            self.phones[phone].clock = WallClock::new(self.now, offset, self.rng.between(-500, 500));
        }
    }

    /// The phone's app is closed, or stays so, and is opened again after `after_ms`.
    fn rest_phone(&mut self, phone: usize, after_ms: i64) -> Result<()> {
        if !self.phones[phone].is_up() {
            self.forget(|event| matches!(event, Event::StartPhone(of) if *of == phone));
            self.plan(after_ms, Event::StartPhone(phone));
            return Ok(());
        }
        self.end_phone_for(phone, End::Closed, "to rest", after_ms)
    }
}
