//! A new version of the app arrives while somebody writes: it waits, is offered afterwards, and keeps every record.

use lianxin_tests::e2e::{Phone, Server, until};
use serde_json::Value;

const HEARD: &str = "村口那截路下雨走不成。";

/// The version that runs, by the title of its page.
async fn title(phone: &Phone) -> String {
    phone.browser.script("return document.title;", Value::Null).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_version_waits_for_the_draft_and_then_keeps_everything() {
    let mut server = Server::demo(150);
    let mut phone = Phone::enrolled("阿香", &server, "韩冬梅").await;
    phone.tap("household-row").await;
    phone.tap("go-visit").await;
    phone.see("visit-step-0").await;
    phone.answer_required().await;
    phone.tap("step-next").await;
    phone.write("opinion-1", HEARD).await;
    phone.see_saved().await;

    server.stop();
    server.publish("连心册二");
    server.start();
    phone.reload().await;
    phone.see_value("opinion-1", HEARD).await;
    until("the new version waits", async || {
        // The page may hear of it in either order: the script only looks.
        let script = "return window.lianxinWaits ??= false, navigator.serviceWorker.getRegistration()
            .then((own) => { window.lianxinWaits = !!own?.waiting; }), window.lianxinWaits;";
        phone.browser.script::<bool>(script, Value::Null).await.then_some(())
    })
    .await;
    // Hidden and seen again, as when a call comes in: still nothing happens to who is writing.
    let hidden = "document.dispatchEvent(new Event('visibilitychange', {bubbles: true}));";
    phone.browser.script::<Value>(hidden, Value::Null).await;
    phone.open("/mine").await;
    phone.see_text("update", "写完再换").await;
    assert_eq!(title(&phone).await, "连心册");

    phone.tap("tab-today").await;
    phone.tap("draft-row").await;
    phone.see_value("opinion-1", HEARD).await;
    phone.tap("step-next").await;
    phone.tap("finish").await;
    phone.see("note-done").await;
    let household = phone.path().await;
    phone.open("/mine").await;
    phone.tap("update-now").await;
    until("the new version runs", async || (title(&phone).await == "连心册二").then_some(())).await;
    phone.see("mine").await;
    phone.see_text("count-waiting", "0").await;
    phone.open(&household).await;
    phone.see_words(HEARD).await;
    until("the old version is gone", async || {
        let script = "return window.lianxinKept ??= 9, caches.keys().then((names) => { window.lianxinKept = names.length; }), window.lianxinKept;";
        (phone.browser.script::<u32>(script, Value::Null).await == 1).then_some(())
    })
    .await;

    // A third version, started by a page that is being left: the button leads into it all the same.
    server.stop();
    server.publish("连心册三");
    server.start();
    phone.open("/mine").await;
    phone.see("update-now").await;
    let left =
        "navigator.serviceWorker.getRegistration().then((own) => own.waiting?.postMessage('activate'));";
    phone.browser.script::<Value>(left, Value::Null).await;
    until("the third version is active", async || {
        let script = "return window.lianxinActive ??= false, navigator.serviceWorker.getRegistration()
            .then((own) => { window.lianxinActive = !own.waiting && own.active.state == 'activated'; }), window.lianxinActive;";
        phone.browser.script::<bool>(script, Value::Null).await.then_some(())
    })
    .await;
    assert_eq!(title(&phone).await, "连心册二");
    phone.tap("update-now").await;
    until("the third version runs", async || (title(&phone).await == "连心册三").then_some(())).await;
    phone.open(&household).await;
    phone.see_words(HEARD).await;
    server.check();
}
