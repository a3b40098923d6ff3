//! What is counted, and what is not any more.

use crate::{
    auth::revoke_device,
    console::testing::{NOW_MS, WILLOW, World},
};
use lianxin_shared::domain::{opinion::Opinion, visit::Visit};

fn met(name: &str) -> Visit {
    Visit { target_name: name.into(), ..Visit::default() }
}

#[tokio::test]
async fn what_came_today_stays_counted_when_its_phone_is_revoked() {
    let world = World::new();
    let zhou = world.household(1, WILLOW, "周秀兰", &[]);
    let visit = world.visit(1, WILLOW, zhou, met("周秀兰"));
    world.opinion(1, WILLOW, Opinion { visit: Some(visit), text: "路不好".into(), ..Opinion::default() });
    let phone = world.phone;
    world.storage.write(move |db| revoke_device(db, phone, NOW_MS)).unwrap();
    let page = world.office().await.page("/console").await;
    assert!(page.contains("走访 1 · 意见 1 · 手记 0"), "{page}");
    assert!(page.contains("09:00 收到新记录"));
    assert!(page.contains("<b>0</b><span>在用设备</span>"), "it is in use no more");
}
