//! The server's HTTP face: the sync API, the phone app's files, the office console, health and metrics.

mod api;
mod client;
mod crowd;
mod doorway;
mod enrol;
mod error;
mod files;
mod guards;
mod metrics;
mod packed;
mod pwa;
mod serve;

pub use client::{ClientAddress, TrustedProxies};
pub use crowd::requests_per_device_max;
pub use doorway::head_seconds_max;
pub use error::ApiError;
pub use metrics::Metrics;
pub use packed::plain_bytes_max;
pub use serve::{ServeError, ServeOptions, is_for_this_machine_alone, port_usual, serve};

use crate::{auth::Throttle, service::SyncService, storage::Storage};
use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::StatusCode,
    middleware::from_fn_with_state,
    routing::{get, post},
};
use crowd::{Crowd, take_turns};
use guards::guard;
use std::{path::PathBuf, sync::Arc, time::Duration};
use tower::ServiceBuilder;
use tower_http::{
    catch_panic::CatchPanicLayer, compression::CompressionLayer, decompression::RequestDecompressionLayer,
    limit::RequestBodyLimitLayer, timeout::TimeoutLayer,
};

/// The largest request body as it arrives (compressed).
#[allow(non_upper_case_globals)]
pub const request_bytes_max: usize = 8 * 1024 * 1024;
/// The largest enrolment: anybody may send one.
#[allow(non_upper_case_globals)]
const enrol_bytes_max: usize = 16 * 1024;
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
    desk: packed::Desk,
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
            desk: packed::Desk::default(),
        }
    }
}

/// What the server shows to browsers.
#[derive(Debug, Default)]
pub struct Pages {
    /// The office's pages.
    pub console: Router,
    /// Folder of the built phone app.
    pub web: Option<PathBuf>,
    /// The own CA's certificate, offered for installing.
    pub ca: Option<PathBuf>,
    /// Whether browsers reach them over TLS.
    pub secure: bool,
}

/// The whole server without a socket, so that tests need none.
pub fn router(state: AppState, pages: Pages) -> Router {
    let api = Router::new()
        .route("/v1/sync", post(api::sync))
        .route("/v1/repair", post(api::repair))
        .route("/v1/salvage", post(api::salvage))
        .route("/v1/history", post(api::history))
        .layer(DefaultBodyLimit::max(request_bytes_max));
    let enrol =
        Router::new().route("/v1/enrol", post(enrol::enrol)).route("/v1/clone", post(enrol::clone)).layer(
            ServiceBuilder::new()
                .layer(RequestBodyLimitLayer::new(enrol_bytes_max))
                .layer(RequestDecompressionLayer::new())
                .layer(DefaultBodyLimit::max(enrol_bytes_max)),
        );
    let phones =
        api.merge(files::router()).merge(enrol).layer(from_fn_with_state(Crowd::default(), take_turns));
    let house = Router::new().route("/healthz", get(api::healthz)).route("/metrics", get(api::metrics));
    Router::new()
        .merge(phones)
        .merge(house)
        .with_state(state)
        .merge(pages.console)
        .merge(crate::tls::router(pages.ca))
        .merge(pwa::router(pages.web))
        .layer(
            ServiceBuilder::new()
                .layer(from_fn_with_state(pages.secure, guard))
                .layer(CatchPanicLayer::new())
                .layer(TimeoutLayer::with_status_code(
                    StatusCode::SERVICE_UNAVAILABLE,
                    Duration::from_secs(request_seconds_max),
                ))
                .layer(CompressionLayer::new()),
        )
}
