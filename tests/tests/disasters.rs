//! What befalls a township: its server is restored from an older backup, a phone's data is in use twice, a village
//! changes hands, a phone is revoked. The real server process, and phones without a screen.

use lianxin_app::store::RecordPlace;
use lianxin_server::{
    service::{Ruling, rule},
    storage::{DATABASE_FILE, StorageError, open_writable},
};
use lianxin_tests::e2e::{Headless, LIUSHUGOU, SHIQIAO, Server, until};
use uuid::Uuid;

/// The id of a cadre's phone.
fn device_of(server: &Server, cadre: &str) -> String {
    let devices = server.cli(&["device", "list"]);
    let line = devices.lines().find(|line| line.contains(cadre)).expect("a phone");
    line.split_whitespace().next().expect("an id").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restore_the_phones_bring_back_all_that_the_backup_lacks() {
    let mut server = Server::two_villages();
    let axiang = Headless::enrolled(&server, "阿香").await;
    let before = axiang.new_household(LIUSHUGOU, "备份前的户").await;
    axiang.synced().await;
    let backup = server.dir().join("monday.db");
    server.cli(&["backup", &backup.to_string_lossy()]);

    // Tuesday: both write, a third phone is enrolled, and the office imports.
    let laozhou = Headless::enrolled(&server, "老周").await;
    let after = laozhou.new_household(LIUSHUGOU, "备份后的户").await;
    laozhou.synced().await;
    axiang.edit(before, "phone", "13800000001").await.expect("saved");
    axiang.synced().await;
    let table = server.dir().join("户册.csv");
    std::fs::write(&table, "户主姓名,组别\n办公室导入的户,一组\n").expect("a table");
    server.cli(&["import", "households", &table.to_string_lossy(), "--village", LIUSHUGOU]);
    axiang.synced().await;
    let unsent = laozhou.new_household(LIUSHUGOU, "还没报的户").await;

    let words = server.refused(&["restore", &backup.to_string_lossy()]);
    assert!(words.contains("服务还在运行"), "{words}");
    server.stop();
    server.cli(&["restore", &backup.to_string_lossy()]);
    server.start();

    // 老周's phone was enrolled after the backup, and need not be enrolled again.
    axiang.synced().await;
    laozhou.synced().await;
    for phone in [&axiang, &laozhou] {
        phone.synced().await;
        assert_eq!(phone.text(before, "phone").await, "13800000001");
        assert_eq!(phone.text(after, "head").await, "备份后的户");
        assert_eq!(phone.text(unsent, "head").await, "还没报的户");
        assert!(phone.mine().await.conflicts.is_empty());
    }
    let heads = "SELECT group_concat(head, '、') FROM (SELECT head FROM household ORDER BY head)";
    let heads: String = server.database().query_row(heads, [], |row| row.get(0)).expect("a list");
    assert_eq!(heads, "办公室导入的户、备份前的户、备份后的户、还没报的户");
    server.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_takes_back_no_word_on_who_may_do_what() {
    let mut server = Server::two_villages();
    let axiang = Headless::enrolled(&server, "阿香").await;
    let laozhou = Headless::enrolled(&server, "老周").await;
    let id = axiang.new_household(LIUSHUGOU, "李翠花").await;
    axiang.synced().await;
    laozhou.synced().await;
    let backup = server.dir().join("monday.db");
    server.cli(&["backup", &backup.to_string_lossy()]);
    server.cli(&["device", "revoke", &device_of(&server, "老周")]);
    server.cli(&["cadre", "villages", "阿香", "--village", SHIQIAO]);
    server.stop();
    let words = server.cli(&["restore", &backup.to_string_lossy()]);
    assert!(words.contains("没有退回去"), "{words}");
    server.start();

    laozhou.press_sync().await;
    until("the phone stays locked", async || laozhou.status().await.locked.then_some(())).await;
    axiang.synced().await;
    assert!(axiang.record(id).await.is_none(), "the village stays withdrawn");
    server.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn when_only_the_backup_is_left_every_phone_still_brings_everything_back() {
    let mut server = Server::two_villages();
    let axiang = Headless::enrolled(&server, "阿香").await;
    axiang.synced().await;
    let backup = server.dir().join("monday.db");
    server.cli(&["backup", &backup.to_string_lossy()]);
    let laozhou = Headless::enrolled(&server, "老周").await;
    server.cli(&["cadre", "villages", "阿香", "--village", LIUSHUGOU, "--village", SHIQIAO]);
    axiang.synced().await;
    let granted_later = axiang.new_household(SHIQIAO, "备份后才分的村").await;
    let after = laozhou.new_household(LIUSHUGOU, "备份后登记的手机写的").await;
    axiang.synced().await;
    laozhou.synced().await;
    axiang.synced().await;

    // The disk is half destroyed.
    server.stop();
    let present = server.data().join("lianxin.db");
    let mut bytes = std::fs::read(&present).expect("the database");
    bytes[..4096].fill(0x5a);
    std::fs::write(&present, bytes).expect("damage");
    let words = server.cli(&["restore", &backup.to_string_lossy()]);
    assert!(words.contains("请核对") && words.contains("device revoke"), "{words}");
    server.start();

    axiang.synced().await;
    assert_eq!(axiang.text(granted_later, "head").await, "备份后才分的村", "it stays on the phone");
    laozhou.told("不认识这部手机").await;
    laozhou.enrol(server.url(), &server.code("老周")).await.expect("enrolled again");
    laozhou.synced().await;
    server.cli(&["cadre", "villages", "阿香", "--village", LIUSHUGOU, "--village", SHIQIAO]);
    axiang.synced().await;
    axiang.synced().await;
    assert_eq!(axiang.text(granted_later, "head").await, "备份后才分的村");
    assert_eq!(axiang.text(after, "head").await, "备份后登记的手机写的");
    assert_eq!(axiang.record(granted_later).await.expect("there").place, RecordPlace::Received);
    let heads = "SELECT group_concat(head, '、') FROM (SELECT head FROM household ORDER BY head)";
    let heads: String = server.database().query_row(heads, [], |row| row.get(0)).expect("a list");
    assert_eq!(heads, "备份后才分的村、备份后登记的手机写的");
    server.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_put_back_behind_the_servers_back_is_noticed_and_healed() {
    let mut server = Server::two_villages();
    let axiang = Headless::enrolled(&server, "阿香").await;
    let laozhou = Headless::enrolled(&server, "老周").await;
    let file = server.data().join("lianxin.db");
    server.stop();
    let old = std::fs::read(&file).expect("the database");
    server.start();
    let id = axiang.new_household(LIUSHUGOU, "李翠花").await;
    axiang.synced().await;
    laozhou.synced().await;
    server.stop();
    std::fs::write(&file, old).expect("an older database");
    server.start();
    laozhou.synced().await;
    axiang.synced().await;
    laozhou.synced().await;
    assert_eq!(laozhou.text(id, "head").await, "李翠花");
    assert_eq!(axiang.record(id).await.expect("still here").place, RecordPlace::Received);
    server.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copied_phone_gets_a_number_of_its_own_and_neither_loses_a_word() {
    let server = Server::two_villages();
    let mut axiang = Headless::enrolled(&server, "阿香").await;
    axiang.sleep();
    let mut copy = axiang.copied();
    axiang.wake();
    copy.wake();
    let by_first = axiang.new_household(LIUSHUGOU, "第一部写的").await;
    let by_copy = copy.new_household(LIUSHUGOU, "第二部写的").await;
    axiang.synced().await;
    copy.synced().await;
    axiang.synced().await;
    for phone in [&axiang, &copy] {
        assert_eq!(phone.text(by_first, "head").await, "第一部写的");
        assert_eq!(phone.text(by_copy, "head").await, "第二部写的");
    }
    server.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_village_that_changes_hands_comes_and_goes_with_the_next_sync() {
    let server = Server::two_villages();
    let axiang = Headless::enrolled(&server, "阿香").await;
    let laozhou = Headless::enrolled(&server, "老周").await;
    let id = laozhou.new_household(LIUSHUGOU, "李翠花").await;
    laozhou.synced().await;
    axiang.synced().await;
    let unsent = axiang.new_household(LIUSHUGOU, "交接前写的").await;
    server.cli(&["cadre", "villages", "阿香", "--village", SHIQIAO]);
    axiang.synced().await;
    assert!(axiang.record(id).await.is_none(), "its records have left the phone");
    assert!(axiang.record(unsent).await.is_none());
    assert!(axiang.mine().await.held.is_empty(), "what was written before was accepted");
    laozhou.synced().await;
    assert_eq!(laozhou.text(unsent, "head").await, "交接前写的");

    server.cli(&["cadre", "villages", "阿香", "--village", LIUSHUGOU, "--village", SHIQIAO]);
    axiang.synced().await;
    assert_eq!(axiang.text(id, "head").await, "李翠花", "and come back whole");
    assert_eq!(axiang.status().await.identity.expect("enrolled").villages.len(), 2);
    server.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_phone_hands_in_its_unsent_work_and_then_locks_itself() {
    let server = Server::two_villages();
    let axiang = Headless::enrolled(&server, "阿香").await;
    let laozhou = Headless::enrolled(&server, "老周").await;
    let unsent = axiang.new_household(LIUSHUGOU, "停用前写的").await;
    server.cli(&["device", "revoke", &device_of(&server, "阿香")]);
    let theirs = laozhou.new_household(LIUSHUGOU, "停用后别人写的").await;
    laozhou.synced().await;

    axiang.press_sync().await;
    until("the phone locks itself", async || axiang.status().await.locked.then_some(())).await;
    assert!(axiang.record(theirs).await.is_none(), "it receives nothing more");
    laozhou.synced().await;
    assert!(laozhou.record(unsent).await.is_none(), "its work waits for the office");
    let held = "SELECT count(*) FROM patch WHERE record = ?1 AND held <> ''";
    let held: i64 =
        server.database().query_row(held, [unsent.as_bytes()], |row| row.get(0)).expect("a count");
    assert_eq!(held, 1, "it is kept whole for the office");
    server.check();
}

/// The office rules on what is held of one record; the server must be stopped.
fn rule_on(server: &Server, record: Uuid, release: bool) {
    let db = open_writable(&server.data().join(DATABASE_FILE)).expect("the database");
    let tx = db.unchecked_transaction().expect("a transaction");
    let find = "SELECT device FROM patch WHERE record = ?1 AND held <> ''";
    let device: i64 = tx.query_row(find, [record.as_bytes()], |row| row.get(0)).expect("it is held");
    let why = if release { String::new() } else { "不是这一户".to_owned() };
    let ruling = Ruling { release, by: "乡镇走访办 老周".to_owned(), why, at_ms: 1 };
    let ruled = rule(&tx, lianxin_shared::replica::DeviceId::from_i64(device), Some(record), &ruling);
    assert_eq!(ruled.map_err(|error: StorageError| error.to_string()).expect("ruled").changed, 1);
    tx.commit().expect("committed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_enrolled_anew_hears_what_became_of_its_held_work_and_no_restore_brings_in_what_was_refused()
{
    let mut server = Server::two_villages();
    let axiang = Headless::enrolled(&server, "阿香").await;
    axiang.synced().await;
    let backup = server.dir().join("monday.db");
    server.cli(&["backup", &backup.to_string_lossy()]);
    let taken = axiang.new_household(LIUSHUGOU, "收下的户").await;
    let refused = axiang.new_household(LIUSHUGOU, "不收的户").await;
    let waiting = axiang.new_household(LIUSHUGOU, "还没看的户").await;
    server.cli(&["device", "revoke", &device_of(&server, "阿香")]);
    axiang.press_sync().await;
    until("the phone locks itself", async || axiang.status().await.locked.then_some(())).await;
    axiang.enrol(server.url(), &server.code("阿香")).await.expect("enrolled anew");
    axiang.synced().await;
    assert_eq!(axiang.mine().await.held.len(), 3, "all of it waits for the office");

    server.stop();
    rule_on(&server, taken, true);
    rule_on(&server, refused, false);
    server.start();
    axiang.synced().await;
    let mine = axiang.mine().await;
    assert_eq!(mine.held.iter().map(|row| row.id).collect::<Vec<_>>(), [waiting]);
    assert_eq!(
        mine.refused.iter().map(|row| (row.id, row.reason.as_str())).collect::<Vec<_>>(),
        [(refused, "不是这一户")]
    );
    assert_eq!(axiang.record(taken).await.expect("there").place, RecordPlace::Received);
    assert!(axiang.record(refused).await.is_none(), "what was refused is on the register no more");

    server.stop();
    server.cli(&["restore", &backup.to_string_lossy()]);
    server.start();
    axiang.synced().await;
    axiang.synced().await;
    let heads = "SELECT group_concat(head, '、') FROM (SELECT head FROM household ORDER BY head)";
    let heads: String = server.database().query_row(heads, [], |row| row.get(0)).expect("a list");
    assert_eq!(heads, "收下的户、还没看的户", "not a word is lost, and what was refused stays out");
    assert_eq!(axiang.mine().await.refused.len(), 1);
    assert_eq!(
        axiang.record(waiting).await.expect("there").place,
        RecordPlace::Received,
        "nobody else had it"
    );
    server.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_forgets_no_ruling_of_the_office() {
    let mut server = Server::two_villages();
    let laozhou = Headless::enrolled(&server, "老周").await;
    laozhou.synced().await;
    let before = server.dir().join("sunday.db");
    server.cli(&["backup", &before.to_string_lossy()]);
    server.cli(&["cadre", "villages", "老周", "--village", SHIQIAO]);
    let taken = laozhou.new_household(LIUSHUGOU, "收下的户").await;
    let refused = laozhou.new_household(LIUSHUGOU, "不收的户").await;
    laozhou.press_sync().await;
    until("both are held", async || (laozhou.mine().await.held.len() == 2).then_some(())).await;
    let after = server.dir().join("monday.db");
    server.cli(&["backup", &after.to_string_lossy()]);
    server.stop();
    rule_on(&server, taken, true);
    rule_on(&server, refused, false);

    // A backup that has them waiting, and one in which they come again.
    for (backup, let_in) in [(&after, 1), (&before, 0)] {
        server.cli(&["restore", &backup.to_string_lossy()]);
        server.start();
        laozhou.synced().await;
        let mine = laozhou.mine().await;
        assert_eq!(mine.refused.iter().map(|row| row.id).collect::<Vec<_>>(), [refused]);
        assert_eq!(server.count("SELECT count(*) FROM household WHERE head = '收下的户'"), let_in);
        assert_eq!(server.count("SELECT count(*) FROM household WHERE head = '不收的户'"), 0);
        server.check();
        server.stop();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_townships_database_is_replaced_only_if_that_is_meant() {
    let theirs = Server::two_villages();
    let backup = theirs.dir().join("theirs.db");
    theirs.cli(&["backup", &backup.to_string_lossy()]);
    let mut own = Server::two_villages();
    let axiang = Headless::enrolled(&own, "阿香").await;
    axiang.new_household(LIUSHUGOU, "李翠花").await;
    axiang.synced().await;
    own.stop();
    let words = own.refused(&["restore", &backup.to_string_lossy()]);
    assert!(!own.data().join("restore").exists(), "no copy of the backup stays behind");
    assert!(words.contains("另一个乡镇") && words.contains("--replace-other"), "{words}");
    assert_eq!(own.count("SELECT count(*) FROM household"), 1, "nothing has changed");
    let words = own.cli(&["restore", &backup.to_string_lossy(), "--replace-other"]);
    assert!(words.contains("另一个乡镇") && words.contains("请核对"), "{words}");
    assert_eq!(own.count("SELECT count(*) FROM household"), 0);
    // What was replaced keeps all that is erased later, until somebody removes it.
    let names = std::fs::read_dir(own.data()).expect("the folder").flatten().map(|entry| entry.file_name());
    let kept =
        names.map(|name| name.to_string_lossy().into_owned()).find(|name| name.contains("before-restore"));
    let kept = kept.expect("the former database");
    let words = own.cli(&["check"]);
    assert!(words.contains(&kept) && words.contains("一切正常"), "{words}");
    std::fs::remove_file(own.data().join(kept)).expect("removed");
    assert!(!own.cli(&["check"]).contains("before-restore"));
}
