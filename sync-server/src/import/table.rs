//! Bytes to sheets: a workbook or a delimited text becomes rows of cells, each row under the number that
//! Excel shows beside it. The content decides what a file is, never its name.

use super::{delimited, workbook};
use lianxin_shared::domain::text::clean;

/// Largest file read.
pub const FILE_BYTES_MAX: usize = 50 * 1024 * 1024;
/// Most that a workbook may hold unpacked: an `.xlsx` is a zip, and a small one may hold gigabytes. 100,000 rows of
/// twenty columns are some 80 MB.
pub const UNPACKED_BYTES_MAX: usize = 256 * 1024 * 1024;
/// Most rows with something in them, over all sheets of a file: 100,000 people with the titles of many sheets.
pub const ROWS_MAX: usize = 120_000;
/// Widest table read.
pub const COLUMNS_MAX: usize = 200;

/// Why a whole file cannot be read. Nothing has been written when one of these is returned.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// Over [`FILE_BYTES_MAX`].
    #[error(
        "文件有 {} MB，超过 {} MB 的上限；没有写入任何内容。请删去图片或按村拆成几个文件再导入",
        bytes / 1_048_576,
        FILE_BYTES_MAX / 1_048_576
    )]
    TooLarge {
        /// Size of the file.
        bytes: usize,
    },
    /// Over [`UNPACKED_BYTES_MAX`].
    #[error(
        "文件展开后超过 {} MB，不像一张户表；没有写入任何内容。请在 Excel 里新建一个文件，只把表格复制过去，另存再导入",
        UNPACKED_BYTES_MAX / 1_048_576
    )]
    TooLargeUnpacked,
    /// Over [`ROWS_MAX`].
    #[error("文件超过 {ROWS_MAX} 行；没有写入任何内容。请按村拆成几个文件再导入")]
    TooManyRows,
    /// Over [`COLUMNS_MAX`].
    #[error(
        "工作表“{sheet}”第 {row} 行在第 {COLUMNS_MAX} 列以外还有内容；没有写入任何内容。请删去表格右侧的多余内容再导入"
    )]
    TooWide {
        /// Name of the sheet.
        sheet: String,
        /// Row as Excel shows it.
        row: u32,
    },
    /// The workbook is encrypted.
    #[error(
        "文件设了打开密码，读不了；没有写入任何内容。请在 Excel 里用密码打开，去掉密码（文件→信息→保护工作簿）后另存再导入"
    )]
    Password,
    /// An HTML page with the name of a workbook, as many web systems export.
    #[error("文件名像 Excel，其实是一张网页；没有写入任何内容。请用 Excel 或 WPS 打开，另存为 .xlsx 再导入")]
    Html,
    /// A workbook of a kind that is not read (ODS, XLSB), or a damaged one.
    #[error(
        "文件打不开，可能没有下载完整、已损坏，或不是 .xlsx / .xls / .csv；没有写入任何内容。请用 Excel 或 WPS 打开，另存为 .xlsx 再导入（{detail}）"
    )]
    Malformed {
        /// What the reader stumbled over, for whoever helps.
        detail: String,
    },
    /// Text in no known encoding.
    #[error(
        "文件的文字编码认不出（不是 UTF-8，也不是 GBK），或中途损坏；没有写入任何内容。请用 Excel 打开，另存为 .xlsx 再导入"
    )]
    Encoding,
    /// A quotation mark in a CSV that is never closed.
    #[error(
        "第 {row} 行有一个引号没有配对，后面的内容会全部算进一格；没有写入任何内容。请补上或删去这个引号再导入"
    )]
    UnclosedQuote {
        /// Row where the quotation starts.
        row: u32,
    },
    /// Not a cell with anything in it.
    #[error("文件是空的；没有写入任何内容")]
    Empty,
    /// No sheet has a row of known column names.
    #[error(
        "前 {rows} 行里没有找到表头（至少要有“户主”或“姓名”，再加一列，如“身份证号”“联系电话”“组别”）；没有写入任何内容。列名特别时，请用 --map \"列名=字段\" 指明"
    )]
    NoHeader {
        /// How many rows were looked at.
        rows: usize,
    },
    /// `--map` is not a list of `列名=field`.
    #[error("--map 的“{part}”写得不对，应是 列名=字段，几个之间用逗号隔开；字段可以是：{fields}")]
    Map {
        /// The part that is wrong.
        part: String,
        /// The fields that exist.
        fields: String,
    },
    /// `--map` names a column that no sheet has.
    #[error("--map 里的列“{column}”在文件里没有；没有写入任何内容。请照表头上的字写")]
    MapColumn {
        /// The column.
        column: String,
    },
    /// The default village is not among those known.
    #[error("没有编码或名称为“{village}”的村；没有写入任何内容。请先在服务器上建村，或改正村名")]
    DefaultVillage {
        /// As it was given.
        village: String,
    },
}

