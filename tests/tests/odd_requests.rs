//! Requests as no phone of ours sends them, over HTTP to the real server: too large, in another's name, about
//! another village's records. What cannot be let in is kept apart in words, and the rest goes through.

use lianxin_app::sync::enrol;
use lianxin_shared::{
    replica::{Base, DeviceId, FieldSet, Patch, PatchDraft, Stamp, kind, patch_bytes_max},
    wire::{
        PROTOCOL,
        v1::{Cursor, EnrolResponse, ErrorCode, SyncRequest, SyncResponse, batch_of_patches, rows_of_batch},
    },
};
use lianxin_tests::e2e::Server;
use reqwest::{Client, StatusCode};
use std::io::Write;
use uuid::Uuid;

const LIUSHUGOU: &str = "519921105201";
const SHIQIAO: &str = "519921105202";

/// 阿香 and 小吴 of one village each, 老周 of both.
fn township() -> Server {
    let server = Server::township(
        &[(LIUSHUGOU, "柳树沟村"), (SHIQIAO, "石桥村")],
        &[("阿香", LIUSHUGOU), ("小吴", SHIQIAO)],
    );
    server.cli(&["cadre", "add", "老周", "--village", LIUSHUGOU, "--village", SHIQIAO]);
    server
}

/// A device that pushes whatever it likes.
struct Device {
    client: Client,
    url: String,
    own: EnrolResponse,
    sent: u64,
}

impl Device {
    async fn enrolled(server: &Server, cadre: &str) -> Self {
        let own = enrol(server.url(), &server.code(cadre), None).await.expect("enrolled");
        Self { client: Client::new(), url: server.url().to_owned(), own, sent: 0 }
    }

    fn stamp(&self, at: u64) -> Stamp {
        Stamp { wall_ms: self.own.server_time - 60_000 + at, counter: 0, device: self.own.device }
    }

    fn edit(&self, at: u64, id: Uuid, field: &str, value: &str) -> PatchDraft {
        PatchDraft {
            stamp: self.stamp(at),
            kind: kind::HOUSEHOLD.to_owned(),
            id,
            village: LIUSHUGOU.to_owned(),
            set: FieldSet::from([(field.to_owned(), value.into())]),
            base: Base::new(),
        }
    }

    async fn push(&mut self, edits: Vec<PatchDraft>) -> SyncResponse {
        let first = self.sent + 1;
        self.sent += edits.len() as u64;
        let patches: Vec<Patch> =
            edits.into_iter().zip(first..).map(|(edit, device_seq)| Patch { device_seq, edit }).collect();
        let request = SyncRequest {
            protocol: PROTOCOL,
            server_id: self.own.server_id,
            epoch: self.own.epoch,
            cursor: Cursor::default(),
            receipt_seen: first - 1,
            scope: String::new(),
            patches: batch_of_patches(&patches),
            orders: Default::default(),
            left: Vec::new(),
        };
        let sent = self.client.post(format!("{}/v1/sync", self.url)).bearer_auth(&self.own.token);
        let answer = sent.json(&request).send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK);
        let answer: SyncResponse = answer.json().await.expect("a response");
        assert_eq!(answer.receipt.device_seq, self.sent, "all of it is received, whatever becomes of it");
        answer
    }
}

fn held(answer: &SyncResponse) -> Vec<(u64, &str)> {
    answer.held.iter().map(|held| (held.device_seq, held.reason.as_str())).collect()
}

