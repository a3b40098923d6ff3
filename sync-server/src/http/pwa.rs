//! The phone app's files, as the build left them in one folder, with the headers that a strict page needs.

use axum::{
    Router,
    http::{HeaderName, HeaderValue, header},
    response::Html,
    routing::get,
};
use std::path::PathBuf;
use tower_http::{
    services::{ServeDir, ServeFile},
    set_header::SetResponseHeaderLayer,
};

/// The app compiles its own wasm and nothing else; it talks to its own server and nobody else.
const CSP: &str = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data: blob:; connect-src 'self'; worker-src 'self'; object-src 'none'; base-uri 'self'; \
    frame-ancestors 'none'; form-action 'self'";

const NOT_BUILT: &str = "<!doctype html><html lang=zh-CN><meta charset=utf-8><title>连心册</title>\
    <p>这台服务器上还没有手机端的文件。请用 <code>serve --web 文件夹</code> 指定（由 <code>make web</code> 生成）。\
    <p><a href=/console>乡镇办公台</a></html>";

pub(super) fn router(web: Option<PathBuf>) -> Router {
    let Some(web) = web.filter(|web| web.join("index.html").is_file()) else {
        return Router::new().route("/", get(|| async { Html(NOT_BUILT) }));
    };
    // A screen's address opened directly is the app; a missing file is not.
    let page = ServeFile::new(web.join("index.html"));
    let fixed = |name: HeaderName, value: &'static str| {
        SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value))
    };
    Router::new()
        // Beside a large file lies what brotli made of it, for browsers that read it; the rest is packed when it is asked for.
        .fallback_service(ServeDir::new(web).precompressed_br().fallback(page))
        .layer(fixed(header::CONTENT_SECURITY_POLICY, CSP))
        // Only an isolated page may share memory with its worker: they agree through it on when to leave.
        .layer(fixed(HeaderName::from_static("cross-origin-opener-policy"), "same-origin"))
        .layer(fixed(HeaderName::from_static("cross-origin-embedder-policy"), "require-corp"))
        // The service worker asks anew for each file; a hash decides whether it is a new version.
        .layer(fixed(header::CACHE_CONTROL, "no-cache"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::{
        body::{Body, to_bytes},
        http::Request,
    };
    use tower::ServiceExt as _;

    #[tokio::test]
    async fn a_browser_that_reads_brotli_gets_what_the_build_has_packed() {
        let web = tempfile::tempdir().unwrap();
        for (name, bytes) in [("index.html", "<title>"), ("app.wasm", "plain"), ("app.wasm.br", "packed")] {
            std::fs::write(web.path().join(name), bytes).unwrap();
        }
        for (accepts, packing, body) in [("gzip, br", Some("br"), "packed"), ("gzip", None, "plain")] {
            let asked = Request::get("/app.wasm").header(header::ACCEPT_ENCODING, accepts);
            let app = router(Some(web.path().to_owned()));
            let answer = app.oneshot(asked.body(Body::empty()).unwrap()).await.unwrap();
            let told = |name| answer.headers().get(name).and_then(|value| value.to_str().ok());
            assert_eq!(told(header::CONTENT_TYPE), Some("application/wasm"));
            assert_eq!(told(header::CONTENT_ENCODING), packing);
            assert_eq!(to_bytes(answer.into_body(), 100).await.unwrap(), body);
        }
    }
}
