//! Photos in the console: what has arrived is shown, what has not is counted, and none is shown to a stranger.

use crate::{
    console::testing::{BRIDGE, NOW_MS, WILLOW, World},
    files::{FileHash, NewUpload, Role, begin, settle},
    service::Caller,
};
use axum::http::StatusCode;
use lianxin_shared::{
    domain::{photo::field_of_hash, visit::Visit},
    replica::{FieldSet, kind},
};
use std::collections::BTreeSet;
use uuid::Uuid;

fn jpeg(n: u8) -> Vec<u8> {
    [[0xFF, 0xD8, 0xFF, 0xE0].as_slice(), &[n; 100], &[0xFF, 0xD9]].concat()
}

fn send(world: &World, bytes: &[u8], role: Role) -> FileHash {
    let villages = BTreeSet::from([WILLOW.to_owned()]);
    let caller = Caller { device: world.phone, villages, past: Default::default(), revoked: false };
    let hash = FileHash::of(bytes);
    let new = NewUpload { village: WILLOW.into(), hash: hash.clone(), role, bytes: bytes.len() as u64 };
    let upload = begin(&world.storage, &caller, new, NOW_MS).unwrap();
    world.storage.files().open_upload(&upload.id).unwrap().append(bytes).unwrap();
    settle(&world.storage, &upload, NOW_MS).unwrap();
    hash
}

#[tokio::test]
async fn a_visit_shows_what_has_arrived_and_counts_what_has_not() {
    let world = World::new();
    let household = world.household(1, WILLOW, "周秀兰", &[]);
    let visit = world.visit(1, WILLOW, household, Visit { target_name: "周秀兰".into(), ..Visit::default() });
    let whole = send(&world, &jpeg(1), Role::Original);
    send(&world, &jpeg(2), Role::Thumb(whole.clone()));
    let lacking = FileHash::of(b"still on the phone");
    let fields = FieldSet::from([
        (field_of_hash(whole.as_str()), "门前 <b>的路</b>".into()),
        (field_of_hash(lacking.as_str()), true.into()),
    ]);
    world.put(kind::VISIT, visit, WILLOW, fields.clone());
    world.put(kind::DIARY, Uuid::from_u128(0x77), WILLOW, fields);

    let mut office = world.office().await;
    let page = office.page(&format!("/console/visits/{visit}")).await;
    let address = format!("/console/files/{WILLOW}/{whole}");
    assert!(page.contains("文字已到，照片差 1 张"), "{page}");
    assert!(page.contains(&format!("<a href=\"{address}\"><img src=\"{address}/thumb\"")), "{page}");
    assert!(page.contains("门前 &lt;b&gt;的路&lt;/b&gt;") && !page.contains("<b>的路"), "words stay words");
    assert!(office.page("/console/diary").await.contains(&address));

    let shown = office.get(&address).await;
    assert_eq!((shown.status, &shown.body), (StatusCode::OK, &jpeg(1)));
    for (name, value) in [
        ("content-type", "image/jpeg"),
        ("content-disposition", "inline"),
        ("x-content-type-options", "nosniff"),
        (
            "content-security-policy",
            "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox",
        ),
    ] {
        assert_eq!(shown.headers.get(name).unwrap(), value);
    }
    assert_eq!(office.get(&format!("{address}/thumb")).await.body, jpeg(2));
    for wrong in [format!("/console/files/{BRIDGE}/{whole}"), format!("/console/files/{WILLOW}/{lacking}")] {
        assert_eq!(office.get(&wrong).await.status, StatusCode::NOT_FOUND);
    }
    let mut stranger = world.browser_at(|| NOW_MS);
    for address in [address.clone(), format!("{address}/thumb")] {
        let answer = stranger.get(&address).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
        assert!(answer.location().starts_with("/console/login"));
    }
}

#[tokio::test]
async fn photos_go_with_a_household_that_moves() {
    let world = World::new();
    let household = world.household(1, WILLOW, "周秀兰", &[]);
    let visit = world.visit(1, WILLOW, household, Visit { target_name: "周秀兰".into(), ..Visit::default() });
    let other = world.visit(2, WILLOW, world.household(2, WILLOW, "王长顺", &[]), Visit::default());
    let (moves, stays) = (send(&world, &jpeg(1), Role::Original), send(&world, &jpeg(3), Role::Original));
    send(&world, &jpeg(2), Role::Thumb(moves.clone()));
    for (visit, hash) in [(visit, &moves), (other, &stays)] {
        let field = (field_of_hash(hash.as_str()), true.into());
        world.put(kind::VISIT, visit, WILLOW, FieldSet::from([field]));
    }
    let mut office = world.office().await;
    let form = [("household", household.to_string()), ("village", BRIDGE.to_owned())];
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    office.submit("/console/households/move", &form).await;
    let address = format!("/console/files/{BRIDGE}/{moves}");
    let page = office.page(&format!("/console/visits/{visit}")).await;
    assert!(page.contains(&format!("<img src=\"{address}/thumb\"")) && !page.contains("照片差"), "{page}");
    assert_eq!(office.get(&address).await.body, jpeg(1));
    assert_eq!(office.get(&format!("{address}/thumb")).await.body, jpeg(2));
    let foreign = office.get(&format!("/console/files/{BRIDGE}/{stays}")).await;
    assert_eq!(foreign.status, StatusCode::NOT_FOUND, "only what moved");
}
