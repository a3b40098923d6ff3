//! Lists as files, read back with other people's libraries.

use crate::{
    console::testing::{BRIDGE, WILLOW, World},
    export::{DIARY, HOUSEHOLDS, LEDGER, OPINIONS, Table},
};
use calamine::{Data, Reader, Xlsx, open_workbook_from_rs};
use lianxin_shared::{
    domain::{opinion::Opinion, visit::Visit},
    replica::FieldSet,
};
use std::{collections::BTreeMap, io::Cursor};

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
    assert_eq!(
        header.iter().map(ToString::to_string).collect::<Vec<_>>(),
        crate::export::LEDGER.headings().collect::<Vec<_>>()
    );
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
    assert_eq!(
        reader.headers().unwrap().iter().collect::<Vec<_>>(),
        crate::export::LEDGER.headings().collect::<Vec<_>>()
    );
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 1);
    assert_eq!(&rows[0][10], &format!("'{FORMULA}"));
    assert_eq!(&rows[0][5], "2025-11-22 08:00");
    assert!(rows[0][11].contains("没修。\n2."), "line breaks stay within the cell");
}

/// A file of another room in both forms: the rows of the workbook and of the CSV, headings first.
async fn both(world: &World, room: &str, table: &Table, filter: &str) -> (Vec<Vec<Data>>, Vec<Vec<String>>) {
    let mut office = world.office().await;
    let page = office.page(&format!("/console/{room}{filter}")).await;
    let address = |suffix: &str| format!("/console/{room}.{suffix}{filter}");
    for suffix in ["xlsx", "csv"] {
        assert!(page.contains(&address(suffix).replace('&', "&amp;")), "the page offers its own {suffix}");
    }
    let answer = office.get(&address("xlsx")).await;
    let name = answer.headers.get("content-disposition").unwrap().to_str().unwrap();
    assert!(name.contains(&format!("{}-2025-11-22.xlsx", table.plain_name)), "{name}");
    let mut book: Xlsx<_> = open_workbook_from_rs(Cursor::new(answer.body)).unwrap();
    assert!(book.worksheet_formula(table.name).unwrap().is_empty(), "no cell is a formula");
    let sheet = book.worksheet_range(table.name).unwrap();
    let title = sheet.rows().next().unwrap()[0].to_string();
    assert!(title.contains(&format!("清溪镇{}（", table.name)), "{title}");
    let text = String::from_utf8(office.get(&address("csv")).await.body).unwrap();
    let plain = text.strip_prefix('\u{feff}').expect("a byte order mark");
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(plain.as_bytes());
    let csv: Vec<Vec<String>> =
        reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect();
    let xlsx: Vec<Vec<Data>> = sheet.rows().skip(1).map(<[Data]>::to_vec).collect();
    assert_eq!(csv[0], table.headings().collect::<Vec<_>>());
    assert_eq!(csv[0], xlsx[0].iter().map(ToString::to_string).collect::<Vec<_>>());
    assert_eq!(csv.len(), xlsx.len());
    (xlsx, csv)
}

#[tokio::test]
async fn opinions_leave_as_they_are_filtered_and_a_withheld_name_stays_withheld() {
    let world = township();
    let visit = uuid::Uuid::from_u128(0x3001);
    let said =
        Opinion { visit: Some(visit), text: "账没公布。".into(), anonymous: true, ..Opinion::default() };
    world.opinion(3, WILLOW, said);
    world.opinion(4, BRIDGE, Opinion { text: "别的村的话。".into(), ..Opinion::default() });
    let (xlsx, csv) = both(&world, "opinions", &OPINIONS, &format!("?village={WILLOW}")).await;
    assert_eq!(csv.len(), 4, "{csv:?}");
    let named = csv.iter().find(|row| row[6].contains("没修")).unwrap();
    assert_eq!(named[1..6], ["柳树沟村", "2025-11-22 08:00", "周秀兰", "问题", "未归类"]);
    assert_eq!(named[8..], ["阿香", "2025-11-22 09:00", ""]);
    assert!(csv.iter().any(|row| row[6] == "'+8613900000000"), "what looks like a formula is disarmed");
    assert!(xlsx.iter().any(|row| row[6] == "+8613900000000" && matches!(row[2], Data::DateTime(_))));
    let withheld = csv.iter().find(|row| row[6].contains("账没公布")).unwrap();
    assert_eq!(withheld[1..4], ["柳树沟村", "2025年11月", "（不记名）"]);
    assert_eq!(withheld[8..], ["", "", ""], "neither who heard it nor when it came");
}

