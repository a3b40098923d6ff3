//! What the office decides about what phones handed in, and what the phones then show: held work let in or refused,
//! villages granted again, conflicts settled. The real server process, its console, and phones without a screen.

use lianxin_app::store::{HeldElsewhere, RecordPlace};
use lianxin_tests::e2e::{Console, Headless, Server, until};
use rusqlite::params;
use uuid::Uuid;

const LIUSHUGOU: &str = "519921105201";
const SHIQIAO: &str = "519921105202";

/// 阿香 in both villages, 老周 in 石桥村.
fn township() -> Server {
    let villages = [(LIUSHUGOU, "柳树沟村"), (SHIQIAO, "石桥村")];
    let server = Server::township(&villages, &[("阿香", LIUSHUGOU), ("老周", SHIQIAO)]);
    grant(&server, "阿香", &[LIUSHUGOU, SHIQIAO]);
    server
}

fn grant(server: &Server, cadre: &str, villages: &[&str]) {
    let mut command = vec!["cadre", "villages", cadre];
    villages.iter().for_each(|code| command.extend(["--village", code]));
    server.cli(&command);
}

fn patches(server: &Server, id: Uuid) -> (i64, i64) {
    let sql = "SELECT count(*), coalesce(sum(held <> ''), 0) FROM patch WHERE record = ?1";
    let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
    server.database().query_row(sql, params![id.as_bytes()], read).expect("counted")
}

/// The device that wrote a record.
fn writer(server: &Server, id: Uuid) -> String {
    let sql = "SELECT device FROM patch WHERE record = ?1 LIMIT 1";
    let device: i64 = server.database().query_row(sql, [id.as_bytes()], |row| row.get(0)).expect("a patch");
    format!("{:016x}", device.unsigned_abs())
}

