//! A table as CSV: UTF-8 with a byte order mark, without which Excel takes Chinese for another encoding.

use super::{
    Cell, ExportError, Table,
    cell::{disarmed, fitting},
    words::iso_minute,
};
use csv::{Terminator, WriterBuilder};
use rusqlite::Connection;
use uuid::Uuid;

const BYTE_ORDER_MARK: &str = "\u{feff}";

/// The records of a table, header first.
///
/// # Errors
/// When the database or memory fails.
pub fn csv(db: &Connection, table: &Table, ids: &[Uuid]) -> Result<Vec<u8>, ExportError> {
    let mut out =
        WriterBuilder::new().terminator(Terminator::CRLF).from_writer(BYTE_ORDER_MARK.as_bytes().to_vec());
    out.write_record(table.headings())?;
    for row in table.rows(db, ids) {
        out.write_record(row?.into_iter().map(|cell| match cell {
            Cell::Text(text) => disarmed(&fitting(&text)),
            Cell::Number(number) => number.to_string(),
            Cell::Moment(at_ms) => iso_minute(at_ms),
        }))?;
    }
    out.into_inner().map_err(|error| ExportError::Io(error.into_error()))
}
