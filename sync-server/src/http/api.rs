//! The sync API: who calls, what is asked, and the answer, with the service's blocking work off the reactor.

use super::{ApiError, AppState};
use crate::{
    auth::{Device, authenticate},
    clock::now_ms,
    service::Caller,
};
use axum::{
    Json,
    extract::{FromRequestParts, State, rejection::JsonRejection},
    http::{StatusCode, header, request::Parts},
    response::IntoResponse,
};
use lianxin_shared::wire::v1::{
    ErrorCode, RepairRequest, RepairResponse, SalvageRequest, SalvageResponse, SyncRequest, SyncResponse,
};

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
            let words = "这部手机已被乡镇走访办停用，不再收发。写过的都已交到乡镇，请联系乡镇走访办。";
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

/// The body, or why it cannot be read.
pub(super) fn body<T>(body: Result<Json<T>, JsonRejection>) -> Result<T, ApiError> {
    body.map(|Json(body)| body).map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            ApiError::new(ErrorCode::TooLarge, "这一批太大，会自动分小了再报。您写的都在本机。")
        }
        _ => ApiError::new(
            ErrorCode::Malformed,
            "上报的内容看不懂，没有存下。您写的都在本机，请把连心册更新到最新版。",
        ),
    })
}

/// `POST /v1/sync`
pub(super) async fn sync(
    State(state): State<AppState>,
    caller: Caller,
    request: Result<Json<SyncRequest>, JsonRejection>,
) -> Result<Json<SyncResponse>, ApiError> {
    let request = body(request)?;
    let pushed = request.patches.len();
    let (service, device) = (state.service.clone(), caller.device);
    let response = blocking(move || Ok(service.sync(caller, request)?)).await;
    match &response {
        Ok(answer) => {
            state.metrics.synced(pushed, answer.changes.len());
            tracing::info!(%device, pushed, pulled = answer.changes.len(), receipt = answer.receipt.device_seq, "sync");
        }
        Err(error) => {
            state.metrics.refused();
            tracing::warn!(%device, code = ?error.body.code, "sync refused");
        }
    }
    response.map(Json)
}

/// `POST /v1/repair`
pub(super) async fn repair(
    State(state): State<AppState>,
    Active(caller): Active,
    request: Result<Json<RepairRequest>, JsonRejection>,
) -> Result<Json<RepairResponse>, ApiError> {
    let request = body(request)?;
    tracing::warn!(device = %caller.device, "repair");
    let service = state.service.clone();
    blocking(move || Ok(service.repair(&caller, &request)?)).await.map(Json)
}

/// `POST /v1/salvage`
pub(super) async fn salvage(
    State(state): State<AppState>,
    Active(caller): Active,
    request: Result<Json<SalvageRequest>, JsonRejection>,
) -> Result<Json<SalvageResponse>, ApiError> {
    let request = body(request)?;
    let (service, device, offered) = (state.service.clone(), caller.device, request.patches.len());
    let response = blocking(move || Ok(service.salvage(caller, request)?)).await?;
    tracing::warn!(%device, offered, taken = response.taken, "salvaged");
    Ok(Json(response))
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
