//! What phones handed in and the server holds.

use crate::{
    auth::{AuthError, create_code, redeem_code, revoke_device},
    console::testing::{NOW_MS, WILLOW, World},
    service::{Caller, ServiceError, push},
};
use axum::http::StatusCode;
use lianxin_shared::{
    domain::opinion::Opinion,
    replica::{Base, FieldSet, Patch, PatchDraft, Stamp, kind},
};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Pushes one patch as 阿香's phone whose villages were all withdrawn.
fn hand_in(world: &World, kind: &str, id: Uuid, village: &str, set: FieldSet) {
    let device = world.phone;
    let receipt: i64 = world
        .storage
        .read(|db| {
            Ok::<_, ServiceError>(db.query_row("SELECT receipt FROM device", [], |row| row.get(0)).unwrap())
        })
        .unwrap();
    let stamp = Stamp { wall_ms: NOW_MS as u64 - 60_000, counter: receipt as u16, device };
    let edit =
        PatchDraft { stamp, kind: kind.to_owned(), id, village: village.to_owned(), set, base: Base::new() };
    let patch = Patch { device_seq: receipt as u64 + 1, edit };
    let caller = Caller { device, villages: BTreeSet::new(), past: BTreeMap::new(), revoked: false };
    world.storage.write(move |db| push(db, &caller, 0, &[patch], &BTreeMap::new(), NOW_MS)).unwrap();
}

fn fields(pairs: &[(&str, &str)]) -> FieldSet {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect()
}

