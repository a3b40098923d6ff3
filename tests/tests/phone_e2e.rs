//! The main job in the real browser: what a cadre wrote in a courtyard without signal reaches the township once.

use lianxin_tests::e2e::{Console, Phone, Server};

/// The cadre of the demo township whose phone this is.
const CADRE: &str = "韩冬梅";
const HOUSEHOLDS: usize = 150;

const HEARD: [&str; 2] =
    ["上回来的人说给换电褥子，到现在也没见着。", "村口那截路下雨走不成，𠮷家的三轮翻过一回😟。"];
const NOTES: &str = "老人耳背，说话要大声；答应周五再来看电。";

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_visit_offline_survives_and_arrives() {
    let mut server = Server::demo(HOUSEHOLDS);
    let mut phone = Phone::enrolled("阿香", &server, CADRE).await;
    let (_, received) = counts_on_mine(&mut phone).await;
    assert_eq!(received, 0, "this phone has written nothing yet");
    phone.tap("tab-today").await;

    server.stop();
    // A must-visit household, from the list of those that are left.
    phone.see("must-left").await;
    phone.tap("household-row").await;
    phone.see("household").await;
    let head = phone.heading().await;
    phone.tap("go-visit").await;
    phone.see("visit-step-0").await;
    phone.answer_required().await;
    phone.tap("step-next").await;
    phone.write("opinion-1", HEARD[0]).await;
    phone.see_saved().await;

    // The phone's cleaner kills the browser in the middle of the second opinion.
    phone.tap("opinion-add").await;
    phone.see_cursor_in("opinion-2").await;
    let half: String = HEARD[1].chars().take(12).collect();
    for letter in half.chars() {
        phone.type_on(&letter.to_string()).await;
    }
    phone.see_saved().await;
    phone.type_on("……").await;
    phone.die();
    phone.revive().await;
    phone.see("visit-step-1").await;
    phone.see_value("opinion-1", HEARD[0]).await;
    let kept = phone.value("opinion-2").await;
    assert!(kept.starts_with(&half), "what the screen called 已存 is there: {kept}");
    phone.see_cursor_in("opinion-2").await;
    phone.rewrite("opinion-2", HEARD[1]).await;
    phone.tap("opinion-2-kind-suggestion").await;

    phone.tap("step-next").await;
    phone.see("visit-step-2").await;
    phone.write("visit-notes", NOTES).await;
    phone.tap("finish").await;
    phone.see("note-done").await;
    let household = phone.path().await;

    phone.tap("back").await;
    phone.tap("tab-diary").await;
    phone.write("diary-text", "今天走了一户，路不好走。").await;
    phone.see_saved().await;
    let new_head = "欧阳𠮷";
    phone.tap("tab-households").await;
    phone.tap("household-add").await;
    phone.write("f-head", new_head).await;
    phone.write("f-group", "三组").await;
    phone.see_saved().await;
    phone.tap("tag-tekun_hu").await;
    phone.see_saved().await;

    phone.die();
    phone.revive().await;
    everything_is_still_there(&mut phone, &household, new_head).await;

    server.start();
    phone.tap("tab-mine").await;
    phone.tap("sync-now").await;
    phone.see_text("state-line", "已全部上报").await;
    let (waiting, received) = counts_on_mine(&mut phone).await;
    assert_eq!(waiting, 0);
    assert_eq!(received, 5, "visit, two opinions, diary, household: all by receipts");
    phone.open(&household).await;
    phone.see_text("place", "乡镇已收到").await;

    server.check();
    the_office_sees_it(&server, &head, new_head).await;
}

/// 待上报 and 乡镇已收到.
async fn counts_on_mine(phone: &mut Phone) -> (u32, u32) {
    phone.tap("tab-mine").await;
    phone.counts().await
}

/// After the second death, still offline.
async fn everything_is_still_there(phone: &mut Phone, household: &str, new_head: &str) {
    // It reopens in the form that was open, over the record that it has begun.
    phone.see_value("f-head", new_head).await;
    phone.see_value("f-group", "三组").await;
    phone.open(household).await;
    for heard in HEARD {
        phone.see_words(heard).await;
    }
    phone.see_text("place", "已存本机").await;
    phone.open("/diary").await;
    phone.see_value("diary-text", "今天走了一户，路不好走。").await;
    phone.open("/mine").await;
    phone.see_text("state-line", "离线可用").await;
    let (waiting, _) = phone.counts().await;
    assert_eq!(waiting, 5);
}

async fn the_office_sees_it(server: &Server, head: &str, new_head: &str) {
    let console = Console::sign_in(server).await;
    let ledger = console.page("/console/visits").await;
    assert!(ledger.contains(head), "the visit stands in the ledger");
    let visit = ledger.split("href=\"/console/visits/").skip(1).find(|rest| rest.contains(head));
    let id = visit.and_then(|rest| rest.split('"').next()).expect("the visit's page");
    let page = console.page(&format!("/console/visits/{id}")).await;
    for words in [HEARD[0], HEARD[1], NOTES] {
        assert!(page.contains(words), "{words}");
    }
    assert!(console.page("/console/households?q=欧阳").await.contains(new_head));
    let rows = console.xlsx().await;
    let with_words = rows.iter().filter(|row| row.iter().any(|cell| cell.contains(HEARD[1])));
    assert_eq!(with_words.count(), 1, "its row exactly once");
}