fn ids(answer: SyncResponse) -> Vec<Uuid> {
    rows_of_batch(answer.changes).expect("rows").into_iter().map(|row| row.id).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_patch_that_is_too_long_is_kept_apart_and_the_others_of_its_batch_go_through() {
    let server = township();
    let mut phone = Device::enrolled(&server, "阿香").await;
    let [first, long, last] = [1, 2, 3].map(Uuid::from_u128);
    let text = "话".repeat(patch_bytes_max / 3 + 1);
    let answer = phone
        .push(vec![
            phone.edit(1, first, "head", "周秀兰"),
            phone.edit(2, long, "note", &text),
            phone.edit(3, last, "head", "王长顺"),
        ])
        .await;
    assert_eq!(held(&answer), [(2, "内容太长")]);
    assert_eq!(server.count("SELECT count(*) FROM household"), 2);
    let kept: String = server
        .database()
        .query_row("SELECT body FROM patch WHERE held <> ''", [], |row| row.get(0))
        .expect("the patch");
    assert!(kept.contains(&text), "every word of it is kept");
    server.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_unpacks_beyond_the_limit_is_refused_in_words() {
    let server = township();
    let phone = Device::enrolled(&server, "阿香").await;
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let spaces = vec![b' '; 1024 * 1024];
    for _ in 0..=lianxin_server::http::plain_bytes_max / spaces.len() {
        packed.write_all(&spaces).expect("packed");
    }
    let sent = phone.client.post(format!("{}/v1/sync", phone.url)).bearer_auth(&phone.own.token);
    let sent = sent.header("content-type", "application/json").header("content-encoding", "gzip");
    let answer = sent.body(packed.finish().expect("packed")).send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let body: lianxin_shared::wire::v1::ErrorBody = answer.json().await.expect("words");
    assert!(body.code == ErrorCode::TooLarge && body.message.contains("您写的都在本机"), "{body:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_writes_in_anothers_name_or_makes_something_else_of_a_record() {
    let server = township();
    let mut phone = Device::enrolled(&server, "阿香").await;
    let (id, forged) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let mut in_anothers_name = phone.edit(2, forged, "head", "冒名");
    in_anothers_name.stamp.device = DeviceId::from_bits(0x77);
    // An earlier clock than that of the record's first patch: the fold alone would take this kind for its own.
    let mut of_another_kind = phone.edit(0, id, "text", "不是户");
    of_another_kind.kind = kind::OPINION.to_owned();
    // A time that no stamp on disk can hold.
    let mut of_no_time = phone.edit(0, id, "note", "末日");
    of_no_time.stamp.wall_ms = 1 << 50;
    let edits = vec![phone.edit(1, id, "head", "周秀兰"), in_anothers_name, of_another_kind, of_no_time];
    let answer = phone.push(edits).await;
    assert_eq!(answer.held.iter().map(|held| held.device_seq).collect::<Vec<_>>(), [2, 3, 4]);
    assert_eq!(server.count("SELECT count(*) FROM household"), 1);
    assert_eq!(server.count("SELECT count(*) FROM opinion"), 0);
    server.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_office_lays_down_for_all_is_not_written_by_a_phone() {
    let server = township();
    let mut phone = Device::enrolled(&server, "阿香").await;
    let mut village = phone.edit(1, Uuid::from_u128(1), "name", "阿香村");
    village.kind = kind::VILLAGE.to_owned();
    let mut campaign = phone.edit(2, Uuid::from_u128(2), "name", "不用走访的活动");
    (campaign.kind, campaign.village) = (kind::CAMPAIGN.to_owned(), "519921105000".to_owned());
    let answer = phone.push(vec![village, campaign]).await;
    assert_eq!(held(&answer).len(), 2);
    assert_eq!(server.count("SELECT count(*) FROM village WHERE name = '阿香村'"), 0);
    assert_eq!(server.count("SELECT count(*) FROM campaign"), 0);
    server.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_stays_in_its_village_whatever_a_patch_believes() {
    let server = township();
    let mut laozhou = Device::enrolled(&server, "老周").await;
    let id = Uuid::from_u128(1);
    let here = laozhou.edit(5, id, "phone", "13800000001");
    let mut elsewhere = laozhou.edit(1, id, "phone", "13800000002");
    elsewhere.village = SHIQIAO.to_owned();
    laozhou.push(vec![here]).await;
    laozhou.push(vec![elsewhere]).await;
    let mut villages = server
        .database()
        .prepare("SELECT DISTINCT village FROM record WHERE kind IN ('household', 'conflict')")
        .and_then(|mut s| s.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>())
        .expect("villages");
    villages.sort();
    assert_eq!(villages, [LIUSHUGOU], "the record and its conflict");
    let mut wu = Device::enrolled(&server, "小吴").await;
    let got = ids(wu.push(Vec::new()).await);
    assert!(!got.contains(&id), "小吴 has never been in {LIUSHUGOU}");
    server.check();
}

/// Guesses a code as from this address, by a proxy's word; the status.
async fn guess(server: &Server, forwarded: &str) -> StatusCode {
    let code = serde_json::json!({"protocol": PROTOCOL, "code": "0000000000", "device_name": "", "app_version": "0"});
    let sent = Client::new().post(format!("{}/v1/enrol", server.url())).header("x-forwarded-for", forwarded);
    sent.json(&code).send().await.expect("an answer").status()
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_is_slowed_down_by_address_behind_a_proxy_too_and_nobody_invents_addresses() {
    let mut server = township();
    let mut last = StatusCode::OK;
    for n in 0..30 {
        last = guess(&server, &format!("192.0.2.{n}")).await;
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS, "an address that anybody may write is none");

    server.stop();
    server.start_with(&["--trusted-proxy", "127.0.0.1"]);
    for _ in 0..30 {
        last = guess(&server, "198.51.100.7, 192.0.2.1").await;
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(guess(&server, "198.51.100.8, 192.0.2.1").await, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(guess(&server, "192.0.2.2").await, StatusCode::FORBIDDEN, "the neighbour has not guessed yet");
}
