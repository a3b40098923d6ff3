//! The interface for phones: the real server process, and phones without a screen.

use lianxin_app::store::{OpenDraft, RecordPlace, Reply, Request, Taken, VisitTarget, draft::OpinionDraft};
use lianxin_shared::wire::PROTOCOL;
use lianxin_tests::e2e::{Headless, LIUSHUGOU, SHIQIAO, Server, until};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

/// The field of a household as the server holds it.
fn on_server(server: &Server, id: Uuid, field: &str) -> String {
    let sql = "SELECT coalesce(json_extract(body, '$.' || ?2), '') FROM record WHERE id = ?1";
    server.database().query_row(sql, (id.as_bytes(), field), |row| row.get(0)).expect("the record")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_phone_writes_the_other_receives_byte_for_byte() {
    let server = Server::two_villages();
    let axiang = Headless::enrolled(&server, "阿香").await;
    let laozhou = Headless::enrolled(&server, "老周").await;
    let words = "𠮷家的三轮😟\u{200d}🧓 \u{feff}“原话”\r\n第二行\t";
    let id = axiang.new_household(LIUSHUGOU, "李翠花").await;
    axiang.edit(id, "note", words).await.expect("saved");
    axiang.synced().await;
    laozhou.synced().await;
    assert_eq!(laozhou.text(id, "note").await, words);
    assert_eq!(on_server(&server, id, "note"), words);
    assert_eq!(axiang.record(id).await.expect("still here").place, RecordPlace::Received);
    server.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_write_the_same_field_are_asked_and_one_tap_settles_it() {
    let server = Server::two_villages();
    let axiang = Headless::enrolled(&server, "阿香").await;
    let laozhou = Headless::enrolled(&server, "老周").await;
    let id = axiang.new_household(LIUSHUGOU, "李翠花").await;
    axiang.synced().await;
    laozhou.synced().await;

    // Different fields merge silently; the same one does not.
    axiang.edit(id, "door", "17号").await.expect("saved");
    laozhou.edit(id, "note", "房后有水").await.expect("saved");
    axiang.edit(id, "phone", "13800000001").await.expect("saved");
    laozhou.edit(id, "phone", "13800000002").await.expect("saved");
    for phone in [&axiang, &laozhou, &axiang] {
        phone.synced().await;
    }
    let (mine, his) = (axiang.mine().await.conflicts, laozhou.mine().await.conflicts);
    assert_eq!((mine.len(), his.len()), (1, 1), "the phone number, and nothing else");
    for seen in [&mine[0], &his[0]] {
        let mut values = [seen.shown.as_str(), seen.other.as_str()];
        values.sort_unstable();
        assert_eq!(values, ["13800000001", "13800000002"]);
        assert_eq!(seen.field_label, "电话");
    }
    let settled = laozhou.ask(Request::Resolve { conflict: his[0].id, take: Taken::Other }).await;
    settled.expect("settled");
    for phone in [&laozhou, &axiang] {
        phone.synced().await;
        assert!(phone.mine().await.conflicts.is_empty());
    }
    for (field, value) in [("door", "17号"), ("note", "房后有水"), ("phone", his[0].other.as_str())] {
        assert_eq!(axiang.text(id, field).await, value);
        assert_eq!(laozhou.text(id, field).await, value);
        assert_eq!(on_server(&server, id, field), value);
    }
    server.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_never_receives_a_record_of_another_village() {
    let server = Server::two_villages();
    let axiang = Headless::enrolled(&server, "阿香").await;
    let wu = Headless::enrolled(&server, "小吴").await;
    let hers = axiang.new_household(LIUSHUGOU, "李翠花").await;
    let his = wu.new_household(SHIQIAO, "王木匠").await;
    // What 阿香 believes to be in the other village is kept for the office to judge, and goes no further.
    let strayed = axiang.new_household(SHIQIAO, "错村的户").await;
    for phone in [&axiang, &wu, &axiang, &wu] {
        phone.synced().await;
    }
    assert!(axiang.record(his).await.is_none());
    assert!(wu.record(hers).await.is_none());
    assert!(wu.record(strayed).await.is_none());
    let held = axiang.mine().await.held;
    assert_eq!(held.iter().map(|row| row.id).collect::<Vec<_>>(), [strayed]);
    assert!(!held[0].reason.is_empty(), "and says why");
    assert_eq!(axiang.text(strayed, "head").await, "错村的户", "her words stay readable");
    assert_eq!(server.count("SELECT count(*) FROM household"), 2);
    server.check();
}

/// Writes `count` households, one after another, each synced at once.
async fn write_on(phone: &Headless, who: &str, count: usize) -> Vec<Uuid> {
    let mut written = Vec::new();
    for n in 0..count {
        written.push(phone.new_household(LIUSHUGOU, &format!("{who}第{n}户")).await);
        phone.press_sync().await;
        tokio::task::yield_now().await;
    }
    written
}

/// Whether the server's database holds a record.
fn holds(server: &Server, id: Uuid) -> bool {
    let sql = "SELECT count(*) FROM record WHERE id = ?1";
    server.database().query_row(sql, [id.as_bytes()], |row| row.get::<_, i64>(0)).expect("a count") == 1
}

#[tokio::test(flavor = "multi_thread")]
async fn a_graceful_stop_amid_pushes_loses_nothing() {
    let mut server = Server::two_villages();
    let axiang = Headless::enrolled(&server, "阿香").await;
    let laozhou = Headless::enrolled(&server, "老周").await;
    let mut writing = Box::pin(async {
        let (first, second) = tokio::join!(write_on(&axiang, "阿香", 150), write_on(&laozhou, "老周", 150));
        [first, second].concat()
    });
    let begun = until("pushes are under way", async || {
        tokio::select! {
            biased;
            ids = &mut writing => Some(Some(ids)),
            () = tokio::task::yield_now() => (server.count("SELECT count(*) FROM household") >= 20).then_some(None),
        }
    })
    .await;
    server.stop();
    server.check();
    let ids = match begun {
        Some(ids) => ids,
        None => writing.await,
    };
    server.start();
    axiang.synced().await;
    laozhou.synced().await;
    assert_eq!(ids.len(), 300);
    assert!(ids.iter().all(|id| holds(&server, *id)));
    assert_eq!(server.count("SELECT count(*) FROM household"), 300, "each exactly once");
    server.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_receipt_claimed_survives_kill_9() {
    let mut server = Server::two_villages();
    let axiang = Headless::enrolled(&server, "阿香").await;
    let mut ids = Vec::new();
    for round in 0..3 {
        ids.extend(write_on(&axiang, &format!("{round}轮"), 30).await);
        until("some are received", async || {
            (axiang.mine().await.received.things() > 30 * round).then_some(())
        })
        .await;
        server.kill();
        for id in &ids {
            if axiang.record(*id).await.expect("her own").place == RecordPlace::Received {
                assert!(holds(&server, *id), "a receipt claimed what the crash lost");
            }
        }
        server.start();
    }
    axiang.synced().await;
    assert_eq!(server.count("SELECT count(*) FROM household"), 90);
    server.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_taken_while_phones_push_is_whole() {
    let server = Server::two_villages();
    let axiang = Headless::enrolled(&server, "阿香").await;
    let before = write_on(&axiang, "先", 40).await;
    axiang.synced().await;
    let (_, backup) = tokio::join!(write_on(&axiang, "后", 60), async {
        tokio::task::block_in_place(|| server.check_backup("backup"))
    });
    let kept: i64 =
        backup.query_row("SELECT count(*) FROM household", [], |row| row.get(0)).expect("a count");
    assert!(usize::try_from(kept).expect("a count") >= before.len(), "{kept}");
}

/// The answer to a body that is only announced: the server refuses it by its length, without taking it in.
async fn announced(server: &Server, bytes: usize) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let host = server.url().trim_start_matches("http://").trim_end_matches('/');
    let mut stream = tokio::net::TcpStream::connect(host).await.expect("a connection");
    let head = format!(
        "POST /v1/enrol HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: {bytes}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.expect("sent");
    let mut answer = [0; 64];
    let taken = stream.read(&mut answer).await.expect("an answer");
    String::from_utf8_lossy(&answer[..taken]).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_make_no_sense_are_refused_in_words() {
    let server = Server::two_villages();
    let client = Client::new();
    let post = async |path: &str, body: String| -> (StatusCode, Value) {
        let url = format!("{}{path}", server.url());
        let sent = client.post(url).header("content-type", "application/json").body(body).send().await;
        let answer = sent.expect("an answer");
        (answer.status(), answer.json().await.unwrap_or_default())
    };
    let code = server.code("阿香");
    let newer = json!({"protocol": PROTOCOL + 1, "code": code, "device_name": "", "app_version": "9"});
    let (status, body) = post("/v1/enrol", newer.to_string()).await;
    assert_eq!((status, &body["code"]), (StatusCode::UPGRADE_REQUIRED, &json!("protocol_too_new")));
    assert!(body["message"].as_str().is_some_and(|words| words.contains("升级服务器")));
    let (status, body) = post("/v1/enrol", "{不是 JSON".to_owned()).await;
    assert_eq!((status, &body["code"]), (StatusCode::BAD_REQUEST, &json!("malformed")));
    let (status, body) = post("/v1/sync", "{}".to_owned()).await;
    assert_eq!((status, &body["code"]), (StatusCode::UNAUTHORIZED, &json!("unauthorized")));
    assert!(
        announced(&server, lianxin_server::http::request_bytes_max + 1).await.starts_with("HTTP/1.1 413 ")
    );
    // The code that came with the newer app is unused still.
    let axiang = Headless::fresh();
    axiang.enrol(server.url(), &code).await.expect("enrolled");
}

#[test]
fn told_to_stop_as_soon_as_it_has_spoken_it_ends_well() {
    let mut server = Server::two_villages();
    for _ in 0..10 {
        server.stop();
        server.start();
    }
    server.stop();
    server.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_database_is_checked_while_phones_write() {
    let server = Server::demo(900);
    let phone = Headless::enrolled(&server, "韩冬梅").await;
    let village = server.database().query_row(
        "SELECT village FROM cadre_village v JOIN cadre c ON c.id = v.cadre WHERE c.name = '韩冬梅' LIMIT 1",
        [],
        |row| row.get::<_, String>(0),
    );
    let village = village.expect("her village");
    let checks = std::thread::spawn(move || {
        for _ in 0..6 {
            server.check();
        }
        server
    });
    while !checks.is_finished() {
        phone.new_household(&village, "李翠花").await;
        phone.synced().await;
    }
    checks.join().expect("every check went well").check();
}

/// Changes what is open of a visit and completes it.
async fn complete(phone: &Headless, request: Request, change: impl FnOnce(&mut OpenDraft)) -> Uuid {
    let Ok(Reply::Draft(mut open)) = phone.ask(request).await else { panic!("no draft") };
    // Whoever is at home need not be asked anything here.
    open.draft.checklists.clear();
    change(&mut open);
    let id = open.draft.id;
    phone.ask(Request::SaveDraft(Box::new(open.draft))).await.expect("saved");
    phone.ask(Request::CompleteVisit { id }).await.expect("completed");
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_on_waits_and_is_not_counted_as_received_too() {
    let mut server = Server::two_villages();
    let axiang = Headless::enrolled(&server, "阿香").await;
    let counted = async || {
        let mine = axiang.mine().await;
        (mine.saved_today.things(), mine.waiting.things(), mine.received.things())
    };
    let home = axiang.new_household(LIUSHUGOU, "李翠花").await;
    let visit = complete(&axiang, Request::StartVisit { target: VisitTarget::Household(home) }, |open| {
        let said =
            OpinionDraft {
                id: Uuid::from_u128(7), text: "路不好走。".to_owned(), ..OpinionDraft::default()
            };
        open.draft.opinions.push(said);
    });
    let visit = visit.await;
    axiang.synced().await;
    assert_eq!(counted().await, (2, 0, 2), "a household, and a visit with what was said");

    server.stop();
    axiang.edit(home, "note", "狗拴着").await.expect("saved");
    assert_eq!(counted().await, (2, 1, 1));
    complete(&axiang, Request::AmendVisit { id: visit }, |open| open.draft.notes = "老人耳背".to_owned())
        .await;
    assert_eq!(counted().await, (2, 2, 0), "what was said waits with its visit");
    server.start();
    axiang.synced().await;
    assert_eq!(counted().await, (2, 0, 2));
}
