//! What is erased by law stands in no byte of the database's files.

use super::erase::{WORDS, act, caller, fields, write};
use crate::{
    console::testing::{NOW_MS, WILLOW, World},
    files::clean_up,
    service::{erase_for_good, push},
    storage::StorageError,
};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Writes a household's note many times, so that free space in pages, pages of their own and the log have had it.
fn written_over(world: &World) -> Uuid {
    let home = world.household(1, WILLOW, "周秀兰", &[]);
    for n in 0..12 {
        let note = format!("{WORDS}{}{WORDS}", "一".repeat(n * 537));
        let caller = caller(world);
        let mut patch = write(world, home, WILLOW, &[("note", &note)]);
        patch.edit.stamp.counter = u16::try_from(n).unwrap();
        world
            .storage
            .write(move |db| push(db, &caller, u64::MAX, &[patch], &BTreeMap::new(), NOW_MS).map(drop))
            .unwrap();
    }
    home
}

fn crowd(world: &World, numbers: std::ops::Range<u128>) {
    for n in numbers {
        world.household(n, WILLOW, "王长顺", &["gugua_laoren"]);
    }
}

fn is_in_a_file(world: &World) -> bool {
    let path = world.storage.read(|db| Ok::<_, StorageError>(db.path().unwrap().to_owned())).unwrap();
    ["", "-wal"].iter().any(|end| {
        let bytes = std::fs::read(format!("{path}{end}")).unwrap_or_default();
        bytes.windows(WORDS.len()).any(|window| window == WORDS.as_bytes())
    })
}

#[test]
fn no_file_of_the_database_has_the_words_of_a_field_or_of_a_record() {
    for field in ["note", ""] {
        let world = World::new();
        // Pages of others before and after, and the log moved into them in between.
        crowd(&world, 10..200);
        let home = written_over(&world);
        assert!(world.storage.empty_log().unwrap());
        crowd(&world, 200..300);
        assert!(is_in_a_file(&world));
        assert!(erase_for_good(&world.storage, vec![(home, fields(&[field]))], act()).unwrap());
        assert!(!is_in_a_file(&world), "{field:?}");
    }
}

#[test]
fn while_somebody_reads_the_log_has_the_words_and_the_next_collection_clears_them() {
    let world = World::new();
    let home = written_over(&world);
    let read = |db: &rusqlite::Connection| {
        db.query_row("SELECT count(*) FROM record", [], |row| row.get::<_, i64>(0))?;
        assert!(!erase_for_good(&world.storage, vec![(home, fields(&["note"]))], act())?, "and says so");
        Ok::<_, StorageError>(())
    };
    world.storage.read(read).unwrap();
    assert!(is_in_a_file(&world), "the reader needed them");
    assert!(clean_up(&world.storage));
    assert!(!is_in_a_file(&world));
}
