//! The office console: pages rendered on the server, whole without scripts; a small script of our own only
//! spares full reloads. Every page is a function from a read transaction to markup, so it always shows one
//! consistent state.
//!
//! Absent on purpose: anything that changes what a cadre recorded without a trace. What the office decides is a write
//! of its own, with its history; words stay as they were said, unless the law wants them gone ([`erase`]).

mod conflicts;
mod diary;
mod download;
mod erase;
mod error;
mod held;
mod history;
mod households;
mod layout;
mod ledger;
mod naming;
mod opinions;
mod overview;
mod parts;
mod photos;
mod request;
mod scope;
mod sign_in;
mod staff;
mod told;
mod wording;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

use crate::{
    auth::{Session, Throttle},
    export::LedgerFilter,
    storage::{Storage, StorageError},
};
use axum::{
    Router,
    extract::{DefaultBodyLimit, Request},
    http::{HeaderName, HeaderValue, header},
    middleware::{self, Next},
    response::{Redirect, Response},
    routing::{get, post},
};
use diary::DiaryFilter;
pub use error::PageError;
use households::HouseholdFilter;
use layout::{Content, Page, Room};
use opinions::OpinionFilter;
use rusqlite::Connection;
use std::sync::Arc;
use tokio::sync::Semaphore;
pub use told::{history_bytes_max, history_changes_max, told_history};

/// The largest form that is read, bytes.
#[allow(non_upper_case_globals)]
const form_bytes_max: usize = 64 * 1024;

/// What the console needs.
#[derive(Clone)]
pub struct ConsoleState {
    /// The database.
    pub storage: Arc<Storage>,
    /// Guesses at passwords.
    pub throttle: Arc<Throttle>,
    /// Where phones reach this server, without a trailing slash (`https://lianxin.example`).
    pub public_url: Arc<str>,
    /// Whether the server speaks TLS: then the session's cookie never leaves it.
    pub secure_cookies: bool,
    /// Turns of the files that are made.
    pub exports: Arc<Semaphore>,
    /// The wall clock, Unix milliseconds; tests give their own.
    pub now_ms: fn() -> i64,
}

impl ConsoleState {
    /// Over an open storage, reached at `public_url` (as phones reach it); over TLS, cookies are bound to it.
    pub fn new(storage: Arc<Storage>, public_url: &str) -> Self {
        Self {
            storage,
            throttle: Arc::new(Throttle::new()),
            public_url: public_url.trim_end_matches('/').into(),
            secure_cookies: public_url.starts_with("https://"),
            exports: download::turns(),
            now_ms: crate::clock::now_ms,
        }
    }

    /// Reads off the async threads, in one transaction.
    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, PageError> + Send + 'static,
    ) -> Result<T, PageError> {
        let storage = self.storage.clone();
        tokio::task::spawn_blocking(move || storage.read(read)).await?
    }

    /// Writes off the async threads; returns after the durable commit.
    async fn write<T: Send + 'static>(
        &self,
        write: impl FnOnce(&Connection) -> Result<T, PageError> + Send + 'static,
    ) -> Result<T, PageError> {
        let storage = self.storage.clone();
        tokio::task::spawn_blocking(move || storage.write(write)).await?
    }

    /// One room of the console: its content, framed.
    async fn page(
        &self,
        session: Session,
        room: Room,
        content: impl FnOnce(&Connection, Today) -> Result<Content, PageError> + Send + 'static,
    ) -> Result<Page, PageError> {
        let now = Today { now_ms: (self.now_ms)() };
        self.read(move |db| {
            let content = content(db, now)?;
            Ok(layout::frame(db, &session, room, content)?)
        })
        .await
    }
}

/// The moment at which a page is made.
#[derive(Debug, Clone, Copy)]
struct Today {
    now_ms: i64,
}

/// The console's routes: pages under `/console`, its sheet and script beside them.
pub fn router(state: ConsoleState) -> Router {
    Router::new()
        .route("/console", get(overview::show))
        .route("/console/", get(|| async { Redirect::to("/console") }))
        .route("/console/{*missing}", get(|| async { PageError::NotFound }))
        .route("/console/login", get(sign_in::show).post(sign_in::sign_in))
        .route("/console/logout", post(sign_in::sign_out))
        .route("/console/visits", get(ledger::list))
        .route("/console/visits/{id}", get(ledger::show))
        .route("/console/visits/{id}/void", post(ledger::void))
        .route("/console/visits.xlsx", get(download::xlsx::<LedgerFilter>))
        .route("/console/visits.csv", get(download::csv::<LedgerFilter>))
        .route("/console/answers.csv", get(download::answers))
        .route("/console/households", get(households::list))
        .route("/console/households.xlsx", get(download::xlsx::<HouseholdFilter>))
        .route("/console/households.csv", get(download::csv::<HouseholdFilter>))
        .route("/console/households/{id}", get(households::show))
        .route("/console/households/{id}/merge", get(households::merging))
        .route("/console/households/merge", post(households::merge))
        .route("/console/households/move", post(households::send))
        .route("/console/households/unmerge", post(households::unmerge))
        .route("/console/history/{id}", get(history::show))
        .route("/console/erase/{key}", get(erase::show).post(erase::erase))
        .route("/console/opinions", get(opinions::list))
        .route("/console/opinions.xlsx", get(download::xlsx::<OpinionFilter>))
        .route("/console/opinions.csv", get(download::csv::<OpinionFilter>))
        .route("/console/diary", get(diary::list))
        .route("/console/diary.xlsx", get(download::xlsx::<DiaryFilter>))
        .route("/console/diary.csv", get(download::csv::<DiaryFilter>))
        .route("/console/files/{village}/{hash}", get(photos::file))
        .route("/console/files/{village}/{hash}/thumb", get(photos::thumbnail))
        .route("/console/conflicts", get(conflicts::list).post(conflicts::settle))
        .route("/console/held", get(held::list).post(held::decided))
        .route("/console/staff", get(staff::list))
        .route("/console/staff/cadres", post(staff::add))
        .route("/console/staff/cadre", get(staff::cadre))
        .route("/console/staff/villages", post(staff::grant))
        .route("/console/staff/enrol", post(staff::enrol))
        .route("/console/staff/codes", post(staff::revoke_code))
        .route("/console/staff/revoke", get(staff::confirm_revoke).post(staff::revoke))
        .route("/console.css", get(layout::sheet))
        .route("/console.svg", get(layout::logo))
        .route("/console.js", get(layout::script))
        .layer(DefaultBodyLimit::max(form_bytes_max))
        .layer(middleware::from_fn(guard_headers))
        .with_state(state)
}

/// What a browser may do with the console's pages: load from here alone, frame them nowhere, keep no copy of
/// villagers' words, tell no other site which page one came from.
const GUARDS: [(HeaderName, HeaderValue); 2] = [
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
             base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
        ),
    ),
    (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
];

async fn guard_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    for (name, value) in GUARDS {
        // A handler's own wish (the sheet may be kept) stands.
        response.headers_mut().entry(name).or_insert(value);
    }
    response
}

impl From<StorageError> for PageError {
    fn from(error: StorageError) -> Self {
        PageError::Storage(error)
    }
}
