//! What the driver takes for an answer.

use super::*;
use crate::store::{Bytes, Edit, NewPhoto, Reply};
use lianxin_shared::{
    domain::photo::{field_of_hash, value_of_caption},
    replica::{Base, ChainHash, DeviceId, FieldSet, kind},
    wire::v1::{Cursor, ErrorBody, ErrorCode, Receipt},
};
use rusqlite::Connection;
use std::collections::BTreeMap;

const NOW_MS: i64 = 1_448_172_300_000;
const VILLAGE: &str = "519921105201";

fn enrol(device: u64) -> Request {
    let enrolled = EnrolResponse {
        protocol: PROTOCOL,
        server_id: Uuid::from_u128(1),
        epoch: Uuid::from_u128(2),
        device: DeviceId::from_bits(device),
        token: format!("secret of {device}"),
        server_time: NOW_MS.unsigned_abs(),
        cadre: "axiang".to_owned(),
        cadre_name: "阿香".to_owned(),
        unit: "柳树沟村委会".to_owned(),
        township: "清溪镇".to_owned(),
        villages: BTreeMap::from([(VILLAGE.to_owned(), "柳树沟村".to_owned())]),
    };
    Request::Enrol { server_url: "http://here".to_owned(), enrolled: Box::new(enrolled) }
}

/// The store of device 7 with one household that is to be sent.
fn store() -> Store {
    let mut store = Store::open(Connection::open_in_memory().unwrap()).unwrap();
    store.handle(enrol(7), NOW_MS).unwrap();
    let set = FieldSet::from([("head".to_owned(), "周秀兰".into())]);
    let edit =
        Edit { kind: kind::HOUSEHOLD.into(), id: None, village: VILLAGE.into(), set, base: Base::new() };
    store.handle(Request::Save(edit), NOW_MS).unwrap();
    store
}

/// What a driver that was just told something sends.
fn sent(effects: Vec<Effect>) -> Option<Exchange> {
    effects.into_iter().find_map(|effect| match effect {
        Effect::Send(exchange) => Some(exchange),
        _ => None,
    })
}

fn answered_with(seq: u64) -> Answer {
    let response = SyncResponse {
        protocol: PROTOCOL,
        server_id: Uuid::from_u128(1),
        epoch: Uuid::from_u128(2),
        server_time: NOW_MS.unsigned_abs(),
        receipt: Receipt { device_seq: 0, chain: ChainHash::start(DeviceId::from_bits(7)) },
        held: Vec::new(),
        scope: None,
        accepted: Default::default(),
        changes: Default::default(),
        evicted: Vec::new(),
        erased: Vec::new(),
        cursor: Cursor { seq, nonce: "n".to_owned() },
        more: true,
        digest: String::new(),
    };
    answer(200, &serde_json::to_string(&response).unwrap())
}

fn cursor(store: &mut Store) -> u64 {
    store.sync_load(1, None).unwrap().cursor.seq
}

#[test]
fn what_a_lost_turn_had_asked_is_no_answer_to_what_this_one_asks_and_none_counts_twice() {
    let mut store = store();
    let former = sent(Driver::new(1).opened(&mut store, NOW_MS).unwrap()).unwrap();
    let mut driver = Driver::new(99);
    let own = sent(driver.opened(&mut store, NOW_MS).unwrap()).unwrap();
    assert!(driver.answered(&mut store, former.asked, answered_with(40), NOW_MS).is_empty());
    assert_eq!(cursor(&mut store), 0, "it may be of a life that is over");
    driver.answered(&mut store, own.asked, answered_with(50), NOW_MS);
    assert_eq!(cursor(&mut store), 50);
    driver.answered(&mut store, own.asked, answered_with(30), NOW_MS);
    assert_eq!(cursor(&mut store), 50);
}

