//! The main job in the real browser: what a cadre wrote in a courtyard without signal reaches the township once.

use lianxin_tests::e2e::{Console, LIUSHUGOU, Phone, Server, VISITED_TODAY, until};
use serde_json::Value;
use uuid::Uuid;

/// The cadre of the demo township whose phone this is.
const CADRE: &str = "韩冬梅";
const HOUSEHOLDS: usize = 150;

const HEARD: [&str; 2] =
    ["上回来的人说给换电褥子，到现在也没见着。", "村口那截路下雨走不成，𠮷家的三轮翻过一回😟。"];
const NOTES: &str = "老人耳背，说话要大声；答应周五再来看电。";

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_visit_offline_survives_and_arrives() {
    let mut server = Server::demo(HOUSEHOLDS);
    let mut phone = Phone::enrolled("阿香", &server, CADRE).await;
    let (_, received) = counts_on_mine(&mut phone).await;
    assert_eq!(received, 0, "this phone has written nothing yet");
    phone.tap("tab-today").await;

    server.stop();
    // A must-visit household, from the list of those that are left.
    phone.see("must-left").await;
    phone.tap("household-row").await;
    phone.see("household").await;
    let head = phone.heading().await;
    phone.tap("go-visit").await;
    phone.see("visit-step-0").await;
    phone.answer_required().await;
    phone.tap("step-next").await;
    phone.write("opinion-1", HEARD[0]).await;
    phone.see_saved().await;

    // The phone's cleaner kills the browser in the middle of the second opinion.
    phone.tap("opinion-add").await;
    phone.see_cursor_in("opinion-2").await;
    let half: String = HEARD[1].chars().take(12).collect();
    for letter in half.chars() {
        phone.type_on(&letter.to_string()).await;
    }
    phone.see_saved().await;
    phone.type_on("……").await;
    phone.die();
    phone.revive().await;
    phone.see("visit-step-1").await;
    phone.see_value("opinion-1", HEARD[0]).await;
    let kept = phone.value("opinion-2").await;
    assert!(kept.starts_with(&half), "what the screen called 已存 is there: {kept}");
    phone.see_cursor_in("opinion-2").await;
    phone.rewrite("opinion-2", HEARD[1]).await;
    phone.tap("opinion-2-kind-suggestion").await;

    phone.tap("step-next").await;
    phone.see("visit-step-2").await;
    phone.write("visit-notes", NOTES).await;
    phone.tap("finish").await;
    phone.see("note-done").await;
    let household = phone.path().await;

    phone.tap("back").await;
    phone.tap("tab-diary").await;
    phone.write("diary-text", "今天走了一户，路不好走。").await;
    phone.see_saved().await;
    let new_head = "欧阳𠮷";
    phone.tap("tab-households").await;
    phone.add_household(LIUSHUGOU).await;
    phone.write("f-head", new_head).await;
    phone.write("f-group", "三组").await;
    phone.see_saved().await;
    phone.tap("tag-tekun_hu").await;
    phone.see_saved().await;
    // A 特困户 (S4) is a 困难户 (S3) too: the household is to be visited by either scheme.
    let both = "return document.querySelector('[data-testid=tag-kunnan_hu]').ariaPressed === 'true';";
    until("both tags are on", async || phone.browser.script::<bool>(both, Value::Null).await.then_some(()))
        .await;

    phone.die();
    phone.revive().await;
    everything_is_still_there(&mut phone, &household, new_head).await;

    server.start();
    phone.tap("tab-mine").await;
    phone.tap("sync-now").await;
    phone.see_text("state-line", "已全部上报").await;
    let (waiting, received) = counts_on_mine(&mut phone).await;
    assert_eq!(waiting, 0);
    assert_eq!(received, 3, "a visit with what was said, a diary entry, a household: all by receipts");
    phone.open(&household).await;
    phone.see_text("place", "乡镇已收到").await;
    phone.tap("timeline-row").await;
    phone.see("visited").await;
    the_history_tells(&mut phone, &[CADRE, NOTES, "原话", HEARD[0], HEARD[1]]).await;

    server.check();
    the_office_sees_it(&server, &head, new_head).await;
}

/// 待上报 and 乡镇已收到.
async fn counts_on_mine(phone: &mut Phone) -> (u32, u32) {
    phone.tap("tab-mine").await;
    phone.counts().await
}

