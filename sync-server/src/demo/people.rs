//! One household of the demo township with its members, a pure function of seed and number, so that a
//! township of any size can be walked without holding it in memory.

use super::{names, prng::Prng};
use chrono::{Datelike, NaiveDate};
use lianxin_shared::domain::{
    household::{Household, HouseholdClass, HouseholdState},
    id_number,
    person::{Person, Sex},
    region::group_name,
};
use std::collections::BTreeSet;
use uuid::Uuid;

/// Groups of a village.
const GROUPS: usize = 8;
/// Members of one household that have numbers of their own, at most.
const MEMBERS_MAX: u64 = 8;

/// Numbers below this one belong to members of households.
pub(super) const NUMBERS_MAX: u64 = 1_000_000;

/// Where a household stands in the township.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// Its number in the township.
    pub number: usize,
    /// Its village's number.
    pub village: usize,
    /// Its number in the village.
    pub index: usize,
    /// How many households the village has.
    pub of: usize,
}

/// One household.
#[derive(Debug, Clone)]
pub(super) struct Home {
    pub id: Uuid,
    pub household: Household,
    /// Its members; the first is the head.
    pub members: Vec<(Uuid, Person)>,
    /// Codes of its categories.
    pub tags: BTreeSet<&'static str>,
    /// Whether anybody is of an age to be at school.
    pub has_pupil: bool,
}

/// Households of the story, found under their group and door at any seed: village, group, door, head, sex,
/// age, kind, tags.
type Cast = (usize, u32, usize, &'static str, Sex, i64, Kind, &'static [&'static str]);
const CAST: [Cast; 7] = [
    (0, 3, 17, "周秀兰", Sex::Female, 78, Kind::Alone, &["gugua_laoren"]),
    (0, 3, 22, "李翠花", Sex::Female, 52, Kind::Family, &["canji_ren"]),
    (1, 1, 3, "𠮷有福", Sex::Male, 61, Kind::Family, &["zhongyang_dahu", "zhongyang_hu"]),
    (1, 1, 8, "马建国", Sex::Male, 72, Kind::OldPair, &["lao_dangyuan", "canji_ren"]),
    (1, 2, 11, "陈大牛", Sex::Male, 66, Kind::LeftChildren, &["liushou_ertong"]),
    (1, 2, 14, "王长顺", Sex::Male, 49, Kind::Family, &["getihu"]),
    (1, 2, 15, "赵玉梅", Sex::Female, 47, Kind::Family, &[]),
];
/// Heads of the story who have not been met yet.
pub(super) const NOT_MET: [&str; 2] = ["周秀兰", "马建国"];

/// Who lives in a household.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Kind {
    /// A couple, children, often a grandparent.
    #[default]
    Family,
    /// One old person without anybody.
    Alone,
    /// An old couple whose children are away.
    OldPair,
    /// Grandparents with grandchildren.
    LeftChildren,
    /// A wife with children whose husband works elsewhere.
    LeftWife,
}

/// Builds one household as it was entered at `at_ms`, in the year `year`.
pub(super) fn home(seed: u64, place: Place, village_name: &str, at_ms: i64, year: i32) -> Home {
    let mut prng = Prng::of(seed, "home", u64::try_from(place.number).unwrap_or(0));
    let id = prng.uuid(at_ms);
    let per_group = place.of.div_ceil(GROUPS).max(1);
    let group = u32::try_from(place.index / per_group + 1).unwrap_or(1);
    let door = place.index % per_group + 1;
    let cast = CAST.iter().find(|c| (c.0, c.1, c.2) == (place.village, group, door));
    let kind = cast.map_or_else(|| draw_kind(&mut prng), |c| c.6);
    let mut family = Family { prng: &mut prng, place, year, id, members: Vec::new() };
    family.fill(kind, cast);
    let mut members = family.members;
    let mut tags: BTreeSet<&'static str> = match cast {
        Some(c) => c.7.iter().copied().collect(),
        None => draw_tags(&mut prng, kind, &members, year),
    };
    if cast.is_none() && kind == Kind::Alone && prng.chance(25) {
        tags.insert("canji_ren");
    }
    tag_members(&mut members, &tags, year);
    let household = household(&mut prng, &members, &tags, village_name, (group, door), place);
    let has_pupil = members.iter().filter_map(|m| age(m, year)).any(|age| (6..=20).contains(&age));
    let members = members.into_iter().map(|person| (prng.uuid(at_ms + 1), person)).collect();
    Home { id, household, members, tags, has_pupil }
}

fn draw_kind(prng: &mut Prng) -> Kind {
    prng.weighted(&[
        (Kind::Family, 896),
        (Kind::Alone, 12),
        (Kind::OldPair, 40),
        (Kind::LeftChildren, 34),
        (Kind::LeftWife, 18),
    ])
}

