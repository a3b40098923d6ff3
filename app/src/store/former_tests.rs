use crate::store::{Edit, Loaded, Reply, Request, Store, test_world::enrolled};
use lianxin_shared::{
    replica::{Base, ChainHash, DeviceId, FieldSet, PatchHash, kind},
    sync::Outgoing,
    wire::v1::{Accepted, Batch, Cursor, Life, Receipt, Scope, SyncResponse},
};
use rusqlite::Connection;
use std::collections::BTreeMap;
use uuid::Uuid;

const VILLAGE: &str = "519921105201";
const REGION: &str = "519921105000";
const NOW_MS: i64 = 1_448_172_300_000;
const DEVICE: u64 = 7;

fn store() -> Store {
    let mut store = Store::open(Connection::open_in_memory().unwrap()).unwrap();
    let enrolled = enrolled(DeviceId::from_bits(DEVICE), Uuid::from_u128(2));
    let request = Request::Enrol { server_url: "http://here".to_owned(), enrolled };
    store.handle(request, NOW_MS).unwrap();
    store
}

fn save(store: &mut Store, id: Option<Uuid>, field: &str, value: &str) -> Loaded {
    let set = FieldSet::from([(field.to_owned(), value.into())]);
    let edit = Edit { kind: kind::HOUSEHOLD.into(), id, village: VILLAGE.into(), set, base: Base::new() };
    match store.handle(Request::Save(edit), NOW_MS).unwrap() {
        Reply::Record(loaded) => loaded,
        other => panic!("{other:?}"),
    }
}

/// One exchange in which the server takes all that is sent, as its row number `seq`; the receipt.
fn exchange(store: &mut Store, chain: ChainHash, seq: i64, scope: Option<Scope>) -> Receipt {
    let sent: Outgoing = store.sync_load(1 << 20, None).unwrap();
    let chain = sent.patches.iter().fold(chain, |chain, patch| chain.then(PatchHash::of(patch)));
    let receipt = Receipt { device_seq: sent.receipt_seen + sent.patches.len() as u64, chain };
    let first = sent.patches.first().map_or(0, |patch| patch.device_seq);
    let seqs = sent.patches.iter().map(|_| seq).collect();
    let answer = SyncResponse {
        protocol: 1,
        server_id: Uuid::from_u128(1),
        epoch: Uuid::from_u128(2),
        server_time: NOW_MS.unsigned_abs(),
        receipt: receipt.clone(),
        held: Vec::new(),
        scope,
        accepted: Accepted { first, seqs, orders: BTreeMap::new() },
        changes: Batch::default(),
        evicted: Vec::new(),
        erased: Vec::new(),
        cursor: Cursor::default(),
        more: false,
        digest: String::new(),
    };
    store.sync_commit(answer, NOW_MS).unwrap();
    receipt
}

fn listed(store: &Store) -> Vec<(String, String)> {
    let mut statement = store.connection().prepare("SELECT head, phone FROM household").unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.map(Result::unwrap).collect()
}

/// Found by the simulator: the register lacked what the household's page showed.
#[test]
fn what_must_be_sent_again_to_a_new_life_is_in_the_register_though_its_row_had_left_the_phone() {
    let mut store = store();
    let id = save(&mut store, None, "head", "周秀兰").id;
    let first = exchange(&mut store, ChainHash::start(DeviceId::from_bits(DEVICE)), 1, None);
    save(&mut store, Some(id), "phone", "13800000002");
    let none = Scope { villages: BTreeMap::new(), region: REGION.to_owned() };
    exchange(&mut store, first.chain, 2, Some(none));
    assert_eq!(listed(&store), [], "the village was withdrawn, and everything is with the township");

    store.sync_renew(&Life { epoch: Uuid::from_u128(3), receipt: first }).unwrap();

    let Reply::Record(shown) = store.handle(Request::Record { id }, NOW_MS).unwrap() else { panic!() };
    assert_eq!(shown.fields.keys().collect::<Vec<_>>(), ["phone"]);
    assert_eq!(listed(&store), [(String::new(), "13800000002".to_owned())]);
}
