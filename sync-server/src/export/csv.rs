//! The ledger as CSV: UTF-8 with a byte order mark, without which Excel takes Chinese for another encoding.

use super::{
    ExportError, LEDGER_COLUMNS, LedgerFilter, LedgerRow,
    cell::{disarmed, fitting},
    ledger::read_row,
    words::iso_minute,
};
use csv::{Terminator, WriterBuilder};
use lianxin_shared::domain::Coded;
use rusqlite::Connection;

const BYTE_ORDER_MARK: &str = "\u{feff}";

/// The filtered ledger, header first.
///
/// # Errors
/// When the database or memory fails.
pub fn ledger_csv(db: &Connection, filter: &LedgerFilter) -> Result<Vec<u8>, ExportError> {
    let mut out =
        WriterBuilder::new().terminator(Terminator::CRLF).from_writer(BYTE_ORDER_MARK.as_bytes().to_vec());
    out.write_record(LEDGER_COLUMNS)?;
    let mut number = 0;
    for id in filter.ids(db)? {
        if let Some(row) = read_row(db, id)? {
            number += 1;
            out.write_record(cells(number, &row).map(|text| disarmed(&fitting(&text))))?;
        }
    }
    out.into_inner().map_err(|error| ExportError::Io(error.into_error()))
}

/// One row in the order of [`LEDGER_COLUMNS`].
pub(super) fn cells(number: usize, row: &LedgerRow) -> [String; LEDGER_COLUMNS.len()] {
    let visit = &row.visit;
    [
        number.to_string(),
        row.village_name.clone(),
        row.group.clone(),
        visit.target_name.clone(),
        row.category_names(),
        visit.occurred_at.map(iso_minute).unwrap_or_default(),
        visit.visitor_name.clone(),
        visit.companions.join("、"),
        visit.mode.label().to_owned(),
        if visit.absent { "无人在家" } else { "见到" }.to_owned(),
        row.summary(),
        numbered(row),
        row.opinions.len().to_string(),
        if visit.card_left { "已留" } else { "" }.to_owned(),
        row.received_at_ms.map(iso_minute).unwrap_or_default(),
    ]
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