/// Shares of the categories, of ten thousand households.
fn draw_tags(prng: &mut Prng, kind: Kind, members: &[Person], year: i32) -> BTreeSet<&'static str> {
    let mut tags = BTreeSet::new();
    match kind {
        Kind::Family => {}
        Kind::Alone => drop(tags.insert("gugua_laoren")),
        Kind::OldPair => drop(tags.insert("kongchao_laoren")),
        Kind::LeftChildren => drop(tags.insert("liushou_ertong")),
        Kind::LeftWife => drop(tags.insert("liushou_funv")),
    }
    let ages: Vec<i32> = members.iter().filter_map(|m| age(m, year)).collect();
    let anyone = |range: std::ops::RangeInclusive<i32>| ages.iter().any(|age| range.contains(age));
    let old = anyone(62..=100);
    let shares: [(&'static str, u64, bool); 11] = [
        ("kunnan_hu", 240, true),
        ("tekun_hu", 55, true),
        ("shangfang_hu", 50, true),
        ("zhongyang_hu", 160, kind == Kind::Family),
        ("getihu", 170, kind == Kind::Family),
        ("lao_dangyuan", 1_300, old),
        ("lao_ganbu", 400, old),
        ("canji_ren", 240, true),
        ("xiagang_zhigong", 200, anyone(42..=58)),
        ("dishouru_hu", 200, true),
        ("liangdaibiao", 25, anyone(35..=70)),
    ];
    for (code, share, possible) in shares {
        if prng.rare(share) && possible {
            tags.insert(code);
        }
    }
    if tags.contains("zhongyang_hu") && prng.chance(40) {
        tags.insert("zhongyang_dahu");
    }
    if tags.contains("tekun_hu") {
        tags.insert("kunnan_hu");
    }
    tags
}

/// Puts the tags that are about a person on the member they fit.
fn tag_members(members: &mut [Person], tags: &BTreeSet<&'static str>, year: i32) {
    for code in tags {
        let fits = |member: &Person| {
            let age = age(member, year).unwrap_or(0);
            match *code {
                "lao_dangyuan" | "lao_ganbu" | "gugua_laoren" | "kongchao_laoren" => age >= 60,
                "xiagang_zhigong" => (42..=58).contains(&age),
                "liushou_ertong" => age < 16,
                "liushou_funv" => age >= 18 && member.sex == Sex::Female,
                "canji_ren" | "liangdaibiao" => true,
                _ => false,
            }
        };
        if let Some(member) = members.iter_mut().find(|member| fits(member)) {
            member.tags.insert((*code).to_owned(), true);
        }
    }
}

/// Age in a year; `None` without a birth date.
fn age(person: &Person, year: i32) -> Option<i32> {
    person.birth.get(..4)?.parse::<i32>().ok().map(|born| year - born)
}

const NOTES: [&str; 10] = [
    "耳背，说话要大声",
    "院里有狗，先打电话",
    "白天多在地里，晚饭后去",
    "门前路窄，车停在坡下",
    "识字不多，材料要念",
    "儿子在外务工，春节回",
    "电话是邻居代接的",
    "腿脚不便，多等一会儿再敲门",
    "两处住，冬天在镇上",
    "喜欢喝茶，坐下来才肯说",
];

fn household(
    prng: &mut Prng,
    members: &[Person],
    tags: &BTreeSet<&'static str>,
    village: &str,
    (group, door): (u32, usize),
    place: Place,
) -> Household {
    let head = members.first();
    let urban = prng.chance(if place.village == 1 { 14 } else { 3 });
    let state = match prng.below(1000) {
        0..4 if tags.is_empty() => HouseholdState::Moved,
        4..60 if tags.is_empty() => HouseholdState::Away,
        _ => HouseholdState::Home,
    };
    let group = group_name(group);
    Household {
        head: head.map(|h| h.name.clone()).unwrap_or_default(),
        address: format!("{village}{group}{door}号"),
        group,
        door: format!("{door}号"),
        phone: members.iter().map(|m| m.phone.clone()).find(|phone| !phone.is_empty()).unwrap_or_default(),
        population: i64::try_from(members.len()).ok(),
        household_no: format!("{:02}{:05}", place.village + 1, place.index + 1),
        class: if urban { HouseholdClass::Urban } else { HouseholdClass::Farm },
        note: if prng.chance(14) { prng.pick(&NOTES).to_owned() } else { String::new() },
        id_number: head.map(|h| h.id_number.clone()).unwrap_or_default(),
        tags: tags.iter().map(|code| ((*code).to_owned(), true)).collect(),
        state,
        ..Household::default()
    }
}

/// A household being filled with members.
struct Family<'a> {
    prng: &'a mut Prng,
    place: Place,
    year: i32,
    id: Uuid,
    members: Vec<Person>,
}

