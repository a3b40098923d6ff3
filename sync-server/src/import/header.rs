//! The header: which row names the columns, and what each column holds. Title rows may stand above, the
//! names may take two rows (户主 over 姓名 and 身份证号), and each table has its own words for the same thing.

use super::columns::{Column, ColumnMap, adds_up, column_of, normalise};
use super::table::{Row, Sheet};
use std::collections::{BTreeMap, BTreeSet};

/// The header lies in the first so many rows that hold anything.
pub const HEADER_ROWS_MAX: usize = 10;

/// The layout of a sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// Position of the first data row in the sheet's rows.
    pub first_data: usize,
    /// Row number of the header as Excel shows it (the lower of two).
    pub header_row: u32,
    /// Columns in use, by position.
    pub columns: BTreeMap<usize, Column>,
    /// Every heading, normalised, by position: repeated header rows are known by them.
    pub headings: BTreeMap<usize, String>,
    /// Headings as written that stand for nothing known.
    pub unused: Vec<String>,
}

impl Layout {
    /// Whether some column holds this.
    pub fn has(&self, column: Column) -> bool {
        self.columns.values().any(|found| *found == column)
    }

    /// Whether a row says the header once more, as tables printed over several pages do.
    pub fn is_repeated_header(&self, row: &Row) -> bool {
        let written = row.cells.iter().enumerate().filter(|(_, cell)| !cell.is_blank());
        let (mut same, mut all) = (0_usize, 0_usize);
        for (at, cell) in written {
            all += 1;
            let normal = normalise(&cell.text);
            let is_part = |heading: &String| heading.ends_with(&normal) || heading.starts_with(&normal);
            same += usize::from(!normal.is_empty() && self.headings.get(&at).is_some_and(is_part));
        }
        same >= 2 && same * 2 > all
    }
}

/// Finds the header among the first rows: the row that names the most columns, or two rows that together
/// name more than either.
pub fn detect(sheet: &Sheet, map: &ColumnMap) -> Option<Layout> {
    let first = || sheet.rows.iter().take(HEADER_ROWS_MAX).enumerate();
    let singles = first().map(|(at, row)| layout(&headings(None, row), row, at, map));
    let pairs = first().filter_map(|(at, row)| {
        let below = sheet.rows.get(at + 1)?;
        Some(layout(&headings(Some(row), below), below, at + 1, map))
    });
    let mut best: Option<(usize, Layout)> = None;
    for found in singles.chain(pairs) {
        let score = score(&found);
        let named = found.has(Column::Head) || found.has(Column::Name);
        if named && score >= 2 && best.as_ref().is_none_or(|(best, _)| score > *best) {
            best = Some((score, found));
        }
    }
    best.map(|(_, layout)| layout)
}

fn score(layout: &Layout) -> usize {
    layout.columns.values().filter(|column| **column != Column::Ignored).collect::<BTreeSet<_>>().len()
}

/// The candidates for each column's heading, best first.
fn headings(above: Option<&Row>, row: &Row) -> BTreeMap<usize, Vec<String>> {
    let width = row.cells.len().max(above.map_or(0, |above| above.cells.len()));
    let mut found = BTreeMap::new();
    for at in 0..width {
        let low = row.cell(at).text.as_str();
        let candidates = match above.map(|above| above.cell(at).text.as_str()) {
            None => vec![low.to_owned()],
            Some(high) if low == high || normalise(low).is_empty() => vec![high.to_owned()],
            Some(high) => vec![format!("{high}{low}"), low.to_owned()],
        };
        if candidates.iter().any(|heading| !normalise(heading).is_empty()) {
            found.insert(at, candidates);
        }
    }
    found
}

fn layout(headings: &BTreeMap<usize, Vec<String>>, row: &Row, at: usize, map: &ColumnMap) -> Layout {
    let mut found = Layout {
        first_data: at + 1,
        header_row: row.number,
        columns: BTreeMap::new(),
        headings: BTreeMap::new(),
        unused: Vec::new(),
    };
    for (at, candidates) in headings {
        let known = candidates.iter().find_map(|heading| Some((heading, column_of(heading, map)?)));
        let heading = known.map(|(heading, _)| heading).or(candidates.first()).cloned().unwrap_or_default();
        found.headings.insert(*at, normalise(&heading));
        match known {
            // A second column of the same kind is told, not guessed at; telephones, notes and flags add up.
            Some((_, column)) if found.has(column) && !adds_up(column) => found.unused.push(heading),
            Some((_, column)) => {
                found.columns.insert(*at, column);
            }
            None => found.unused.push(heading),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::table::Cell;

    fn sheet(rows: &[&[&str]]) -> Sheet {
        let row = |(at, cells): (usize, &&[&str])| Row {
            number: at as u32 + 1,
            cells: cells.iter().map(|text| Cell::text(*text)).collect(),
        };
        Sheet { rows: rows.iter().enumerate().map(row).collect(), ..Sheet::default() }
    }

    #[test]
    fn a_title_above_is_no_header() {
        let found = detect(
            &sheet(&[
                &["李庄村户主信息登记表"],
                &["填报单位：李庄村", "", "2024年"],
                &["序号", "户主", "身份证号", "电话", "耕地"],
                &["1", "张三"],
            ]),
            &ColumnMap::default(),
        )
        .unwrap();
        assert_eq!((found.header_row, found.first_data), (3, 3));
        assert_eq!(found.unused, ["耕地"]);
    }

    #[test]
    fn two_rows_of_headings_read_as_one() {
        let found = detect(
            &sheet(&[
                &["序号", "户主", "户主", "家庭成员", "家庭成员", "联系电话"],
                &["序号", "姓名", "身份证号", "姓名", "关系", "联系电话"],
                &["1", "张三", "", "李四", "妻", ""],
            ]),
            &ColumnMap::default(),
        )
        .unwrap();
        assert_eq!(found.header_row, 2);
        let columns: Vec<Column> = found.columns.values().copied().collect();
        use Column::{Head, HeadIdNumber, Ignored, Name, Phone, Relation};
        assert_eq!(columns, [Ignored, Head, HeadIdNumber, Name, Relation, Phone]);
    }

    #[test]
    fn a_map_names_strange_columns_and_refuses_nonsense() {
        let map = ColumnMap::parse("当家人=head，身份＝id_number,低收入=tags.kunnan_hu,姓名=-").unwrap();
        let found = detect(&sheet(&[&["当家人", "身份", "低收入", "姓名"]]), &map).unwrap();
        assert_eq!(found.columns.get(&0), Some(&Column::Head));
        assert_eq!(found.columns.get(&3), Some(&Column::Ignored));
        assert!(ColumnMap::parse("当家人").unwrap_err().to_string().contains("列名=字段"));
        assert!(ColumnMap::parse("当家人=boss").unwrap_err().to_string().contains("household_no"));
        let gone = map.check_used(["户主"].into_iter()).unwrap_err();
        assert!(gone.to_string().contains("文件里没有"), "{gone}");
    }
}
