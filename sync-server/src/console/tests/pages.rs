//! What the rooms show.

use crate::console::testing::{BRIDGE, HOUR_MS, NOW_MS, WILLOW, World};
use axum::http::StatusCode;
use lianxin_shared::{
    domain::{
        opinion::{Opinion, OpinionKind},
        person::Person,
        visit::{TargetKind, Visit, VisitMode},
    },
    replica::{Base, FieldSet, PatchDraft, Stamp, kind},
};
use std::collections::BTreeMap;
use uuid::Uuid;

fn met(name: &str) -> Visit {
    Visit { target_name: name.into(), notes: format!("{name}家的房子修好了"), ..Visit::default() }
}

/// 周秀兰 met, 王长顺 not at home, 李有田 not visited, 赵六 visited without being required.
fn township() -> World {
    let world = World::new();
    let zhou = world.household(1, WILLOW, "周秀兰", &["gugua_laoren", "kunnan_hu"]);
    let wang = world.household(2, WILLOW, "王长顺", &["kunnan_hu"]);
    world.household(3, BRIDGE, "李有田", &["kunnan_hu"]);
    let zhao = world.household(4, BRIDGE, "赵六", &[]);
    let visit = world.visit(1, WILLOW, zhou, met("周秀兰"));
    world.visit(2, WILLOW, wang, Visit { absent: true, ..Visit { notes: String::new(), ..met("王长顺") } });
    world.visit(3, BRIDGE, zhao, Visit { occurred_at: Some(NOW_MS - 100 * HOUR_MS), ..met("赵六") });
    let road = Opinion {
        visit: Some(visit),
        household: Some(zhou),
        text: "三组那截路从去年八月水冲了就没修。".into(),
        kind: OpinionKind::Problem,
        category: "daolu".into(),
        ..Opinion::default()
    };
    world.opinion(1, WILLOW, road);
    world.diary(1, "蹲点第三天，看了水渠。");
    world
}

/// Every row of a page's table, as text.
fn rows(page: &str) -> Vec<&str> {
    let body = page.split("<tbody>").nth(1).unwrap_or_default().split("</tbody>").next().unwrap();
    body.split("<tr").skip(1).collect()
}

#[tokio::test]
async fn the_overview_counts_who_was_met_and_links_to_who_was_not() {
    let page = township().office().await.page("/console").await;
    assert!(page.contains("<b>2</b><span>走访户次</span><small>另有 1 次无人在家</small>"), "{page}");
    assert!(
        page.contains("<b>33%</b><span>必访到户</span><small>3 户中到了 1 户，<em>还有 2 户</em></small>")
    );
    assert!(page.contains("四必到、五必访 · 10月20日至11月30日 · 全镇 2 个村"));
    let cell = |village: &str, category: &str, visited: &str, text: &str| {
        let filter = format!("village={village}&amp;category={category}{visited}");
        assert!(page.contains(&format!("/console/households?{filter}\"")), "{filter}");
        assert!(page.contains(text), "{text}");
    };
    cell(WILLOW, "kunnan_hu", "&amp;visited=no", ">1/2</a>");
    cell(WILLOW, "gugua_laoren", "", ">1/1</a>");
    cell(BRIDGE, "kunnan_hu", "&amp;visited=no", ">0/1</a>");
    let today = page.split("今天收到").nth(1).unwrap().split("</div>").next().unwrap();
    for (kind, count, room) in [("走访", 3, "visits"), ("意见", 1, "opinions"), ("手记", 1, "diary")] {
        let link = format!("<a href=\"/console/{room}?received=2025-11-22\">{kind} {count}</a>");
        assert!(today.contains(&link), "everything came an hour ago: {today}");
    }
    assert!(page.contains("道路交通") && page.contains("09:00 收到新记录"));
}

#[tokio::test]
async fn who_left_the_register_is_neither_counted_nor_listed_and_stays_findable() {
    let world = township();
    let (wang, li) = (Uuid::from_u128(0x1002), Uuid::from_u128(0x1003));
    world.put(kind::HOUSEHOLD, wang, WILLOW, FieldSet::from([("state".into(), "moved".into())]));
    let mut office = world.office().await;
    let page = office.page("/console").await;
    assert!(
        page.contains("<b>50%</b><span>必访到户</span><small>2 户中到了 1 户，<em>还有 1 户</em></small>"),
        "{page}"
    );
    let page = office.page("/console/households").await;
    assert_eq!(rows(&page).len(), 3);
    assert!(!page.contains("王长顺") && page.contains("共 3 户"));
    let page = office.page("/console/households?register=off").await;
    assert_eq!(rows(&page).len(), 1);
    assert!(page.contains("王长顺") && page.contains("迁出") && page.contains("<tr class=\"void\""));
    assert_eq!(rows(&office.page("/console/households?register=all").await).len(), 4);
    let own = office.page(&format!("/console/households/{wang}")).await;
    assert!(own.contains("无人在家"), "its visits stay");

    // 李有田 is really 周秀兰's household: it counts under hers from now on.
    let into = Uuid::from_u128(0x1001).to_string();
    world.put(kind::HOUSEHOLD, li, BRIDGE, FieldSet::from([("merged_into".into(), into.clone().into())]));
    let page = office.page("/console").await;
    assert!(page.contains("<b>100%</b><span>必访到户</span>"), "{page}");
    world.visit(9, BRIDGE, li, met("李有田"));
    assert!(office.page(&format!("/console/households/{into}")).await.contains("李有田家的房子修好了"));
}

