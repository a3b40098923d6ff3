//! Hostile words on real screens, the phone's and the office's: they are seen as words, and nothing of them runs.

use lianxin_app::store::{Edit, Reply, Request};
use lianxin_shared::{
    domain::{household::Household, opinion::Opinion, visit::Visit},
    replica::{Base, FieldSet, kind},
};
use lianxin_tests::e2e::{Browser, Console, Headless, Look, Phone, Server};
use serde_json::Value;
use uuid::Uuid;

const VILLAGE: &str = "519921105201";
const WORDS: &str = "<x-evil></x-evil><img src=x onerror=\"window.evil=1\"><script>window.evil=1</script>\"'><x-evil>\u{202e}恶意字";

async fn save(phone: &Headless, kind: &str, set: FieldSet) -> Uuid {
    let (kind, village) = (kind.to_owned(), VILLAGE.to_owned());
    match phone.ask(Request::Save(Edit { kind, id: None, village, set, base: Base::new() })).await {
        Ok(Reply::Record(loaded)) => loaded.id,
        other => panic!("{other:?}"),
    }
}

/// Nothing on the page is an element that the words name, and nothing of them has run.
async fn assert_only_words(browser: &Browser, place: &str) {
    let script = "return [window.evil === undefined, document.querySelectorAll('x-evil, img[src=\"x\"], [onerror]').length];";
    let (unharmed, elements): (bool, u32) = browser.script(script, Value::Null).await;
    assert!(unharmed && elements == 0, "{place}: {elements} elements out of words");
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_words_are_words_on_every_screen() {
    let server = Server::township(&[(VILLAGE, "柳树沟村")], &[("阿香", VILLAGE), ("老周", VILLAGE)]);
    let laozhou = Headless::enrolled(&server, "老周").await;
    let text = || WORDS.to_owned();
    let home =
        Household { head: text(), group: text(), note: text(), address: text(), ..Household::default() };
    let home = save(&laozhou, kind::HOUSEHOLD, home.to_fields()).await;
    let visit = Visit {
        household: Some(home),
        target_name: text(),
        visitor_name: text(),
        notes: text(),
        occurred_at: Some(1_763_776_800_000),
        ..Visit::default()
    };
    let visit = save(&laozhou, kind::VISIT, visit.to_fields()).await;
    let opinion = Opinion { visit: Some(visit), household: Some(home), text: text(), ..Opinion::default() };
    save(&laozhou, kind::OPINION, opinion.to_fields()).await;
    laozhou.synced().await;

    let mut phone = Phone::enrolled("阿香", &server, "阿香").await;
    for (page, there) in [
        ("/", "today"),
        ("/households", "household-row"),
        (&format!("/household/{home}"), "household"),
        (&format!("/visited/{visit}"), "visited"),
        ("/mine", "mine"),
    ] {
        phone.open(page).await;
        phone.see(there).await;
        assert_only_words(&phone.browser, page).await;
    }
    phone.open(&format!("/household/{home}")).await;
    phone.see_words("<script>window.evil=1</script>").await;
    phone.tap("edit-household").await;
    phone.see_value("f-note", WORDS).await;
    assert_only_words(&phone.browser, "the form").await;

    let browser = Browser::open("办公台", Look::Office).await;
    Console::sign_in_at(&browser, &server).await;
    for page in
        ["visits", &format!("visits/{visit}"), "households", &format!("households/{home}"), "opinions"]
    {
        browser.goto(&format!("{}/console/{page}", server.url())).await;
        assert_only_words(&browser, page).await;
        let seen = "return document.body.innerText.includes('<x-evil>');";
        assert!(browser.script::<bool>(seen, Value::Null).await, "{page} shows them");
    }
}
