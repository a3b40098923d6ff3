//! Files as they come: encodings, separators, broken, locked and oversized ones.

use super::*;
use encoding_rs::GBK;
use proptest::prelude::*;
use rust_xlsxwriter::{Format, XlsxError};

const CSV: &str = "户主,身份证号,组别,电话\n张三,11010519491231002X,一组,13812345678\n";

fn rows(bytes: &[u8]) -> Vec<(u32, Vec<String>)> {
    let sheet = read_table(bytes).unwrap().remove(0);
    sheet
        .rows
        .into_iter()
        .map(|row| (row.number, row.cells.into_iter().map(|cell| cell.text).collect()))
        .collect()
}

fn utf16(text: &str, big: bool) -> Vec<u8> {
    let units = text.encode_utf16();
    units.flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
}

#[test]
fn every_encoding_and_separator_reads_the_same() {
    let expected = rows(CSV.as_bytes());
    assert_eq!(expected[1].1, ["张三", "11010519491231002X", "一组", "13812345678"]);
    let with_bom = |bom: &[u8], body: &[u8]| [bom, body].concat();
    for (name, bytes) in [
        ("UTF-8 with BOM", with_bom(b"\xEF\xBB\xBF", CSV.as_bytes())),
        ("GBK", GBK.encode(CSV).0.into_owned()),
        ("UTF-16 LE", with_bom(b"\xFF\xFE", &utf16(CSV, false))),
        ("UTF-16 BE", with_bom(b"\xFE\xFF", &utf16(CSV, true))),
        ("UTF-16 LE without BOM", utf16(CSV, false)),
        ("tabs", CSV.replace(',', "\t").into_bytes()),
        ("semicolons", CSV.replace(',', ";").into_bytes()),
        ("full-width commas", CSV.replace(',', "，").into_bytes()),
        ("Windows line ends", CSV.replace('\n', "\r\n").into_bytes()),
        ("old Mac line ends", CSV.replace('\n', "\r").into_bytes()),
        ("no last line end", CSV.trim_end().as_bytes().to_vec()),
        ("GBK, tabs", GBK.encode(&CSV.replace(',', "\t")).0.into_owned()),
    ] {
        assert_eq!(rows(&bytes), expected, "{name}");
    }
}

#[test]
fn rare_characters_survive_gb18030_and_utf8() {
    let text = "户主,组别\n\u{20BB7}田,一组\n㐂子,二组\n";
    let gb = encoding_rs::GB18030.encode(text).0.into_owned();
    for bytes in [text.as_bytes(), &gb] {
        assert_eq!(rows(bytes)[1].1[0], "\u{20BB7}田");
    }
}

#[test]
fn quotations_hold_separators_and_line_breaks_and_rows_keep_excels_numbers() {
    let text = "户主,备注,电话\n\n张三,\"东街，12号\n后院, \"\"老屋\"\"\",13812345678\n\n李四,5\" 水管,\n";
    let found = rows(text.as_bytes());
    let numbers: Vec<u32> = found.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, [1, 3, 5], "blank lines are rows of Excel, broken cells are not");
    assert_eq!(found[1].1, ["张三", "东街，12号\n后院, \"老屋\"", "13812345678"]);
    assert_eq!(found[2].1[1], "5\" 水管");
}

#[test]
fn commas_in_addresses_do_not_become_the_separator() {
    let text = "户主\t住址\t电话\n张三\t东街,1号,后院,西\t13812345678\n李四\t西街,2号,前院,东\t\n";
    assert_eq!(rows(text.as_bytes())[1].1.len(), 3);
}

