//! 我的: where everything is, from receipts alone; sync, problems in words, this phone.

use dioxus::prelude::*;
use lianxin_assets::icons;

use super::{conflicts::ConflictList, sync_now::SyncNow};
use crate::{
    components::{
        choice::Segments,
        icon::Icon,
        notice::{Failed, Notice, Waiting},
    },
    format,
    platform::{Look, StorageInfo, now_ms, storage_info},
    route::{Route, go},
    state::{
        asked::use_asked,
        look::ChosenLook,
        session::{Session, use_session},
    },
    store::{FontSize, HeldElsewhere, Mine, OutboxRow, Request, Status, SyncLine, SyncPhase},
    text::{self, count, mine as words, photo, today},
};

/// Lines of a list that are shown at first, and with each tap on the rest.
const ROWS_FIRST: usize = 3;
const ROWS_STEP: usize = 30;

/// The page.
#[component]
pub(crate) fn MineView() -> Element {
    let session = use_session();
    let mut asked = use_asked::<Mine>(|| Request::Mine);
    let identity = session.identity();
    rsx! {
        main { class: "screen", "data-testid": "mine",
            h1 { class: "title", {text::tab::MINE} }
            p { class: "sub", "{identity.cadre_name} · {identity.unit}" }
            match &*asked.read() {
                None => rsx! { Waiting {} },
                Some(Err(error)) => rsx! { Failed { words: error.to_string(), onretry: move |()| asked.restart() } },
                Some(Ok(mine)) => rsx! { Whole { mine: mine.clone() } },
            }
        }
    }
}

#[component]
fn Whole(mine: Mine) -> Element {
    let session = use_session();
    let line = session.line.read().clone();
    // Then nothing else can be done first, and one button alone is red.
    let is_unknown = session.status.read().as_ref().is_some_and(|status| status.unknown);
    rsx! {
        div { class: "stack",
            Counts { mine: mine.clone() }
            PhotosLacking { line: line.clone(), refused: mine.photos_refused }
            if is_unknown {
                button { class: "btn p wide", r#type: "button", "data-testid": "enrol-again",
                    onclick: move |_| go(Route::EnrolAgain { link: String::new() }),
                    {words::ENROL_AGAIN}
                }
            }
            SyncNow { label: words::SYNC, offline: words::OFFLINE_HINT, is_first: !is_unknown }
            HowItStands { line: line.clone() }
            if !mine.villages_leaving.is_empty() {
                Notice { look: "w", testid: "leaving", {words::leaving(&mine.villages_leaving)} }
            }
        }
        if !mine.conflicts.is_empty() {
            div { class: "sec", h2 { {today::LOOK} } }
            div { class: "stack", ConflictList { conflicts: mine.conflicts.clone() } }
        }
        Records { title: words::OUTBOX, hint: "", testid: "outbox", rows: mine.outbox.clone() }
        Records { title: words::HELD, hint: words::HELD_HINT, testid: "held", rows: mine.held.clone() }
        Records { title: words::REFUSED, hint: words::REFUSED_HINT, testid: "refused", rows: mine.refused.clone() }
        Elsewhere { rows: mine.held_elsewhere.clone() }
        div { class: "sec", h2 { {words::PHONE} } }
        ThisPhone { mine: mine.clone() }
    }
}

/// How many photos the township lacks, from its own word; nothing while it has all.
#[component]
fn PhotosLacking(line: SyncLine, refused: u32) -> Element {
    rsx! {
        if line.photos > 0 {
            div { class: "card", "data-testid": "photos-lacking",
                div { class: "row",
                    div { class: "gr",
                        if line.waiting == 0 {
                            span { class: "name", {photo::text_there(line.photos)} }
                            p { {photo::GO_ON_HINT} }
                        } else {
                            span { class: "name", {photo::lacking(line.photos)} }
                            p { {photo::TEXT_FIRST} }
                        }
                    }
                }
            }
        }
        if refused > 0 {
            Notice { look: "w", testid: "photos-refused", {photo::refused(refused)} }
        }
    }
}

