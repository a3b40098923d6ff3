//! Words that want to be more than words: script, SQL, formulas, terminal sequences, text that turns around. They
//! travel from a phone to another phone, onto every page of the office, into its files, and stay words; and none of
//! them is ever found in a log or an error.

use calamine::{Data, Reader, Xlsx};
use lianxin_app::store::{Edit, Reply, Request};
use lianxin_shared::{
    domain::{diary::Diary, household::Household, opinion::Opinion, person::Person, visit::Visit},
    replica::{Base, FieldSet, kind},
    wire::PROTOCOL,
};
use lianxin_tests::e2e::{Console, Headless, Server, until};
use reqwest::{Client, StatusCode, header};
use serde_json::json;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::Cursor,
};
use uuid::Uuid;

const VILLAGE: &str = "519921105201";
/// An element that no page has: if it is one, words have become markup.
const ELEMENT: &str = "<x-evil";
/// Within an attribute's value it would become an attribute of its own.
const ATTRIBUTE: &str = "\" onevil=\"";
/// In every hostile text, so that it can be looked for.
const MARK: &str = "恶意字";

fn hostile() -> Vec<String> {
    let tricks = [
        "<x-evil onclick=x()></x-evil><script>x()</script><img src=x onerror=x()>",
        "\" onevil=\"x()\"><x-evil a=\"",
        "' onevil='x()'><x-evil a='",
        "</script></style></title></textarea></svg>--><x-evil>]]>",
        "&lt;x-evil&gt;&amp;amp; &#60;x-evil&#62;",
        "'; DROP TABLE household; --",
        "\" OR 1=1; DELETE FROM patch; %_\\",
        "=cmd|' /C calc'!A0",
        "=HYPERLINK(\"http://evil.example\")",
        "+1+cmd|' /C calc'!A0",
        "-1+1",
        "@SUM(1+1)",
        "\t=1+1",
        "\r=1+1",
        "\n=1+1",
        "＝1+1",
        " \u{3000}=1+1",
        "\u{feff}=1+1",
        "\u{200b}=1+1",
        "{=1+1}",
        "\u{202e}exe.txt\u{2066}\u{200f}",
        "nul\u{0}nul",
        "\u{1b}[31mred\u{1b}]0;title\u{7}\u{9b}2J",
        "_x0041_ _x000D_",
        "{{7*7}} ${7*7} <%= 7 %> #{7}",
        "\u{2028}\u{2029}\u{85}\r\nSet-Cookie: evil=1",
        "𠮷😟\u{200d}🧓\u{fffd}",
    ];
    let mut all: Vec<String> = tricks.iter().map(|trick| format!("{trick}{MARK}")).collect();
    all.push(format!("{}{MARK}", "长".repeat(9_000)));
    all
}

async fn save(phone: &Headless, kind: &str, set: FieldSet) -> Uuid {
    let (kind, village) = (kind.to_owned(), VILLAGE.to_owned());
    match phone.ask(Request::Save(Edit { kind, id: None, village, set, base: Base::new() })).await {
        Ok(Reply::Record(loaded)) => loaded.id,
        other => panic!("{other:?}"),
    }
}

