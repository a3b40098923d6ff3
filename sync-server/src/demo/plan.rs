//! Who visits which household on which day: the only part of the demo that is held in memory.

use super::{BEIJING_MS, DAY_MS, DemoTownship, names, people, prng::Prng};
use lianxin_shared::templates::templates;
use std::collections::BTreeMap;

/// Days of visits before today.
pub(super) const DAYS: i64 = 30;
/// Must-visit households not yet met, per cent by village: the third village is far behind.
const LEFT_PERCENT: [usize; 3] = [6, 17, 38];
/// Households without need that were visited, per cent by village.
const OTHERS_PERCENT: [u64; 3] = [32, 24, 12];
/// When people are called on: morning, afternoon and evening, in minutes after midnight in Beijing.
const WINDOWS: [(i64, i64); 3] =
    [(8 * 60 + 20, 11 * 60 + 40), (14 * 60 + 20, 18 * 60), (19 * 60, 20 * 60 + 30)];

/// Something that a cadre recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Event {
    /// When it was written down, ms UTC.
    pub written_at: i64,
    /// When it happened.
    pub occurred_at: i64,
    /// Index of the cadre.
    pub cadre: usize,
    /// What it was.
    pub what: What,
}

/// What was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum What {
    /// A visit to a household.
    Visit {
        /// The household's number.
        household: usize,
        /// Which visit to it, from 0.
        nth: u64,
        /// Nobody was home.
        absent: bool,
    },
    /// A visit to a school, an enterprise …: index into [`names::PLACES`].
    Place(usize),
    /// The day's diary page.
    Diary {
        /// The day, since 1970.
        day: i64,
        /// How many households were visited that day.
        visits: usize,
    },
}

/// Every event in the order of writing.
pub(super) fn events(township: &DemoTownship) -> Vec<Event> {
    let mut prng = Prng::of(township.seed, "plan", 0);
    let mut days: BTreeMap<(i64, usize), Vec<What>> = BTreeMap::new();
    for village in 0..township.villages.len() {
        village_visits(township, village, &mut prng, &mut days);
    }
    for (index, (_, _, village)) in names::PLACES.iter().enumerate() {
        if township.households() > 0 {
            let day = draw_day(&mut prng, township, DAYS);
            days.entry((day, prng.pick(&township.cadres_of(*village)))).or_default().push(What::Place(index));
        }
    }
    let mut events = Vec::new();
    for ((day, cadre), mut whats) in days {
        prng.shuffle(&mut whats);
        day_events(township, day, cadre, &whats, &mut prng, &mut events);
    }
    events.sort_unstable();
    events
}

/// A day of the last `days`, recent ones a little more often; never today before work has begun.
fn draw_day(prng: &mut Prng, township: &DemoTownship, days: i64) -> i64 {
    let today_begun = worked_minutes(township.now_ms) >= 60;
    let span = u64::try_from(days.max(1)).unwrap_or(1);
    let back = prng.below(span).min(prng.below(span + span / 2));
    let back = i64::try_from(back).unwrap_or(0);
    township.today() - if today_begun { back } else { back.max(1) }
}

/// Minutes of today's working windows that have passed, less a quarter of an hour to write.
fn worked_minutes(now_ms: i64) -> i64 {
    let minute = (now_ms + BEIJING_MS).rem_euclid(DAY_MS) / 60_000 - 15;
    WINDOWS.iter().map(|(from, to)| (minute.min(*to) - from).max(0)).sum()
}

/// The n-th working minute of a day, as a minute after midnight.
fn clock_minute(mut worked: i64) -> i64 {
    for (from, to) in WINDOWS {
        if worked < to - from {
            return from + worked;
        }
        worked -= to - from;
    }
    WINDOWS.last().map_or(0, |(_, to)| *to)
}

fn village_visits(
    township: &DemoTownship,
    village: usize,
    prng: &mut Prng,
    days: &mut BTreeMap<(i64, usize), Vec<What>>,
) {
    let Some(scheme) = templates().scheme(super::records::SCHEME) else { return };
    let (mut must, mut others) = (Vec::new(), Vec::new());
    let range = township.starts.get(village).copied().unwrap_or(0)
        ..township.starts.get(village + 1).copied().unwrap_or(0);
    for number in range {
        let Some(home) = township.home(number) else { continue };
        if !home.household.is_present() {
            continue;
        }
        if scheme.requires(home.tags.iter().copied()) {
            must.push((!people::NOT_MET.contains(&home.household.head.as_str()), number));
        } else {
            others.push(number);
        }
    }
    prng.shuffle(&mut must);
    // Those of the story who were not met come first.
    must.sort_by_key(|(met, _)| *met);
    let left = must.len() * LEFT_PERCENT.get(village % 3).copied().unwrap_or(0) / 100;
    let theirs = township.cadres_of(village);
    let mut add = |prng: &mut Prng, household: usize, nth: u64, absent: bool, before: i64| {
        let day = draw_day(prng, township, before);
        let cadre = prng.pick(&theirs);
        days.entry((day, cadre)).or_default().push(What::Visit { household, nth, absent });
        township.today() - day
    };
    for (index, (met, household)) in must.into_iter().enumerate() {
        if index < left {
            // 周秀兰 and 马建国 have never been called on; of the others some were not at home.
            if met && prng.chance(35) {
                add(prng, household, 0, true, DAYS);
            }
            continue;
        }
        let back = add(prng, household, 0, false, DAYS);
        if prng.chance(24) && back > 2 {
            let absent = prng.chance(20);
            add(prng, household, 1, absent, back - 1);
        }
    }
    for household in others {
        if prng.chance(OTHERS_PERCENT.get(village % 3).copied().unwrap_or(0)) {
            let absent = prng.chance(9);
            add(prng, household, 0, absent, DAYS);
        }
    }
}

/// Lays one cadre's visits of one day over its working hours, and most often a diary page after them.
fn day_events(
    township: &DemoTownship,
    day: i64,
    cadre: usize,
    whats: &[What],
    prng: &mut Prng,
    events: &mut Vec<Event>,
) {
    let whole: i64 = WINDOWS.iter().map(|(from, to)| to - from).sum();
    let is_today = day == township.today();
    let minutes = if is_today { worked_minutes(township.now_ms) } else { whole };
    let midnight = day * DAY_MS - BEIJING_MS;
    let count = i64::try_from(whats.len()).unwrap_or(i64::MAX).max(1);
    for (index, what) in whats.iter().enumerate() {
        let slot = minutes * 60_000 / count;
        let worked = slot * i64::try_from(index).unwrap_or(0) + prng.between(0, slot * 2 / 3);
        let occurred_at = midnight + clock_minute(worked / 60_000) * 60_000 + worked % 60_000;
        // Some write in the courtyard, some in the evening of a past day.
        let evening = midnight + (20 * 60 + 45) * 60_000 + prng.between(0, 75 * 60_000);
        let soon = occurred_at + prng.between(4, 14) * 60_000;
        let written_at = if !is_today && prng.chance(28) { evening.max(soon) } else { soon };
        events.push(Event { written_at, occurred_at, cadre, what: *what });
    }
    let visits = whats.iter().filter(|what| matches!(what, What::Visit { .. })).count();
    if !is_today && visits > 0 && prng.chance(50) {
        let written_at = midnight + (21 * 60 + 50) * 60_000 + prng.between(0, 60 * 60_000);
        if written_at < township.now_ms {
            events.push(Event {
                written_at,
                occurred_at: written_at,
                cadre,
                what: What::Diary { day, visits },
            });
        }
    }
}
