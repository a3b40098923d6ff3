//! A withheld name: hidden from lists, pages and files.

use crate::console::testing::{HOUR_MS, NOW_MS, WILLOW, World};
use lianxin_shared::{
    domain::{opinion::Opinion, visit::Visit},
    replica::kind,
};

const SECRET: &str = "合作社的账一年没公布了。";
const OPEN: &str = "自来水早上有、中午没。";

fn township() -> World {
    let world = World::new();
    let zhou = world.household(1, WILLOW, "周秀兰", &["kunnan_hu"]);
    let visit = Visit { target_name: "周秀兰".into(), ..Visit::default() };
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
    let visit = format!("/console/visits/{}", uuid::Uuid::from_u128(0x3001));
    let household = format!("/console/households/{}", uuid::Uuid::from_u128(0x1001));
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
    world.put(kind::OPINION, uuid::Uuid::from_u128(0x4100), WILLOW, early.to_fields());
    let page = world.office().await.page("/console/opinions").await;
    let place = |words: &str| page.find(words).unwrap();
    assert!(
        place(OPEN) < place("月初的话。") && place("月初的话。") < place(SECRET),
        "it stands after its whole month"
    );
}
