//! What a grant lets in of what was held.

use crate::{
    console::testing::{BRIDGE, NOW_MS, WILLOW, World},
    service::{Caller, MOVED_AWAY, grant_villages, move_household, push},
    storage::StorageError,
};
use lianxin_shared::{
    replica::{Base, FieldSet, Patch, PatchDraft, Stamp, kind},
    sqlite::read_row,
};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

fn set_of(villages: &[&str]) -> BTreeSet<String> {
    villages.iter().map(|code| (*code).to_owned()).collect()
}

#[test]
fn saving_a_cadres_villages_lets_nothing_in_that_a_move_had_held() {
    let world = World::new();
    let home = world.household(1, WILLOW, "周秀兰", &[]);
    let device = world.phone;
    let visit = Uuid::from_u128(0x31);
    let set = FieldSet::from([("household".to_owned(), home.to_string().into())]);
    // After the move, by a phone that has heard of it.
    let stamp = Stamp { wall_ms: NOW_MS.unsigned_abs() + 60_000, counter: 0, device };
    let edit = PatchDraft {
        stamp,
        kind: kind::VISIT.to_owned(),
        id: visit,
        village: WILLOW.to_owned(),
        set,
        base: Base::new(),
    };
    let done = world.storage.write(move |db| {
        grant_villages(db, "axiang", &set_of(&[WILLOW]), NOW_MS).unwrap();
        move_household(db, home, BRIDGE, "乡镇走访办 老周", NOW_MS).unwrap();
        let receipt: i64 = db.query_row("SELECT receipt FROM device", [], |row| row.get(0))?;
        let patch = Patch { device_seq: receipt.unsigned_abs() + 1, edit };
        let caller = Caller { device, villages: set_of(&[WILLOW]), past: BTreeMap::new(), revoked: false };
        push(db, &caller, u64::MAX, &[patch], &BTreeMap::new(), NOW_MS + 60_000).unwrap();
        let held: String =
            db.query_row("SELECT held FROM patch WHERE record = ?1", [visit.as_bytes()], |row| row.get(0))?;
        assert_eq!(held, MOVED_AWAY, "the village that the cadre wrote for is theirs");
        assert_eq!(grant_villages(db, "axiang", &set_of(&[WILLOW]), NOW_MS).unwrap(), 0, "saved as it was");
        assert!(read_row(db, visit)?.is_none());
        assert_eq!(grant_villages(db, "axiang", &set_of(&[WILLOW, BRIDGE]), NOW_MS).unwrap(), 1);
        Ok::<_, StorageError>(read_row(db, visit)?.unwrap().village)
    });
    assert_eq!(done.unwrap(), BRIDGE);
}