#[tokio::test]
async fn the_register_leaves_with_its_people_and_only_the_ends_of_their_numbers() {
    let world = township();
    let home = uuid::Uuid::from_u128(0x1001);
    world.member(1, WILLOW, home, "周小宝");
    let set =
        |name: &str, value: &str| lianxin_shared::replica::FieldSet::from([(name.to_owned(), value.into())]);
    world.put("household", home, WILLOW, set("id_number", "519921195102280017"));
    world.put("household", home, WILLOW, set("note", FORMULA));
    let (xlsx, csv) = both(&world, "households", &HOUSEHOLDS, &format!("?village={WILLOW}")).await;
    let [_, row] = csv.as_slice() else { panic!("{csv:?}") };
    assert_eq!(row[..6], ["1", "柳树沟村", "三组", "1号", "周秀兰", "困难户、孤寡老人"]);
    assert_eq!((row[8].as_str(), row[9].as_str(), row[12].as_str()), ("2", "周小宝", "519921****17"));
    assert_eq!((row[14].as_str(), row[15].as_str()), (format!("'{FORMULA}").as_str(), "2025-11-22 08:00"));
    assert_eq!(xlsx[1][14], FORMULA);
    assert!(!csv.iter().flatten().any(|cell| cell.contains("1951")), "nor their birthday within it");
}

#[tokio::test]
async fn a_time_that_no_calendar_has_spoils_no_file() {
    let world = township();
    let home = uuid::Uuid::from_u128(0x1001);
    let last_of_the_library = 8_210_266_876_799_999;
    for (n, at) in [(7, i64::MAX), (8, i64::MIN), (9, -3_000_000_000_000), (10, last_of_the_library)] {
        world.visit(n, WILLOW, home, Visit { occurred_at: Some(at), ..Visit::default() });
    }
    let (xlsx, csv) = both(&world, "visits", &LEDGER, &format!("?village={WILLOW}")).await;
    let at = csv[0].iter().position(|heading| heading == "走访时间").unwrap();
    let times = |said: &str| csv.iter().filter(|row| row[at] == said).count();
    assert_eq!((times("时间不对"), times("1874-12-08 02:40"), csv.len()), (3, 1, 6), "{csv:?}");
    for (row, same) in csv.iter().zip(&xlsx).skip(1) {
        match &same[at] {
            Data::String(said) => assert_eq!(*said, row[at]),
            date => {
                assert!(row[at].starts_with("2025-11-22") && matches!(date, Data::DateTime(_)), "{row:?}")
            }
        }
    }
}

#[tokio::test]
async fn diaries_leave_whole() {
    let world = township();
    world.diary(1, "@蹲点第一天。\n走了三户。");
    world.diary(2, "别的。");
    let (xlsx, csv) = both(&world, "diary", &DIARY, "?q=%E8%B9%B2%E7%82%B9").await;
    let [_, row] = csv.as_slice() else { panic!("{csv:?}") };
    assert_eq!(
        row[..],
        ["1", "2025-11-21", "阿香", "柳树沟村", "'@蹲点第一天。\n走了三户。", "0", "2025-11-22 09:00"]
    );
    assert_eq!(xlsx[1][4], "@蹲点第一天。\n走了三户。");
}

#[tokio::test]
async fn answers_are_a_sheet_of_the_ledger_a_file_of_their_own_and_found_by_what_was_answered() {
    let world = World::new();
    let zhou = world.household(1, WILLOW, "周秀兰", &["gugua_laoren"]);
    let answers = FieldSet::from([
        ("answers.housing".to_owned(), "risk".into()),
        ("answers.housing_trouble.leak".to_owned(), true.into()),
        ("answers.help_wanted".to_owned(), "=想换电褥子".into()),
        ("answers.of_a_newer_version".to_owned(), 7.into()),
    ]);
    let checklists = BTreeMap::from([("kunnan_hu".to_owned(), 1)]);
    let asked = Visit { target_name: "周秀兰".into(), checklists, answers, ..Visit::default() };
    world.visit(1, WILLOW, zhou, asked);
    world.visit(2, WILLOW, zhou, Visit { target_name: "周秀兰".into(), ..Visit::default() });
    let mut office = world.office().await;
    let answer = office.get("/console/answers.csv").await;
    assert!(answer.headers["content-disposition"].to_str().unwrap().contains("answers-2025-11-22.csv"));
    let text = answer.text();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 5, "{text}");
    for (question, said) in
        [("房子住着安全吗？", "有隐患"), ("房子哪里有毛病？", "漏雨"), ("of_a_newer_version", "7")]
    {
        let told = lines.iter().find(|line| line.contains(question)).unwrap();
        assert!(told.contains(&format!(",{said},")) && told.contains("周秀兰"), "{told}");
    }
    assert!(text.contains(",'=想换电褥子,"), "{text}");
    let book = office.get("/console/visits.xlsx").await.body;
    let mut book: Xlsx<_> = open_workbook_from_rs(Cursor::new(book)).unwrap();
    assert_eq!(book.sheet_names(), ["走访工作台账", "逐项回答"]);
    let sheet = book.worksheet_range("逐项回答").unwrap();
    assert_eq!(sheet.height(), 2 + 4);

    for (term, found) in [("有隐患", 1), ("漏雨", 1), ("电褥子", 1), ("很缺", 0), ("risk", 0), ("answers", 0)]
    {
        let page = office.page(&format!("/console/visits?q={term}")).await;
        assert_eq!(page.matches("/console/visits/0000").count(), found, "{term}: {page}");
        let own = office.get(&format!("/console/answers.csv?q={term}")).await.text();
        assert_eq!(own.lines().count(), 1 + found * 4, "{term}: the file is filtered as the page");
    }
}
