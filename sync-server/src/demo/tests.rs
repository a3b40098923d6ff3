//! What a demo township promises to those who show and measure with it.

use super::*;
use lianxin_shared::{
    domain::{
        campaign::Campaign, checklist, coverage, diary::Diary, household::Household, id_number,
        opinion::Opinion, person::Person, visit::Visit,
    },
    replica::kind,
    templates::templates,
};
use std::collections::{BTreeMap, BTreeSet};

/// 22 November 2025, 14:05 in Beijing.
const NOW_MS: i64 = 1_763_791_500_000;
const SEED: u64 = 42;

fn township() -> DemoTownship {
    generate(SEED, 900, NOW_MS)
}

fn households(township: &DemoTownship) -> Vec<(Uuid, String, Household)> {
    let households = township.records().filter(|record| record.kind == kind::HOUSEHOLD);
    households.map(|r| (r.id, r.village, Household::from_fields(&r.fields))).collect()
}

fn visits(township: &DemoTownship) -> Vec<Visit> {
    let visits = township.records().filter(|record| record.kind == kind::VISIT);
    visits.map(|record| Visit::from_fields(&record.fields)).collect()
}

fn must_visit<'a>(households: &'a [(Uuid, String, Household)], village: Option<&'a str>) -> Vec<Uuid> {
    let scheme = templates().scheme("s3").unwrap();
    let theirs = households.iter().filter(|(_, code, _)| village.is_none_or(|village| code == village));
    let required = theirs.filter(|(_, _, household)| {
        household.is_present() && scheme.requires(household.tags.keys().map(String::as_str))
    });
    required.map(|(id, ..)| *id).collect()
}

#[test]
fn one_seed_is_one_township() {
    let all = |seed| generate(seed, 120, NOW_MS).records().collect::<Vec<_>>();
    assert_eq!(all(7), all(7));
    assert_ne!(all(7), all(8));
}

#[test]
fn it_has_the_villages_and_cadres_of_the_story() {
    let township = township();
    let names: Vec<_> = township.villages.iter().map(|village| village.name.as_str()).collect();
    assert_eq!(names, ["柳树沟村", "石桥村", "杨家坝村"]);
    assert_eq!(township.cadres.len(), 6);
    assert_eq!(township.cadres[0].name, "韩冬梅");
    assert_eq!(township.cadres[1].name, "周建国");
    for village in &township.villages {
        assert_eq!(region::township_of(&village.code).as_ref(), Some(&township.code));
    }
    let heads: BTreeSet<_> = households(&township).into_iter().map(|(.., h)| (h.head, h.door)).collect();
    for (head, door) in [("周秀兰", "17号"), ("𠮷有福", "3号"), ("马建国", "8号"), ("王长顺", "14号")]
    {
        assert!(heads.contains(&(head.to_owned(), door.to_owned())), "{head}");
    }
}

#[test]
fn every_record_is_valid_and_fits_its_checklists() {
    let known = |record: &DemoRecord| match record.kind {
        kind::HOUSEHOLD => Household::from_fields(&record.fields).validate(),
        kind::PERSON => Person::from_fields(&record.fields).validate(),
        kind::OPINION => Opinion::from_fields(&record.fields).validate(),
        kind::DIARY => Diary::from_fields(&record.fields).validate(),
        kind::CAMPAIGN => Campaign::from_fields(&record.fields).validate(),
        kind::VISIT => {
            let visit = Visit::from_fields(&record.fields);
            let items = templates().items_of(&visit.checklists);
            assert_eq!(checklist::settled(&items, &visit.answers), visit.answers);
            assert_eq!(visit.absent, visit.checklists.is_empty() && visit.household.is_some());
            let mut problems = visit.validate();
            problems.extend(checklist::validate(&items, &visit.answers));
            problems
        }
        _ => Vec::new(),
    };
    for record in generate(SEED, 3_000, NOW_MS).records() {
        assert_eq!(known(&record), [], "{record:?}");
        assert!(record.fields.values().all(|value| *value != lianxin_shared::replica::Value::Null));
    }
}

#[test]
fn records_come_in_the_order_of_writing_and_never_from_the_future() {
    for hour in [0, 6, 9, 14, 23] {
        let now_ms = NOW_MS - 14 * 3_600_000 + hour * 3_600_000;
        let mut last = i64::MIN;
        let mut ids = BTreeSet::new();
        for record in generate(SEED, 600, now_ms).records() {
            assert!(last <= record.at_ms && record.at_ms <= now_ms, "at {hour}: {record:?}");
            assert!(ids.insert(record.id));
            last = record.at_ms;
        }
    }
}

#[test]
fn identity_numbers_are_valid_by_the_standard() {
    for record in township().records().filter(|record| record.kind == kind::PERSON) {
        let number = Person::from_fields(&record.fields).id_number;
        assert!(id_number::valid(&number).is_some(), "{number}");
    }
}

#[test]
fn people_have_names_numbers_and_ages_of_their_own() {
    let mut numbers = BTreeSet::new();
    let (mut people, mut rare, mut twice) = (0, 0, BTreeMap::<String, usize>::new());
    for record in township().records().filter(|record| record.kind == kind::PERSON) {
        let person = Person::from_fields(&record.fields);
        people += 1;
        assert_eq!(person.id_number.chars().count(), 18, "{person:?}");
        assert!(numbers.insert(person.id_number.clone()), "{person:?}");
        assert_eq!(person.id_number[6..14], person.birth.replace('-', ""));
        assert!(person.name.chars().count() >= 2, "{person:?}");
        rare += usize::from(person.name.chars().any(|c| u32::from(c) > 0xFFFF));
        *twice.entry(person.name).or_default() += 1;
    }
    assert!((1_800..5_400).contains(&people), "{people} people in 900 households");
    assert!(rare > 5, "{rare} names beyond the BMP");
    assert!(twice.values().filter(|n| **n > 1).count() > 50);
}

