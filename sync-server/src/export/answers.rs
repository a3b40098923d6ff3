//! 逐项回答: what was answered to each question of a checklist, one row an answer.

use super::{
    Cell, Table,
    conditions::{like, like_in_json},
    ledger::read_row,
    table::column,
};
use crate::storage::StorageError;
use lianxin_shared::{
    domain::{
        checklist::{AnswerKind, Item, visible},
        visit::{Visit, field::ANSWER_PREFIX},
    },
    replica::Value,
    templates::templates,
};
use rusqlite::{Connection, types::Value as Parameter};
use uuid::Uuid;

/// 逐项回答, of the visits of a ledger.
pub static ANSWERS: Table = Table {
    name: "逐项回答",
    plain_name: "answers",
    unit: "次走访",
    apart: None,
    note: "一行一个回答，没有问清单的走访没有行",
    columns: &[
        column("序号", 6.0),
        column("村", 11.0),
        column("组", 7.0),
        column("户主/对象", 12.0),
        column("走访时间", 17.0),
        column("走访干部", 10.0),
        column("清单", 18.0),
        column("问题", 34.0),
        column("回答", 40.0),
        column("备注", 10.0),
    ],
    cells,
    more: None,
};

fn cells(db: &Connection, id: Uuid) -> Result<Vec<Vec<Cell>>, StorageError> {
    let Some(row) = read_row(db, id)? else { return Ok(Vec::new()) };
    let visit = &row.visit;
    let void = if visit.void_reason.is_empty() { "" } else { "走访已作废" };
    let line = |(question, answer): (String, String)| {
        vec![
            Cell::text(&row.village_name),
            Cell::text(&row.group),
            Cell::text(&visit.target_name),
            Cell::moment(visit.occurred_at),
            Cell::text(&visit.visitor_name),
            Cell::Text(checklist_names(visit)),
            Cell::Text(question),
            Cell::Text(answer),
            Cell::text(void),
        ]
    };
    let answered = asked(visit).into_iter().filter_map(|(question, answer)| Some((question, answer?)));
    Ok(answered.map(line).collect())
}

/// The checklists of a visit by name.
pub fn checklist_names(visit: &Visit) -> String {
    let names = visit.checklists.keys().map(|code| templates().category_name(code));
    names.collect::<Vec<_>>().join("、")
}

/// Every question of a visit that was to be asked, with its answer if there is one; then what this version does not know,
/// as it stands. People's own words are not among them, whether their name is withheld or not: they are listed as opinions,
/// and where only some were left out, that would tell whose.
pub fn asked(visit: &Visit) -> Vec<(String, Option<String>)> {
    let items = templates().items_of(&visit.checklists);
    let known = visible(&items, &visit.answers).into_iter().filter(|item| !item.is_opinion);
    let mut asked: Vec<(String, Option<String>)> =
        known.map(|item| (item.question.clone(), item.answer_text(&visit.answers))).collect();
    let is_known =
        |field: &str| items.iter().any(|item| item.has_field(field)) || templates().is_opinion_answer(field);
    let unknown = visit.answers.iter().filter(|(field, value)| !is_known(field) && **value != Value::Null);
    asked.extend(unknown.map(|(field, value)| {
        (field.strip_prefix(ANSWER_PREFIX).unwrap_or(field).to_owned(), Some(plain(value)))
    }));
    asked
}

/// A value as people read it.
pub fn plain(value: &Value) -> String {
    match value {
        Value::Null => "（空）".to_owned(),
        Value::Bool(true) => "是".to_owned(),
        Value::Bool(false) => "否".to_owned(),
        Value::Int(number) => number.to_string(),
        Value::Text(text) => text.clone(),
    }
}

/// SQL: whether an answer of the record `r` of a visit holds a term: the parameters are those of [`holding`].
pub(super) const ANSWERED: &str = r"(EXISTS (SELECT 1 FROM json_each(?) n WHERE instr(r.body, n.value) > 0)
    OR r.body LIKE ? ESCAPE '\' AND EXISTS (SELECT 1 FROM json_each(r.body) a
      WHERE a.key IN (SELECT value FROM json_each(?)) AND a.atom LIKE ? ESCAPE '\'))";

/// What [`ANSWERED`] looks for: the options whose labels hold the term, as a body has them, and the items whose answers
/// are somebody's own words, unless they are opinions: who is found by them has said them.
///
/// # Errors
/// Never: lists of texts are always JSON.
pub(super) fn holding(term: &str) -> Result<[Parameter; 4], StorageError> {
    let mut picked: Vec<String> = Vec::new();
    for item in &templates().items {
        for option in item.options.iter().filter(|option| option.label.contains(term)) {
            let (field, value) = item.pick(&option.code);
            picked.push(format!("{}:{}", serde_json::to_string(&field)?, serde_json::to_string(&value)?));
        }
    }
    let written =
        |item: &&Item| matches!(item.kind, AnswerKind::Text | AnswerKind::Number | AnswerKind::Date);
    let written = templates().items.iter().filter(written).filter(|item| !item.is_opinion);
    let written: Vec<String> = written.map(Item::field).collect();
    Ok([
        Parameter::from(serde_json::to_string(&picked)?),
        Parameter::from(like_in_json(term)),
        Parameter::from(serde_json::to_string(&written)?),
        Parameter::from(like(term)),
    ])
}
