//! Delimited text, as Excel, WPS and web systems write it: UTF-8 with or without BOM, UTF-16, GBK; commas,
//! tabs, semicolons or full-width commas; line breaks and separators inside quotation marks.

use super::table::{COLUMNS_MAX, Cell, ImportError, ROWS_MAX, Row, Sheet};
use encoding_rs::{GB18030, UTF_16BE, UTF_16LE};

const SEPARATORS: [char; 4] = [',', '\t', ';', '，'];
/// Records looked at to find the separator.
const SNIFFED_RECORDS: usize = 60;
/// Stands for the separator while the csv crate, which wants a single byte, reads.
const UNIT_SEPARATOR: u8 = 0x1F;

/// Reads a text.
///
/// # Errors
/// Unknown encoding, HTML, an unclosed quotation, too long or too wide.
pub fn read(bytes: &[u8]) -> Result<Sheet, ImportError> {
    let text = decode(bytes)?;
    let start: String = text.trim_start().chars().take(20).collect::<String>().to_ascii_lowercase();
    if ["<html", "<!doctype", "<table", "<meta", "<?xml"].iter().any(|tag| start.starts_with(tag)) {
        return Err(ImportError::Html);
    }
    if text.contains('\0') {
        return Err(ImportError::Malformed { detail: "既不是工作簿，也不是文本".to_owned() });
    }
    let mut text = text.replace("\r\n", "\n").replace('\r', "\n");
    if !text.ends_with('\n') {
        text.push('\n');
    }
    let separator = sniff(&text);
    rows(&split_by(&text, separator)?)
}

/// BOM first, then whatever the bytes are without an error: UTF-8, else GB18030 (which contains GBK).
fn decode(bytes: &[u8]) -> Result<String, ImportError> {
    if let Some((encoding, bom)) = encoding_rs::Encoding::for_bom(bytes) {
        let body = bytes.get(bom..).unwrap_or_default();
        let text = encoding.decode_without_bom_handling_and_without_replacement(body);
        return text.map(|text| text.into_owned()).ok_or(ImportError::Encoding);
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return without_bom_utf16(bytes).map_or_else(|| Ok(text.to_owned()), Ok);
    }
    // A damaged UTF-8 file must not become plausible nonsense in GBK: few of its characters are broken,
    // while in GBK read as UTF-8 nearly all are.
    let lossy = String::from_utf8_lossy(bytes);
    let broken = lossy.matches('\u{FFFD}').count();
    if broken * 5 < lossy.chars().filter(|c| !c.is_ascii()).count() {
        return Err(ImportError::Encoding);
    }
    if let Some(text) = without_bom_utf16(bytes) {
        return Ok(text);
    }
    let text = GB18030.decode_without_bom_handling_and_without_replacement(bytes);
    text.map(|text| text.into_owned()).ok_or(ImportError::Encoding)
}

/// UTF-16 whose BOM was lost betrays itself by the zero byte in each separator and line break.
fn without_bom_utf16(bytes: &[u8]) -> Option<String> {
    let zeros = |odd: usize| bytes.iter().skip(odd).step_by(2).filter(|byte| **byte == 0).count();
    let encoding = match (zeros(0), zeros(1)) {
        (even, odd) if odd > 0 && even * 10 <= odd => UTF_16LE,
        (even, odd) if even > 0 && odd * 10 <= even => UTF_16BE,
        _ => return None,
    };
    encoding.decode_without_bom_handling_and_without_replacement(bytes).map(|text| text.into_owned())
}

/// The separator that most records have in the same number, outside quotation marks.
fn sniff(text: &str) -> char {
    let mut best = (',', 0, 0);
    for separator in SEPARATORS {
        let mut counts = Vec::new();
        let mut count = 0_usize;
        scan(text, separator, |c, quoted| {
            match c {
                '\n' if !quoted => counts.push(std::mem::take(&mut count)),
                c if c == separator && !quoted => count += 1,
                _ => {}
            }
            counts.len() < SNIFFED_RECORDS
        });
        let (agreeing, columns) = counts
            .iter()
            .filter(|count| **count > 0)
            .map(|count| (counts.iter().filter(|other| *other == count).count(), *count))
            .max()
            .unwrap_or_default();
        if (agreeing, columns) > (best.1, best.2) {
            best = (separator, agreeing, columns);
        }
    }
    best.0
}

/// The text with its separator replaced by one that no text holds.
fn split_by(text: &str, separator: char) -> Result<String, ImportError> {
    let mut out = String::with_capacity(text.len());
    let (mut row, mut opened) = (1_u32, None);
    scan(text, separator, |c, quoted| {
        opened = if quoted { opened.or(Some(row)) } else { None };
        if c == '\n' && !quoted {
            row = row.saturating_add(1);
        }
        out.push(if c == separator && !quoted { char::from(UNIT_SEPARATOR) } else { c });
        true
    });
    opened.map_or(Ok(out), |row| Err(ImportError::UnclosedQuote { row }))
}

/// Walks over the text; `see(char, inside quotation marks)` returns false to stop. A quotation starts only
/// at the start of a cell: 5" pipes are no quotations.
fn scan(text: &str, separator: char, mut see: impl FnMut(char, bool) -> bool) {
    let (mut quoted, mut at_start) = (false, true);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if quoted && c == '"' {
            if chars.peek() == Some(&'"') {
                chars.next();
                if !see('"', true) {
                    return;
                }
            } else {
                quoted = false;
            }
        } else if at_start && c == '"' {
            quoted = true;
        }
        at_start = !quoted && (c == separator || c == '\n');
        if !see(c, quoted) {
            return;
        }
    }
}

fn rows(text: &str) -> Result<Sheet, ImportError> {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(UNIT_SEPARATOR)
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let malformed = |error: csv::Error| ImportError::Malformed { detail: error.to_string() };
    let mut sheet = Sheet::default();
    let mut record = csv::StringRecord::new();
    // Excel counts a record with line breaks in its cells as one row, and blank lines as rows: a record's
    // number is that of the line where it ends, less the breaks inside cells until there.
    let mut breaks_inside = 0_u64;
    while reader.read_record(&mut record).map_err(malformed)? {
        breaks_inside += record.iter().map(|cell| cell.matches('\n').count() as u64).sum::<u64>();
        let ended = reader.position().line().saturating_sub(1);
        let number = u32::try_from(ended.saturating_sub(breaks_inside)).unwrap_or(u32::MAX);
        let mut row = Row { number, cells: record.iter().map(Cell::text).collect() };
        let width = row.cells.iter().rposition(|cell| !cell.is_blank()).map_or(0, |last| last + 1);
        row.cells.truncate(width);
        if width > COLUMNS_MAX {
            return Err(ImportError::TooWide { sheet: String::new(), row: number });
        }
        if width > 0 {
            sheet.rows.push(row);
        }
        if sheet.rows.len() > ROWS_MAX {
            return Err(ImportError::TooManyRows);
        }
    }
    Ok(sheet)
}