async fn place(phone: &Headless, id: Uuid) -> RecordPlace {
    phone.record(id).await.expect("on the phone").place
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_for_a_withdrawn_village_arrives_once_it_is_granted_again() {
    let server = township();
    let axiang = Headless::enrolled(&server, "阿香").await;
    let laozhou = Headless::enrolled(&server, "老周").await;
    grant(&server, "阿香", &[LIUSHUGOU]);
    let id = axiang.new_household(SHIQIAO, "李翠花").await;
    axiang.edit(id, "phone", "13800000001").await.expect("saved");
    axiang.synced().await;
    axiang.edit(id, "phone", "13800000002").await.expect("saved");
    axiang.synced().await;
    assert_eq!(place(&axiang, id).await, RecordPlace::Held);
    assert_eq!(patches(&server, id), (2, 2));
    laozhou.synced().await;
    assert!(laozhou.record(id).await.is_none());

    grant(&server, "阿香", &[LIUSHUGOU, SHIQIAO]);
    assert_eq!(patches(&server, id), (2, 0), "let in, and nothing doubled");
    for phone in [&axiang, &laozhou] {
        phone.synced().await;
        assert_eq!(phone.text(id, "phone").await, "13800000002");
        assert_eq!(place(phone, id).await, RecordPlace::Received);
    }
    assert!(axiang.mine().await.held.is_empty() && axiang.mine().await.conflicts.is_empty());
    let kept = server.count("SELECT count(*) FROM ruling WHERE released = 1 AND held = '这个村没有分给您'");
    assert_eq!(kept, 2, "why they were held, and when they came in, is kept");
    grant(&server, "阿香", &[LIUSHUGOU, SHIQIAO]);
    assert_eq!(server.count("SELECT count(*) FROM ruling"), 2, "granting twice changes nothing");
    server.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_office_lets_a_revoked_phones_work_in() {
    let server = township();
    let axiang = Headless::enrolled(&server, "阿香").await;
    let laozhou = Headless::enrolled(&server, "老周").await;
    let console = Console::sign_in(&server).await;
    let id = axiang.new_household(SHIQIAO, "停用前写的").await;
    let devices = server.cli(&["device", "list"]);
    let line = devices.lines().find(|line| line.contains("阿香")).expect("her phone");
    server.cli(&["device", "revoke", line.split_whitespace().next().expect("an id")]);
    axiang.press_sync().await;
    until("the phone locks itself", async || axiang.status().await.locked.then_some(())).await;
    let page = console.page("/console/held").await;
    for words in ["停用前写的", "这部手机已停用", "石桥村", "户主", "阿香"] {
        assert!(page.contains(words), "{words}");
    }
    let form = [("device", &*writer(&server, id)), ("record", &*id.to_string()), ("verdict", "release")];
    console.submit("/console/held", &form).await;
    console.submit("/console/held", &form).await;
    laozhou.synced().await;
    assert_eq!(laozhou.text(id, "head").await, "停用前写的");
    assert_eq!(
        server.count("SELECT count(*) FROM ruling WHERE released = 1 AND by LIKE '乡镇走访办 %'"),
        1,
        "once, by name"
    );
    assert!(console.page("/console/held").await.contains("没有要核的"));
    server.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_leaves_the_records_and_stays_to_be_read() {
    let server = township();
    let axiang = Headless::enrolled(&server, "阿香").await;
    let laozhou = Headless::enrolled(&server, "老周").await;
    let console = Console::sign_in(&server).await;
    let shared = laozhou.new_household(SHIQIAO, "老户").await;
    laozhou.synced().await;
    axiang.synced().await;
    grant(&server, "阿香", &[LIUSHUGOU]);
    let new = axiang.new_household(SHIQIAO, "不该有的户").await;
    axiang.edit(shared, "note", "写错村了").await.expect("saved");
    axiang.synced().await;
    let device = writer(&server, new);

    let answer = console.post("/console/held", &[("device", &device), ("verdict", "refuse")]).await;
    assert_eq!(answer.status(), 422, "a refusal says why");
    let why = "这两户归石桥村管，请转告老周";
    let form = [("device", device.as_str()), ("verdict", "refuse"), ("why", why)];
    console.submit("/console/held", &form).await;
    axiang.synced().await;
    let mine = axiang.mine().await;
    assert!(mine.held.is_empty(), "nothing waits any more");
    let told: Vec<_> = mine.refused.iter().map(|row| (row.title.as_str(), row.reason.as_str())).collect();
    assert!(told.contains(&("不该有的户", why)), "{told:?}");
    assert!(mine.refused.iter().any(|row| row.words.contains(&"备注：写错村了".to_owned())), "{mine:?}");
    assert!(axiang.record(new).await.is_none(), "it is no household any more");

    // Her next phone has none of it, and hears that it was refused and why.
    let next = Headless::enrolled(&server, "阿香").await;
    let told = next.mine().await.held_elsewhere;
    assert_eq!(told, [HeldElsewhere { reason: why.to_owned(), refused: true, count: 2 }]);
    assert!(axiang.mine().await.held_elsewhere.is_empty(), "the one that wrote it has the words");

    // The office thinks again about one of them.
    let refused = console.page("/console/held?refused=1").await;
    assert!(refused.contains("不该有的户") && refused.contains(why), "{refused}");
    let form = [("device", device.as_str()), ("record", &*new.to_string()), ("verdict", "release")];
    console.submit("/console/held", &form).await;
    laozhou.synced().await;
    assert_eq!(laozhou.text(new, "head").await, "不该有的户");
    assert_eq!(laozhou.text(shared, "note").await, "");
    axiang.synced().await;
    let left: Vec<_> = axiang.mine().await.refused.into_iter().map(|row| row.id).collect();
    assert_eq!(left, [shared]);
    next.synced().await;
    assert_eq!(next.mine().await.held_elsewhere.iter().map(|row| row.count).collect::<Vec<_>>(), [1]);
    server.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conflict_settled_at_the_office_closes_on_every_phone() {
    let server = township();
    let axiang = Headless::enrolled(&server, "阿香").await;
    let laozhou = Headless::enrolled(&server, "老周").await;
    let console = Console::sign_in(&server).await;
    let id = laozhou.new_household(SHIQIAO, "李翠花").await;
    laozhou.synced().await;
    axiang.synced().await;
    axiang.edit(id, "phone", "13800000001").await.expect("saved");
    laozhou.edit(id, "phone", "13800000002").await.expect("saved");
    axiang.synced().await;
    laozhou.synced().await;
    let page = console.page("/console/conflicts").await;
    for words in ["13800000001", "13800000002", "阿香 今天", "老周 今天", "户 李翠花", "电话"] {
        assert!(page.contains(words), "{words}: {page}");
    }
    let field = |name: &str| -> Vec<String> {
        let mark = format!("name=\"{name}\" value=\"");
        let all = page.split(&mark).skip(1);
        all.map(|rest| rest.split('"').next().expect("a value").to_owned()).collect()
    };
    // Whose is shown is for their clocks to say: the office takes the other's.
    axiang.synced().await;
    let standing = axiang.text(id, "phone").await;
    let other = if standing == "13800000001" { "13800000002" } else { "13800000001" };
    let (shown, takes, seen) = (field("shown"), field("take"), field("seen"));
    assert_eq!(takes.len(), 1);
    let form = [("shown", shown[0].as_str()), ("take", takes[0].as_str()), ("seen", seen[0].as_str())];
    console.submit("/console/conflicts", &form).await;
    let writes = server.count("SELECT count(*) FROM patch");
    console.submit("/console/conflicts", &form).await;
    assert_eq!(server.count("SELECT count(*) FROM patch"), writes, "settled is settled");
    assert_eq!(server.count("SELECT count(*) FROM conflict WHERE open = 1"), 0);
    assert!(console.page("/console/conflicts").await.contains("现在没有冲突"));
    for phone in [&axiang, &laozhou] {
        phone.synced().await;
        assert_eq!(phone.text(id, "phone").await, other);
        assert!(phone.mine().await.conflicts.is_empty());
    }
    server.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_household_that_moves_takes_all_it_has_along_even_what_is_written_meanwhile() {
    let villages = [(LIUSHUGOU, "柳树沟村"), (SHIQIAO, "石桥村")];
    let server = Server::township(&villages, &[("阿香", LIUSHUGOU), ("老周", SHIQIAO)]);
    let axiang = Headless::enrolled(&server, "阿香").await;
    let laozhou = Headless::enrolled(&server, "老周").await;
    let console = Console::sign_in(&server).await;
    let home = axiang.new_household(LIUSHUGOU, "李翠花").await;
    let stays = axiang.new_household(LIUSHUGOU, "周秀兰").await;
    let member = axiang.new_member(LIUSHUGOU, home, "小满").await;
    axiang.synced().await;

    // 阿香 goes on without having heard of the move: one edit, and one member more.
    let form = [("household", &*home.to_string()), ("village", SHIQIAO)];
    console.submit("/console/households/move", &form).await;
    axiang.edit(home, "phone", "13800000001").await.expect("saved");
    let late = axiang.new_member(LIUSHUGOU, home, "小寒").await;
    axiang.synced().await;
    laozhou.synced().await;
    assert_eq!(laozhou.text(home, "phone").await, "13800000001");
    for id in [member, late] {
        let there = laozhou.record(id).await.expect("the household's members moved with it");
        assert_eq!((there.village.as_str(), there.place), (SHIQIAO, RecordPlace::Received));
    }
    axiang.synced().await;
    for id in [home, member, late] {
        assert!(axiang.record(id).await.is_none(), "gone from the phones of the old village");
    }
    assert_eq!(axiang.text(stays, "head").await, "周秀兰");
    let mine = axiang.mine().await;
    assert!(mine.held.is_empty() && mine.conflicts.is_empty() && mine.outbox.is_empty(), "{mine:?}");
    let page = console.page(&format!("/console/households/{home}")).await;
    assert!(page.contains("石桥村") && page.contains("小寒"), "{page}");
    let story = console.page(&format!("/console/history/{home}")).await;
    assert!(story.contains("迁到的村") && story.contains("石桥村"), "{story}");

    // Once it knows, it may not write there any more.
    let known = axiang.new_member(LIUSHUGOU, home, "立秋").await;
    axiang.synced().await;
    assert_eq!(place(&axiang, known).await, RecordPlace::Held);
    laozhou.synced().await;
    assert!(laozhou.record(known).await.is_none());

    // And back again, everything returns.
    let form = [("household", &*home.to_string()), ("village", LIUSHUGOU)];
    console.submit("/console/households/move", &form).await;
    console.submit("/console/households/move", &form).await;
    for phone in [&axiang, &laozhou] {
        phone.synced().await;
    }
    assert_eq!(axiang.text(late, "name").await, "小寒");
    assert!(laozhou.record(home).await.is_none() && laozhou.record(member).await.is_none());
    let moves = "SELECT count(*) FROM office_write WHERE by LIKE '乡镇走访办 %'";
    assert_eq!(server.count(moves), 2, "there and back, and nothing for the second click");
    let answer = console
        .post("/console/households/move", &[("household", &*home.to_string()), ("village", "999999999999")])
        .await;
    assert_eq!(answer.status(), 422);
    server.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_demo_has_something_to_settle_and_something_to_let_in() {
    let server = Server::demo(900);
    server.check();
    let console = Console::sign_in(&server).await;
    let conflicts = console.page("/console/conflicts").await;
    assert!(conflicts.contains("周秀兰") && conflicts.contains("另一种写法"), "{conflicts}");
    let held = console.page("/console/held").await;
    assert!(held.contains("马建国") && held.contains("这部手机已停用"), "{held}");
    assert!(!held.contains("<dd>019") && held.contains("一次走访，还没收下"), "no id is shown for a name");
    // The cadre whose code is printed sees the conflict on their phone too.
    let phone = Headless::enrolled(&server, "韩冬梅").await;
    assert_eq!(phone.mine().await.conflicts.len(), 1);
    let device = held.split("name=\"device\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    let form = [("device", device.expect("a form")), ("verdict", "release")];
    console.submit("/console/held", &form).await;
    assert!(console.page("/console/opinions?q=路灯坏了").await.contains("马建国"));
    server.check();
}
