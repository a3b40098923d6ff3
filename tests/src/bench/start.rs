//! The app's start in a real browser: from its own cache, without a network, on a slow phone.

use crate::e2e::{Phone, Server, until};
use lianxin_server::storage::DATABASE_FILE;
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};

/// Whose phone it is: a cadre of the demo township.
const CADRE: &str = "韩冬梅";
/// Starts measured; the median counts.
const STARTS: usize = 5;
/// Notes when 今日 first shows how many are left to visit, in milliseconds since the navigation began.
const WATCH: &str = "
const look = () => {
  const left = document.querySelector('[data-testid=must-left]');
  if (left && left.getClientRects().length > 0) window.usableAfterMs = performance.now();
  else requestAnimationFrame(look);
};
requestAnimationFrame(look);
";

/// Cold starts: the browser was killed, the server is gone, all of the browser's processes run one part in
/// `slower` of the time. `township` is the size of the demo; the line tells how many households the phone has.
///
/// # Errors
/// When the server's database cannot be read.
///
/// # Panics
/// When the browser or the app does not do what it should.
pub async fn start_offline(township: usize, slower: u32) -> anyhow::Result<Value> {
    let mut server = Server::demo(township);
    let mut phone = Phone::enrolled("阿香", &server, CADRE).await;
    phone.die();
    server.stop();
    let households: i64 =
        Connection::open_with_flags(server.data().join(DATABASE_FILE), OpenFlags::SQLITE_OPEN_READ_ONLY)?
            .query_row(
                "SELECT count(*) FROM household JOIN cadre_village USING (village)
                 JOIN cadre ON cadre.id = cadre_village.cadre WHERE cadre.name = ?1",
                [CADRE],
                |row| row.get(0),
            )?;
    let mut starts_ms = Vec::new();
    for _ in 0..STARTS {
        phone.browser.start().await;
        phone.browser.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": WATCH })).await;
        let slowed = phone.browser.slowed(slower);
        phone.open("/").await;
        let usable = until("今日", async || {
            phone.browser.script::<Option<f64>>("return window.usableAfterMs ?? null;", Value::Null).await
        });
        starts_ms.push(usable.await);
        drop(slowed);
        phone.die();
    }
    starts_ms.sort_by(f64::total_cmp);
    let at = |nth: usize| starts_ms.get(nth).map(|ms| ms.round());
    Ok(json!({
        "workload": "start_offline", "households": households, "slower": slower, "starts": STARTS,
        "median_ms": at(STARTS / 2), "min_ms": at(0), "max_ms": at(STARTS - 1),
    }))
}
