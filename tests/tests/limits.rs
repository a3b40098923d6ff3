//! What one caller can take from the others: nothing. Slow, silent, greedy and guessing ones meet their bounds, over
//! real sockets to the real server.

use lianxin_app::sync::enrol;
use lianxin_server::http::{head_seconds_max, requests_per_device_max};
use lianxin_shared::wire::PROTOCOL;
use lianxin_tests::e2e::{Server, until};
use reqwest::{Client, StatusCode, header};
use serde_json::{Value, json};
use std::{
    io::Write,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
    time::timeout,
};

const VILLAGE: &str = "519921105201";

fn township() -> Server {
    Server::township(&[(VILLAGE, "柳树沟村")], &[("阿香", VILLAGE), ("老周", VILLAGE)])
}

async fn connected(server: &Server) -> TcpStream {
    TcpStream::connect(("127.0.0.1", server.port())).await.expect("a connection")
}

/// How long the server bears with a connection before it closes it.
async fn borne(mut stream: TcpStream) -> Duration {
    let begun = Instant::now();
    let mut rest = Vec::new();
    let patience = Duration::from_secs(6 * head_seconds_max);
    // An end by reset is an end as well.
    let _ =
        timeout(patience, stream.read_to_end(&mut rest)).await.expect("the server bears with it for ever");
    begun.elapsed()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_says_nothing_or_never_ends_its_request_is_shown_out_and_others_are_served() {
    let server = township();
    let silent = connected(&server).await;
    let mut slow = connected(&server).await;
    slow.write_all(b"GET /healthz HTTP/1.1\r\nHost: qingxi\r\nX-Slow: ").await.expect("sent");
    let mut stuck = connected(&server).await;
    let half = b"POST /v1/enrol HTTP/1.1\r\nHost: qingxi\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{";
    stuck.write_all(half).await.expect("sent");
    let healthy = reqwest::get(format!("{}/healthz", server.url())).await.expect("an answer");
    assert_eq!(healthy.status(), StatusCode::OK);
    let bound = Duration::from_secs(2 * head_seconds_max);
    let (silent, slow) = tokio::join!(borne(silent), borne(slow));
    assert!(silent < bound && slow < bound, "{silent:?} {slow:?}");
}

/// A request of a phone that announces a body and does not send it.
async fn stalled(server: &Server, token: &str) -> TcpStream {
    let mut stream = connected(server).await;
    let head = format!(
        "POST /v1/sync HTTP/1.1\r\nHost: qingxi\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: 99\r\n\r\n{{"
    );
    stream.write_all(head.as_bytes()).await.expect("sent");
    stream
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_that_asks_too_much_at_once_waits_and_another_does_not() {
    let server = township();
    let greedy = enrol(server.url(), &server.code("阿香"), None).await.expect("enrolled");
    let other = enrol(server.url(), &server.code("老周"), None).await.expect("enrolled");
    let ask = async |token: &str| {
        let asked = Client::new().post(format!("{}/v1/sync", server.url())).bearer_auth(token);
        asked.json(&json!({})).send().await.expect("an answer")
    };
    assert_eq!(ask(&greedy.token).await.status(), StatusCode::BAD_REQUEST, "it may ask, if not this");
    let mut open = Vec::new();
    for _ in 0..requests_per_device_max {
        open.push(stalled(&server, &greedy.token).await);
    }
    let refused = until("one too many is told so", async || {
        let answer = ask(&greedy.token).await;
        (answer.status() == StatusCode::TOO_MANY_REQUESTS).then_some(answer)
    })
    .await;
    assert!(refused.headers().contains_key(header::RETRY_AFTER));
    let words: Value = refused.json().await.expect("words");
    assert!(words["message"].as_str().is_some_and(|said| said.contains("您写的都在本机")), "{words}");
    assert_eq!(ask(&other.token).await.status(), StatusCode::BAD_REQUEST, "the other is served");
    drop(open);
    until("hung up is done", async || {
        (ask(&greedy.token).await.status() == StatusCode::BAD_REQUEST).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn anybodys_enrolment_is_read_only_as_far_as_an_enrolment_goes() {
    let server = township();
    let long =
        json!({"protocol": PROTOCOL, "code": "1", "device_name": "长".repeat(20_000), "app_version": "0"});
    let asked = Client::new().post(format!("{}/v1/enrol", server.url()));
    let answer = asked.json(&long).send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(long.to_string().as_bytes()).expect("packed");
    let asked = Client::new().post(format!("{}/v1/enrol", server.url())).header("content-encoding", "gzip");
    let asked = asked.header(header::CONTENT_TYPE, "application/json").body(packed.finish().expect("packed"));
    assert_eq!(
        asked.send().await.expect("an answer").status(),
        StatusCode::PAYLOAD_TOO_LARGE,
        "unpacked too"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn of_all_who_redeem_one_code_at_the_same_moment_exactly_one_wins() {
    let server = township();
    for round in 0..5i64 {
        let code = server.code("阿香");
        let mut phones = JoinSet::new();
        for phone in 0..8 {
            let asked = json!({"protocol": PROTOCOL, "code": code, "device_name": format!("{phone}"), "app_version": "0"});
            let asked = Client::new().post(format!("{}/v1/enrol", server.url())).json(&asked);
            phones.spawn(async move {
                let answer = asked.send().await.expect("an answer");
                (answer.status(), answer.json::<Value>().await.expect("JSON"))
            });
        }
        let answers = phones.join_all().await;
        let (won, lost): (Vec<_>, Vec<_>) =
            answers.into_iter().partition(|(status, _)| *status == StatusCode::OK);
        assert_eq!(won.len(), 1, "{lost:?}");
        assert!(
            lost.iter().all(|(status, body)| {
                *status == StatusCode::FORBIDDEN && body["code"] == "code_used"
                    || *status == StatusCode::TOO_MANY_REQUESTS
            }),
            "{lost:?}"
        );
        assert_eq!(server.count("SELECT count(*) FROM device"), round + 1);
        if lost.iter().any(|(status, _)| *status == StatusCode::TOO_MANY_REQUESTS) {
            break;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_passwords_under_many_names_is_slowed_down_by_address() {
    let server = township();
    let mut last = StatusCode::OK;
    for guess in 0..30 {
        let asked = Client::new().post(format!("{}/console/login", server.url()));
        let asked = asked.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let form = format!("name=who{guess}&password=guess-guess");
        last = asked.body(form).send().await.expect("an answer").status();
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
}
