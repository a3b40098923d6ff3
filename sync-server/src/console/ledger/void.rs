//! 作废: a visit that should not count keeps every word; the office says why, and may take it back.

use super::PATH;
use crate::{
    auth::Session,
    console::{
        ConsoleState, PageError,
        layout::token,
        request::{Posted, why_chars_max},
    },
    service::{LocalWriter, Origin},
};
use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use lianxin_shared::{
    domain::visit::field,
    replica::{FieldSet, Value, kind},
    sqlite::read_row,
};
use maud::{Markup, html};
use uuid::Uuid;

/// The card in which a visit is voided, or its voiding taken back.
pub(super) fn void_card(id: Uuid, reason: &str, session: &Session) -> Markup {
    html! {
        section.card {
            @if reason.is_empty() {
                details {
                    summary { "这次走访作废" }
                    form.decide method="post" action={ (PATH) "/" (id) "/void" } {
                        (token(session))
                        input name="why" required maxlength=(why_chars_max) autocomplete="off" aria-label="作废的缘故"
                            placeholder="作废的缘故，手机上看得到";
                        button { "作废" }
                    }
                    p.faint { "作废以后不计入走访户次和到户，记名的意见建议也不计；内容一个字不少，可以撤销。不记名的意见建议连不到走访，照旧计入。" }
                }
            } @else {
                form.do method="post" action={ (PATH) "/" (id) "/void" } {
                    (token(session))
                    input type="hidden" name="why" value="";
                    input type="hidden" name="undo" value="1";
                    button { "撤销作废" }
                    span.faint { "撤销以后照常计入。" }
                }
            }
        }
    }
}

/// `POST /console/visits/{id}/void`: with a reason, or `undo`.
pub(in crate::console) async fn void(
    State(state): State<ConsoleState>,
    Path(id): Path<String>,
    posted: Posted,
) -> Result<Response, PageError> {
    let (by, fields) = (posted.signed(), posted.fields);
    let id = Uuid::try_parse(&id).map_err(|_| PageError::NotFound)?;
    let undo = !fields.text("undo").is_empty();
    let why: String = fields.text("why").trim().chars().take(why_chars_max).collect();
    let now_ms = (state.now_ms)();
    let write = move |db: &rusqlite::Connection| {
        let row = read_row(db, id)?.filter(|row| row.kind == kind::VISIT).ok_or(PageError::NotFound)?;
        if !undo && why.is_empty() {
            return Err(PageError::Said(
                "作废要写明缘故，干部在手机上看得到。什么都没有改动；请返回上一页写上。",
            ));
        }
        let value = if undo { Value::Null } else { Value::from(why) };
        if row.value(field::VOID_REASON) == &value {
            return Ok(());
        }
        let mut writer = LocalWriter::new(db)?.signed(&by);
        let set = FieldSet::from([(field::VOID_REASON.to_owned(), value)]);
        writer.write(Origin::Office, (kind::VISIT, id, &row.village), set, now_ms)?;
        Ok(writer.finish()?)
    };
    state.write(write).await?;
    Ok(Redirect::to(&format!("{PATH}/{id}")).into_response())
}
