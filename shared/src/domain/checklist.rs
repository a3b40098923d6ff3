//! 走访清单: typed questions with skip logic (contents 约定). Items live in ONE bank that all checklists draw
//! from, so that a household with two categories is asked nothing twice.
//!
//! Answers are fields of the visit: `answers.<item>` holds Bool (yes/no), Text (choice code, text, date),
//! Int or a canonical decimal Text (number); where several options may hold, each is its own field
//! `answers.<item>.<option>` = true. Every function here reads them by these full names.
//!
//! An item's meaning never changes: a changed question takes a new id and its checklist a new version,
//! because a visit keeps and reopens with its versions for ever.

use super::{Problem, fields, visit::field::ANSWER_PREFIX};
use crate::replica::{FieldSet, Value};
use serde::Deserialize;
use std::collections::BTreeSet;

/// Longest text answer where the item sets no limit, characters.
pub const TEXT_CHARS_MAX: i64 = 500;
/// Code of the option that means yes.
pub const YES: &str = "yes";
/// Code of the option that means no.
pub const NO: &str = "no";

/// One question of the bank.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// Id; answers are kept under `answers.<id>`.
    pub id: String,
    /// The question as a cadre asks it.
    pub question: String,
    /// How it is answered.
    #[serde(rename = "type")]
    pub kind: AnswerKind,
    /// Choices; of a yes/no or choice item the first is the untroubled one. Empty for other kinds.
    #[serde(default)]
    pub options: Vec<AnswerOption>,
    /// Whether a completed visit must answer it (when it is visible).
    #[serde(default)]
    pub required: bool,
    /// Asked only if an earlier item has this answer.
    #[serde(default)]
    pub show_if: Option<ShowIf>,
    /// The answer is an opinion in people's own words. It is kept as one, and not in the visit: there it would stand beside
    /// the name, also where the name is to be withheld.
    #[serde(default)]
    pub is_opinion: bool,
    /// Unit of a number (元, 亩).
    #[serde(default)]
    pub unit: Option<String>,
    /// Smallest number.
    #[serde(default)]
    pub min: Option<i64>,
    /// Greatest number, or longest text in characters.
    #[serde(default)]
    pub max: Option<i64>,
    /// Digits allowed after the decimal point of a number.
    #[serde(default)]
    pub decimals: u8,
    /// The document the question comes from, or 约定.
    pub source: String,
}

/// How an item is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerKind {
    /// 是或否, kept as a boolean; its two options carry the labels.
    YesNo,
    /// One of the options.
    Choice,
    /// Any of the options.
    Several,
    /// A number with a unit.
    Number,
    /// Text.
    Text,
    /// A day, `YYYY-MM-DD`.
    Date,
}

/// One option of an item.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerOption {
    /// Code kept in records.
    pub code: String,
    /// What people read.
    pub label: String,
}

/// Skip logic: the item is asked only if `item` was answered with option `equals`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShowIf {
    /// Id of an earlier item of the same checklist.
    pub item: String,
    /// Code of its option.
    pub equals: String,
}

/// A category's checklist in one version: 5–12 items of the bank.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChecklistTemplate {
    /// Category code, or `general`.
    pub category: String,
    /// Version, counted from 1.
    pub version: i64,
    /// Ids of its items in the order of asking.
    pub items: Vec<String>,
}

impl Item {
    /// The field of its answer: `answers.<id>`.
    pub fn field(&self) -> String {
        format!("{ANSWER_PREFIX}{}", self.id)
    }

    /// Whether a field holds its answer: `answers.<id>`, or `answers.<id>.<option>`.
    pub fn has_field(&self, field: &str) -> bool {
        let rest = field.strip_prefix(ANSWER_PREFIX).and_then(|rest| rest.strip_prefix(self.id.as_str()));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }

    /// The field of one option where several may hold: `answers.<id>.<option>`.
    pub fn option_field(&self, option: &str) -> String {
        format!("{ANSWER_PREFIX}{}.{option}", self.id)
    }

    /// What to write when an option is picked: the field and its value. To take a pick back, write null there.
    pub fn pick(&self, option: &str) -> (String, Value) {
        match self.kind {
            AnswerKind::YesNo => (self.field(), Value::Bool(option == YES)),
            AnswerKind::Several => (self.option_field(option), Value::Bool(true)),
            _ => (self.field(), Value::from(option)),
        }
    }

