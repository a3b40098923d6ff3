//! Writing on the phone is never disturbed: Chinese composition, Android's back, reloads, a second tab.

use lianxin_tests::e2e::{Console, LIUSHUGOU, Phone, Server, VISITED_TODAY, until};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use uuid::Uuid;

const CADRE: &str = "韩冬梅";
/// How long somebody writes without a pause.
const WRITING: Duration = Duration::from_secs(4);
/// A letter is kept within a second; the other half is for a machine that is shared.
const SAVED_WITHIN: Duration = Duration::from_secs(2);
/// Well below the pause after which typing is saved.
const BETWEEN_LETTERS: Duration = Duration::from_millis(80);

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

/// Writes for [`WRITING`] without ever pausing, then kills the phone. What stood there [`SAVED_WITHIN`] before.
async fn write_without_pause_and_die(phone: &mut Phone, field: &str, composing: bool) -> String {
    phone.write(field, "。").await;
    let (begun, mut text, mut safe) = (Instant::now(), String::new(), String::new());
    for letter in ["村", "口", "的", "桥", "塌", "了", "，"].into_iter().cycle() {
        text.push_str(letter);
        if composing {
            compose(phone, &text).await;
        } else {
            phone.type_on(letter).await;
        }
        if begun.elapsed() + SAVED_WITHIN < WRITING {
            safe.clone_from(&text);
        }
        if begun.elapsed() > WRITING {
            break;
        }
        tokio::time::sleep(BETWEEN_LETTERS).await;
    }
    phone.die();
    safe
}

