//! The ledger as files, with the filter of the page.

use super::{ConsoleState, PageError, request::SignedIn};
use crate::export::{LedgerFilter, ledger_csv, ledger_xlsx, words::iso_day};
use axum::{
    extract::{Query, State},
    http::header,
    response::{IntoResponse, Response},
};

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// `GET /console/visits.xlsx`
pub(super) async fn xlsx(
    State(state): State<ConsoleState>,
    _: SignedIn,
    Query(filter): Query<LedgerFilter>,
) -> Result<Response, PageError> {
    let now_ms = (state.now_ms)();
    let bytes = state.read(move |db| Ok(ledger_xlsx(db, &filter, now_ms)?)).await?;
    Ok(file(bytes, XLSX, "xlsx", now_ms))
}

/// `GET /console/visits.csv`
pub(super) async fn csv(
    State(state): State<ConsoleState>,
    _: SignedIn,
    Query(filter): Query<LedgerFilter>,
) -> Result<Response, PageError> {
    let now_ms = (state.now_ms)();
    let bytes = state.read(move |db| Ok(ledger_csv(db, &filter)?)).await?;
    Ok(file(bytes, "text/csv; charset=utf-8", "csv", now_ms))
}

/// A download with a Chinese name, and a plain one for old browsers.
fn file(bytes: Vec<u8>, content_type: &'static str, suffix: &str, now_ms: i64) -> Response {
    let day = iso_day(now_ms);
    let name: String =
        format!("走访工作台账-{day}.{suffix}").bytes().map(|byte| format!("%{byte:02X}")).collect();
    let disposition = format!("attachment; filename=\"ledger-{day}.{suffix}\"; filename*=UTF-8''{name}");
    let headers =
        [(header::CONTENT_TYPE, content_type.to_owned()), (header::CONTENT_DISPOSITION, disposition)];
    (headers, bytes).into_response()
}