/// How many visits, diary entries … are where: what waits, what the township has, what it keeps apart or did not take.
#[component]
fn Counts(mine: Mine) -> Element {
    let more = mine.kept_apart.things() + mine.not_taken.things() > 0;
    let tiles = [
        ("saved", "", words::SAVED, mine.saved_today, true),
        ("waiting", "w", words::WAITING, mine.waiting, true),
        ("received", "ok", words::RECEIVED, mine.received, true),
        ("held", "w", words::KEPT_APART, mine.kept_apart, false),
        ("refused", "w", words::NOT_TAKEN, mine.not_taken, false),
    ];
    rsx! {
        div { class: if more { "card flow more" } else { "card flow" },
            for (id, look, name, tally, always) in tiles {
                if always || tally.things() > 0 {
                    // Nothing waits, nothing has come: then there is no colour either.
                    div { key: "{id}", class: if tally.things() > 0 { look }, "data-testid": "count-{id}",
                        strong { {tally.things().to_string()} }
                        span { "{name}" }
                    }
                }
            }
        }
        for (id, _, name, tally, _) in tiles.into_iter().filter(|(id, .., tally, _)| *id != "saved" && *id != "received" && tally.things() > 0) {
            p { key: "{id}", class: "sub words", "data-testid": "{id}-what", {words::what(name, &count::whole(&tally))} }
        }
    }
}

/// When the last exchange went well, and any problem in words.
#[component]
fn HowItStands(line: SyncLine) -> Element {
    let look = if line.phase == SyncPhase::Stopped { "stop" } else { "w" };
    rsx! {
        if line.last_ms > 0 {
            p { class: "sub", {words::last(&format::moment(line.last_ms, now_ms()))} }
        } else {
            p { class: "sub", {text::line::NEVER} }
        }
        if !line.problem.is_empty() {
            Notice { look, testid: "sync-problem", "{line.problem}" }
        }
    }
}

/// What the township keeps apart or did not take of what was written on another phone: its words are not here.
#[component]
fn Elsewhere(rows: Vec<HeldElsewhere>) -> Element {
    if rows.is_empty() {
        return rsx! {};
    }
    rsx! {
        div { class: "sec",
            h2 { {words::ELSEWHERE} }
        }
        p { class: "sub", {words::ELSEWHERE_HINT} }
        ul { class: "card", "data-testid": "held-elsewhere",
            for (at, row) in rows.into_iter().enumerate() {
                li { key: "{at}",
                    div { class: "row",
                        div { class: "gr",
                            span { class: "name", {words::elsewhere(row.refused, row.count)} }
                            p { class: "reason", {words::because(&row.reason)} }
                        }
                    }
                }
            }
        }
    }
}

/// Records on their way or held, with the reason; the first few, and the rest at a tap.
#[component]
fn Records(title: &'static str, hint: &'static str, testid: &'static str, rows: Vec<OutboxRow>) -> Element {
    let now = now_ms();
    let mut shown = use_signal(|| ROWS_FIRST);
    if rows.is_empty() {
        return rsx! {};
    }
    let more = rows.len().saturating_sub(shown());
    rsx! {
        div { class: "sec",
            h2 { "{title}" }
        }
        if !hint.is_empty() {
            p { class: "sub", "{hint}" }
        }
        ul { class: "card", "data-testid": testid,
            for row in rows.into_iter().take(shown()) {
                li { key: "{row.id}",
                    div { class: "row",
                        span { class: "av w", "aria-hidden": "true", {words::badge(&row.kind)} }
                        div { class: "gr",
                            span { class: "name",
                                if row.title.is_empty() {
                                    {words::untitled(&row.kind)}
                                } else {
                                    "{row.title}"
                                }
                            }
                            p {
                                {words::written(&format::moment(row.written_ms, now))}
                                if row.opinions > 0 {
                                    {words::opinions_with(row.opinions)}
                                }
                            }
                            if !row.reason.is_empty() {
                                p { class: "reason", {words::because(&row.reason)} }
                            }
                            if !row.words.is_empty() {
                                details { class: "more",
                                    summary { {words::REFUSED_WORDS} }
                                    for line in row.words {
                                        p { "{line}" }
                                    }
                                }
                            }
                        }
                    }
                }
            }
            if more > 0 {
                li {
                    button { class: "row", r#type: "button", "data-testid": "{testid}-more", onclick: move |_| shown += ROWS_STEP,
                        span { class: "gr", {words::more_waiting(more)} }
                        span { class: "end", Icon { path: icons::NEXT, small: true } }
                    }
                }
            }
        }
    }
}

