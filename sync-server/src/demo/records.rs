//! The demo township's records, made one after the other while they are walked.

use super::{
    DemoRecord, DemoTownship, names, pages,
    plan::{Event, What},
    prng::Prng,
    story::{self, Voices},
};
use chrono::NaiveDate;
use lianxin_shared::{
    domain::{
        Coded,
        campaign::Campaign,
        changes,
        diary::Diary,
        household::HouseholdState,
        opinion::{CHANNEL_VISIT, Opinion, OpinionKind},
        region::field as village_field,
        visit::{TargetKind, Visit, VisitMode},
    },
    replica::{FieldSet, Value, kind},
};

/// The campaign's must-visit scheme: 四必到、五必访 (S3).
pub(super) const SCHEME: &str = "s3";
/// Days that the campaign still runs after today.
const DAYS_LEFT: i64 = 11;

/// Every record in the order of writing.
pub(super) fn all(township: &DemoTownship) -> impl Iterator<Item = DemoRecord> + '_ {
    let mut voices = Voices::new(township.seed);
    let mut pages = Prng::of(township.seed, "diary", 0).below(64);
    let events = township.events.iter().enumerate();
    township_records(township)
        .into_iter()
        .chain((0..township.households()).flat_map(|number| household_records(township, number)))
        .chain(events.flat_map(move |(index, event)| match event.what {
            What::Visit { household, nth, absent } => {
                visit_records(township, index, event, household, (nth, absent), &mut voices)
            }
            What::Place(place) => place_records(township, index, event, place),
            What::Diary { day, visits } => {
                pages += 1;
                diary_records(township, index, event, (day, visits), pages)
            }
        }))
}

/// A record's fields without the emptied ones.
fn written(fields: &FieldSet) -> FieldSet {
    changes(&FieldSet::new(), fields)
}

/// A day since 1970 as `YYYY-MM-DD`.
fn date(day: i64) -> String {
    NaiveDate::from_epoch_days(i32::try_from(day).unwrap_or(0)).unwrap_or_default().to_string()
}

fn township_records(township: &DemoTownship) -> Vec<DemoRecord> {
    let at_ms = township.registered_ms();
    let mut prng = Prng::of(township.seed, "village", 0);
    let mut records: Vec<DemoRecord> = township
        .villages
        .iter()
        .map(|village| DemoRecord {
            kind: kind::VILLAGE,
            id: prng.uuid(at_ms),
            village: village.code.clone(),
            cadre: 0,
            at_ms,
            fields: FieldSet::from([
                (village_field::NAME.to_owned(), Value::from(village.name.as_str())),
                (village_field::TOWNSHIP.to_owned(), Value::from(township.name.as_str())),
            ]),
        })
        .collect();
    let campaign = Campaign {
        name: "“四必到、五必访”大走访".to_owned(),
        scheme: SCHEME.to_owned(),
        start: date(township.first_day()),
        end: date(township.today() + DAYS_LEFT),
    };
    records.push(DemoRecord {
        kind: kind::CAMPAIGN,
        id: township.campaign,
        village: township.code.clone(),
        cadre: 0,
        at_ms,
        fields: written(&campaign.to_fields()),
    });
    records
}

fn household_records(township: &DemoTownship, number: usize) -> Vec<DemoRecord> {
    let Some(home) = township.home(number) else { return Vec::new() };
    let village = township.village_of(number);
    let Some(code) = township.villages.get(village).map(|v| v.code.clone()) else { return Vec::new() };
    let cadre = township.cadres_of(village).first().copied().unwrap_or(0);
    let at_ms = township.entered_ms(number);
    let of = |kind, id, at_ms, fields: FieldSet| DemoRecord {
        kind,
        id,
        village: code.clone(),
        cadre,
        at_ms,
        fields: written(&fields),
    };
    let mut records = vec![of(kind::HOUSEHOLD, home.id, at_ms, home.household.to_fields())];
    records
        .extend(home.members.iter().map(|(id, person)| of(kind::PERSON, *id, at_ms + 1, person.to_fields())));
    records
}

/// Who came along: often another cadre of the village, sometimes somebody of an office (S4 “一同”).
fn companions(township: &DemoTownship, prng: &mut Prng, village: usize, cadre: usize) -> Vec<String> {
    let others: Vec<usize> =
        township.cadres_of(village).into_iter().filter(|other| *other != cadre).collect();
    let mut names = Vec::new();
    if !others.is_empty() && prng.chance(34) {
        names.extend(township.cadres.get(prng.pick(&others)).map(|cadre| cadre.name.clone()));
    }
    if prng.chance(11) {
        names.push(prng.pick(&names::OFFICIALS).to_owned());
    }
    names
}

/// What every visit of an event has in common.
fn visit_of(township: &DemoTownship, prng: &mut Prng, event: &Event, village: usize) -> Visit {
    let cadre = township.cadres.get(event.cadre);
    Visit {
        visitor: cadre.map(|c| c.id.clone()).unwrap_or_default(),
        visitor_name: cadre.map(|c| c.name.clone()).unwrap_or_default(),
        companions: companions(township, prng, village, event.cadre),
        occurred_at: Some(event.occurred_at),
        written_at: Some(event.written_at),
        campaign: Some(township.campaign),
        ..Visit::default()
    }
}

