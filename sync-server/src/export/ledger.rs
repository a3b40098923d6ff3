//! One row of the ledger: a visit with what stands around it.

use super::{ANSWERS, Cell, Table, table::column};
use crate::storage::StorageError;
use lianxin_shared::{
    domain::{
        Coded, checklist,
        opinion::Opinion,
        visit::{TargetKind, Visit},
    },
    sqlite,
    templates::templates,
};
use rusqlite::{Connection, OptionalExtension};
use uuid::Uuid;

/// 走访工作台账.
pub static LEDGER: Table = Table {
    name: "走访工作台账",
    plain_name: "ledger",
    unit: "条",
    apart: None,
    note: "不记名的意见建议不列入本表，也不计入条数",
    columns: &[
        column("序号", 6.0),
        column("村", 11.0),
        column("组", 7.0),
        column("户主/对象", 12.0),
        column("类别", 16.0),
        column("走访时间", 17.0),
        column("走访干部", 10.0),
        column("同行", 14.0),
        column("方式", 7.0),
        column("是否见到人", 11.0),
        column("主要情况", 48.0),
        column("意见建议（原话）", 48.0),
        column("条数", 6.0),
        column("联系卡", 8.0),
        column("接收时间", 17.0),
    ],
    cells,
    more: Some(&ANSWERS),
};

fn cells(db: &Connection, id: Uuid) -> Result<Vec<Vec<Cell>>, StorageError> {
    let Some(row) = read_row(db, id)? else { return Ok(Vec::new()) };
    let visit = &row.visit;
    Ok(vec![vec![
        Cell::text(&row.village_name),
        Cell::text(&row.group),
        Cell::text(&visit.target_name),
        Cell::Text(row.category_names()),
        Cell::moment(visit.occurred_at),
        Cell::text(&visit.visitor_name),
        Cell::Text(visit.companions.join("、")),
        Cell::text(visit.mode.label_at(visit.target_kind)),
        Cell::text(if visit.absent { "无人在家" } else { "见到" }),
        Cell::Text(row.summary()),
        Cell::Text(numbered(&row)),
        Cell::number(row.opinions.len()),
        Cell::text(if visit.card_left { "已留" } else { "" }),
        Cell::moment(row.received_at_ms),
    ]])
}

/// The words of a visit, each on its line; numbered if there are several.
fn numbered(row: &LedgerRow) -> String {
    match row.opinions.as_slice() {
        [one] => one.text.clone(),
        several => {
            let lines = several.iter().enumerate().map(|(at, one)| format!("{}. {}", at + 1, one.text));
            lines.collect::<Vec<_>>().join("\n")
        }
    }
}

/// A visit as the ledger shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerRow {
    /// The visit.
    pub id: Uuid,
    /// Its record.
    pub visit: Visit,
    /// Code of the village.
    pub village: String,
    /// Name of the village, its code if it has no record.
    pub village_name: String,
    /// 组 of the household.
    pub group: String,
    /// Categories of the household and its members.
    pub categories: Vec<String>,
    /// What was said under a name.
    pub opinions: Vec<Opinion>,
    /// When the server first had it, Unix milliseconds.
    pub received_at_ms: Option<i64>,
}

impl LedgerRow {
    /// 类别: the household's, or what kind of target it is.
    pub fn category_names(&self) -> String {
        if self.visit.target_kind != TargetKind::Household {
            return self.visit.target_kind.label().to_owned();
        }
        category_names(&self.categories)
    }

    /// 主要情况: the notes; without notes, the answers. What people said stands beside it, as far as it has a name.
    pub fn summary(&self) -> String {
        if !self.visit.void_reason.is_empty() {
            return format!("已作废：{}", self.visit.void_reason);
        }
        if !self.visit.notes.trim().is_empty() {
            return self.visit.notes.clone();
        }
        let items = templates().items_of(&self.visit.checklists);
        let asked =
            checklist::visible(&items, &self.visit.answers).into_iter().filter(|item| !item.is_opinion);
        let answered = asked.filter_map(|item| {
            item.answer_text(&self.visit.answers).map(|answer| format!("{}{answer}", item.question))
        });
        let answers: Vec<String> = answered.collect();
        match (answers.is_empty(), self.visit.absent) {
            (true, true) => "无人在家".to_owned(),
            _ => answers.join("；"),
        }
    }
}

