//! What an answer does to the store.

use super::*;
use crate::store::{Edit, Loaded, Reply, Request, Store};
use lianxin_shared::{
    replica::{Base, DeviceId, FieldSet, kind},
    wire::v1::{Cursor, EnrolResponse},
};

const VILLAGE: &str = "519921105201";
const NOW_MS: i64 = 1_448_172_300_000;
const HOUR_MS: i64 = 60 * 60 * 1000;

fn store() -> Store {
    let mut store = Store::open(Connection::open_in_memory().unwrap()).unwrap();
    let enrolled = EnrolResponse {
        protocol: 1,
        server_id: Uuid::from_u128(1),
        epoch: Uuid::from_u128(2),
        device: DeviceId::from_bits(7),
        token: "secret".to_owned(),
        server_time: (NOW_MS + HOUR_MS).unsigned_abs(),
        cadre: "axiang".to_owned(),
        cadre_name: "阿香".to_owned(),
        unit: "柳树沟村委会".to_owned(),
        township: "清溪镇".to_owned(),
        villages: BTreeMap::from([(VILLAGE.to_owned(), "柳树沟村".to_owned())]),
    };
    let request = Request::Enrol { server_url: "http://here".to_owned(), enrolled: Box::new(enrolled) };
    store.handle(request, NOW_MS + HOUR_MS).unwrap();
    store
}

/// Saves a new household; its stamp.
fn saved(store: &mut Store, now_ms: i64) -> Stamp {
    let set = FieldSet::from([("head".to_owned(), "周秀兰".into())]);
    let edit =
        Edit { kind: kind::HOUSEHOLD.into(), id: None, village: VILLAGE.into(), set, base: Base::new() };
    match store.handle(Request::Save(edit), now_ms).unwrap() {
        Reply::Record(Loaded { stamps, .. }) => stamps["head"],
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_clock_that_was_set_back_gives_no_stamp_twice() {
    let mut store = store();
    let ahead_ms = NOW_MS + HOUR_MS;
    let ahead = saved(&mut store, ahead_ms);
    let sent = store.sync_load(1, None).unwrap().patches;
    let chain = ChainHash::start(DeviceId::from_bits(7)).then(PatchHash::of(&sent[0]));
    let order = Stamp { wall_ms: NOW_MS.unsigned_abs(), counter: 0, device: DeviceId::from_bits(0xff) };
    let answer = SyncResponse {
        protocol: 1,
        server_id: Uuid::from_u128(1),
        epoch: Uuid::from_u128(2),
        server_time: NOW_MS.unsigned_abs(),
        receipt: Receipt { device_seq: 1, chain },
        held: Vec::new(),
        scope: None,
        accepted: Accepted { first: 1, seqs: vec![1], orders: BTreeMap::from([(1, order)]) },
        changes: Default::default(),
        evicted: Vec::new(),
        erased: Vec::new(),
        cursor: Cursor { seq: 1, nonce: "n".to_owned() },
        more: false,
        digest: String::new(),
    };
    store.sync_commit(answer, ahead_ms).unwrap();
    let set_back = saved(&mut store, ahead_ms + 1);
    assert!(set_back.wall_ms < ahead.wall_ms, "it goes by the server's time now");
    // An hour later the time comes that it had already given out.
    let again = saved(&mut store, ahead_ms + HOUR_MS);
    assert!(again.wall_ms >= ahead.wall_ms && again != ahead, "{again:?} {ahead:?}");
}
