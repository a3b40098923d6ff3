//! What the township keeps apart of this phone's patches: shown here like any other while it waits for the office;
//! refused, it is in no record any more (state 3 without a row) and only to be read.

use super::{HeldElsewhere, StoreError, db_error, meta, records};
use lianxin_shared::{
    domain::label,
    replica::{Row, Stamp, Value},
    sqlite::{read_row, uuid_at},
    wire::v1::{ERASED_REASON, Held},
};
use rusqlite::{Connection, params};
use std::collections::BTreeSet;
use uuid::Uuid;

/// Takes the server's list in place of the former one. Records that are shown otherwise from now on are `touched`.
pub(super) fn keep(db: &Connection, held: &[Held], touched: &mut BTreeSet<Uuid>) -> Result<(), StoreError> {
    let mut listed = BTreeSet::new();
    let mut update = db
        .prepare_cached(
            "UPDATE patch SET held = ?2, state = ?3
             WHERE device_seq = ?1 AND state >= 2 AND (held <> ?2 OR state <> ?3) RETURNING record",
        )
        .map_err(db_error)?;
    for one in held.iter().filter(|one| one.stamp.is_none()) {
        let device_seq = one.device_seq as i64;
        listed.insert(device_seq);
        let state = if one.refused { 3 } else { 2 };
        let ids = update.query_map(params![device_seq, one.reason, state], |row| uuid_at(row, "record"));
        touched.extend(ids.and_then(Iterator::collect::<Result<Vec<_>, _>>).map_err(db_error)?);
    }
    let mut statement = db
        .prepare_cached("SELECT device_seq, record FROM patch WHERE held <> '' AND device_seq > 0")
        .map_err(db_error)?;
    let known = statement
        .query_map([], |row| Ok((row.get("device_seq")?, uuid_at(row, "record")?)))
        .and_then(Iterator::collect::<Result<Vec<(i64, Uuid)>, _>>)
        .map_err(db_error)?;
    for (device_seq, record) in known.into_iter().filter(|(device_seq, _)| !listed.contains(device_seq)) {
        db.prepare_cached("UPDATE patch SET held = '' WHERE device_seq = ?1")
            .and_then(|mut s| s.execute([device_seq]))
            .map_err(db_error)?;
        touched.insert(record);
    }
    keep_former(db, held, touched)?;
    keep_elsewhere(db, held)
}

/// Where it is kept what the server tells of the cadre's other phones; a JSON list.
const ELSEWHERE: &str = "held_elsewhere";

/// Keeps what the server tells of patches that are not on this phone: another phone of the same cadre wrote them, the
/// one before this one above all. Their words are with the office alone.
fn keep_elsewhere(db: &Connection, held: &[Held]) -> Result<(), StoreError> {
    let own = match held.iter().any(|one| one.stamp.is_some()) {
        true => handed_in_before(db)?,
        false => BTreeSet::new(),
    };
    let mut told: Vec<HeldElsewhere> = Vec::new();
    for one in held {
        let Some(stamp) = one.stamp else { continue };
        // Nor is there anything to ask the office about of what was erased by law.
        if own.contains(&stamp) || one.reason == ERASED_REASON {
            continue;
        }
        let same = told.iter_mut().find(|row| (&row.reason, row.refused) == (&one.reason, one.refused));
        match same {
            Some(row) => row.count += 1,
            None => told.push(HeldElsewhere { reason: one.reason.clone(), refused: one.refused, count: 1 }),
        }
    }
    let text = serde_json::to_string(&told).map_err(|e| StoreError::Broken(e.to_string()))?;
    if meta::get(db, ELSEWHERE)?.unwrap_or_else(|| "[]".to_owned()) != text {
        meta::set(db, ELSEWHERE, &text)?;
    }
    Ok(())
}

/// The stamps of what this phone handed in as another device, which the server tells by its stamp. Read once, by an index:
/// every exchange asks.
fn handed_in_before(db: &Connection) -> Result<BTreeSet<Stamp>, StoreError> {
    db.prepare_cached("SELECT stamp FROM patch WHERE device_seq IS NULL AND state >= 2")
        .and_then(|mut s| s.query_map([], |row| row.get(0).map(Stamp::from_bytes))?.collect())
        .map_err(db_error)
}

/// What the server last told of the cadre's other phones.
pub(super) fn elsewhere(db: &Connection) -> Result<Vec<HeldElsewhere>, StoreError> {
    let text = meta::get(db, ELSEWHERE)?.unwrap_or_else(|| "[]".to_owned());
    serde_json::from_str(&text).map_err(|e| StoreError::Broken(e.to_string()))
}