#[tokio::test(flavor = "multi_thread")]
async fn words_typed_without_a_pause_are_saved_while_they_are_typed() {
    let server = Server::demo(150);
    let mut phone = Phone::at_the_words("阿香", &server, CADRE).await;
    for (page, field) in [("", "opinion-1"), ("/diary", "diary-text"), ("/households", "f-address")] {
        for composing in [false, true] {
            if !page.is_empty() {
                phone.open(page).await;
            }
            if field == "f-address" {
                phone.add_household(LIUSHUGOU).await;
            }
            let safe = write_without_pause_and_die(&mut phone, field, composing).await;
            assert!(safe.chars().count() > 5, "{field}: only “{safe}” was typed");
            phone.revive().await;
            until(&format!("{field}, composing {composing}: “{safe}”"), async || {
                phone.value(field).await.contains(&safe).then_some(())
            })
            .await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn androids_back_steps_back_and_keeps_the_draft() {
    let server = Server::demo(150);
    let mut phone = Phone::at_the_words("阿香", &server, CADRE).await;
    phone.write("opinion-1", "水龙头一天只来两个钟头水。").await;
    phone.see_saved().await;
    // Left at the words, it opens at the words, with the step before beneath.
    phone.tap("state-line").await;
    phone.see("mine").await;
    phone.tap("tab-today").await;
    phone.tap("draft-row").await;
    phone.see_value("opinion-1", "水龙头一天只来两个钟头水。").await;
    phone.back().await;
    phone.see("visit-step-0").await;
    phone.back().await;
    phone.see("today").await;
    phone.tap("draft-row").await;
    phone.see("visit-step-0").await;
    for step in 1..=2 {
        phone.tap("step-next").await;
        phone.see(&format!("visit-step-{step}")).await;
    }
    phone.tap("finish").await;
    phone.see("note-done").await;
    // After 完成, back leads to where the visit was begun, past the steps of the finished draft.
    phone.back().await;
    phone.see("today").await;

    // The same where it was begun on the page that it ends on: that page is there once.
    phone.tap("tab-households").await;
    phone.tap("household-row").await;
    phone.see("household").await;
    phone.tap("go-visit").await;
    phone.see("visit-step-0").await;
    phone.tap("absent").await;
    phone.tap("step-next").await;
    phone.see("visit-step-2").await;
    phone.tap("finish").await;
    phone.see("note-done").await;
    phone.tap("back").await;
    phone.see("households").await;
}

/// A household whose checklists ask several things that must be answered.
fn questioned_household(server: &Server) -> Uuid {
    let sql = "SELECT t.household FROM tag t JOIN household h ON h.id = t.household
         JOIN cadre_village v ON v.village = h.village JOIN cadre c ON c.id = v.cadre
         WHERE c.name = ?1 AND h.id NOT IN visited_today GROUP BY h.id ORDER BY count(*) DESC, h.id LIMIT 1";
    let sql = format!("{VISITED_TODAY} {sql}");
    let id: [u8; 16] = server.database().query_row(&sql, [CADRE], |row| row.get(0)).expect("a household");
    Uuid::from_bytes(id)
}

/// The field that is missing at the place that the screen leads to.
const MISSING: &str = "
    const card = document.querySelector('section.q.missing');
    return card ? [card.dataset.testid, card.querySelector('button[role=radio],[role=group] button')?.dataset.testid ?? null] : null;";

/// A card, with its first option if it has any.
type Gap = (String, Option<String>);

/// Where the screen has led to: a card, or the whole.
async fn next_gap(phone: &Phone) -> Option<Gap> {
    until("a gap or the whole", async || {
        if phone.count("visit-step-2").await > 0 {
            return Some(None);
        }
        phone.browser.script::<Option<Gap>>(MISSING, Value::Null).await.map(Some)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn gaps_are_filled_one_after_the_other_and_a_finished_visit_is_corrected() {
    let server = Server::demo(150);
    let mut phone = Phone::enrolled("阿香", &server, CADRE).await;
    phone.open(&format!("/household/{}", questioned_household(&server))).await;
    phone.tap("go-visit").await;
    for step in 0..2 {
        phone.see(&format!("visit-step-{step}")).await;
        phone.tap("step-next").await;
    }
    phone.see("visit-step-2").await;
    phone.write("visit-notes", "老人耳背。").await;
    phone.tap("mend").await;
    phone.see("visit-step-0").await;
    let mut places = 0;
    while let Some((card, option)) = next_gap(&phone).await {
        match option {
            Some(option) => phone.tap(&option).await,
            None => phone.write(&format!("{card}-answer"), "问过了").await,
        }
        // It says so at once, with the cursor still in the field.
        let taken = format!("return document.querySelector('#{card}.missing') === null;");
        until("the answer is taken", async || {
            phone.browser.script::<bool>(&taken, Value::Null).await.then_some(())
        })
        .await;
        places += 1;
        let way = if phone.count("next-gap").await > 0 { "next-gap" } else { "to-review" };
        phone.tap(way).await;
    }
    assert!(places > 1, "more than one place was missing");
    phone.tap("finish").await;
    phone.see_text("note-done", "乡镇已收到").await;

    phone.tap("timeline-row").await;
    phone.see("visited").await;
    let visit = phone.path().await.rsplit('/').next().expect("an id").to_owned();
    phone.tap("amend").await;
    phone.see("visit-step-2").await;
    phone.rewrite("visit-notes", "老人耳背，要大声。").await;
    phone.see_saved().await;
    // Killed in the middle, it goes on where it was.
    phone.die();
    phone.revive().await;
    phone.see_value("visit-notes", "老人耳背，要大声。").await;
    phone.tap("change-words").await;
    phone.tap("opinion-add").await;
    phone.see_cursor_in("opinion-1").await;
    phone.type_on("水也常停。").await;
    phone.tap_text("to-review", "改好了").await;
    phone.tap_text("finish", "完成更正").await;
    phone.see_text("note-done", "乡镇已收到").await;
    for words in ["老人耳背，要大声。", "水也常停。"] {
        phone.see_words(words).await;
    }
    // The township has both: what was written first, and what it is now.
    let console = Console::sign_in(&server).await;
    let page = console.page(&format!("/console/visits/{visit}")).await;
    for words in ["老人耳背，要大声。", "水也常停。"] {
        assert!(page.contains(words), "{words}");
    }
    assert_eq!(
        server.count("SELECT count(*) FROM patch WHERE kind = 'visit' AND body LIKE '%老人耳背。%'"),
        1
    );
    server.check();
}

/// A household of a category whose checklist wants words.
fn household_of(server: &Server, category: &str) -> Uuid {
    let sql = "SELECT t.household FROM tag t JOIN household h ON h.id = t.household
         JOIN cadre_village v ON v.village = h.village JOIN cadre c ON c.id = v.cadre
         WHERE c.name = ?1 AND t.category = ?2 AND h.id NOT IN visited_today ORDER BY h.id LIMIT 1";
    let sql = format!("{VISITED_TODAY} {sql}");
    let found = server.database().query_row(&sql, [CADRE, category], |row| row.get(0));
    Uuid::from_bytes(found.expect("a household"))
}

/// Composes in the field that has the cursor: it stays the same field with the same composition, whatever is drawn anew.
async fn compose_unharmed(phone: &Phone, testid: &str, so_far: &str) {
    phone.browser.script::<Value>("window.written = document.activeElement; return null;", Value::Null).await;
    for letters in ["z", "zhang", "zhangsan"] {
        compose(phone, letters).await;
        phone.see_value(testid, &format!("{so_far}{letters}")).await;
        page_is_hidden(phone).await;
        phone.see_saved().await;
    }
    phone.type_on("张三").await;
    phone.see_value(testid, &format!("{so_far}张三")).await;
    let same = "return window.written === document.activeElement && window.written.isConnected;";
    assert!(phone.browser.script::<bool>(same, Value::Null).await, "{testid} is the field that it was");
}

#[tokio::test(flavor = "multi_thread")]
async fn words_that_were_missing_are_composed_while_the_page_notes_that_they_are_there() {
    let server = Server::demo(900);
    let mut phone = Phone::enrolled("阿香", &server, CADRE).await;
    // A field of one line, and one of several.
    for (category, card) in [("gugua_laoren", "q-emergency_contact"), ("shangfang_hu", "q-petition_text")] {
        phone.open(&format!("/household/{}", household_of(&server, category))).await;
        phone.tap("go-visit").await;
        for step in 0..2 {
            phone.see(&format!("visit-step-{step}")).await;
            phone.tap("step-next").await;
        }
        phone.see("problems").await;
        phone.write("visit-notes", "老人耳背。").await;
        compose_unharmed(&phone, "visit-notes", "老人耳背。").await;
        phone.tap("mend").await;
        loop {
            let (missing, option) = next_gap(&phone).await.expect("words are missing");
            if missing == card {
                break;
            }
            phone.tap(&option.expect("something to choose")).await;
            phone.tap("next-gap").await;
        }
        let field = format!("{card}-answer");
        phone.tap(&field).await;
        phone.see_cursor_in(&field).await;
        compose_unharmed(&phone, &field, "").await;
        assert_ne!(
            phone.browser.script::<Option<Gap>>(MISSING, Value::Null).await.map(|gap| gap.0),
            Some(card.to_owned())
        );
    }
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