/// One household with a member, a visit, an opinion and a diary page: every text of them is `words`.
async fn write_everywhere(phone: &Headless, words: &str, at: i64) -> Vec<Uuid> {
    let text = || words.to_owned();
    let home = Household {
        head: text(),
        group: text(),
        door: text(),
        phone: text(),
        household_no: text(),
        address: text(),
        note: text(),
        id_number: text(),
        ..Household::default()
    };
    let home = save(phone, kind::HOUSEHOLD, home.to_fields()).await;
    let person = Person {
        household: Some(home),
        name: text(),
        relation: text(),
        id_number: text(),
        phone: text(),
        birth: text(),
        note: text(),
        ..Person::default()
    };
    let visit = Visit {
        household: Some(home),
        target_name: text(),
        visitor: text(),
        visitor_name: text(),
        companions: vec![text()],
        occurred_at: Some(1_763_776_800_000 + at * 60_000),
        notes: text(),
        answers: FieldSet::from([("answers.medicine".to_owned(), words.into())]),
        ..Visit::default()
    };
    let visit = save(phone, kind::VISIT, visit.to_fields()).await;
    let opinion = Opinion {
        visit: Some(visit),
        household: Some(home),
        text: text(),
        category: text(),
        channel: text(),
        visitor: text(),
        visitor_name: text(),
        ..Opinion::default()
    };
    let diary = Diary { cadre: text(), cadre_name: text(), date: text(), text: text() };
    let mut ids = vec![home, visit];
    for (kind, fields) in [
        (kind::PERSON, person.to_fields()),
        (kind::OPINION, opinion.to_fields()),
        (kind::DIARY, diary.to_fields()),
    ] {
        ids.push(save(phone, kind, fields).await);
    }
    ids
}

/// A township in which everything that somebody can write is hostile.
struct Township {
    server: Server,
    axiang: Headless,
    laozhou: Headless,
    words: Vec<String>,
    ids: BTreeMap<String, Vec<Uuid>>,
}

