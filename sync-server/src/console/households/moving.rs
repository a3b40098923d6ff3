//! 迁村: a household goes to another village of the township, with all that belongs to it; and back the same way.

use super::PATH;
use crate::{
    auth::Session,
    console::{ConsoleState, PageError, layout::token, request::Posted},
    service::move_household,
};
use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use maud::{Markup, html};
use std::collections::BTreeMap;
use uuid::Uuid;

/// The card in which a household is sent to another village; nothing where there is no other.
pub(super) fn move_card(
    id: Uuid,
    village: &str,
    villages: &BTreeMap<String, String>,
    session: &Session,
) -> Markup {
    let others: Vec<_> = villages.iter().filter(|(code, _)| *code != village).collect();
    html! {
        @if !others.is_empty() {
            section.card {
                details {
                    summary { "迁到本乡镇别的村" }
                    form.decide method="post" action={ (PATH) "/move" } {
                        (token(session))
                        input type="hidden" name="household" value=(id);
                        select name="village" required aria-label="迁到哪个村" {
                            option value="" { "迁到哪个村" }
                            @for (code, name) in &others { option value=(code) { (name) } }
                        }
                        button { "迁过去" }
                    }
                    p.faint {
                        "成员、走访和意见一起过去：原村干部的手机下次同步时不再有这一户，新村的收到。"
                        "没同步的手机上写的照样收，跟着这一户走。迁错了，再迁回来就是。"
                    }
                }
            }
        }
    }
}

/// `POST /console/households/move`
pub(in crate::console) async fn send(
    State(state): State<ConsoleState>,
    posted: Posted,
) -> Result<Response, PageError> {
    let (by, fields) = (posted.signed(), posted.fields);
    let id = Uuid::try_parse(fields.text("household")).map_err(|_| PageError::NotFound)?;
    let (to, now_ms) = (fields.text("village").to_owned(), (state.now_ms)());
    state.write(move |db| Ok(move_household(db, id, &to, &by, now_ms)?)).await?;
    Ok(Redirect::to(&format!("{PATH}/{id}")).into_response())
}
