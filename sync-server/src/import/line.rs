//! One row of a table, read by its columns: clean values, what is wrong with it, and what to look at.

use super::columns::Column;
use super::header::Layout;
use super::place::{SheetPlace, Villages};
use super::table::{Cell, CellKind, Row};
use super::words;
use lianxin_shared::domain::household::{HouseholdClass, POPULATION_MAX};
use lianxin_shared::domain::id_number::{self, IdNumber, IdNumberError, Identity};
use lianxin_shared::domain::person::Sex;
use lianxin_shared::domain::text::{self, clean};
use lianxin_shared::domain::{Coded, region};
use lianxin_shared::templates::templates;
use std::collections::BTreeSet;

/// A row's place in the file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct RowRef {
    /// Position of the sheet in the workbook.
    pub sheet: usize,
    /// Row as Excel shows it.
    pub row: u32,
}

/// A row as read. Faults are kept apart by what they spoil: the household, or this row's person alone.
#[derive(Debug, Clone, Default)]
pub struct Line {
    /// Where.
    pub at: RowRef,
    /// Code of the village; empty with a fault in `place_fault`.
    pub village: String,
    /// 组
    pub group: String,
    /// 户编号
    pub household_no: String,
    /// 户主
    pub head: String,
    /// 户主 comes from merged cells: the row itself says nothing about it.
    pub head_filled: bool,
    /// Number in a 户主身份证号 column.
    pub head_number: Option<IdNumber>,
    /// 姓名
    pub name: String,
    /// 与户主关系
    pub relation: String,
    /// Number of the person of this row.
    pub number: Option<IdNumber>,
    /// 人口
    pub population: Option<i64>,
    /// 联系电话
    pub phone: String,
    /// The telephone comes from merged cells, so it is the household's.
    pub phone_filled: bool,
    /// 门牌
    pub door: String,
    /// 住址
    pub address: String,
    /// 农户 or 居民户
    pub class: Option<HouseholdClass>,
    /// 性别
    pub sex: Option<Sex>,
    /// YYYY-MM-DD
    pub birth: Option<String>,
    /// 备注
    pub note: String,
    /// Tags of the household, or of someone in it who is not named.
    pub household_tags: BTreeSet<&'static str>,
    /// Tags of this row's person.
    pub person_tags: BTreeSet<&'static str>,
    /// No usable village.
    pub place_fault: Option<String>,
    /// What is wrong with the head's number.
    pub head_faults: Vec<String>,
    /// What is wrong with this row's person.
    pub faults: Vec<String>,
    /// What was read with a doubt or left out.
    pub warnings: Vec<String>,
}

/// Reads rows of one sheet.
pub struct LineReader<'a> {
    /// Position of the sheet.
    pub sheet: usize,
    /// Its columns.
    pub layout: &'a Layout,
    /// What its name says.
    pub place: &'a SheetPlace,
    /// The villages that exist.
    pub villages: &'a Villages,
    /// One person per row: a row's category words about people are this person's.
    pub person_per_row: bool,
}