#[tokio::test]
async fn a_household_tagged_twice_counts_once_and_a_deleted_one_not_at_all() {
    let world = World::new();
    let tagged = FieldSet::from([("tags.canji_ren".into(), true.into())]);
    let member = |n: u128, household: Uuid| {
        world.member(n, WILLOW, household, "周小满");
        world.put(kind::PERSON, Uuid::from_u128(0x2000 + n), WILLOW, tagged.clone());
    };
    member(1, world.household(1, WILLOW, "周秀兰", &["canji_ren"]));
    let gone = world.household(2, WILLOW, "王长顺", &["canji_ren"]);
    member(2, gone);
    world.put(kind::HOUSEHOLD, gone, WILLOW, FieldSet::from([("deleted".into(), true.into())]));
    let page = world.office().await.page("/console").await;
    assert!(page.contains(">0/1</a>") && page.contains("还有 1 户"), "{page}");
}

#[tokio::test]
async fn a_cell_of_the_coverage_opens_the_households_left() {
    let mut office = township().office().await;
    let page =
        office.page(&format!("/console/households?village={WILLOW}&category=kunnan_hu&visited=no")).await;
    assert!(page.contains("王长顺") && !page.contains("周秀兰") && page.contains("共 1 户"));
    let page = office.page("/console/households?must=1&visited=no").await;
    assert!(page.contains("王长顺") && page.contains("李有田") && !page.contains("赵六"));
    let page = office.page("/console/households?q=zxl").await;
    assert!(page.contains("周秀兰") && page.contains("共 1 户"), "found by initials");
    for term in ["三组1号", "三组+1号", "139+0000+0017+三组1号", "139-0000-0017"] {
        let page = office.page(&format!("/console/households?q={term}")).await;
        assert!(page.contains("周秀兰"), "{term}: {page}");
    }
    let page = office.page("/console/households?q=nobody").await;
    assert!(page.contains("没有符合的户") && page.contains("看全部"));
}

#[tokio::test]
async fn the_ledger_filters_sorts_and_searches_names_notes_and_words() {
    let mut office = township().office().await;
    let newest = office.page("/console/visits").await;
    let of = |page: &str| -> Vec<usize> {
        let names = ["周秀兰", "王长顺", "赵六"];
        rows(page).iter().map(|row| names.iter().position(|name| row.contains(name)).unwrap()).collect()
    };
    assert_eq!(of(&newest).last(), Some(&2), "the oldest comes last");
    assert_eq!(of(&office.page("/console/visits?sort=time").await).first(), Some(&2));
    for (filter, expected) in [
        ("q=水冲了", vec![0]),
        ("q=房子修好", vec![0, 2]),
        ("q=王长", vec![1]),
        ("q=100%25", vec![]),
        ("state=absent", vec![1]),
        ("state=met", vec![0, 2]),
        ("said=1", vec![0]),
        ("category=gugua_laoren", vec![0]),
        ("village=519921105202", vec![2]),
        ("visitor=axiang&mode=phone", vec![]),
        ("from=2025-11-22", vec![0, 1]),
        ("to=2025-11-21", vec![2]),
    ] {
        let mut found = of(&office.page(&format!("/console/visits?{filter}")).await);
        found.sort_unstable();
        assert_eq!(found, expected, "{filter}");
    }
}

#[tokio::test]
async fn a_long_ledger_has_pages_and_every_visit_is_on_exactly_one() {
    let world = World::new();
    let zhou = world.household(1, WILLOW, "周秀兰", &[]);
    for n in 0..101 {
        world.visit(n, WILLOW, zhou, met("周秀兰"));
    }
    let mut office = world.office().await;
    let mut seen = std::collections::BTreeSet::new();
    for (page, expected) in [(1, 50), (2, 50), (3, 1)] {
        let page = office.page(&format!("/console/visits?village={WILLOW}&page={page}")).await;
        let links: Vec<&str> =
            page.split("href=\"/console/visits/").skip(1).map(|rest| &rest[..36]).collect();
        assert_eq!(links.len(), expected);
        seen.extend(links.into_iter().map(str::to_owned));
        assert!(page.contains(&format!("/console/visits?village={WILLOW}&amp;page=")), "the filter stays");
    }
    assert_eq!(seen.len(), 101);
}

