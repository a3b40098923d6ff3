//! What is erased by law stands nowhere: each place in which a word could survive.

use crate::{
    console::testing::{HOUR_MS, NOW_MS, WILLOW, World},
    service::{
        Caller, ErasureAct, LocalWriter, NewLife, Origin, begin_life, carry_over, check, erase, history,
        pull, push, salvage, write_phase,
    },
    storage::{StorageError, open_writable, read_identity},
};
use lianxin_shared::{
    replica::{Base, ChainHash, DeviceId, FieldSet, Patch, PatchDraft, PatchHash, Stamp, Value, kind},
    sqlite::read_row,
    wire::{
        PROTOCOL,
        v1::{Cursor, Erased, SalvageRequest, SyncRequest, batch_of_patches},
    },
};
use rusqlite::{Connection, types::Value as Sql};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};
use uuid::Uuid;

/// Words that may stand nowhere.
pub(super) const WORDS: &str = "13912345678";

pub(super) fn act() -> ErasureAct {
    ErasureAct {
        by: "乡镇走访办 老周".to_owned(), why: "本人书面要求".to_owned(), at_ms: NOW_MS
    }
}

pub(super) fn fields(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

pub(super) fn caller(world: &World) -> Caller {
    let villages = BTreeSet::from([WILLOW.to_owned()]);
    Caller { device: world.phone, villages, past: BTreeMap::new(), revoked: false }
}

/// A write of the world's phone, after all that it has written.
pub(super) fn write(world: &World, id: Uuid, village: &str, set: &[(&str, &str)]) -> Patch {
    let counter =
        u16::try_from(set.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>()).unwrap();
    let stamp = Stamp { wall_ms: (NOW_MS - HOUR_MS / 2).unsigned_abs(), counter, device: world.phone };
    let set: FieldSet = set.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
    let edit = PatchDraft {
        stamp,
        kind: kind::HOUSEHOLD.to_owned(),
        id,
        village: village.to_owned(),
        set,
        base: Base::new(),
    };
    Patch { device_seq: receipt(world).0 + 1, edit }
}

fn receipt(world: &World) -> (u64, ChainHash) {
    let read = |db: &Connection| {
        let sql = "SELECT receipt, chain FROM device WHERE id = ?1";
        Ok::<_, StorageError>(db.query_row(sql, [world.phone.to_i64()], |row| {
            Ok((row.get::<_, i64>(0)?.unsigned_abs(), ChainHash(row.get(1)?)))
        })?)
    };
    world.storage.read(read).unwrap()
}

pub(super) fn sent(world: &World, patch: Patch) {
    let caller = caller(world);
    world
        .storage
        .write(move |db| push(db, &caller, u64::MAX, &[patch], &BTreeMap::new(), NOW_MS).map(drop))
        .unwrap();
}

pub(super) fn erased(world: &World, id: Uuid, names: &[&str]) -> usize {
    let names = fields(names);
    world.storage.write(move |db| erase(db, id, &names, &act())).unwrap()
}

/// The tables in which the words stand.
fn told_in(db: &Connection, words: &str) -> Vec<String> {
    let tables: Vec<String> = db
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
        .and_then(|mut s| s.query_map([], |row| row.get(0))?.collect())
        .unwrap();
    let holds = |table: &String| {
        let mut statement = db.prepare(&format!("SELECT * FROM {table}")).unwrap();
        let columns = statement.column_count();
        let mut rows = statement.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            if (0..columns).any(|at| matches!(row.get(at), Ok(Sql::Text(text)) if text.contains(words))) {
                return true;
            }
        }
        false
    };
    tables.into_iter().filter(|table| holds(table)).collect()
}

pub(super) fn stands_in(world: &World, words: &str) -> Vec<String> {
    world.storage.read(|db| Ok::<_, StorageError>(told_in(db, words))).unwrap()
}

pub(super) fn is_sound(world: &World) {
    let report = world.storage.write(check).unwrap();
    assert_eq!(report.problems, [""; 0]);
}

