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
use std::sync::Arc;
use tokio::sync::Semaphore;
use uuid::Uuid;

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// Files that are made at once. One can take a minute, and goes on when whoever asked has left: more of them would fill
/// the threads on which the phones' syncs wait.
#[allow(non_upper_case_globals)]
const exports_at_once_max: usize = 2;

/// Whose turn it is to have a file made.
pub(super) fn turns() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(exports_at_once_max))
}

/// Makes a file when its turn comes, which ends with the work and not with the wish for it.
async fn made(
    state: &ConsoleState,
    make: impl FnOnce(&Connection) -> Result<Vec<u8>, PageError> + Send + 'static,
) -> Result<Vec<u8>, PageError> {
    let turn = state.exports.clone().acquire_owned().await?;
    let made = move |db: &Connection| {
        let made = make(db);
        drop(turn);
        made
    };
    state.read(made).await
}

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
    Ok(file(made(&state, read).await?, F::TABLE, (XLSX, "xlsx"), now_ms))
}

/// `GET /console/….csv`
pub(super) async fn csv<F: Listed>(
    State(state): State<ConsoleState>,
    _: SignedIn,
    Query(filter): Query<F>,
) -> Result<Response, PageError> {
    let now_ms = (state.now_ms)();
    let read = move |db: &Connection| Ok(export::csv(db, F::TABLE, &filter.chosen(db, now_ms)?)?);
    Ok(file(made(&state, read).await?, F::TABLE, ("text/csv; charset=utf-8", "csv"), now_ms))
}

/// `GET /console/answers.csv`: the answers of a ledger's visits.
pub(super) async fn answers(
    State(state): State<ConsoleState>,
    _: SignedIn,
    Query(filter): Query<LedgerFilter>,
) -> Result<Response, PageError> {
    let now_ms = (state.now_ms)();
    let read = move |db: &Connection| Ok(export::csv(db, &ANSWERS, &filter.ids(db)?)?);
    Ok(file(made(&state, read).await?, &ANSWERS, ("text/csv; charset=utf-8", "csv"), now_ms))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::testing::World;
    use std::{sync::mpsc, time::Duration};

    /// As many threads as the service has.
    const THREADS: usize = 8;

    #[test]
    fn slow_files_leave_threads_for_whatever_else_waits() {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .max_blocking_threads(THREADS)
            .enable_time()
            .build()
            .unwrap();
        let world = World::new();
        let state = ConsoleState::new(world.storage.clone(), "https://lianxin.example");
        let (go, wait): (Vec<_>, Vec<_>) = (0..2 * THREADS).map(|_| mpsc::channel::<()>()).unzip();
        let files: Vec<_> = wait
            .into_iter()
            .map(|wait| {
                let state = state.clone();
                let slow = move |_: &Connection| {
                    // Until the test lets it end.
                    assert!(wait.recv().is_err());
                    Ok(vec![7])
                };
                runtime.spawn(async move { made(&state, slow).await })
            })
            .collect();
        // One worker takes the tasks in their order: what waits for a thread stands behind all that took one.
        let sync = runtime.spawn(async move { state.read(|_| Ok("answered")).await });
        runtime.block_on(async {
            let sync = tokio::time::timeout(Duration::from_secs(20), sync).await;
            drop(go);
            assert_eq!(sync.expect("a thread is free").unwrap().unwrap(), "answered");
            for file in files {
                assert_eq!(file.await.unwrap().unwrap(), [7], "each in its turn");
            }
        });
    }
}
