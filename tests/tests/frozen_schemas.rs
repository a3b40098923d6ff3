//! The schemas that devices in the field have are frozen, and a database of each opens with what it holds.

use lianxin_app::store;
use lianxin_server::storage;
use lianxin_shared::{
    replica::{DeviceId, Row, Stamp, Value},
    sqlite::{Replica, migrate},
};
use rusqlite::{Connection, params};
use uuid::Uuid;

const VILLAGE: &str = "519921105201";
const AXIANG: DeviceId = DeviceId::from_bits(0xA1);

fn stamp(wall_ms: u64, device: DeviceId) -> Stamp {
    Stamp { wall_ms, counter: 0, device }
}

fn fixture(name: &str) -> String {
    let path = format!("{}/fixtures/v1/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every table and index of a database, in words.
fn schema(db: &Connection) -> String {
    let mut statement =
        db.prepare("SELECT sql FROM sqlite_schema WHERE sql <> '' ORDER BY type DESC, name").unwrap();
    let lines = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
    lines.map(|line| line.unwrap() + ";\n").collect()
}

fn migrated(steps: &[&str]) -> Connection {
    let mut db = Connection::open_in_memory().unwrap();
    migrate(&mut db, steps).unwrap();
    db
}

#[test]
fn the_first_schemas_are_frozen() {
    assert_eq!(schema(&migrated(&store::MIGRATIONS[..2])), fixture("phone.sql"), "the phone's");
    assert_eq!(schema(&migrated(&storage::MIGRATIONS[..2])), fixture("server.sql"), "the server's");
}

#[test]
fn the_schemas_of_later_releases_are_frozen() {
    assert_eq!(schema(&migrated(&store::MIGRATIONS[..4])), fixture("phone_2.sql"), "the phone's");
    assert_eq!(schema(&migrated(&storage::MIGRATIONS[..7])), fixture("server_2.sql"), "the server's");
    assert_eq!(schema(&migrated(&store::MIGRATIONS[..7])), fixture("phone_3.sql"), "the phone's");
    assert_eq!(schema(&migrated(&storage::MIGRATIONS[..9])), fixture("server_3.sql"), "the server's");
    assert_eq!(schema(&migrated(&store::MIGRATIONS[..8])), fixture("phone_4.sql"), "the phone's");
    assert_eq!(schema(&migrated(&storage::MIGRATIONS[..10])), fixture("server_4.sql"), "the server's");
}

#[test]
fn a_phone_of_the_second_schema_opens_and_counts_what_waits() {
    let indexes = "CREATE INDEX patch_unsent ON patch (record, written_at) WHERE state < 2;
        CREATE INDEX patch_unsettled ON patch (device_seq) WHERE state = 2;
        CREATE INDEX patch_held ON patch (device_seq) WHERE held <> '';";
    // For a while the second step brought these indexes, on other phones it did not.
    for had in ["", indexes] {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch(&fixture("phone_2.sql")).unwrap();
        db.execute_batch(had).unwrap();
        let set = r#"{"set":{"head":"王长顺"}}"#;
        db.execute(
            "INSERT INTO patch (stamp, record, kind, village, body, state, written_at) VALUES (?1, ?2, 'household', ?3, ?4, 0, 0)",
            params![stamp(1, AXIANG).to_bytes(), Uuid::from_u128(1).as_bytes(), VILLAGE, set],
        )
        .unwrap();
        db.execute(
            "INSERT INTO household (id, village) VALUES (?1, ?2)",
            params![Uuid::from_u128(1).as_bytes(), VILLAGE],
        )
        .unwrap();
        db.execute_batch("PRAGMA user_version = 4").unwrap();
        let mut opened = store::Store::open(db).unwrap();
        let store::Reply::Status(status) = opened.handle(store::Request::Status, 0).unwrap() else {
            panic!()
        };
        assert_eq!(status.sync.waiting, 1);
        let request = store::Request::Household { id: Uuid::from_u128(1) };
        let store::Reply::Household(page) = opened.handle(request, 0).unwrap() else { panic!() };
        assert_eq!(page.record.fields.get("head"), Some(&Value::Text("王长顺".to_owned())));
    }
}

#[test]
fn a_phone_that_could_not_hear_of_erasures_is_told_its_villages_again_and_them_with_it() {
    let db = Connection::open_in_memory().unwrap();
    db.execute_batch(&fixture("phone_3.sql")).unwrap();
    db.execute_batch("INSERT INTO meta VALUES ('scope', '[]'); PRAGMA user_version = 7").unwrap();
    let opened = store::Store::open(db).unwrap();
    let sql = "SELECT count(*) FROM meta WHERE key = 'scope'";
    assert_eq!(opened.connection().query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap(), 0);
}

#[test]
fn a_phone_of_the_first_schema_opens_with_what_it_holds() {
    let db = Connection::open_in_memory().unwrap();
    db.execute_batch(&fixture("phone.sql")).unwrap();
    db.execute_batch("INSERT INTO meta VALUES ('place', '/visit/1'); PRAGMA user_version = 2").unwrap();
    let mut opened = store::Store::open(db).unwrap();
    let store::Reply::Status(status) = opened.handle(store::Request::Status, 0).unwrap() else { panic!() };
    assert_eq!(status.place, "/visit/1");
}

#[test]
fn a_database_of_the_first_schema_learns_who_has_left_the_register() {
    let db = Connection::open_in_memory().unwrap();
    db.execute_batch(&fixture("phone.sql")).unwrap();
    let moved = Row { village: VILLAGE.to_owned(), ..Row::empty("household", Uuid::from_u128(1), VILLAGE) };
    let set = |state: &str| format!(r#"{{"set":{{"head":"王长顺","state":"{state}"}}}}"#);
    let mut replica = Replica::new(&db);
    replica.put(&moved).unwrap();
    replica.finish().unwrap();
    // One went while its patch was under way, one has come back in a patch that nobody has received yet.
    for (n, state) in [(1_u128, "moved"), (2, "dissolved"), (3, "away")] {
        let id = Uuid::from_u128(n);
        db.execute(
            "INSERT INTO household (id, village, head) VALUES (?1, ?2, '')",
            params![id.as_bytes(), VILLAGE],
        )
        .unwrap();
        let stamp = stamp(u64::try_from(n).unwrap(), AXIANG).to_bytes();
        db.execute(
            "INSERT INTO patch (stamp, record, kind, village, body, state, written_at) VALUES (?1, ?2, 'household', ?3, ?4, 0, 0)",
            params![stamp, id.as_bytes(), VILLAGE, set(state)],
        )
        .unwrap();
    }
    db.execute_batch("PRAGMA user_version = 2").unwrap();
    let opened = store::Store::open(db).unwrap();
    let mut statement = opened.connection().prepare("SELECT standing FROM household ORDER BY id").unwrap();
    let standing: Vec<String> =
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    assert_eq!(standing, ["moved", "dissolved", ""]);
    let stale: i64 =
        opened.connection().query_row("SELECT count(*) FROM stale_projection", [], |r| r.get(0)).unwrap();
    assert_eq!(stale, 0);
}
