//! What is erased without being in the records: held patches alone tell of it.

use super::erase::{WORDS, act, caller, erased, is_sound, sent, stands_in, write};
use crate::{
    console::testing::{NOW_MS, WILLOW, World},
    service::{Pushed, Ruling, erase_for_good, pull, rule},
    storage::{StorageError, head},
};
use lianxin_shared::wire::v1::{Cursor, Erased, SyncResponse, scope_hash};
use rusqlite::Connection;
use std::collections::BTreeSet;
use uuid::Uuid;

/// A household of which only a held patch tells: moves are the office's.
fn held(world: &World) -> Uuid {
    let id = Uuid::from_u128(0x77);
    sent(
        world,
        write(world, id, WILLOW, &[("village", "519921105202"), ("head", "周秀兰"), ("phone", WORDS)]),
    );
    assert_eq!(stands_in(world, WORDS), ["patch"]);
    id
}

/// What the phone hears that has heard all up to `cursor`.
fn heard(world: &World, cursor: &Cursor) -> SyncResponse {
    let pushed = Pushed { scope_seen: scope_hash([WILLOW]), ..Pushed::default() };
    let read = |db: &Connection| pull(db, &caller(world), cursor, pushed, usize::MAX, NOW_MS);
    world.storage.read(read).unwrap()
}

fn at_the_head(world: &World) -> Cursor {
    let (seq, nonce) = world.storage.read(head).unwrap();
    Cursor { seq, nonce }
}

#[test]
fn a_refused_record_goes_and_phones_that_have_heard_everything_hear_of_it_once() {
    let world = World::new();
    let id = held(&world);
    let ruling = Ruling { release: false, by: "老周".into(), why: "不是本村的".into(), at_ms: NOW_MS };
    let phone = world.phone;
    world.storage.write(move |db| rule(db, phone, Some(id), &ruling)).unwrap();
    let before = at_the_head(&world);

    assert_eq!(erased(&world, id, &[""]), 1);
    for words in [WORDS, "周秀兰"] {
        assert_eq!(stands_in(&world, words), [""; 0]);
    }
    let answer = heard(&world, &before);
    assert_eq!(answer.erased, [Erased { id, field: String::new() }]);
    assert_eq!(heard(&world, &answer.cursor).erased, [], "once");
    // The next record takes a number of its own.
    world.household(1, WILLOW, "王长顺", &[]);
    let answer = heard(&world, &answer.cursor);
    assert_eq!((answer.erased.len(), answer.changes.len()), (0, 1));
    is_sound(&world);
}

#[test]
fn one_field_of_a_held_record_goes_and_the_rest_waits() {
    let world = World::new();
    let id = held(&world);
    let before = at_the_head(&world);
    erase_for_good(&world.storage, vec![(id, BTreeSet::from(["phone".to_owned()]))], act()).unwrap();
    assert_eq!(
        (stands_in(&world, WORDS), stands_in(&world, "周秀兰")),
        (Vec::new(), vec!["patch".to_owned()])
    );
    assert_eq!(heard(&world, &before).erased, [Erased { id, field: "phone".to_owned() }]);
    let waiting = |db: &Connection| {
        let sql = "SELECT count(*) FROM patch WHERE held <> '' AND refused = 0";
        Ok::<_, StorageError>(db.query_row(sql, [], |row| row.get::<_, i64>(0))?)
    };
    assert_eq!(world.storage.read(waiting).unwrap(), 1);
    is_sound(&world);
}
