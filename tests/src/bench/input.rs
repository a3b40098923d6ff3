//! The records that benchmarks work on: `--input` takes JSON lines, so that other systems can be measured on the
//! very same data.

use anyhow::Context;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, path::Path};
use uuid::Uuid;

/// One visit as the input file has it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct VisitRecord {
    /// UUID.
    pub id: String,
    /// Names the household (`H000123`).
    pub household_id: String,
    /// The first nine digits of the village's code.
    #[serde(default)]
    pub village: String,
    /// Who visited.
    #[serde(default)]
    pub visitor: String,
    /// When it was written down, Unix ms.
    #[serde(default)]
    pub created_at: i64,
    /// When it was, Unix ms.
    pub visited_at: i64,
    /// Answers by item.
    pub checklist: BTreeMap<String, String>,
    /// Free notes.
    pub notes: String,
    /// What people said.
    pub opinions: Vec<OpinionRecord>,
}

/// One opinion of a [`VisitRecord`].
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct OpinionRecord {
    /// Code of its kind.
    #[serde(default)]
    pub kind: String,
    /// Their words.
    pub text: String,
}

impl VisitRecord {
    /// The visit's id.
    ///
    /// # Errors
    /// When the record has none.
    pub fn uuid(&self) -> anyhow::Result<Uuid> {
        Uuid::parse_str(&self.id).with_context(|| format!("no id: {}", self.id))
    }

    /// The household's id: made from its name and village, the same in every run.
    pub fn home(&self) -> Uuid {
        let name = format!("{}{}", self.village, self.household_id);
        let mut bytes = [0; 16];
        bytes.iter_mut().zip(name.bytes().rev()).for_each(|(to, from)| *to = from);
        uuid::Builder::from_custom_bytes(bytes).into_uuid()
    }

    /// Twelve digits: the nine of the township and a village's own.
    pub fn village_code(&self) -> String {
        format!("{}001", self.village)
    }
}

/// The first `n` records of `input`, or made-up ones of the same shape.
///
/// # Errors
/// When the file cannot be read or a line is no record.
pub fn records(input: Option<&Path>, n: usize) -> anyhow::Result<Vec<VisitRecord>> {
    raw_records(input, n)?.iter().map(|line| Ok(serde_json::from_str(line)?)).collect()
}

/// The same as the JSON lines themselves.
///
/// # Errors
/// When the file cannot be read.
pub fn raw_records(input: Option<&Path>, n: usize) -> anyhow::Result<Vec<String>> {
    match input {
        Some(path) => {
            let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
            Ok(text.lines().take(n).map(str::to_owned).collect())
        }
        None => (0..n).map(|i| Ok(serde_json::to_string(&made_up(i))?)).collect(),
    }
}

const PHRASES: [&str; 8] = [
    "入户走访时户主在家，",
    "厨房用电线路老化存在隐患，",
    "已当面提醒注意用火用电安全；",
    "低保金按月足额到账，",
    "自来水水压偏低，建议联系水务站检查管道；",
    "儿子在外务工春节前返乡，",
    "反映村道路灯损坏两处，",
    "下次走访安排在月底。",
];

fn made_up(i: usize) -> VisitRecord {
    let notes = (0..24).filter_map(|k| PHRASES.get((i * 7 + k * (1 + i % 5)) % PHRASES.len())).copied();
    let answers =
        ["housing_safe", "water_ok", "power_ok", "medical_signed", "school_enrolled", "income_stable"];
    VisitRecord {
        id: Uuid::from_u128((i as u128 + 1) << 16).to_string(),
        household_id: format!("H{:06}", i % 4000),
        village: format!("5199211{:02}", i % 4000 % 90 + 10),
        visitor: "韩冬梅".to_owned(),
        visited_at: 1_735_689_600_000 + i as i64 * 60_000,
        created_at: 1_735_689_900_000 + i as i64 * 60_000,
        checklist: answers.iter().map(|q| ((*q).to_owned(), "yes".to_owned())).collect(),
        notes: notes.collect(),
        opinions: (0..i % 4)
            .map(|k| OpinionRecord {
                kind: "suggestion".to_owned(),
                text: PHRASES[(i + k) % PHRASES.len()].repeat(3),
            })
            .collect(),
    }
}
