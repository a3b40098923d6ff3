//! Records as they are shown: the server's rows with this phone's unreceipted patches laid over them.
//! Every save is one durable transaction before the screen may say 已存.

use super::{Edit, Loaded, RecordPlace, StoreError, db_error, erase, former, meta, photos, placing};
use lianxin_shared::{
    replica::{Base, Clock, DeviceId, FieldSet, PatchDraft, Row, Stamp, Value, patch_bytes_max},
    sqlite::{project, read_row, uuid_at},
};
use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;

/// A patch's body as stored.
#[derive(Serialize, Deserialize)]
pub(super) struct Body {
    pub set: FieldSet,
    #[serde(default)]
    pub base: Base,
}

/// A patch of this phone with its place.
pub(super) struct OwnPatch {
    pub at: i64,
    pub edit: PatchDraft,
}

pub(super) fn patch_from(row: &rusqlite::Row<'_>) -> rusqlite::Result<OwnPatch> {
    let text = row.get_ref("body")?.as_str()?.to_owned();
    let body: Body = serde_json::from_str(&text).map_err(|e| {
        rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(e))
    })?;
    Ok(OwnPatch {
        at: row.get("at")?,
        edit: PatchDraft {
            stamp: Stamp::from_bytes(row.get("stamp")?),
            kind: row.get("kind")?,
            id: uuid_at(row, "record")?,
            village: row.get("village")?,
            set: body.set,
            base: body.base,
        },
    })
}

/// The order that the server gave a patch, where it is not its stamp.
pub(super) fn order_from(row: &rusqlite::Row<'_>) -> rusqlite::Result<Option<Stamp>> {
    Ok(row.get::<_, Option<[u8; 16]>>("ord")?.map(Stamp::from_bytes))
}

/// What is shown of a record: the fold of the server's row (after a restore also of its former life's) and this
/// phone's patches that are not in it yet.
pub(super) fn shown(db: &Connection, id: Uuid) -> Result<Option<Row>, StoreError> {
    shown_over(db, id, read_row(db, id)?)
}

/// The same over the server's row, which the caller has at hand.
fn shown_over(db: &Connection, id: Uuid, row: Option<Row>) -> Result<Option<Row>, StoreError> {
    let mut row = match (row, former::read(db, id)?) {
        (Some(row), Some(former)) => Some(former::merged(row, former)),
        (row, former) => row.or(former),
    };
    let mut statement = db
        .prepare_cached(
            "SELECT at, stamp, ord, record, kind, village, body FROM whole_patch WHERE record = ?1 AND state < 3
             ORDER BY at",
        )
        .map_err(db_error)?;
    let ranked = |row: &rusqlite::Row<'_>| {
        let (edit, order) = (patch_from(row)?.edit, order_from(row)?);
        let order = order.unwrap_or(edit.stamp);
        Ok((edit, order))
    };
    let mut patches: Vec<(PatchDraft, Stamp)> =
        statement.query_map([id.as_bytes()], ranked).and_then(Iterator::collect).map_err(db_error)?;
    put_below_those_that_saw(&mut patches);
    for (edit, order) in patches {
        let row = row.get_or_insert_with(|| Row::empty(&edit.kind, id, &edit.village));
        put_above_what_it_saw(row, &edit, order);
        row.apply(&edit, order);
    }
    Ok(row)
}

/// What this phone has written over stays written over, also where a later life has given it a later order: the server
/// will order the write above it.
fn put_above_what_it_saw(row: &mut Row, edit: &PatchDraft, order: Stamp) {
    for (name, value) in &edit.set {
        let Some(standing) = row.fields.get_mut(name) else { continue };
        let seen = edit.base.get(name).is_some_and(|base| base.contains(&standing.stamp));
        if seen && standing.order >= order {
            (standing.value, standing.stamp) = (value.clone(), edit.stamp);
        }
    }
}