/// After the second death, still offline.
async fn everything_is_still_there(phone: &mut Phone, household: &str, new_head: &str) {
    // It reopens in the form that was open, over the record that it has begun.
    phone.see_value("f-head", new_head).await;
    phone.see_value("f-group", "三组").await;
    phone.open(household).await;
    for heard in HEARD {
        phone.see_words(heard).await;
    }
    phone.see_text("place", "已存本机").await;
    phone.open("/diary").await;
    phone.see_value("diary-text", "今天走了一户，路不好走。").await;
    phone.open("/mine").await;
    phone.see_text("state-line", "离线可用").await;
    let (waiting, _) = phone.counts().await;
    assert_eq!(waiting, 3);
    phone.see_text("waiting-what", "1 次走访（含 2 条意见）、1 篇手记、1 户的资料").await;
    phone.see("offline-hint").await;
    phone.tap("sync-now").await;
    phone.see_text("sync-said", "记录都在手机里；一有网会自动上报").await;
    assert_eq!(phone.count("offline-hint").await, 0, "said once");
}

async fn the_office_sees_it(server: &Server, head: &str, new_head: &str) {
    let console = Console::sign_in(server).await;
    let ledger = console.page("/console/visits").await;
    assert!(ledger.contains(head), "the visit stands in the ledger");
    let visit = ledger.split("href=\"/console/visits/").skip(1).find(|rest| rest.contains(head));
    let id = visit.and_then(|rest| rest.split('"').next()).expect("the visit's page");
    let page = console.page(&format!("/console/visits/{id}")).await;
    for words in [HEARD[0], HEARD[1], NOTES] {
        assert!(page.contains(words), "{words}");
    }
    assert!(console.page("/console/households?q=欧阳").await.contains(new_head));
    let rows = console.xlsx().await;
    let with_words = rows.iter().filter(|row| row.iter().any(|cell| cell.contains(HEARD[1])));
    assert_eq!(with_words.count(), 1, "its row exactly once");
}

/// The household of a demo village that both cadres go to.
struct Shared {
    other_cadre: String,
    household: Uuid,
    head: String,
}

fn shared_household(server: &Server) -> Shared {
    let sql = "SELECT c.name, h.id, h.head FROM cadre me JOIN cadre_village mine ON mine.cadre = me.id
         JOIN cadre_village theirs ON theirs.village = mine.village AND theirs.cadre <> me.id
         JOIN cadre c ON c.id = theirs.cadre JOIN household h ON h.village = mine.village
         WHERE me.name = ?1 AND h.phone <> '' ORDER BY c.name, h.id LIMIT 1";
    let found = server.database().query_row(sql, [CADRE], |row| {
        let id: [u8; 16] = row.get(1)?;
        Ok(Shared { other_cadre: row.get(0)?, household: Uuid::from_bytes(id), head: row.get(2)? })
    });
    found.expect("a village that two cadres share")
}

#[tokio::test(flavor = "multi_thread")]
async fn two_phones_on_one_household_merge_what_differs_and_settle_the_rest() {
    let mut server = Server::demo(HOUSEHOLDS);
    let Shared { other_cadre, household, head } = shared_household(&server);
    let mut axiang = Phone::enrolled("阿香", &server, CADRE).await;
    let mut laozhou = Phone::enrolled("老周", &server, &other_cadre).await;
    let page = format!("/household/{household}");
    server.stop();
    for (phone, number, field, words) in [
        (&mut axiang, "13800000001", "f-door", "特17号"),
        (&mut laozhou, "13800000002", "f-note", "房后有水"),
    ] {
        phone.open(&page).await;
        phone.tap("edit-household").await;
        phone.rewrite("f-phone", number).await;
        phone.rewrite(field, words).await;
        phone.see_saved().await;
        phone.tap("done").await;
        phone.see("household").await;
    }
    server.start();
    for phone in [&mut axiang, &mut laozhou] {
        sync_all(phone).await;
    }
    for phone in [&mut axiang, &mut laozhou] {
        phone.open("/mine").await;
        phone.tap("sync-now").await;
        for number in ["13800000001", "13800000002"] {
            phone.see_text("conflict", number).await;
        }
        assert_eq!(phone.count("conflict").await, 1, "the telephone, and nothing else");
    }
    let console = Console::sign_in(&server).await;
    let conflicts = console.page("/console/conflicts").await;
    for words in [head.as_str(), "13800000001", "13800000002"] {
        assert!(conflicts.contains(words), "{words}");
    }

    let other = laozhou.text("conflict-other").await;
    let chosen = if other.contains("13800000001") { "13800000001" } else { "13800000002" };
    laozhou.tap("conflict-other").await;
    laozhou.see_no("conflict").await;
    sync_all(&mut laozhou).await;
    axiang.tap("sync-now").await;
    axiang.see_no("conflict").await;
    for phone in [&mut axiang, &mut laozhou] {
        phone.open(&page).await;
        for words in [chosen, "特17号", "房后有水"] {
            phone.see_words(words).await;
        }
    }
    the_history_tells(&mut axiang, &[CADRE, &other_cadre, "特17号", &format!("改为：{chosen}"), "收到"])
        .await;
    axiang.tap("back").await;
    server.stop();
    axiang.tap("history-open").await;
    axiang.see_text("failed", "一条没丢").await;
    server.start();
    axiang.tap("retry").await;
    axiang.see("history-change").await;
    let body: String = server
        .database()
        .query_row("SELECT body FROM record WHERE id = ?1", [household.as_bytes()], |row| row.get(0))
        .expect("the household");
    for words in [chosen, "特17号", "房后有水"] {
        assert!(body.contains(words), "{words} on the server");
    }
    assert_eq!(server.count("SELECT count(*) FROM conflict WHERE open = 1"), 0);
    server.check();
}

