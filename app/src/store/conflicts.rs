//! Conflicts: shown with both values in plain words, settled by one tap, which is itself a patch.

use super::{ConflictView, Edit, StoreError, Taken, db_error, glance::glance, records};
use lianxin_shared::{
    domain::{label, office},
    replica::{Base, Clock, FieldSet, Row, Stamp, Value, kind},
    sqlite::uuid_at,
};
use rusqlite::Connection;
use uuid::Uuid;

pub(super) fn all(db: &Connection, own_name: &str) -> Result<Vec<ConflictView>, StoreError> {
    let ids: Vec<Uuid> = db
        .prepare_cached("SELECT id FROM conflict WHERE open = 1 ORDER BY id")
        .and_then(|mut s| s.query_map([], |row| uuid_at(row, "id"))?.collect())
        .map_err(db_error)?;
    views(db, ids, own_name)
}

pub(super) fn count(db: &Connection) -> Result<u32, StoreError> {
    Ok(u32::try_from(all(db, "")?.len()).unwrap_or(u32::MAX))
}

pub(super) fn of_record(
    db: &Connection,
    record: Uuid,
    own_name: &str,
) -> Result<Vec<ConflictView>, StoreError> {
    let ids: Vec<Uuid> = db
        .prepare_cached("SELECT id FROM conflict WHERE record = ?1 AND open = 1 ORDER BY id")
        .and_then(|mut s| s.query_map([record.as_bytes()], |row| uuid_at(row, "id"))?.collect())
        .map_err(db_error)?;
    views(db, ids, own_name)
}

fn views(db: &Connection, ids: Vec<Uuid>, own_name: &str) -> Result<Vec<ConflictView>, StoreError> {
    let mut views = Vec::new();
    for id in ids {
        let Some(conflict) = records::shown(db, id)? else { continue };
        let Some(record) = record_of(db, &conflict)? else { continue };
        // What would be written here would be kept apart, and the conflict would stay.
        if office::decides(&record.kind, conflict.text("field")) {
            continue;
        }
        // Settled here already, and only not yet back from the township.
        if settled(&conflict, &record) {
            continue;
        }
        views.push(view(&conflict, &record, own_name));
    }
    Ok(views)
}

fn record_of(db: &Connection, conflict: &Row) -> Result<Option<Row>, StoreError> {
    match Uuid::try_parse(conflict.text("record")) {
        Ok(id) => records::shown(db, id),
        Err(_) => Ok(None),
    }
}

/// The write that is shown now is no longer the one that the conflict was found against.
fn settled(conflict: &Row, record: &Row) -> bool {
    let shown = record.fields.get(conflict.text("field")).map(|version| version.stamp.to_string());
    shown.as_deref() != Some(conflict.text("shown_stamp"))
}

fn view(conflict: &Row, record: &Row, own_name: &str) -> ConflictView {
    let field = conflict.text("field");
    let shown = record.fields.get(field);
    let at = |stamp: &str| stamp.parse::<Stamp>().map_or(0, |s| i64::try_from(s.wall_ms).unwrap_or(0));
    let name = |by: &str| if by == own_name { "您".to_owned() } else { by.to_owned() };
    ConflictView {
        id: conflict.id,
        record: record.id,
        record_kind: record.kind.clone(),
        title: title(record),
        field_label: label::field(&record.kind, field),
        shown: label::value(field, shown.map_or(&Value::Null, |version| &version.value)),
        shown_by: (name(conflict.text("shown_by")), at(conflict.text("shown_stamp"))),
        other: label::value(field, conflict.value("other")),
        other_by: (name(conflict.text("other_by")), at(conflict.text("other_stamp"))),
    }
}

/// The longest title of a record in a list, characters.
#[allow(non_upper_case_globals)]
const title_chars_max: usize = 24;

/// What a list calls a record.
pub(super) fn title(record: &Row) -> String {
    let text = match record.kind.as_str() {
        kind::HOUSEHOLD => record.text("head"),
        kind::PERSON => record.text("name"),
        kind::VISIT => record.text("target_name"),
        kind::OPINION | kind::DIARY => record.text("text"),
        _ => "",
    };
    glance(text, title_chars_max)
}

/// Keeps one of the values: a patch whose base names every write that it settles.
pub(super) fn resolve(
    db: &Connection,
    clock: &mut Clock,
    id: Uuid,
    take: Taken,
    now_ms: i64,
) -> Result<(), StoreError> {
    let conflict = records::shown(db, id)?.ok_or(StoreError::NotFound)?;
    let record = record_of(db, &conflict)?.ok_or(StoreError::NotFound)?;
    let field = conflict.text("field").to_owned();
    let Some(shown) = record.fields.get(&field) else { return Err(StoreError::NotFound) };
    let mut base = vec![shown.stamp];
    base.extend(conflict.text("other_stamp").parse::<Stamp>());
    let value = match take {
        Taken::Shown => shown.value.clone(),
        Taken::Other => conflict.value("other").clone(),
    };
    let edit = Edit {
        kind: record.kind.clone(),
        id: Some(record.id),
        village: record.village.clone(),
        set: FieldSet::from([(field.clone(), value)]),
        base: Base::from([(field, base)]),
    };
    records::save(db, clock, edit, now_ms)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::store::{
        Reply, Request,
        test_world::{DEVICE, NOW_MS, World},
    };
    use lianxin_shared::replica::{Stamp, conflict_id, kind};
    use uuid::Uuid;

    /// Two offices, before and after a restore, moved one household to two villages.
    #[test]
    fn a_conflict_that_the_office_alone_can_settle_is_not_put_to_a_cadre() {
        let mut world = World::new();
        let id = Uuid::from_u128(0x1001);
        let household = world.row(id, kind::HOUSEHOLD, &[("head", "周秀兰".into()), ("village", "a".into())]);
        let loser = Stamp { wall_ms: 5, counter: 0, device: DEVICE };
        let conflicts = ["village", "head"].map(|field| {
            let shown = household.fields[field].stamp.to_string();
            let fields = [
                ("record", id.to_string().into()),
                ("record_kind", kind::HOUSEHOLD.into()),
                ("field", field.into()),
                ("open", true.into()),
                ("other", "b".into()),
                ("shown_stamp", shown.into()),
            ];
            world.row(conflict_id(id, field, loser), kind::CONFLICT, &fields)
        });
        world.exchange([vec![household], conflicts.to_vec()].concat(), &[]);
        let Ok(Reply::Mine(mine)) = world.store.handle(Request::Mine, NOW_MS) else {
            panic!("no page 我的")
        };
        let shown: Vec<&str> = mine.conflicts.iter().map(|conflict| conflict.field_label.as_str()).collect();
        assert_eq!(shown, ["户主"]);
    }
}