/// A write stands above what its editor saw, also while this phone knows the later one's order alone (the server found
/// its clock ahead, and the answer that ordered the earlier one was lost). `patches` as they were written.
fn put_below_those_that_saw(patches: &mut [(PatchDraft, Stamp)]) {
    for nth in (1..patches.len()).rev() {
        let (earlier, later) = patches.split_at_mut(nth);
        let Some((seer, order)) = later.first() else { continue };
        let saw = |edit: &PatchDraft| seer.base.values().flatten().any(|stamp| *stamp == edit.stamp);
        for (_, below) in earlier.iter_mut().filter(|(seen, below)| *below >= *order && saw(seen)) {
            *below = order.just_below();
        }
    }
}

/// Derives the projections of what is shown of a record. One that only this phone's patches told of, and that is no
/// longer this phone's to hold, leaves them.
pub(super) fn project_shown(db: &Connection, id: Uuid) -> Result<(), StoreError> {
    let written: Option<(String, String)> = db
        .prepare_cached("SELECT kind, village FROM patch WHERE record = ?1 LIMIT 1")
        .and_then(|mut s| s.query_row([id.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?))).optional())
        .map_err(db_error)?;
    match (shown(db, id)?, written) {
        (Some(row), _) => derive(db, &row),
        (None, Some((kind, village))) => unproject(db, Row::empty(&kind, id, &village)),
        (None, None) => Ok(()),
    }
}

/// The same for a row that was just put into the replica.
pub(super) fn project_over(db: &Connection, row: Row) -> Result<(), StoreError> {
    match shown_over(db, row.id, Some(row))? {
        Some(shown) => derive(db, &shown),
        None => Ok(()),
    }
}

/// The same for a row that was just taken out of the replica.
pub(super) fn project_without(db: &Connection, gone: Row) -> Result<(), StoreError> {
    match shown(db, gone.id)? {
        Some(shown) => derive(db, &shown),
        None => unproject(db, gone),
    }
}

fn unproject(db: &Connection, mut row: Row) -> Result<(), StoreError> {
    row.mark_deleted();
    derive(db, &row)
}

/// Writes what follows from a record as it is shown.
pub(super) fn derive(db: &Connection, row: &Row) -> Result<(), StoreError> {
    photos::note_record(db, row)?;
    Ok(project(db, row)?)
}

/// Where a record is, from receipts alone.
pub(super) fn place_of(db: &Connection, id: Uuid) -> Result<RecordPlace, StoreError> {
    let (waiting, held): (bool, bool) = db
        .prepare_cached(
            "SELECT coalesce(max(state < 2), 0), coalesce(max(held <> '' AND state = 2), 0) FROM patch WHERE record = ?1",
        )
        .and_then(|mut s| s.query_row([id.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?))))
        .map_err(db_error)?;
    Ok(match (waiting, held) {
        (true, _) => RecordPlace::Waiting,
        (false, true) => RecordPlace::Held,
        (false, false) => RecordPlace::Received,
    })
}

/// A shown record as an editor loads it.
pub(super) fn loaded(db: &Connection, row: &Row) -> Result<Loaded, StoreError> {
    Ok(Loaded {
        kind: row.kind.clone(),
        id: row.id,
        village: row.village.clone(),
        fields: row.values(),
        stamps: row.fields.iter().map(|(name, version)| (name.clone(), version.stamp)).collect(),
        place: place_of(db, row.id)?,
        may_move: placing::may_move(db, row)?,
        erased: Vec::new(),
    })
}

pub(super) fn load(db: &Connection, id: Uuid) -> Result<Loaded, StoreError> {
    let row = shown(db, id)?.ok_or(StoreError::NotFound)?;
    loaded(db, &row)
}

