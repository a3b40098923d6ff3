//! The server's HTTP face: the sync API, the phone app's files, the office console, health and metrics.

mod api;
mod client;
mod enrol;
mod error;
mod files;
mod metrics;
mod pwa;
mod serve;

pub use client::{ClientAddress, TrustedProxies};
pub use error::ApiError;
pub use metrics::Metrics;
pub use serve::{ServeError, ServeOptions, serve};

use crate::{auth::Throttle, service::SyncService, storage::Storage};
use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::{HeaderValue, StatusCode, header},
    routing::{get, post},
};
use std::{path::PathBuf, sync::Arc, time::Duration};
use tower::ServiceBuilder;
use tower_http::{
    catch_panic::CatchPanicLayer, compression::CompressionLayer, decompression::RequestDecompressionLayer,
    limit::RequestBodyLimitLayer, set_header::SetResponseHeaderLayer, timeout::TimeoutLayer,
};

/// The largest request body as it arrives (compressed).
#[allow(non_upper_case_globals)]
pub const request_bytes_max: usize = 8 * 1024 * 1024;
/// The largest request body after decompression.
#[allow(non_upper_case_globals)]
pub const request_plain_bytes_max: usize = 64 * 1024 * 1024;
/// A request that takes longer is given up; what it had committed stands.
#[allow(non_upper_case_globals)]
const request_seconds_max: u64 = 60;

/// What every handler shares.
#[derive(Clone)]
pub struct AppState {
    storage: Arc<Storage>,
    service: SyncService,
    throttle: Arc<Throttle>,
    metrics: Arc<Metrics>,
    turns: files::Turns,
}

impl AppState {
    /// Over an open storage.
    pub fn new(storage: Arc<Storage>) -> Self {
        let service = SyncService::new(storage.clone());
        Self {
            storage,
            service,
            throttle: Arc::new(Throttle::new()),
            metrics: Arc::new(Metrics::default()),
            turns: files::Turns::default(),
        }
    }
}

/// The whole server without a socket, so that tests need none: `console` are the office's pages, `web` the
/// folder of the built phone app.
pub fn router(state: AppState, console: Router, web: Option<PathBuf>) -> Router {
    let api = Router::new()
        .route("/v1/sync", post(api::sync))
        .route("/v1/repair", post(api::repair))
        .route("/v1/salvage", post(api::salvage))
        .route("/v1/enrol", post(enrol::enrol))
        .route("/v1/clone", post(enrol::clone))
        .layer(
            ServiceBuilder::new()
                .layer(RequestBodyLimitLayer::new(request_bytes_max))
                .layer(RequestDecompressionLayer::new())
                .layer(DefaultBodyLimit::max(request_plain_bytes_max)),
        );
    let house = Router::new().route("/healthz", get(api::healthz)).route("/metrics", get(api::metrics));
    Router::new()
        .merge(api)
        .merge(files::router())
        .merge(house)
        .with_state(state)
        .merge(console)
        .merge(pwa::router(web))
        .layer(
            ServiceBuilder::new()
                .layer(CatchPanicLayer::new())
                .layer(TimeoutLayer::with_status_code(
                    StatusCode::SERVICE_UNAVAILABLE,
                    Duration::from_secs(request_seconds_max),
                ))
                .layer(CompressionLayer::new())
                .layer(SetResponseHeaderLayer::if_not_present(
                    header::X_CONTENT_TYPE_OPTIONS,
                    HeaderValue::from_static("nosniff"),
                )),
        )
}