#[tokio::test]
async fn the_page_says_what_is_held_and_why_in_words() {
    let world = World::new();
    let home = world.household(1, WILLOW, "周秀兰", &[]);
    let (visit, opinion) = (Uuid::from_u128(0x31), Uuid::from_u128(0x41));
    let written =
        [("target_name", "周秀兰"), ("mode", "home"), ("notes", "说渠又堵了"), ("visitor", "axiang")];
    hand_in(&world, kind::VISIT, visit, WILLOW, fields(&written));
    let withheld =
        Opinion {
            visit: Some(visit), text: "不敢留名的话".into(), anonymous: true, ..Opinion::default()
        };
    hand_in(&world, kind::OPINION, opinion, WILLOW, withheld.to_fields());
    hand_in(&world, kind::HOUSEHOLD, home, WILLOW, fields(&[("household", "x"), ("class", "resident")]));
    let mut office = world.office().await;
    let page = office.page("/console/held").await;
    for words in [
        "待收下",
        "共 3 条",
        "阿香",
        "柳树沟村",
        "走访 周秀兰",
        "说渠又堵了",
        "入户",
        "户 周秀兰",
        "这个村没有分给这名干部",
        "还有 1 条不留姓名的原话",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    for hidden in ["target_name", ">notes<", ">axiang<", "不敢留名的话", "意见建议（不记名）"]
    {
        assert!(!page.contains(hidden), "{hidden}");
    }
    let device = world.phone.to_string();
    let alone = opinion.to_string();
    let alone = [("device", device.as_str()), ("record", alone.as_str()), ("verdict", "release")];
    assert!(office.submit("/console/held", &alone).await.text().contains("一起定"));
    assert!(!office.page("/console/opinions").await.contains("不敢留名的话"));
    let all = [("device", device.as_str()), ("verdict", "release")];
    assert_eq!(office.submit("/console/held", &all).await.location(), "/console/held");
    assert!(office.page("/console/visits").await.contains("周秀兰"));
    assert!(office.page("/console/opinions").await.contains("不敢留名的话"));
    let page = office.page("/console/held").await;
    assert!(
        page.contains("最近定下的") && page.contains("乡镇走访办 老周") && page.contains("没有要核的"),
        "{page}"
    );
}

#[tokio::test]
async fn words_whose_speaker_withholds_the_name_only_now_are_not_shown_either() {
    let world = World::new();
    let opinion = Uuid::from_u128(0x4001);
    world.opinion(1, WILLOW, Opinion { text: "早先的话".into(), ..Opinion::default() });
    let later = Opinion { text: "不敢留名的话".into(), anonymous: true, ..Opinion::default() };
    hand_in(&world, kind::OPINION, opinion, WILLOW, later.to_fields());
    let page = world.office().await.page("/console/held").await;
    assert!(page.contains("还有 1 条不留姓名的原话") && !page.contains("不敢留名的话"), "{page}");
}

#[tokio::test]
async fn what_cannot_stand_in_the_records_is_let_in_by_nobody() {
    let world = World::new();
    for (n, kind, village) in [
        (1, kind::HOUSEHOLD, "12"),
        (2, kind::CONFLICT, WILLOW),
        (3, kind::CAMPAIGN, WILLOW),
        (4, kind::HOUSEHOLD, "999999999999"),
    ] {
        hand_in(&world, kind, Uuid::from_u128(n + 0x900), village, fields(&[("head", "李四")]));
    }
    let mut office = world.office().await;
    let device = world.phone.to_string();
    let all = [("device", device.as_str()), ("verdict", "release")];
    assert_eq!(office.submit("/console/held", &all).await.location(), "/console/held?unfit=4");
    let page = office.page("/console/held?unfit=4").await;
    for words in ["村代码不合规", "冲突记录由乡镇服务器产生", "村和活动由乡镇走访办设定", "本乡镇没有这个村"]
    {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(!page.contains("formnovalidate>收下"));
    let odd = office.submit("/console/held", &[("device", "x"), ("verdict", "release")]).await;
    assert_eq!(odd.status, StatusCode::NOT_FOUND);
    let odd = office.submit("/console/held", &[("device", device.as_str())]).await;
    assert_eq!(odd.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn the_reason_is_promised_to_a_phone_only_where_one_will_show_it() {
    let world = World::new();
    let (visit, opinion) = (Uuid::from_u128(0x31), Uuid::from_u128(0x41));
    hand_in(&world, kind::VISIT, visit, WILLOW, fields(&[("target_name", "周秀兰")]));
    let said = Opinion { visit: Some(visit), text: "渠又堵了".into(), ..Opinion::default() };
    hand_in(&world, kind::OPINION, opinion, WILLOW, said.to_fields());
    let mut office = world.office().await;
    let page = office.page("/console/held").await;
    assert!(page.contains("placeholder=\"不收的缘故，手机上看得到\"") && !page.contains("内容要您告诉本人"));
    assert!(page.contains("一次走访，还没收下"), "{page}");

    // Her next phone takes the place of this one.
    let next = world.storage.write(|db| {
        let code = create_code(db, "axiang", NOW_MS)?;
        Ok::<_, AuthError>(redeem_code(db, &code.digits, "Android · Chrome", "0.1.0", NOW_MS).unwrap())
    });
    assert!(next.is_ok());
    let page = office.page("/console/held").await;
    assert!(page.contains("已经换了，定下来的结果它看不到"), "{page}");
    assert!(!page.contains("placeholder=\"不收的缘故，手机上看得到\""), "{page}");
    let phone = world.phone;
    world.storage.write(move |db| revoke_device(db, phone, NOW_MS)).unwrap();
    assert!(office.page("/console/held").await.contains("已停用，定下来的结果它看不到"));
}

#[tokio::test]
async fn an_opinion_says_what_became_of_a_visit_that_was_refused() {
    let world = World::new();
    let visit = Uuid::from_u128(0x31);
    hand_in(&world, kind::VISIT, visit, WILLOW, fields(&[("target_name", "周秀兰")]));
    world.opinion(1, WILLOW, Opinion { visit: Some(visit), text: "渠又堵了".into(), ..Opinion::default() });
    let mut office = world.office().await;
    assert!(office.page("/console/opinions").await.contains("那次走访还没收下"));
    let (device, record) = (world.phone.to_string(), visit.to_string());
    let refusal = [
        ("device", device.as_str()),
        ("record", record.as_str()),
        ("verdict", "refuse"),
        ("why", "写错了户"),
    ];
    office.submit("/console/held", &refusal).await;
    let page = office.page("/console/opinions").await;
    assert!(page.contains("那次走访没有收下") && page.contains("缘故：写错了户"), "{page}");
    let link = format!("/console/history/{visit}");
    assert!(page.contains(&link) && office.page(&link).await.contains("未收下"), "it is still to be read");
    let story = office.page(&format!("/console/history/{}", Uuid::from_u128(0x4001))).await;
    assert!(story.contains("一次走访，没有收下"), "{story}");
}

#[tokio::test]
async fn what_waits_or_was_refused_can_be_erased_from_where_it_stands() {
    let world = World::new();
    let (visit, other) = (Uuid::from_u128(0x31), Uuid::from_u128(0x32));
    hand_in(
        &world,
        kind::VISIT,
        visit,
        WILLOW,
        fields(&[("target_name", "周秀兰"), ("notes", "说渠又堵了")]),
    );
    // Nobody can ever let this one in.
    hand_in(&world, "rumour", other, WILLOW, fields(&[("notes", "听说的闲话")]));
    let device = world.phone.to_string();
    let mut office = world.office().await;
    let refusal = [("device", device.as_str()), ("verdict", "refuse"), ("why", "不是本村的")];
    office.submit("/console/held", &refusal).await;
    let page = office.page("/console/held?refused=1").await;
    for (id, words) in [(visit, "说渠又堵了"), (other, "听说的闲话")] {
        let place = format!("/console/erase/{id}");
        assert!(page.contains(&place) && page.contains(words), "{page}");
        assert!(office.page(&place).await.contains(words), "what it is");
        let sure = [("whole", "1"), ("why", "本人书面要求"), ("confirm", "依法抹去")];
        let answer = office.submit(&place, &sure).await;
        assert_eq!(answer.location(), format!("/console/history/{id}"));
        for place in [answer.location(), "/console/held?refused=1", "/console/held"] {
            assert!(!office.page(place).await.contains(words), "{place}");
        }
    }
    let page = office.page("/console/held?refused=1").await;
    assert!(page.contains("没有不收的") && !page.contains("value=\"release\""), "nothing to rule on: {page}");
}

#[tokio::test]
async fn withheld_words_that_wait_can_be_erased_unread() {
    let world = World::new();
    let id = Uuid::from_u128(0x41);
    let said = Opinion { text: "不敢留名的话".into(), anonymous: true, ..Opinion::default() };
    hand_in(&world, kind::OPINION, id, WILLOW, said.to_fields());
    let mut office = world.office().await;
    let page = office.page("/console/held").await;
    assert!(!page.contains(&id.to_string()));
    let at = page.find("/console/erase/x").expect("a way there");
    let place: String = page[at..].chars().take_while(|c| *c != '"').collect();
    let page = office.page(&place).await;
    for told in ["不敢留名的话", "阿香", &id.to_string()] {
        assert!(!page.contains(told), "{told}: {page}");
    }
    let sure = [("whole", "1"), ("why", "本人书面要求"), ("confirm", "依法抹去")];
    assert_eq!(office.submit(&place, &sure).await.location(), "/console/held");
    let left = world.storage.read(|db| {
        let sql = "SELECT count(*) FROM patch WHERE instr(body, '不敢留名')";
        Ok::<_, crate::storage::StorageError>(db.query_row(sql, [], |row| row.get::<_, i64>(0))?)
    });
    assert_eq!(left.unwrap(), 0);
}
