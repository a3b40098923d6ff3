//! A household that was written down in the wrong village is put right, as long as nobody but this phone knows it.
//! Later its whole move is the office's.

use super::{Loaded, StoreError, db_error, meta, records};
use lianxin_shared::{
    replica::{Row, kind},
    sqlite::uuid_at,
};
use rusqlite::{Connection, params};
use uuid::Uuid;

/// Whether a household can still be put into another village: nothing of it has left this phone, and no visit to it has
/// been begun, whose words and photos lie under its village.
pub(super) fn may_move(db: &Connection, row: &Row) -> Result<bool, StoreError> {
    if row.kind != kind::HOUSEHOLD {
        return Ok(false);
    }
    db.prepare_cached(
        "SELECT NOT EXISTS (SELECT 1 FROM record WHERE id = ?1)
           AND NOT EXISTS (SELECT 1 FROM former_record WHERE id = ?1)
           AND NOT EXISTS (SELECT 1 FROM patch WHERE record = ?1 AND state > 0)
           AND NOT EXISTS (SELECT 1 FROM draft WHERE household = ?1)
           AND NOT EXISTS (SELECT 1 FROM visit WHERE household = ?1)",
    )
    .and_then(|mut s| s.query_row([row.id.as_bytes()], |row| row.get(0)))
    .map_err(db_error)
}

/// Puts it there, with its members.
///
/// # Errors
/// In words, when it is too late for that or the village is none of this phone's; then nothing has changed.
pub(super) fn place(db: &Connection, id: Uuid, village: &str) -> Result<Loaded, StoreError> {
    let row = records::shown(db, id)?.ok_or(StoreError::NotFound)?;
    if !may_move(db, &row)? {
        return Err(StoreError::Invalid(
            "这一户已经报往乡镇（或已经开始走访），手机上不能再换村；没有改动，写的都在。要换村，请乡镇走访办整户迁过去。"
                .to_owned(),
        ));
    }
    if !meta::identity(db)?.is_some_and(|own| own.villages.contains_key(village)) {
        return Err(StoreError::Invalid("那个村已不归您走访，没有改动，写的都在。".to_owned()));
    }
    // What was written of its members was written after it: nothing of them has left this phone either.
    let mut members: Vec<Uuid> = db
        .prepare_cached("SELECT id FROM person WHERE household = ?1 ORDER BY id")
        .and_then(|mut s| s.query_map([id.as_bytes()], |row| uuid_at(row, "id"))?.collect())
        .map_err(db_error)?;
    members.push(id);
    for record in members {
        db.prepare_cached("UPDATE patch SET village = ?2 WHERE record = ?1 AND state = 0")
            .and_then(|mut s| s.execute(params![record.as_bytes(), village]))
            .map_err(db_error)?;
        records::project_shown(db, record)?;
    }
    records::load(db, id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{
        Reply, Request, VisitTarget,
        test_world::{NOW_MS, OTHER_VILLAGE, VILLAGE, World},
    };

    const ID: Uuid = Uuid::from_u128(0x1001);
    const MEMBER: Uuid = Uuid::from_u128(0x1002);

    fn world() -> World {
        let mut world = World::new();
        world.save(ID, kind::HOUSEHOLD, &[("head", "周秀兰")]).unwrap();
        world.save(MEMBER, kind::PERSON, &[("household", &ID.to_string()), ("name", "周小宝")]).unwrap();
        world
    }

    fn place(world: &mut World) -> Result<Reply, StoreError> {
        world.store.handle(Request::PlaceHousehold { id: ID, village: OTHER_VILLAGE.to_owned() }, NOW_MS)
    }

    #[test]
    fn a_household_that_nobody_knows_yet_goes_to_the_other_village_with_its_members() {
        let mut world = world();
        let Ok(Reply::Record(placed)) = place(&mut world) else { panic!("not placed") };
        assert_eq!((placed.village.as_str(), placed.may_move), (OTHER_VILLAGE, true));
        let sent = world.exchange(Vec::new(), &[]);
        let villages: Vec<&str> = sent.iter().map(|patch| patch.edit.village.as_str()).collect();
        assert_eq!(villages, [OTHER_VILLAGE; 2]);
        let listed: Vec<String> = world
            .store
            .connection()
            .prepare("SELECT village FROM household UNION ALL SELECT village FROM person")
            .and_then(|mut s| s.query_map([], |row| row.get(0))?.collect())
            .unwrap();
        assert_eq!(listed, [OTHER_VILLAGE; 2]);
    }

    #[test]
    fn once_it_is_on_its_way_or_visited_it_stays_and_the_words_say_who_can_move_it() {
        let mut sent = world();
        // Sealed: it may be at the township, whatever becomes of the answer.
        sent.store.sync_load(1 << 20, None).unwrap();
        let mut visited = world();
        visited.store.handle(Request::StartVisit { target: VisitTarget::Household(ID) }, NOW_MS).unwrap();
        for world in [&mut sent, &mut visited] {
            let refused = place(world).unwrap_err().to_string();
            assert!(refused.contains("请乡镇走访办"), "{refused}");
            let Ok(Reply::Record(kept)) = world.store.handle(Request::Record { id: ID }, NOW_MS) else {
                panic!("lost")
            };
            assert_eq!((kept.village.as_str(), kept.may_move), (VILLAGE, false));
        }
    }
}
