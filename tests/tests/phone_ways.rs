//! Ways through the app that people go by haste or by accident: double taps, and back from pages that are rarely open.

use lianxin_tests::e2e::{Headless, LIUSHUGOU, Phone, SHIQIAO, Server, until};
use serde_json::{Value, json};
use uuid::Uuid;

const CADRE: &str = "韩冬梅";
const VISITS: &str = "SELECT count(*) FROM record WHERE kind = 'visit'";
const WORDS: &str = "今天路上滑，走得慢。";

/// How a hasty finger taps twice.
#[derive(Debug, Clone, Copy)]
enum Twice {
    /// Two taps on one place, one right after the other.
    ByTouch,
    /// Before the page can have changed at all.
    AtOnce,
}

impl Twice {
    async fn tap(self, phone: &mut Phone, testid: &str) {
        match self {
            Twice::ByTouch => phone.tap_twice(testid).await,
            Twice::AtOnce => {
                ready(phone, testid).await;
                let script = "const one = document.querySelector(`[data-testid=\"${arguments[0]}\"]`); one.click(); one.click(); return null;";
                phone.browser.script::<Value>(script, json!(testid)).await;
            }
        }
    }
}

/// Waits until a button takes taps.
async fn ready(phone: &Phone, testid: &str) {
    let script = "return document.querySelector(`[data-testid=\"${arguments[0]}\"]`)?.disabled === false;";
    until(&format!("{testid} takes taps"), async || {
        phone.browser.script::<bool>(script, json!(testid)).await.then_some(())
    })
    .await;
}

