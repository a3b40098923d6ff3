//! `POST /v1/enrol`: a one-time code becomes a device. Guessing is slowed down by address. `POST /v1/clone`: a copied
//! phone becomes a device of its own.

use super::{
    ApiError, AppState, ClientAddress,
    api::{Active, blocking},
    packed::{malformed, too_large},
};
use crate::{
    auth::{RedeemError, Redeemed, failures_free_per_address, list_cadres, redeem_code, split_device},
    clock::now_ms,
    storage::{StorageError, read_identity},
};
use axum::{
    Json,
    extract::{State, rejection::JsonRejection},
    http::StatusCode,
};
use lianxin_shared::wire::{
    PROTOCOL,
    v1::{CloneRequest, EnrolRequest, EnrolResponse, ErrorCode},
};
use rusqlite::Connection;
use std::collections::BTreeMap;

/// The body, or why it cannot be read.
fn read<T>(body: Result<Json<T>, JsonRejection>) -> Result<T, ApiError> {
    body.map(|Json(body)| body).map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => too_large(),
        _ => malformed(),
    })
}

pub(super) async fn enrol(
    State(state): State<AppState>,
    address: ClientAddress,
    request: Result<Json<EnrolRequest>, JsonRejection>,
) -> Result<Json<EnrolResponse>, ApiError> {
    let request = read(request)?;
    if request.protocol > PROTOCOL {
        return Err(ApiError::new(
            ErrorCode::ProtocolTooNew,
            "手机上的连心册比乡镇服务器新，请联系乡镇走访办升级服务器。",
        ));
    }
    let key = format!("enrol {address}");
    let now = now_ms();
    if let Err(wait) = state.throttle.admit(&[(&key, failures_free_per_address)], now) {
        let mut error = ApiError::new(ErrorCode::TooMany, format!("登记码试得太多了，请等 {wait} 再试。"));
        error.retry_after = Some(wait.seconds);
        return Err(error);
    }
    let storage = state.storage.clone();
    let response = blocking(move || {
        storage.write(move |db| redeem(db, &request, now).map_err(Failure)).map_err(|f| f.0)
    })
    .await?;
    state.throttle.succeeded("", &key);
    state.metrics.enrolled();
    tracing::info!(device = %response.device, "enrolled");
    Ok(Json(response))
}

/// An [`ApiError`] that the storage's own errors turn into.
struct Failure(ApiError);
impl From<StorageError> for Failure {
    fn from(error: StorageError) -> Self {
        Failure(error.into())
    }
}

fn redeem(db: &Connection, request: &EnrolRequest, now_ms: i64) -> Result<EnrolResponse, ApiError> {
    if request.server_id.is_some_and(|known| read_identity(db).is_ok_and(|own| own.server_id != known)) {
        let words = "这部手机里有另一台服务器的资料，没有改动，登记码也没有用掉。要用这个码，请用另一个浏览器打开登记。";
        return Err(ApiError::new(ErrorCode::OtherServer, words));
    }
    let redeemed = redeem_code(db, &request.code, &request.device_name, &request.app_version, now_ms)
        .map_err(refusal_of)?;
    welcome(db, redeemed, now_ms)
}

/// `POST /v1/clone`
pub(super) async fn clone(
    State(state): State<AppState>,
    Active(caller): Active,
    request: Result<Json<CloneRequest>, JsonRejection>,
) -> Result<Json<EnrolResponse>, ApiError> {
    let request = read(request)?;
    let storage = state.storage.clone();
    if request.server_id != storage.identity().server_id {
        let words = "这部手机不能在这台服务器上换编号。您写的都在本机，请联系乡镇走访办。";
        return Err(ApiError::new(ErrorCode::OtherServer, words));
    }
    let (copied, now) = (caller.device, now_ms());
    let response = blocking(move || {
        let split = move |db: &Connection| -> Result<EnrolResponse, Failure> {
            let redeemed = split_device(db, copied, now)?;
            welcome(db, redeemed, now).map_err(Failure)
        };
        storage.write(split).map_err(|failure| failure.0)
    })
    .await?;
    tracing::warn!(%copied, device = %response.device, "a copied phone got a device of its own");
    Ok(Json(response))
}

fn welcome(db: &Connection, redeemed: Redeemed, now_ms: i64) -> Result<EnrolResponse, ApiError> {
    let identity = read_identity(db)?;
    let cadre = list_cadres(db)?.into_iter().find(|cadre| cadre.id == redeemed.cadre);
    let cadre = cadre.ok_or_else(|| {
        ApiError::new(ErrorCode::CodeUnknown, "这个登记码对应的干部已不在名册上，请联系乡镇走访办。")
    })?;
    let mut villages = BTreeMap::new();
    for code in &cadre.villages {
        villages.insert(code.clone(), village_name(db, code)?);
    }
    Ok(EnrolResponse {
        protocol: PROTOCOL,
        server_id: identity.server_id,
        epoch: identity.epoch,
        device: redeemed.device,
        token: redeemed.token,
        server_time: now_ms.unsigned_abs(),
        cadre: cadre.id,
        cadre_name: cadre.name,
        unit: cadre.unit,
        township: identity.township,
        villages,
    })
}

fn village_name(db: &Connection, code: &str) -> Result<String, ApiError> {
    let name = db.query_row("SELECT name FROM village WHERE code = ?1", [code], |row| row.get(0));
    match name {
        Ok(name) => Ok(name),
        Err(rusqlite::Error::QueryReturnedNoRows) => Ok(code.to_owned()),
        Err(error) => Err(ApiError::unavailable(&error)),
    }
}

fn refusal_of(error: RedeemError) -> ApiError {
    let code = match &error {
        RedeemError::Unknown => ErrorCode::CodeUnknown,
        RedeemError::Used => ErrorCode::CodeUsed,
        RedeemError::Expired => ErrorCode::CodeExpired,
        RedeemError::Storage(storage) => return ApiError::unavailable(storage),
    };
    ApiError::new(code, error.to_string())
}
