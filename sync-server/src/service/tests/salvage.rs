//! What phones may bring back after a restore, and what they may not, whatever their app says.

use crate::{
    console::testing::{BRIDGE, HOUR_MS, NOW_MS, WILLOW, World},
    service::{BROUGHT_BACK, Caller, NewLife, Ruling, begin_life, move_household, push, rule, salvage},
    storage::{StorageError, read_identity},
};
use lianxin_shared::{
    domain::household::field,
    replica::{Base, DeviceId, FieldSet, Patch, PatchDraft, Stamp, kind},
    sqlite::read_row,
    wire::{
        PROTOCOL,
        v1::{SalvageRequest, batch_of_patches},
    },
};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

fn caller(world: &World, villages: &[&str]) -> Caller {
    let villages: BTreeSet<String> = villages.iter().map(|code| (*code).to_owned()).collect();
    Caller { device: world.phone, villages, past: BTreeMap::new(), revoked: false }
}

fn stamp(device: DeviceId, counter: u16) -> Stamp {
    Stamp { wall_ms: (NOW_MS - HOUR_MS / 2).unsigned_abs(), counter, device }
}

fn write(kind: &str, id: Uuid, village: &str, stamp: Stamp, set: &[(&str, &str)]) -> PatchDraft {
    let set: FieldSet = set.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
    PatchDraft { stamp, kind: kind.to_owned(), id, village: village.to_owned(), set, base: Base::new() }
}

/// Offers one write; how many were taken.
fn offer(world: &World, caller: &Caller, edit: PatchDraft) -> u64 {
    offer_all(world, caller, vec![edit])
}

/// The same for several at once.
fn offer_all(world: &World, caller: &Caller, edits: Vec<PatchDraft>) -> u64 {
    let caller = caller.clone();
    let patches: Vec<Patch> = (1..).zip(edits).map(|(device_seq, edit)| Patch { device_seq, edit }).collect();
    let outcome = world.storage.write(move |db| {
        let identity = read_identity(db)?;
        let request = SalvageRequest {
            protocol: PROTOCOL,
            server_id: identity.server_id,
            epoch: identity.epoch,
            patches: batch_of_patches(&patches),
            orders: BTreeMap::new(),
        };
        salvage(db, &caller, request, NOW_MS)
    });
    outcome.unwrap().taken
}

fn village_of(world: &World, id: Uuid) -> String {
    world.storage.read(|db| Ok::<_, StorageError>(read_row(db, id)?.unwrap().village)).unwrap()
}

fn note_of(world: &World, id: Uuid) -> String {
    let note = |db: &_| Ok::<_, StorageError>(read_row(db, id)?.unwrap().text(field::NOTE).to_owned());
    world.storage.read(note).unwrap()
}

fn own_device(world: &World) -> DeviceId {
    world.storage.read(|db| Ok::<_, StorageError>(read_identity(db)?.device)).unwrap()
}

fn begin_another_life(world: &World) {
    let new = NewLife { epoch: Uuid::from_u128(0xE), device: DeviceId::from_bits(0xD) };
    let begun = world.storage.write(move |db| {
        let former = read_identity(db)?.epoch;
        begin_life(db, &[former], new, "从备份恢复", NOW_MS)
    });
    assert!(begun.unwrap());
}

#[test]
fn no_phone_moves_a_household_or_sets_a_village_up_by_bringing_it_back() {
    let world = World::new();
    let (own, foreign) =
        (world.household(1, WILLOW, "周秀兰", &[]), world.household(2, BRIDGE, "李翠花", &[]));
    let axiang = caller(&world, &[WILLOW]);
    for (round, device) in [(0, world.phone), (1, own_device(&world)), (2, DeviceId::from_bits(0x7777))] {
        let here = write(kind::HOUSEHOLD, foreign, BRIDGE, stamp(device, round), &[(field::VILLAGE, WILLOW)]);
        assert_eq!(offer(&world, &axiang, here), 0);
        assert_eq!(village_of(&world, foreign), BRIDGE);
        let away = [(field::VILLAGE, "999999999999"), (field::NOTE, "东边进")];
        let away = write(kind::HOUSEHOLD, own, WILLOW, stamp(device, 10 + round), &away);
        offer(&world, &axiang, away);
        assert_eq!(village_of(&world, own), WILLOW);
        for kind in [kind::VILLAGE, kind::CAMPAIGN] {
            let id = Uuid::from_u128(0xA0 + u128::from(round));
            let new = write(kind, id, WILLOW, stamp(device, 20 + round), &[("name", "假的")]);
            assert_eq!(offer(&world, &axiang, new), 0, "{kind}");
        }
    }
}

