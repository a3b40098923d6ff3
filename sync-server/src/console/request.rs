//! What a request brings: the session behind its cookie and a form with its token.

use super::{ConsoleState, error::PageError};
use crate::{
    auth::{Session, find_session, token_in_cookies},
    service::OFFICE_NAME,
};
use axum::{
    RequestExt,
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Request},
    http::{HeaderMap, Method, header, request::Parts},
    response::{IntoResponse, Redirect, Response},
};

/// Someone who has signed in; anyone else is sent to the door and brought back afterwards.
pub(super) struct SignedIn(pub Session);

impl FromRequestParts<ConsoleState> for SignedIn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &ConsoleState) -> Result<Self, Response> {
        match session_of(&parts.headers, state).await {
            Ok(Some(session)) => Ok(SignedIn(session)),
            Ok(None) => Err(to_the_door(parts).into_response()),
            Err(error) => Err(error.into_response()),
        }
    }
}

/// The session that the cookie names, if it has not ended.
pub(super) async fn session_of(
    headers: &HeaderMap,
    state: &ConsoleState,
) -> Result<Option<Session>, PageError> {
    let Some(token) = token_of(headers, state.secure_cookies) else { return Ok(None) };
    let now_ms = (state.now_ms)();
    state.read(move |db| Ok(find_session(db, &token, now_ms)?)).await
}

/// The session's token in the request's cookies.
pub(super) fn token_of(headers: &HeaderMap, secure: bool) -> Option<String> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    cookies.filter_map(|line| token_in_cookies(line, secure)).map(str::to_owned).next()
}

fn to_the_door(parts: &Parts) -> Redirect {
    let wanted = parts.uri.path_and_query().map(|wanted| wanted.as_str());
    match wanted.filter(|wanted| parts.method == Method::GET && *wanted != "/console") {
        Some(wanted) => {
            let next = serde_urlencoded::to_string([("next", wanted)]).unwrap_or_default();
            Redirect::to(&format!("/console/login?{next}"))
        }
        None => Redirect::to("/console/login"),
    }
}

/// A form's fields in their order; a name may come several times.
#[derive(Debug, Default)]
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    /// The first field of this name, empty if there is none.
    pub(super) fn text(&self, name: &str) -> &str {
        self.0.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str()).unwrap_or_default()
    }

    /// All fields of this name.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    async fn read(request: Request, state: &ConsoleState) -> Result<Self, PageError> {
        let body =
            Bytes::from_request(request.with_limited_body(), state).await.map_err(|_| PageError::Form)?;
        serde_urlencoded::from_bytes(&body).map(Fields).map_err(|_| PageError::Form)
    }
}

/// A form posted by someone signed in, with the session's token.
pub(super) struct Posted {
    /// Who posts.
    pub session: Session,
    /// What.
    pub fields: Fields,
}

/// The longest reason that the office gives for a decision, characters.
#[allow(non_upper_case_globals)]
pub(super) const why_chars_max: usize = 200;

impl Posted {
    /// Who decides, as it is kept with a decision.
    pub(super) fn signed(&self) -> String {
        format!("{OFFICE_NAME} {}", self.session.user.display)
    }
}

impl FromRequest<ConsoleState> for Posted {
    type Rejection = Response;

    async fn from_request(mut request: Request, state: &ConsoleState) -> Result<Self, Response> {
        let SignedIn(session) = request.extract_parts_with_state(state).await?;
        let fields = Fields::read(request, state).await.map_err(IntoResponse::into_response)?;
        if !same(fields.text("csrf"), &session.csrf) {
            return Err(PageError::Csrf.into_response());
        }
        Ok(Posted { session, fields })
    }
}

/// Whether two secrets are equal, in a time that does not tell how much of them is.
fn same(given: &str, expected: &str) -> bool {
    let differing = given.bytes().zip(expected.bytes()).fold(0, |all, (a, b)| all | (a ^ b));
    given.len() == expected.len() && differing == 0
}

/// A form posted by someone not signed in yet. There is no session whose token it could carry, so the browser's
/// own word must do: a form on another site's page is refused.
pub(super) struct PostedOutside(pub Fields);

impl FromRequest<ConsoleState> for PostedOutside {
    type Rejection = Response;

    async fn from_request(request: Request, state: &ConsoleState) -> Result<Self, Response> {
        let site = request.headers().get("sec-fetch-site").and_then(|site| site.to_str().ok());
        if site.is_some_and(|site| !matches!(site, "same-origin" | "none")) {
            return Err(PageError::Csrf.into_response());
        }
        Fields::read(request, state).await.map(PostedOutside).map_err(IntoResponse::into_response)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_equal_only_whole() {
        assert!(same("abc", "abc"));
        assert!(!same("ab", "abc") && !same("abd", "abc") && !same("", "abc"));
    }
}