fn visit_records(
    township: &DemoTownship,
    index: usize,
    event: &Event,
    number: usize,
    (nth, absent): (u64, bool),
    voices: &mut Voices,
) -> Vec<DemoRecord> {
    let Some(home) = township.home(number) else { return Vec::new() };
    let village = township.village_of(number);
    let mut prng = Prng::of(township.seed, "visit", u64::try_from(index).unwrap_or(0));
    let mut visit = visit_of(township, &mut prng, event, village);
    visit.household = Some(home.id);
    visit.target_name = home.household.head.clone();
    visit.absent = absent;
    if absent {
        visit.notes = prng.pick(pages::NOTES_ABSENT).to_owned();
    } else {
        let household = u64::try_from(number).unwrap_or(0);
        let later = date(township.today() + prng.between(2, DAYS_LEFT));
        visit.mode = match home.household.state {
            HouseholdState::Away => VisitMode::Phone,
            _ => prng.weighted(&[(VisitMode::Home, 87), (VisitMode::Field, 10), (VisitMode::Phone, 3)]),
        };
        visit.checklists = story::checklists(&home);
        visit.answers = story::answers(township.seed, household, nth, &home, &visit.checklists, &later);
        visit.notes = story::notes(&mut prng, &home);
        visit.card_left = nth == 0 && prng.chance(58);
        // Only a second record of a household, so that no covered household is lost by it.
        if nth > 0 && prng.chance(6) {
            visit.void_reason = prng.pick(pages::VOID_REASONS).to_owned();
        }
    }
    let id = prng.uuid(event.written_at);
    let Some(code) = township.villages.get(village).map(|v| v.code.clone()) else { return Vec::new() };
    let record = |kind, id, at_ms, fields: &FieldSet| DemoRecord {
        kind,
        id,
        village: code.clone(),
        cadre: event.cadre,
        at_ms,
        fields: written(fields),
    };
    let mut records = vec![record(kind::VISIT, id, event.written_at, &visit.to_fields())];
    let words = if visit.covers() { prng.weighted(&[(0_u64, 46), (1, 38), (2, 16)]) } else { 0 };
    for _ in 0..words {
        let said = voices.say(&mut prng, &home);
        let small = matches!(said.kind, OpinionKind::Help | OpinionKind::Problem);
        let opinion = Opinion {
            visit: Some(id),
            household: Some(home.id),
            text: said.text,
            kind: said.kind,
            category: if prng.chance(82) { said.topic.to_owned() } else { String::new() },
            channel: CHANNEL_VISIT.to_owned(),
            immediate: small && prng.chance(14),
            anonymous: said.kind == OpinionKind::Appeal && prng.chance(50),
            occurred_at: visit.occurred_at,
            visitor: visit.visitor.clone(),
            visitor_name: visit.visitor_name.clone(),
        };
        records.push(record(
            kind::OPINION,
            prng.uuid(event.written_at),
            event.written_at,
            &opinion.to_fields(),
        ));
    }
    records
}

fn place_records(township: &DemoTownship, index: usize, event: &Event, place: usize) -> Vec<DemoRecord> {
    const NOTES: [&str; 4] = [
        "看了现场，问了用工和安全，消防通道堆了料，当面让清了。",
        "跟负责人和两名职工分别坐了坐，记了三条。",
        "转了一圈，水电和路的事问得多，回去找站所对接。",
        "围墙外的水塘没有牌子，说好这礼拜立起来。",
    ];
    let Some((target, name, village)) = names::PLACES.get(place) else { return Vec::new() };
    let Some(code) = township.villages.get(*village).map(|v| v.code.clone()) else { return Vec::new() };
    let mut prng = Prng::of(township.seed, "place", u64::try_from(index).unwrap_or(0));
    let mut visit = visit_of(township, &mut prng, event, *village);
    visit.target_kind = TargetKind::from_code(target).unwrap_or(TargetKind::Unit);
    visit.target_name = (*name).to_owned();
    visit.mode = VisitMode::Other;
    visit.notes = prng.pick(&NOTES).to_owned();
    vec![DemoRecord {
        kind: kind::VISIT,
        id: prng.uuid(event.written_at),
        village: code,
        cadre: event.cadre,
        at_ms: event.written_at,
        fields: written(&visit.to_fields()),
    }]
}

fn diary_records(
    township: &DemoTownship,
    index: usize,
    event: &Event,
    (day, visits): (i64, usize),
    page: u64,
) -> Vec<DemoRecord> {
    let Some(cadre) = township.cadres.get(event.cadre) else { return Vec::new() };
    let mut prng = Prng::of(township.seed, "page", u64::try_from(index).unwrap_or(0));
    let count = u64::try_from(pages::DIARY.len()).unwrap_or(0);
    let text = page.checked_rem(count).and_then(|i| pages::DIARY.get(usize::try_from(i).ok()?)).copied();
    let diary = Diary {
        cadre: cadre.id.clone(),
        cadre_name: cadre.name.clone(),
        date: date(day),
        text: format!("今天走了 {visits} 户。{}", text.unwrap_or_default()),
    };
    vec![DemoRecord {
        kind: kind::DIARY,
        id: prng.uuid(event.written_at),
        village: cadre.villages.first().cloned().unwrap_or_default(),
        cadre: event.cadre,
        at_ms: event.written_at,
        fields: written(&diary.to_fields()),
    }]
}
