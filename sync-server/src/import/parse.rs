//! Rows to households: which rows are data, whether a row is a household or a person, and who belongs to
//! whom. Nothing here knows what the database holds.

use super::columns::{Column, ColumnMap};
use super::gather::{Gathered, gather};
use super::header::{self, Layout};
use super::line::{Line, LineReader, RowRef};
use super::place::Villages;
use super::report::{Outcome, RowReport, SheetReport};
use super::table::{ImportError, Row, Sheet};
use super::words;
use lianxin_shared::domain::id_number::IdNumber;
use lianxin_shared::domain::text::clean;
use lianxin_shared::replica::FieldSet;
use std::collections::BTreeMap;

/// Fields of a record by their dotted names.
pub type Fields = FieldSet;

/// A household as the file tells it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ParsedHousehold {
    /// Row of the head, or the first row.
    pub at: RowRef,
    /// Code of its village.
    pub village: String,
    /// 组 as written, or empty.
    pub group: String,
    /// 户主
    pub head: String,
    /// The head's number.
    pub head_number: Option<IdNumber>,
    /// Fields of the household, none empty.
    pub fields: Fields,
    /// Its people; the head too, if more than a name is known.
    pub members: Vec<ParsedPerson>,
}

/// A person as the file tells it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ParsedPerson {
    /// Row.
    pub at: RowRef,
    /// 姓名
    pub name: String,
    /// Number.
    pub number: Option<IdNumber>,
    /// Fields of the person, none empty; `household` is the caller's to add.
    pub fields: Fields,
}

/// A file, read.
#[derive(Debug, Clone, Default)]
pub struct Parsed {
    /// Households in the order of the file.
    pub households: Vec<ParsedHousehold>,
    /// Rows that are settled already: refused or skipped.
    pub settled: Vec<RowReport>,
    /// What to look at in rows that are not refused.
    pub warnings: BTreeMap<RowRef, Vec<String>>,
    /// Each sheet: its columns and how its rows were taken.
    pub sheets: Vec<SheetReport>,
    /// The villages, for messages.
    pub villages: Villages,
}

/// How the rows of a sheet are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// One row per household.
    Households,
    /// One row per person; why.
    People(&'static str),
}

/// Reads sheets into households.
///
/// # Errors
/// No sheet has a header, or the map names a column that is nowhere.
pub fn parse(sheets: &[Sheet], villages: Villages, map: &ColumnMap) -> Result<Parsed, ImportError> {
    let visible = |sheet: &Sheet| !sheet.hidden && !sheet.rows.is_empty();
    let layouts: Vec<Option<Layout>> =
        sheets.iter().map(|sheet| visible(sheet).then(|| header::detect(sheet, map)).flatten()).collect();
    if layouts.iter().all(Option::is_none) {
        return Err(ImportError::NoHeader { rows: header::HEADER_ROWS_MAX });
    }
    map.check_used(layouts.iter().flatten().flat_map(|layout| layout.headings.values().map(String::as_str)))?;
    let mut parsed = Parsed { villages, ..Parsed::default() };
    for (at, (sheet, layout)) in sheets.iter().zip(&layouts).enumerate() {
        let mut report = SheetReport { name: sheet.name.clone(), ..SheetReport::default() };
        match layout {
            Some(layout) => read_sheet(&mut parsed, at, sheet, layout, &mut report),
            None if sheet.hidden => report.skipped = "隐藏的工作表没有读取；要导入请先取消隐藏".to_owned(),
            None if sheet.rows.is_empty() => report.skipped = "空表".to_owned(),
            None => report.skipped = "没有找到表头，整张表没有读取".to_owned(),
        }
        parsed.sheets.push(report);
    }
    Ok(parsed)
}

