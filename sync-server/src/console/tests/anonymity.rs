//! A withheld name: hidden from lists, pages and files.

use crate::{
    console::{
        testing::{Browser, HOUR_MS, NOW_MS, WILLOW, World},
        told_history,
    },
    service::{Caller, push},
    storage::StorageError,
};
use axum::http::StatusCode;
use lianxin_shared::{
    domain::{opinion::Opinion, visit::Visit},
    replica::{Base, FieldSet, Patch, PatchDraft, Stamp, kind},
};
use rusqlite::Connection;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

const SECRET: &str = "合作社的账一年没公布了。";
const OPEN: &str = "自来水早上有、中午没。";
/// The question under whose answer the words stand in a visit of a former version: taken over as an opinion.
const QUESTION: &str = "对村里、镇上有什么意见建议";
const VISIT: Uuid = Uuid::from_u128(0x3001);

fn township() -> World {
    let world = World::new();
    let zhou = world.household(1, WILLOW, "周秀兰", &["kunnan_hu"]);
    let answers = FieldSet::from([
        ("answers.advice".to_owned(), SECRET.into()),
        ("answers.housing".to_owned(), "risk".into()),
    ]);
    let checklists = BTreeMap::from([("general".to_owned(), 1)]);
    let visit = Visit { target_name: "周秀兰".into(), checklists, answers, ..Visit::default() };
    let visit = world.visit(1, WILLOW, zhou, visit);
    let said = |text: &str, anonymous: bool| Opinion {
        visit: Some(visit),
        household: Some(zhou),
        text: text.into(),
        anonymous,
        ..Opinion::default()
    };
    world.opinion(1, WILLOW, said(SECRET, true));
    world.opinion(2, WILLOW, said(OPEN, false));
    world
}

#[tokio::test]
async fn the_list_names_neither_household_nor_visit_nor_cadre_nor_day() {
    let page = township().office().await.page("/console/opinions?q=合作社").await;
    let entry = page.split("<blockquote>").nth(1).unwrap().split("</blockquote>").next().unwrap();
    assert!(entry.contains(SECRET) && entry.contains("不记名") && entry.contains("2025年11月"));
    for telling in ["周秀兰", "/console/visits/", "/console/households/", "阿香", "22日"] {
        assert!(!entry.contains(telling), "{telling}");
    }
    assert!(page.contains("不显示是哪一户"), "the page says so");
}

#[tokio::test]
async fn pages_that_name_the_household_do_not_hold_the_words() {
    let mut office = township().office().await;
    let visit = format!("/console/visits/{VISIT}");
    let household = format!("/console/households/{}", Uuid::from_u128(0x1001));
    for address in [visit.as_str(), household.as_str()] {
        let page = office.page(address).await;
        assert!(page.contains("周秀兰") && page.contains(OPEN) && page.contains("不记名"), "{address}");
        assert!(!page.contains(SECRET), "{address}");
    }
    assert!(office.page("/console/visits?q=自来水").await.contains("周秀兰"));
    assert!(!office.page("/console/visits?q=合作社").await.contains(">周秀兰<"), "nor are they found by it");
}

#[tokio::test]
async fn files_hold_neither_the_words_nor_their_number() {
    let mut office = township().office().await;
    let text = String::from_utf8(office.get("/console/visits.csv").await.body).unwrap();
    let row = text.lines().find(|line| line.contains("周秀兰")).unwrap();
    assert!(row.contains(OPEN) && !text.contains("合作社"));
    assert!(row.contains(&format!("{OPEN},1,")), "one opinion is counted: {row}");
}

#[tokio::test]
async fn its_place_among_dated_ones_does_not_tell_its_day() {
    let world = township();
    let early = Opinion {
        occurred_at: Some(NOW_MS - 20 * 24 * HOUR_MS),
        text: "月初的话。".into(),
        ..Opinion::default()
    };
    world.put(kind::OPINION, Uuid::from_u128(0x4100), WILLOW, early.to_fields());
    let page = world.office().await.page("/console/opinions").await;
    let place = |words: &str| page.find(words).unwrap();
    assert!(
        place(OPEN) < place("月初的话。") && place("月初的话。") < place(SECRET),
        "it stands after its whole month"
    );
}

/// Neither the words nor that the question was answered: beside a visit at which nobody was heard by name that would do.
async fn tells_nothing(office: &mut Browser, address: &str, holds: &str) {
    let page = office.page(address).await;
    assert!(page.contains(holds), "{address}: {page}");
    assert!(!page.contains(SECRET) && !page.contains(QUESTION), "{address}: {page}");
}

