//! The whole browser is killed at random moments while somebody writes the day's page and it syncs. What the screen had
//! called 已存 is there after every death; in the end the township has the whole page, once, and another phone shows it.

use super::{Chance, ledger};
use crate::e2e::{Headless, Phone, Server, until};
use anyhow::{Context, ensure};
use rusqlite::OptionalExtension;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const CADRE: &str = "韩冬梅";
const HOUSEHOLDS: usize = 60;
/// How long somebody types until the browser dies; random within, milliseconds.
const LIFE_MS: (u64, u64) = (40, 3_000);
/// Between two looks at the screen.
const LOOK_AGAIN: Duration = Duration::from_millis(30);
/// Every sentence carries its number, so that one that is there twice or out of its place shows.
const MARK: &str = "〔1〕";

/// Types by itself until the page dies, as fast as people do at their best, with pauses in which it is saved and sent.
const TYPE: &str = "
const field = document.querySelector('[data-testid=\"diary-text\"]');
field.focus();
field.setSelectionRange(field.value.length, field.value.length);
let [nth, letters] = [arguments[0], []];
setInterval(() => {
  if (performance.now() % 1000 > 600) return;
  if (letters.length === 0) letters = [...`〔${nth++}〕走到村口。`];
  document.execCommand('insertText', false, letters.shift());
}, 15);";

/// What the screen shows: the page's text, and whether it says that all of it is saved, and that all is with the township.
const LOOK: &str = "
const find = (id) => document.querySelector(`[data-testid=\"${id}\"]`);
return [find('diary-text')?.value ?? '', find('save-mark')?.dataset.state === 'saved',
  find('state-line')?.textContent.includes('已全部上报') ?? false];";

/// Kills the browser so many times, and looks.
///
/// # Errors
/// When anything that was shown as saved is missing or doubled, or a replica differs.
///
/// # Panics
/// When the app does not come back after a death.
pub async fn kill_browsers(kills: usize, seed: u64) -> anyhow::Result<Value> {
    let begun = Instant::now();
    let mut chance = Chance(seed | 1);
    let server = Server::demo(HOUSEHOLDS);
    let mut phone = Phone::enrolled("阿香", &server, CADRE).await;
    let other = Headless::enrolled(&server, CADRE).await;
    let village = village_of(&server)?;
    phone.open("/diary").await;
    phone.see("diary-text").await;
    let (mut typed, mut while_unsent, mut lost_unsaved) = (String::new(), 0, 0);
    for nth in 0..kills {
        // Something new comes down at the same time.
        other.new_household(&village, &format!("新户{nth}")).await;
        other.press_sync().await;
        let sentence = 1 + numbers(&typed).last().unwrap_or_default();
        phone.browser.script::<Value>(TYPE, json!(sentence)).await;
        let life = Duration::from_millis(chance.between(LIFE_MS.0, LIFE_MS.1));
        let (saved, shown, sent) = live(&phone, &typed, life).await;
        phone.die();
        while_unsent += usize::from(!sent);
        phone.browser.start().await;
        phone.open("/diary").await;
        let after = until("what was 已存 is on the page again", async || {
            let text = phone.value("diary-text").await;
            text.starts_with(&saved).then_some(text)
        })
        .await;
        // Letters that were typed after the last look may be there too.
        ensure!(is_one_text(&after), "the page is no longer one text: {after}");
        lost_unsaved += shown.chars().count().saturating_sub(after.chars().count());
        typed = after;
    }
    phone.see_text("state-line", "已全部上报").await;
    let last = phone.value("diary-text").await;
    ensure!(last.contains(MARK), "too little was typed to prove anything: {last}");
    ensure!(on_server(&server)? == [last.clone()], "the township has another page, or more of them");
    let third = Headless::enrolled(&server, CADRE).await;
    for phone in [&other, &third] {
        phone.synced().await;
    }
    let id = diary_id(&server)?.context("the page")?;
    for phone in [&other, &third] {
        ensure!(phone.text(id, "text").await == last, "another phone shows another page");
    }
    ledger::nothing_is_doubled(&server.database())?;
    server.check();
    Ok(json!({
        "faults": "whole browser killed", "seed": seed, "kills": kills, "kills_while_unsent": while_unsent,
        "letters": last.chars().count(), "letters_never_called_saved_and_gone": lost_unsaved,
        "lost": 0, "doubled": 0, "seconds": begun.elapsed().as_secs(),
    }))
}

/// Looks at the screen for so long: the longest text that it called saved, the last text, and whether all was sent.
async fn live(phone: &Phone, before: &str, so_long: Duration) -> (String, String, bool) {
    let (begun, mut saved, mut shown, mut sent) =
        (Instant::now(), before.to_owned(), before.to_owned(), true);
    while begun.elapsed() < so_long {
        let (text, is_saved, is_sent): (String, bool, bool) = phone.browser.script(LOOK, Value::Null).await;
        // The mark follows the text by a frame: it speaks of what stood there at the last look already.
        if is_saved && text == shown {
            saved = text.clone();
        }
        (shown, sent) = (text, is_sent);
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    (saved, shown, sent)
}

/// The numbers of the sentences that got as far as their number; a death may have cut it short.
fn numbers(text: &str) -> impl Iterator<Item = u32> {
    let marks = text.split('〔').skip(1).filter_map(|sentence| sentence.split_once('〕'));
    marks.filter_map(|(number, _)| number.parse().ok())
}

/// Whether the sentences follow one another by their numbers: none is missing, there twice or out of its place.
fn is_one_text(text: &str) -> bool {
    numbers(text).eq(1..=numbers(text).last().unwrap_or_default())
}

fn village_of(server: &Server) -> anyhow::Result<String> {
    let sql = "SELECT village FROM cadre_village v JOIN cadre c ON c.id = v.cadre WHERE c.name = ?1 LIMIT 1";
    Ok(server.database().query_row(sql, [CADRE], |row| row.get(0))?)
}

/// The pages that the browser wrote, as the township has them.
fn on_server(server: &Server) -> anyhow::Result<Vec<String>> {
    let db = server.database();
    let mut statement = db.prepare(
        "SELECT json_extract(r.body, '$.text') FROM diary d JOIN record r ON r.id = d.id
         WHERE json_extract(r.body, '$.text') LIKE '%' || ?1 || '%'",
    )?;
    let pages = statement.query_map([MARK], |row| row.get(0))?;
    Ok(pages.collect::<Result<_, _>>()?)
}

fn diary_id(server: &Server) -> anyhow::Result<Option<uuid::Uuid>> {
    let sql = "SELECT id FROM diary d WHERE EXISTS (SELECT 1 FROM record r WHERE r.id = d.id AND r.body LIKE '%' || ?1 || '%')";
    let db = server.database();
    Ok(db.query_row(sql, [MARK], |row| row.get(0).map(uuid::Uuid::from_bytes)).optional()?)
}
