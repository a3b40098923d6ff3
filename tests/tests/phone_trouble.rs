//! Bad input on the real screen: each time clear words, and nothing lost.

use lianxin_shared::replica::patch_bytes_max;
use lianxin_tests::e2e::{Phone, Server};

const CADRE: &str = "韩冬梅";

#[tokio::test(flavor = "multi_thread")]
async fn enrolment_that_fails_says_why_and_can_be_mended() {
    let mut server = Server::demo(30);
    let mut phone = Phone::fresh("阿香", &server).await;
    phone.tap("enrol-go").await;
    phone.see_text("enrol-error", "请先写上登记码").await;
    // What cannot be a code is not asked of the server.
    phone.write("enrol-code", "12345").await;
    phone.tap("enrol-go").await;
    phone.see_text("enrol-error", "还差 5 位").await;
    phone.rewrite("enrol-code", "00000 00000").await;
    phone.tap("enrol-go").await;
    phone.see_text("enrol-error", "没有这个").await;

    // A page may speak with its own server alone: it says which that is, and offers no other.
    phone.see_text("enrol-at", server.url()).await;
    assert_eq!(phone.count("enrol-server").await, 0);
    let code = server.code(CADRE);
    phone.rewrite("enrol-code", &code).await;
    server.stop();
    phone.tap("enrol-go").await;
    phone.see_text("enrol-error", "登记要有网").await;
    server.start();
    phone.tap("enrol-go").await;
    phone.see("today").await;
    phone.see_text("state-line", "已全部上报").await;

    // Another phone with the same paper.
    let mut second = Phone::fresh("小吴", &server).await;
    second.write("enrol-code", &code).await;
    second.tap("enrol-go").await;
    second.see_text("enrol-error", "已经用过了").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_phone_hands_its_unsent_words_in_and_locks_itself() {
    let server = Server::demo(150);
    let mut phone = Phone::enrolled("阿香", &server, CADRE).await;
    // A visit half written.
    phone.tap("household-row").await;
    phone.tap("go-visit").await;
    phone.see("visit-step-0").await;
    phone.answer_required().await;
    phone.tap("step-next").await;
    phone.write("opinion-1", "还没写完").await;
    phone.see_saved().await;
    phone.open("/diary").await;
    phone.see("diary-text").await;
    phone.see_text("state-line", "已全部上报").await;
    let devices = server.cli(&["device", "list"]);
    let own = devices.lines().find(|line| line.contains("Chrome")).expect("the browser's device");
    server.cli(&["device", "revoke", own.split_whitespace().next().expect("its number")]);
    phone.write("diary-text", "这一页还没有报上去").await;
    phone.see_text("locked", "已停用").await;
    phone.see_text("locked", "一条没丢").await;
    phone.see_text("locked", "还有 1 份没写完").await;
    phone.is_without_flaws("停用").await;
    let kept = "SELECT count(*) FROM patch WHERE held <> '' AND body LIKE '%这一页还没有报上去%'";
    assert_eq!(server.count(kept), 1, "the office has every word");
    phone.die();
    phone.revive().await;
    phone.see("locked").await;

    // The office lets the same cadre in again, by its link: the half written visit is there.
    phone.open(&format!("/#enrol?code={}", server.code(CADRE).replace(' ', ""))).await;
    phone.reload().await;
    phone.tap("enrol-go").await;
    phone.tap("tab-today").await;
    phone.see("draft-row").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_that_the_server_has_forgotten_is_let_in_again_by_the_link_and_keeps_its_words() {
    let mut server = Server::demo(30);
    let mut phone = Phone::enrolled("阿香", &server, CADRE).await;
    server.stop();
    server.change("DELETE FROM device WHERE name LIKE '%Chrome%'", []);
    server.start();
    phone.tap("tab-diary").await;
    phone.write("diary-text", "这一页还没有报上去").await;
    phone.see_saved().await;
    phone.tap("tab-mine").await;
    phone.tap("sync-now").await;
    phone.see_text("sync-problem", "不认识这部手机").await;
    let code = server.code(CADRE).replace(' ', "");
    phone.open(&format!("/#enrol?code={code}")).await;
    phone.see_value("enrol-code", &code).await;
    phone.is_without_flaws("登记回来").await;
    phone.tap("enrol-go").await;
    phone.see("today").await;
    phone.see_text("state-line", "已全部上报").await;
    assert_eq!(server.count("SELECT count(*) FROM patch WHERE body LIKE '%这一页还没有报上去%'"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn words_beyond_what_a_record_takes_are_refused_in_words_and_stay_on_the_screen() {
    let server = Server::demo(30);
    let mut phone = Phone::enrolled("阿香", &server, CADRE).await;
    phone.tap("tab-diary").await;
    let long = "话".repeat(patch_bytes_max / 3 + 1);
    phone.write("diary-text", &long).await;
    phone.see_text("failed", "内容太长").await;
    phone.see_text("failed", "写的都还在").await;
    assert_eq!(phone.value("diary-text").await.chars().count(), long.chars().count());
    phone.rewrite("diary-text", "短了。").await;
    phone.see_saved().await;
    phone.see_no("failed").await;
}
