//! The frame around every page: the rooms with their counts, title, sheet and script.

use super::conflicts;
use crate::{
    auth::Session,
    export::{COUNTS, words},
    storage::{StorageError, read_identity},
};
use axum::{
    http::header,
    response::{Html, IntoResponse, Response},
};
use lianxin_assets::{CONSOLE_CSS, CONSOLE_JS, LOGO_SVG, SYSTEM_IS_DARK, TOKENS_CSS, TOKENS_DARK_CSS};
use lianxin_shared::sqlite::IS_PRESENT;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use rusqlite::Connection;
use sha2::{Digest, Sha256};
use std::sync::OnceLock;

/// A finished page.
pub(super) type Page = Html<String>;

/// What a page puts into its frame.
pub(super) struct Content {
    /// Title of the page.
    pub title: String,
    /// What it covers, beside the title.
    pub subtitle: String,
    /// At the right end of the title's line: a state or an action.
    pub aside: Option<Markup>,
    /// The page itself.
    pub body: Markup,
}

/// The rooms in the order of the menu; what is not built is not here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Room {
    Overview,
    Visits,
    Households,
    Opinions,
    Diary,
    Conflicts,
    Held,
    Staff,
}

struct Entry {
    room: Room,
    path: &'static str,
    label: &'static str,
    count: Option<i64>,
    /// Somebody should look.
    hot: bool,
}

/// Counts beside the rooms.
fn counts() -> String {
    let open_conflicts = conflicts::open_fields();
    format!(
        "SELECT
   (SELECT count(*) FROM visit WHERE void = 0), (SELECT count(*) FROM household h WHERE {IS_PRESENT}),
   (SELECT count(*) FROM opinion o WHERE {COUNTS}), (SELECT count(*) FROM diary),
   (SELECT count(*) FROM ({open_conflicts})),
   (SELECT count(*) FROM (SELECT DISTINCT device, record FROM patch WHERE held <> '' AND refused = 0)), (SELECT count(*) FROM device WHERE revoked_at IS NULL)"
    )
}

fn entries(db: &Connection) -> Result<Vec<Entry>, StorageError> {
    let mut statement = db.prepare_cached(&counts())?;
    let counts: [i64; 7] = statement.query_row([], |row| {
        Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?])
    })?;
    let [visits, households, opinions, diary, conflicts, held, devices] = counts;
    let entry = |room, path, label, count| Entry { room, path, label, count, hot: false };
    Ok(vec![
        entry(Room::Overview, "/console", "总览", None),
        entry(Room::Visits, "/console/visits", "走访台账", Some(visits)),
        entry(Room::Households, "/console/households", "户册", Some(households)),
        entry(Room::Opinions, "/console/opinions", "意见建议", Some(opinions)),
        entry(Room::Diary, "/console/diary", "手记", Some(diary)),
        Entry {
            hot: conflicts > 0, ..entry(Room::Conflicts, "/console/conflicts", "冲突", Some(conflicts))
        },
        Entry { hot: held > 0, ..entry(Room::Held, "/console/held", "待收下", Some(held)) },
        entry(Room::Staff, "/console/staff", "干部与设备", Some(devices)),
    ])
}

/// The page of a room for someone signed in.
pub(super) fn frame(
    db: &Connection,
    session: &Session,
    room: Room,
    content: Content,
) -> Result<Page, StorageError> {
    let entries = entries(db)?;
    let township = read_identity(db)?.township;
    let body = html! {
        div.frame {
            nav aria-label="目录" {
                div.brand { (PreEscaped(LOGO_SVG)) div { b { "连心册" } span { (township) " · 走访办公室" } } }
                ul {
                    @for entry in &entries {
                        @if entry.room == Room::Conflicts { li.rule role="presentation" {} }
                        li { (link(entry, room)) }
                    }
                }
                form.who method="post" action="/console/logout" {
                    (token(session))
                    span { (session.user.display) }
                    button.quiet { "退出" }
                }
            }
            main #main {
                header.title {
                    h1 { (content.title) }
                    @if !content.subtitle.is_empty() { span.sub { (content.subtitle) } }
                    @if let Some(aside) = &content.aside { div.aside { (aside) } }
                }
                (content.body)
            }
        }
    };
    Ok(document(&format!("{} · {township}连心册", content.title), body))
}

fn link(entry: &Entry, room: Room) -> Markup {
    let current = (entry.room == room).then_some("page");
    html! {
        a href=(entry.path) aria-current=[current] {
            span { (entry.label) }
            @if let Some(count) = entry.count { em.hot[entry.hot] { (words::count(count)) } }
        }
    }
}

/// The hidden field that every form of a session carries.
pub(super) fn token(session: &Session) -> Markup {
    html! { input type="hidden" name="csrf" value=(session.csrf); }
}

/// A page without rooms: the door, and what went wrong.
pub(super) fn bare(title: &str, body: Markup) -> Page {
    document(
        &format!("{title} · 连心册"),
        html! { main.bare #main { div.brand { (PreEscaped(LOGO_SVG)) b { "连心册" } } (body) } },
    )
}

/// A page that says what happened and what to do.
pub(super) fn notice(title: &str, advice: &str) -> Page {
    bare(
        title,
        html! {
            section.card.door {
                h1 { (title) }
                p { (advice) }
                p { a.button href="/console" { "回总览" } }
            }
        },
    )
}

fn document(title: &str, body: Markup) -> Page {
    let page = html! {
        (DOCTYPE)
        html lang="zh-CN" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="robots" content="noindex";
                title { (title) }
                link rel="icon" type="image/svg+xml" href="/console.svg";
                link rel="stylesheet" href={ "/console.css?v=" (version()) };
                script src={ "/console.js?v=" (version()) } defer {}
            }
            body { a.skip href="#main" { "跳到内容" } (body) }
        }
    };
    Html(page.into_string())
}

/// Changes with sheet and script, so that browsers may keep both for as long as they like.
fn version() -> &'static str {
    static VERSION: OnceLock<String> = OnceLock::new();
    VERSION.get_or_init(|| {
        let mut hasher = Sha256::new();
        [TOKENS_CSS, TOKENS_DARK_CSS, CONSOLE_CSS, CONSOLE_JS]
            .iter()
            .for_each(|part| hasher.update(part.as_bytes()));
        hasher.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect()
    })
}

const KEEP: &str = "public, max-age=31536000, immutable";

/// `GET /console.css`
pub(super) async fn sheet() -> Response {
    let headers = [(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, KEEP)];
    let sheet = format!("{TOKENS_CSS}@media {SYSTEM_IS_DARK} {{\n{TOKENS_DARK_CSS}}}\n{CONSOLE_CSS}");
    (headers, sheet).into_response()
}

/// `GET /console.svg`
pub(super) async fn logo() -> Response {
    ([(header::CONTENT_TYPE, "image/svg+xml"), (header::CACHE_CONTROL, KEEP)], LOGO_SVG).into_response()
}

/// `GET /console.js`
pub(super) async fn script() -> Response {
    let headers = [(header::CONTENT_TYPE, "text/javascript; charset=utf-8"), (header::CACHE_CONTROL, KEEP)];
    (headers, CONSOLE_JS).into_response()
}