/// What categories are called, one after the other.
pub(super) fn category_names(codes: &[String]) -> String {
    let names = codes.iter().map(|code| templates().category_name(code));
    names.collect::<Vec<_>>().join("、")
}

/// The row of a visit; none if there is no such visit.
///
/// # Errors
/// When SQLite fails or a stored row is damaged.
pub fn read_row(db: &Connection, id: Uuid) -> Result<Option<LedgerRow>, StorageError> {
    let Some((village, village_name, group, household)) = place_of(db, id)? else { return Ok(None) };
    let Some(row) = sqlite::read_row(db, id)? else { return Ok(None) };
    let categories = household.map(|household| categories_of(db, household)).transpose()?;
    Ok(Some(LedgerRow {
        id,
        visit: Visit::from_fields(&row.values()),
        village_name: if village_name.is_empty() { village.clone() } else { village_name },
        village,
        group,
        categories: categories.unwrap_or_default(),
        opinions: named_opinions(db, id)?.into_iter().map(|(_, opinion)| opinion).collect(),
        received_at_ms: received_at_ms(db, id)?,
    }))
}

type Place = (String, String, String, Option<Uuid>);

fn place_of(db: &Connection, visit: Uuid) -> Result<Option<Place>, StorageError> {
    let mut statement = db.prepare_cached(
        "SELECT v.village, coalesce(n.name, ''), coalesce(h.grp, ''), v.household FROM visit v
         LEFT JOIN village n ON n.code = v.village LEFT JOIN household h ON h.id = v.household
         WHERE v.id = ?1",
    )?;
    let place = statement.query_row([visit.as_bytes()], |row| {
        let household: Option<[u8; 16]> = row.get(3)?;
        Ok((row.get(0)?, row.get(1)?, row.get(2)?, household.map(Uuid::from_bytes)))
    });
    Ok(place.optional()?)
}

/// The categories of a household and its members, each once, in the order in which lists show them.
///
/// # Errors
/// When SQLite fails.
pub fn categories_of(db: &Connection, household: Uuid) -> Result<Vec<String>, StorageError> {
    let mut statement = db.prepare_cached("SELECT DISTINCT category FROM tag WHERE household = ?1")?;
    let codes = statement.query_map([household.as_bytes()], |row| row.get(0))?;
    let mut codes: Vec<String> = codes.collect::<Result<_, _>>()?;
    let place = |code: &str| templates().categories.iter().position(|category| category.code == code);
    codes.sort_by_key(|code| place(code).unwrap_or(usize::MAX));
    Ok(codes)
}

/// What was said at a visit under a name, in the order of writing. Withheld names are never looked up by visit.
///
/// # Errors
/// When SQLite fails or a stored row is damaged.
pub fn named_opinions(db: &Connection, visit: Uuid) -> Result<Vec<(Uuid, Opinion)>, StorageError> {
    let mut statement =
        db.prepare_cached("SELECT id FROM opinion WHERE visit = ?1 AND anonymous = 0 ORDER BY id")?;
    let ids = statement.query_map([visit.as_bytes()], |row| row.get::<_, [u8; 16]>(0))?;
    let mut opinions = Vec::new();
    for id in ids {
        let id = Uuid::from_bytes(id?);
        if let Some(row) = sqlite::read_row(db, id)? {
            opinions.push((id, Opinion::from_fields(&row.values())));
        }
    }
    Ok(opinions)
}

/// When the server first accepted something of a record, Unix milliseconds.
///
/// # Errors
/// When SQLite fails.
pub fn received_at_ms(db: &Connection, record: Uuid) -> Result<Option<i64>, StorageError> {
    let mut statement =
        db.prepare_cached("SELECT min(received_at) FROM patch WHERE record = ?1 AND held = ''")?;
    Ok(statement.query_row([record.as_bytes()], |row| row.get(0))?)
}
