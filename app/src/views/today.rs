//! 今日: what is left to do, in plain words. No score and no rank.

use dioxus::prelude::*;
use lianxin_assets::icons;

use super::{clock::ClockWrong, frame::DoneNote, go_visit::go_to_draft, sync_now::SyncNow};
use crate::{
    beijing::DAY_MS,
    components::{
        icon::Icon,
        notice::{Empty, Failed, Waiting},
        rows::{HouseholdLine, PlainLine, named},
    },
    format,
    platform::now_ms,
    route::{Route, go},
    state::{
        asked::{Asked, use_asked},
        register::RegisterSearch,
        session::use_session,
    },
    store::{DraftRow, HouseholdFilter, Request, SyncLine, Today},
    text::{self, today as words},
};

/// The page.
#[component]
pub(crate) fn TodayView() -> Element {
    let session = use_session();
    let mut asked: Asked<Today> = use_asked(|| Request::Today);
    let now = now_ms();
    let villages: Vec<String> = session.identity().villages.into_values().collect();
    rsx! {
        main { class: "screen", "data-testid": "today",
            h1 { class: "title", {text::tab::TODAY} }
            p { class: "sub", "{format::day(now)} · {villages.join(\"、\")}" }
            div { class: "stack",
                DoneNote {}
                ClockWrong {}
                LoudReminder { line: session.line.read().clone(), now_ms: now }
            }
            match &*asked.read() {
                None => rsx! { Waiting {} },
                Some(Err(error)) => rsx! { Failed { words: error.to_string(), onretry: move |()| asked.restart() } },
                Some(Ok(today)) => rsx! { Whole { today: today.clone(), now_ms: now } },
            }
        }
    }
}

/// Records that have waited for more than a day: loud, since phone cleaners may wipe a browser.
#[component]
fn LoudReminder(line: SyncLine, now_ms: i64) -> Element {
    let is_late = line.waiting > 0 && line.waiting_since_ms > 0 && now_ms - line.waiting_since_ms > DAY_MS;
    if !is_late {
        return rsx! {};
    }
    rsx! {
        section { class: "notice w loud", role: "alert", "data-testid": "loud-reminder",
            h2 { Icon { path: icons::WARN } {words::LOUD} }
            p { {words::loud_words(&text::count::whole(&line.tally), &format::moment(line.waiting_since_ms, now_ms))} }
            SyncNow { label: words::LOUD_GO }
        }
    }
}

#[component]
fn Whole(today: Today, now_ms: i64) -> Element {
    rsx! {
        // What was begun comes before what is still to do.
        if !today.drafts.is_empty() {
            div { class: "sec", h2 { {words::DRAFTS} } }
            Drafts { drafts: today.drafts.clone(), now_ms }
        }
        MustVisit { today: today.clone(), now_ms }
        if today.conflicts + today.held > 0 {
            div { class: "sec", h2 { {words::LOOK} } }
            div { class: "card",
                if today.conflicts > 0 {
                    PlainLine {
                        badge: words::BADGE_CONFLICT, look: "w", title: words::conflicts(today.conflicts), under: words::LOOK_UNDER,
                        testid: "conflicts-row", onpick: move |()| go(Route::Conflicts {}),
                    }
                }
                if today.held > 0 {
                    PlainLine {
                        badge: words::BADGE_HELD, look: "w", title: words::held(today.held), under: words::HELD_UNDER,
                        testid: "held-row", onpick: move |()| go(Route::MinePage {}),
                    }
                }
            }
        }
        div { class: "sec", h2 { {words::DIARY} } }
        div { class: "card",
            PlainLine {
                badge: words::BADGE_DIARY, look: "i",
                title: match &today.diary_today {
                    Some(line) => line.clone(),
                    None => words::DIARY_NOT_BEGUN.to_owned(),
                },
                under: words::walked(today.walked),
                testid: "diary-row",
                onpick: move |()| go(Route::DiaryToday {}),
            }
        }
    }
}

/// How many are left, and the first few of them.
#[component]
fn MustVisit(today: Today, now_ms: i64) -> Element {
    let is_first = use_session().line.read().last_ms == 0;
    if today.must_visit == 0 && is_first {
        return rsx! {
            Empty { icon: icons::SYNC, title: words::FIRST, hint: words::FIRST_HINT }
        };
    }
    if today.must_visit == 0 {
        return rsx! {
            Empty { icon: icons::BOOK, title: words::NO_MUST, hint: words::NO_MUST_HINT,
                Link { class: "btn", to: Route::HouseholdList {}, {text::tab::HOUSEHOLDS} }
            }
        };
    }
    let done = today.must_visit.saturating_sub(today.left);
    rsx! {
        div { class: "left", "data-testid": "must-left",
            if today.left > 0 {
                strong { "{today.left}" }
                {words::LEFT}
            } else {
                {words::NONE_LEFT}
            }
        }
        progress { max: "{today.must_visit}", value: "{done}", "aria-label": words::progress(done, today.must_visit) }
        p { class: "small muted", {words::progress_in(&today.campaign, done, today.must_visit)} }
        if today.left > 0 {
            MustHead { left: today.left }
            div { class: "card",
                for row in today.households.clone() {
                    HouseholdLine {
                        key: "{row.id}", now_ms, short: true,
                        onpick: move |()| go(Route::HouseholdPage { id: row.id }),
                        row: row.clone(),
                    }
                }
            }
        }
    }
}

/// 必访未到, and the way to all of them.
#[component]
pub(crate) fn MustHead(left: u32) -> Element {
    let search = use_context::<RegisterSearch>().0;
    let see_all = move |_| {
        search.choose(HouseholdFilter::NotVisited);
        search.type_text(String::new());
        go(Route::HouseholdList {});
    };
    rsx! {
        div { class: "sec",
            h2 { {words::MUST} }
            button { class: "link plain", r#type: "button", "data-testid": "must-all", onclick: see_all,
                {words::all_left(left)}
                Icon { path: icons::NEXT, small: true }
            }
        }
    }
}

/// Visits begun and not completed; each opens where it was left.
#[component]
pub(crate) fn Drafts(drafts: Vec<DraftRow>, now_ms: i64) -> Element {
    let mut session = use_session();
    rsx! {
        div { class: "card",
            for draft in drafts {
                PlainLine {
                    key: "{draft.id}", badge: if draft.amends { words::BADGE_AMEND } else { words::BADGE_DRAFT }, look: "w",
                    title: named(&draft.title).to_owned(),
                    under: words::draft_under(&format::moment(draft.updated_ms, now_ms), draft.amends), testid: "draft-row",
                    onpick: move |()| {
                        session.amended_from.set(None);
                        go_to_draft(draft.id, draft.step, draft.amends);
                    },
                }
            }
        }
    }
}
