//! `import households` and the files that townships really bring: damaged, locked, enormous. Each is told in
//! words, and nothing is written by halves.

use lianxin_tests::e2e::Server;
use rust_xlsxwriter::Workbook;
use std::{
    fs,
    io::{Cursor, Read, Write},
    path::Path,
};
use zip::{ZipArchive, ZipWriter, write::SimpleFileOptions};

const VILLAGE: (&str, &str) = ("519921105201", "柳树沟村");
/// The import of a whole county's worth of rows gets no more address space than this, KiB.
const MEMORY_KIB_MAX: u64 = 2 * 1024 * 1024;

fn township() -> Server {
    Server::township(&[VILLAGE], &[])
}

fn workbook(households: u32) -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet_with_constant_memory().expect("a sheet");
    let mut line = |row: u32, cells: [&str; 4]| {
        for (column, cell) in (0..).zip(cells) {
            sheet.write(row, column, cell).expect("written");
        }
    };
    line(0, ["户主姓名", "组别", "门牌号", "联系电话"]);
    for n in 1..=households {
        let group = format!("{}组", n % 40 + 1);
        line(n, [&format!("张{n}"), &group, &format!("{n}号"), "13800000001"]);
    }
    book.save_to_buffer().expect("a workbook")
}

fn import(file: &Path) -> [String; 5] {
    ["import", "households", &file.to_string_lossy(), "--village", VILLAGE.0].map(str::to_owned)
}

/// Refused with these words and the promise that nothing was written, and nothing was.
fn refused(server: &Server, name: &str, bytes: &[u8], words: &str) {
    let file = server.dir().join(name);
    fs::write(&file, bytes).expect("the file");
    let said = server.refused(&import(&file).each_ref().map(String::as_str));
    assert!(said.contains(words) && said.contains("没有写入任何内容"), "{name}: {said}");
    assert!(!said.contains("panicked"), "{name}: {said}");
    assert_eq!(server.count("SELECT count(*) FROM record WHERE kind = 'household'"), 0, "{name}");
}

#[test]
fn a_file_that_cannot_be_read_says_why_and_writes_nothing() {
    let server = township();
    let whole = workbook(50);
    // A fixed walk over all bytes, none of them a zip's beginning.
    let noise: Vec<u8> = (1..20_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    refused(&server, "noise.xlsx", &noise, "");
    refused(&server, "half.xlsx", &whole[..whole.len() / 2], "没有下载完整");
    let mut broken = whole.clone();
    let middle = broken.len() / 3..broken.len() / 2;
    broken[middle].fill(0xAA);
    refused(&server, "broken.xlsx", &broken, "已损坏");
    refused(&server, "only-a-head.xlsx", b"PK\x03\x04", "没有下载完整");
    refused(&server, "page.xls", "<html><table><tr><td>户主</td></tr></table></html>".as_bytes(), "网页");
    refused(&server, "empty.xlsx", b"", "文件是空的");
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sync-server/fixtures/import");
    for locked in ["locked.xlsx", "locked.xls"] {
        let bytes = fs::read(fixtures.join(locked)).expect("a fixture");
        refused(&server, locked, &bytes, "设了打开密码");
    }
    server.check();
}

/// A workbook whose only sheet unpacks to gigabytes.
fn bomb() -> Vec<u8> {
    let whole = workbook(1);
    let mut zip = ZipArchive::new(Cursor::new(&whole)).expect("a zip");
    let mut out = ZipWriter::new(Cursor::new(Vec::new()));
    for at in 0..zip.len() {
        let mut part = zip.by_index(at).expect("a part");
        let name = part.name().expect("a name").into_owned();
        out.start_file(name.as_str(), SimpleFileOptions::default()).expect("a part");
        let mut bytes = Vec::new();
        part.read_to_end(&mut bytes).expect("read");
        if name.ends_with("sheet1.xml") {
            let spaces = vec![b' '; 1024 * 1024];
            (0..300).for_each(|_| out.write_all(&spaces).expect("packed"));
        }
        out.write_all(&bytes).expect("packed");
    }
    out.finish().expect("a zip").into_inner()
}

#[test]
fn a_small_file_that_unpacks_to_an_enormous_one_is_refused() {
    let bytes = bomb();
    assert!(bytes.len() < 4 * 1024 * 1024, "{}", bytes.len());
    refused(&township(), "bomb.xlsx", &bytes, "展开后超过 256 MB");
}

#[test]
fn a_hundred_thousand_rows_are_imported_within_bounded_memory() {
    let server = township();
    let file = server.dir().join("county.xlsx");
    fs::write(&file, workbook(100_000)).expect("the file");
    let said = server.cli_within(MEMORY_KIB_MAX, &import(&file).each_ref().map(String::as_str));
    assert!(said.contains("已写入"), "{said}");
    assert_eq!(server.count("SELECT count(*) FROM household"), 100_000);
    let again = server.cli_within(MEMORY_KIB_MAX, &import(&file).each_ref().map(String::as_str));
    assert!(again.contains("已写入"), "{again}");
    assert_eq!(server.count("SELECT count(*) FROM household"), 100_000, "none twice");
}
