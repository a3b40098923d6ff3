//! What was said, from the question to its correction; and what the forms ask to look at again.

use lianxin_tests::e2e::{LIUSHUGOU, Phone, Server, VISITED_TODAY};
use uuid::Uuid;

const CADRE: &str = "韩冬梅";

/// A household of hers with an old party member, and their name.
fn party_household(server: &Server) -> (Uuid, String) {
    let sql = "SELECT t.household, p.name FROM tag t JOIN person p ON p.id = t.record
         JOIN cadre_village v ON v.village = t.village JOIN cadre c ON c.id = v.cadre
         WHERE c.name = ?1 AND t.category = 'lao_dangyuan' AND t.household NOT IN visited_today
         ORDER BY t.household LIMIT 1";
    let sql = format!("{VISITED_TODAY} {sql}");
    let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, [u8; 16]>(0)?, row.get(1)?));
    let (id, name) = server.database().query_row(&sql, [CADRE], read).expect("an old party member");
    (Uuid::from_bytes(id), name)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_answered_in_their_words_is_said_once_and_can_be_sorted_later() {
    let server = Server::demo(150);
    let (household, member) = party_household(&server);
    let mut phone = Phone::enrolled("阿香", &server, CADRE).await;
    phone.open(&format!("/household/{household}")).await;
    phone.tap("go-visit").await;
    phone.see("visit-step-0").await;
    phone.see_text("q-party_year-about", &format!("{member}（老党员）")).await;
    phone.write("q-party_year-answer", "19766").await;
    phone.write("q-advice-answer", "村口的桥要修。").await;
    phone.see_text("q-party_year", "应在 1921 到 2100 之间").await;
    phone.rewrite("q-party_year-answer", "1976").await;
    phone.answer_required().await;
    phone.tap("step-next").await;
    phone.see_value("opinion-1", "村口的桥要修。").await;
    phone.see_chosen("opinion-1-kind-suggestion").await;
    assert_eq!(phone.count("opinion-2").await, 0);
    phone.rewrite("opinion-1", "村口的桥要修，今年就修。").await;
    phone.see_saved().await;
    phone.tap("step-back").await;
    phone.see("visit-step-0").await;
    phone.tap("step-next").await;
    phone.see_value("opinion-1", "村口的桥要修，今年就修。").await;
    phone.tap("step-next").await;
    phone.see_words("被走访：").await;
    phone.tap("finish").await;
    phone.see_text("note-done", "乡镇已收到").await;

    phone.tap("timeline-row").await;
    phone.see("visited").await;
    phone.tap("amend").await;
    phone.tap("change-words").await;
    phone.tap("said-1-kind-help").await;
    phone.see_chosen("said-1-kind-help").await;
    phone.tap("said-1-more").await;
    phone.tap("said-1-anonymous").await;
    phone.see_text("said", "不留姓名").await;
    phone.see_saved().await;
    // Killed in the middle, it is as it was sorted.
    phone.die();
    phone.revive().await;
    phone.see_chosen("said-1-kind-help").await;
    phone.tap("step-next").await;
    phone.tap("finish").await;
    phone.see_text("note-done", "乡镇已收到").await;
    let sorted = "SELECT count(*) FROM opinion WHERE kind = 'help' AND anonymous = 1 AND household = ?1";
    let count: i64 =
        server.database().query_row(sorted, [household.as_bytes()], |row| row.get(0)).expect("counted");
    assert_eq!(count, 1);
    let beside_the_name = "SELECT count(*) FROM patch WHERE instr(body, 'answers.advice')";
    let count: i64 = server.database().query_row(beside_the_name, [], |row| row.get(0)).expect("counted");
    assert_eq!(count, 0, "what was said has left the phone in no visit");
    server.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn back_from_a_corrected_visit_leads_on() {
    let server = Server::demo(150);
    let mut phone = Phone::at_the_words("阿香", &server, CADRE).await;
    phone.tap("step-next").await;
    phone.tap("finish").await;
    phone.see("note-done").await;
    for ends in ["finish", "discard"] {
        phone.tap("timeline-row").await;
        phone.see("visited").await;
        phone.tap("amend").await;
        phone.write("visit-notes", "门前要修。").await;
        phone.tap(ends).await;
        if ends == "discard" {
            phone.tap("discard-yes").await;
        }
        phone.see("visited").await;
        phone.see_no("visit-step-2").await;
        phone.back().await;
        phone.see("household").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_looks_odd_is_asked_about_and_nothing_is_refused() {
    let server = Server::demo(150);
    let mut phone = Phone::enrolled("阿香", &server, CADRE).await;
    let sql = "SELECT h.head, h.grp, h.door FROM household h JOIN cadre_village v ON v.village = h.village
         JOIN cadre c ON c.id = v.cadre WHERE c.name = ?1 AND h.grp <> '' AND h.door <> '' ORDER BY h.id LIMIT 1";
    let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    let (head, group, door): (String, String, String) =
        server.database().query_row(sql, [CADRE], read).expect("a household");
    phone.tap("tab-households").await;
    phone.write("search", &format!("{group}{door}")).await;
    phone.see_text("household-row", &head).await;
    phone.add_household(LIUSHUGOU).await;
    phone.write("f-head", &head).await;
    phone.write("f-group", &group).await;
    phone.see_saved().await;
    assert_eq!(phone.count("twin").await, 0, "another door is another household");
    phone.write("f-door", &door).await;
    phone.see_text("twin", &format!("册里已有{head}")).await;
    phone.write("f-phone", "139123").await;
    phone.write("f-note", "新搬来").await;
    phone.see_text("remark", "位数不像电话号码").await;
    phone.rewrite("f-phone", "13912345678").await;
    phone.write("f-note", "的").await;
    phone.see_no("remark").await;
    phone.tap("twin-see").await;
    phone.see("household").await;
    assert_eq!(phone.heading().await, head);

    phone.open("/visit").await;
    phone.tap("visit-other").await;
    phone.write("visit-name", "中心小学").await;
    phone.tap("visit-kind-school").await;
    phone.tap("visit-begin").await;
    phone.see_words("请先点是在哪个村").await;
    phone.tap(&format!("village-{LIUSHUGOU}")).await;
    phone.tap("visit-begin").await;
    phone.see_text("how", "实地").await;
    assert!(!phone.page_says("入户").await, "nobody's home is entered at a school");
}