/// The page is this step, once both taps have done what they do.
async fn is_at_step(phone: &Phone, step: u8, button: &str) {
    phone.see(&format!("visit-step-{step}")).await;
    ready(phone, button).await;
    assert!(phone.path().await.ends_with(&format!("/{step}")), "one step, not two");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_double_tap_is_one_step() {
    let server = Server::demo(900);
    let mut phone = Phone::enrolled("阿香", &server, CADRE).await;
    for twice in [Twice::ByTouch, Twice::AtOnce] {
        let before = server.count(VISITS);
        phone.open("/").await;
        phone.see("must-left").await;
        phone.tap("household-row").await;
        phone.see("household").await;
        twice.tap(&mut phone, "go-visit").await;
        is_at_step(&phone, 0, "step-next").await;
        phone.answer_required().await;
        twice.tap(&mut phone, "step-next").await;
        is_at_step(&phone, 1, "step-next").await;
        // The way back has each step once.
        phone.back().await;
        is_at_step(&phone, 0, "step-next").await;
        phone.back().await;
        phone.see("household").await;

        phone.tap("go-visit").await;
        is_at_step(&phone, 0, "step-next").await;
        phone.tap("step-next").await;
        twice.tap(&mut phone, "step-back").await;
        is_at_step(&phone, 0, "step-next").await;
        phone.tap("step-next").await;
        is_at_step(&phone, 1, "step-next").await;
        twice.tap(&mut phone, "step-next").await;
        is_at_step(&phone, 2, "finish").await;
        twice.tap(&mut phone, "finish").await;
        phone.see_text("note-done", "乡镇已收到").await;
        phone.tap("back").await;
        phone.see("today").await;
        assert_eq!(server.count(VISITS), before + 1, "{twice:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn back_from_enrolling_anew_leads_where_one_was() {
    let mut server = Server::demo(30);
    let mut phone = Phone::enrolled("阿香", &server, CADRE).await;
    server.stop();
    server.change("DELETE FROM device WHERE name LIKE '%Chrome%'", []);
    server.start();
    phone.tap("tab-diary").await;
    phone.write("diary-text", WORDS).await;
    phone.see_saved().await;
    phone.tap("tab-mine").await;
    phone.tap("sync-now").await;
    phone.tap("enrol-again").await;
    phone.see("enrol").await;
    phone.tap("back").await;
    phone.see("mine").await;
    phone.tap("enrol-again").await;
    phone.see("enrol").await;
    phone.back().await;
    phone.see("mine").await;
    // Opened by the office's link, 今日 lies beneath.
    phone.open(&format!("/#enrol?code={}", server.code(CADRE).replace(' ', ""))).await;
    phone.see("enrol").await;
    phone.tap("back").await;
    phone.see("today").await;
    phone.tap("tab-diary").await;
    phone.see_value("diary-text", WORDS).await;
}

/// Waits until the township has a page of the diary with these words.
async fn received(server: &Server, words: &str) {
    let sql = format!("SELECT count(*) FROM patch WHERE kind = 'diary' AND body LIKE '%{words}%'");
    until(words, async || (server.count(&sql) > 0).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_history_of_a_diary_entry_is_opened_from_it_and_left_to_it() {
    let server = Server::demo(30);
    let mut phone = Phone::enrolled("阿香", &server, CADRE).await;
    phone.tap("tab-diary").await;
    phone.write("diary-text", "路滑。").await;
    received(&server, "路滑。").await;
    phone.tap("tab-mine").await;
    phone.see("mine").await;
    phone.tap("tab-diary").await;
    phone.rewrite("diary-text", WORDS).await;
    received(&server, WORDS).await;
    phone.tap("history-open").await;
    for words in [CADRE, "原来：路滑。", &format!("改为：{WORDS}")] {
        phone.see_text("history", words).await;
    }
    phone.tap("back").await;
    phone.see_value("diary-text", WORDS).await;
}

/// A household of the cadre's villages, and one of its members.
fn household_and_member(server: &Server) -> (Uuid, Uuid, String) {
    let sql = "SELECT h.id, p.id, p.name FROM person p JOIN household h ON h.id = p.household
         JOIN cadre_village v ON v.village = h.village JOIN cadre c ON c.id = v.cadre
         WHERE c.name = ?1 AND p.name <> h.head ORDER BY p.id LIMIT 1";
    let found = server.database().query_row(sql, [CADRE], |row| {
        Ok((Uuid::from_bytes(row.get(0)?), Uuid::from_bytes(row.get(1)?), row.get(2)?))
    });
    found.expect("somebody's member")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_households_history_tells_what_was_changed_of_its_members_and_of_whom() {
    let mut server = Server::demo(150);
    let mut phone = Phone::enrolled("阿香", &server, CADRE).await;
    let (household, member, name) = household_and_member(&server);
    phone.open(&format!("/person/{member}")).await;
    phone.rewrite("f-phone", "13800001234").await;
    let arrived = "SELECT count(*) FROM patch WHERE kind = 'person' AND body LIKE '%13800001234%'";
    until("the number arrives", async || (server.count(arrived) > 0).then_some(())).await;
    // More people than the township takes requests of one phone at once.
    let other = Headless::enrolled(&server, CADRE).await;
    let village = other.record(household).await.expect("the household").village;
    for nth in 1..=10 {
        other.new_member(&village, household, &format!("第{nth}口人")).await;
    }
    other.synced().await;
    phone.open("/mine").await;
    phone.tap("sync-now").await;
    phone.open(&format!("/household/{household}")).await;
    phone.see_text("person-row", "第10口人").await;
    // A member whom the township has not heard of yet takes nothing from what it has.
    server.stop();
    phone.open(&format!("/household/{household}")).await;
    phone.tap("add-person").await;
    phone.write("f-name", "还没报上去的人").await;
    phone.see_saved().await;
    phone.tap("back").await;
    phone.see("household").await;
    phone.tap("history-open").await;
    phone.see_text("failed", "一条没丢").await;
    server.start();
    phone.tap("retry").await;
    phone.see_text("history-change", "13800001234").await;
    let newest = phone.texts("history-change").await.into_iter().find(|text| text.contains("13800001234"));
    assert!(newest.is_some_and(|text| text.starts_with(&format!("家里人 {name}"))), "it says whose");
    for of in ["户的资料", "家里人 第1口人", "家里人 第10口人"] {
        phone.see_text("history-of", of).await;
    }
}

/// Nothing is written before the village is chosen, nor called saved before it is; while nobody else knows the household,
/// another village can be chosen.
#[tokio::test(flavor = "multi_thread")]
async fn a_household_begun_in_the_wrong_village_is_put_right() {
    let server = Server::demo(150);
    let mut phone = Phone::enrolled("阿香", &server, CADRE).await;
    phone.online(false).await;
    phone.see_text("state-line", "离线").await;
    phone.tap("tab-households").await;
    phone.add_household(SHIQIAO).await;
    phone.write("f-group", "三组").await;
    phone.tap("done").await;
    phone.see_words("写上户主姓名").await;
    phone.see_no("save-mark").await;
    phone.write("f-head", "欧阳七").await;
    phone.see_saved().await;
    let (right, wrong) = (format!("village-{LIUSHUGOU}"), format!("village-{SHIQIAO}"));
    phone.see_chosen(&wrong).await;
    phone.tap(&right).await;
    phone.see_chosen(&right).await;
    phone.tap("done").await;
    phone.tap("back").await;
    phone.online(true).await;
    phone.tap("tab-mine").await;
    phone.tap("sync-now").await;
    phone.see_text("state-line", "已全部上报").await;
    let sql = "SELECT village FROM household WHERE head = '欧阳七'";
    let village: String = server.database().query_row(sql, [], |row| row.get(0)).expect("one household");
    assert_eq!(village, LIUSHUGOU);
    phone.tap("tab-households").await;
    phone.write("search", "欧阳七").await;
    phone.tap("household-row").await;
    phone.tap("edit-household").await;
    phone.see_text("village-now", "柳树沟村").await;
    assert_eq!(phone.count(&right).await, 0, "the office alone can move it now");
}
