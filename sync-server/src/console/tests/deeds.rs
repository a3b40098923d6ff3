//! What the office does to records: each a write of its own, with a name and a way back.

use crate::{
    auth::list_cadres,
    console::testing::{BRIDGE, WILLOW, World},
};
use axum::http::StatusCode;
use lianxin_shared::{
    domain::{opinion::Opinion, visit::Visit},
    replica::{FieldSet, kind},
};
use uuid::Uuid;

fn met(name: &str) -> Visit {
    Visit { target_name: name.into(), notes: format!("{name}家的房子修好了"), ..Visit::default() }
}

fn set(field: &str, value: &str) -> FieldSet {
    FieldSet::from([(field.to_owned(), value.into())])
}

#[tokio::test]
async fn a_records_history_tells_who_changed_what_by_both_clocks() {
    let world = World::new();
    let home = world.household(1, WILLOW, "周秀兰", &["gugua_laoren"]);
    world.put(kind::HOUSEHOLD, home, WILLOW, set("phone", "13811111111"));
    let mut office = world.office().await;
    let page = office.page(&format!("/console/households/{home}")).await;
    assert!(page.contains(&format!("/console/history/{home}")));
    let page = office.page(&format!("/console/history/{home}")).await;
    for words in [
        "户 周秀兰 的修改记录",
        "共 2 次",
        "写的时间 11月22日 09:00（写的人那台手机的钟）",
        "收到时间 11月22日 09:00（乡镇服务器的钟）",
        "<th scope=\"col\">原来</th><th scope=\"col\">改为</th>",
        "<td><del>13900000017</del></td><td>13811111111</td>",
        " 第一次写下",
        "类别“孤寡老人”",
        "阿香",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(page.find("13811111111") < page.find("孤寡老人"), "the last change is the first to be read");
    let missing = office.get(&format!("/console/history/{}", Uuid::from_u128(7))).await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_history_of_withheld_words_leads_to_nobody() {
    let world = World::new();
    let said = Opinion { text: "不敢留名的话".into(), anonymous: true, ..Opinion::default() };
    world.opinion(1, WILLOW, said);
    let id = Uuid::from_u128(0x4001);
    let mut office = world.office().await;
    let page = office.page(&format!("/console/history/{id}")).await;
    assert!(page.contains("不愿留名") && !page.contains("不敢留名的话") && !page.contains("阿香"), "{page}");
    let list = office.page("/console/opinions").await;
    assert!(
        list.contains("不敢留名的话") && !list.contains(&id.to_string()),
        "its id tells when it was written"
    );
}

#[tokio::test]
async fn a_voided_visit_stays_readable_counts_no_more_and_can_be_taken_back() {
    let world = World::new();
    let home = world.household(1, WILLOW, "周秀兰", &["kunnan_hu"]);
    let visit = world.visit(1, WILLOW, home, met("周秀兰"));
    let mut office = world.office().await;
    let address = format!("/console/visits/{visit}/void");
    let silent = office.submit(&address, &[("why", " ")]).await;
    assert_eq!(silent.status, StatusCode::UNPROCESSABLE_ENTITY, "a reason is needed");
    office.submit(&address, &[("why", "记到别人家了")]).await;
    let page = office.page(&format!("/console/visits/{visit}")).await;
    for words in ["已作废", "记到别人家了", "房子修好了", "撤销作废"] {
        assert!(page.contains(words), "{words}");
    }
    assert!(office.page("/console").await.contains("<b>0</b><span>走访户次</span>"));
    let history = office.page(&format!("/console/history/{visit}")).await;
    assert!(history.contains("乡镇走访办 老周") && history.contains("作废原因"), "{history}");
    office.submit(&address, &[("undo", "1")]).await;
    assert!(office.page("/console").await.contains("<b>1</b><span>走访户次</span>"));
    let other = office.submit(&format!("/console/visits/{home}/void"), &[("why", "x")]).await;
    assert_eq!(other.status, StatusCode::NOT_FOUND, "only visits");
}

#[tokio::test]
async fn two_entries_of_one_household_become_one_and_two_again() {
    let world = World::new();
    let (stays, goes) =
        (world.household(1, WILLOW, "周秀兰", &[]), world.household(2, WILLOW, "周秀兰", &[]));
    let far = world.household(3, BRIDGE, "李有田", &[]);
    world.visit(1, WILLOW, goes, met("周秀兰"));
    let mut office = world.office().await;
    let page = office.page(&format!("/console/households/{goes}/merge")).await;
    assert!(
        page.contains(&format!("with={stays}")) && !page.contains("李有田"),
        "the one alike is offered: {page}"
    );
    let page = office.page(&format!("/console/households/{goes}/merge?q=李有田")).await;
    assert!(page.contains(&format!("with={far}")));
    let page = office.page(&format!("/console/households/{goes}/merge?with={stays}")).await;
    assert!(page.contains("1号") && page.contains("2号") && page.contains("1 次"), "side by side: {page}");
    let (from, into) = (goes.to_string(), stays.to_string());
    let form = [("from", from.as_str()), ("into", into.as_str())];
    assert_eq!(
        office.submit("/console/households/merge", &form).await.location(),
        format!("/console/households/{stays}")
    );
    let page = office.page(&format!("/console/households/{stays}")).await;
    assert!(page.contains("并进来的") && page.contains("房子修好了"), "{page}");
    assert!(office.page("/console/households").await.contains("共 2 户"));
    let elsewhere = far.to_string();
    let across = [("from", elsewhere.as_str()), ("into", into.as_str())];
    assert!(office.submit("/console/households/merge", &across).await.text().contains("不在一个村"));
    // Back again would make a ring.
    let ring = office.submit("/console/households/merge", &[("from", &into), ("into", &from)]).await;
    assert_eq!(ring.status, StatusCode::UNPROCESSABLE_ENTITY);
    let page = office.page(&format!("/console/households/{goes}")).await;
    assert!(page.contains("撤销并户"));
    office.submit("/console/households/unmerge", &[("household", &from)]).await;
    office.submit("/console/households/unmerge", &[("household", &from)]).await;
    assert!(office.page("/console/households").await.contains("共 3 户"));
    assert!(!office.page(&format!("/console/households/{stays}")).await.contains("房子修好了"));
    let story = office.page(&format!("/console/history/{goes}")).await;
    assert!(story.contains("共 3 次") && story.contains("并入的户"), "written, merged, undone once: {story}");
}

#[tokio::test]
async fn a_cadres_villages_are_changed_on_their_page() {
    let world = World::new();
    let mut office = world.office().await;
    assert!(office.page("/console/staff").await.contains("/console/staff/cadre?cadre=axiang"));
    let page = office.page("/console/staff/cadre?cadre=axiang").await;
    assert!(
        page.contains("Android · Chrome") && page.contains(&format!("value=\"{WILLOW}\" checked")),
        "{page}"
    );
    let form = [("cadre", "axiang"), ("village", BRIDGE)];
    let back = office.submit("/console/staff/villages", &form).await;
    assert_eq!(back.location(), "/console/staff/cadre?cadre=axiang&released=0");
    let page = office.page(back.location()).await;
    assert!(page.contains("已改好") && page.contains("前负责过"), "{page}");
    let axiang = world.storage.read(list_cadres).unwrap().remove(0);
    assert_eq!(axiang.villages, [BRIDGE.to_owned()].into());
    let none = office.submit("/console/staff/villages", &[("cadre", "axiang")]).await;
    assert_eq!(none.status, StatusCode::UNPROCESSABLE_ENTITY);
    let nobody = office.get("/console/staff/cadre?cadre=nobody").await;
    assert_eq!(nobody.status, StatusCode::NOT_FOUND);
}
