//! What leaves the house: visits, opinions, households and diaries as XLSX and CSV. A page's own filter chooses the
//! rows of its file.
//!
//! A withheld name stays withheld: an opinion whose speaker asked for it appears in no row that names a
//! household, neither its words nor its number; in its own row stand the village and the month alone.

mod answers;
mod cell;
mod conditions;
mod csv;
mod diary;
mod filter;
mod households;
mod ledger;
mod opinions;
mod received;
mod table;
pub(crate) mod words;
mod xlsx;

pub use answers::{ANSWERS, asked, checklist_names, plain};
pub(crate) use conditions::{Conditions, Named, like};
pub use csv::csv;
pub use diary::DIARY;
pub use filter::LedgerFilter;
pub use households::{HOUSEHOLDS, last_met, members};
pub use ledger::{
    LEDGER, LedgerRow, categories_of, named_opinions, read_row as read_ledger_row, received_at_ms,
};
pub(crate) use opinions::{COUNTS, VISIT_VOID};
pub use opinions::{OPINIONS, is_void, month, speaker, topic_name};
pub use received::Received;
pub use table::{Apart, Cell, Column, ReadCells, Table};
pub use xlsx::xlsx;

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
