//! How a world begins: the office's own records, the cadres, their villages and phones, and what they will do.

use super::{
    faults::Burn,
    network::Line,
    phone::{Phone, WallClock},
    server::OfficeWrite,
    world::{Event, REGION, World},
};
use anyhow::{Result, ensure};
use lianxin_shared::{
    replica::{FieldSet, kind},
    wire::{PROTOCOL, v1::EnrolResponse},
};
use std::collections::BTreeSet;

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;

impl World {
    /// The township's own records.
    pub(super) fn found(&mut self) -> Result<()> {
        let text = |pairs: &[(&str, &str)]| -> FieldSet {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect()
        };
        let campaign =
            text(&[("name", "大走访"), ("scheme", "s3"), ("start", "2026-11-01"), ("end", "2026-12-31")]);
        let mut writes: Vec<OfficeWrite> =
            vec![(kind::CAMPAIGN, self.fresh_id(), REGION.to_owned(), campaign)];
        for code in self.villages.clone() {
            let fields = text(&[("name", &format!("{}村", &code[9..])), ("township", "清溪镇")]);
            writes.push((kind::VILLAGE, self.fresh_id(), code, fields));
        }
        ensure!(self.server.office(writes, self.now, Burn::No)?, "the office could not write");
        Ok(())
    }

    /// Cadres get their villages and phones.
    pub(super) fn settle_in(&mut self) -> Result<()> {
        let phones = 2 + self.rng.below(4);
        let day_ms = *self.rng.pick(&[10 * MINUTE_MS, 30 * MINUTE_MS, 120 * MINUTE_MS]);
        for index in 0..phones {
            let mut villages: BTreeSet<String> =
                self.villages.iter().filter(|_| self.rng.chance(600)).cloned().collect();
            if villages.is_empty() {
                villages.insert(self.rng.pick(&self.villages).clone());
            }
            let offset = if self.rng.chance(300) { self.rng.between(-3 * DAY_MS, 3 * DAY_MS) } else { 0 };
            let clock = WallClock::new(self.now, offset, self.rng.between(-500, 500));
            let mut phone = Phone::new(self.dir(), index, villages.clone(), clock);
            if self.disasters.moves {
                // Any record may leave the phone with its household; that the server has it is checked at the end.
                phone.withdrawn.extend(self.villages.iter().cloned());
            }
            // What a former life alone had may go while a visit is being written: the draft itself says enough.
            phone.waits_for_drafts = !self.disasters.moves && !self.disasters.goes_back;
            phone.batch_divisor = *self.rng.pick(&[1, 64, 1024]);
            phone.checkpoint_pages = *self.rng.pick(&[1_000, 60, 8]);
            phone.line = Line::draw(&mut self.rng);
            phone.older = self.disasters.are_none() && self.rng.chance(300);
            let name = format!("干部{index}");
            self.server.enrol(phone.device, &phone.cadre, &name, &villages)?;
            phone.start()?;
            let enrolled = EnrolResponse {
                protocol: PROTOCOL,
                server_id: self.server.identity.server_id,
                epoch: self.server.identity.epoch,
                device: phone.device,
                token: String::new(),
                server_time: self.now.unsigned_abs(),
                cadre: phone.cadre.clone(),
                cadre_name: name,
                unit: String::new(),
                township: "清溪镇".to_owned(),
                villages: villages.into_iter().map(|code| (code.clone(), code)).collect(),
            };
            phone.enrol(enrolled, self.now)?;
            self.phones.push(phone);
            self.press_sync(index);
            for _ in 0..4 + self.rng.below(12) {
                let at = self.rng.between(0, day_ms);
                self.plan(at, Event::Act(index));
            }
        }
        let least = if self.disasters.moves || self.disasters.erases { 5 } else { 0 };
        for _ in 0..least + self.rng.below(6) {
            let at = self.rng.between(0, day_ms);
            self.plan(at, Event::Office);
        }
        self.plan_disasters(day_ms);
        Ok(())
    }
}
