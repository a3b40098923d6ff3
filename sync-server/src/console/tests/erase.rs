//! 依法抹去 in the console: asked twice, done once, and what is left is who, when and why.

use crate::{
    console::testing::{WILLOW, World},
    service::check,
    storage::StorageError,
};
use axum::http::StatusCode;
use lianxin_shared::domain::{opinion::Opinion, visit::Visit};
use uuid::Uuid;

const WHY: &str = "本人书面要求删除";

fn address(id: Uuid) -> String {
    format!("/console/erase/{id}")
}

#[tokio::test]
async fn one_field_goes_and_the_history_says_who_when_and_why_but_not_the_words() {
    let world = World::new();
    let home = world.household(1, WILLOW, "周秀兰", &[]);
    let mut office = world.office().await;
    let page = office.page(&format!("/console/households/{home}")).await;
    assert!(page.contains(&address(home)), "{page}");
    let page = office.page(&address(home)).await;
    for words in
        ["13900000017", "抹去以后找不回来", "走访记录和意见建议", "lianxin-before-restore-", "停用了的"]
    {
        assert!(page.contains(words), "{words}: {page}");
    }
    let sure = [("field", "phone"), ("why", WHY), ("confirm", "依法抹去")];
    for (missing, told) in [("confirm", "四个字"), ("why", "缘故"), ("field", "没有选")] {
        let fields: Vec<_> = sure.into_iter().filter(|(name, _)| *name != missing).collect();
        let answer = office.submit(&address(home), &fields).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(
            answer.text().contains(told) && answer.text().contains("什么都没有抹去"),
            "{}",
            answer.text()
        );
    }
    assert_eq!(office.post(&address(home), &sure).await.status, StatusCode::FORBIDDEN, "without its token");
    assert!(office.page(&format!("/console/households/{home}")).await.contains("13900000017"), "nothing yet");

    let answer = office.submit(&address(home), &sure).await;
    assert_eq!(answer.location(), format!("/console/history/{home}"));
    let history = office.page(answer.location()).await;
    for words in ["老周", "依法抹去了 电话", WHY, "11月22日 10:00", "<td>已依法抹去</td>"] {
        assert!(history.contains(words), "{words}: {history}");
    }
    for place in [format!("/console/history/{home}"), format!("/console/households/{home}"), address(home)] {
        let page = office.page(&place).await;
        assert!(!page.contains("13900000017") && page.contains("周秀兰"), "{place}");
    }
    let problems = world.storage.write(check).unwrap().problems;
    assert_eq!(problems, [""; 0]);
}

#[tokio::test]
async fn a_household_goes_with_its_members_and_its_visits_stay() {
    let world = World::new();
    let home = world.household(1, WILLOW, "周秀兰", &[]);
    world.member(1, WILLOW, home, "王长顺");
    let met = Visit { target_name: "周秀兰".into(), notes: "房子修好了".into(), ..Visit::default() };
    let visit = world.visit(1, WILLOW, home, met);
    let mut office = world.office().await;
    assert!(office.page(&address(home)).await.contains("家里的 1 个人也一起"));
    let alone = [("field", "phone"), ("along", "1"), ("why", WHY), ("confirm", "依法抹去")];
    assert!(office.submit(&address(home), &alone).await.text().contains("什么都没有抹去"));
    let sure = [("whole", "1"), ("along", "1"), ("why", WHY), ("confirm", "依法抹去")];
    office.submit(&address(home), &sure).await;

    for list in ["/console/households", "/console/households.csv"] {
        let page = office.page(list).await;
        assert!(!page.contains("周秀兰") && !page.contains("王长顺"), "{list}");
    }
    let gone = office.get(&format!("/console/households/{home}")).await;
    assert_eq!(gone.location(), format!("/console/history/{home}"), "its page says what became of it");
    let page = office.page(gone.location()).await;
    assert!(page.contains("这条记录的全部内容") && page.contains(WHY) && !page.contains("周秀兰"), "{page}");
    assert_eq!(office.get(&address(home)).await.location(), format!("/console/history/{home}"));
    let page = office.page(&format!("/console/visits/{visit}")).await;
    assert!(page.contains("房子修好了"), "{page}");

    office.submit(&address(visit), &[("whole", "1"), ("why", WHY), ("confirm", "依法抹去")]).await;
    let ledger = office.page("/console/visits").await;
    assert!(!ledger.contains("周秀兰"), "{ledger}");
    let members = world.storage.read(|db| {
        let sql = "SELECT count(*) FROM patch WHERE instr(body, '王长顺') OR instr(body, '房子修好了')";
        Ok::<_, StorageError>(db.query_row(sql, [], |row| row.get::<_, i64>(0))?)
    });
    assert_eq!(members.unwrap(), 0);
}