#[tokio::test]
async fn the_answer_that_became_an_opinion_stands_beside_no_name() {
    let mut office = township().office().await;
    for address in ["/console/visits", "/console/visits.csv", "/console/answers.csv"] {
        tells_nothing(&mut office, address, "有隐患").await;
    }
    for address in [format!("/console/visits/{VISIT}"), format!("/console/history/{VISIT}")] {
        tells_nothing(&mut office, &address, "有隐患").await;
    }
    let erase = office.page(&format!("/console/erase/{VISIT}")).await;
    assert!(erase.contains("有隐患") && !erase.contains(SECRET), "{erase}");
    let found = office.page("/console/visits?q=意见建议").await;
    assert!(!found.contains(">周秀兰<"), "{found}");
    let file = office.get("/console/answers.csv?q=合作社").await.text();
    assert!(!file.contains("周秀兰"), "{file}");
}

#[tokio::test]
async fn phones_are_not_told_of_it_in_a_visits_history() {
    let world = township();
    let villages = BTreeSet::from([WILLOW.to_owned()]);
    let caller = Caller { device: world.phone, villages, past: BTreeMap::new(), revoked: false };
    let told = world.storage.read(|db| told_history(db, &caller, VISIT, NOW_MS)).unwrap().unwrap();
    let lines: Vec<_> = told.changes.iter().flat_map(|change| &change.lines).collect();
    assert!(lines.iter().any(|line| line.after == "有隐患"));
    assert!(lines.iter().all(|line| line.after != SECRET && !line.label.contains(QUESTION)), "{lines:?}");
}

/// Two corrections that had not seen one another, by phones of a former version; with `villages` none they are held.
fn corrected_twice(world: &World, villages: &[&str]) {
    let villages: BTreeSet<String> = villages.iter().map(|code| (*code).to_owned()).collect();
    let caller = Caller { device: world.phone, villages, past: BTreeMap::new(), revoked: false };
    let receipt = |db: &Connection| {
        Ok::<i64, StorageError>(db.query_row("SELECT receipt FROM device", [], |row| row.get(0))?)
    };
    let receipt = world.storage.read(receipt).unwrap().unsigned_abs();
    for (nth, words) in [(1, "账要公布"), (2, "账该公布")] {
        let stamp = Stamp { wall_ms: NOW_MS as u64 - 60_000, counter: nth, device: world.phone };
        let set = ["answers.advice", "notes"].map(|field| (field.to_owned(), words.into()));
        let edit = PatchDraft {
            stamp,
            kind: kind::VISIT.to_owned(),
            id: VISIT,
            village: WILLOW.to_owned(),
            set: FieldSet::from(set),
            base: Base::new(),
        };
        let (caller, patch) = (caller.clone(), Patch { device_seq: receipt + u64::from(nth), edit });
        world.storage.write(move |db| push(db, &caller, 0, &[patch], &BTreeMap::new(), NOW_MS)).unwrap();
    }
}

#[tokio::test]
async fn two_ways_of_writing_that_answer_are_settled_on_the_phone_alone() {
    let world = township();
    corrected_twice(&world, &[WILLOW]);
    let conflict = || {
        let sql = "SELECT lower(hex(id)) FROM conflict WHERE open = 1 AND field = 'answers.advice'";
        let id = |db: &Connection| Ok::<String, StorageError>(db.query_row(sql, [], |row| row.get(0))?);
        world.storage.read(id).unwrap()
    };
    let mut office = world.office().await;
    let page = office.page("/console/conflicts").await;
    assert!(page.contains("走访笔录") && page.contains("共 1 处"), "{page}");
    assert!(page.matches("账该公布").count() == 1 && !page.contains(QUESTION), "{page}");
    assert!(page.contains("<span>冲突</span><em class=\"hot\">1</em>"), "counted as listed: {page}");
    let id = conflict();
    let answer = office.submit("/console/conflicts", &[("shown", "x"), ("seen", &id)]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.text().contains("手机上"), "{}", answer.text());
}

#[tokio::test]
async fn held_corrections_of_it_are_not_listed_with_their_words() {
    let world = township();
    corrected_twice(&world, &[]);
    let page = world.office().await.page("/console/held").await;
    assert!(page.contains("账该公布") && !page.contains(QUESTION), "{page}");
    assert_eq!(page.matches("账该公布").count(), 1, "the notes alone: {page}");
}