    /// Whether the answers hold this option.
    pub fn is_picked(&self, option: &str, answers: &FieldSet) -> bool {
        let (field, value) = self.pick(option);
        answers.get(&field) == Some(&value)
    }

    /// Whether there is an answer at all.
    pub fn is_answered(&self, answers: &FieldSet) -> bool {
        match self.kind {
            AnswerKind::Several => self.options.iter().any(|o| self.is_picked(&o.code, answers)),
            _ => match answers.get(&self.field()) {
                None | Some(Value::Null) => false,
                Some(Value::Text(text)) => !text.trim().is_empty(),
                Some(_) => true,
            },
        }
    }

    /// The answer as people read it (“漏雨、墙裂”, “12.5 亩”); `None` if there is none. A code that this
    /// version does not know is shown as it stands, so that nothing is hidden.
    pub fn answer_text(&self, answers: &FieldSet) -> Option<String> {
        if !self.is_answered(answers) {
            return None;
        }
        let picked = self.options.iter().filter(|o| self.is_picked(&o.code, answers));
        let labels: Vec<&str> = picked.map(|o| o.label.as_str()).collect();
        if !labels.is_empty() {
            return Some(labels.join("、"));
        }
        let plain = match answers.get(&self.field())? {
            Value::Null => return None,
            Value::Bool(yes) => if *yes { "是" } else { "否" }.to_owned(),
            Value::Int(number) => number.to_string(),
            Value::Text(text) => text.clone(),
        };
        Some(match &self.unit {
            Some(unit) => format!("{plain} {unit}"),
            None => plain,
        })
    }

    /// Reads a number as somebody typed it (full-width digits, spaces and `，` allowed) into the value to
    /// keep: Int, or canonical decimal text (no leading or trailing zeros). Empty typing is null.
    ///
    /// # Errors
    /// A message in Chinese if it is no number, has too many decimals or lies out of range.
    pub fn read_number(&self, typed: &str) -> Result<Value, String> {
        let plain: String = typed.chars().filter_map(half_width).collect();
        if plain.is_empty() {
            return Ok(Value::Null);
        }
        let value = canonical_number(&plain).ok_or_else(|| format!("“{}”要填数字。", self.question))?;
        match self.number_problem(&value) {
            Some(message) => Err(message),
            None => Ok(value),
        }
    }

    fn number_problem(&self, value: &Value) -> Option<String> {
        let no_number = || Some(format!("“{}”要填数字。", self.question));
        // What was typed and could not be kept as a number is judged as the number that it is.
        let number = match value {
            Value::Int(_) => Some(value.clone()),
            Value::Text(text) => canonical_number(&text.chars().filter_map(half_width).collect::<String>()),
            _ => None,
        };
        let (whole, decimals) = match &number {
            Some(Value::Int(number)) => (*number, ""),
            Some(Value::Text(text)) => {
                let (whole, decimals) = text.split_once('.')?;
                // -0.5 lies below 0: its whole part alone would not say so.
                let negative = whole.starts_with('-');
                (whole.parse::<i64>().ok()?.saturating_sub(i64::from(negative)), decimals)
            }
            _ => return no_number(),
        };
        if decimals.len() > usize::from(self.decimals) {
            return Some(match self.decimals {
                0 => format!("“{}”要填整数。", self.question),
                n => format!("“{}”小数点后最多 {n} 位。", self.question),
            });
        }
        let above = self.max.is_some_and(|max| whole > max || (whole == max && !decimals.is_empty()));
        if above || self.min.is_some_and(|min| whole < min) {
            let bounds = match (self.min, self.max) {
                (Some(min), Some(max)) => format!("应在 {min} 到 {max} 之间"),
                (Some(min), None) => format!("不应小于 {min}"),
                (_, max) => format!("不应大于 {}", max.unwrap_or_default()),
            };
            return Some(format!("“{}”{bounds}，请核对。", self.question));
        }
        // In range, and yet not kept the one way that a number is written.
        if number.as_ref() == Some(value) { None } else { no_number() }
    }

