//! 手记 as a table: one row a page, as it was written.

use super::{Cell, Named, Table, ledger::received_at_ms, table::column};
use crate::storage::StorageError;
use lianxin_shared::{
    domain::{diary::Diary, photo},
    sqlite::read_row,
};
use rusqlite::Connection;
use uuid::Uuid;

/// 手记.
pub static DIARY: Table = Table {
    name: "手记",
    plain_name: "diary",
    unit: "篇",
    apart: None,
    note: "",
    columns: &[
        column("序号", 6.0),
        column("日期", 12.0),
        column("干部", 10.0),
        column("村", 11.0),
        column("手记", 90.0),
        column("照片", 6.0),
        column("接收时间", 17.0),
    ],
    cells,
    more: None,
};

fn cells(db: &Connection, id: Uuid) -> Result<Vec<Vec<Cell>>, StorageError> {
    let Some(row) = read_row(db, id)? else { return Ok(Vec::new()) };
    let values = row.values();
    let page = Diary::from_fields(&values);
    Ok(vec![vec![
        Cell::text(&page.date),
        Cell::text(&page.cadre_name),
        Cell::Text(Named::Village.of(db, &row.village)?.unwrap_or_default()),
        Cell::text(&page.text),
        Cell::number(photo::photos_of(&values).len()),
        Cell::moment(received_at_ms(db, id)?),
    ]])
}