/// Saves an edit: what equals the loaded value is not written, nor is what was erased by law; the rest goes into the
/// record's open patch, or into a new one where another write has come between.
///
/// # Errors
/// [`StoreError::Erased`] when nothing else is left of it.
pub(super) fn save(
    db: &Connection,
    clock: &mut Clock,
    edit: Edit,
    now_ms: i64,
) -> Result<Loaded, StoreError> {
    let id = match edit.id {
        Some(id) => id,
        None => crate::ids::new_id(now_ms).map_err(|e| StoreError::Broken(e.to_string()))?,
    };
    let edit = Edit { base: as_signed_now(db, clock.device(), id, edit.base)?, ..edit };
    let row = shown(db, id)?;
    let as_loaded = |name: &String, value: &Value| match row.as_ref().and_then(|row| row.fields.get(name)) {
        Some(standing) => {
            standing.value == *value && edit.base.get(name).is_some_and(|base| *base == [standing.stamp])
        }
        None => *value == Value::Null,
    };
    let mut set: FieldSet = edit.set.into_iter().filter(|(name, value)| !as_loaded(name, value)).collect();
    let erased = match set.is_empty() {
        true => Vec::new(),
        false => erase::take_out(db, &edit.kind, id, &mut set)?,
    };
    if set.is_empty() && !erased.is_empty() {
        return Err(StoreError::Erased { kind: edit.kind, fields: erased });
    }
    if set.is_empty() {
        return match &row {
            Some(row) => loaded(db, row),
            None => Err(StoreError::Invalid("还什么都没填。".to_owned())),
        };
    }
    let base: Base = edit.base.into_iter().filter(|(name, _)| set.contains_key(name)).collect();
    let village = row.as_ref().map_or(edit.village, |row| row.village.clone());
    write(db, clock, PatchContent { kind: edit.kind, id, village, set, base }, row.as_ref(), now_ms)?;
    Ok(Loaded { erased, ..load(db, id)? })
}

/// What an editor saw, by today's names: this phone may have become another device since, and signed its own writes
/// anew ([`sign_anew`]).
fn as_signed_now(db: &Connection, device: DeviceId, id: Uuid, mut base: Base) -> Result<Base, StoreError> {
    let mut find =
        db.prepare_cached("SELECT 1 FROM patch WHERE record = ?1 AND stamp = ?2").map_err(db_error)?;
    for seen in base.values_mut().flatten().filter(|seen| seen.device != device) {
        let own = Stamp { device, ..*seen };
        if find.exists(params![id.as_bytes(), own.to_bytes()]).map_err(db_error)? {
            *seen = own;
        }
    }
    Ok(base)
}

/// A patch before it has its stamp.
pub(super) struct PatchContent {
    pub kind: String,
    pub id: Uuid,
    pub village: String,
    pub set: FieldSet,
    pub base: Base,
}

/// Writes one patch (or folds it into the record's open one) and the projection that follows.
pub(super) fn write(
    db: &Connection,
    clock: &mut Clock,
    content: PatchContent,
    row: Option<&Row>,
    now_ms: i64,
) -> Result<(), StoreError> {
    let PatchContent { kind, id, village, set, base } = content;
    let open = open_patch(db, id)?.filter(|open| folds_into(&open.edit, row, &set, &base));
    let (at, edit) = match open {
        Some(OwnPatch { at, mut edit }) => {
            for (name, value) in set {
                if let Some(stamps) = base.get(&name).filter(|_| !edit.set.contains_key(&name)) {
                    edit.base.insert(name.clone(), stamps.clone());
                }
                edit.set.insert(name, value);
            }
            (Some(at), edit)
        }
        None => (None, PatchDraft { stamp: mint(db, clock, now_ms)?, kind, id, village, set, base }),
    };
    if edit.size_bytes() > patch_bytes_max {
        return Err(StoreError::TooLong { bytes: edit.size_bytes(), max: patch_bytes_max });
    }
    if let Some(reason) = edit.malformed() {
        return Err(StoreError::Invalid(format!("这一条存不了：{reason}。写的都还在草稿里。")));
    }
    store_open(db, at, &edit, now_ms)?;
    project_shown(db, id)
}

