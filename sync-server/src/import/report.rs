//! The report: for each row of the file what becomes of it and why, to read and to keep.

use super::line::RowRef;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write;

/// What becomes of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Not data: 合计, repeated headers, footers.
    Skipped,
    /// The register says the same already.
    Same,
    /// Says again what an earlier row of the file says.
    Duplicate,
    /// Merged with what the register has.
    Updated,
    /// New in the register.
    New,
    /// Not written, with the reason.
    Refused,
}

impl Outcome {
    /// The word in the report.
    pub fn word(self) -> &'static str {
        match self {
            Outcome::Skipped => "略过",
            Outcome::Same => "无变化",
            Outcome::Duplicate => "重复",
            Outcome::Updated => "更新",
            Outcome::New => "新增",
            Outcome::Refused => "拒绝",
        }
    }
}

/// One row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RowReport {
    /// Sheet (position in [`Report::sheets`]) and row as Excel shows it.
    #[serde(flatten)]
    pub at: RowRef,
    /// What becomes of it.
    pub outcome: Outcome,
    /// Whose row it is; empty for rows that are not data.
    pub who: String,
    /// Reasons, changes and warnings.
    pub notes: Vec<String>,
}

/// One sheet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SheetReport {
    /// Its name; empty for a CSV.
    pub name: String,
    /// Why it was not read at all; else empty.
    pub skipped: String,
    /// Row of the header.
    pub header_row: u32,
    /// Whether rows were taken as households or as people, and why.
    pub shape: String,
    /// Headings that stand for nothing known; their cells were not read.
    pub unused: Vec<String>,
}

/// Sums over the file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Households that will be created.
    pub households_new: usize,
    /// Households that will be changed, or get or change a member.
    pub households_updated: usize,
    /// Households that are as the file says.
    pub households_same: usize,
    /// People that will be created.
    pub people_new: usize,
    /// People that will be changed.
    pub people_updated: usize,
    /// Cells that differ from what somebody wrote since the last import, and were left.
    pub cells_kept: usize,
    /// Rows by outcome.
    pub rows: BTreeMap<Outcome, usize>,
}

/// What an import will do, or has done, row by row.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Name of the file.
    pub file: String,
    /// Its sheets.
    pub sheets: Vec<SheetReport>,
    /// Its rows, in order.
    pub rows: Vec<RowReport>,
    /// Sums.
    pub totals: Totals,
}

impl Report {
    /// Whether any row is refused: then nothing is written, unless the caller accepts a part.
    pub fn has_refused(&self) -> bool {
        self.count(Outcome::Refused) > 0
    }

    /// Rows with an outcome.
    pub fn count(&self, outcome: Outcome) -> usize {
        self.totals.rows.get(&outcome).copied().unwrap_or_default()
    }

    /// Sorts the rows, one report for each (the gravest outcome, all notes), and counts them.
    pub(super) fn settle(&mut self, warnings: BTreeMap<RowRef, Vec<String>>) {
        let mut by_row: BTreeMap<RowRef, RowReport> = BTreeMap::new();
        for row in std::mem::take(&mut self.rows) {
            match by_row.get_mut(&row.at) {
                None => {
                    by_row.insert(row.at, row);
                }
                Some(known) => {
                    if row.outcome > known.outcome {
                        known.outcome = row.outcome;
                    }
                    known.notes.extend(row.notes);
                }
            }
        }
        for (at, notes) in warnings {
            if let Some(row) = by_row.get_mut(&at) {
                row.notes.extend(notes);
            }
        }
        self.rows = by_row.into_values().collect();
        for row in &self.rows {
            *self.totals.rows.entry(row.outcome).or_default() += 1;
        }
    }

    /// The report as text, for the screen and the township's file.
    pub fn to_text(&self) -> String {
        let mut out = format!("导入文件：{}\n", self.file);
        let mut rows = self.rows.iter().peekable();
        for (at, sheet) in self.sheets.iter().enumerate() {
            out.push_str(&sheet.to_text());
            while let Some(row) = rows.next_if(|row| row.at.sheet == at) {
                out.push_str(&row.to_text());
            }
        }
        out.push_str(&self.totals_text());
        out
    }

    fn totals_text(&self) -> String {
        let totals = &self.totals;
        let mut out = format!(
            "合计：户 新增 {}、更新 {}、无变化 {}；人 新增 {}、更新 {}。",
            totals.households_new,
            totals.households_updated,
            totals.households_same,
            totals.people_new,
            totals.people_updated
        );
        let order = [
            Outcome::New,
            Outcome::Updated,
            Outcome::Same,
            Outcome::Duplicate,
            Outcome::Skipped,
            Outcome::Refused,
        ];
        let words: Vec<String> =
            order.iter().map(|outcome| format!("{} {}", outcome.word(), self.count(*outcome))).collect();
        // Writing to a String cannot fail.
        let _ = writeln!(out, "行：{}。", words.join("、"));
        if totals.cells_kept > 0 {
            let _ = writeln!(
                out,
                "有 {} 处表里的和后来走访、核实时写的不一样：没有改，各行上写着“保留”。确实要以表为准的，加 --prefer-file 再导入一次。",
                totals.cells_kept
            );
        }
        if self.has_refused() {
            out.push_str("有被拒绝的行：请照上面的原因改好文件再导入。再次导入不会重复，已有的会认出来。\n");
        }
        out
    }
}

impl SheetReport {
    fn to_text(&self) -> String {
        let name =
            if self.name.is_empty() { "（文本）".to_owned() } else { format!("“{}”", self.name) };
        if !self.skipped.is_empty() {
            return format!("\n工作表{name}：{}\n", self.skipped);
        }
        let mut out = format!("\n工作表{name}：表头在第 {} 行，{}", self.header_row, self.shape);
        if !self.unused.is_empty() {
            let _ = write!(out, "；没有用到的列：{}", self.unused.join("、"));
        }
        out.push('\n');
        out
    }
}

impl RowReport {
    fn to_text(&self) -> String {
        let mut out = format!("  第 {} 行 {}", self.at.row, self.outcome.word());
        if !self.who.is_empty() {
            let _ = write!(out, " {}", self.who);
        }
        if !self.notes.is_empty() {
            let _ = write!(out, "：{}", self.notes.join("；"));
        }
        out.push('\n');
        out
    }
}
