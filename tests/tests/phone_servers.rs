//! Two servers and one browser: nothing mixes, nothing is lost, and the screen says what to do.

use lianxin_tests::e2e::{Phone, Server};

const VILLAGE: &str = "519921105203";
const WORDS: &str = "这一页是写给清溪镇的";

/// A township with one village and one cadre, and nobody's records yet.
fn other_township(port: u16) -> Server {
    Server::township_at(port, &[(VILLAGE, "白鹤村")], &[("向秀英", VILLAGE)])
}

/// A page of the diary that only the phone has.
async fn write_unsent(phone: &mut Phone) {
    phone.open("/diary").await;
    phone.write("diary-text", WORDS).await;
    phone.see_saved().await;
}

async fn sync_all(phone: &mut Phone) {
    phone.open("/mine").await;
    phone.tap("sync-now").await;
    phone.see_text("count-waiting", "0").await;
    phone.see_text("state-line", "已全部上报").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_of_another_server_leads_to_that_servers_own_page() {
    let (first, second) = (Server::demo(30), other_township(0));
    let mut phone = Phone::fresh("阿香", &first).await;
    let code = second.code("向秀英").replace(' ', "");
    let link = format!("{}/?#enrol?code={code}&server={}", first.url(), second.url());
    phone.browser.goto(&link).await;
    phone.see_text("enrol-elsewhere", second.url()).await;
    phone.is_without_flaws("another server's code").await;
    assert_eq!(phone.count("enrol-go").await, 0, "nothing is offered that cannot work");
    phone.tap("enrol-here").await;
    phone.see_value("enrol-code", "").await;
    phone.see_text("enrol-at", first.url()).await;

    phone.reload().await;
    phone.tap("enrol-open").await;
    phone.see_text("enrol-at", second.url()).await;
    phone.see_value("enrol-code", &code).await;
    phone.tap("enrol-go").await;
    phone.see("today").await;
    phone.see_words("白鹤村").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_in_one_browser_keep_apart_and_both_keep_what_is_unsent() {
    let (mut first, second) = (Server::demo(30), other_township(0));
    let first_url = first.url().to_owned();
    let mut phone = Phone::enrolled("阿香", &first, "韩冬梅").await;
    first.stop();
    write_unsent(&mut phone).await;

    let code = second.code("向秀英").replace(' ', "");
    phone.turn_to(&format!("{}/#enrol?code={code}", second.url())).await;
    phone.tap("enrol-go").await;
    phone.see("today").await;
    phone.see_text("state-line", "已全部上报").await;
    phone.open("/diary").await;
    phone.see_value("diary-text", "").await;
    phone.open("/mine").await;
    phone.see_words("向秀英").await;
    phone.see_text("count-waiting", "0").await;
    phone.open("/households").await;
    phone.see("empty").await;

    phone.turn_to(&format!("{first_url}/diary")).await;
    phone.see_value("diary-text", WORDS).await;
    phone.open("/mine").await;
    phone.see_words("韩冬梅").await;
    phone.see_text("count-waiting", "1").await;
    first.start();
    sync_all(&mut phone).await;
    assert_eq!(second.count("SELECT count(*) FROM record WHERE kind = 'diary'"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_server_at_the_same_address_takes_nothing_and_the_phone_says_so() {
    let mut first = Server::demo(30);
    let mut phone = Phone::enrolled("阿香", &first, "韩冬梅").await;
    first.stop();
    write_unsent(&mut phone).await;
    let second = other_township(first.port());
    phone.open("/mine").await;
    phone.tap("sync-now").await;
    phone.see_text("sync-problem", "都在本机").await;
    phone.see_text("state-line", "同步停了").await;

    // The other office hands out a code: this browser keeps the first server's records as they are.
    let code = second.code("向秀英").replace(' ', "");
    phone.open("/mine").await;
    phone.open(&format!("/?#enrol?code={code}")).await;
    phone.tap("enrol-go").await;
    phone.see_text("enrol-error", "没有改动").await;
    phone.see_text("enrol-error", "另一个浏览器").await;
    phone.open("/diary").await;
    phone.see_value("diary-text", WORDS).await;
    assert_eq!(second.count("SELECT count(*) FROM device WHERE revoked_at IS NULL"), 0, "the code is unused");
    assert_eq!(second.count("SELECT count(*) FROM record WHERE kind = 'diary'"), 0);

    drop(second);
    first.start();
    sync_all(&mut phone).await;
    phone.open("/diary").await;
    phone.see_value("diary-text", WORDS).await;
}