/// One sheet of a workbook, or a whole CSV.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sheet {
    /// Its name; empty for a CSV.
    pub name: String,
    /// Hidden in the workbook: named in the report, not read.
    pub hidden: bool,
    /// Rows with at least one cell that is not blank, in order.
    pub rows: Vec<Row>,
}

/// One row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Row {
    /// Number as Excel shows it, from 1.
    pub number: u32,
    /// Cells from column A on.
    pub cells: Vec<Cell>,
}

impl Row {
    /// The cell of a column (from 0); blank beyond the last.
    pub fn cell(&self, column: usize) -> &Cell {
        static BLANK: Cell = Cell { text: String::new(), kind: CellKind::Text, filled: false };
        self.cells.get(column).unwrap_or(&BLANK)
    }

    /// Puts a cell into a column, widening the row.
    pub(super) fn set(&mut self, column: usize, cell: Cell) {
        if self.cells.len() <= column {
            self.cells.resize(column + 1, Cell::default());
        }
        if let Some(slot) = self.cells.get_mut(column) {
            *slot = cell;
        }
    }
}

/// One cell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cell {
    /// As written; numbers without exponent, dates as YYYY-MM-DD.
    pub text: String,
    /// What Excel holds in it.
    pub kind: CellKind,
    /// The text comes from the first cell of the merged cells that this one lies in.
    pub filled: bool,
}

/// What Excel holds in a cell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CellKind {
    /// Text, a date or a truth value.
    #[default]
    Text,
    /// A number: exact only to fifteen digits.
    Number,
    /// A formula's error, such as #N/A.
    Error,
}

impl Cell {
    /// A cell of plain text.
    pub fn text(text: impl Into<String>) -> Self {
        Cell { text: text.into(), ..Cell::default() }
    }

    /// Nothing to be seen in it.
    pub fn is_blank(&self) -> bool {
        self.text.is_empty() || clean(&self.text).is_empty()
    }
}

/// Reads a file into its sheets.
///
/// # Errors
/// [`ImportError`] in words for whoever brought the file.
pub fn read_table(bytes: &[u8]) -> Result<Vec<Sheet>, ImportError> {
    if bytes.len() > FILE_BYTES_MAX {
        return Err(ImportError::TooLarge { bytes: bytes.len() });
    }
    let sheets = if bytes.starts_with(b"PK\x03\x04") {
        guarded(|| workbook::read_xlsx(bytes))?
    } else if bytes.starts_with(b"\xD0\xCF\x11\xE0") {
        guarded(|| workbook::read_xls(bytes))?
    } else {
        vec![delimited::read(bytes)?]
    };
    if sheets.iter().all(|sheet| sheet.rows.is_empty()) {
        return Err(ImportError::Empty);
    }
    if sheets.iter().map(|sheet| sheet.rows.len()).sum::<usize>() > ROWS_MAX {
        return Err(ImportError::TooManyRows);
    }
    Ok(sheets)
}

/// The workbook library panics on some damaged files: to whoever brought one, it is just damaged.
fn guarded(
    read: impl FnOnce() -> Result<Vec<Sheet>, ImportError> + std::panic::UnwindSafe,
) -> Result<Vec<Sheet>, ImportError> {
    std::panic::catch_unwind(read)
        .unwrap_or_else(|_| Err(ImportError::Malformed { detail: "文件内部结构已损坏".to_owned() }))
}
