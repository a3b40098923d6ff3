//! The schemas that devices in the field have are frozen, and a database of each opens with what it holds.

use lianxin_app::store;
use lianxin_server::{
    auth::{AuthError, Cadre, add_cadre, create_code, redeem_code},
    service::{LocalWriter, Origin, check},
    storage::{self, Storage, StorageError},
};
use lianxin_shared::{
    domain::{household::Household, opinion::Opinion, visit::Visit},
    replica::{DeviceId, FieldSet, Row, Stamp, Value, kind},
    sqlite::{Replica, migrate},
};
use rusqlite::{Connection, params};
use std::{collections::BTreeSet, path::Path};
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

/// A township's database of today with a bit of everything that people write, in `dir`.
fn township(dir: &Path) {
    Storage::init(dir, "清溪镇", "519921105000").unwrap();
    let storage = Storage::open(dir).unwrap();
    let phone = storage
        .write(|db| {
            let villages = BTreeSet::from([VILLAGE.to_owned()]);
            let axiang = Cadre { id: "axiang".into(), name: "阿香".into(), unit: String::new(), villages };
            add_cadre(db, &axiang)?;
            let code = create_code(db, "axiang", 0)?;
            Ok::<_, AuthError>(redeem_code(db, &code.digits, "Android · Chrome", "0.1.0", 0).unwrap())
        })
        .unwrap();
    let home = Uuid::from_u128(1);
    let household =
        Household { head: "王长顺".into(), phone: "13900000017".into(), ..Household::default() };
    let visit = Visit { household: Some(home), target_name: "王长顺".into(), ..Visit::default() };
    let opinion = Opinion { text: "渠堵了".into(), household: Some(home), ..Opinion::default() };
    let second = FieldSet::from([("phone".to_owned(), "13900000018".into())]);
    let records = [
        (Origin::Office, kind::VILLAGE, 9, FieldSet::from([("name".to_owned(), "柳树沟村".into())])),
        (Origin::Device(phone.device), kind::HOUSEHOLD, 1, household.to_fields()),
        (Origin::Device(phone.device), kind::VISIT, 2, visit.to_fields()),
        (Origin::Device(phone.device), kind::OPINION, 3, opinion.to_fields()),
        (Origin::Office, kind::HOUSEHOLD, 1, second),
    ];
    for (at_ms, (origin, kind, id, fields)) in (1000..).zip(records) {
        let fields = fields.into_iter().filter(|(_, value)| *value != Value::Null).collect();
        let write = move |db: &Connection| {
            let mut writer = LocalWriter::new(db)?;
            writer.write(origin, (kind, Uuid::from_u128(id), VILLAGE), fields, at_ms)?;
            writer.finish()?;
            Ok::<_, StorageError>(())
        };
        storage.write(write).unwrap();
    }
}

/// A database of a frozen schema, which `steps` steps had made, with that township in it.
fn of_the_schema(name: &str, steps: usize, to: &Path) -> Connection {
    let dir = tempfile::tempdir().unwrap();
    township(dir.path());
    let db = Connection::open(to).unwrap();
    db.execute_batch(&fixture(name)).unwrap();
    db.execute("ATTACH ?1 AS today", [dir.path().join(storage::DATABASE_FILE).to_str().unwrap()]).unwrap();
    let list = |sql: &str| -> Vec<String> {
        db.prepare(sql).and_then(|mut s| s.query_map([], |row| row.get(0))?.collect()).unwrap()
    };
    for table in list("SELECT name FROM main.sqlite_schema WHERE type = 'table'") {
        let columns = list(&format!(
            "SELECT o.name FROM pragma_table_info('{table}', 'main') o JOIN pragma_table_info('{table}', 'today') n USING (name)"
        ))
        .join(", ");
        let copy = format!("INSERT INTO main.{table} ({columns}) SELECT {columns} FROM today.{table}");
        db.execute(&copy, []).unwrap_or_else(|error| panic!("{table}: {error}"));
    }
    db.execute_batch(&format!("DETACH today; PRAGMA user_version = {steps}")).unwrap();
    db
}

#[test]
fn a_servers_database_of_each_schema_opens_with_what_it_holds_and_check_finds_nothing() {
    for (name, steps) in [("server.sql", 2), ("server_2.sql", 7), ("server_3.sql", 9), ("server_4.sql", 10)] {
        let dir = tempfile::tempdir().unwrap();
        drop(of_the_schema(name, steps, &dir.path().join(storage::DATABASE_FILE)));
        let storage = Storage::open(dir.path()).unwrap_or_else(|error| panic!("{name}: {error}"));
        let (report, phone, patches) = storage
            .write(|db| {
                let phone: String =
                    db.query_row("SELECT phone FROM household WHERE head = '王长顺'", [], |row| {
                        row.get(0)
                    })?;
                let patches: i64 = db.query_row("SELECT count(*) FROM patch", [], |row| row.get(0))?;
                Ok::<_, StorageError>((check(db)?, phone, patches))
            })
            .unwrap();
        assert_eq!(report.problems, [""; 0], "{name}");
        assert_eq!((phone.as_str(), patches, report.records), ("13900000018", 5, 4), "{name}");
        // It goes on: what is written next takes the next numbers.
        let write = |db: &Connection| {
            let mut writer = LocalWriter::new(db)?;
            let set = FieldSet::from([("head".to_owned(), "王小顺".into())]);
            writer.write(Origin::Office, (kind::HOUSEHOLD, Uuid::from_u128(4), VILLAGE), set, 2000)?;
            writer.finish()?;
            Ok::<_, StorageError>(check(db)?.problems)
        };
        assert_eq!(storage.write(write).unwrap(), [""; 0], "{name}");
    }
}

/// What former versions deleted, they left in free pages.
#[test]
fn words_in_free_pages_of_a_former_version_go_even_if_its_first_start_was_killed_in_between() {
    const WORDS: &str = "说过又删掉的话";
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(storage::DATABASE_FILE);
    let has_words = || {
        ["", "-wal"].iter().any(|end| {
            let bytes = std::fs::read(format!("{}{end}", path.display())).unwrap_or_default();
            bytes.windows(WORDS.len()).any(|window| window == WORDS.as_bytes())
        })
    };
    let mut db = of_the_schema("server_3.sql", 9, &path);
    db.execute_batch("PRAGMA secure_delete = off; CREATE TABLE t (x); ").unwrap();
    for _ in 0..50 {
        db.execute("INSERT INTO t VALUES (?1)", [WORDS.repeat(100)]).unwrap();
    }
    db.execute_batch("DROP TABLE t").unwrap();
    // As a start that was killed as soon as the schema was up to date.
    migrate(&mut db, &storage::MIGRATIONS).unwrap();
    db.close().unwrap();
    assert!(has_words());
    drop(Storage::open(dir.path()).unwrap());
    assert!(!has_words());
    let free = |at: &Path| {
        let db = Connection::open(at).unwrap();
        db.query_row("PRAGMA freelist_count", [], |row| row.get::<_, i64>(0)).unwrap()
    };
    // Once is enough: whatever is deleted from now on is cleared at once.
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE t (x); DROP TABLE t").unwrap();
    assert!(free(&path) > 0);
    drop(Storage::open(dir.path()).unwrap());
    assert!(free(&path) > 0, "not written anew at each start");
}