#[tokio::test]
async fn withheld_words_can_go_and_nothing_on_the_way_tells_whose_they_are() {
    let world = World::new();
    let said = Opinion {
        text: "不敢留名的话".into(),
        anonymous: true,
        visitor_name: "阿香".into(),
        ..Opinion::default()
    };
    world.opinion(1, WILLOW, said);
    let id = Uuid::from_u128(0x4001);
    let mut office = world.office().await;
    let list = office.page("/console/opinions").await;
    assert!(!list.contains(&id.to_string()));
    let at = list.find("/console/erase/x").expect("a way there");
    let place: String = list[at..].chars().take_while(|c| *c != '"').collect();
    let page = office.page(&place).await;
    assert!(
        page.contains("不敢留名的话") && !page.contains("阿香") && !page.contains(&id.to_string()),
        "{page}"
    );
    let answer = office.submit(&place, &[("whole", "1"), ("why", WHY), ("confirm", "依法抹去")]).await;
    assert_eq!(answer.location(), "/console/opinions");
    assert!(!office.page("/console/opinions").await.contains("不敢留名的话"));
    let other = office.get(&format!("/console/erase/x{}", "0".repeat(32))).await;
    assert_eq!(other.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn while_a_backup_runs_the_page_says_what_is_not_cleared_yet() {
    let world = World::new();
    let home = world.household(1, WILLOW, "周秀兰", &[]);
    let mut office = world.office().await;
    let _backup = world.storage.files().hold().unwrap();
    let answer =
        office.submit(&address(home), &[("whole", "1"), ("why", WHY), ("confirm", "依法抹去")]).await;
    assert_eq!(answer.status, StatusCode::OK);
    let page = answer.text();
    assert!(page.contains("残留还在清") && page.contains(&format!("/console/history/{home}")), "{page}");
    assert!(!office.page(&format!("/console/history/{home}")).await.contains("周秀兰"), "it stands");
}

/// Addresses on a page that begin so.
fn links(page: &str, begin: &str) -> Vec<String> {
    let quoted = page.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    quoted.filter(|link| link.starts_with(begin)).map(str::to_owned).collect()
}

#[tokio::test]
async fn whom_an_erased_household_leaves_behind_is_reached_from_what_is_left_of_it() {
    let world = World::new();
    let home = world.household(1, WILLOW, "周秀兰", &[]);
    world.member(1, WILLOW, home, "王长顺");
    let mut office = world.office().await;
    let sure = [("whole", "1"), ("why", WHY), ("confirm", "依法抹去")];
    let answer = office.submit(&address(home), &sure).await;
    let page = office.page(answer.location()).await;
    assert!(page.contains("成员 王长顺"), "{page}");
    let ways = links(&page, "/console/erase/");
    assert!(matches!(ways.as_slice(), [one] if *one == address(Uuid::from_u128(0x2001))), "{ways:?}");
    office.submit(&ways[0], &sure).await;
    let page = office.page(answer.location()).await;
    assert!(links(&page, "/console/erase/").is_empty() && !page.contains("王长顺"), "{page}");
    let left = world.storage.read(|db| {
        let sql = "SELECT count(*) FROM patch WHERE instr(body, '王长顺')";
        Ok::<_, StorageError>(db.query_row(sql, [], |row| row.get::<_, i64>(0))?)
    });
    assert_eq!(left.unwrap(), 0);
}

#[tokio::test]
async fn a_voided_visit_may_take_what_was_said_under_a_name_along_or_says_that_it_will_count_again() {
    let world = World::new();
    let home = world.household(1, WILLOW, "周秀兰", &[]);
    for n in [1, 2] {
        let visit = world.visit(n, WILLOW, home, Visit { target_name: "周秀兰".into(), ..Visit::default() });
        let said = |text: &str, anonymous| Opinion {
            visit: Some(visit),
            text: text.into(),
            anonymous,
            ..Opinion::default()
        };
        world.opinion(n * 2, WILLOW, said("走错门听来的话", false));
        world.opinion(n * 2 + 1, WILLOW, said("不敢留名的话", true));
        let mut office = world.office().await;
        assert!(!office.page(&address(visit)).await.contains("重新计入"), "it counts as it is");
        office.submit(&format!("/console/visits/{visit}/void"), &[("why", "走错了门")]).await;
        let page = office.page(&address(visit)).await;
        assert!(page.contains("当时记名的 1 条意见建议") && page.contains("重新计入总数"), "{page}");
        assert!(page.contains("走错了门（抹去以后就不再是作废的"), "{page}");
    }
    let mut office = world.office().await;
    let counted = |page: &str, number: usize| page.contains(&format!("<b>{number}</b><span>意见建议</span>"));
    assert!(counted(&office.page("/console").await, 2), "those without a name");
    let sure = [("whole", "1"), ("why", WHY), ("confirm", "依法抹去"), ("along", "1")];
    office.submit(&address(Uuid::from_u128(0x3001)), &sure).await;
    assert!(counted(&office.page("/console").await, 2), "none has come back, none without a name went");
    let answer = office.submit(&address(Uuid::from_u128(0x3002)), &sure[..3]).await;
    assert!(counted(&office.page("/console").await, 3), "as was said");
    let page = office.page(answer.location()).await;
    assert_eq!(links(&page, "/console/erase/"), [address(Uuid::from_u128(0x4004))], "the named one: {page}");
}

#[tokio::test]
async fn a_page_of_a_diary_leads_to_its_erasure() {
    let world = World::new();
    world.diary(1, "今天去了三组");
    let place = address(Uuid::from_u128(0x5001));
    let mut office = world.office().await;
    assert_eq!(links(&office.page("/console/diary").await, "/console/erase/"), [place.as_str()]);
    assert!(office.page(&place).await.contains("今天去了三组"));
}