impl Family<'_> {
    fn fill(&mut self, kind: Kind, cast: Option<&Cast>) {
        let drawn = match kind {
            Kind::Alone | Kind::OldPair => self.prng.between(66, 88),
            Kind::LeftChildren => self.prng.between(56, 72),
            Kind::LeftWife => self.prng.between(28, 46),
            Kind::Family => self.prng.between(30, 66),
        };
        let age = cast.map_or(drawn, |c| c.5);
        let sex = match (cast, kind) {
            (Some(c), _) => c.4,
            (None, Kind::LeftWife) => Sex::Female,
            (None, Kind::Alone) if self.prng.chance(45) => Sex::Female,
            (None, _) if self.prng.chance(9) => Sex::Female,
            _ => Sex::Male,
        };
        let surname = match cast {
            // One character: nobody of the story bears a double surname.
            Some(c) => c.3.chars().next().and_then(|first| c.3.get(..first.len_utf8())).unwrap_or_default(),
            None => names::surname(self.prng, self.place.village),
        };
        self.add("户主", surname, sex, age);
        if let (Some(c), Some(head)) = (cast, self.members.first_mut()) {
            head.name = c.3.to_owned();
        }
        let other = if sex == Sex::Male { Sex::Female } else { Sex::Male };
        let spouse = if sex == Sex::Male { "妻子" } else { "丈夫" };
        let partner = names::surname(self.prng, self.place.village + usize::from(sex == Sex::Male));
        let married = match kind {
            Kind::OldPair | Kind::LeftChildren => true,
            Kind::Family => cast.is_some() || !self.prng.chance(12),
            Kind::Alone | Kind::LeftWife => false,
        };
        if married {
            let gap = self.prng.between(-3, 4);
            self.add(spouse, partner, other, age - gap);
        }
        let clan = if sex == Sex::Male { surname } else { partner };
        match kind {
            Kind::Alone | Kind::OldPair => {}
            Kind::LeftChildren => self.children(clan, "孙子", "孙女", 1, (5, 14)),
            Kind::LeftWife => self.children(clan, "儿子", "女儿", 1, ((age - 26).max(1), (age - 22).max(3))),
            Kind::Family => {
                let least = i64::from(cast.is_some());
                self.children(clan, "儿子", "女儿", least, ((age - 30).max(1), (age - 23).max(4)));
                if age >= 54 && self.prng.chance(55) {
                    self.children(clan, "孙子", "孙女", 1, (2, 15));
                }
                if age <= 52 && self.prng.chance(35) {
                    let parent = age + self.prng.between(22, 28);
                    self.add("母亲", "", Sex::Female, parent);
                }
            }
        }
    }

    fn children(&mut self, surname: &'static str, son: &str, daughter: &str, least: i64, ages: (i64, i64)) {
        for _ in 0..self.prng.between(least, 2) {
            let sex = if self.prng.chance(52) { Sex::Male } else { Sex::Female };
            let age = self.prng.between(ages.0, ages.1);
            self.add(if sex == Sex::Male { son } else { daughter }, surname, sex, age);
        }
    }

    fn add(&mut self, relation: &str, surname: &str, sex: Sex, age: i64) {
        let surname =
            if surname.is_empty() { names::surname(self.prng, self.place.village + 2) } else { surname };
        let birth_year = self.year - i32::try_from(age).unwrap_or(40);
        let given = names::given(self.prng, sex, birth_year);
        let day = u32::try_from(self.prng.below(365)).unwrap_or(0);
        let birth = NaiveDate::from_yo_opt(birth_year, day + 1).unwrap_or_default();
        let slot = u64::try_from(self.members.len()).unwrap_or(0).min(MEMBERS_MAX - 1);
        let number = u64::try_from(self.place.number).unwrap_or(0) * MEMBERS_MAX + slot;
        let has_phone = age >= 16 && (slot == 0 || self.prng.chance(60)) && self.prng.chance(93);
        self.members.push(Person {
            household: Some(self.id),
            name: format!("{surname}{given}"),
            relation: relation.to_owned(),
            id_number: id_number(number, birth, sex),
            phone: if has_phone { phone(number) } else { String::new() },
            sex,
            birth: birth.to_string(),
            ..Person::default()
        });
    }
}

/// An 11-digit number that nobody answers: 140 is a range for things whose numbers have 13 digits.
pub(super) fn phone(number: u64) -> String {
    format!("140{:08}", (number * 7_919 + 20_140_531) % 100_000_000)
}

/// A number with a right checksum (GB 11643) whose county does not exist: prefectures 5180 to 5199.
/// `number` makes it the only one of the township.
fn id_number(number: u64, birth: NaiveDate, sex: Sex) -> String {
    const SEQUENCES: u64 = 500;
    let county = 518_000 + (1_921 + number / SEQUENCES) % 2_000;
    let sequence = number % SEQUENCES * 2 + u64::from(sex == Sex::Male);
    id_number::completed(&format!(
        "{county}{:04}{:02}{:02}{sequence:03}",
        birth.year(),
        birth.month(),
        birth.day()
    ))
}