impl Township {
    async fn new() -> Self {
        let server = Server::township(&[(VILLAGE, "柳树沟村")], &[("阿香", VILLAGE), ("老周", VILLAGE)]);
        let words = hostile();
        let name = format!("<x-evil>'\"{MARK}");
        server.cli(&["cadre", "add", &name, "--unit", &name, "--village", VILLAGE]);
        let device = format!("{ATTRIBUTE}>{ELEMENT}>\u{1b}[31m{MARK}");
        let asked = json!({"protocol": PROTOCOL, "code": server.code(&name), "device_name": device, "app_version": device});
        let answer = Client::new().post(format!("{}/v1/enrol", server.url())).json(&asked).send().await;
        assert_eq!(answer.expect("an answer").status(), StatusCode::OK);
        let axiang = Headless::enrolled(&server, "阿香").await;
        let laozhou = Headless::enrolled(&server, "老周").await;
        let mut ids = BTreeMap::new();
        for (at, words) in (0i64..).zip(&words) {
            ids.insert(words.clone(), write_everywhere(&axiang, words, at).await);
        }
        let disputed = axiang.new_household(VILLAGE, "李翠花").await;
        axiang.synced().await;
        laozhou.synced().await;
        axiang.edit(disputed, "note", &words[0]).await.expect("saved");
        laozhou.edit(disputed, "note", &words[1]).await.expect("saved");
        for phone in [&axiang, &laozhou, &axiang] {
            phone.synced().await;
        }
        assert_eq!(axiang.mine().await.conflicts.len(), 1);
        let revoked = Headless::enrolled(&server, &name).await;
        for line in server.cli(&["device", "list"]).lines().filter(|line| line.contains("x-evil>'")) {
            server.cli(&["device", "revoke", line.split_whitespace().next().expect("an id")]);
        }
        for words in &words {
            revoked.new_household(VILLAGE, words).await;
        }
        revoked.press_sync().await;
        until("its work is handed in", async || revoked.status().await.locked.then_some(())).await;
        Self { server, axiang, laozhou, words, ids }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_phone_receives_every_word_as_it_was_written() {
    let town = Township::new().await;
    for (words, ids) in &town.ids {
        for id in ids {
            let (sent, got) = (town.axiang.record(*id).await, town.laozhou.record(*id).await);
            let (sent, got) =
                (sent.expect("written"), got.unwrap_or_else(|| panic!("{words:?} did not arrive")));
            assert_eq!(sent.fields, got.fields, "{words:?}");
            assert!(got.fields.values().any(|value| value.as_text() == Some(words)), "{words:?}");
        }
    }
    town.server.check();
    assert!(town.axiang.mine().await.held.is_empty());
}

/// Addresses of the console that a page links to.
fn links(page: &str) -> BTreeSet<String> {
    let targets = page.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    let ours = targets.filter(|to| to.starts_with("/console") && !to.starts_with("/console."));
    ours.map(|to| to.replace("&amp;", "&")).collect()
}

fn assert_only_words(address: &str, page: &str) {
    for markup in [ELEMENT, ATTRIBUTE, "<script>", "<img src=x"] {
        assert!(!page.contains(markup), "{address}: {markup} is markup");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_of_the_office_takes_words_for_markup() {
    let town = Township::new().await;
    let console = Console::sign_in(&town.server).await;
    let mut seen: BTreeMap<String, bool> = BTreeMap::new();
    let mut open = BTreeSet::from(["/console".to_owned()]);
    for words in &town.words {
        let short: String = words.chars().take(200).collect();
        for list in ["visits", "households", "opinions", "diary", "conflicts"] {
            let asked: String = short.bytes().map(|byte| format!("%{byte:02X}")).collect();
            open.insert(format!(
                "/console/{list}?q={asked}&village={asked}&cadre={asked}&from={asked}&sort={asked}"
            ));
        }
        open.extend(town.ids[words].iter().take(1).map(|id| format!("/console/households/{id}")));
        open.extend(town.ids[words].iter().skip(1).take(1).map(|id| format!("/console/visits/{id}")));
    }
    while let Some(address) = open.pop_first() {
        if seen.contains_key(&address) || seen.len() >= 600 {
            continue;
        }
        let page = match address.contains(".xlsx") || address.contains(".csv") {
            true => continue,
            false => console.page_or_refusal(&address).await,
        };
        assert_only_words(&address, &page);
        open.extend(links(&page));
        seen.insert(address, page.contains(MARK));
    }
    for room in [
        "/console/visits",
        "/console/households",
        "/console/opinions",
        "/console/diary",
        "/console/conflicts",
        "/console/held",
        "/console/staff",
    ] {
        assert_eq!(seen.get(room), Some(&true), "{room} shows the words");
    }
    for kind in ["/console/history/", "/merge", "/console/staff/cadre?"] {
        assert!(seen.iter().any(|(address, told)| *told && address.contains(kind)), "{kind} shows the words");
    }
    let told = seen.iter().filter(|(address, told)| **told && address.contains('-')).count();
    assert!(told > town.words.len(), "pages of single records show them too: {told} of {}", seen.len());
}

/// The ledger's XLSX, every cell; no cell may be a formula.
fn cells_of(bytes: Vec<u8>) -> Vec<String> {
    let mut book = Xlsx::new(Cursor::new(bytes)).expect("a workbook");
    let sheet = book.sheet_names().first().expect("a sheet").clone();
    assert!(book.worksheet_formula(&sheet).expect("a sheet").is_empty(), "a cell is a formula");
    let range = book.worksheet_range(&sheet).expect("a sheet");
    range
        .cells()
        .map(|(_, _, cell)| cell.to_string())
        .filter(|cell| *cell != Data::Empty.to_string())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_the_office_hold_the_words_and_no_formula() {
    let town = Township::new().await;
    let console = Console::sign_in(&town.server).await;
    for room in ["visits", "opinions", "households", "diary"] {
        files_of(&town, &console, room).await;
    }
}

async fn files_of(town: &Township, console: &Console, room: &str) {
    let cells: BTreeSet<String> =
        cells_of(console.bytes(&format!("/console/{room}.xlsx")).await).into_iter().collect();
    let csv = String::from_utf8(console.bytes(&format!("/console/{room}.csv")).await).expect("UTF-8");
    let csv = csv.strip_prefix('\u{feff}').expect("a byte order mark");
    let mut fields = BTreeSet::new();
    for record in csv::Reader::from_reader(csv.as_bytes()).records() {
        fields.extend(record.expect("a record").iter().map(str::to_owned));
    }
    for words in &town.words {
        let shown = |cells: &BTreeSet<String>, dress: &dyn Fn(&str) -> String| cells.contains(&dress(words));
        assert!(shown(&cells, &|words| words.to_owned()), "{room}: XLSX without {words:?}");
        let plain = shown(&fields, &|words| words.to_owned());
        let marked = shown(&fields, &|words| format!("'{words}"));
        assert!(plain || marked, "{room}: CSV without {words:?}");
    }
    let dangerous = |cell: &&String| {
        let start =
            cell.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}'));
        start.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
            || cell.starts_with(['\t', '\r', '\n'])
    };
    let armed: Vec<&String> = fields.iter().filter(dangerous).collect();
    assert!(armed.is_empty(), "{room}: a spreadsheet may run {armed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_logs_nor_errors_repeat_what_anybody_wrote() {
    let town = Township::new().await;
    let code = town.server.code("阿香");
    let device = lianxin_app::sync::enrol(town.server.url(), &code, None).await.expect("enrolled");
    let client = Client::new();
    let post = async |path: &str, token: &str, kind: &str, body: String| {
        let asked = client.post(format!("{}{path}", town.server.url())).bearer_auth(token);
        let answer = asked.header(header::CONTENT_TYPE, kind).body(body).send().await.expect("an answer");
        let status = answer.status();
        let said = answer.text().await.expect("words");
        assert!(!said.contains(MARK) && !said.contains(&device.token), "{path}: {said}");
        (status, said)
    };
    let json = "application/json";
    for body in [
        format!("{{\"protocol\": \"{MARK}\"}}"),
        format!("{{{MARK}"),
        format!("{{\"protocol\": 1, \"server_id\": \"{MARK}\"}}"),
        format!("{{\"protocol\": 1, \"{MARK}\": [[[[[\"{MARK}\"]]]]]}}"),
        format!("{{\"protocol\": 1, \"patches\": {{\"villages\": [\"\\ud800{MARK}\"]}}}}"),
        format!("{}{MARK}", "[".repeat(200_000)),
    ] {
        for path in ["/v1/sync", "/v1/repair"] {
            let (status, said) = post(path, &device.token, json, body.clone()).await;
            assert_eq!(status, StatusCode::BAD_REQUEST, "{said}");
            assert!(said.contains("您写的都在本机"), "{said}");
        }
    }
    assert_eq!(post("/v1/sync", MARK_TOKEN, json, String::new()).await.0, StatusCode::UNAUTHORIZED);
    let asked = json!({"protocol": PROTOCOL, "code": MARK, "device_name": MARK, "app_version": MARK});
    assert_eq!(post("/v1/enrol", "", json, asked.to_string()).await.0, StatusCode::FORBIDDEN);
    let lone = format!(
        "{{\"protocol\": 1, \"code\": \"\\udc00{MARK}\", \"device_name\": \"\", \"app_version\": \"\"}}"
    );
    assert_eq!(post("/v1/enrol", "", json, lone).await.0, StatusCode::BAD_REQUEST);
    let console = Console::sign_in(&town.server).await;
    console.page_or_refusal(&format!("/console/visits/{MARK}?q={MARK}")).await;
    town.server.check();

    let log = fs::read_to_string(town.server.dir().join("server.log")).expect("a log");
    assert!(log.contains("sync") && log.contains("enrolled"), "{log}");
    for secret in [
        MARK,
        "x-evil",
        "DROP TABLE",
        "李翠花",
        "阿香",
        "长长长",
        &device.token,
        &code,
        "lianxin-demo",
        "lianxin=",
    ] {
        assert!(!log.contains(secret), "the log has {secret}");
    }
    assert!(!log.bytes().any(|byte| byte < b' ' && byte != b'\n' && byte != 0x1b), "the log is text");
}

/// A token that is none; a header takes no other letters.
const MARK_TOKEN: &str = "x-evil-token";

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_is_not_told_what_to_do_by_a_phone() {
    let town = Township::new().await;
    for command in [&["device", "list"][..], &["cadre", "list"], &["check"]] {
        let said = town.server.cli(command);
        assert!(!said.contains('\u{1b}') && !said.contains('\u{9b}'), "{command:?}: {said:?}");
    }
    assert!(town.server.cli(&["device", "list"]).contains(MARK));
}