/// Where it is kept how late the clock was when it was set back.
const PEAK: &str = "clock_peak";

fn peak(db: &Connection) -> Result<Option<Stamp>, StoreError> {
    Ok(meta::get(db, PEAK)?.and_then(|text| text.parse().ok()))
}

/// Goes on from `order`, earlier than what the clock has given out.
pub(super) fn set_back(db: &Connection, clock: &mut Clock, order: Stamp) -> Result<(), StoreError> {
    let last = clock.last();
    meta::set(db, PEAK, &peak(db)?.map_or(last, |peak| peak.max(last)).to_string())?;
    clock.rewind_to(order);
    Ok(())
}

/// The clock's next stamp. One that was set back comes through times that it has given out before: a stamp is one
/// write for ever.
fn mint(db: &Connection, clock: &mut Clock, now_ms: i64) -> Result<Stamp, StoreError> {
    let peak = peak(db)?;
    loop {
        let stamp = clock.tick(now_ms);
        if peak.is_none_or(|peak| stamp.wall_ms > peak.wall_ms) || !is_given(db, stamp)? {
            return Ok(stamp);
        }
    }
}

fn is_given(db: &Connection, stamp: Stamp) -> Result<bool, StoreError> {
    db.prepare_cached("SELECT 1 FROM patch WHERE stamp = ?1")
        .and_then(|mut s| s.exists([stamp.to_bytes()]))
        .map_err(db_error)
}

fn open_patch(db: &Connection, id: Uuid) -> Result<Option<OwnPatch>, StoreError> {
    db.prepare_cached(
        "SELECT at, stamp, record, kind, village, body FROM whole_patch WHERE record = ?1 AND state = 0
         ORDER BY at DESC LIMIT 1",
    )
    .and_then(|mut s| s.query_row([id.as_bytes()], patch_from).optional())
    .map_err(db_error)
}

/// Whether an edit may join the open patch under its stamp: what it rewrites there is what the editor saw, and
/// what it newly writes was there before the open patch began. Otherwise the open patch's old stamp would
/// hide what has come between.
fn folds_into(open: &PatchDraft, row: Option<&Row>, set: &FieldSet, base: &Base) -> bool {
    set.keys().all(|name| {
        let seen = base.get(name).map(Vec::as_slice).unwrap_or_default();
        match row.and_then(|row| row.fields.get(name)) {
            None => seen.is_empty(),
            Some(standing) if standing.stamp == open.stamp => seen == [open.stamp],
            Some(standing) => seen == [standing.stamp] && standing.order < open.stamp,
        }
    })
}

fn store_open(db: &Connection, at: Option<i64>, edit: &PatchDraft, now_ms: i64) -> Result<(), StoreError> {
    let body = serde_json::to_string(&Body { set: edit.set.clone(), base: edit.base.clone() })
        .map_err(|e| StoreError::Broken(e.to_string()))?;
    let envelope = match at {
        Some(at) => db
            .prepare_cached("UPDATE patch SET written_at = ?2 WHERE at = ?1")
            .and_then(|mut s| s.execute(params![at, now_ms]))
            .map(|_| at),
        None => db
            .prepare_cached(
                "INSERT INTO patch (stamp, record, kind, village, state, written_at)
                 VALUES (?1, ?2, ?3, ?4, 0, ?5)",
            )
            .and_then(|mut s| {
                s.insert(params![edit.stamp.to_bytes(), edit.id.as_bytes(), edit.kind, edit.village, now_ms])
            }),
    };
    let at = envelope.map_err(db_error)?;
    db.prepare_cached("INSERT OR REPLACE INTO patch_body (at, body) VALUES (?1, ?2)")
        .and_then(|mut s| s.execute(params![at, body]))
        .map_err(db_error)?;
    Ok(())
}

