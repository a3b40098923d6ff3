//! Lists as files, with the filter of their page.

use super::{ConsoleState, PageError, request::SignedIn};
use crate::export::{self, ANSWERS, LEDGER, LedgerFilter, Table, words::iso_day};
use axum::{
    extract::{Query, State},
    http::header,
    response::{IntoResponse, Response},
};
use maud::{Markup, html};
use rusqlite::Connection;
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// The filter of a list that can be taken home as a file.
pub(super) trait Listed: Serialize + DeserializeOwned + Send + 'static {
    /// What the file is.
    const TABLE: &'static Table;

    /// The records chosen, in the order of the page.
    fn chosen(&self, db: &Connection, now_ms: i64) -> Result<Vec<Uuid>, PageError>;

    /// The filter in words: 柳树沟村、求助、含“路”.
    fn described(&self, db: &Connection) -> Result<String, PageError>;
}

impl Listed for LedgerFilter {
    const TABLE: &'static Table = &LEDGER;

    fn chosen(&self, db: &Connection, _now_ms: i64) -> Result<Vec<Uuid>, PageError> {
        Ok(self.ids(db)?)
    }

    fn described(&self, db: &Connection) -> Result<String, PageError> {
        Ok(self.describe(db)?)
    }
}

/// `GET /console/….xlsx`
pub(super) async fn xlsx<F: Listed>(
    State(state): State<ConsoleState>,
    _: SignedIn,
    Query(filter): Query<F>,
) -> Result<Response, PageError> {
    let now_ms = (state.now_ms)();
    let read = move |db: &Connection| {
        let (ids, described) = (filter.chosen(db, now_ms)?, filter.described(db)?);
        Ok(export::xlsx(db, F::TABLE, &ids, &described, now_ms)?)
    };
    Ok(file(state.read(read).await?, F::TABLE, (XLSX, "xlsx"), now_ms))
}

/// `GET /console/….csv`
pub(super) async fn csv<F: Listed>(
    State(state): State<ConsoleState>,
    _: SignedIn,
    Query(filter): Query<F>,
) -> Result<Response, PageError> {
    let now_ms = (state.now_ms)();
    let read = move |db: &Connection| Ok(export::csv(db, F::TABLE, &filter.chosen(db, now_ms)?)?);
    Ok(file(state.read(read).await?, F::TABLE, ("text/csv; charset=utf-8", "csv"), now_ms))
}

/// `GET /console/answers.csv`: the answers of a ledger's visits.
pub(super) async fn answers(
    State(state): State<ConsoleState>,
    _: SignedIn,
    Query(filter): Query<LedgerFilter>,
) -> Result<Response, PageError> {
    let now_ms = (state.now_ms)();
    let read = move |db: &Connection| Ok(export::csv(db, &ANSWERS, &filter.ids(db)?)?);
    Ok(file(state.read(read).await?, &ANSWERS, ("text/csv; charset=utf-8", "csv"), now_ms))
}

/// The two buttons of a list: its file as it is filtered now.
pub(super) fn buttons(path: &str, filter: &impl Listed) -> Markup {
    let link = |suffix: &str| super::parts::filtered(&format!("{path}.{suffix}"), filter);
    html! {
        a.button href=(link("xlsx")) download { "导出 Excel" }
        a.button href=(link("csv")) download { "CSV" }
    }
}

/// A download with a Chinese name, and a plain one for old browsers.
fn file(bytes: Vec<u8>, table: &Table, (kind, suffix): (&'static str, &str), now_ms: i64) -> Response {
    let (day, plain) = (iso_day(now_ms), table.plain_name);
    let name: String =
        format!("{}-{day}.{suffix}", table.name).bytes().map(|byte| format!("%{byte:02X}")).collect();
    let disposition = format!("attachment; filename=\"{plain}-{day}.{suffix}\"; filename*=UTF-8''{name}");
    let headers = [(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, disposition)];
    (headers, bytes).into_response()
}