#[test]
fn a_field_leaves_row_patches_search_and_the_words_that_lost() {
    let world = World::new();
    let home = world.household(1, WILLOW, "周秀兰", &[]);
    // Two who had not seen what stood there: a conflict keeps the words that lost.
    sent(&world, write(&world, home, WILLOW, &[("phone", WORDS)]));
    sent(&world, write(&world, home, WILLOW, &[("phone", "13900000002")]));
    assert!(stands_in(&world, WORDS).contains(&"record".to_owned()), "a row, or a conflict's");
    let before = receipt(&world);

    assert_eq!(erased(&world, home, &["phone"]), 1);
    assert_eq!(erased(&world, home, &["phone"]), 0, "once");

    for words in [WORDS, "13900000002", "13900000017"] {
        assert_eq!(stands_in(&world, words), [""; 0]);
    }
    assert_eq!(receipt(&world), before, "numbers and hashes stay");
    is_sound(&world);
    world
        .storage
        .read(|db| {
            let row = read_row(db, home)?.unwrap();
            assert_eq!((row.text("head"), row.value("phone")), ("周秀兰", &Value::Null));
            let open: i64 =
                db.query_row("SELECT count(*) FROM conflict WHERE open = 1", [], |row| row.get(0))?;
            assert_eq!(open, 0);
            Ok::<_, StorageError>(())
        })
        .unwrap();
}

#[test]
fn a_whole_record_is_in_no_list_and_its_history_says_only_that_it_was_erased() {
    let world = World::new();
    let home = world.household(1, WILLOW, "周秀兰", &["gugua_laoren"]);
    sent(&world, write(&world, home, WILLOW, &[("phone", WORDS)]));
    erased(&world, home, &[""]);
    for words in [WORDS, "周秀兰", "gugua_laoren"] {
        assert_eq!(stands_in(&world, words), [""; 0]);
    }
    is_sound(&world);
    world
        .storage
        .read(|db| {
            let listed: i64 = db.query_row("SELECT count(*) FROM household", [], |row| row.get(0))?;
            assert_eq!(listed, 0);
            let told = history(db, home)?;
            let acts: Vec<_> =
                told.iter().map(|change| (change.by.as_str(), change.erased.as_deref())).collect();
            assert_eq!(acts, [("乡镇走访办 老周", Some("本人书面要求"))]);
            Ok::<_, StorageError>(())
        })
        .unwrap();
}

#[test]
fn what_comes_later_is_receipted_and_its_erased_part_is_never_kept() {
    let world = World::new();
    let home = world.household(1, WILLOW, "周秀兰", &[]);
    erased(&world, home, &["phone"]);
    let late = write(&world, home, WILLOW, &[("phone", WORDS), ("note", "门前路已修")]);
    let (number, chain) = receipt(&world);
    let hash = PatchHash::of(&late);
    sent(&world, late.clone());
    assert_eq!(receipt(&world), (number + 1, chain.then(hash)), "by the hash of what the phone wrote");
    assert_eq!(stands_in(&world, WORDS), [""; 0]);
    assert_eq!(stands_in(&world, "门前路已修"), ["patch", "record"], "the rest counts");
    sent(&world, late);
    is_sound(&world);
    // Neither an import nor the office writes it again.
    let write_again = move |db: &Connection| {
        let mut writer = LocalWriter::new(db)?;
        let set = FieldSet::from([("phone".to_owned(), WORDS.into())]);
        writer.write(Origin::Office, (kind::HOUSEHOLD, home, WILLOW), set, NOW_MS)?;
        writer.finish()
    };
    world.storage.write(write_again).unwrap();
    assert_eq!(stands_in(&world, WORDS), [""; 0]);
}

#[test]
fn held_words_go_too_whenever_they_come() {
    let world = World::new();
    let home = world.household(1, WILLOW, "周秀兰", &[]);
    // A move is the office's: this is held whole.
    let held =
        |world: &World, words| write(world, home, WILLOW, &[("village", "519921105202"), ("phone", words)]);
    sent(&world, held(&world, WORDS));
    erased(&world, home, &[""]);
    sent(&world, held(&world, "13912345679"));
    assert_eq!((stands_in(&world, WORDS), stands_in(&world, "13912345679")), (Vec::new(), Vec::new()));
    let waiting = |db: &Connection| {
        let sql = "SELECT count(*) FROM patch WHERE held <> '' AND refused = 0";
        Ok::<_, StorageError>(db.query_row(sql, [], |row| row.get::<_, i64>(0))?)
    };
    assert_eq!(world.storage.read(waiting).unwrap(), 0, "nobody needs to rule on them");
    is_sound(&world);
}

