//! Who may do what: every route of the server, asked over TLS by everybody who might, and what each is told. The
//! routes are read from the server's own router: a new one without a row here fails the test.

mod guarded;
mod routes;
mod township;

use guarded::{assert_guarded, assert_nothing_inline};
use reqwest::{StatusCode, Version, header};
use routes::routes;
use std::collections::BTreeSet;
use township::{ROLES, Role, Township, WORDS};

/// 303 to the door, where one signs in.
const DOOR: u16 = 0;

const ANYBODY: [u16; 8] = [200; 8];
const PHONES: [u16; 8] = [401, 401, 200, 200, 403, 401, 401, 401];
const ROOM: [u16; 8] = [DOOR, DOOR, DOOR, DOOR, DOOR, 200, DOOR, 200];
const DEED: [u16; 8] = [DOOR, DOOR, DOOR, DOOR, DOOR, 303, DOOR, 403];

/// Every route, and what each role is told, in the order of [`ROLES`].
const MATRIX: [(&str, &str, [u16; 8]); 66] = [
    ("POST", "/v1/sync", PHONES),
    ("POST", "/v1/repair", PHONES),
    ("POST", "/v1/salvage", PHONES),
    // A record of another village is no record.
    ("POST", "/v1/history", [401, 401, 200, 404, 403, 401, 401, 401]),
    ("POST", "/v1/clone", PHONES),
    // A code alone decides; this one is nobody's.
    ("POST", "/v1/enrol", [403; 8]),
    ("OPTIONS", "/v1/files", [401, 401, 204, 204, 403, 401, 401, 401]),
    ("POST", "/v1/files", [401, 401, 201, 403, 403, 401, 401, 401]),
    ("OPTIONS", "/v1/files/{id}", [401, 401, 204, 204, 403, 401, 401, 401]),
    ("HEAD", "/v1/files/{id}", [401, 401, 200, 404, 403, 401, 401, 401]),
    ("PATCH", "/v1/files/{id}", [401, 401, 204, 404, 403, 401, 401, 401]),
    ("POST", "/v1/files/{id}", [401, 401, 204, 404, 403, 401, 401, 401]),
    ("DELETE", "/v1/files/{id}", [401, 401, 204, 404, 403, 401, 401, 401]),
    ("GET", "/v1/files/{village}/{hash}", [401, 401, 200, 403, 403, 401, 401, 401]),
    // The photo is there without a thumbnail.
    ("GET", "/v1/files/{village}/{hash}/thumb", [401, 401, 404, 403, 403, 401, 401, 401]),
    ("GET", "/healthz", ANYBODY),
    ("GET", "/metrics", ANYBODY),
    ("GET", "/", ANYBODY),
    ("GET", "/ca", ANYBODY),
    ("GET", "/ca/ca.crt", ANYBODY),
    ("GET", "/console.css", ANYBODY),
    ("GET", "/console.js", ANYBODY),
    ("GET", "/console.svg", ANYBODY),
    ("GET", "/console/login", [200, 200, 200, 200, 200, 303, 200, 303]),
    // A wrong password.
    ("POST", "/console/login", [401; 8]),
    ("GET", "/console", ROOM),
    // To /console, and to the page that says that there is nothing.
    ("GET", "/console/", [303; 8]),
    ("GET", "/console/{*missing}", [404; 8]),
    ("GET", "/console/visits", ROOM),
    ("GET", "/console/visits/{id}", [DOOR, DOOR, DOOR, DOOR, DOOR, 404, DOOR, 404]),
    ("POST", "/console/visits/{id}/void", [DOOR, DOOR, DOOR, DOOR, DOOR, 404, DOOR, 403]),
    ("GET", "/console/visits.xlsx", ROOM),
    ("GET", "/console/visits.csv", ROOM),
    ("GET", "/console/answers.csv", ROOM),
    ("GET", "/console/households", ROOM),
    ("GET", "/console/households.xlsx", ROOM),
    ("GET", "/console/households.csv", ROOM),
    ("GET", "/console/households/{id}", ROOM),
    ("GET", "/console/households/{id}/merge", ROOM),
    ("POST", "/console/households/merge", DEED),
    ("POST", "/console/households/unmerge", DEED),
    ("POST", "/console/households/move", DEED),
    ("GET", "/console/history/{id}", ROOM),
    ("GET", "/console/erase/{key}", ROOM),
    ("POST", "/console/erase/{key}", DEED),
    ("GET", "/console/files/{village}/{hash}", ROOM),
    ("GET", "/console/files/{village}/{hash}/thumb", [DOOR, DOOR, DOOR, DOOR, DOOR, 404, DOOR, 404]),
    ("GET", "/console/opinions", ROOM),
    ("GET", "/console/opinions.xlsx", ROOM),
    ("GET", "/console/opinions.csv", ROOM),
    ("GET", "/console/diary", ROOM),
    ("GET", "/console/diary.xlsx", ROOM),
    ("GET", "/console/diary.csv", ROOM),
    ("GET", "/console/conflicts", ROOM),
    // No such conflict.
    ("POST", "/console/conflicts", [DOOR, DOOR, DOOR, DOOR, DOOR, 404, DOOR, 403]),
    ("GET", "/console/held", ROOM),
    ("POST", "/console/held", DEED),
    ("GET", "/console/staff", ROOM),
    ("GET", "/console/staff/revoke", ROOM),
    ("GET", "/console/staff/cadre", ROOM),
    ("POST", "/console/staff/villages", DEED),
    ("POST", "/console/staff/cadres", DEED),
    ("POST", "/console/staff/enrol", [DOOR, DOOR, DOOR, DOOR, DOOR, 200, DOOR, 403]),
    ("POST", "/console/staff/codes", DEED),
    ("POST", "/console/staff/revoke", DEED),
    // Last, since it ends the session.
    ("POST", "/console/logout", [DOOR, DOOR, DOOR, DOOR, DOOR, DOOR, DOOR, 403]),
];

