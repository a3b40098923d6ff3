//! The importer: tables of townships, broken as files break. It says what is wrong or makes a plan; it never panics.

use super::{TIME, mutate};
use lianxin_server::import::{Action, ColumnMap, Prefer, Village, Villages, parse, plan, read_table};
use rust_xlsxwriter::Workbook;
use std::io::{Cursor, Read, Write};
use zip::{ZipArchive, ZipWriter, write::SimpleFileOptions};

const VILLAGE: &str = "519921105201";
const TABLE: [[&str; 7]; 4] = [
    ["村", "组", "户主", "姓名", "与户主关系", "身份证号", "电话"],
    ["柳树沟村", "一组", "李翠花", "李翠花", "户主", "", "13800000001"],
    ["柳树沟村", "一组", "李翠花", "王小宝", "孙子", "", ""],
    ["石桥村", "二组", "𠮷有福", "𠮷有福", "户主", "", "0571-1234567"],
];

fn csv() -> Vec<u8> {
    TABLE.map(|row| row.join(",")).join("\r\n").into_bytes()
}

fn workbook() -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (at, row) in (0u32..).zip(TABLE) {
        for (column, text) in (0u16..).zip(row) {
            sheet.write(at, column, text).expect("a cell");
        }
    }
    sheet.merge_range(6, 0, 8, 1, "合并", &rust_xlsxwriter::Format::new()).expect("a range");
    sheet.write(9, 5, 45_000.25).expect("a cell");
    book.save_to_buffer().expect("a workbook")
}

/// Breaks one part of a workbook and packs it anew, so that its checksums are right.
fn repacked(book: &[u8], which: u8, changes: &[mutate::Bytes]) -> Vec<u8> {
    let mut parts = ZipArchive::new(Cursor::new(book)).expect("a zip");
    let mut out = ZipWriter::new(Cursor::new(Vec::new()));
    let broken = usize::from(which) % parts.len();
    for at in 0..parts.len() {
        let mut part = parts.by_index(at).expect("a part");
        let (name, mut bytes) = (part.name().expect("a name").into_owned(), Vec::new());
        part.read_to_end(&mut bytes).expect("a part");
        if at == broken {
            bytes = mutate::bytes(bytes, changes);
        }
        out.start_file(name, SimpleFileOptions::default()).expect("a part");
        out.write_all(&bytes).expect("a part");
    }
    out.finish().expect("a zip").into_inner()
}

fn import(bytes: &[u8]) {
    let village = |code: &str, name: &str| Village { code: code.into(), name: name.into() };
    let known = [village(VILLAGE, "柳树沟村"), village("519921105202", "石桥村")];
    let villages = Villages::new(&known, Some("柳树沟村")).expect("villages");
    let Ok(sheets) = read_table(bytes) else { return };
    let Ok(parsed) = parse(&sheets, villages, &ColumnMap::default()) else { return };
    let plan = plan("户册.xlsx", &[], parsed, Prefer::Edits);
    assert!(!plan.report.to_text().is_empty());
    let refused = |action: &Action| matches!(action, Action::Refused { .. });
    for household in plan.households.iter().filter(|household| !refused(&household.action)) {
        assert!(known.iter().any(|village| village.code == household.village), "{household:?}");
    }
}

#[test]
fn broken_tables_are_refused_in_words_or_planned() {
    let (book, csv) = (workbook(), csv());
    let old = include_bytes!("../../../sync-server/fixtures/import/old.xls");
    [&book, &csv, &old.to_vec()].into_iter().for_each(|file| import(file));
    bolero::check!().with_type::<(u8, u8, Vec<mutate::Bytes>)>().with_test_time(TIME).for_each(
        |(kind, part, changes)| match kind % 8 {
            0 => import(&mutate::bytes(book.clone(), changes)),
            1 | 2 => import(&mutate::bytes(csv.clone(), changes)),
            3 | 4 => import(&mutate::bytes(old.to_vec(), changes)),
            _ => import(&repacked(&book, *part, changes)),
        },
    );
}
