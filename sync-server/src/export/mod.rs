//! What leaves the house: the ledger of visits as XLSX and CSV. One [`LedgerFilter`] chooses the rows for the
//! console's list and for the files alike.
//!
//! A withheld name stays withheld: an opinion whose speaker asked for it appears in no row that names a
//! household, neither its words nor its number.

mod cell;
mod conditions;
mod csv;
mod filter;
mod ledger;
pub(crate) mod words;
mod xlsx;

pub(crate) use conditions::{Conditions, like};
pub use csv::ledger_csv;
pub use filter::LedgerFilter;
pub use ledger::{LedgerRow, categories_of, named_opinions, read_row as read_ledger_row, received_at_ms};
pub use xlsx::ledger_xlsx;

use crate::storage::StorageError;

/// A file that could not be written.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The workbook could not be written.
    #[error(transparent)]
    Xlsx(#[from] rust_xlsxwriter::XlsxError),
    /// The text could not be written.
    #[error(transparent)]
    Csv(#[from] ::csv::Error),
    /// The text could not be flushed.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// The ledger's columns, in the order of its 台账.
pub const LEDGER_COLUMNS: [&str; 15] = [
    "序号",
    "村",
    "组",
    "户主/对象",
    "类别",
    "走访时间",
    "走访干部",
    "同行",
    "方式",
    "是否见到人",
    "主要情况",
    "意见建议（原话）",
    "条数",
    "联系卡",
    "接收时间",
];

/// What the ledger says above its first row.
fn ledger_title(township: &str, filter: &str, rows: usize, now_ms: i64) -> String {
    let scope = if filter.is_empty() { String::new() } else { format!("（{filter}）") };
    let made = words::iso_minute(now_ms);
    format!(
        "{township}走访工作台账{scope}　共 {rows} 条　{made} 导出　不记名的意见建议不列入本表，也不计入条数"
    )
}
