//! What a browser may do with whatever this server answers: nothing, unless an answer allows more itself. Errors,
//! refusals, downloads and pages that are not there pass here too, so none is forgotten.

use axum::{
    extract::{Request, State},
    http::{HeaderName, HeaderValue, header},
    middleware::Next,
    response::Response,
};

/// For answers that are no page: they load nothing, frame nothing, post nowhere.
const NOTHING: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// Nobody is located here, and nobody is listened to.
const NO_SENSORS: &str = "geolocation=(), microphone=(), camera=(), payment=(), usb=()";
/// Once reached over TLS, a browser does not come back in plain text for half a year.
const ONLY_TLS: &str = "max-age=15552000";

/// What every answer carries that has no wish of its own.
const GUARDS: [(HeaderName, &str); 8] = [
    (header::CONTENT_SECURITY_POLICY, NOTHING),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("permissions-policy"), NO_SENSORS),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// The outermost layer; `secure` where phones reach the server over TLS.
pub(super) async fn guard(State(secure): State<bool>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in GUARDS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if secure {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(ONLY_TLS));
    }
    response
}
