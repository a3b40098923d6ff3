//! The demo township 清溪镇: invented villages, households and a month of visits, for trying the product,
//! for pictures and for load. No database here: it yields records, the same for the same seed, on every
//! machine.

mod names;
mod pages;
mod people;
mod plan;
mod prng;
mod records;
mod story;
mod voices;

use lianxin_shared::{domain::region, replica::FieldSet};
use prng::Prng;
use uuid::Uuid;

/// The most households of a demo township.
pub const HOUSEHOLDS_MAX: usize = 120_000;
/// Up to this many households the three villages of the story hold them all.
const HOUSEHOLDS_OF_THREE_MAX: usize = 4_500;
/// Households of one village in larger townships, about.
const HOUSEHOLDS_PER_VILLAGE: usize = 1_500;
/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;
/// Beijing is so far ahead of UTC.
const BEIJING_MS: i64 = 8 * 3_600_000;

/// A village of the demo township.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemoVillage {
    /// 12-digit code of a county that does not exist.
    pub code: String,
    /// Name.
    pub name: String,
}

/// A cadre of the demo township.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemoCadre {
    /// Id, a UUID as text; visits name it as their visitor.
    pub id: String,
    /// Name.
    pub name: String,
    /// 工作单位
    pub unit: String,
    /// Codes of the villages that they visit.
    pub villages: Vec<String>,
}

/// One record of the demo township, as one cadre's phone would have written it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemoRecord {
    /// Kind ([`lianxin_shared::replica::kind`]).
    pub kind: &'static str,
    /// The record's id, a UUIDv7 of the moment it was written.
    pub id: Uuid,
    /// Village that the record belongs to; the township's code for the campaign.
    pub village: String,
    /// Who wrote it: index into [`DemoTownship::cadres`].
    pub cadre: usize,
    /// When it was written, ms UTC.
    pub at_ms: i64,
    /// Its fields; none is null.
    pub fields: FieldSet,
}

/// The demo township: its people and the plan of what was recorded. The records themselves are made while
/// they are walked, so memory stays bounded at any size.
#[derive(Debug, Clone)]
pub struct DemoTownship {
    /// 12-digit code.
    pub code: String,
    /// Name.
    pub name: String,
    /// Villages.
    pub villages: Vec<DemoVillage>,
    /// Cadres; 韩冬梅 is the first, 周建国 (老周) the second.
    pub cadres: Vec<DemoCadre>,
    /// The campaign that the visits were made for.
    pub campaign: Uuid,
    seed: u64,
    now_ms: i64,
    /// First household of each village, and the number of all at the end.
    starts: Vec<usize>,
    events: Vec<plan::Event>,
}

/// Plans a township of `households` (at most [`HOUSEHOLDS_MAX`]) whose last thirty days end at `now_ms`.
/// The same arguments give the same township.
pub fn generate(seed: u64, households: usize, now_ms: i64) -> DemoTownship {
    let households = households.min(HOUSEHOLDS_MAX);
    let villages = villages(households);
    let mut prng = Prng::of(seed, "township", 0);
    let mut township = DemoTownship {
        code: names::TOWNSHIP_CODE.to_owned(),
        name: names::TOWNSHIP.to_owned(),
        cadres: cadres(&mut prng, &villages, now_ms),
        campaign: Uuid::nil(),
        starts: starts(households, villages.len()),
        villages,
        seed,
        now_ms,
        events: Vec::new(),
    };
    township.campaign = prng.uuid(township.registered_ms());
    township.events = plan::events(&township);
    township
}