    /// What is wrong with a given answer; unanswered is not judged here.
    fn problem(&self, answers: &FieldSet) -> Option<String> {
        let value = answers.get(&self.field()).unwrap_or(&Value::Null);
        match self.kind {
            AnswerKind::Several => None,
            AnswerKind::YesNo | AnswerKind::Choice => {
                let known = self.options.iter().any(|o| self.is_picked(&o.code, answers));
                (!known).then(|| format!("“{}”的答案不在选项里，请重选。", self.question))
            }
            AnswerKind::Number => self.number_problem(value),
            AnswerKind::Date => (!value.as_text().is_some_and(fields::is_date))
                .then(|| format!("“{}”的日期不对，请重选。", self.question)),
            AnswerKind::Text => {
                let max = self.max.unwrap_or(TEXT_CHARS_MAX);
                let chars = value.as_text().map_or(0, |text| text.chars().count());
                (i64::try_from(chars).unwrap_or(i64::MAX) > max)
                    .then(|| format!("“{}”写了 {chars} 个字，最多 {max} 个，请缩短。", self.question))
            }
        }
    }
}

/// The items to ask given the answers so far: an item with skip logic only if the item it looks at is
/// itself asked and has that answer. `items` must be in the order of asking.
pub fn visible<'a>(items: &'a [Item], answers: &FieldSet) -> Vec<&'a Item> {
    let mut shown: Vec<&Item> = Vec::new();
    for item in items {
        let asked = item.show_if.as_ref().is_none_or(|show_if| {
            shown
                .iter()
                .any(|earlier| earlier.id == show_if.item && earlier.is_picked(&show_if.equals, answers))
        });
        if asked {
            shown.push(item);
        }
    }
    shown
}

/// What a person should mend before 完成, in the order of asking; hidden items are not judged. The
/// problem's field is the item's [`Item::field`].
pub fn validate(items: &[Item], answers: &FieldSet) -> Vec<Problem> {
    let mut problems = Vec::new();
    for item in visible(items, answers) {
        if item.is_answered(answers) {
            problems.extend(item.problem(answers).map(|message| Problem::new(item.field(), message)));
        } else if item.required {
            problems.push(Problem::new(item.field(), format!("“{}”还没答。", item.question)));
        }
    }
    problems
}

/// The answers of visible items alone: what 完成 keeps, so that an answer given before its question was
/// skipped again does not enter the record; without those that are opinions. Answers to items unknown here are kept.
pub fn settled(items: &[Item], answers: &FieldSet) -> FieldSet {
    let kept = visible(items, answers).into_iter().filter(|item| !item.is_opinion);
    let kept: BTreeSet<&str> = kept.map(|item| item.id.as_str()).collect();
    let left: BTreeSet<&str> =
        items.iter().map(|item| item.id.as_str()).filter(|id| !kept.contains(id)).collect();
    let is_left = |field: &str| {
        field
            .strip_prefix(ANSWER_PREFIX)
            .is_some_and(|rest| left.contains(rest.split_once('.').map_or(rest, |(item, _)| item)))
    };
    answers.iter().filter(|(field, _)| !is_left(field)).map(|(k, v)| (k.clone(), v.clone())).collect()
}

/// The half-width form of a typed character; `None` for spaces and thousands separators.
fn half_width(c: char) -> Option<char> {
    match c {
        '０'..='９' => char::from_u32(u32::from(c) - u32::from('０') + u32::from('0')),
        '．' | '。' => Some('.'),
        '－' => Some('-'),
        ',' | '，' => None,
        c if c.is_whitespace() => None,
        c => Some(c),
    }
}

/// The one way to write a number: an Int, or text without leading and trailing zeros and with a fraction.
fn canonical_number(plain: &str) -> Option<Value> {
    let (sign, digits) = plain.strip_prefix('-').map_or(("", plain), |rest| ("-", rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if (whole.is_empty() && fraction.is_empty()) || !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let fraction = fraction.trim_end_matches('0');
    if fraction.is_empty() {
        return format!("{sign}{whole}").parse().ok().map(Value::Int);
    }
    whole.parse::<i64>().ok().map(|_| Value::Text(format!("{sign}{whole}.{fraction}")))
}

#[cfg(test)]
#[path = "checklist_tests.rs"]
mod tests;
