//! A table that leaves the house: its columns, and its cells as values, not yet as a file.

use super::{ExportError, words};
use crate::storage::{StorageError, read_identity};
use rusqlite::Connection;
use uuid::Uuid;

/// One column.
#[derive(Debug)]
pub struct Column {
    /// Its heading.
    pub name: &'static str,
    /// Its width in a workbook, characters.
    pub width: f64,
}

/// A column of this heading and width.
pub(super) const fn column(name: &'static str, width: f64) -> Column {
    Column { name, width }
}

/// One cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// What somebody wrote; never a formula.
    Text(String),
    /// A count.
    Number(u32),
    /// A moment, Unix milliseconds.
    Moment(i64),
}

impl Cell {
    /// A text, also an empty one.
    pub(super) fn text(text: &str) -> Self {
        Cell::Text(text.to_owned())
    }

    /// A moment, or an empty cell.
    pub(super) fn moment(at_ms: Option<i64>) -> Self {
        at_ms.map_or_else(|| Cell::Text(String::new()), Cell::Moment)
    }

    /// A count.
    pub(super) fn number(number: usize) -> Self {
        Cell::Number(u32::try_from(number).unwrap_or(u32::MAX))
    }
}

/// Reads the rows of a record, mostly one; none if there is no such record.
pub type ReadCells = fn(&Connection, Uuid) -> Result<Vec<Vec<Cell>>, StorageError>;

/// Rows that the title counts apart.
#[derive(Debug)]
pub struct Apart {
    /// What they are: 走访已作废.
    pub words: &'static str,
    /// Whether a record is one of them.
    pub is: fn(&Connection, Uuid) -> Result<bool, StorageError>,
}

impl Apart {
    /// How many of these records are.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn count(&self, db: &Connection, ids: &[Uuid]) -> Result<usize, StorageError> {
        ids.iter().try_fold(0, |sum, id| Ok(sum + usize::from((self.is)(db, *id)?)))
    }
}

/// What one kind of record is as a table.
#[derive(Debug)]
pub struct Table {
    /// Its name: of the sheet, in the title and of the file.
    pub name: &'static str,
    /// Its name in plain letters, for the files of old browsers.
    pub plain_name: &'static str,
    /// What is counted: 条、户、篇.
    pub unit: &'static str,
    /// Rows that stand in the table and are not counted with the others.
    pub apart: Option<Apart>,
    /// What the title says at its end; may be empty.
    pub note: &'static str,
    /// Its columns; the first is the number of the row.
    pub columns: &'static [Column],
    /// The cells of a record's rows, without the number of the row.
    pub cells: ReadCells,
    /// A second sheet of its workbook, of the same records.
    pub more: Option<&'static Table>,
}

impl Table {
    /// Its headings.
    pub fn headings(&self) -> impl Iterator<Item = &'static str> {
        self.columns.iter().map(|column| column.name)
    }

    /// The rows of these records, numbered.
    pub(super) fn rows(
        &self,
        db: &Connection,
        ids: &[Uuid],
    ) -> impl Iterator<Item = Result<Vec<Cell>, StorageError>> {
        let found = ids.iter().flat_map(move |id| match (self.cells)(db, *id) {
            Ok(rows) => rows.into_iter().map(Ok).collect(),
            Err(error) => vec![Err(error)],
        });
        found.zip(1u32..).map(|(cells, number)| {
            let mut row = vec![Cell::Number(number)];
            row.extend(cells?);
            Ok(row)
        })
    }

    /// What stands above the first row.
    pub(super) fn title(
        &self,
        db: &Connection,
        filter: &str,
        ids: &[Uuid],
        now_ms: i64,
    ) -> Result<String, ExportError> {
        let township = read_identity(db)?.township;
        let (name, unit, note) = (self.name, self.unit, self.note);
        let scope = if filter.is_empty() { String::new() } else { format!("（{filter}）") };
        let made = words::iso_minute(now_ms);
        let note = if note.is_empty() { String::new() } else { format!("　{note}") };
        let (other, words) = match &self.apart {
            Some(apart) => (apart.count(db, ids)?, apart.words),
            None => (0, ""),
        };
        let rows = ids.len() - other;
        let others = if other > 0 { format!("，另有{words}的 {other} {unit}") } else { String::new() };
        Ok(format!("{township}{name}{scope}　共 {rows} {unit}{others}　{made} 导出{note}"))
    }
}
