//! 活动: a period with a must-visit scheme. The schemes of S0–S4 are data: `templates/schemes.json`.

use super::{Problem, fields as f, household::NAME_CHARS_MAX};
use crate::replica::FieldSet;
use serde::Deserialize;
use std::collections::BTreeSet;

/// Field names of a `campaign` record, which is scoped by the township's code.
pub mod field {
    /// 活动名称
    pub const NAME: &str = "name";
    /// Code of the must-visit scheme.
    pub const SCHEME: &str = "scheme";
    /// First day (`YYYY-MM-DD`).
    pub const START: &str = "start";
    /// Last day (`YYYY-MM-DD`).
    pub const END: &str = "end";
}

/// Who must be visited: 四必到五必访 (S3), 五必访 (S4), the coverage classes of S0; S1 names 五个必听 without
/// listing them and S2 lists none, so theirs are empty.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MustVisitScheme {
    /// Code kept in campaigns (`s3`).
    pub code: String,
    /// What people read.
    pub name: String,
    /// The document it comes from.
    pub source: String,
    /// Its groups in the document's order.
    pub groups: Vec<SchemeGroup>,
}

/// A group of a scheme: 必到, 必访, or one kind of unit (S0).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SchemeGroup {
    /// What people read (必到).
    pub label: String,
    /// Codes of its categories in the document's order.
    pub categories: Vec<String>,
}

impl MustVisitScheme {
    /// Codes of the categories that must be visited, in the document's order.
    pub fn categories(&self) -> impl Iterator<Item = &str> {
        self.groups.iter().flat_map(|group| &group.categories).map(String::as_str)
    }

    /// Whether a household with these tags must be visited.
    pub fn requires<'a>(&self, tagged: impl IntoIterator<Item = &'a str>) -> bool {
        let required: BTreeSet<&str> = self.categories().collect();
        tagged.into_iter().any(|code| required.contains(code))
    }
}

/// One campaign as this version understands it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Campaign {
    /// 活动名称
    pub name: String,
    /// Code of its scheme.
    pub scheme: String,
    /// First day.
    pub start: String,
    /// Last day.
    pub end: String,
}

impl Campaign {
    /// Reads a record's fields.
    pub fn from_fields(fields: &FieldSet) -> Self {
        Campaign {
            name: f::text(fields, field::NAME),
            scheme: f::text(fields, field::SCHEME),
            start: f::text(fields, field::START),
            end: f::text(fields, field::END),
        }
    }

    /// Every field that this version knows; emptied ones are null.
    pub fn to_fields(&self) -> FieldSet {
        f::collect([
            (field::NAME, f::text_value(&self.name)),
            (field::SCHEME, f::text_value(&self.scheme)),
            (field::START, f::text_value(&self.start)),
            (field::END, f::text_value(&self.end)),
        ])
    }

    /// Whether a day (`YYYY-MM-DD`) lies in it, both ends included.
    pub fn runs_on(&self, date: &str) -> bool {
        self.start.as_str() <= date && date <= self.end.as_str()
    }

    /// What the office should mend.
    pub fn validate(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.name.trim().is_empty() {
            problems.push(Problem::new(field::NAME, "请填活动名称。"));
        }
        if crate::templates::templates().scheme(&self.scheme).is_none() {
            problems.push(Problem::new(field::SCHEME, "没有这种必访方案，请从列表里选。"));
        }
        for (name, date) in [(field::START, &self.start), (field::END, &self.end)] {
            if !f::is_date(date) {
                problems.push(Problem::new(name, "日期应写成 2014-05-31 这样，请核对。"));
            }
        }
        if problems.is_empty() && self.start > self.end {
            problems.push(Problem::new(field::END, "结束日期早于开始日期，请核对。"));
        }
        problems.extend(f::too_long(field::NAME, "活动名称", &self.name, NAME_CHARS_MAX));
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_campaign_runs_on_both_its_ends() {
        let campaign = Campaign {
            name: "大调研、大走访".to_owned(),
            scheme: "s3".to_owned(),
            start: "2025-10-20".to_owned(),
            end: "2025-11-30".to_owned(),
        };
        assert_eq!(campaign.validate(), []);
        assert_eq!(Campaign::from_fields(&campaign.to_fields()), campaign);
        for (day, runs) in
            [("2025-10-19", false), ("2025-10-20", true), ("2025-11-30", true), ("2025-12-01", false)]
        {
            assert_eq!(campaign.runs_on(day), runs, "{day}");
        }
        assert_eq!(Campaign { end: "2025-10-19".to_owned(), ..campaign.clone() }.validate().len(), 1);
        assert_eq!(Campaign { scheme: "s9".to_owned(), ..campaign }.validate().len(), 1);
    }
}
