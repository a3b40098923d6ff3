//! Line icons and the logo.

use dioxus::prelude::*;

/// A line icon from [`lianxin_assets::icons`]; hidden from screen readers, since a word always stands beside it.
#[component]
pub(crate) fn Icon(path: &'static str, #[props(default)] small: bool) -> Element {
    rsx! {
        svg {
            class: if small { "icon small" } else { "icon" },
            view_box: "0 0 24 24",
            "aria-hidden": "true",
            path { d: path }
        }
    }
}

/// The logo, drawn so that it needs no second request.
#[component]
pub(crate) fn Logo() -> Element {
    rsx! {
        svg { class: "logo", view_box: "0 0 64 64", "aria-hidden": "true",
            rect { width: "64", height: "64", rx: "15", fill: "#b3261e" }
            path { fill: "#fff", d: lianxin_assets::LOGO_BOOK }
            path { fill: "#b3261e", d: lianxin_assets::LOGO_HEART }
        }
    }
}
