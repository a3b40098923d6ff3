//! The sync API: who calls, what is asked, and the answer, with the service's blocking work off the reactor.

use super::{ApiError, AppState, packed::Packed};
use crate::{
    auth::{Device, authenticate},
    clock::now_ms,
    console::told_history,
    service::Caller,
};
use axum::{
    extract::{FromRequestParts, State},
    http::{header, request::Parts},
    response::{IntoResponse, Response},
};
use lianxin_shared::wire::v1::{ErrorCode, HistoryRequest, RepairRequest, SalvageRequest, SyncRequest};

impl FromRequestParts<AppState> for Caller {
    type Rejection = ApiError;

    /// The device behind the bearer token, a revoked one too: it may still hand in its unsent work.
    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let header = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = header.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default().to_owned();
        let storage = state.storage.clone();
        let found =
            blocking(move || storage.read(|db| authenticate(db, &token).map_err(ApiError::from))).await?;
        let device = found.ok_or_else(|| {
            ApiError::new(
                ErrorCode::Unauthorized,
                "乡镇服务器不认识这部手机，没有上报。您写的都在本机，请联系乡镇走访办重新登记。",
            )
        })?;
        let Device { id, villages, past, revoked, .. } = device;
        Ok(Caller { device: id, villages, past, revoked })
    }
}

/// A device that was not revoked: all but the handing in of unsent work asks for one.
pub(super) struct Active(pub(super) Caller);

impl FromRequestParts<AppState> for Active {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let caller = Caller::from_request_parts(parts, state).await?;
        if caller.revoked {
            let words = "这部手机已被乡镇走访办停用，不再收发。写过的文字都已交到乡镇，请联系乡镇走访办。";
            return Err(ApiError::new(ErrorCode::Revoked, words));
        }
        Ok(Self(caller))
    }
}

/// Runs blocking work on tokio's pool for it.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(ApiError::unavailable(&error)),
    }
}

/// `POST /v1/sync`: the push is committed before the answer takes its turn.
pub(super) async fn sync(
    State(state): State<AppState>,
    caller: Caller,
    packed: Packed,
) -> Result<Response, ApiError> {
    let (answer, device, metrics) = (packed.answer(), caller.device, state.metrics.clone());
    let (service, writer) = (state.service.clone(), caller.clone());
    let take = state.desk.take(packed, move |request: SyncRequest| {
        let (pushed, cursor) = (request.patches.len(), request.cursor.clone());
        Ok((service.push(writer, request)?, pushed, cursor))
    });
    let answered = match take.await {
        Ok((taken, pushed, cursor)) => {
            let service = state.service.clone();
            let work = move || {
                let answer = service.pull(&caller, &cursor, taken)?;
                let (pulled, receipt) = (answer.changes.len(), answer.receipt.device_seq);
                metrics.synced(pushed, pulled);
                tracing::info!(%device, pushed, pulled, receipt, "sync");
                Ok(answer)
            };
            state.desk.answer(answer, work).await
        }
        Err(error) => Err(error),
    };
    if let Err(error) = &answered {
        state.metrics.refused();
        tracing::warn!(%device, code = ?error.body.code, "sync refused");
    }
    answered
}

/// `POST /v1/repair`
pub(super) async fn repair(
    State(state): State<AppState>,
    Active(caller): Active,
    packed: Packed,
) -> Result<Response, ApiError> {
    tracing::warn!(device = %caller.device, "repair");
    let answer = packed.answer();
    let request: RepairRequest = state.desk.take(packed, Ok).await?;
    let service = state.service.clone();
    state.desk.answer(answer, move || Ok(service.repair(&caller, &request)?)).await
}

/// `POST /v1/salvage`
pub(super) async fn salvage(
    State(state): State<AppState>,
    Active(caller): Active,
    packed: Packed,
) -> Result<Response, ApiError> {
    let (answer, service, device) = (packed.answer(), state.service.clone(), caller.device);
    let work = move |request: SalvageRequest| {
        let offered = request.patches.len();
        let response = service.salvage(caller, request)?;
        tracing::warn!(%device, offered, taken = response.taken, "salvaged");
        Ok(response)
    };
    let response = state.desk.take(packed, work).await?;
    state.desk.answer(answer, move || Ok(response)).await
}

/// `POST /v1/history`
pub(super) async fn history(
    State(state): State<AppState>,
    Active(caller): Active,
    packed: Packed,
) -> Result<Response, ApiError> {
    let (answer, service, storage) = (packed.answer(), state.service.clone(), state.storage.clone());
    let request: HistoryRequest = state.desk.take(packed, Ok).await?;
    let work = move || {
        service.knows(request.protocol, request.server_id)?;
        let told =
            storage.read(|db| told_history(db, &caller, request.record, now_ms()).map_err(ApiError::from))?;
        // Whether it exists elsewhere is not told either.
        let words = "乡镇那里还没有这条记录的修改记录，或者它不在您的村。您写的都在本机。";
        told.ok_or_else(|| ApiError::new(ErrorCode::NoSuchRecord, words))
    };
    state.desk.answer(answer, work).await
}

/// `GET /healthz`: the database answers.
pub(super) async fn healthz(State(state): State<AppState>) -> Result<&'static str, ApiError> {
    blocking(move || {
        state.storage.read(|db| {
            db.query_row("SELECT 1 FROM server", [], |_| Ok(())).map_err(|e| ApiError::unavailable(&e))
        })
    })
    .await?;
    Ok("ok")
}

/// `GET /metrics`: Prometheus' text format; numbers only.
pub(super) async fn metrics(State(state): State<AppState>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], state.metrics.render(now_ms()))
}
