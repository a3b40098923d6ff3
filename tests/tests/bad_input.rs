//! What goes wrong around a phone: each time it is told in words what happened, and nothing is lost.

use lianxin_app::store::{Reply, Request, StoreError, VisitTarget};
use lianxin_shared::{replica::patch_bytes_max, wire::v1::ErrorCode};
use lianxin_tests::e2e::{Headless, Server, Stranger};
use rusqlite::Connection;
use serde_json::json;

const VILLAGE: &str = "519921105201";

fn township() -> Server {
    Server::township(&[(VILLAGE, "柳树沟村")], &[("阿香", VILLAGE)])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_is_wrong_used_or_expired_says_so_and_guessing_must_wait() {
    let mut server = township();
    let phone = Headless::fresh();
    let refused = async |code: &str, words: &str| {
        let said = phone.enrol(server.url(), code).await.expect_err("refused");
        assert!(said.contains(words), "{said}");
    };
    refused("0000000000", "没有这个").await;
    refused("周秀兰", "没有这个").await;
    let used = server.code("阿香");
    Headless::fresh().enrol(server.url(), &used).await.expect("enrolled");
    refused(&used, "已经用过了").await;
    for _ in 0..30 {
        drop(phone.enrol(server.url(), "1111111111").await);
    }
    refused("1111111111", "试得太多了").await;

    let late = server.code("阿香");
    server.stop();
    let db = Connection::open(server.data().join(lianxin_server::storage::DATABASE_FILE)).expect("database");
    db.execute("UPDATE enrol_code SET expires_at = 1 WHERE used_at IS NULL", []).expect("aged");
    drop(db);
    server.start();
    let said = phone.enrol(server.url(), &late).await.expect_err("refused");
    assert!(said.contains("已过期"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_not_our_server_is_named_as_such() {
    let phone = Headless::fresh();
    let refused = async |url: &str, words: &str| {
        let said = phone.enrol(url, "1234567890").await.expect_err("refused");
        assert!(said.contains(words), "{said}");
    };
    let hotel = Stranger::answering(0, 200, "<html>请登录宾馆网络</html>");
    refused(&hotel.url(), "不是连心册的服务器").await;
    hotel.now_answering(500, "");
    refused(&hotel.url(), "不是连心册的服务器").await;
    let gone = hotel.url();
    drop(hotel);
    refused(&gone, "连不上这个地址").await;
    refused("qingxi.example", "https://").await;
    assert!(phone.status().await.identity.is_none(), "still nobody's phone");
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_answers_in_the_servers_place_the_phone_says_so_and_loses_nothing() {
    let mut server = township();
    let axiang = Headless::enrolled(&server, "阿香").await;
    server.stop();
    let id = axiang.new_household(VILLAGE, "李翠花").await;
    let stranger = Stranger::answering(server.port(), 200, "<html>请登录宾馆网络</html>");
    axiang.told("不是乡镇服务器").await;
    stranger.now_answering(413, "");
    axiang.told("太大").await;
    stranger.now_answering(429, "");
    axiang.told("正忙").await;
    stranger.now_answering(500, "");
    axiang.told("出了点问题").await;
    stranger.now_answering(503, &json!({"code": "unavailable", "message": "磁盘满了"}).to_string());
    axiang.told("磁盘满了").await;
    stranger.now_answering(426, &json!({"code": "protocol_too_old", "message": "请更新连心册"}).to_string());
    axiang.told("请更新连心册").await;
    stranger.now_answering(409, &json!({"code": "of_a_newer_server", "message": "新版的话"}).to_string());
    axiang.told("新版的话").await;
    stranger.now_answering(200, "{\"protocol\": 1}");
    axiang.told("不是乡镇服务器").await;
    assert_eq!(axiang.mine().await.waiting.things(), 1, "all this took nothing away");
    drop(stranger);
    server.start();
    axiang.synced().await;
    assert_eq!(axiang.text(id, "head").await, "李翠花");
    assert_eq!(server.count("SELECT count(*) FROM household"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_township_at_the_same_address_gets_nothing() {
    let mut server = township();
    let axiang = Headless::enrolled(&server, "阿香").await;
    let id = axiang.new_household(VILLAGE, "李翠花").await;
    server.stop();
    let other = Server::township_at(server.port(), &[(VILLAGE, "柳树沟村")], &[("阿香", VILLAGE)]);
    axiang.told("您写的都在本机").await;
    assert_eq!(other.count("SELECT count(*) FROM record WHERE kind = 'household'"), 0);
    drop(other);
    server.start();
    axiang.synced().await;
    assert_eq!(axiang.text(id, "head").await, "李翠花");
    assert_eq!(server.count("SELECT count(*) FROM household"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn text_beyond_what_one_record_takes_stays_in_the_draft() {
    let server = township();
    let mut axiang = Headless::enrolled(&server, "阿香").await;
    let household = axiang.new_household(VILLAGE, "李翠花").await;
    let long = "话".repeat(patch_bytes_max / 3 + 1);
    let refused = axiang.edit(household, "note", &long).await.expect_err("refused");
    assert!(matches!(refused, StoreError::TooLong { .. }) && refused.to_string().contains("内容太长"));

    let begun = axiang.ask(Request::StartVisit { target: VisitTarget::Household(household) }).await;
    let Ok(Reply::Draft(open)) = begun else { panic!("{begun:?}") };
    let mut draft = open.draft;
    draft.notes = long.clone();
    let id = draft.id;
    axiang.ask(Request::SaveDraft(Box::new(draft))).await.expect("a draft may be long");
    let refused = axiang.ask(Request::CompleteVisit { id }).await.expect_err("refused");
    assert!(refused.to_string().contains("请缩短"), "{refused}");
    axiang.sleep();
    axiang.wake();
    let kept = axiang.ask(Request::Draft { id }).await;
    let Ok(Reply::Draft(open)) = kept else { panic!("{kept:?}") };
    assert_eq!(open.draft.notes, long, "every word is still there");
}

#[test]
fn the_codes_that_the_strangers_use_are_the_protocols_own() {
    let code = |text: &str| serde_json::from_value::<ErrorCode>(json!(text)).expect("a code");
    assert_eq!(code("unavailable"), ErrorCode::Unavailable);
    assert_eq!(code("protocol_too_old"), ErrorCode::ProtocolTooOld);
    assert_eq!(code("of_a_newer_server"), ErrorCode::Unknown);
}
