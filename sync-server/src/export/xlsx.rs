//! The ledger as XLSX: a title, a header that stays and filters, real dates, text that is never a formula.

use super::{
    ExportError, LEDGER_COLUMNS, LedgerFilter, LedgerRow,
    cell::{fitting, for_xml, looks_like_formula},
    csv::cells,
    ledger::read_row,
    ledger_title,
};
use crate::storage::read_identity;
use rusqlite::Connection;
use rust_xlsxwriter::{Color, ExcelDateTime, Format, FormatAlign, FormatBorder, Workbook, Worksheet};

const HEADER_ROW: u32 = 1;
/// Column of 走访时间 and of 接收时间: real dates.
const VISITED_COLUMN: u16 = 5;
const RECEIVED_COLUMN: u16 = 14;
/// Columns of 序号 and 条数: numbers.
const NUMBER_COLUMNS: [u16; 2] = [0, 12];
/// Width of each column, characters.
const WIDTHS: [f64; LEDGER_COLUMNS.len()] =
    [6.0, 11.0, 7.0, 12.0, 16.0, 17.0, 10.0, 14.0, 7.0, 11.0, 48.0, 48.0, 6.0, 8.0, 17.0];
/// Paper A4, as the file format numbers it.
const PAPER_A4: u8 = 9;
/// Beijing is eight hours east of the time that is stored.
const BEIJING_SECONDS_EAST: i64 = 8 * 60 * 60;

struct Formats {
    title: Format,
    header: Format,
    text: Format,
    /// Text that could be taken for a formula: marked as text for good, also when a cell is edited.
    quoted: Format,
    number: Format,
    date: Format,
}

impl Formats {
    fn new() -> Self {
        let body = Format::new()
            .set_font_name("宋体")
            .set_font_size(10.5)
            .set_border(FormatBorder::Thin)
            .set_border_color(Color::RGB(0xBFBFBF))
            .set_align(FormatAlign::Top);
        let text = body.clone().set_text_wrap().set_num_format("@");
        Formats {
            title: Format::new()
                .set_font_name("黑体")
                .set_font_size(13)
                .set_align(FormatAlign::Left)
                .set_align(FormatAlign::VerticalCenter),
            header: body
                .clone()
                .set_font_name("黑体")
                .set_background_color(Color::RGB(0xF3EEE6))
                .set_align(FormatAlign::Center)
                .set_align(FormatAlign::VerticalCenter)
                .set_text_wrap(),
            quoted: text.clone().set_quote_prefix(),
            text,
            number: body.clone().set_align(FormatAlign::Center),
            date: body.set_num_format("yyyy-mm-dd hh:mm").set_align(FormatAlign::Center),
        }
    }
}

/// The filtered ledger as a workbook.
///
/// # Errors
/// When the database, memory or the temporary folder fails.
pub fn ledger_xlsx(db: &Connection, filter: &LedgerFilter, now_ms: i64) -> Result<Vec<u8>, ExportError> {
    let ids = filter.ids(db)?;
    let title = ledger_title(&read_identity(db)?.township, &filter.describe(db)?, ids.len(), now_ms);
    let mut workbook = Workbook::new();
    let formats = Formats::new();
    // Rows go to a temporary file as they are written: a year of a county fits into memory.
    let sheet = workbook.add_worksheet_with_constant_memory()?;
    frame(sheet, &formats, &title)?;
    let mut at = HEADER_ROW;
    for id in ids {
        if let Some(row) = read_row(db, id)? {
            at += 1;
            write_row(sheet, &formats, at, &row)?;
        }
    }
    let last_column = RECEIVED_COLUMN;
    sheet.autofilter(HEADER_ROW, 0, at, last_column)?;
    Ok(workbook.save_to_buffer()?)
}

fn frame(sheet: &mut Worksheet, formats: &Formats, title: &str) -> Result<(), ExportError> {
    sheet.set_name("走访工作台账")?;
    for (column, width) in (0u16..).zip(WIDTHS) {
        sheet.set_column_width(column, width)?;
    }
    sheet.set_row_height(0, 28)?;
    sheet.set_row_height(HEADER_ROW, 24)?;
    sheet.write_string_with_format(0, 0, for_xml(fitting(title)), &formats.title)?;
    for (column, name) in (0u16..).zip(LEDGER_COLUMNS) {
        sheet.write_string_with_format(HEADER_ROW, column, name, &formats.header)?;
    }
    sheet.set_freeze_panes(HEADER_ROW + 1, 0)?;
    sheet.set_landscape().set_paper_size(PAPER_A4).set_print_fit_to_pages(1, 0);
    sheet.set_repeat_rows(0, HEADER_ROW)?;
    sheet.set_footer("&C第 &P 页，共 &N 页");
    Ok(())
}

fn write_row(sheet: &mut Worksheet, formats: &Formats, at: u32, row: &LedgerRow) -> Result<(), ExportError> {
    let number = usize::try_from(at - HEADER_ROW).unwrap_or_default();
    for (column, text) in (0u16..).zip(cells(number, row)) {
        let moment = match column {
            VISITED_COLUMN => row.visit.occurred_at,
            RECEIVED_COLUMN => row.received_at_ms,
            _ => None,
        };
        if let Some(ms) = moment {
            let wall = ExcelDateTime::from_timestamp(ms.div_euclid(60_000) * 60 + BEIJING_SECONDS_EAST)?;
            sheet.write_datetime_with_format(at, column, &wall, &formats.date)?;
        } else if let (true, Ok(value)) = (NUMBER_COLUMNS.contains(&column), text.parse::<u32>()) {
            sheet.write_number_with_format(at, column, value, &formats.number)?;
        } else {
            let format = if looks_like_formula(&text) { &formats.quoted } else { &formats.text };
            sheet.write_string_with_format(at, column, for_xml(fitting(&text)), format)?;
        }
    }
    Ok(())
}
