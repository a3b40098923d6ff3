//! Choosing: segments, chips and switches, all big enough for a thumb.

use dioxus::prelude::*;

/// One option: its code and what people read.
pub(crate) type Choice = (String, String);

/// Options side by side. `several` lets more than one hold, and each has a box to tick. The chosen codes come in, a tapped code goes out.
#[component]
pub(crate) fn Segments(
    label: String,
    options: Vec<Choice>,
    chosen: Vec<String>,
    #[props(default)] several: bool,
    testid: String,
    onpick: EventHandler<String>,
) -> Element {
    let longest = options.iter().map(|(_, name)| name.chars().count()).max().unwrap_or_default();
    let width = match longest {
        0..=2 => "c2",
        _ if options.len() == 4 => "four",
        3 => "c3",
        4 => "c4",
        5 => "c5",
        _ => "long",
    };
    let four = if options.len() == 4 { "of4" } else { "" };
    let ticked = if several { "several" } else { "" };
    rsx! {
        div { class: "seg {width} {four} {ticked}", role: if several { "group" } else { "radiogroup" }, "aria-label": label, "data-testid": "{testid}",
            for (code, name) in options {
                SegmentButton { key: "{code}", on: chosen.contains(&code), several, testid: "{testid}-{code}", code, name, onpick }
            }
        }
    }
}

#[component]
fn SegmentButton(
    code: String,
    name: String,
    on: bool,
    several: bool,
    testid: String,
    onpick: EventHandler<String>,
) -> Element {
    rsx! {
        button {
            r#type: "button",
            role: if several { "checkbox" } else { "radio" },
            "aria-checked": on.to_string(),
            "data-testid": testid,
            onclick: move |_| onpick.call(code.clone()),
            "{name}"
        }
    }
}

/// A chip that is on or off.
#[component]
pub(crate) fn Chip(
    name: String,
    on: bool,
    #[props(default)] count: Option<u32>,
    testid: String,
    onpick: EventHandler<()>,
) -> Element {
    rsx! {
        button { class: "chip", r#type: "button", "aria-pressed": on.to_string(), "data-testid": testid, onclick: move |_| onpick.call(()),
            "{name}"
            if let Some(count) = count {
                span { class: "n", "{count}" }
            }
        }
    }
}

/// A switch with a word on what it does.
#[component]
pub(crate) fn Switch(
    name: String,
    #[props(default)] hint: String,
    on: bool,
    testid: String,
    onflip: EventHandler<bool>,
) -> Element {
    rsx! {
        button {
            class: "switch", r#type: "button", role: "switch", "aria-checked": on.to_string(), "data-testid": testid,
            onclick: move |_| onflip.call(!on),
            span { class: "gr",
                "{name}"
                if !hint.is_empty() {
                    p { "{hint}" }
                }
            }
            span { class: "knob", "aria-hidden": "true" }
        }
    }
}
