//! The ledger as files, read back with other people's libraries.

use crate::console::testing::{BRIDGE, WILLOW, World};
use calamine::{Data, Reader, Xlsx, open_workbook_from_rs};
use lianxin_shared::domain::{opinion::Opinion, visit::Visit};
use std::io::Cursor;

const FORMULA: &str = "=HYPERLINK(\"http://evil.example\")";

fn township() -> World {
    let world = World::new();
    let zhou = world.household(1, WILLOW, "周秀兰", &["gugua_laoren", "kunnan_hu"]);
    let li = world.household(2, BRIDGE, "李有田", &[]);
    let visit = Visit {
        target_name: "周秀兰".into(),
        notes: FORMULA.into(),
        companions: vec!["老周".into(), "𠮷有福".into()],
        card_left: true,
        ..Visit::default()
    };
    let visit = world.visit(1, WILLOW, zhou, visit);
    for (n, text) in [(1, "三组那截路，\n没修。"), (2, "+8613900000000")] {
        world.opinion(n, WILLOW, Opinion { visit: Some(visit), text: text.into(), ..Opinion::default() });
    }
    world.visit(2, BRIDGE, li, Visit { target_name: "李有田".into(), absent: true, ..Visit::default() });
    world
}

async fn sheet(address: &str) -> Vec<Vec<Data>> {
    let answer = township().office().await.get(address).await;
    let disposition = answer.headers.get("content-disposition").unwrap().to_str().unwrap();
    assert!(disposition.contains("ledger-2025-11-22.xlsx"), "{disposition}");
    let mut book: Xlsx<_> = open_workbook_from_rs(Cursor::new(answer.body)).unwrap();
    let formulas = book.worksheet_formula("走访工作台账").unwrap();
    assert!(formulas.is_empty(), "no cell is a formula");
    let range = book.worksheet_range("走访工作台账").unwrap();
    range.rows().map(<[Data]>::to_vec).collect()
}

#[tokio::test]
async fn the_workbook_reads_back_as_it_was_filtered() {
    let rows = sheet(&format!("/console/visits.xlsx?village={WILLOW}")).await;
    let [title, header, row] = rows.as_slice() else { panic!("{rows:?}") };
    let title = title[0].to_string();
    assert!(title.contains("清溪镇走访工作台账（柳树沟村）　共 1 条") && title.contains("不记名"), "{title}");
    assert_eq!(header.iter().map(ToString::to_string).collect::<Vec<_>>(), crate::export::LEDGER_COLUMNS);
    let text = |column: usize| row[column].to_string();
    assert_eq!(row[0], Data::Float(1.0));
    assert_eq!([text(1), text(2), text(3), text(4)], ["柳树沟村", "三组", "周秀兰", "困难户、孤寡老人"]);
    let Data::DateTime(visited) = row[5] else { panic!("{:?} is no date", row[5]) };
    let (year, month, day, hour, minute, _, _) = visited.to_ymd_hms_milli();
    assert_eq!((year, month, day, hour, minute), (2025, 11, 22, 8, 0), "Beijing time");
    assert_eq!([text(6), text(7), text(8), text(9)], ["阿香", "老周、𠮷有福", "入户", "见到"]);
    assert_eq!(text(10), FORMULA);
    assert_eq!(text(11), "1. 三组那截路，\n没修。\n2. +8613900000000");
    assert_eq!((row[12].clone(), text(13)), (Data::Float(2.0), "已留".to_owned()));
    assert!(matches!(row[14], Data::DateTime(_)));
}

#[tokio::test]
async fn the_workbook_holds_every_visit_when_nothing_is_filtered() {
    let rows = sheet("/console/visits.xlsx").await;
    assert_eq!(rows.len(), 4);
    let absent = rows.iter().find(|row| row[3] == "李有田").unwrap();
    assert_eq!((absent[9].to_string(), absent[10].to_string()), ("无人在家".into(), "无人在家".into()));
}

#[tokio::test]
async fn the_csv_begins_with_a_mark_and_disarms_formulas() {
    let answer = township().office().await.get(&format!("/console/visits.csv?village={WILLOW}")).await;
    assert!(answer.headers.get("content-type").unwrap().to_str().unwrap().contains("utf-8"));
    let text = String::from_utf8(answer.body).unwrap();
    let plain = text.strip_prefix('\u{feff}').expect("a byte order mark");
    let mut reader = csv::Reader::from_reader(plain.as_bytes());
    assert_eq!(reader.headers().unwrap().iter().collect::<Vec<_>>(), crate::export::LEDGER_COLUMNS);
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 1);
    assert_eq!(&rows[0][10], &format!("'{FORMULA}"));
    assert_eq!(&rows[0][5], "2025-11-22 08:00");
    assert!(rows[0][11].contains("没修。\n2."), "line breaks stay within the cell");
}
