//! The frame around every screen: state line, tabs, and the head and foot of pages within.

use dioxus::prelude::*;
use lianxin_assets::icons;

use super::icon::Icon;
use crate::{
    format,
    route::Route,
    store::{SyncLine, SyncPhase},
    text,
};

/// What the state line says: its look, the strong words, the rest.
pub(crate) struct LineWords {
    pub(crate) look: &'static str,
    pub(crate) icon: &'static str,
    pub(crate) strong: String,
    pub(crate) rest: String,
}

/// The state line's words. `now_ms` decides whether a time needs its day.
pub(crate) fn line_words(line: &SyncLine, now_ms: i64) -> LineWords {
    let words =
        |look, icon, strong: &str, rest: String| LineWords { look, icon, strong: strong.to_owned(), rest };
    match line.phase {
        SyncPhase::Running { sent, total } => {
            words("run", icons::SYNC, text::line::RUNNING, text::line::progress(sent, total))
        }
        SyncPhase::Stopped => words("stop", icons::WARN, text::line::STOPPED, text::line::SEE_WHY.to_owned()),
        SyncPhase::Offline if line.waiting > 0 => words(
            "wait",
            icons::OFFLINE,
            text::line::OFFLINE,
            text::line::waiting_here(&text::count::brief(&line.tally)),
        ),
        SyncPhase::Offline if line.photos > 0 => {
            words("wait", icons::OFFLINE, text::line::OFFLINE, text::photo::text_there(line.photos))
        }
        SyncPhase::Offline => words("", icons::OFFLINE, text::line::OFFLINE, last(line, now_ms)),
        SyncPhase::Idle if line.waiting > 0 => words(
            "wait",
            icons::CLOCK,
            &text::line::waiting(&text::count::brief(&line.tally)),
            text::line::SOON.to_owned(),
        ),
        SyncPhase::Idle if line.photos > 0 => {
            words("wait", icons::CLOCK, text::photo::TEXT_THERE, text::photo::lacking(line.photos))
        }
        SyncPhase::Idle if line.last_ms > 0 => words(
            "ok",
            icons::CHECK,
            text::line::ALL_SENT,
            text::line::received_at(&format::moment(line.last_ms, now_ms)),
        ),
        SyncPhase::Idle => words("", icons::CLOCK, text::line::ONLINE, text::line::NEVER.to_owned()),
    }
}

fn last(line: &SyncLine, now_ms: i64) -> String {
    if line.last_ms > 0 {
        text::line::sent_until(&format::moment(line.last_ms, now_ms))
    } else {
        text::line::NEVER.to_owned()
    }
}

/// The line that is always at the top. A live region; a tap leads to 我的.
#[component]
pub(crate) fn StateLine(line: SyncLine, now_ms: i64) -> Element {
    let words = line_words(&line, now_ms);
    rsx! {
        Link { to: Route::MinePage {}, class: "strip {words.look}", "data-testid": "state-line",
            Icon { path: words.icon }
            span { role: "status", "aria-live": "polite", class: "rest words",
                b { "{words.strong}" }
                " {words.rest}"
            }
        }
    }
}

/// The five tabs; a tap on one says where it leads.
#[component]
pub(crate) fn TabBar(here: Route, ontab: EventHandler<Route>) -> Element {
    let tabs = [
        (Route::TodayPage {}, "today", text::tab::TODAY, Some(icons::HOME)),
        (Route::HouseholdList {}, "households", text::tab::HOUSEHOLDS, Some(icons::BOOK)),
        (Route::VisitStart {}, "visit", text::tab::VISIT, None),
        (Route::DiaryToday {}, "diary", text::tab::DIARY, Some(icons::PEN)),
        (Route::MinePage {}, "mine", text::tab::MINE, Some(icons::PERSON)),
    ];
    rsx! {
        nav { class: "tabs", "aria-label": text::tab::ALL,
            for (route, id, label, icon) in tabs {
                Link {
                    key: "{id}",
                    class: if icon.is_some() { "tab" } else { "tab go" },
                    "aria-current": if route == here { "page" },
                    "data-testid": "tab-{id}",
                    onclick: { let to = route.clone(); move |_| ontab.call(to.clone()) },
                    to: route,
                    if let Some(path) = icon {
                        Icon { path }
                        "{label}"
                    } else {
                        span { "{label}" }
                    }
                }
            }
        }
    }
}

/// A page within: back, title, what stands at the end of the head, the body, the foot.
#[component]
pub(crate) fn Page(
    title: String,
    #[props(default)] testid: String,
    #[props(default = VNode::empty())] end: Element,
    #[props(default = VNode::empty())] under: Element,
    #[props(default)] foot: Option<Element>,
    children: Element,
) -> Element {
    let back = move |_| {
        let navigator = navigator();
        if navigator.can_go_back() {
            navigator.go_back();
        } else {
            navigator.replace(Route::TodayPage {});
        }
    };
    rsx! {
        div { class: "frame", "data-testid": "{testid}",
            TopBar { title, end, onback: back }
            {under}
            // Another page, or another step, begins at its top.
            for testid in [testid.clone()] {
                main { key: "{testid}", class: "screen", {children.clone()} }
            }
            if let Some(foot) = foot {
                footer { class: "foot", {foot} }
            }
        }
    }
}

/// Head of a page within: back, title, what stands at its end.
#[component]
pub(crate) fn TopBar(
    title: String,
    #[props(default = VNode::empty())] end: Element,
    onback: EventHandler<MouseEvent>,
) -> Element {
    rsx! {
        header { class: "topbar",
            button { class: "icon-btn", r#type: "button", "aria-label": text::BACK, "data-testid": "back", onclick: move |event| onback.call(event),
                Icon { path: icons::BACK }
            }
            h1 { "{title}" }
            div { class: "end", {end} }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Tally;

    const NOW: i64 = 1_448_172_300_000;

    fn say(phase: SyncPhase, waiting: u32, last_ms: i64) -> String {
        let tally = Tally { visits: waiting, ..Tally::default() };
        let line =
            SyncLine { phase, waiting, tally, last_ms, problem: "问题".to_owned(), ..SyncLine::default() };
        let words = line_words(&line, NOW);
        format!("{} {}", words.strong, words.rest)
    }

    #[test]
    fn the_line_says_in_words_where_everything_is() {
        assert_eq!(say(SyncPhase::Offline, 3, 0), "离线可用 已存本机，待上报 3\u{a0}次走访");
        assert_eq!(say(SyncPhase::Running { sent: 3, total: 12 }, 9, 0), "正在同步 3/12");
        assert_eq!(say(SyncPhase::Idle, 0, NOW), "已全部上报 乡镇 14:05 收到");
        let photos = SyncLine { phase: SyncPhase::Idle, photos: 3, last_ms: NOW, ..SyncLine::default() };
        let words = line_words(&photos, NOW);
        assert_eq!(
            format!("{}，{}", words.strong, words.rest),
            text::photo::text_there(3),
            "not all is there"
        );
        assert_eq!(say(SyncPhase::Stopped, 1, 0), "同步停了 写的都在本机，点这里看怎么办");
    }
}
