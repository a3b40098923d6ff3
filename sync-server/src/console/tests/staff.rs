//! Cadres, enrolment codes and devices.

use crate::{
    auth::{RedeemError, list_cadres, list_devices, redeem_code},
    console::testing::{BRIDGE, NOW_MS, WILLOW, World},
};
use axum::http::StatusCode;

#[tokio::test]
async fn a_cadre_is_added_with_their_villages() {
    let world = World::new();
    let mut office = world.office().await;
    let form = [("name", "老王"), ("unit", "石桥村委会"), ("village", WILLOW), ("village", BRIDGE)];
    assert_eq!(office.submit("/console/staff/cadres", &form).await.location(), "/console/staff");
    let cadres = world.storage.read(list_cadres).unwrap();
    let wang = cadres.iter().find(|cadre| cadre.name == "老王").unwrap();
    assert_eq!(wang.villages.len(), 2);
    let refused = office.submit("/console/staff/cadres", &[("name", "无村")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text().contains("至少选一个村"));
    assert_eq!(world.storage.read(list_cadres).unwrap().len(), cadres.len());
}

#[tokio::test]
async fn a_code_is_shown_once_as_digits_and_picture_and_lets_one_phone_in() {
    let world = World::new();
    let mut office = world.office().await;
    let page = office.submit("/console/staff/enrol", &[("cadre", "axiang")]).await.text();
    assert!(page.contains("<svg") && page.contains("https://lianxin.example"));
    let digits = page.split("class=\"digits\">").nth(1).unwrap().split('<').next().unwrap().to_owned();
    assert_eq!(digits.len(), 11);
    assert!(!office.page("/console/staff").await.contains(&digits));
    let redeem = move || {
        let digits = digits.clone();
        world.storage.write(move |db| redeem_code(db, &digits, "iPhone", "0.1.0", NOW_MS))
    };
    assert_eq!(redeem().unwrap().cadre, "axiang");
    assert!(matches!(redeem(), Err(RedeemError::Used)));
    let stranger = office.submit("/console/staff/enrol", &[("cadre", "nobody")]).await;
    assert_eq!(stranger.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn a_code_that_nobody_used_is_listed_without_its_digits_and_taken_back() {
    let world = World::new();
    let mut office = world.office().await;
    let page = office.submit("/console/staff/enrol", &[("cadre", "axiang")]).await.text();
    assert!(!page.contains("手机打不开"), "this address is one that phones can open");
    let digits = page.split("class=\"digits\">").nth(1).unwrap().split('<').next().unwrap().to_owned();
    let page = office.page("/console/staff").await;
    assert!(
        page.contains("还没用过的登记码") && page.contains("11月29日 10:00") && page.contains("作废"),
        "{page}"
    );
    let form = [("cadre", "axiang"), ("created", &NOW_MS.to_string())];
    assert_eq!(office.submit("/console/staff/codes", &form).await.location(), "/console/staff");
    assert!(!office.page("/console/staff").await.contains("还没用过的登记码"));
    let refused = world.storage.write(move |db| redeem_code(db, &digits, "iPhone", "0.1.0", NOW_MS));
    assert!(matches!(refused, Err(RedeemError::Expired)));
}

#[tokio::test]
async fn a_code_for_an_address_that_no_phone_can_open_says_so() {
    let world = World::new();
    let mut office = world.office_at("http://127.0.0.1:8600").await;
    let page = office.submit("/console/staff/enrol", &[("cadre", "axiang")]).await.text();
    assert!(page.contains("手机打不开") && page.contains("tls init --name"), "{page}");
}

#[tokio::test]
async fn a_device_is_revoked_only_after_being_told_what_that_means() {
    let world = World::new();
    let mut office = world.office().await;
    let id = world.phone.to_string();
    let question = office.page(&format!("/console/staff/revoke?device={id}")).await;
    assert!(question.contains("停了不能恢复"));
    let revoked_at = || {
        let devices = world.storage.read(list_devices).unwrap();
        devices.iter().find(|device| device.id == world.phone).unwrap().revoked_at_ms
    };
    assert_eq!(revoked_at(), None);
    assert_eq!(office.submit("/console/staff/revoke", &[("device", &id)]).await.location(), "/console/staff");
    assert_eq!(revoked_at(), Some(NOW_MS));
    assert!(office.page("/console/staff").await.contains("已停用"));
    let unknown = office.get("/console/staff/revoke?device=nonsense").await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
}
