//! Protocol 1 as it stands: what this build writes (golden files), what every later build must be able to read
//! (frozen messages in `fixtures/v1`, never edited once shipped), and how strangers are met.

use lianxin_server::{
    service::{Caller, ServiceError, pull, write_phase},
    storage,
};
use lianxin_shared::{
    replica::{Base, ChainHash, DeviceId, FieldSet, FieldVersion, Patch, PatchDraft, Row, Stamp, Value},
    sqlite::{migrate, read_row},
    wire::{
        PROTOCOL,
        v1::{
            Accepted, Cursor, EnrolRequest, EnrolResponse, Erased, ErrorBody, ErrorCode, Evicted, Held,
            HistoryChange, HistoryLine, HistoryRequest, HistoryResponse, Receipt, RepairRequest,
            RepairResponse, Scope, SyncRequest, SyncResponse, batch_of_patches, batch_of_rows, rows_of_batch,
            scope_hash,
        },
    },
};
use rusqlite::{Connection, params};
use serde::{Serialize, de::DeserializeOwned};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

const VILLAGE: &str = "519921105201";
const SERVER: Uuid = Uuid::from_u128(0x1111);
const EPOCH: Uuid = Uuid::from_u128(0x2222);
const AXIANG: DeviceId = DeviceId::from_bits(0xA1);
const LAOZHOU: DeviceId = DeviceId::from_bits(0xB2);

fn stamp(wall_ms: u64, device: DeviceId) -> Stamp {
    Stamp { wall_ms, counter: 0, device }
}

fn fields(pairs: &[(&str, Value)]) -> FieldSet {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
}

fn patches() -> Vec<Patch> {
    let household = |device_seq, wall, set, base| Patch {
        device_seq,
        edit: PatchDraft {
            stamp: stamp(wall, AXIANG),
            kind: "household".to_owned(),
            id: Uuid::from_u128(1),
            village: VILLAGE.to_owned(),
            set,
            base,
        },
    };
    let first =
        fields(&[("head", "𠮷田有福".into()), ("phone", "13800000001".into()), ("population", 3.into())]);
    let emptied = fields(&[("phone", Value::Null)]);
    let seen = Base::from([("phone".to_owned(), vec![stamp(1_000, AXIANG), stamp(900, LAOZHOU)])]);
    let mut well =
        household(3, 1_003, fields(&[("depth.m", "12.5".into()), ("dry", false.into())]), Base::new());
    (well.edit.kind, well.edit.id) = ("well_of_2031".to_owned(), Uuid::from_u128(2));
    vec![household(1, 1_000, first, Base::new()), household(2, 1_001, emptied, seen), well]
}

fn rows() -> Vec<Row> {
    let mut row = Row::empty("household", Uuid::from_u128(1), VILLAGE);
    row.seq = 7;
    let mut put = |name: &str, value: Value, stamp: Stamp, order: Stamp| {
        row.fields.insert(name.to_owned(), FieldVersion { value, stamp, order });
    };
    put("head", "周秀兰".into(), stamp(1_000, AXIANG), stamp(1_000, AXIANG));
    put("note", "“听不清”\n再来".into(), stamp(900, LAOZHOU), stamp(900, LAOZHOU));
    put("phone", "13800000002".into(), stamp(90_000, LAOZHOU), stamp(950, AXIANG));
    vec![row]
}

fn sync_request() -> SyncRequest {
    SyncRequest {
        protocol: PROTOCOL,
        server_id: SERVER,
        epoch: EPOCH,
        cursor: Cursor { seq: 5, nonce: "00000000000000aa".to_owned() },
        receipt_seen: 0,
        scope: String::new(),
        patches: batch_of_patches(&patches()),
        orders: BTreeMap::new(),
        left: Vec::new(),
    }
}

fn sync_response() -> SyncResponse {
    SyncResponse {
        evicted: Vec::new(),
        erased: Vec::new(),
        protocol: PROTOCOL,
        server_id: SERVER,
        epoch: EPOCH,
        server_time: 2_000,
        receipt: Receipt { device_seq: 3, chain: ChainHash::start(AXIANG) },
        held: vec![Held {
            device_seq: 3,
            reason: "这个村没有分给您".to_owned(),
            refused: false,
            stamp: None,
        }],
        scope: None,
        accepted: Accepted {
            first: 1,
            seqs: vec![6, 1, 0],
            orders: BTreeMap::from([(2, stamp(2_000, LAOZHOU))]),
        },
        changes: batch_of_rows(&rows()),
        cursor: Cursor { seq: 7, nonce: "00000000000000bb".to_owned() },
        more: false,
        digest: "0123456789abcdef".to_owned(),
    }
}

fn quiet_request() -> SyncRequest {
    SyncRequest { patches: Default::default(), receipt_seen: 3, ..sync_request() }
}

