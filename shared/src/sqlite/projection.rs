//! Projections: the thin tables that screens and ledgers query, derived from shown rows in the same
//! transaction. A record's own columns come from that record alone, so any order of arrival gives the same.

use super::rows::SqliteError;
use crate::domain::{
    Coded,
    household::{HouseholdState, Standing},
    pinyin, region,
};
use crate::replica::{Row, kind};
use crate::templates::templates;
use rusqlite::{Connection, named_params, params};
use uuid::Uuid;

/// SQL: whether the household `h` is on the register ([`Standing::Present`]). Of a ring of 并户 links, which two
/// offline phones can make, the least id stands for all (`domain::coverage::Aliases` has the rule).
pub const IS_PRESENT: &str = "(h.standing = '' OR h.standing = 'merged'
  AND h.id IS (SELECT min(a.shown) FROM household_alias a WHERE a.old = h.id))";

const TAG_PREFIX: &str = "tags.";

/// Derives the projection of one shown row, in place of what was there. Unknown kinds have none.
///
/// # Errors
/// When SQLite fails.
pub fn project(db: &Connection, row: &Row) -> Result<(), SqliteError> {
    let deleted = row.value("deleted").is_true();
    match row.kind.as_str() {
        kind::HOUSEHOLD => household(db, row, deleted),
        kind::PERSON => person(db, row, deleted),
        kind::VISIT => visit(db, row, deleted),
        kind::OPINION => opinion(db, row, deleted),
        kind::DIARY => diary(db, row, deleted),
        kind::CONFLICT => conflict(db, row, deleted),
        kind::VILLAGE => village(db, row, deleted),
        kind::CAMPAIGN => campaign(db, row, deleted),
        _ => Ok(()),
    }
}

/// Takes a record out of all projections.
///
/// # Errors
/// When SQLite fails.
fn unproject(db: &Connection, table: &str, id: Uuid) -> Result<(), SqliteError> {
    db.prepare_cached(&format!("DELETE FROM {table} WHERE id = ?1"))?.execute([id.as_bytes()])?;
    Ok(())
}

/// Derives every projection anew from `rows`.
///
/// # Errors
/// When SQLite fails.
pub fn rebuild_projections(
    db: &Connection,
    rows: impl Iterator<Item = Result<Row, SqliteError>>,
) -> Result<(), SqliteError> {
    db.execute_batch(
        "DELETE FROM village; DELETE FROM campaign; DELETE FROM household; DELETE FROM person;
         DELETE FROM tag; DELETE FROM visit; DELETE FROM opinion; DELETE FROM diary; DELETE FROM conflict;",
    )?;
    for row in rows {
        project(db, &row?)?;
    }
    Ok(())
}

fn reference(row: &Row, field: &str) -> Option<[u8; 16]> {
    Uuid::try_parse(row.text(field)).ok().map(Uuid::into_bytes)
}

fn tags(db: &Connection, row: &Row, household: [u8; 16], deleted: bool) -> Result<Vec<String>, SqliteError> {
    db.prepare_cached("DELETE FROM tag WHERE record = ?1")?.execute([row.id.as_bytes()])?;
    if deleted {
        return Ok(Vec::new());
    }
    let set = row.fields.iter().filter(|(_, version)| version.value.is_true());
    let codes: Vec<String> =
        set.filter_map(|(name, _)| name.strip_prefix(TAG_PREFIX).map(str::to_owned)).collect();
    let mut insert =
        db.prepare_cached("INSERT INTO tag (record, category, household, village) VALUES (?1, ?2, ?3, ?4)")?;
    for code in &codes {
        insert.execute(params![row.id.as_bytes(), code, household, row.village])?;
    }
    Ok(codes)
}

fn household(db: &Connection, row: &Row, deleted: bool) -> Result<(), SqliteError> {
    let codes = tags(db, row, row.id.into_bytes(), deleted)?;
    if deleted {
        return unproject(db, "household", row.id);
    }
    let head = row.text("head");
    let labels = codes.iter().map(|code| templates().category_name(code)).collect::<Vec<_>>().join(" ");
    let initials = pinyin::initials(head);
    let (grp, door, phone) = (row.text("group"), row.text("door"), row.text("phone"));
    let search = format!("{head} {initials} {grp} {door} {phone} {labels}").to_lowercase();
    let merged_into = reference(row, "merged_into");
    let state = HouseholdState::from_code(row.text("state")).unwrap_or_default();
    db.prepare_cached(
        "INSERT OR REPLACE INTO household (id, village, head, grp, grp_no, door, door_no, phone, population,
           id_number, search, standing, merged_into)
         VALUES (:id, :village, :head, :grp, :grp_no, :door, :door_no, :phone, :population, :id_number, :search,
           :standing, :merged_into)",
    )?
    .execute(named_params! {
        ":id": row.id.as_bytes(), ":village": row.village, ":head": head, ":grp": grp,
        ":grp_no": region::group_number(grp).unwrap_or_default(), ":door": door, ":door_no": leading_number(door),
        ":phone": phone, ":population": row.value("population").as_int().unwrap_or(0),
        ":id_number": row.text("id_number"), ":search": search,
        ":standing": Standing::of(state, merged_into.is_some()).code(), ":merged_into": merged_into,
    })?;
    Ok(())
}

