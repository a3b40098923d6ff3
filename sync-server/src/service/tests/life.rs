//! A database that was put back behind the server's back: phones tell.

use crate::{
    console::testing::{NOW_MS, WILLOW, World},
    service::{Caller, NewLife, Pushed, ServiceError, SyncService, begin_life},
    storage::{StorageError, read_identity},
};
use lianxin_shared::wire::{
    PROTOCOL,
    v1::{Cursor, ErrorBody, ErrorCode, SyncRequest},
};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

fn epoch(world: &World) -> Uuid {
    world.storage.read(|db| Ok::<_, StorageError>(read_identity(db)?.epoch)).unwrap()
}

/// A phone that lived in `own` before, and in all that it has `left` before that, asks what is new.
fn ask(world: &World, own: Uuid, left: &[Uuid]) -> Result<Pushed, ServiceError> {
    let villages = BTreeSet::from([WILLOW.to_owned()]);
    let caller = Caller { device: world.phone, villages, past: BTreeMap::new(), revoked: false };
    let server_id = world.storage.read(|db| Ok::<_, StorageError>(read_identity(db)?.server_id)).unwrap();
    let request = SyncRequest {
        protocol: PROTOCOL,
        server_id,
        epoch: own,
        cursor: Cursor::default(),
        receipt_seen: 0,
        scope: String::new(),
        patches: Default::default(),
        orders: BTreeMap::new(),
        left: left.to_vec(),
    };
    SyncService::new(world.storage.clone()).push(caller, request)
}

fn refused(world: &World, own: Uuid, left: &[Uuid]) -> ErrorBody {
    match ask(world, own, left) {
        Err(ServiceError::Refused(refusal)) => refusal.0,
        other => panic!("{other:?}"),
    }
}

/// Found by the simulator: the server went on in its old life, under its old signature, and took the office's own words
/// for a stranger's.
#[test]
fn a_phone_that_has_left_the_life_that_the_server_is_in_begins_a_new_one() {
    let world = World::new();
    let (first, later) = (epoch(&world), Uuid::from_u128(0xE2));
    let told = refused(&world, later, &[]);
    assert_eq!(
        (told.code, epoch(&world)),
        (ErrorCode::OtherEpoch, first),
        "it may be a later life than the phone's"
    );

    let told = refused(&world, later, &[Uuid::from_u128(0xE0), first]);
    assert_eq!(told.code, ErrorCode::OtherEpoch);
    assert_ne!(epoch(&world), first);
    assert_eq!(told.life.unwrap().epoch, epoch(&world));
}

#[test]
fn a_phone_that_comes_late_to_a_new_life_begins_no_other() {
    let world = World::new();
    let (first, new) = (epoch(&world), Uuid::from_u128(0xE3));
    let life = NewLife { epoch: new, device: world.phone };
    assert!(world.storage.write(move |db| begin_life(db, &[first], life, "从备份恢复", NOW_MS)).unwrap());
    for own in [first, Uuid::from_u128(0xE2)] {
        let told = refused(&world, own, &[Uuid::from_u128(0xE1), first]);
        assert_eq!((told.code, epoch(&world)), (ErrorCode::OtherEpoch, new));
    }
}

#[test]
fn a_phone_pulls_also_while_nothing_can_be_written() {
    let world = World::new();
    let no_writes =
        |db: &rusqlite::Connection| Ok::<_, StorageError>(db.pragma_update(None, "query_only", true)?);
    world.storage.write(no_writes).unwrap();
    let begun = world
        .storage
        .write(|db| begin_life(db, &[read_identity(db)?.epoch], NewLife::random()?, "从备份恢复", NOW_MS));
    assert!(begun.is_err(), "this test's disk is not full");
    assert!(ask(&world, epoch(&world), &[]).is_ok());
}
