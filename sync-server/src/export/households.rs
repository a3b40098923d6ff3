//! 户册 as a table: one row a household, its members in one cell. ID numbers are masked, as on the pages.

use super::{
    Cell, Named, Table,
    ledger::{categories_of, category_names},
    table::column,
    words,
};
use crate::storage::StorageError;
use lianxin_shared::{
    domain::{
        Coded,
        household::{Household, Standing},
        person::{Person, Sex, relation_rank},
    },
    sqlite::read_row,
};
use rusqlite::Connection;
use uuid::Uuid;

/// 户册.
pub static HOUSEHOLDS: Table = Table {
    name: "户册",
    plain_name: "households",
    unit: "户",
    apart: None,
    note: "身份证号只留头尾",
    columns: &[
        column("序号", 6.0),
        column("村", 11.0),
        column("组", 7.0),
        column("门牌", 8.0),
        column("户主", 10.0),
        column("类别", 18.0),
        column("户类型", 8.0),
        column("状态", 8.0),
        column("人口", 6.0),
        column("家里的人", 40.0),
        column("电话", 14.0),
        column("户编号", 12.0),
        column("户主身份证", 14.0),
        column("住址", 24.0),
        column("备注", 30.0),
        column("最近走访", 17.0),
    ],
    cells,
    more: None,
};

fn cells(db: &Connection, id: Uuid) -> Result<Vec<Vec<Cell>>, StorageError> {
    let Some(row) = read_row(db, id)? else { return Ok(Vec::new()) };
    let home = Household::from_fields(&row.values());
    let standing = Standing::of(home.state, home.merged_into.is_some());
    let state = if standing == Standing::Present { home.state.label() } else { standing.label() };
    let population = home.population.and_then(|number| u32::try_from(number).ok());
    let people: Vec<String> = members(db, id)?.iter().map(|(_, person)| member(person)).collect();
    Ok(vec![vec![
        Cell::Text(Named::Village.of(db, &row.village)?.unwrap_or_default()),
        Cell::text(&home.group),
        Cell::text(&home.door),
        Cell::text(&home.head),
        Cell::Text(category_names(&categories_of(db, id)?)),
        Cell::text(home.class.label()),
        Cell::text(state),
        population.map_or_else(|| Cell::text(""), Cell::Number),
        Cell::Text(people.join("\n")),
        Cell::text(&home.phone),
        Cell::text(&home.household_no),
        Cell::Text(words::masked(&home.id_number)),
        Cell::text(&home.address),
        Cell::text(&home.note),
        Cell::moment(last_met(db, id)?),
    ]])
}

/// 周秀兰（户主，女，1951-03-08）
fn member(person: &Person) -> String {
    let sex = if person.sex == Sex::Unknown { "" } else { person.sex.label() };
    let known = [person.relation.as_str(), sex, person.birth.as_str()];
    let known: Vec<&str> = known.into_iter().filter(|word| !word.is_empty()).collect();
    match known.as_slice() {
        [] => person.name.clone(),
        _ => format!("{}（{}）", person.name, known.join("，")),
    }
}

/// The members of a household: the head first, then by relation, within one the eldest first.
///
/// # Errors
/// When SQLite fails or a stored row is damaged.
pub fn members(db: &Connection, household: Uuid) -> Result<Vec<(Uuid, Person)>, StorageError> {
    let mut statement = db.prepare_cached("SELECT id FROM person WHERE household = ?1")?;
    let ids = statement.query_map([household.as_bytes()], |row| row.get::<_, [u8; 16]>(0))?;
    let mut members = Vec::new();
    for id in ids {
        if let Some(row) = read_row(db, Uuid::from_bytes(id?))? {
            members.push((row.id, Person::from_fields(&row.values())));
        }
    }
    // Whose birthday nobody knows, last.
    members.sort_by_cached_key(|(id, person)| {
        (relation_rank(&person.relation), person.birth.is_empty(), person.birth.clone(), *id)
    });
    Ok(members)
}

/// The last visit at which somebody of the household was met, of any campaign, Unix milliseconds.
///
/// # Errors
/// When SQLite fails.
pub fn last_met(db: &Connection, household: Uuid) -> Result<Option<i64>, StorageError> {
    let mut statement = db.prepare_cached(
        "SELECT max(occurred_at) FROM visit WHERE absent = 0 AND void = 0 AND household IN
           (SELECT ?1 UNION ALL SELECT old FROM household_alias WHERE shown = ?1)",
    )?;
    Ok(statement.query_row([household.as_bytes()], |row| row.get(0))?)
}