/// The same for what this phone handed in as another device, before it was enrolled anew or found that it is a copy:
/// such a patch has no number any more and is known by its stamp. That it is held this phone may hear only now.
fn keep_former(db: &Connection, held: &[Held], touched: &mut BTreeSet<Uuid>) -> Result<(), StoreError> {
    let mut statement = db
        .prepare_cached(
            "SELECT at, stamp, record, held, state, orphan FROM patch
             WHERE device_seq IS NULL AND state >= 2 AND (held <> '' OR ?1)",
        )
        .map_err(db_error)?;
    let mut rows = statement.query([held.iter().any(|one| one.stamp.is_some())]).map_err(db_error)?;
    let mut update = db
        .prepare_cached("UPDATE patch SET held = ?2, state = ?3, orphan = ?4 WHERE at = ?1")
        .map_err(db_error)?;
    while let Some(row) = rows.next().map_err(db_error)? {
        let stamp = Stamp::from_bytes(row.get("stamp").map_err(db_error)?);
        let record = uuid_at(row, "record").map_err(db_error)?;
        let was: (i64, String, i64, i64) = (
            row.get("at").map_err(db_error)?,
            row.get("held").map_err(db_error)?,
            row.get("state").map_err(db_error)?,
            row.get("orphan").map_err(db_error)?,
        );
        let listed = held.iter().find(|one| one.stamp == Some(stamp));
        let is = match listed {
            Some(one) => (was.0, one.reason.clone(), if one.refused { 3 } else { 2 }, LISTED),
            None if was.1.is_empty() => continue,
            // Let into the records. A life that began meanwhile may know nothing of it: then it stays as it is.
            None if was.3 == LISTED || stands(db, record, stamp)? => (was.0, String::new(), was.2, OFFERED),
            None => continue,
        };
        if is != was {
            update.execute(params![is.0, is.1, is.2, is.3]).map_err(db_error)?;
            touched.insert(record);
        }
    }
    Ok(())
}

/// `patch.orphan` of a patch that the server has, and of one that its present life has listed as held. (Refused ones of a
/// former life that this one has not listed are 5, and never offered.)
const OFFERED: i64 = 3;
const LISTED: i64 = 6;

/// Whether the server's row shows a write.
fn stands(db: &Connection, record: Uuid, stamp: Stamp) -> Result<bool, StoreError> {
    let row = read_row(db, record)?;
    Ok(row.is_some_and(|row| row.fields.values().any(|version| version.stamp == stamp)))
}

/// A record as this phone alone wrote it, refused patches included; none without any.
pub(super) fn written(db: &Connection, record: Uuid) -> Result<Option<Row>, StoreError> {
    let mut statement = db
        .prepare_cached(
            "SELECT at, stamp, record, kind, village, body FROM whole_patch WHERE record = ?1 ORDER BY at",
        )
        .map_err(db_error)?;
    let patches = statement
        .query_map([record.as_bytes()], records::patch_from)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(db_error)?;
    let mut row: Option<Row> = None;
    for own in patches {
        let row = row.get_or_insert_with(|| Row::empty(&own.edit.kind, record, &own.edit.village));
        row.apply(&own.edit, own.edit.stamp);
    }
    Ok(row)
}

/// What the refused patches of a record say, a line per field; what this version has no name for is left out.
pub(super) fn refused_words(db: &Connection, record: Uuid) -> Result<Vec<String>, StoreError> {
    let mut statement = db
        .prepare_cached(
            "SELECT at, stamp, record, kind, village, body FROM whole_patch
             WHERE record = ?1 AND held <> '' AND state = 3 ORDER BY at",
        )
        .map_err(db_error)?;
    let patches = statement
        .query_map([record.as_bytes()], records::patch_from)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(db_error)?;
    let mut lines = Vec::new();
    for edit in patches.into_iter().map(|own| own.edit) {
        for (name, value) in edit.set.iter().filter(|(_, value)| **value != Value::Null) {
            let label = label::field(&edit.kind, name);
            if label != *name && name != "occurred_at" {
                lines.push(format!("{label}：{}", label::value(name, value)));
            }
        }
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use crate::store::{
        Reply, Request,
        test_world::{NOW_MS, World, enrolled},
    };
    use lianxin_shared::{
        replica::{ChainHash, DeviceId, PatchHash, kind},
        wire::v1::{Held, Life, Receipt},
    };
    use uuid::Uuid;

    /// A new life has what this phone wrote, held, but no answer of it came through; then the phone becomes another device.
    #[test]
    fn what_was_held_under_a_former_device_stays_shown_though_it_is_heard_of_only_now() {
        let mut world = World::new();
        let id = Uuid::from_u128(0x1001);
        world.save(id, kind::HOUSEHOLD, &[("head", "周秀兰")]).unwrap();
        let sent = world.store.sync_load(1 << 20, None).unwrap().patches;
        world.epoch = Uuid::from_u128(3);
        let chain = world.receipt.chain.then(PatchHash::of(&sent[0]));
        let receipt = Receipt { device_seq: 1, chain };
        world.store.sync_renew(&Life { epoch: world.epoch, receipt }).unwrap();

        let other = DeviceId::from_bits(8);
        let request =
            Request::Enrol { server_url: "http://here".to_owned(), enrolled: enrolled(other, world.epoch) };
        world.store.handle(request, NOW_MS).unwrap();
        world.receipt = Receipt { device_seq: 0, chain: ChainHash::start(other) };
        let (reason, stamp) = ("这个村没有分给您".to_owned(), Some(sent[0].edit.stamp));
        world.held = vec![Held { device_seq: 1, reason, refused: false, stamp }];
        world.answer(Vec::new(), &[]);

        assert_eq!(world.shown(id).get("head"), Some(&"周秀兰".into()));
        let Ok(Reply::Mine(mine)) = world.store.handle(Request::Mine, NOW_MS) else {
            panic!("no page 我的")
        };
        assert_eq!(mine.held.iter().map(|row| row.id).collect::<Vec<_>>(), [id]);
    }
}