/// From the page of a record.
async fn the_history_tells(phone: &mut Phone, words: &[&str]) {
    phone.tap("history-open").await;
    phone.see("history-change").await;
    for words in words {
        phone.see_text("history", words).await;
    }
}

/// Presses 同步 and waits until nothing waits any more.
async fn sync_all(phone: &mut Phone) {
    phone.open("/mine").await;
    phone.tap("sync-now").await;
    phone.see_text("count-waiting", "0").await;
    phone.see_text("state-line", "已全部上报").await;
}

/// A household of the cadre's villages with exactly two categories, each with a checklist.
fn household_with_two_categories(server: &Server) -> (Uuid, String) {
    let sql = "SELECT h.id, h.head FROM household h JOIN cadre_village v ON v.village = h.village
         JOIN cadre c ON c.id = v.cadre JOIN tag t ON t.household = h.id
         WHERE c.name = ?1 AND h.id NOT IN visited_today
         GROUP BY h.id HAVING count(DISTINCT t.category) = 2 ORDER BY h.id LIMIT 1";
    let sql = format!("{VISITED_TODAY} {sql}");
    let found = server.database().query_row(&sql, [CADRE], |row| {
        let id: [u8; 16] = row.get(0)?;
        Ok((Uuid::from_bytes(id), row.get(1)?))
    });
    found.expect("a household with two categories")
}

/// At most this many taps besides typing for a visit to a known household（约定）.
const TAPS_MAX: u32 = 12;

#[tokio::test(flavor = "multi_thread")]
async fn a_visit_to_a_known_household_takes_few_taps() {
    let server = Server::demo(HOUSEHOLDS);
    let (household, head) = household_with_two_categories(&server);
    let mut phone = Phone::enrolled("阿香", &server, CADRE).await;
    // The visit before, on this version of the checklists.
    phone.open(&format!("/household/{household}")).await;
    phone.tap("go-visit").await;
    phone.see("visit-step-0").await;
    phone.answer_required().await;
    phone.tap("step-next").await;
    phone.tap("step-next").await;
    phone.tap("finish").await;
    phone.see("note-done").await;
    phone.open("/").await;
    phone.tap("back").await;
    phone.see("today").await;

    let before = phone.taps();
    phone.tap("tab-visit").await;
    phone.tap_text("household-row", &head).await;
    // The second time on one day is not begun by mistake.
    phone.see_text("twice", "今天已走访，再记一次？").await;
    assert_eq!(phone.count("go-visit").await, 0);
    phone.tap("twice-go").await;
    phone.tap("repeat-all").await;
    phone.tap("step-next").await;
    phone.write("opinion-1", HEARD[0]).await;
    phone.tap("opinion-add").await;
    phone.see_cursor_in("opinion-2").await;
    phone.type_on(HEARD[1]).await;
    phone.tap("step-next").await;
    phone.tap("finish").await;
    phone.see("note-done").await;
    for heard in HEARD {
        phone.see_words(heard).await;
    }
    phone.see_text("note-done", "乡镇已收到").await;
    let taps = phone.taps() - before;
    println!("a visit to a known household with two opinions: {taps} taps besides typing");
    assert!(taps <= TAPS_MAX, "{taps} taps");
}