/// Makes all patches that are not receipted those of another device: open again, without a number, under its stamps.
pub(super) fn sign_anew(db: &Connection, device: DeviceId) -> Result<(), StoreError> {
    let mut statement = db
        .prepare("SELECT at, stamp, record, kind, village, body FROM whole_patch WHERE state < 2 ORDER BY at")
        .map_err(db_error)?;
    let own: Vec<OwnPatch> =
        statement.query_map([], patch_from).and_then(Iterator::collect).map_err(db_error)?;
    let signed: BTreeMap<Stamp, Stamp> =
        own.iter().map(|own| (own.edit.stamp, Stamp { device, ..own.edit.stamp })).collect();
    db.execute(
        "UPDATE patch SET device_seq = NULL,
           orphan = CASE WHEN state < 2 THEN 0 WHEN orphan IN (1, 2, 4) THEN 1 WHEN orphan > 4 THEN orphan ELSE 3 END",
        [],
    )
    .map_err(db_error)?;
    let mut update = db
        .prepare("UPDATE patch SET stamp = ?2, hash = NULL, ord = NULL, state = 0 WHERE at = ?1")
        .map_err(db_error)?;
    let mut rewrite = db.prepare("UPDATE patch_body SET body = ?2 WHERE at = ?1").map_err(db_error)?;
    for OwnPatch { at, mut edit } in own {
        let seen = edit.base.values_mut().flatten();
        seen.for_each(|stamp| *stamp = signed.get(stamp).copied().unwrap_or(*stamp));
        let body = serde_json::to_string(&Body { set: edit.set, base: edit.base })
            .map_err(|e| StoreError::Broken(e.to_string()))?;
        let stamp = Stamp { device, ..edit.stamp };
        update.execute(params![at, stamp.to_bytes()]).map_err(db_error)?;
        rewrite.execute(params![at, body]).map_err(db_error)?;
    }
    Ok(())
}

/// The clock, or a refusal before enrolment.
pub(super) fn clock_of(db: &Connection) -> Result<Clock, StoreError> {
    meta::clock(db)?.ok_or_else(|| StoreError::Invalid("这部手机还没有登记。".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use lianxin_shared::replica::kind;

    fn written(wall_ms: u64, seen: Option<Stamp>) -> (PatchDraft, Stamp) {
        let stamp = Stamp { wall_ms, counter: 0, device: DeviceId::from_bits(7) };
        let set = FieldSet::from([("text".to_owned(), format!("{wall_ms}").into())]);
        let base = seen.into_iter().map(|stamp| ("text".to_owned(), vec![stamp])).collect();
        let (kind, village) = (kind::DIARY.to_owned(), "519921105201".to_owned());
        (PatchDraft { stamp, kind, id: Uuid::nil(), village, set, base }, stamp)
    }

    #[test]
    fn what_was_written_over_does_not_come_back_though_it_was_ordered_anew() {
        let (seen, later) = (written(9_000, None), written(9_001, Some(written(9_000, None).1)));
        let mut row = Row::empty(kind::DIARY, Uuid::nil(), "519921105201");
        row.apply(&seen.0, Stamp { wall_ms: 20_000, ..seen.1 });
        put_above_what_it_saw(&mut row, &later.0, later.1);
        row.apply(&later.0, later.1);
        assert_eq!(row.text("text"), "9001");
        // What its editor had not seen is a conflict, and times decide.
        let unseen = written(9_002, None);
        put_above_what_it_saw(&mut row, &unseen.0, unseen.1);
        row.apply(&unseen.0, unseen.1);
        assert_eq!(row.text("text"), "9001");
    }

    #[test]
    fn the_last_words_are_shown_though_only_their_order_is_known() {
        let first = written(9_000, None);
        let second = written(9_001, Some(first.1));
        let mut third = written(9_002, Some(second.1));
        third.1 = Stamp { wall_ms: 500, ..third.1 };
        let mut patches = [first, second, third];
        put_below_those_that_saw(&mut patches);
        assert!(patches.is_sorted_by_key(|(_, order)| *order), "{patches:?}");
    }
}
