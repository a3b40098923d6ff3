//! What goes along when a household moves.

use crate::{
    console::testing::{BRIDGE, NOW_MS, WILLOW, World},
    service::move_household,
    storage::StorageError,
};
use lianxin_shared::{
    domain::{household::field, visit::Visit},
    replica::{FieldSet, kind},
    sqlite::read_row,
};

#[test]
fn what_was_merged_into_a_household_moves_with_it() {
    let world = World::new();
    let (stays, merged) =
        (world.household(1, WILLOW, "周秀兰", &[]), world.household(2, WILLOW, "周秀兰", &[]));
    let visit = world.visit(1, WILLOW, merged, Visit::default());
    let link = FieldSet::from([(field::MERGED_INTO.to_owned(), stays.to_string().into())]);
    world.put(kind::HOUSEHOLD, merged, WILLOW, link);
    let villages = world.storage.write(move |db| {
        move_household(db, stays, BRIDGE, "乡镇走访办 老周", NOW_MS).unwrap();
        let village_of = |id| Ok::<_, StorageError>(read_row(db, id)?.unwrap().village);
        Ok::<_, StorageError>([village_of(stays)?, village_of(merged)?, village_of(visit)?])
    });
    assert_eq!(villages.unwrap(), [BRIDGE, BRIDGE, BRIDGE]);
}

/// Found by the simulator: after a restore a household may first be heard of where it moved to.
#[test]
fn who_is_written_down_later_is_with_a_household_that_first_came_after_its_move() {
    let world = World::new();
    let home = world.household(1, BRIDGE, "陈大牛", &[]);
    let moved_here = FieldSet::from([(field::VILLAGE.to_owned(), BRIDGE.into())]);
    world.put(kind::HOUSEHOLD, home, BRIDGE, moved_here);
    let visit = world.visit(1, WILLOW, home, Visit::default());
    let village = world.storage.read(|db| Ok::<_, StorageError>(read_row(db, visit)?.unwrap().village));
    assert_eq!(village.unwrap(), BRIDGE);
}
