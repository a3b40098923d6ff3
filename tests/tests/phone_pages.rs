//! The main pages as people see them: nothing hangs over the edge, light or dark, small phone or large letters.
//! With `LIANXIN_PICTURES=1` the same run makes the README's pictures.

use lianxin_tests::e2e::{Browser, Console, Look, Phone, Server, pictures_wanted, save_picture};
use serde_json::Value;

const CADRE: &str = "韩冬梅";
/// The tabs with the page that each leads to.
const PAGES: [(&str, &str); 4] =
    [("today", "today"), ("households", "households"), ("visit", "visit-start"), ("mine", "mine")];

/// How many pixels the page is wider than the screen.
async fn overhang(browser: &Browser) -> i64 {
    let script = "
        const wide = [document.documentElement, ...document.querySelectorAll('main')];
        return Math.max(...wide.map((one) => one.scrollWidth - one.clientWidth));";
    browser.script(script, Value::Null).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_main_pages_fit_the_screen_light_and_dark() {
    let server = Server::demo(900);
    let mut phone = Phone::enrolled("阿香", &server, CADRE).await;
    for dark in [false, true] {
        phone.browser.dark(dark).await;
        for (name, testid) in PAGES {
            phone.tap(&format!("tab-{name}")).await;
            phone.see(testid).await;
            phone.see_text("state-line", "已全部上报").await;
            assert_eq!(overhang(&phone.browser).await, 0, "{name}");
            phone.is_without_flaws(name).await;
            let shot = phone.browser.screenshot().await;
            if pictures_wanted() {
                let look = if dark { "dark" } else { "light" };
                save_picture(&shot, &format!("phone-{name}-{look}"), 390);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_largest_letters_fit_the_smallest_phone() {
    let server = Server::demo(150);
    let mut phone = Phone::enrolled_on(Look::SmallPhone, "阿香", &server, CADRE).await;
    phone.tap("tab-mine").await;
    phone.tap("font-extra").await;
    // Whatever the phone is set to, and from the first moment of the next start.
    phone.tap("look-dark").await;
    phone.reload().await;
    phone.see("mine").await;
    let ground = "return [document.documentElement, document.body].map((one) => getComputedStyle(one).backgroundColor);";
    let grounds: [String; 2] = phone.browser.script(ground, Value::Null).await;
    assert_eq!(grounds, ["rgb(21, 19, 17)", "rgb(21, 19, 17)"]);
    for (name, testid) in PAGES {
        phone.tap(&format!("tab-{name}")).await;
        phone.see(testid).await;
        assert_eq!(overhang(&phone.browser).await, 0, "{name}");
        phone.is_without_flaws(name).await;
    }
    phone.tap("tab-today").await;
    phone.tap("household-row").await;
    phone.see("household").await;
    phone.is_without_flaws("household").await;
    phone.tap("history-open").await;
    phone.see("history-change").await;
    phone.is_without_flaws("history").await;
    phone.tap("back").await;
    phone.tap("edit-household").await;
    phone.see("household-edit").await;
    phone.is_without_flaws("household-edit").await;
    phone.tap("done").await;
    phone.see("household").await;
    phone.tap("go-visit").await;
    for step in 0..3 {
        phone.see(&format!("visit-step-{step}")).await;
        assert_eq!(overhang(&phone.browser).await, 0, "step {step}");
        phone.is_without_flaws(&format!("step {step}")).await;
        if step == 0 {
            phone.answer_required().await;
        }
        if step < 2 {
            phone.tap("step-next").await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_searched_stays_for_the_way_back_and_is_gone_for_the_next_household() {
    let server = Server::demo(150);
    let mut phone = Phone::enrolled("阿香", &server, CADRE).await;
    let sql = "SELECT h.id, h.head, p.name FROM household h JOIN person p ON p.household = h.id
         JOIN cadre_village v ON v.village = h.village JOIN cadre c ON c.id = v.cadre
         WHERE c.name = ?1 AND p.name <> h.head ORDER BY h.id LIMIT 1";
    let (head, member) = server
        .database()
        .query_row(sql, [CADRE], |row| Ok((row.get::<_, String>("head")?, row.get::<_, String>("name")?)))
        .expect("somebody's member");
    let typed = lianxin_shared::domain::pinyin::syllables(&member).concat();
    phone.tap("tab-households").await;
    phone.write("search", &typed).await;
    phone.see_text("found-by", &format!("家人 {member}")).await;
    phone.tap_text("household-row", &member).await;
    phone.see("household").await;
    assert_eq!(phone.heading().await, head);
    phone.tap("back").await;
    phone.see_value("search", &typed).await;
    phone.tap("tab-today").await;
    phone.tap("tab-households").await;
    phone.see_value("search", "").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_office_signs_in_and_its_rooms_open() {
    let server = Server::demo(900);
    let browser = Browser::open("办公室", Look::Office).await;
    Console::sign_in_at(&browser, &server).await;
    for (name, path, word) in [("overview", "/console", "总览"), ("ledger", "/console/visits", "走访台账")]
    {
        browser.goto(&format!("{}{path}", server.url())).await;
        let says: bool =
            browser.script("return document.body.innerText.includes(arguments[0]);", word.into()).await;
        assert!(says, "{word}");
        let shot = browser.screenshot().await;
        if pictures_wanted() {
            save_picture(&shot, &format!("console-{name}"), 860);
        }
    }
}
