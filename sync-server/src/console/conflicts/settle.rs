//! One of the values is chosen: a write of the office whose base names every write that its chooser saw.

use super::{PATH, open_conflicts, shown_token};
use crate::{
    console::{ConsoleState, PageError, naming, request::Posted},
    service::{LocalWriter, Origin},
};
use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use lianxin_shared::{
    replica::{Base, FieldSet, Stamp, kind},
    sqlite::read_row,
    templates::templates,
};
use rusqlite::Connection;
use uuid::Uuid;

/// What was chosen.
struct Choice {
    /// Names the write that was shown.
    shown: String,
    /// The conflict whose other value is taken; none for the one that was shown.
    take: Option<Uuid>,
    /// Every conflict that was on the page.
    seen: Vec<Uuid>,
}

/// `POST /console/conflicts`: a conflict that somebody else has settled meanwhile stays as they did.
pub(in crate::console) async fn settle(
    State(state): State<ConsoleState>,
    posted: Posted,
) -> Result<Response, PageError> {
    let (by, fields) = (posted.signed(), posted.fields);
    let id = |text: &str| Uuid::try_parse(text).map_err(|_| PageError::NotFound);
    let take = Some(fields.text("take")).filter(|text| !text.is_empty());
    let choice = Choice {
        shown: fields.text("shown").to_owned(),
        take: take.map(id).transpose()?,
        seen: fields.all("seen").map(id).collect::<Result<_, _>>()?,
    };
    let now_ms = (state.now_ms)();
    state.write(move |db| write(db, &choice, &by, now_ms)).await?;
    Ok(Redirect::to(PATH).into_response())
}

fn write(db: &Connection, choice: &Choice, by: &str, now_ms: i64) -> Result<(), PageError> {
    let first = choice.seen.first().ok_or(PageError::NotFound)?;
    let first = read_row(db, *first)?.filter(|row| row.kind == kind::CONFLICT).ok_or(PageError::NotFound)?;
    let record = Uuid::try_parse(first.text("record")).map_err(|_| PageError::NotFound)?;
    let field = first.text("field");
    let others = open_conflicts(db, record, field)?;
    let row = read_row(db, record)?.ok_or(PageError::NotFound)?;
    let Some(shown) = row.fields.get(field).filter(|_| !others.is_empty()) else { return Ok(()) };
    if templates().is_opinion_answer(field) {
        return Err(PageError::Said("这一处是群众的原话，由干部在手机上选定。什么都没有改动。"));
    }
    if naming::withheld(&row) && !naming::harmless(field) {
        return Err(PageError::Said("说话的人不愿留名，这一处由干部在手机上选定。什么都没有改动。"));
    }
    let taken = choice.take.map(|id| others.iter().find(|other| other.id == id));
    if choice.shown != shown_token(&row, field) || taken == Some(None) {
        return Err(PageError::Said("这一处刚刚又有人改过，什么都没有改动。请回到“冲突”再看一遍。"));
    }
    let value = taken.flatten().map_or(&shown.value, |other| other.value("other")).clone();
    // What came while the page was open was not seen: it stays a conflict.
    let seen = others.iter().filter(|other| choice.seen.contains(&other.id));
    let stamps = seen.filter_map(|other| other.text("other_stamp").parse::<Stamp>().ok());
    let base = Base::from([(field.to_owned(), [shown.stamp].into_iter().chain(stamps).collect())]);
    let mut writer = LocalWriter::new(db)?.signed(by);
    let set = FieldSet::from([(field.to_owned(), value)]);
    writer.write_having_seen(Origin::Office, (&row.kind, row.id, &row.village), set, base, now_ms)?;
    Ok(writer.finish()?)
}