#[tokio::test]
async fn a_visit_shows_answers_in_the_order_of_asking_and_where_it_comes_from() {
    let world = World::new();
    let zhou = world.household(1, WILLOW, "周秀兰", &["gugua_laoren"]);
    let answers = FieldSet::from([
        ("answers.housing".into(), "risk".into()),
        ("answers.housing_trouble.leak".into(), true.into()),
        ("answers.housing_trouble.crack".into(), true.into()),
        ("answers.heating_power".into(), "ok".into()),
        ("answers.of_a_newer_version".into(), "新题".into()),
    ]);
    let visit = Visit {
        checklists: BTreeMap::from([("gugua_laoren".to_owned(), 1)]),
        answers,
        mode: VisitMode::Field,
        companions: vec!["老周".into()],
        ..met("周秀兰")
    };
    let id = world.visit(1, WILLOW, zhou, visit);
    let page = world.office().await.page(&format!("/console/visits/{id}")).await;
    let at = |text: &str| page.find(text).unwrap_or_else(|| panic!("{text} is missing"));
    assert!(at("取暖、用电安全吗？") < at("房子住着安全吗？"));
    assert!(at("房子住着安全吗？") < at("漏雨、墙裂"));
    assert!(page.contains("新题"), "what a newer version asked is shown as it stands");
    assert!(page.contains("田间") && page.contains("老周") && page.contains("Android · Chrome"));
    assert!(page.contains("11月22日 09:00"), "received an hour ago");
}

#[tokio::test]
async fn a_household_shows_members_and_its_whole_story() {
    let world = township();
    let zhou = Uuid::from_u128(0x1001);
    world.member(1, WILLOW, zhou, "周小满");
    let mut office = world.office().await;
    let page = office.page(&format!("/console/households/{zhou}")).await;
    for text in ["周小满", "孤寡老人", "柳树沟村 三组 1号", "水冲了就没修", "房子修好了"]
    {
        assert!(page.contains(text), "{text}");
    }
    assert_eq!(office.get("/console/households/nonsense").await.status, StatusCode::NOT_FOUND);
    let missing = office.get(&format!("/console/visits/{}", Uuid::from_u128(9))).await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
    assert!(missing.text().contains("没有找到这一页"));
}

#[tokio::test]
async fn opinions_and_diary_are_read_as_they_were_written() {
    let mut office = township().office().await;
    assert!(office.page("/console/opinions").await.contains("三组那截路从去年八月水冲了就没修。"));
    assert!(office.page("/console/opinions?category=daolu&kind=problem").await.contains("水冲了"));
    assert!(office.page("/console/opinions?category=none").await.contains("没有符合的意见建议"));
    assert!(office.page("/console/diary?q=水渠").await.contains("蹲点第三天"));
    assert!(office.page("/console/diary?q=没有这话").await.contains("没有符合的手记"));
}

#[tokio::test]
async fn both_values_of_a_conflict_are_shown() {
    let world = township();
    let zhou = Uuid::from_u128(0x1001);
    let phone = world.phone;
    let other = |wall_ms: i64, number: &str| PatchDraft {
        stamp: Stamp { wall_ms: wall_ms.unsigned_abs(), counter: 0, device: phone },
        kind: kind::HOUSEHOLD.into(),
        id: zhou,
        village: WILLOW.into(),
        set: FieldSet::from([("phone".into(), number.into())]),
        // Neither has seen what stands there.
        base: Base::new(),
    };
    let edits = [other(NOW_MS - HOUR_MS / 2, "13911111111"), other(NOW_MS - HOUR_MS / 3, "13922222222")];
    push(&world, edits);
    let page = world.office().await.page("/console/conflicts").await;
    for text in ["户 周秀兰", "柳树沟村 三组 1号 · 电话", "13911111111", "13922222222", "阿香 今天 09:40 写"]
    {
        assert!(page.contains(text), "{text}");
    }
    assert!(page.contains(&format!("/console/households/{zhou}")));
}

fn push(world: &World, edits: impl IntoIterator<Item = PatchDraft>) {
    use crate::service::{Caller, ServiceError, push};
    use lianxin_shared::replica::Patch;
    let device = world.phone;
    let edits: Vec<PatchDraft> = edits.into_iter().collect();
    let pushed = world.storage.write(move |db| {
        let receipt: i64 = db
            .query_row("SELECT receipt FROM device WHERE id = ?1", [device.to_i64()], |row| row.get(0))
            .map_err(crate::storage::StorageError::from)?;
        let caller =
            Caller { device, villages: [WILLOW.to_owned()].into(), past: Default::default(), revoked: false };
        let patches: Vec<Patch> = edits
            .into_iter()
            .zip(receipt.unsigned_abs() + 1..)
            .map(|(edit, device_seq)| Patch { device_seq, edit })
            .collect();
        push(db, &caller, 0, &patches, &Default::default(), NOW_MS)?;
        Ok::<_, ServiceError>(())
    });
    pushed.unwrap();
}