#[test]
fn what_cannot_be_read_says_so_in_words_and_what_is_safe() {
    let mut cut = CSV.as_bytes().to_vec();
    cut.pop();
    let in_a_character = CSV.find("一").unwrap() + 1;
    for (bytes, part) in [
        (&b"<html><table><tr><td>x</td></tr></table></html>"[..], "网页"),
        (&b"PK\x03\x04 half a download"[..], "没有下载完整"),
        (&b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1 and then nothing"[..], "没有下载完整"),
        (&CSV.as_bytes()[..in_a_character], "文字编码"),
        (&b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR\x00\x00\x01"[..], "没有写入任何内容"),
        ("户主,备注\n张三,\"没有关上\n李四,\n".as_bytes(), "第 2 行有一个引号没有配对"),
        (&b""[..], "空的"),
        (" \n\n，\n".as_bytes(), "空的"),
    ] {
        let error = read_table(bytes).unwrap_err().to_string();
        assert!(error.contains(part), "{part}: {error}");
        assert!(error.contains("没有写入任何内容"), "{error}");
    }
}

#[test]
fn a_locked_workbook_asks_for_the_password_to_be_taken_off() {
    let new = include_bytes!("../../../fixtures/import/locked.xlsx");
    let old = include_bytes!("../../../fixtures/import/locked.xls");
    for bytes in [&new[..], &old[..]] {
        assert_eq!(read_table(bytes), Err(ImportError::Password));
    }
    assert!(ImportError::Password.to_string().contains("去掉密码"));
}

#[test]
fn an_old_workbook_reads_like_a_new_one() {
    let bytes = include_bytes!("../../../fixtures/import/old.xls");
    let plan = assert_again_same(bytes);
    let (household, members) = created(&plan, 0);
    assert_eq!(
        (text(household, "head"), text(household, "group")),
        ("张三", "一组"),
        "the sheet is the group"
    );
    assert_eq!(text(household, "phone"), "13812345678");
    assert_eq!((members.len(), text(&members[1], "name")), (2, "李\u{20BB7}"));
    assert_eq!(row(&plan, 5).outcome, Outcome::Skipped);
}

#[test]
fn limits_are_told_and_not_run_into() {
    let too_large = vec![b'x'; FILE_BYTES_MAX + 1];
    let error = read_table(&too_large).unwrap_err();
    assert!(error.to_string().contains("超过 50 MB"), "{error}");

    let long = "户主,组别\n".to_owned() + &"张三,一组\n".repeat(ROWS_MAX);
    assert_eq!(read_table(long.as_bytes()), Err(ImportError::TooManyRows));
    let fits = "户主,组别\n".to_owned() + &"张三,一组\n".repeat(ROWS_MAX - 1);
    assert_eq!(read_table(fits.as_bytes()).unwrap()[0].rows.len(), ROWS_MAX);
    let wide = "户主,".to_owned() + &",".repeat(COLUMNS_MAX) + "x\n";
    assert!(matches!(read_table(wide.as_bytes()), Err(ImportError::TooWide { row: 1, .. })));
}

#[test]
fn a_long_workbook_stops_at_the_limit_and_a_stray_cell_far_away_costs_nothing() -> Result<(), XlsxError> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet_with_constant_memory()?;
    for row in 0..=ROWS_MAX as u32 {
        sheet.write(row, 0, "张三")?;
    }
    let bytes = book.save_to_buffer()?;
    assert_eq!(read_table(&bytes), Err(ImportError::TooManyRows));

    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.write(0, 0, "户主")?.write(1_048_575, 1, "x")?;
    let sheets = read_table(&book.save_to_buffer()?).unwrap();
    assert_eq!(sheets[0].rows.iter().map(|row| row.number).collect::<Vec<_>>(), [1, 1_048_576]);

    let mut book = Workbook::new();
    book.add_worksheet().write(0, 0, "户主")?.write(4, 16_383, "x")?;
    let error = read_table(&book.save_to_buffer()?).unwrap_err();
    assert!(matches!(error, ImportError::TooWide { row: 5, .. }));
    Ok(())
}

#[test]
fn cells_of_every_kind_become_what_people_see() -> Result<(), XlsxError> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.write(0, 0, 13_812_345_678_u64)?.write(0, 1, true)?.write(0, 2, 3.0)?;
    let date = Format::new().set_num_format("yyyy/m/d");
    sheet.write_with_format(0, 3, 18264, &date)?;
    sheet.merge_range(1, 0, 2, 1, "合并", &Format::new())?.write(2, 2, "旁边")?;
    let rows = read_table(&book.save_to_buffer()?).unwrap().remove(0).rows;
    let texts = |row: &Row| row.cells.iter().map(|cell| cell.text.clone()).collect::<Vec<_>>();
    assert_eq!(texts(&rows[0]), ["13812345678", "是", "3", "1950-01-01"]);
    assert_eq!(rows[0].cells[0].kind, CellKind::Number);
    assert_eq!(texts(&rows[2]), ["合并", "合并", "旁边"]);
    assert!(rows[2].cells[0].filled && rows[1].cells[1].filled && !rows[1].cells[0].filled);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// A damaged file is an error in words or a table, never a crash.
    #[test]
    fn damaged_files_do_not_crash(at in 0usize..6000, byte in any::<u8>(), cut in 0usize..6000, old in any::<bool>()) {
        let mut bytes = if old {
            include_bytes!("../../../fixtures/import/old.xls").to_vec()
        } else {
            book(&[("一组", &[&["户主", "身份证号"], &["张三", "11010519491231002X"]])])
        };
        let last = bytes.len() - 1;
        bytes[at.min(last)] = byte;
        bytes.truncate(bytes.len().saturating_sub(cut / 8).max(1));
        if let Err(error) = read_table(&bytes) {
            prop_assert!(error.to_string().contains("没有写入任何内容"));
        }
    }
}
