//! Records that the township keeps apart: the screen says that nothing is lost, why, and whom to ask.

use lianxin_tests::e2e::{LIUSHUGOU, Phone, SHIQIAO, Server};
use rusqlite::params;
use serde_json::Value;
use uuid::Uuid;

const CADRE: &str = "韩冬梅";

#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_for_a_village_that_was_taken_away_is_told_and_kept() {
    let mut server = Server::demo(30);
    let sql = "SELECT h.id FROM household h JOIN cadre_village v ON v.village = h.village
         JOIN cadre c ON c.id = v.cadre WHERE c.name = ?1 ORDER BY h.id LIMIT 1";
    let id: [u8; 16] = server.database().query_row(sql, [CADRE], |row| row.get(0)).expect("a household");
    let page = format!("/household/{}", Uuid::from_bytes(id));
    let mut phone = Phone::enrolled("阿香", &server, CADRE).await;
    server.stop();
    phone.open(&page).await;
    phone.see("household").await;
    phone.tap("edit-household").await;
    phone.rewrite("f-note", "狗拴着，从东边进").await;
    phone.see_saved().await;
    phone.tap("done").await;
    phone.see("household").await;

    let taken = server.change(
        "DELETE FROM cadre_village WHERE cadre = (SELECT id FROM cadre WHERE name = ?1)
         AND village = (SELECT village FROM household WHERE id = ?2)",
        params![CADRE, id],
    );
    assert_eq!(taken, 1);
    server.start();
    phone.open("/mine").await;
    phone.tap("sync-now").await;
    phone.see_text("held", "这个村没有分给您").await;
    phone.see_words("一个字没少").await;
    // Its household went with the village: it is not called nameless for that.
    phone.see_text("held", "户的资料").await;
    phone.see_text("count-waiting", "0").await;
    assert_eq!(phone.count("outbox").await, 0, "it is with the township, not on its way");
    phone.tap("tab-today").await;
    phone.see_text("held-row", "1 条").await;
    phone.tap("held-row").await;
    phone.see("mine").await;
    let kept = "SELECT count(*) FROM patch WHERE held <> '' AND body LIKE '%狗拴着%'";
    assert_eq!(server.count(kept), 1, "the township has every word");
    server.check();
}

/// What 今日 says below its heading: the day and the villages.
async fn villages_on_today(phone: &mut Phone) -> String {
    phone.tap("tab-today").await;
    phone.see("today").await;
    phone.browser.script("return document.querySelector('main .sub').innerText;", Value::Null).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_villages_shows_at_once_and_a_draft_there_says_what_will_go() {
    let server = Server::township(&[(LIUSHUGOU, "柳树沟村"), (SHIQIAO, "石桥村")], &[("阿香", LIUSHUGOU)]);
    let grant = |villages: &[&str]| {
        let mut command = vec!["cadre", "villages", "阿香"];
        villages.iter().for_each(|code| command.extend(["--village", code]));
        server.cli(&command);
    };
    grant(&[LIUSHUGOU, SHIQIAO]);
    let mut phone = Phone::enrolled("阿香", &server, "阿香").await;
    phone.tap("tab-visit").await;
    phone.tap("visit-other").await;
    phone.write("visit-name", "石桥小学").await;
    phone.tap(&format!("village-{SHIQIAO}")).await;
    phone.tap("visit-begin").await;
    phone.see("visit-step-0").await;
    assert_eq!(phone.count("withdrawn").await, 0);

    grant(&[LIUSHUGOU]);
    phone.tap("state-line").await;
    phone.tap("sync-now").await;
    phone.see_text("leaving", "石桥村已不分给您").await;
    assert!(!phone.page_says("柳树沟村、石桥村").await, "我的 names the villages that are");
    let today = villages_on_today(&mut phone).await;
    assert!(today.contains("柳树沟村") && !today.contains("石桥村"), "{today}");
    phone.tap("draft-row").await;
    phone.see_text("withdrawn", "这个村的户册会从本机移走").await;
    phone.back().await;
    phone.see("today").await;
    phone.tap("tab-households").await;
    phone.tap("household-add").await;
    phone.see("f-head").await;
    assert_eq!(phone.count(&format!("village-{SHIQIAO}")).await, 0, "nobody is added there any more");
    phone.back().await;

    // Granted again, it is there again, without a reload.
    grant(&[LIUSHUGOU, SHIQIAO]);
    phone.tap("tab-mine").await;
    phone.tap("sync-now").await;
    phone.see_no("leaving").await;
    let today = villages_on_today(&mut phone).await;
    assert!(today.contains("石桥村"), "{today}");
    phone.tap("draft-row").await;
    phone.see("visit-step-0").await;
    phone.see_no("withdrawn").await;
    server.check();
}
