//! The phone's disk fills up in the middle of a visit.

use lianxin_tests::e2e::{Phone, Server, until};
use serde_json::json;

/// No room beyond what is taken.
const ROOM_NONE: u64 = 1;
/// Long enough that the pages already allocated cannot hold it.
const LONG_CHARS: usize = 60_000;

async fn give_room(phone: &Phone, server: &Server, bytes: Option<u64>) {
    let mut wish = json!({"origin": server.url()});
    if let Some(bytes) = bytes {
        wish["quotaSize"] = json!(bytes);
    }
    phone.browser.devtools("Storage.overrideQuotaForOrigin", wish).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_says_what_is_safe_and_the_words_are_saved_once_there_is_room() {
    let server = Server::demo(150);
    let mut phone = Phone::enrolled("阿香", &server, "韩冬梅").await;
    phone.tap("household-row").await;
    phone.tap("go-visit").await;
    phone.see("visit-step-0").await;
    phone.tap("step-next").await;
    phone.write("opinion-1", "满之前写的。").await;
    phone.see_saved().await;

    give_room(&phone, &server, Some(ROOM_NONE)).await;
    let mut wanted = format!("满之前写的。{}", "话".repeat(LONG_CHARS));
    phone.rewrite("opinion-1", &wanted).await;
    // What SQLite has taken before is used up first.
    until("a save that fails", async || {
        if phone.count("failed").await == 0 {
            phone.type_on("又").await;
            wanted.push('又');
            until("saved or not", async || {
                let state = "return document.querySelector('[data-testid=\"save-mark\"]').dataset.state !== 'saving';";
                phone.browser.script::<bool>(state, json!(null)).await.then_some(())
            })
            .await;
        }
        (phone.count("failed").await > 0).then_some(())
    })
    .await;
    phone.see_text("failed", "空间满了").await;
    phone.see_text("failed", "以前存的都还在").await;
    phone.see_text("save-mark", "没存上").await;
    assert!(phone.value("opinion-1").await == wanted, "the words stay on the screen");

    give_room(&phone, &server, None).await;
    phone.tap("retry").await;
    phone.see_saved().await;
    phone.see_no("failed").await;
    phone.die();
    phone.revive().await;
    phone.see("visit-step-1").await;
    assert!(phone.value("opinion-1").await == wanted, "and are on the phone");
}