/// The first number in a door's name, 0 if it has none: 3号 comes before 11号.
fn leading_number(door: &str) -> i64 {
    let digits: String =
        door.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).take(9).collect();
    digits.parse().unwrap_or(0)
}

fn person(db: &Connection, row: &Row, deleted: bool) -> Result<(), SqliteError> {
    let household = reference(row, "household").filter(|_| !deleted);
    tags(db, row, household.unwrap_or_default(), household.is_none())?;
    let Some(household) = household else { return unproject(db, "person", row.id) };
    let name = row.text("name");
    let search = format!("{name} {} {}", pinyin::initials(name), row.text("phone")).to_lowercase();
    db.prepare_cached(
        "INSERT OR REPLACE INTO person (id, village, household, name, id_number, search)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![row.id.as_bytes(), row.village, household, name, row.text("id_number"), search])?;
    Ok(())
}

fn visit(db: &Connection, row: &Row, deleted: bool) -> Result<(), SqliteError> {
    if deleted {
        return unproject(db, "visit", row.id);
    }
    db.prepare_cached(
        "INSERT OR REPLACE INTO visit (id, village, household, target_kind, target_name, occurred_at, visitor,
           visitor_name, mode, absent, void, campaign)
         VALUES (:id, :village, :household, :target_kind, :target_name, :occurred_at, :visitor,
           :visitor_name, :mode, :absent, :void, :campaign)",
    )?
    .execute(named_params! {
        ":id": row.id.as_bytes(), ":village": row.village, ":household": reference(row, "household"),
        ":target_kind": row.text("target_kind"), ":target_name": row.text("target_name"),
        ":occurred_at": row.value("occurred_at").as_int().unwrap_or(0),
        ":visitor": row.text("visitor"), ":visitor_name": row.text("visitor_name"), ":mode": row.text("mode"),
        ":absent": row.value("absent").is_true(), ":void": !row.text("void_reason").is_empty(),
        ":campaign": row.text("campaign"),
    })?;
    Ok(())
}

fn opinion(db: &Connection, row: &Row, deleted: bool) -> Result<(), SqliteError> {
    if deleted {
        return unproject(db, "opinion", row.id);
    }
    db.prepare_cached(
        "INSERT OR REPLACE INTO opinion (id, village, visit, household, kind, category, immediate, anonymous,
           occurred_at, visitor)
         VALUES (:id, :village, :visit, :household, :kind, :category, :immediate, :anonymous,
           :occurred_at, :visitor)",
    )?
    .execute(named_params! {
        ":id": row.id.as_bytes(), ":village": row.village, ":visit": reference(row, "visit"),
        ":household": reference(row, "household"), ":kind": row.text("kind"),
        ":category": row.text("category"), ":immediate": row.value("immediate").is_true(),
        ":anonymous": row.value("anonymous").is_true(),
        ":occurred_at": row.value("occurred_at").as_int().unwrap_or(0), ":visitor": row.text("visitor"),
    })?;
    Ok(())
}

fn diary(db: &Connection, row: &Row, deleted: bool) -> Result<(), SqliteError> {
    if deleted {
        return unproject(db, "diary", row.id);
    }
    db.prepare_cached("INSERT OR REPLACE INTO diary (id, village, cadre, day) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![row.id.as_bytes(), row.village, row.text("cadre"), row.text("date")])?;
    Ok(())
}

fn conflict(db: &Connection, row: &Row, deleted: bool) -> Result<(), SqliteError> {
    if deleted {
        return unproject(db, "conflict", row.id);
    }
    let Some(record) = reference(row, "record") else { return unproject(db, "conflict", row.id) };
    db.prepare_cached(
        "INSERT OR REPLACE INTO conflict (id, village, record, field, open) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![
        row.id.as_bytes(),
        row.village,
        record,
        row.text("field"),
        row.value("open").is_true()
    ])?;
    Ok(())
}

fn village(db: &Connection, row: &Row, deleted: bool) -> Result<(), SqliteError> {
    if deleted {
        return unproject(db, "village", row.id);
    }
    db.prepare_cached("INSERT OR REPLACE INTO village (code, id, name, township) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![row.village, row.id.as_bytes(), row.text("name"), row.text("township")])?;
    Ok(())
}

fn campaign(db: &Connection, row: &Row, deleted: bool) -> Result<(), SqliteError> {
    if deleted {
        return unproject(db, "campaign", row.id);
    }
    db.prepare_cached(
        "INSERT OR REPLACE INTO campaign (id, village, name, scheme, start_day, end_day)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![
        row.id.as_bytes(),
        row.village,
        row.text("name"),
        row.text("scheme"),
        row.text("start"),
        row.text("end")
    ])?;
    Ok(())
}
