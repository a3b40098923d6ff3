//! The server's routes, from its own router.

use lianxin_server::{
    console::{self, ConsoleState},
    http::{AppState, Pages, router},
    storage::Storage,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    sync::Arc,
};

/// The routes of a router as its debug form shows them: axum has no other list of them.
pub fn routes() -> BTreeSet<(String, String)> {
    let dir = tempfile::tempdir().expect("a folder");
    Storage::init(dir.path(), "清溪镇", "519921105000").expect("a township");
    let storage = Arc::new(Storage::open(dir.path()).expect("a township"));
    let ca = dir.path().join("ca.pem");
    fs::write(&ca, "").expect("a file");
    let console = console::router(ConsoleState::new(storage.clone(), "https://lianxin.example"));
    let pages = Pages { console, web: None, ca: Some(ca), secure: true };
    let shown = format!("{:#?}", router(AppState::new(storage), pages));
    let own = shown.split("fallback_router").next().expect("a part");
    let (handlers, paths) = own.split_once("node: Node").expect("axum shows a router's paths");
    let known = ["get", "post", "put", "patch", "delete", "head", "options", "trace", "connect"];
    let mut methods: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    for (id, shown) in numbered(handlers) {
        let lines = shown.lines().filter_map(|line| line.trim().split_once(": "));
        let handled = lines.filter(|(name, handler)| known.contains(name) && !handler.starts_with("None"));
        methods.insert(id, handled.map(|(method, _)| method.to_uppercase()).collect());
    }
    let mut found = BTreeSet::new();
    for (id, shown) in numbered(paths) {
        let path = shown.split('"').nth(1).expect("a path");
        found.extend(methods[&id].iter().map(|method| (method.clone(), path.to_owned())));
    }
    assert!(found.len() > 20, "{shown}");
    found
}

/// The parts of a router's debug form that speak of one route each, with its number.
fn numbered(shown: &str) -> impl Iterator<Item = (usize, &str)> {
    shown.split("RouteId(").skip(1).map(|part| {
        let (id, rest) = part.split_once(')').expect("a number");
        (id.trim().trim_end_matches(',').parse().expect("a number"), rest)
    })
}
