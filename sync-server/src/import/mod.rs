//! A township's own tables into the register: bytes → sheets → rows → households → a plan and a report.
//! Nothing here touches the database: the caller loads what exists, and writes the plan in one transaction.

mod columns;
mod container;
mod dedupe;
mod delimited;
mod gather;
mod header;
mod index;
mod line;
mod names;
mod parse;
mod place;
mod plan;
mod report;
mod table;
mod words;
mod workbook;

pub use columns::ColumnMap;
pub use line::RowRef;
pub use parse::{Fields, Parsed, ParsedHousehold, ParsedPerson, parse};
pub use place::{Village, Villages};
pub use plan::{
    Action, Edit, Edits, ExistingHousehold, ExistingPerson, Plan, PlannedHousehold, Prefer, plan,
};
pub use report::{Outcome, Report, RowReport, SheetReport, Totals};
pub use table::{COLUMNS_MAX, Cell, CellKind, FILE_BYTES_MAX, ImportError, ROWS_MAX, Row, Sheet, read_table};

#[cfg(test)]
mod tests;