#[test]
fn after_a_restore_phones_bring_the_offices_moves_and_villages_back_to_where_there_is_a_village() {
    let world = World::new();
    let home = world.household(1, WILLOW, "周秀兰", &[]);
    let office = own_device(&world);
    begin_another_life(&world);
    let axiang = caller(&world, &[WILLOW, BRIDGE]);
    let nowhere = write(kind::HOUSEHOLD, home, WILLOW, stamp(office, 1), &[(field::VILLAGE, "999999999999")]);
    assert_eq!(offer(&world, &axiang, nowhere), 0);
    assert_eq!(village_of(&world, home), WILLOW);
    for other in [world.phone, own_device(&world)] {
        let forged = write(kind::HOUSEHOLD, home, WILLOW, stamp(other, 1), &[(field::VILLAGE, BRIDGE)]);
        assert_eq!(offer(&world, &axiang, forged), 0, "a phone's, or the present life's own");
    }
    let moved = write(kind::HOUSEHOLD, home, WILLOW, stamp(office, 2), &[(field::VILLAGE, BRIDGE)]);
    assert_eq!(offer(&world, &axiang, moved), 1);
    assert_eq!(village_of(&world, home), BRIDGE);
    let campaign =
        write(kind::CAMPAIGN, Uuid::from_u128(0xC1), WILLOW, stamp(office, 3), &[("name", "秋访")]);
    assert_eq!(offer(&world, &axiang, campaign), 1);
}

/// Another phone knew of a write only what still stood in its rows; then its writer brings the whole of it back.
#[test]
fn a_write_that_comes_back_in_parts_is_one_write() {
    let world = World::new();
    let home = world.household(1, WILLOW, "周秀兰", &[]);
    begin_another_life(&world);
    let axiang = caller(&world, &[WILLOW]);
    let written = stamp(DeviceId::from_bits(0x7777), 1);
    let part = write(kind::HOUSEHOLD, home, WILLOW, written, &[(field::NOTE, "东边进")]);
    let whole = [(field::NOTE, "东边进"), (field::PHONE, "13800000001")];
    let whole = write(kind::HOUSEHOLD, home, WILLOW, written, &whole);
    for (edit, taken) in [(part.clone(), 1), (whole.clone(), 1), (part, 0), (whole, 0)] {
        assert_eq!(offer(&world, &axiang, edit), taken);
    }
    let row = world.storage.read(|db| Ok::<_, StorageError>(read_row(db, home)?.unwrap())).unwrap();
    for name in [field::NOTE, field::PHONE] {
        assert_eq!(row.fields[name].stamp, written, "{name}");
    }
}