impl LineReader<'_> {
    /// Reads a row; `banner` is the group that a title line inside the table gave, or empty.
    pub fn read(&self, row: &Row, banner: &str) -> Line {
        let mut line = Line { at: RowRef { sheet: self.sheet, row: row.number }, ..Line::default() };
        let (mut village, mut group, mut birth) = (String::new(), String::new(), String::new());
        for (at, column) in &self.layout.columns {
            let cell = row.cell(*at);
            if cell.is_blank() {
                continue;
            }
            if cell.kind == CellKind::Error && *column != Column::Ignored {
                line.faults.push(format!("“{}”一格是公式错误 {}", self.heading(*at), cell.text));
                continue;
            }
            match column {
                Column::Village => village = clean(&cell.text),
                Column::Group => group = clean(&cell.text),
                Column::Birth if !cell.filled => birth = clean(&cell.text),
                other => self.cell(&mut line, *other, cell, *at),
            }
        }
        let group = if group.is_empty() { banner } else { &group };
        match self.villages.place(&village, group, self.place) {
            Ok(place) => (line.village, line.group) = place,
            Err(fault) => line.place_fault = Some(fault),
        }
        line.take_birth(&birth);
        line
    }

    fn heading(&self, at: usize) -> &str {
        self.layout.headings.get(&at).map_or("", String::as_str)
    }

    fn cell(&self, line: &mut Line, column: Column, cell: &Cell, at: usize) {
        let plain = clean(&cell.text);
        match column {
            Column::HouseholdNo => line.household_no = plain.replace(' ', ""),
            Column::Head => (line.head, line.head_filled) = (text::name(&plain), cell.filled),
            Column::Name if !cell.filled => line.name = text::name(&plain),
            Column::Relation if !cell.filled => line.relation = plain.replace(' ', ""),
            Column::HeadIdNumber => match read_number(cell) {
                Ok(found) => line.head_number = Some(found.number),
                Err(fault) => line.head_faults.push(format!("户主{fault}")),
            },
            Column::IdNumber | Column::Certificate if !cell.filled => line.take_number(cell),
            Column::Population => line.take_population(&plain),
            Column::Phone => line.take_phones(cell),
            Column::Door => line.door = plain,
            Column::Address => line.address = plain,
            Column::Category => self.take_categories(line, cell),
            Column::Flag(codes) => match words::yes_no(&plain) {
                Some(true) => self.tag(line, codes, cell.filled),
                Some(false) => {}
                None => self.take_categories(line, cell),
            },
            Column::Class => match words::class(&plain) {
                Some(class) => line.class = Some(class),
                None => line.warnings.push(format!("“{}”里的“{plain}”认不出，没有写入", self.heading(at))),
            },
            Column::Sex if !cell.filled => match words::sex(&plain) {
                Some(sex) => line.sex = Some(sex),
                None => line.warnings.push(format!("性别“{plain}”认不出，没有写入")),
            },
            Column::Note if !cell.filled => {
                self.tag(line, &words::categories_in_note(&plain), false);
                let gap = if line.note.is_empty() { "" } else { "；" };
                line.note.push_str(gap);
                line.note.push_str(&plain);
            }
            // Merged over several people's rows, these say nothing about any one of them.
            _ => {}
        }
    }

    fn take_categories(&self, line: &mut Line, cell: &Cell) {
        let (codes, unknown) = words::categories(&cell.text);
        self.tag(line, &codes, cell.filled);
        line.class =
            line.class.or_else(|| words::tokens(&cell.text).iter().find_map(|word| words::class(word)));
        if !unknown.is_empty() {
            line.warnings.push(format!("类别“{}”没有对应的标签，没有写入", unknown.join("、")));
        }
    }

    /// Puts tags on, with those that they bring; the report says what a word brought.
    fn tag(&self, line: &mut Line, codes: &[&'static str], filled: bool) {
        for code in codes {
            let brought: Vec<&str> =
                templates().with_also(code).skip(1).map(|code| templates().category_name(code)).collect();
            let said = format!("{}同时记为{}", templates().category_name(code), brought.join("、"));
            if !brought.is_empty() && !line.warnings.contains(&said) {
                line.warnings.push(said);
            }
        }
        for code in codes.iter().copied().flat_map(|code| templates().with_also(code)) {
            let person = self.person_per_row && !filled && words::is_person_code(code);
            if person {
                line.person_tags.insert(code)
            } else {
                line.household_tags.insert(code)
            };
        }
    }
}

impl Line {
    fn take_number(&mut self, cell: &Cell) {
        match read_number(cell) {
            Err(fault) => self.faults.push(fault),
            Ok(found) => {
                if self.number.as_ref().is_some_and(|number| *number != found.number) {
                    self.faults.push("同一行里两个证号不是同一个身份证号".to_owned());
                }
                if found.from_fifteen {
                    self.warnings.push(format!("15 位旧身份证号已按国标升为 {}，请核对", found.number));
                }
                if found.disability.is_some() {
                    self.person_tags.insert(words::DISABLED);
                }
                self.number = Some(found.number);
            }
        }
    }

