//! What is counted, and what is not any more.

use crate::{
    auth::revoke_device,
    console::testing::{Browser, NOW_MS, WILLOW, World},
};
use lianxin_shared::{
    domain::{
        opinion::{Opinion, OpinionKind},
        visit::{TargetKind, Visit},
    },
    replica::{FieldSet, kind},
};
use uuid::Uuid;

fn met(name: &str) -> Visit {
    Visit { target_name: name.into(), ..Visit::default() }
}

#[tokio::test]
async fn what_came_today_stays_counted_when_its_phone_is_revoked() {
    let world = World::new();
    let zhou = world.household(1, WILLOW, "周秀兰", &[]);
    let visit = world.visit(1, WILLOW, zhou, met("周秀兰"));
    world.opinion(1, WILLOW, Opinion { visit: Some(visit), text: "路不好".into(), ..Opinion::default() });
    let phone = world.phone;
    world.storage.write(move |db| revoke_device(db, phone, NOW_MS)).unwrap();
    let page = world.office().await.page("/console").await;
    assert!(page.contains(">走访 1</a> · ") && page.contains(">意见 1</a> · 手记 0"), "{page}");
    assert!(page.contains("09:00 收到新记录"));
    assert!(page.contains("<b>0</b><span>在用设备</span>"), "it is in use no more");
}

fn said(visit: Uuid, text: &str, anonymous: bool) -> Opinion {
    Opinion {
        visit: Some(visit),
        text: text.into(),
        category: "daolu".into(),
        kind: OpinionKind::Problem,
        anonymous,
        ..Opinion::default()
    }
}

/// 周秀兰's visit, to be void, and 王长顺's that stands: one opinion each under a name, and one under none.
async fn voided() -> (World, Browser, String) {
    let world = World::new();
    let zhou = world.household(1, WILLOW, "周秀兰", &[]);
    let wang = world.household(2, WILLOW, "王长顺", &[]);
    let (wrong, right) =
        (world.visit(1, WILLOW, zhou, met("周秀兰")), world.visit(2, WILLOW, wang, met("王长顺")));
    world.opinion(1, WILLOW, said(wrong, "走错门听来的话", false));
    world.opinion(2, WILLOW, said(wrong, "不敢留名的话", true));
    world.opinion(3, WILLOW, said(right, "路不好", false));
    let mut office = world.office().await;
    let address = format!("/console/visits/{wrong}");
    office.submit(&format!("{address}/void"), &[("why", "走错了门")]).await;
    (world, office, address)
}

#[tokio::test]
async fn what_was_said_at_a_voided_visit_is_marked_and_not_counted() {
    let (_world, mut office, address) = voided().await;
    let page = office.page("/console").await;
    assert!(page.contains("<b>2</b><span>意见建议</span><small><span>问题 2</span>"), "{page}");
    assert!(page.contains("走访作废的意见建议 1 条不计"));
    assert!(page.contains("<span>意见建议</span><em class=\"\">2</em>"), "the menu counts alike");
    let page = office.page("/console/opinions").await;
    assert!(page.contains("共 2 条，另有走访已作废的 1 条"), "{page}");
    let marked = page.split("<li>").filter(|item| item.contains("走访已作废</span>"));
    let marked: Vec<&str> = marked.collect();
    assert!(matches!(marked.as_slice(), [one] if one.contains("走错门听来的话")), "{page}");
    assert!(page.contains("不敢留名的话"), "a mark on it would tell at which visit it was said");

    let csv = office.page("/console/opinions.csv").await;
    let line = |words: &str| csv.lines().find(|line| line.contains(words)).unwrap().to_owned();
    assert!(line("走错门听来的话").contains("走访已作废"), "{csv}");
    assert!(!line("不敢留名的话").contains("作废") && !line("路不好").contains("作废"));

    let page = office.page(&address).await;
    assert!(page.contains("记名的意见建议也不计入总数"), "{page}");
    office.submit(&format!("{address}/void"), &[("undo", "1")]).await;
    assert!(office.page("/console").await.contains("<b>3</b><span>意见建议</span>"));
}

#[tokio::test]
async fn where_a_visit_comes_from_tells_a_void_from_an_addition() {
    let (world, mut office, address) = voided().await;
    let id = Uuid::from_u128(0x3001);
    world.put(kind::VISIT, id, WILLOW, FieldSet::from([("notes".into(), "补一句".into())]));
    office.submit(&format!("{address}/void"), &[("undo", "1")]).await;
    let page = office.page(&address).await;
    let card = page.split("从哪里来").nth(1).unwrap().split("</ol>").next().unwrap();
    for words in ["<b>收到</b>", "<b>作废</b>", "<b>补充或更正</b>", "<b>撤销作废</b>"] {
        assert_eq!(card.matches(words).count(), 1, "{words}: {card}");
    }
}

#[tokio::test]
async fn what_came_today_leads_to_what_it_counts() {
    let (world, mut office, _) = voided().await;
    let page = office.page("/console").await;
    assert!(
        page.contains(">走访 1</a>") && page.contains(">意见 1</a>"),
        "neither the void one nor the withheld one, which the list below does not show: {page}"
    );
    let page = office.page("/console/visits?received=2025-11-22").await;
    assert!(page.contains("王长顺") && page.contains("共 1 条"), "{page}");
    assert!(page.contains("name=\"received\" value=\"2025-11-22\""), "and says by which day");
    assert!(office.page("/console/visits?received=2025-11-21").await.contains("没有符合的走访"));
    let page = office.page("/console/opinions?received=2025-11-22").await;
    assert!(
        page.contains("路不好") && !page.contains("不敢留名的话"),
        "a day would tell who said it: {page}"
    );
    assert!(page.contains("不记名的不按收到的日子列"));

    let amended = FieldSet::from([("notes".into(), "补一句".into())]);
    world.put(kind::VISIT, Uuid::from_u128(0x3002), WILLOW, amended);
    assert!(office.page("/console").await.contains(">走访 1</a>"), "written to twice, counted once");
}

#[tokio::test]
async fn a_topic_holds_those_beneath_it_and_nobodys_home_is_entered_at_a_school() {
    let world = World::new();
    let visit = Visit { target_kind: TargetKind::School, ..met("中心小学") };
    world.put(kind::VISIT, Uuid::from_u128(0x51), WILLOW, visit.to_fields());
    for (n, category, text) in [(1, "xingshi", "开会太多"), (2, "sifeng", "四风"), (3, "daolu", "路不好")]
    {
        let opinion = Opinion { category: category.into(), text: text.into(), ..Opinion::default() };
        world.opinion(n, WILLOW, opinion);
    }
    let mut office = world.office().await;
    let page = office.page("/console/opinions?category=sifeng").await;
    assert!(page.contains("开会太多") && page.contains("四风") && !page.contains("路不好"), "{page}");
    let page = office.page("/console/visits").await;
    assert!(page.contains("实地"), "{page}");
    let csv = office.get("/console/visits.csv").await.text();
    assert!(csv.contains("实地") && !csv.contains("入户"), "{csv}");
}
