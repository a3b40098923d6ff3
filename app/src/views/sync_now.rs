//! 现在同步: whoever presses it is told at once how things stand, with a network or without.

use dioxus::prelude::*;
use lianxin_assets::icons;

use crate::{
    components::{frame::line_words, icon::Icon, notice::Notice},
    format,
    platform::now_ms,
    state::session::use_session,
    store::{Request, SyncLine, SyncPhase},
    text::mine as words,
};

/// The button, and under it one line: what became of the last press, or `offline` while there is no network and nobody
/// has pressed. Red unless something else comes first on its page.
#[component]
pub(crate) fn SyncNow(
    label: &'static str,
    #[props(default)] offline: &'static str,
    #[props(default = "sync-now")] testid: &'static str,
    #[props(default = true)] is_first: bool,
) -> Element {
    let session = use_session();
    let mut pressed_ms = use_signal(|| None::<i64>);
    let line = session.line.read().clone();
    let press = move |_| {
        pressed_ms.set(Some(now_ms()));
        session.tell(Request::SyncNow);
    };
    let label = match line.phase {
        SyncPhase::Running { .. } => {
            let state = line_words(&line, now_ms());
            format!("{} {}", state.strong, state.rest)
        }
        _ => label.to_owned(),
    };
    rsx! {
        button { class: if is_first { "btn p wide" } else { "btn wide" }, r#type: "button", "data-testid": testid, onclick: press,
            Icon { path: icons::SYNC, small: true }
            "{label}"
        }
        if let Some(pressed_ms) = pressed_ms() {
            if let Some((look, words)) = said(&line, pressed_ms) {
                Notice { look, testid: "sync-said", "{words}" }
            }
        } else if line.phase == SyncPhase::Offline && line.problem.is_empty() && !offline.is_empty() {
            Notice { testid: "offline-hint", {offline} }
        }
    }
}

/// What is said of a press at `pressed_ms`, with its look; nothing where a problem in words stands there anyway.
fn said(line: &SyncLine, pressed_ms: i64) -> Option<(&'static str, String)> {
    let (look, words) = match line.phase {
        SyncPhase::Stopped => return None,
        _ if !line.problem.is_empty() => return None,
        SyncPhase::Offline => ("w", words::PRESSED_OFFLINE),
        SyncPhase::Running { .. } => ("", words::PRESSED_RUNNING),
        SyncPhase::Idle if line.last_ms >= pressed_ms && line.waiting == 0 => ("ok", words::PRESSED_DONE),
        SyncPhase::Idle => ("", words::PRESSED_GOING),
    };
    Some((look, format!("{} {words}", format::clock(pressed_ms))))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: i64 = 1_448_172_300_000;

    #[test]
    fn a_press_is_answered_whatever_the_line() {
        let at = |phase, waiting, last_ms| {
            let line = SyncLine { phase, waiting, last_ms, ..SyncLine::default() };
            said(&line, NOW_MS).map(|(look, words)| (look, words.contains("记录都在手机里")))
        };
        assert_eq!(at(SyncPhase::Offline, 3, 0), Some(("w", true)));
        assert_eq!(at(SyncPhase::Running { sent: 1, total: 3 }, 2, 0), Some(("", false)));
        assert_eq!(at(SyncPhase::Idle, 0, NOW_MS - 1), Some(("", false)), "the last receipt was before");
        assert_eq!(at(SyncPhase::Idle, 0, NOW_MS + 1), Some(("ok", false)));
        let line =
            SyncLine { phase: SyncPhase::Stopped, problem: "缘故".to_owned(), ..SyncLine::default() };
        assert_eq!(said(&line, NOW_MS), None, "the problem itself is told");
    }
}
