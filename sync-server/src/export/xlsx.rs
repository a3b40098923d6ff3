//! A table as XLSX: a title, a header that stays and filters, real dates, text that is never a formula.

use super::{
    Cell, ExportError, Table,
    cell::{fitting, for_xml, looks_like_formula},
    words::iso_minute,
};
use rusqlite::Connection;
use rust_xlsxwriter::{Color, ExcelDateTime, Format, FormatAlign, FormatBorder, Workbook, Worksheet};
use uuid::Uuid;

const HEADER_ROW: u32 = 1;
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

/// The records of a table as a workbook; `filter` says in words how they were chosen.
///
/// # Errors
/// When the database, memory or the temporary folder fails.
pub fn xlsx(
    db: &Connection,
    table: &Table,
    ids: &[Uuid],
    filter: &str,
    now_ms: i64,
) -> Result<Vec<u8>, ExportError> {
    let mut workbook = Workbook::new();
    let formats = Formats::new();
    for table in std::iter::once(table).chain(table.more) {
        let title = table.title(db, filter, ids, now_ms)?;
        fill(&mut workbook, &formats, db, (table, &title), ids)?;
    }
    Ok(workbook.save_to_buffer()?)
}

fn fill(
    workbook: &mut Workbook,
    formats: &Formats,
    db: &Connection,
    (table, title): (&Table, &str),
    ids: &[Uuid],
) -> Result<(), ExportError> {
    // Rows go to a temporary file as they are written: a year of a county fits into memory.
    let sheet = workbook.add_worksheet_with_constant_memory()?;
    frame(sheet, formats, table, title)?;
    let mut at = HEADER_ROW;
    for row in table.rows(db, ids) {
        at += 1;
        for (column, cell) in (0u16..).zip(row?) {
            write_cell(sheet, formats, (at, column), cell)?;
        }
    }
    let last_column = u16::try_from(table.columns.len().saturating_sub(1)).unwrap_or(u16::MAX);
    sheet.autofilter(HEADER_ROW, 0, at, last_column)?;
    Ok(())
}

fn frame(sheet: &mut Worksheet, formats: &Formats, table: &Table, title: &str) -> Result<(), ExportError> {
    sheet.set_name(table.name)?;
    for (column, one) in (0u16..).zip(table.columns) {
        sheet.set_column_width(column, one.width)?;
    }
    sheet.set_row_height(0, 28)?;
    sheet.set_row_height(HEADER_ROW, 24)?;
    sheet.write_string_with_format(0, 0, for_xml(fitting(title)), &formats.title)?;
    for (column, name) in (0u16..).zip(table.headings()) {
        sheet.write_string_with_format(HEADER_ROW, column, name, &formats.header)?;
    }
    sheet.set_freeze_panes(HEADER_ROW + 1, 0)?;
    sheet.set_landscape().set_paper_size(PAPER_A4).set_print_fit_to_pages(1, 0);
    sheet.set_repeat_rows(0, HEADER_ROW)?;
    sheet.set_footer("&C第 &P 页，共 &N 页");
    Ok(())
}

fn write_cell(
    sheet: &mut Worksheet,
    formats: &Formats,
    (at, column): (u32, u16),
    cell: Cell,
) -> Result<(), ExportError> {
    match cell {
        Cell::Moment(ms) => {
            let wall = ms.div_euclid(60_000).saturating_mul(60).saturating_add(BEIJING_SECONDS_EAST);
            match ExcelDateTime::from_timestamp(wall) {
                Ok(wall) => drop(sheet.write_datetime_with_format(at, column, &wall, &formats.date)?),
                // Excel knows the years from 1900 to 9999: one odd clock shall not cost the whole file.
                Err(_) => drop(sheet.write_string_with_format(at, column, iso_minute(ms), &formats.text)?),
            }
        }
        Cell::Number(number) => {
            sheet.write_number_with_format(at, column, number, &formats.number)?;
        }
        Cell::Text(text) => {
            let format = if looks_like_formula(&text) { &formats.quoted } else { &formats.text };
            sheet.write_string_with_format(at, column, for_xml(fitting(&text)), format)?;
        }
    }
    Ok(())
}
