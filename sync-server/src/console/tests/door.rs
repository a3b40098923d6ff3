//! Signing in and out, and what stands between.

use crate::console::testing::{NOW_MS, PASSWORD, World};
use axum::http::StatusCode;

#[tokio::test]
async fn a_stranger_is_sent_to_the_door_and_brought_back() {
    let world = World::new();
    let mut browser = world.browser_at(|| NOW_MS);
    for room in ["/console", "/console/visits?village=1", "/console/visits.xlsx", "/console/staff"] {
        let answer = browser.get(room).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
        assert!(answer.location().starts_with("/console/login"), "{room}");
        assert!(answer.body.is_empty());
    }
    let wanted = browser.get("/console/visits?village=1").await;
    assert_eq!(wanted.location(), "/console/login?next=%2Fconsole%2Fvisits%3Fvillage%3D1");
    let form = [("name", "laozhou"), ("password", PASSWORD), ("next", "/console/visits?village=1")];
    assert_eq!(browser.post("/console/login", &form).await.location(), "/console/visits?village=1");
    assert!(browser.page("/console").await.contains("老周"));
}

#[tokio::test]
async fn the_sixth_wrong_password_waits_and_so_does_the_right_one() {
    let world = World::new();
    let mut browser = world.browser_at(|| NOW_MS);
    let wrong = [("name", "laozhou"), ("password", "guess-guess")];
    for _ in 0..5 {
        let answer = browser.post("/console/login", &wrong).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert!(answer.text().contains("登录名或密码不对"));
    }
    let answer = browser.post("/console/login", &[("name", "LaoZhou"), ("password", PASSWORD)]).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(answer.text().contains("请等 30 秒"), "{}", answer.text());
    let another = browser.post("/console/login", &[("name", "axiang"), ("password", "guess-guess")]).await;
    assert_eq!(another.status, StatusCode::UNAUTHORIZED, "another name need not wait");
}

#[tokio::test]
async fn a_form_without_the_sessions_token_does_nothing() {
    let world = World::new();
    let mut office = world.office().await;
    let fields = [("name", "老王"), ("village", crate::console::testing::WILLOW)];
    for csrf in ["", "0".repeat(64).as_str()] {
        let mut form = vec![("csrf", csrf)];
        form.extend(fields);
        let answer = office.post("/console/staff/cadres", &form).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        assert!(answer.text().contains("什么都没有改动"));
    }
    assert!(!office.page("/console/staff").await.contains("老王"));
    assert_eq!(office.post("/console/logout", &[]).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn signing_out_ends_the_session_for_good() {
    let world = World::new();
    let mut office = world.office().await;
    assert_eq!(office.submit("/console/logout", &[]).await.location(), "/console/login");
    assert_eq!(office.get("/console").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_page_lets_nothing_in_from_outside() {
    let world = World::new();
    let mut office = world.office().await;
    let answer = office.get("/console").await;
    let header = |name: &str| answer.headers.get(name).unwrap().to_str().unwrap().to_owned();
    assert!(header("content-security-policy").starts_with("default-src 'none'; script-src 'self';"));
    assert_eq!(header("referrer-policy"), "same-origin");
    let page = answer.text();
    assert!(!page.contains("style=\"") && !page.contains("<script>"), "the policy would refuse it");
    let sheet = page.split("href=\"/console.css").nth(1).unwrap().split('"').next().unwrap();
    let answer = office.get(&format!("/console.css{sheet}")).await;
    assert!(answer.headers.get("cache-control").unwrap().to_str().unwrap().contains("immutable"));
    assert!(answer.text().contains("--paper"));
}

#[tokio::test]
async fn without_any_user_the_door_says_what_to_do() {
    let world = World::new();
    world
        .storage
        .write(|db| Ok::<_, crate::auth::AuthError>(db.execute("DELETE FROM user", []).map(|_| ())?))
        .unwrap();
    let page = world.browser_at(|| NOW_MS).page("/console/login").await;
    assert!(page.contains("lianxin-server user add"));
}

#[tokio::test]
async fn an_address_that_is_no_page_says_so_and_a_slash_too_many_leads_on() {
    let world = World::new();
    let mut office = world.office().await;
    assert_eq!(office.get("/console/").await.location(), "/console");
    for address in ["/console/nothing", "/console/visits/", "/console/a/b/c", "/console/staff/nobody"] {
        let answer = office.get(address).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{address}");
        assert!(answer.text().contains("没有找到这一页") && answer.text().contains("回总览"), "{address}");
    }
}
