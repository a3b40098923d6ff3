//! Which visits, in which order: one filter for the console's list and for the files.

use super::{
    answers::{ANSWERED, holding},
    conditions::{Conditions, Named, like, like_in_json},
    words,
};
use crate::storage::StorageError;
use lianxin_shared::{
    domain::{Coded, visit::VisitMode},
    templates::templates,
};
use rusqlite::{Connection, types::Value};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// As it stands in the address; an empty field does not filter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LedgerFilter {
    /// Code of the village.
    pub village: String,
    /// Id of the visiting cadre.
    pub visitor: String,
    /// Category of the household or one of its members.
    pub category: String,
    /// 走访方式
    pub mode: String,
    /// First day, `YYYY-MM-DD`, Beijing.
    pub from: String,
    /// Last day.
    pub to: String,
    /// `met`, of them `household` or `place`; `absent` or `void`; empty for all that stand.
    pub state: String,
    /// `1` for visits with opinions.
    pub said: String,
    /// The day on which a phone sent something of it, `YYYY-MM-DD`.
    pub received: String,
    /// Words in names, notes, answers and opinions.
    pub q: String,
    /// `time`, `village`, `target` or `visitor`, with `-` before it for the reverse; empty for the newest
    /// first.
    pub sort: String,
}

/// Notes, words and answers are searched in the record itself: first the raw body, which is cheap, then the field.
const SEARCH: &str = r"(v.target_name LIKE ? ESCAPE '\' OR v.visitor_name LIKE ? ESCAPE '\'
  OR EXISTS (SELECT 1 FROM record r WHERE r.id = v.id AND r.body LIKE ? ESCAPE '\'
    AND json_extract(r.body, '$.notes') LIKE ? ESCAPE '\')
  OR EXISTS (SELECT 1 FROM record r WHERE r.id = v.id AND ANSWERED)
  OR EXISTS (SELECT 1 FROM opinion o JOIN record r ON r.id = o.id WHERE o.visit = v.id AND o.anonymous = 0
    AND r.body LIKE ? ESCAPE '\' AND json_extract(r.body, '$.text') LIKE ? ESCAPE '\'))";

impl LedgerFilter {
    /// Whether anything is filtered.
    pub fn is_active(&self) -> bool {
        *self != LedgerFilter { sort: self.sort.clone(), ..LedgerFilter::default() }
    }

    /// The visits chosen, in the order chosen.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn ids(&self, db: &Connection) -> Result<Vec<Uuid>, StorageError> {
        self.conditions(db)?.ids(db, "SELECT v.id FROM visit v", self.order())
    }

    fn conditions(&self, db: &Connection) -> Result<Conditions, StorageError> {
        let mut all = Conditions::default();
        all.add(if self.state == "void" { "v.void = 1" } else { "v.void = 0" }, []);
        match self.state.as_str() {
            "met" => all.add("v.absent = 0", []),
            "household" => all.add("v.absent = 0 AND v.target_kind = 'household'", []),
            "place" => all.add("v.absent = 0 AND v.target_kind <> 'household'", []),
            "absent" => all.add("v.absent = 1", []),
            _ => {}
        }
        all.text("v.village = ?", &self.village);
        all.text("v.visitor = ?", &self.visitor);
        all.text("v.mode = ?", &self.mode);
        all.text("v.household IN (SELECT household FROM tag WHERE category = ?)", &self.category);
        if let Some(start) = words::day_start_ms(&self.from) {
            all.add("v.occurred_at >= ?", [Value::from(start)]);
        }
        if let Some(last) = words::day_start_ms(&self.to) {
            all.add("v.occurred_at < ?", [Value::from(last.saturating_add(words::day_ms))]);
        }
        if !self.said.is_empty() {
            all.add("EXISTS (SELECT 1 FROM opinion o WHERE o.visit = v.id AND o.anonymous = 0)", []);
        }
        all.received(db, "v", &self.received)?;
        let term = self.q.trim();
        if !term.is_empty() {
            let (plain, json) = (Value::from(like(term)), Value::from(like_in_json(term)));
            let names_and_notes = [&plain, &plain, &json, &plain].map(Clone::clone);
            let opinions = [json, plain];
            let patterns = names_and_notes.into_iter().chain(holding(term)?).chain(opinions);
            all.add(&SEARCH.replace("ANSWERED", ANSWERED), patterns);
        }
        Ok(all)
    }

    /// The order; every one ends in the id, so that pages never overlap.
    fn order(&self) -> &'static str {
        match self.sort.as_str() {
            "time" => "v.occurred_at, v.id",
            "village" => "v.village, v.occurred_at DESC, v.id",
            "-village" => "v.village DESC, v.occurred_at DESC, v.id",
            "target" => "v.target_name, v.occurred_at DESC, v.id",
            "-target" => "v.target_name DESC, v.occurred_at DESC, v.id",
            "visitor" => "v.visitor_name, v.occurred_at DESC, v.id",
            "-visitor" => "v.visitor_name DESC, v.occurred_at DESC, v.id",
            _ => "v.occurred_at DESC, v.id",
        }
    }

    /// The filter in words: 柳树沟村、老党员、2025-10-20 起.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn describe(&self, db: &Connection) -> Result<String, StorageError> {
        let mut words: Vec<String> = Vec::new();
        words.extend(Named::Village.of(db, &self.village)?);
        words.extend(Named::Cadre.of(db, &self.visitor)?);
        if !self.category.is_empty() {
            words.push(templates().category_name(&self.category).to_owned());
        }
        words.extend(VisitMode::from_code(&self.mode).map(|mode| mode.label().to_owned()));
        words.extend((!self.from.is_empty()).then(|| format!("{} 起", self.from)));
        words.extend((!self.to.is_empty()).then(|| format!("到 {}", self.to)));
        words.extend(match self.state.as_str() {
            "met" => Some("见到人的".to_owned()),
            "household" => Some("走访到户的".to_owned()),
            "place" => Some("走访学校、企业等的".to_owned()),
            "absent" => Some("无人在家的".to_owned()),
            "void" => Some("已作废的".to_owned()),
            _ => None,
        });
        words.extend((!self.received.is_empty()).then(|| format!("{} 收到的", self.received)));
        words.extend((!self.said.is_empty()).then(|| "有意见建议的".to_owned()));
        let term = self.q.trim();
        words.extend((!term.is_empty()).then(|| format!("含“{term}”")));
        Ok(words.join("、"))
    }
}