/// With all that only some requests have.
fn rare_request() -> SyncRequest {
    SyncRequest {
        scope: scope_hash([VILLAGE]),
        orders: BTreeMap::from([(2, stamp(950, AXIANG))]),
        left: vec![Uuid::from_u128(0x2221)],
        ..sync_request()
    }
}

/// With all that only some answers have.
fn rare_response() -> SyncResponse {
    let held = Held {
        device_seq: 2,
        reason: "不是这一户".to_owned(),
        refused: true,
        stamp: Some(stamp(1_001, AXIANG)),
    };
    let villages = BTreeMap::from([(VILLAGE.to_owned(), "柳树沟村".to_owned())]);
    SyncResponse {
        held: vec![held],
        evicted: vec![Evicted { id: Uuid::from_u128(1), from: VILLAGE.to_owned(), seq: 8 }],
        scope: Some(Scope { villages, region: "519921105000".to_owned() }),
        more: true,
        digest: String::new(),
        ..sync_response()
    }
}

fn quiet_response() -> SyncResponse {
    SyncResponse {
        evicted: Vec::new(),
        erased: Vec::new(),
        held: vec![],
        accepted: Accepted::default(),
        changes: Default::default(),
        ..sync_response()
    }
}

fn erased_response() -> SyncResponse {
    let of = |field: &str| Erased { id: Uuid::from_u128(1), field: field.to_owned() };
    SyncResponse { erased: vec![of(""), of("phone")], ..quiet_response() }
}

fn repair_request() -> RepairRequest {
    let sums = BTreeMap::from([(VILLAGE.to_owned(), "0123456789abcdef".to_owned())]);
    RepairRequest {
        protocol: PROTOCOL,
        server_id: SERVER,
        epoch: EPOCH,
        sums,
        want: vec![Uuid::from_u128(1)],
    }
}

fn repair_response() -> RepairResponse {
    let list = BTreeMap::from([(Uuid::from_u128(1), "00000000000000cc".to_owned())]);
    let rows_of = BTreeMap::from([(VILLAGE.to_owned(), list)]);
    RepairResponse { protocol: PROTOCOL, rows: rows_of, wanted: batch_of_rows(&rows()), seq: 7 }
}

fn enrol_request() -> EnrolRequest {
    EnrolRequest {
        protocol: PROTOCOL,
        code: "12345 67890".to_owned(),
        device_name: "Android · Chrome".to_owned(),
        app_version: "0.1.0".to_owned(),
        server_id: None,
    }
}

fn enrol_response() -> EnrolResponse {
    EnrolResponse {
        protocol: PROTOCOL,
        server_id: SERVER,
        epoch: EPOCH,
        device: AXIANG,
        token: "00ff".to_owned(),
        server_time: 2_000,
        cadre: "c1".to_owned(),
        cadre_name: "阿香".to_owned(),
        unit: "柳树沟村委会".to_owned(),
        township: "清溪镇".to_owned(),
        villages: BTreeMap::from([(VILLAGE.to_owned(), "柳树沟村".to_owned())]),
    }
}

fn history_request() -> HistoryRequest {
    HistoryRequest { protocol: PROTOCOL, server_id: SERVER, record: Uuid::from_u128(1) }
}

fn history_response() -> HistoryResponse {
    let line = |label: &str, before: Option<&str>, after: &str| HistoryLine {
        label: label.to_owned(),
        before: before.map(str::to_owned),
        after: after.to_owned(),
    };
    let first = HistoryChange {
        by: "阿香".to_owned(),
        written_ms: 1_000,
        received_ms: 2_000,
        held: String::new(),
        settled: false,
        unseen: false,
        salvaged: false,
        lines: vec![line("户主", None, "𠮷田有福")],
    };
    let second = HistoryChange {
        by: "老周".to_owned(),
        written_ms: 3_000,
        held: "这个村没有分给您".to_owned(),
        settled: true,
        unseen: true,
        salvaged: true,
        lines: vec![line("电话", Some("13800000001"), "（空）")],
        ..first.clone()
    };
    HistoryResponse { protocol: PROTOCOL, changes: vec![second, first], older: 2 }
}

fn error_body() -> ErrorBody {
    ErrorBody {
        code: ErrorCode::OtherServer,
        message: "这不是这部手机登记的那台乡镇服务器。".to_owned(),
        life: None,
    }
}

fn fixture(name: &str) -> String {
    let path = format!("{}/fixtures/v1/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// What this build writes is the golden file, and what version 1 wrote is read as the same message.
fn holds<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(name: &str, message: &T) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("golden");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_json_snapshot!(name, message));
    let frozen: T = serde_json::from_str(&fixture(&format!("{name}.json"))).unwrap();
    assert_eq!(&frozen, message, "{name} of version 1 is read differently");
}

