//! The whole browser killed at random moments during typing and sync: what the screen called 已存 is there after each.

use lianxin_tests::faults::kill_browsers;

#[tokio::test(flavor = "multi_thread")]
async fn after_three_deaths_of_the_browser_every_saved_word_is_there_once() {
    let line = kill_browsers(3, 7).await.expect("nothing is lost");
    assert!(line["letters"].as_u64() > Some(40), "too little was typed: {line}");
}
