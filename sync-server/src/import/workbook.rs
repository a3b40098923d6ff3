//! Excel workbooks, cell by cell: a stray cell in the last row and column costs one cell here, not the
//! seventeen thousand million between.

use super::container::chains_end;
use super::table::{COLUMNS_MAX, Cell, CellKind, ImportError, ROWS_MAX, Row, Sheet, UNPACKED_BYTES_MAX};
use calamine::{
    Data, DataRef, DataType, Dimensions, ExcelDateTime, Reader, SheetType, SheetVisible, Xls, XlsError, Xlsx,
    XlsxError,
};
use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use zip::ZipArchive;

/// Reads an `.xlsx`.
///
/// # Errors
/// Damaged, too large unpacked, too long or too wide.
pub fn read_xlsx(bytes: &[u8]) -> Result<Vec<Sheet>, ImportError> {
    bounded(bytes)?;
    let mut book = Xlsx::new(Cursor::new(bytes)).map_err(xlsx_error)?;
    let mut rows_left = ROWS_MAX;
    let mut sheets = Vec::new();
    for meta in book.sheets_metadata().to_vec() {
        if meta.typ != SheetType::WorkSheet {
            continue;
        }
        let mut grid = Grid::new(&meta, rows_left);
        let mut cells = book.worksheet_cells_reader(&meta.name).map_err(xlsx_error)?;
        while let Some(cell) = cells.next_cell().map_err(xlsx_error)? {
            grid.put(cell.get_position(), value_of(cell.get_value()))?;
        }
        drop(cells);
        let merges = book.merge_cells_by_sheet_name(&meta.name).map_err(xlsx_error)?;
        rows_left = rows_left.saturating_sub(grid.rows.len());
        sheets.push(grid.finish(&merges));
    }
    Ok(sheets)
}

/// Reads an `.xls`, or finds that the container holds an encrypted `.xlsx`.
///
/// # Errors
/// Damaged, encrypted, too long or too wide.
pub fn read_xls(bytes: &[u8]) -> Result<Vec<Sheet>, ImportError> {
    if !chains_end(bytes) {
        return Err(ImportError::Malformed { detail: "文件内部的链绕了回来".to_owned() });
    }
    let mut book = match Xls::new(Cursor::new(bytes)) {
        Ok(book) => book,
        Err(XlsError::Password) => return Err(ImportError::Password),
        Err(error) => {
            return Err(match Xlsx::new(Cursor::new(bytes)) {
                Err(XlsxError::Password) => ImportError::Password,
                _ => ImportError::Malformed { detail: error.to_string() },
            });
        }
    };
    let malformed = |error: XlsError| ImportError::Malformed { detail: error.to_string() };
    let mut rows_left = ROWS_MAX;
    let mut sheets = Vec::new();
    for meta in book.sheets_metadata().to_vec() {
        if meta.typ != SheetType::WorkSheet {
            continue;
        }
        let mut grid = Grid::new(&meta, rows_left);
        let range = book.worksheet_range(&meta.name).map_err(malformed)?;
        let (first_row, first_column) = range.start().unwrap_or_default();
        for (row, column, data) in range.used_cells() {
            let offset = |start: u32, at: usize| start.saturating_add(u32::try_from(at).unwrap_or(u32::MAX));
            grid.put((offset(first_row, row), offset(first_column, column)), value_of(data))?;
        }
        let merges = book.merge_cells_by_sheet_name(&meta.name).map_err(malformed)?;
        rows_left = rows_left.saturating_sub(grid.rows.len());
        sheets.push(grid.finish(&merges));
    }
    Ok(sheets)
}

/// Unpacks everything once to nowhere: what the zip says of its sizes need not be true, and the library below keeps
/// whole parts in memory.
fn bounded(bytes: &[u8]) -> Result<(), ImportError> {
    let malformed = |detail: String| ImportError::Malformed { detail };
    let mut zip = ZipArchive::new(Cursor::new(bytes)).map_err(|error| malformed(error.to_string()))?;
    let mut left = UNPACKED_BYTES_MAX as u64;
    for at in 0..zip.len() {
        let part = zip.by_index(at).map_err(|error| malformed(error.to_string()))?;
        let read = std::io::copy(&mut part.take(left + 1), &mut std::io::sink());
        let read = read.map_err(|error| malformed(error.to_string()))?;
        left = left.checked_sub(read).ok_or(ImportError::TooLargeUnpacked)?;
    }
    Ok(())
}