    fn take_population(&mut self, plain: &str) {
        let digits = plain.trim_end_matches(['人', '口']).trim();
        let whole = digits.strip_suffix(".0").unwrap_or(digits);
        match region::group_number(whole).map(i64::from).filter(|count| *count <= POPULATION_MAX) {
            Some(count) => self.population = Some(count),
            None => self.warnings.push(format!("人口“{plain}”认不出，没有写入")),
        }
    }

    fn take_phones(&mut self, cell: &Cell) {
        if words::yes_no(&cell.text) == Some(false) {
            return;
        }
        let both =
            if self.phone.is_empty() { cell.text.clone() } else { format!("{}、{}", self.phone, cell.text) };
        let found = text::phones(&both);
        self.phone = found.joined();
        self.phone_filled = cell.filled;
        if found.numbers.is_empty() {
            self.warnings.push(format!("电话“{}”看起来不对，照原样写入", self.phone));
        } else if !found.rest.is_empty() {
            self.warnings.push(format!("电话里的“{}”不是号码，没有写入", found.rest.join("、")));
        }
    }

    /// The number is checked by its checksum, the other columns by nothing: the number wins, and says so.
    fn take_birth(&mut self, written: &str) {
        let read = read_date(written);
        let Some(number) = &self.number else {
            if read.is_none() && !written.is_empty() {
                self.warnings.push(format!("出生日期“{written}”不是年月日，没有写入"));
            }
            self.birth = read;
            return;
        };
        let (sex, birth) = (number.sex(), number.birth().format("%Y-%m-%d").to_string());
        if self.sex.is_some_and(|written| written != sex) {
            self.warnings.push(format!("性别与身份证号不符，按身份证号写为{}", sex.label()));
        }
        if read.is_some_and(|read| read != birth) {
            self.warnings.push(format!("出生日期与身份证号不符，按身份证号写为 {birth}"));
        }
        (self.sex, self.birth) = (Some(sex), Some(birth));
    }
}

fn read_number(cell: &Cell) -> Result<Identity, String> {
    // Excel keeps fifteen digits of a number; the others became zeros, which now and then pass the checksum.
    if cell.kind == CellKind::Number && cell.text.len() > 15 {
        return Err(IdNumberError::Truncated.to_string());
    }
    id_number::parse(&cell.text).map_err(|error| match error {
        IdNumberError::Checksum { .. } if clean(&cell.text).ends_with("000") => {
            format!("{error}（末三位都是 0，像是被 Excel 截断的，请按文本重新填写）")
        }
        error => error.to_string(),
    })
}

/// 1990-1-2, 1990/1/2, 1990.1.2, 1990年1月2日 and 19900102; a month without day is no date.
fn read_date(text: &str) -> Option<String> {
    let text = text.split(' ').next().unwrap_or_default();
    let parts: Vec<u32> = if text.len() == 8 && text.chars().all(|c| c.is_ascii_digit()) {
        let (year, rest) = text.split_at_checked(4)?;
        let (month, day) = rest.split_at_checked(2)?;
        [year, month, day].iter().filter_map(|part| part.parse().ok()).collect()
    } else {
        let parts = text.split(['-', '/', '.', '年', '月', '日']).filter(|part| !part.is_empty());
        parts.map(|part| part.parse().ok()).collect::<Option<_>>()?
    };
    let [year, month, day] = parts.as_slice() else { return None };
    let date = chrono::NaiveDate::from_ymd_opt(i32::try_from(*year).ok()?, *month, *day)?;
    (1850..2200).contains(year).then(|| date.format("%Y-%m-%d").to_string())
}
