//! 蹲点手记 (S3 “每天要撰写蹲点手记”): one or more a day per cadre, autosaved.

use super::{Problem, fields as f};
use crate::replica::FieldSet;

/// Field names of a `diary` record.
pub mod field {
    /// Who wrote it (cadre id).
    pub const CADRE: &str = "cadre";
    /// Their name as it was then.
    pub const CADRE_NAME: &str = "cadre_name";
    /// The day it is about (`YYYY-MM-DD`).
    pub const DATE: &str = "date";
    /// The words.
    pub const TEXT: &str = "text";
}

/// Longest entry, characters.
pub const DIARY_CHARS_MAX: usize = 20_000;

/// One diary entry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diary {
    /// Who wrote it (cadre id).
    pub cadre: String,
    /// Their name.
    pub cadre_name: String,
    /// The day it is about.
    pub date: String,
    /// The words.
    pub text: String,
}

impl Diary {
    /// Reads a record's fields.
    pub fn from_fields(fields: &FieldSet) -> Self {
        Diary {
            cadre: f::text(fields, field::CADRE),
            cadre_name: f::text(fields, field::CADRE_NAME),
            date: f::text(fields, field::DATE),
            text: f::text(fields, field::TEXT),
        }
    }

    /// Every field that this version knows; emptied ones are null. Save [`super::changes`], not this.
    pub fn to_fields(&self) -> FieldSet {
        f::collect([
            (field::CADRE, f::text_value(&self.cadre)),
            (field::CADRE_NAME, f::text_value(&self.cadre_name)),
            (field::DATE, f::text_value(&self.date)),
            (field::TEXT, f::text_value(&self.text)),
        ])
    }

    /// What a person should mend. An empty page is fine: it is not yet begun.
    pub fn validate(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if !f::is_date(&self.date) {
            problems.push(Problem::new(field::DATE, "手记的日期不对，应写成 2014-05-31 这样。"));
        }
        problems.extend(f::too_long(field::TEXT, "手记", &self.text, DIARY_CHARS_MAX));
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_survive_the_round_trip() {
        let page = Diary {
            cadre: "c1".to_owned(),
            cadre_name: "韩冬梅".to_owned(),
            date: "2025-11-22".to_owned(),
            text: "蹲点第三天。".to_owned(),
        };
        assert_eq!(Diary::from_fields(&page.to_fields()), page);
        assert_eq!(page.validate(), []);
        assert_eq!(Diary { date: "2025-11-31".to_owned(), ..page }.validate().len(), 1);
    }
}