#[test]
fn about_one_household_in_seven_must_be_visited_and_some_are_left_for_every_cadre() {
    for seed in [1, 7, SEED, 2014] {
        let township = generate(seed, 900, NOW_MS);
        let households = households(&township);
        let visits = visits(&township);
        let covered = coverage::covered(&visits, &township.campaign, &coverage::Aliases::default());
        let must = must_visit(&households, None);
        assert!((108..=162).contains(&must.len()), "seed {seed}: {} of 900", must.len());
        let per_cent: Vec<_> = township
            .villages
            .iter()
            .map(|v| coverage::coverage(must_visit(&households, Some(&v.code)), &covered).percent())
            .collect();
        assert!(per_cent[0] > per_cent[1] && per_cent[1] > per_cent[2], "seed {seed}: {per_cent:?}");
        for cadre in &township.cadres {
            let theirs = cadre.villages.iter().flat_map(|code| must_visit(&households, Some(code)));
            let left = coverage::coverage(theirs, &covered).left();
            assert!((5..=20).contains(&left), "seed {seed}: {left} left for {}", cadre.name);
        }
        let unmet = households.iter().filter(|(id, ..)| !covered.contains(id));
        assert!(unmet.clone().any(|(.., h)| h.head == "周秀兰" && h.door == "17号"), "seed {seed}");
        assert!(unmet.clone().any(|(.., h)| h.head == "马建国" && h.door == "8号"), "seed {seed}");
    }
}

#[test]
fn a_month_of_work_by_six_cadres() {
    let township = township();
    let visits = visits(&township);
    assert!((220..600).contains(&visits.len()), "{} visits", visits.len());
    let today = township.today() * DAY_MS - BEIJING_MS;
    let since = |from: i64| visits.iter().filter(|v| v.occurred_at.unwrap() >= from).count();
    assert!(since(today) >= 3 && since(today - DAY_MS) >= 8, "{} today", since(today));
    assert!(visits.iter().filter(|v| v.absent).count() >= 10);
    assert!(visits.iter().any(|v| !v.void_reason.is_empty()));
    assert!(visits.iter().filter(|v| !v.companions.is_empty()).count() > visits.len() / 5);
    assert!(visits.iter().all(|v| !v.too_many_companions()));
    assert!(visits.iter().filter(|v| v.household.is_none()).count() >= 5);
    let visitors: BTreeSet<_> = visits.iter().map(|v| v.visitor.as_str()).collect();
    assert_eq!(visitors, township.cadres.iter().map(|c| c.id.as_str()).collect());
    for visit in &visits {
        let minute = (visit.occurred_at.unwrap() + BEIJING_MS).rem_euclid(DAY_MS) / 60_000;
        assert!((8 * 60..21 * 60).contains(&minute), "a visit at minute {minute}");
    }
}

#[test]
fn what_people_say_differs_and_has_its_topic() {
    assert!(voices::VOICES.iter().map(|(.., bank)| bank.len()).sum::<usize>() >= 120);
    assert!(pages::DIARY.len() >= 30);
    for (topic, ..) in voices::VOICES {
        assert!(templates().topic(topic).is_some(), "{topic}");
    }
    for category in &templates().categories {
        for topic in voices::topics_of(&category.code) {
            assert!(voices::VOICES.iter().any(|(code, ..)| code == topic), "{topic}");
        }
    }
    let township = township();
    let opinions: Vec<_> = township
        .records()
        .filter(|record| record.kind == kind::OPINION)
        .map(|record| Opinion::from_fields(&record.fields))
        .collect();
    let texts: BTreeSet<_> = opinions.iter().map(|opinion| opinion.text.as_str()).collect();
    assert!(texts.len() > 80, "{} different of {}", texts.len(), opinions.len());
    assert!(texts.iter().all(|text| !text.contains('{')));
    assert!(opinions.iter().any(|opinion| opinion.immediate));
    assert!(opinions.iter().any(|opinion| opinion.category.is_empty()));
    let diary = township.records().filter(|record| record.kind == kind::DIARY).count();
    assert!(diary >= 40, "{diary} diary pages");
}

#[test]
fn sizes_at_the_edges() {
    assert_eq!(generate(SEED, 0, NOW_MS).records().filter(|r| r.kind == kind::HOUSEHOLD).count(), 0);
    assert_eq!(generate(SEED, 5, NOW_MS).records().filter(|r| r.kind == kind::HOUSEHOLD).count(), 5);
    let large = generate(SEED, 12_000, NOW_MS);
    assert_eq!(large.villages.len(), 8);
    assert_eq!(large.records().filter(|r| r.kind == kind::HOUSEHOLD).count(), 12_000);
    let codes: BTreeSet<_> = large.villages.iter().map(|village| &village.name).collect();
    assert_eq!(codes.len(), 8);
    assert!(large.villages.iter().enumerate().all(|(n, _)| !large.cadres_of(n).is_empty()));
}