fn xlsx_error(error: XlsxError) -> ImportError {
    match error {
        XlsxError::Password => ImportError::Password,
        other => ImportError::Malformed { detail: other.to_string() },
    }
}

/// A sheet being read: only rows and cells that hold something.
struct Grid {
    name: String,
    hidden: bool,
    rows_left: usize,
    rows: BTreeMap<u32, Row>,
}

impl Grid {
    fn new(meta: &calamine::Sheet, rows_left: usize) -> Self {
        let hidden = meta.visible != SheetVisible::Visible;
        Grid { name: meta.name.clone(), hidden, rows_left, rows: BTreeMap::new() }
    }

    fn put(&mut self, (row, column): (u32, u32), cell: Option<Cell>) -> Result<(), ImportError> {
        let Some(cell) = cell.filter(|cell| !cell.is_blank()) else { return Ok(()) };
        let number = row.saturating_add(1);
        let column = usize::try_from(column).unwrap_or(usize::MAX);
        if column >= COLUMNS_MAX {
            return Err(ImportError::TooWide { sheet: self.name.clone(), row: number });
        }
        self.rows.entry(row).or_insert_with(|| Row { number, cells: Vec::new() }).set(column, cell);
        if self.rows.len() > self.rows_left { Err(ImportError::TooManyRows) } else { Ok(()) }
    }

    /// Fills every cell of a merged region with its first cell's text; rows with nothing else stay away.
    fn finish(mut self, merges: &[Dimensions]) -> Sheet {
        for region in merges {
            let column = |at: u32| usize::try_from(at).unwrap_or(usize::MAX).min(COLUMNS_MAX - 1);
            let (first, last) = (column(region.start.1), column(region.end.1));
            let Some(source) = self.rows.get(&region.start.0).map(|row| row.cell(first).clone()) else {
                continue;
            };
            if source.is_blank() || region.end.0 < region.start.0 {
                continue;
            }
            for (at, row) in self.rows.range_mut(region.start.0..=region.end.0) {
                for column in first..=last {
                    if (*at, column) != (region.start.0, first) && row.cell(column).is_blank() {
                        row.set(column, Cell { filled: true, ..source.clone() });
                    }
                }
            }
        }
        Sheet { name: self.name, hidden: self.hidden, rows: self.rows.into_values().collect() }
    }
}

/// Both of calamine's cell types, as one cell of ours; `None` for an empty one.
trait Value: DataType {
    fn date(&self) -> Option<ExcelDateTime>;
    fn iso(&self) -> Option<&str>;
}

impl Value for Data {
    fn date(&self) -> Option<ExcelDateTime> {
        if let Data::DateTime(date) = self { Some(*date) } else { None }
    }
    fn iso(&self) -> Option<&str> {
        if let Data::DateTimeIso(text) | Data::DurationIso(text) = self { Some(text) } else { None }
    }
}

impl Value for DataRef<'_> {
    fn date(&self) -> Option<ExcelDateTime> {
        if let DataRef::DateTime(date) = self { Some(*date) } else { None }
    }
    fn iso(&self) -> Option<&str> {
        if let DataRef::DateTimeIso(text) | DataRef::DurationIso(text) = self { Some(text) } else { None }
    }
}

fn value_of(value: &impl Value) -> Option<Cell> {
    if let Some(text) = value.get_string().or(value.iso()) {
        return Some(Cell::text(text));
    }
    if let Some(yes) = value.get_bool() {
        return Some(Cell::text(if yes { "是" } else { "否" }));
    }
    if let Some(error) = value.get_error() {
        return Some(Cell { text: error.to_string(), kind: CellKind::Error, filled: false });
    }
    if let Some(date) = value.date().filter(|date| date.is_datetime()) {
        let (year, month, day, ..) = date.to_ymd_hms_milli();
        return Some(Cell::text(format!("{year:04}-{month:02}-{day:02}")));
    }
    let number =
        value.get_int().map(|int| int.to_string()).or(value.get_float().map(|float| float.to_string()));
    number.map(|text| Cell { text, kind: CellKind::Number, filled: false })
}