#[component]
fn ThisPhone(mine: Mine) -> Element {
    let session = use_session();
    let identity = session.identity();
    let villages: Vec<String> = identity.villages.into_values().collect();
    rsx! {
        div { class: "card",
            FontRow { session }
            LookRow {}
            Fact { name: words::VILLAGES, value: villages.join("、") }
            Storage { mine }
            Fact { name: words::SERVER, value: identity.server_url }
            Fact { name: words::VERSION, value: env!("CARGO_PKG_VERSION") }
            UpdateRow { session }
        }
    }
}

#[component]
fn Fact(name: String, value: String) -> Element {
    rsx! {
        div { class: "row",
            div { class: "gr",
                span { class: "name", "{name}" }
                p { "{value}" }
            }
        }
    }
}

/// The way to a new version that waits; while a visit is half written it waits on.
#[component]
fn UpdateRow(session: Session) -> Element {
    let drafts = use_asked::<Status>(|| Request::Status);
    if session.update.read().is_none() {
        return rsx! {};
    }
    // Until the store has answered there is nothing to say that would not change in a moment.
    let Some(Ok(status)) = &*drafts.read() else { return rsx! {} };
    let is_idle = status.drafts_open == 0;
    rsx! {
        div { class: "row", "data-testid": "update",
            div { class: "gr",
                if is_idle {
                    button { class: "btn wide", r#type: "button", "data-testid": "update-now", onclick: move |_| session.update_if_idle(), {words::UPDATE} }
                } else {
                    p { {words::UPDATE_LATER} }
                }
            }
        }
    }
}

/// 标准、大、特大: at once, and kept.
#[component]
fn FontRow(session: Session) -> Element {
    let sizes = [
        (FontSize::Standard, "standard", words::STANDARD),
        (FontSize::Large, "large", words::LARGE),
        (FontSize::ExtraLarge, "extra", words::EXTRA),
    ];
    let now = session.status.read().as_ref().map(|status| status.font_size).unwrap_or_default();
    let chosen = sizes
        .iter()
        .filter(|(size, ..)| *size == now)
        .map(|(_, code, _)| (*code).to_owned())
        .collect::<Vec<_>>();
    let pick = move |code: String| {
        let Some((size, ..)) = sizes.iter().find(|(_, one, _)| *one == code) else { return };
        let mut status = session.status;
        if let Some(status) = status.write().as_mut() {
            status.font_size = *size;
        }
        session.tell(Request::SetFontSize { size: *size });
    };
    rsx! {
        div { class: "row",
            div { class: "gr stack",
                span { class: "name", {words::FONT} }
                Segments {
                    label: words::FONT, chosen, testid: "font",
                    options: sizes.iter().map(|(_, code, name)| ((*code).to_owned(), (*name).to_owned())).collect::<Vec<_>>(),
                    onpick: pick,
                }
            }
        }
    }
}

/// 跟随手机、浅色、深色: at once, and kept.
#[component]
fn LookRow() -> Element {
    let look = use_context::<ChosenLook>();
    rsx! {
        div { class: "row",
            div { class: "gr stack",
                span { class: "name", {words::LOOK} }
                Segments {
                    label: words::LOOK, chosen: vec![look.now().code().to_owned()], testid: "look",
                    options: Look::ALL.map(|one| (one.code().to_owned(), words::look(one).to_owned())).to_vec(),
                    onpick: move |code: String| look.choose(Look::from_code(&code)),
                }
            }
        }
    }
}

/// Room on this phone, and whether the system promised to keep what is stored.
#[component]
fn Storage(mine: Mine) -> Element {
    let info = use_resource(|| async { storage_info().await.ok() });
    let words_of = |info: &StorageInfo| {
        let used = info.used_bytes.map(format::bytes)?;
        Some(match info.quota_bytes.zip(info.used_bytes) {
            Some((quota, taken)) => words::used_of(&used, &format::bytes(quota.saturating_sub(taken))),
            None => words::used(&used),
        })
    };
    let known = (*info.read()).flatten();
    rsx! {
        div { class: "row", "data-testid": "storage",
            div { class: "gr",
                span { class: "name", {words::STORAGE} }
                p { {words::records(mine.records, &format::bytes(mine.database_bytes))} }
                if let Some(info) = known {
                    if let Some(room) = words_of(&info) {
                        p { "{room}" }
                    }
                    p { if info.persisted { {words::PERSISTED} } else { {words::NOT_PERSISTED} } }
                }
            }
        }
    }
}