impl DemoTownship {
    /// Every record in the order in which it was written: villages and the campaign, households with their
    /// members, then visits with opinions and diary pages day by day.
    pub fn records(&self) -> impl Iterator<Item = DemoRecord> + '_ {
        records::all(self)
    }

    /// How many households there are.
    pub fn households(&self) -> usize {
        self.starts.last().copied().unwrap_or(0)
    }

    /// Days since 1970 in Beijing.
    fn today(&self) -> i64 {
        (self.now_ms + BEIJING_MS).div_euclid(DAY_MS)
    }

    /// First day of the campaign.
    fn first_day(&self) -> i64 {
        self.today() - plan::DAYS
    }

    /// When the register was entered: some days before the campaign.
    fn registered_ms(&self) -> i64 {
        (self.first_day() - 12) * DAY_MS - BEIJING_MS + 9 * 3_600_000
    }

    /// A household by its number in the township.
    fn home(&self, number: usize) -> Option<people::Home> {
        let village = self.starts.partition_point(|start| *start <= number).checked_sub(1)?;
        let (start, end) = (*self.starts.get(village)?, *self.starts.get(village + 1)?);
        let place = people::Place { number, village, index: number - start, of: end - start };
        let name = &self.villages.get(village)?.name;
        let year = chrono::DateTime::from_timestamp_millis(self.now_ms)
            .map_or(2000, |now| chrono::Datelike::year(&now));
        Some(people::home(self.seed, place, name, self.entered_ms(number), year))
    }

    /// When a household was entered.
    fn entered_ms(&self, number: usize) -> i64 {
        self.registered_ms() + 60_000 + i64::try_from(number).unwrap_or(0) * 20
    }

    /// The village of a household.
    fn village_of(&self, number: usize) -> usize {
        self.starts.partition_point(|start| *start <= number).saturating_sub(1)
    }

    /// Indices of the cadres who visit a village.
    fn cadres_of(&self, village: usize) -> Vec<usize> {
        let Some(village) = self.villages.get(village) else { return Vec::new() };
        let theirs =
            self.cadres.iter().enumerate().filter(|(_, cadre)| cadre.villages.contains(&village.code));
        theirs.map(|(index, _)| index).collect()
    }
}

fn villages(households: usize) -> Vec<DemoVillage> {
    let count =
        if households <= HOUSEHOLDS_OF_THREE_MAX { 3 } else { households.div_ceil(HOUSEHOLDS_PER_VILLAGE) };
    let prefix = names::TOWNSHIP_CODE.get(..region::TOWNSHIP_DIGITS).unwrap_or_default();
    (0..count)
        .map(|n| DemoVillage { code: format!("{prefix}{:03}", 201 + n), name: names::village(n) })
        .collect()
}

/// Where each village's households begin. The three of the story differ in size.
fn starts(households: usize, villages: usize) -> Vec<usize> {
    let upto = |n: usize| match (villages, n) {
        (3, 1) => households * 34 / 100,
        (3, 2) => households * 70 / 100,
        _ => households * n / villages.max(1),
    };
    (0..=villages).map(upto).collect()
}

/// The six of the story, and one more for each further village.
fn cadres(prng: &mut Prng, villages: &[DemoVillage], now_ms: i64) -> Vec<DemoCadre> {
    const STORY: [(&str, &str, &[usize]); 6] = [
        ("韩冬梅", "柳树沟村委会", &[0, 1]),
        ("周建国", "清溪镇政府（包村干部）", &[0, 1]),
        ("马文涛", "石桥村委会", &[1]),
        ("陈雅琴", "石桥村党支部", &[1]),
        ("杨志刚", "杨家坝村委会", &[2]),
        ("杜小满", "清溪镇农业农村服务中心", &[2]),
    ];
    let at_ms = now_ms - 60 * DAY_MS;
    let code = |n: usize| villages.get(n).map(|village| village.code.clone());
    let mut cadres: Vec<DemoCadre> = STORY
        .iter()
        .map(|(name, unit, theirs)| DemoCadre {
            id: prng.uuid(at_ms).to_string(),
            name: (*name).to_owned(),
            unit: (*unit).to_owned(),
            villages: theirs.iter().filter_map(|n| code(*n)).collect(),
        })
        .collect();
    for (n, village) in villages.iter().enumerate().skip(3) {
        let given = names::given(prng, lianxin_shared::domain::person::Sex::Male, 1985);
        cadres.push(DemoCadre {
            id: prng.uuid(at_ms).to_string(),
            name: format!("{}{given}", names::surname(prng, n)),
            unit: format!("{}委会", village.name),
            villages: vec![village.code.clone()],
        });
    }
    cadres
}

#[cfg(test)]
mod tests;