#[test]
fn messages_are_written_and_read_as_in_version_1() {
    holds("sync_request", &sync_request());
    holds("sync_request_quiet", &quiet_request());
    holds("sync_request_rare", &rare_request());
    holds("sync_response", &sync_response());
    holds("sync_response_rare", &rare_response());
    holds("sync_response_quiet", &quiet_response());
    holds("sync_response_erased", &erased_response());
    holds("repair_request", &repair_request());
    holds("repair_response", &repair_response());
    holds("enrol_request", &enrol_request());
    holds("enrol_response", &enrol_response());
    holds("history_request", &history_request());
    holds("history_response", &history_response());
    holds("error", &error_body());
}

#[test]
fn an_empty_sync_is_tiny_both_ways() {
    let bytes = |message: &dyn erased::Message| message.len();
    assert!(bytes(&quiet_request()) < 250, "{}", bytes(&quiet_request()));
    assert!(bytes(&quiet_response()) < 350, "{}", bytes(&quiet_response()));
}

mod erased {
    /// A message by the length of its JSON.
    pub trait Message {
        fn len(&self) -> usize;
    }
    impl<T: serde::Serialize> Message for T {
        fn len(&self) -> usize {
            serde_json::to_vec(self).unwrap().len()
        }
    }
}

#[test]
fn fields_of_a_later_version_are_ignored_in_messages() {
    let mut later = serde_json::to_value(sync_response()).unwrap();
    later["weather"] = "晴".into();
    later["receipt"]["signed_by"] = "x".into();
    assert_eq!(serde_json::from_value::<SyncResponse>(later).unwrap(), sync_response());
    let mut later = serde_json::to_value(sync_request()).unwrap();
    later["battery"] = 80.into();
    assert_eq!(serde_json::from_value::<SyncRequest>(later).unwrap(), sync_request());
    let error: ErrorBody = serde_json::from_str(r#"{"code":"too_hot","message":"太热"}"#).unwrap();
    assert_eq!(error.code, ErrorCode::Unknown);
}

#[test]
fn a_value_that_protocol_1_does_not_have_is_refused_and_not_guessed_at() {
    for value in ["1.5", "[1]", "{}", "9223372036854775808"] {
        assert!(serde_json::from_str::<Value>(value).is_err(), "{value}");
    }
}

/// A township with two phones of one village.
fn township() -> Connection {
    let mut db = Connection::open_in_memory().unwrap();
    migrate(&mut db, &storage::MIGRATIONS).unwrap();
    let device = DeviceId::from_bits(1);
    db.execute(
        "INSERT INTO server (only, server_id, epoch, device, clock, township, region)
         VALUES (1, ?1, ?2, ?3, ?4, '清溪镇', '519921105000')",
        params![SERVER.as_bytes(), EPOCH.as_bytes(), device.to_i64(), stamp(0, device).to_bytes()],
    )
    .unwrap();
    db.execute("INSERT INTO cadre (id, name) VALUES ('c1', '阿香')", []).unwrap();
    for phone in [AXIANG, LAOZHOU] {
        db.execute(
            "INSERT INTO device (id, cadre, token_hash, enrolled_at, chain) VALUES (?1, 'c1', ?2, 0, ?3)",
            params![phone.to_i64(), phone.bits().to_be_bytes(), ChainHash::start(phone).0],
        )
        .unwrap();
    }
    db
}

fn caller(device: DeviceId) -> Caller {
    Caller { device, villages: BTreeSet::from([VILLAGE.to_owned()]), past: BTreeMap::new(), revoked: false }
}

#[test]
fn a_request_of_a_newer_protocol_is_told_so_and_nothing_is_stored() {
    let db = township();
    let request = SyncRequest { protocol: 2, cursor: Cursor::default(), ..sync_request() };
    let refused = write_phase(&db, &caller(AXIANG), request, 2_000).unwrap_err();
    let ServiceError::Refused(refusal) = refused else { panic!("{refused}") };
    assert_eq!(refusal.0.code, ErrorCode::ProtocolTooNew);
    assert!(refusal.0.message.contains("您写的都在本机"), "{}", refusal.0.message);
    assert_eq!(db.query_row("SELECT count(*) FROM patch", [], |row| row.get::<_, i64>(0)).unwrap(), 0);
}

#[test]
fn kinds_and_fields_that_nobody_here_knows_reach_the_other_phone_untouched() {
    let db = township();
    let request = SyncRequest { cursor: Cursor::default(), ..sync_request() };
    write_phase(&db, &caller(AXIANG), request, 2_000).unwrap();
    let answer =
        pull(&db, &caller(LAOZHOU), &Cursor::default(), Default::default(), usize::MAX, 2_000).unwrap();
    let sent = rows_of_batch(answer.changes).unwrap();
    let well = sent.iter().find(|row| row.kind == "well_of_2031").unwrap();
    assert_eq!(well.values(), patches()[2].edit.set);
    assert_eq!(read_row(&db, well.id).unwrap().as_ref(), Some(well));
}