/// Found by the simulator. 老周's clock is minutes ahead, as is allowed; 阿香 saw what he wrote and wrote over it. After a
/// restore hers arrives first.
#[test]
fn what_was_seen_and_replaced_comes_back_below_what_replaced_it() {
    let world = World::new();
    let home = world.household(1, WILLOW, "周秀兰", &[]);
    begin_another_life(&world);
    let axiang = caller(&world, &[WILLOW]);
    let minutes = |n: i64| (NOW_MS + n * 60_000).unsigned_abs();
    let stamp = |wall_ms, device| Stamp { wall_ms, counter: 0, device: DeviceId::from_bits(device) };
    let (first, second) = (stamp(minutes(7), 0x7777), stamp(minutes(8), 0x7777));
    let saw = |edit: PatchDraft, seen: Stamp| {
        let base = Base::from([(field::NOTE.to_owned(), vec![seen])]);
        PatchDraft { base, ..edit }
    };
    let first = write(kind::HOUSEHOLD, home, WILLOW, first, &[(field::NOTE, "井在屋前")]);
    let second = write(kind::HOUSEHOLD, home, WILLOW, second, &[(field::NOTE, "井在屋后")]);
    let second = saw(second, first.stamp);
    let hers = write(kind::HOUSEHOLD, home, WILLOW, stamp(minutes(1), 0x8888), &[(field::NOTE, "井填了")]);
    assert_eq!(offer(&world, &axiang, saw(hers, second.stamp)), 1);
    // A third phone takes his words for the later ones, by the times that it knows.
    let guessed = saw(second.clone(), stamp(minutes(1), 0x8888));
    assert_eq!(offer_all(&world, &axiang, vec![first, guessed]), 2);
    assert_eq!(note_of(&world, home), "井填了");
    assert_eq!(offer(&world, &axiang, second), 0);
}

#[test]
fn what_the_office_has_refused_does_not_come_in_by_another_door() {
    let world = World::new();
    let home = world.household(1, WILLOW, "周秀兰", &[]);
    let device = world.phone;
    let receipt = world.storage.read(|db| {
        let receipt = db.query_row("SELECT receipt FROM device", [], |row| row.get::<_, i64>(0));
        Ok::<_, StorageError>(receipt?.unsigned_abs())
    });
    let edit = write(kind::HOUSEHOLD, home, WILLOW, stamp(device, 1), &[(field::NOTE, "停用之后写的")]);
    let patch = Patch { device_seq: receipt.unwrap() + 1, edit: edit.clone() };
    let revoked = Caller { revoked: true, ..caller(&world, &[WILLOW]) };
    let handed_in = move |db: &_| push(db, &revoked, 0, &[patch], &BTreeMap::new(), NOW_MS);
    world.storage.write(handed_in).unwrap();
    let anew = Caller { device: DeviceId::from_bits(0x7777), ..caller(&world, &[WILLOW]) };
    let no = Ruling { release: false, by: "老周".into(), why: "不是这一户".into(), at_ms: NOW_MS };
    world.storage.write(move |db| rule(db, device, None, &no)).unwrap();
    assert_eq!(offer(&world, &anew, edit), 0, "it was refused");
    assert_eq!(note_of(&world, home), "");
}

/// Found by the simulator: nobody had the office's words any more.
#[tokio::test]
async fn what_was_written_about_a_household_that_is_elsewhere_now_waits_for_the_office() {
    let world = World::new();
    let home = world.household(1, WILLOW, "周秀兰", &[]);
    let office = own_device(&world);
    begin_another_life(&world);
    world.storage.write(move |db| move_household(db, home, BRIDGE, "老周", NOW_MS)).unwrap();
    let axiang = caller(&world, &[WILLOW]);
    let words = write(kind::HOUSEHOLD, home, WILLOW, stamp(office, 1), &[(field::NOTE, "井在屋后")]);
    let elsewhere = write(kind::HOUSEHOLD, home, BRIDGE, stamp(office, 2), &[(field::NOTE, "假的")]);
    assert_eq!(offer(&world, &axiang, elsewhere), 0, "a village that never was the phone's");
    assert_eq!((offer(&world, &axiang, words.clone()), note_of(&world, home)), (1, String::new()));
    assert_eq!(offer(&world, &axiang, words.clone()), 0, "offered again it is known");
    let page = world.office().await.page("/console/held").await;
    for words in ["共 1 条", "户 周秀兰", "井在屋后", BROUGHT_BACK] {
        assert!(page.contains(words), "{words}: {page}");
    }

    let yes = Ruling { release: true, by: "老周".into(), why: String::new(), at_ms: NOW_MS };
    let own = own_device(&world);
    let ruled = world.storage.write(move |db| rule(db, own, Some(home), &yes)).unwrap();
    assert_eq!((ruled.changed, ruled.unfit, note_of(&world, home).as_str()), (1, 0, "井在屋后"));
    assert_eq!(offer(&world, &axiang, words), 0);
}