#[test]
fn phones_hear_of_it_once_and_those_that_wrote_to_it_wherever_their_villages_are() {
    let world = World::new();
    let home = world.household(1, WILLOW, "周秀兰", &[]);
    erased(&world, home, &["phone"]);
    let told = |caller: Caller, cursor: Cursor| {
        let read = |db: &Connection| pull(db, &caller, &cursor, Default::default(), usize::MAX, NOW_MS);
        world.storage.read(read).unwrap()
    };
    let first = told(caller(&world), Cursor::default());
    assert_eq!(first.erased, [Erased { id: home, field: "phone".to_owned() }]);
    let scope_seen = lianxin_shared::wire::v1::scope_hash([WILLOW]);
    let known = |db: &Connection| {
        let pushed = crate::service::Pushed { scope_seen: scope_seen.clone(), ..Default::default() };
        pull(db, &caller(&world), &first.cursor, pushed, usize::MAX, NOW_MS)
    };
    assert_eq!(world.storage.read(known).unwrap().erased, [], "once");
    let other = DeviceId::from_bits(0xE);
    let enrol = move |db: &Connection| {
        db.execute("INSERT INTO cadre (id, name) VALUES ('laoli', '老李')", [])?;
        let row = rusqlite::params![other.to_i64(), [0u8; 32], ChainHash::start(other).0];
        let sql =
            "INSERT INTO device (id, cadre, token_hash, enrolled_at, chain) VALUES (?1, 'laoli', ?2, 0, ?3)";
        Ok::<_, StorageError>(db.execute(sql, row)?)
    };
    world.storage.write(enrol).unwrap();
    let elsewhere =
        |device| Caller { device, villages: BTreeSet::new(), past: BTreeMap::new(), revoked: false };
    assert_eq!(told(elsewhere(world.phone), Cursor::default()).erased.len(), 1, "it wrote there");
    assert_eq!(told(elsewhere(other), Cursor::default()).erased, [], "nobody else hears of it");

    // Found by the simulator: its cursor is past the erasure when it first writes there, and of its words some are left.
    let first_words = write(&world, home, WILLOW, &[("note", "门前路已修")]);
    let (stamp, device_seq) = (Stamp { device: other, ..first_words.edit.stamp }, 1);
    let patch = Patch { device_seq, edit: PatchDraft { stamp, ..first_words.edit } };
    let cursor = first.cursor.clone();
    let exchange = move |db: &Connection| {
        let caller = elsewhere(other);
        let pushed =
            push(db, &caller, cursor.seq, std::slice::from_ref(&patch), &BTreeMap::new(), NOW_MS).unwrap();
        let again =
            push(db, &caller, cursor.seq, std::slice::from_ref(&patch), &BTreeMap::new(), NOW_MS).unwrap();
        let answered = |pushed| pull(db, &caller, &cursor, pushed, usize::MAX, NOW_MS).unwrap();
        Ok::<_, StorageError>([answered(pushed).erased, answered(again).erased])
    };
    let told = world.storage.write(exchange).unwrap();
    assert_eq!(told.map(|told| told.len()), [1, 1], "also when the answer is lost");
}

#[test]
fn a_phone_may_not_bring_it_back_after_a_restore() {
    let world = World::new();
    let (home, other) = (world.household(1, WILLOW, "周秀兰", &[]), Uuid::from_u128(0x99));
    erased(&world, home, &["phone"]);
    world
        .storage
        .write(move |db| {
            // Erased in the life that was lost; the restored database has never had it.
            db.execute(
                "INSERT INTO erased (record, field, kind, village, by, why, at, seq) VALUES (?1, '', 'household', ?2, '', '', 0, 1)",
                rusqlite::params![other.as_bytes(), WILLOW],
            )?;
            let new = NewLife { epoch: Uuid::from_u128(0xE), device: DeviceId::from_bits(0xD) };
            begin_life(db, &[read_identity(db)?.epoch], new, "从备份恢复", NOW_MS)
        })
        .unwrap();
    for (n, id) in [(1, home), (2, other)] {
        let mut patch = write(&world, id, WILLOW, &[("phone", WORDS)]);
        (patch.device_seq, patch.edit.stamp.counter) = (1, n);
        let caller = caller(&world);
        let offered = world.storage.write(move |db| {
            let identity = read_identity(db)?;
            let request = SalvageRequest {
                protocol: PROTOCOL,
                server_id: identity.server_id,
                epoch: identity.epoch,
                patches: batch_of_patches(&[patch]),
                orders: BTreeMap::new(),
            };
            salvage(db, &caller, request, NOW_MS)
        });
        offered.unwrap();
    }
    assert_eq!(stands_in(&world, WORDS), [""; 0]);
    is_sound(&world);
}