#[test]
fn every_route_has_its_row() {
    let rows: BTreeSet<_> =
        MATRIX.iter().map(|(method, path, _)| ((*method).to_owned(), (*path).to_owned())).collect();
    let routes = routes();
    let missing: Vec<_> = routes.difference(&rows).collect();
    assert!(missing.is_empty(), "say in MATRIX who may use {missing:?}");
    let gone: Vec<_> = rows.difference(&routes).collect();
    assert!(gone.is_empty(), "no such routes any more: {gone:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_gets_what_is_theirs_and_nothing_else() {
    let town = Township::new().await;
    for (method, path, expected) in MATRIX {
        for (role, expected) in ROLES.into_iter().zip(expected) {
            let answer = town.ask(role, method, path).await;
            assert_eq!(answer.version(), Version::HTTP_2);
            assert_guarded(&answer);
            let place = answer.headers().get(header::LOCATION).map(|to| to.to_str().expect("text"));
            let door = place.is_some_and(|place| place.starts_with("/console/login"));
            let told = if door { DOOR } else { answer.status().as_u16() };
            assert_eq!(told, expected, "{method} {path} as {role:?}");
            let kind = answer
                .headers()
                .get(header::CONTENT_TYPE)
                .map(|kind| kind.to_str().expect("text").to_owned());
            let body = String::from_utf8_lossy(&answer.bytes().await.expect("a body")).into_owned();
            if kind.is_some_and(|kind| kind.starts_with("text/html")) && path != "/" {
                assert_nothing_inline(path, &body);
            }
            let told = body.contains(WORDS);
            let may = matches!(role, Role::Own | Role::Office | Role::NoCsrf);
            assert!(may || !told, "{method} {path} told {role:?} what is not theirs");
            let shows = matches!((path, role), ("/v1/sync" | "/v1/repair" | "/v1/history", Role::Own))
                || matches!((path, role), ("/console/households/{id}", Role::Office | Role::NoCsrf));
            assert!(
                !shows || told,
                "{method} {path} did not show {role:?} the words that this test is about"
            );
        }
    }
    let after = town.ask(Role::Office, "GET", "/console").await;
    assert_eq!(after.status(), StatusCode::SEE_OTHER, "signed out is out");
    let db = town.server.database();
    let count = |sql: &str| -> i64 { db.query_row(sql, [], |row| row.get(0)).expect("a count") };
    assert_eq!(count("SELECT count(*) FROM cadre WHERE name LIKE '新人%'"), 1, "the office's alone");
    assert_eq!(count("SELECT count(*) FROM erased WHERE field = 'group'"), 1, "the office's alone");
    assert_eq!(
        count("SELECT count(*) FROM device WHERE revoked_at IS NOT NULL"),
        2,
        "the test's own and the office's"
    );
    town.server.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_else_is_asked_is_refused_and_guarded_too() {
    let town = Township::new().await;
    let routes = routes();
    for path in MATRIX.map(|(_, path, _)| path) {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            if !routes.contains(&(method.to_owned(), path.to_owned())) {
                let answer = town.ask(Role::Office, method, path).await;
                assert_guarded(&answer);
                assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
            }
        }
    }
    for path in
        ["/v1/nothing", "/console/nothing", "/index.html", "/sw.js", "/lianxin_bg.wasm", "/..%2f..%2fetc"]
    {
        assert_guarded(&town.ask(Role::Nobody, "GET", path).await);
    }
}
