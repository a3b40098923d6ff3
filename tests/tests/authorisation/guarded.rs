//! What every answer must carry.

use reqwest::{Response, StatusCode, header};

/// What every answer carries, whatever it is.
pub fn assert_guarded(answer: &Response) {
    let url = answer.url().path();
    let value = |name: &str| {
        let value = answer.headers().get(name).unwrap_or_else(|| panic!("{url}: no {name}"));
        value.to_str().expect("text").to_owned()
    };
    let policy = value("content-security-policy");
    assert!(
        policy.contains("default-src 'none'") || policy.contains("default-src 'self'"),
        "{url}: {policy}"
    );
    assert!(policy.contains("frame-ancestors 'none'") && policy.contains("base-uri"), "{url}: {policy}");
    assert!(policy.contains("form-action") && !policy.contains("'unsafe-eval'"), "{url}: {policy}");
    assert!(!policy.contains("http:") && !policy.contains('*'), "{url}: nothing from elsewhere: {policy}");
    let scripts = policy.split(';').find(|part| part.contains("script-src")).unwrap_or_default();
    assert!(!scripts.contains("'unsafe-inline'"), "{url}: {policy}");
    assert_eq!(value("x-content-type-options"), "nosniff", "{url}");
    assert_eq!(value("x-frame-options"), "DENY", "{url}");
    assert!(["no-referrer", "same-origin"].contains(&value("referrer-policy").as_str()), "{url}");
    assert_eq!(value("cross-origin-opener-policy"), "same-origin", "{url}");
    assert_eq!(value("cross-origin-resource-policy"), "same-origin", "{url}");
    assert!(value("permissions-policy").contains("geolocation=()"), "{url}: nobody is located");
    assert!(value("strict-transport-security").starts_with("max-age="), "{url}");
    let kept = value("cache-control");
    let beside = url.starts_with("/console.") && answer.status() == StatusCode::OK;
    assert!(!beside || kept.contains("immutable"), "{url}: {kept}");
    let app = policy.contains("'wasm-unsafe-eval'") && kept == "no-cache";
    assert!(beside || app || kept == "no-store", "{url}: {kept}");
    for cookie in answer.headers().get_all(header::SET_COOKIE) {
        let cookie = cookie.to_str().expect("text");
        assert!(["HttpOnly", "SameSite=Lax", "Secure"].iter().all(|flag| cookie.contains(flag)), "{cookie}");
    }
}

/// Nothing on a page that its policy would refuse: no script, style or handler within the page itself.
pub fn assert_nothing_inline(url: &str, page: &str) {
    for inline in ["<script>", " style=\"", "javascript:", " onclick=", " onerror=", " onload="] {
        assert!(!page.contains(inline), "{url}: {inline}");
    }
}
