//! A phone whose clock is wrong: what is written would bear a wrong date, so the cadre is told before writing.

use dioxus::prelude::*;
use lianxin_shared::replica::ahead_ms_max;

use crate::{components::notice::Notice, state::session::use_session, text::clock as words};

/// Says so where the clock was far from the server's at the last exchange.
#[component]
pub(crate) fn ClockWrong() -> Element {
    let off_ms = use_session().line.read().clock_off_ms;
    if off_ms.unsigned_abs() < ahead_ms_max {
        return rsx! {};
    }
    rsx! {
        Notice { look: "stop", testid: "clock-wrong",
            b { {words::wrong(off_ms)} }
            p { {words::WHAT_TO_DO} }
        }
    }
}
