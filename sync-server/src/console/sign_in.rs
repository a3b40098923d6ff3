//! The door: signing in and out.

use super::{
    ConsoleState,
    error::PageError,
    layout::{Page, bare},
    request::{Posted, PostedOutside, session_of, token_of},
};
use crate::{
    auth::{
        User, Wait, check_password, clearing_cookie, end_session, failures_free_per_address,
        failures_free_per_name, session_cookie, start_session, user_count,
    },
    http::ClientAddress,
    service::OFFICE_NAME,
};

use axum::{
    extract::{Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use maud::{Markup, html};
use serde::Deserialize;
use tokio::sync::Semaphore;

/// Passwords that are checked at once: each takes 19 MiB and some tens of milliseconds, and anybody may send one.
static CHECKS: Semaphore = Semaphore::const_new(2);

/// Where to go after signing in.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Next {
    #[serde(default)]
    next: String,
}

/// `GET /console/login`
pub(super) async fn show(
    State(state): State<ConsoleState>,
    Query(next): Query<Next>,
    headers: HeaderMap,
) -> Result<Response, PageError> {
    if session_of(&headers, &state).await?.is_some() {
        return Ok(Redirect::to(inside(&next.next)).into_response());
    }
    let users = state.read(|db| Ok(user_count(db)?)).await?;
    let word = (users == 0).then(|| {
        html! { p.note.wait { "还没有账号。请管理员在服务器上运行 " code { "lianxin-server user add" } " 建一个。" } }
    });
    Ok(door(word, "", &next.next).into_response())
}

fn door(word: Option<Markup>, name: &str, next: &str) -> Page {
    bare(
        "登录",
        html! {
            form.card.door method="post" action="/console/login" {
                h1 { (OFFICE_NAME) }
                @if let Some(word) = &word { (word) }
                input type="hidden" name="next" value=(next);
                label.field {
                    span { "登录名" }
                    input name="name" value=(name) autocomplete="username" autocapitalize="none" required
                        autofocus[name.is_empty()];
                }
                label.field {
                    span { "密码" }
                    input type="password" name="password" autocomplete="current-password" required
                        autofocus[!name.is_empty()];
                }
                button.primary { "登录" }
                p.hint { "忘了密码，请找服务器管理员重设。干部用手机，不在这里登录。" }
            }
        },
    )
}

/// Only an address of the console itself: the door leads nowhere else.
fn inside(next: &str) -> &str {
    let ours = next == "/console" || next.starts_with("/console/") || next.starts_with("/console?");
    if ours && !next.starts_with("/console/login") { next } else { "/console" }
}

/// `POST /console/login`
pub(super) async fn sign_in(
    State(state): State<ConsoleState>,
    address: ClientAddress,
    PostedOutside(fields): PostedOutside,
) -> Result<Response, PageError> {
    let (name, next) = (fields.text("name").trim().to_lowercase(), fields.text("next"));
    let (name_key, address_key) = (format!("name:{name}"), format!("address:{address}"));
    let keys =
        [(name_key.as_str(), failures_free_per_name), (address_key.as_str(), failures_free_per_address)];
    if let Err(wait) = state.throttle.admit(&keys, (state.now_ms)()) {
        return Ok(told_to_wait(wait, &name, next));
    }
    let password = fields.text("password").to_owned();
    let (wanted, typed) = (fields.text("name").to_owned(), name.clone());
    // It is never closed: without a turn nothing would be lost but this bound.
    let turn = CHECKS.acquire().await.ok();
    let user = state.read(move |db| Ok(check_password(db, &wanted, &password)?)).await?;
    drop(turn);
    match user {
        Some(user) => {
            state.throttle.succeeded(&name_key, &address_key);
            enter(&state, user, next).await
        }
        None => {
            let word = html! { p.note.bad role="alert" { "登录名或密码不对，请再试。" } };
            Ok((StatusCode::UNAUTHORIZED, door(Some(word), &typed, next)).into_response())
        }
    }
}

fn told_to_wait(wait: Wait, name: &str, next: &str) -> Response {
    let word = html! {
        p.note.bad role="alert" { "试错的次数多了，请等 " (wait) " 再试。账号和记录都没有变化。" }
    };
    let retry = [(header::RETRY_AFTER, wait.seconds.to_string())];
    (StatusCode::TOO_MANY_REQUESTS, retry, door(Some(word), name, next)).into_response()
}

async fn enter(state: &ConsoleState, user: User, next: &str) -> Result<Response, PageError> {
    let now_ms = (state.now_ms)();
    let session = state.write(move |db| Ok(start_session(db, &user.name, now_ms)?)).await?;
    let cookie = session_cookie(&session.token, state.secure_cookies);
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to(inside(next))).into_response())
}

/// `POST /console/logout`
pub(super) async fn sign_out(
    State(state): State<ConsoleState>,
    headers: HeaderMap,
    _: Posted,
) -> Result<Response, PageError> {
    if let Some(token) = token_of(&headers, state.secure_cookies) {
        state.write(move |db| Ok(end_session(db, &token)?)).await?;
    }
    let cookie = clearing_cookie(state.secure_cookies);
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to("/console/login")).into_response())
}

#[cfg(test)]
mod tests {
    use super::inside;

    #[test]
    fn the_door_leads_only_inside() {
        assert_eq!(inside("/console/visits?q=1"), "/console/visits?q=1");
        for outside in ["//evil.example", "https://evil.example", "/console.evil", "/console/login?next=", ""]
        {
            assert_eq!(inside(outside), "/console", "{outside}");
        }
    }
}