#[test]
fn what_the_former_device_is_told_does_not_touch_the_one_that_was_enrolled_meanwhile() {
    let revoked = ErrorBody { code: ErrorCode::Revoked, message: "停用".into(), life: None };
    for late in [answered_with(40), answer(403, &serde_json::to_string(&revoked).unwrap())] {
        let mut store = store();
        let mut driver = Driver::new(1);
        let former = sent(driver.opened(&mut store, NOW_MS).unwrap()).unwrap();
        store.handle(enrol(8), NOW_MS).unwrap();
        let own = sent(driver.noticed(&mut store, &enrol(8), NOW_MS));
        assert!(driver.answered(&mut store, former.asked, late, NOW_MS).is_empty());
        let Reply::Status(status) = store.handle(Request::Status, NOW_MS).unwrap() else { panic!() };
        assert!(!status.locked, "the new device was never turned away");
        assert_eq!(own.map(|own| own.token), Some("secret of 8".to_owned()), "it syncs at once");
    }
}

fn answer(status: u16, body: &str) -> Answer {
    Answer::Body { status, body: body.as_bytes().to_vec(), retry_after_s: Some(7) }
}

#[test]
fn what_is_not_our_server_is_told_apart_from_what_is() {
    let failure = |a| decode::<SyncResponse>(a).unwrap_err();
    assert_eq!(failure(Answer::Unreachable), Failure::Network);
    assert_eq!(failure(answer(200, "<html>请登录宾馆网络</html>")), Failure::Garbage);
    assert_eq!(failure(answer(302, "")), Failure::Garbage);
    assert_eq!(failure(answer(413, "")), Failure::TooLarge);
    assert_eq!(failure(answer(429, "")), Failure::Busy { retry_ms: 7_000 });
    assert_eq!(failure(answer(502, "bad gateway")), Failure::Server);
    let revoked = ErrorBody { code: ErrorCode::Revoked, message: "停用".into(), life: None };
    assert_eq!(failure(answer(403, &serde_json::to_string(&revoked).unwrap())), Failure::Refused(revoked));
    let newer = answer(409, r#"{"code":"something_new","message":"新版的话","more":1}"#);
    assert!(
        matches!(failure(newer), Failure::Refused(ErrorBody { code: ErrorCode::Unknown, message, .. }) if message == "新版的话")
    );
}

fn upload(effects: Vec<Effect>) -> Option<FileExchange> {
    effects.into_iter().find_map(|effect| match effect {
        Effect::SendFile(exchange) => Some(exchange),
        _ => None,
    })
}

fn stands_at(offset: u64) -> FileAnswer {
    let location = Some("/v1/files/0123".to_owned());
    FileAnswer::Said { status: 201, location, offset: Some(offset), retry_after_s: None, body: Vec::new() }
}

#[test]
fn a_photo_is_not_taken_for_received_because_another_one_was() {
    let mut store = store();
    let jpeg = |bytes| Bytes::of(&[[0xFF, 0xD8, 0xFF].as_slice(), &vec![7; bytes], &[0xFF, 0xD9]].concat());
    let photo = NewPhoto { village: VILLAGE.to_owned(), original: jpeg(9_000), thumb: jpeg(900) };
    let Reply::PhotoKept(name) = store.handle(Request::KeepPhoto(Box::new(photo)), NOW_MS).unwrap() else {
        panic!("not kept")
    };
    let set = FieldSet::from([(field_of_hash(&name.hash), value_of_caption("门前"))]);
    let edit = Edit { kind: kind::DIARY.into(), id: None, village: VILLAGE.into(), set, base: Base::new() };
    store.handle(Request::Save(edit), NOW_MS).unwrap();
    let mut former = Photos::new(1);
    let late = upload(former.tell(&mut store, CourierInput::TextDone, NOW_MS)).unwrap();
    let mut photos = Photos::new(99);
    let own = upload(photos.tell(&mut store, CourierInput::TextDone, NOW_MS)).unwrap();
    assert!(photos.answered(&mut store, late.job, stands_at(300_000), NOW_MS).is_empty());
    assert_eq!(own.body.len(), 905, "the thumbnail goes first");
    let next = upload(photos.answered(&mut store, own.job, stands_at(905), NOW_MS)).unwrap();
    assert!(next.body.is_empty(), "then the original is asked for");
}