#[test]
fn a_restored_backup_is_erased_again_at_once_and_phones_of_the_new_life_hear_of_it() {
    let (world, dir) = (World::new(), tempfile::tempdir().unwrap());
    let (home, gone) = (world.household(1, WILLOW, "周秀兰", &[]), world.household(2, WILLOW, WORDS, &[]));
    sent(&world, write(&world, home, WILLOW, &[("phone", WORDS)]));
    let backup = backed_up(&world, &dir.path().join("backup.db"));
    erased(&world, home, &["phone"]);
    erased(&world, gone, &[""]);
    drop(backed_up(&world, &dir.path().join("present.db")));
    let db = backup;
    let new = NewLife { epoch: Uuid::from_u128(0xE), device: DeviceId::from_bits(0xD) };
    begin_life(&db, &[read_identity(&db).unwrap().epoch], new, "从备份恢复", NOW_MS).unwrap();
    assert!(!told_in(&db, WORDS).is_empty());
    assert!(carry_over(&db, &dir.path().join("present.db")).unwrap());
    assert_eq!(told_in(&db, WORDS), [""; 0]);
    assert_eq!(check(&db).unwrap().problems, [""; 0]);
    let told =
        pull(&db, &caller(&world), &Cursor::default(), Default::default(), usize::MAX, NOW_MS).unwrap();
    assert_eq!(told.erased.len(), 2);
}

/// A copy of the world's database, opened.
fn backed_up(world: &World, to: &Path) -> Connection {
    let _ = std::fs::remove_file(to);
    world
        .storage
        .read(|db| {
            let mut target = Connection::open(to)?;
            rusqlite::backup::Backup::new(db, &mut target)?.run_to_completion(
                100,
                std::time::Duration::ZERO,
                None,
            )?;
            Ok::<_, StorageError>(())
        })
        .unwrap();
    open_writable(to).unwrap()
}

#[test]
fn check_finds_what_remains_and_what_was_changed_behind_its_back() {
    let world = World::new();
    let home = world.household(1, WILLOW, "周秀兰", &[]);
    sent(&world, write(&world, home, WILLOW, &[("phone", WORDS)]));
    let found = |sql: &'static str| {
        let outcome: Result<(), StorageError> = world.storage.write(move |db| {
            db.execute_batch(sql)?;
            let problems = check(db)?.problems;
            assert!(!problems.is_empty(), "{sql}");
            assert!(!problems.concat().contains(WORDS));
            Err(StorageError::Stopped)
        });
        assert!(outcome.is_err(), "not kept");
    };
    found("UPDATE patch SET body = replace(body, '13912345678', '13912345679')");
    found(
        "INSERT INTO erased (record, field, kind, village, by, why, at, seq)
         SELECT record, 'phone', kind, village, '', '', 0, 1 FROM patch WHERE instr(body, '13912345678')",
    );
    is_sound(&world);
}

#[test]
fn a_request_with_erased_words_is_answered_with_the_emptied_row() {
    let world = World::new();
    let home = world.household(1, WILLOW, "周秀兰", &[]);
    erased(&world, home, &["phone"]);
    let patch = write(&world, home, WILLOW, &[("phone", WORDS)]);
    let answer = world
        .storage
        .write({
            let caller = caller(&world);
            let number = patch.device_seq;
            move |db| {
                let identity = read_identity(db)?;
                let (seq, nonce) = crate::storage::head(db)?;
                let cursor = Cursor { seq, nonce };
                let request = SyncRequest {
                    protocol: PROTOCOL,
                    server_id: identity.server_id,
                    epoch: identity.epoch,
                    cursor: cursor.clone(),
                    receipt_seen: number - 1,
                    scope: String::new(),
                    left: Default::default(),
                    patches: batch_of_patches(&[patch]),
                    orders: BTreeMap::new(),
                };
                let pushed = write_phase(db, &caller, request, NOW_MS)?;
                pull(db, &caller, &cursor, pushed, usize::MAX, NOW_MS)
            }
        })
        .unwrap();
    assert_eq!(answer.receipt.device_seq, receipt(&world).0);
    assert_eq!(answer.accepted.seqs, [0], "the phone must not fold its own words");
    assert!(!serde_json::to_string(&answer).unwrap().contains(WORDS));
}
