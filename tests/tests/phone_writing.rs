//! Writing on the phone is never disturbed: Chinese composition, Android's back, reloads, a second tab.

use lianxin_tests::e2e::{Phone, Server, until};
use serde_json::{Value, json};

const CADRE: &str = "韩冬梅";

/// What the keyboard shows while it composes.
async fn compose(phone: &Phone, text: &str) {
    let at = text.chars().count();
    let composing = json!({"text": text, "selectionStart": at, "selectionEnd": at});
    phone.browser.devtools("Input.imeSetComposition", composing).await;
}

/// The page learns that it may be discarded: every editor saves, in the middle of whatever is being written.
async fn page_is_hidden(phone: &Phone) {
    let script = "document.dispatchEvent(new Event('visibilitychange', {bubbles: true}));";
    phone.browser.script::<Value>(script, Value::Null).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn composing_over_an_autosave_leaves_composition_and_words_as_they_are() {
    let server = Server::demo(150);
    let mut phone = Phone::at_the_words("阿香", &server, CADRE).await;
    for field in ["opinion-1", "diary-text"] {
        if field == "diary-text" {
            phone.open("/diary").await;
        }
        phone.write(field, "路上").await;
        compose(&phone, "xia").await;
        page_is_hidden(&phone).await;
        phone.see_saved().await;
        phone.see_value(field, "路上xia").await;
        compose(&phone, "xiayu").await;
        page_is_hidden(&phone).await;
        phone.see_saved().await;
        // Were the composition broken, the letters before would stay beside these.
        phone.see_value(field, "路上xiayu").await;
        phone.type_on("下雨").await;
        phone.see_value(field, "路上下雨").await;
        phone.type_on("，走不成。").await;
        phone.see_value(field, "路上下雨，走不成。").await;
        phone.see_saved().await;
    }
    phone.die();
    phone.revive().await;
    phone.see_value("diary-text", "路上下雨，走不成。").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn androids_back_steps_back_and_keeps_the_draft() {
    let server = Server::demo(150);
    let mut phone = Phone::at_the_words("阿香", &server, CADRE).await;
    phone.write("opinion-1", "水龙头一天只来两个钟头水。").await;
    phone.back().await;
    phone.see("visit-step-0").await;
    phone.back().await;
    phone.see("household").await;
    phone.see_text("go-visit", "接着写走访").await;
    phone.back().await;
    phone.see("today").await;
    phone.tap("draft-row").await;
    phone.see("visit-step-0").await;
    phone.tap("step-next").await;
    phone.see_value("opinion-1", "水龙头一天只来两个钟头水。").await;
    // After 完成, back does not lead into the finished draft.
    phone.tap("step-next").await;
    phone.tap("finish").await;
    phone.see("note-done").await;
    phone.back().await;
    until("out of the visit", async || (!phone.path().await.starts_with("/visit/")).then_some(())).await;
    assert_eq!(phone.count("visit-step-2").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_at_any_step_reopens_it_with_every_word() {
    let server = Server::demo(150);
    let mut phone = Phone::at_the_words("阿香", &server, CADRE).await;
    phone.write("opinion-1", "𠮷家灶房漏雨😟。").await;
    phone.see_saved().await;
    phone.reload().await;
    phone.see("visit-step-1").await;
    phone.see_value("opinion-1", "𠮷家灶房漏雨😟。").await;
    phone.tap("step-next").await;
    phone.write("visit-notes", "答应周五再来。").await;
    phone.see_saved().await;
    phone.reload().await;
    phone.see("visit-step-2").await;
    phone.see_value("visit-notes", "答应周五再来。").await;
    phone.see_words("𠮷家灶房漏雨😟。").await;
    phone.tap("step-back").await;
    phone.see("visit-step-1").await;
    phone.tap("step-back").await;
    phone.see("visit-step-0").await;
    phone.reload().await;
    phone.see("visit-step-0").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_left_in_the_middle_of_a_word_has_saved_it() {
    let server = Server::demo(150);
    let mut phone = Phone::at_the_words("阿香", &server, CADRE).await;
    for said in ["水管", "冻了，", "三天没水。"] {
        phone.write("opinion-1", said).await;
        // At once, long before the pause after which typing is saved.
        phone.reload().await;
        phone.see("visit-step-1").await;
    }
    phone.see_value("opinion-1", "水管冻了，三天没水。").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_tab_says_so_and_takes_over_when_asked() {
    let server = Server::demo(150);
    let mut phone = Phone::at_the_words("阿香", &server, CADRE).await;
    let first = phone.browser.session().window().await.expect("a window");
    phone.write("opinion-1", "写到一半").await;
    let second = phone.browser.session().new_tab().await.expect("a tab");
    phone.browser.session().switch_to_window(second).await.expect("the tab");
    phone.open("/").await;
    phone.see_text("other-tab", "另一个标签页").await;
    phone.tap("take-over").await;
    phone.see("visit-step-1").await;
    phone.see_value("opinion-1", "写到一半").await;
    phone.write("opinion-1", "，又接着写完").await;
    phone.see_saved().await;

    phone.browser.session().switch_to_window(first).await.expect("the first tab");
    phone.see_text("other-tab", "已换到另一个标签页").await;
    phone.tap("take-over").await;
    phone.see_value("opinion-1", "写到一半，又接着写完").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_loaded_again_and_again_always_opens() {
    let server = Server::demo(150);
    let mut phone = Phone::enrolled("阿香", &server, CADRE).await;
    for _ in 0..15 {
        // The page before is still letting go of its files while this one opens them.
        phone.tap("tab-mine").await;
        phone.open("/").await;
        phone.see("mine").await;
    }
}