#[tokio::test]
async fn what_people_typed_is_never_taken_for_markup() {
    let world = World::new();
    let hostile = "<script>alert(1)</script>\"'&";
    let household = world.household(1, WILLOW, hostile, &["kunnan_hu"]);
    world.member(1, WILLOW, household, hostile);
    let visit = Visit { notes: hostile.into(), companions: vec![hostile.into()], ..met(hostile) };
    let visit = world.visit(1, WILLOW, household, visit);
    world.opinion(1, WILLOW, Opinion { visit: Some(visit), text: hostile.into(), ..Opinion::default() });
    world.diary(1, hostile);
    let mut office = world.office().await;
    let search = serde_urlencoded::to_string([("q", hostile)]).unwrap();
    for address in [
        "/console".to_owned(),
        format!("/console/visits?{search}"),
        format!("/console/visits/{visit}"),
        "/console/households".to_owned(),
        format!("/console/households/{household}"),
        "/console/opinions".to_owned(),
        "/console/diary".to_owned(),
        "/console/staff".to_owned(),
    ] {
        let page = office.page(&address).await;
        assert!(!page.contains("<script>alert"), "{address}");
        assert!(address == "/console/staff" || page.contains("&lt;script&gt;"), "{address}");
    }
}

#[tokio::test]
async fn an_empty_township_says_what_to_do_next() {
    let world = World::new();
    let mut office = world.office().await;
    for (address, next) in [
        ("/console", "户册里还没有必访对象"),
        ("/console/visits", "生成登记码"),
        ("/console/households", "lianxin-server import households"),
        ("/console/opinions", "还没有收到意见建议"),
        ("/console/diary", "还没有收到手记"),
        ("/console/conflicts", "现在没有冲突"),
    ] {
        assert!(office.page(address).await.contains(next), "{address}");
    }
}

#[tokio::test]
async fn the_overview_says_how_its_figures_belong_together() {
    let world = township();
    let place = Visit { target_name: "村小".into(), target_kind: TargetKind::School, ..Visit::default() };
    let other = Visit {
        target_name: "周秀兰".into(),
        void_reason: "记错了".into(),
        household: Some(Uuid::from_u128(0x1001)),
        ..Visit::default()
    };
    for (n, visit) in [(91, place), (92, other)] {
        world.put(kind::VISIT, Uuid::from_u128(0x3000 + n), WILLOW, visit.to_fields());
    }
    let mut office = world.office().await;
    let page = office.page("/console").await;
    let ledger = office.page("/console/visits").await;
    let total = ledger.split("共 ").nth(1).unwrap().split(' ').next().unwrap().to_owned();
    let sum = page.split("走访台账 ").nth(1).unwrap().split('。').next().unwrap();
    let numbers: Vec<u32> =
        sum.split(|c: char| !c.is_ascii_digit()).filter_map(|word| word.parse().ok()).collect();
    assert_eq!(numbers[0], numbers[1..].iter().sum::<u32>(), "{sum}");
    assert_eq!(numbers[0].to_string(), total, "the menu and the list say the same");
    assert!(sum.contains("不属于本次活动 1") && page.contains("作废的 1 条不计"), "{sum}");
    let met = office.page("/console/visits?state=household").await;
    assert!(met.contains(&format!("共 {} 条", numbers[1])), "the figure leads to as many visits");
}

#[tokio::test]
async fn a_household_lists_its_head_first_and_children_by_age() {
    let world = World::new();
    let home = world.household(1, WILLOW, "李建军", &[]);
    for (n, name, relation, birth) in [
        (1, "李刚", "儿子", "1999-05-01"),
        (2, "李晓萌", "孙女", "2022-01-01"),
        (3, "朱霞", "妻子", "1970-01-01"),
        (4, "李文斌", "儿子", "1996-05-01"),
        (5, "李建军", "户主", "1971-01-01"),
    ] {
        let person = Person {
            household: Some(home),
            name: name.into(),
            relation: relation.into(),
            birth: birth.into(),
            ..Person::default()
        };
        world.put(kind::PERSON, Uuid::from_u128(0x2000 + n), WILLOW, person.to_fields());
    }
    let page = world.office().await.page(&format!("/console/households/{home}")).await;
    let name =
        |row: &&str| row.split("<td class=\"nowrap\">").nth(1).unwrap().split('<').next().unwrap().to_owned();
    let order: Vec<String> = rows(&page).iter().map(name).collect();
    assert_eq!(order, ["李建军", "朱霞", "李文斌", "李刚", "李晓萌"], "{page}");
}