fn read_sheet(parsed: &mut Parsed, at: usize, sheet: &Sheet, layout: &Layout, report: &mut SheetReport) {
    let rows = sheet.rows.get(layout.first_data..).unwrap_or_default();
    let rows: Vec<(&Row, RowKind)> = rows.iter().map(|row| (row, kind_of(layout, row))).collect();
    let data: Vec<&Row> =
        rows.iter().filter(|(_, kind)| matches!(kind, RowKind::Data)).map(|(row, _)| *row).collect();
    let shape = shape(layout, &data);
    report.header_row = layout.header_row;
    report.unused = layout.unused.clone();
    report.shape = match shape {
        Shape::Households => "一行一户".to_owned(),
        Shape::People(why) => format!("一行一人（{why}）"),
    };
    let place = parsed.villages.of_sheet(&sheet.name);
    let person_per_row = shape != Shape::Households;
    let reader = LineReader { sheet: at, layout, place: &place, villages: &parsed.villages, person_per_row };
    let mut banner = String::new();
    let mut lines: Vec<Line> = Vec::new();
    let mut skipped = Vec::new();
    for (row, kind) in rows {
        match kind {
            RowKind::Data => lines.push(reader.read(row, &banner)),
            RowKind::Banner(group) => {
                skipped.push((row.number, format!("分组标题，以下各行算作“{group}”")));
                banner = group;
            }
            RowKind::Skipped(why) => skipped.push((row.number, why.to_owned())),
        }
    }
    let skip = |(row, why)| RowReport {
        at: RowRef { sheet: at, row },
        outcome: Outcome::Skipped,
        who: String::new(),
        notes: vec![why],
    };
    parsed.settled.extend(skipped.into_iter().map(skip));
    let Gathered { households, refused, warnings } = gather(lines, layout, person_per_row);
    parsed.households.extend(households);
    parsed.settled.extend(refused);
    parsed.warnings.extend(warnings);
}

/// A row is a person if the table says how people are related, names a head beside each name, or lists
/// several rows under one 户编号; otherwise it is a household. A column that nobody filled in says nothing.
fn shape(layout: &Layout, rows: &[&Row]) -> Shape {
    let used = |wanted: Column| {
        let at = layout.columns.iter().find(|(_, column)| **column == wanted).map(|(at, _)| *at);
        at.filter(|at| rows.iter().any(|row| !row.cell(*at).is_blank()))
    };
    if used(Column::Relation).is_some() {
        return Shape::People("有“与户主关系”列");
    }
    if used(Column::Head).is_some() && used(Column::Name).is_some() {
        return Shape::People("同时有“户主”和“姓名”列");
    }
    let repeated = used(Column::HouseholdNo).is_some_and(|at| {
        rows.windows(2).any(|pair| {
            let mut texts = pair.iter().map(|row| clean(&row.cell(at).text));
            let first = texts.next().unwrap_or_default();
            !first.is_empty() && texts.next() == Some(first)
        })
    });
    if repeated { Shape::People("同一户编号占几行") } else { Shape::Households }
}

enum RowKind {
    Data,
    /// A line inside the table that gives the group of the rows below.
    Banner(String),
    Skipped(&'static str),
}

fn kind_of(layout: &Layout, row: &Row) -> RowKind {
    let mut written = row.cells.iter().enumerate().filter(|(_, cell)| !cell.is_blank() && !cell.filled);
    let Some((_, first)) = written.next() else { return RowKind::Skipped("空行") };
    let first = clean(&first.text);
    let alone = written.next().is_none();
    let names = layout.columns.iter().filter(|(_, column)| matches!(column, Column::Head | Column::Name));
    let total = names.map(|(at, _)| clean(&row.cell(*at).text)).find(|text| is_total(text));
    if is_total(&first) || total.is_some() {
        return RowKind::Skipped("合计行");
    }
    if is_footer(&first) {
        return RowKind::Skipped("表尾说明");
    }
    if layout.is_repeated_header(row) {
        return RowKind::Skipped("重复的表头");
    }
    if alone && words::looks_like_group(&first) {
        return RowKind::Banner(first);
    }
    let known = |at: usize| layout.columns.get(&at).is_some_and(|column| *column != Column::Ignored);
    if !row.cells.iter().enumerate().any(|(at, cell)| known(at) && !cell.is_blank() && !cell.filled) {
        return RowKind::Skipped("空行（只有序号或未使用的列）");
    }
    RowKind::Data
}

fn is_total(text: &str) -> bool {
    let text = text.replace(' ', "");
    ["合计", "小计", "总计", "共计", "累计", "总合计"].iter().any(|word| {
        text.strip_prefix(word).is_some_and(|rest| {
            rest.is_empty()
                || rest.starts_with([':', '：', '(', '（', '户', '人'])
                || rest.starts_with(|c: char| c.is_ascii_digit())
        })
    })
}

fn is_footer(text: &str) -> bool {
    let text = text.replace(' ', "");
    let titled = [
        "填表人",
        "制表人",
        "填报人",
        "审核人",
        "经办人",
        "负责人",
        "填表日期",
        "填报日期",
        "填表时间",
        "制表日期",
        "填报单位",
        "单位负责人",
        "联系人",
        "备注",
        "注",
        "说明",
        "填表说明",
    ];
    titled.iter().any(|word| text.strip_prefix(word).is_some_and(|rest| rest.starts_with([':', '：'])))
}
