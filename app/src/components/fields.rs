//! Text inputs that nobody but the person who types ever writes to: the value goes in once, when the field
//! appears, so that neither autosave nor a redraw disturbs the composition of a character.

use dioxus::prelude::*;

/// What happens in a text field.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Typed {
    /// The field's whole text now.
    Text(String),
    /// Composition of a character has begun or ended.
    Composing(bool),
    /// The cursor came in.
    Entered,
    /// The cursor went out.
    Left,
}

/// What a one-line field is for; sets the phone's keyboard.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) enum Keyboard {
    /// Any text.
    #[default]
    Text,
    /// A whole number.
    Digits,
    /// A number with decimals.
    Decimal,
    /// A telephone number.
    Phone,
    /// An address of a server.
    Url,
    /// A day.
    Date,
    /// A day and a time.
    DateTime,
}

impl Keyboard {
    fn kind(self) -> &'static str {
        match self {
            Keyboard::Date => "date",
            Keyboard::DateTime => "datetime-local",
            Keyboard::Phone => "tel",
            Keyboard::Url => "url",
            Keyboard::Text | Keyboard::Digits | Keyboard::Decimal => "text",
        }
    }

    fn mode(self) -> &'static str {
        match self {
            Keyboard::Digits => "numeric",
            Keyboard::Decimal => "decimal",
            Keyboard::Phone => "tel",
            Keyboard::Url => "url",
            _ => "text",
        }
    }
}

/// Brings the cursor into a field as soon as it is there.
fn focus_at_once(event: &MountedEvent) {
    let element = event.data();
    // A field that cannot take the focus is merely not focused.
    spawn(async move { drop(element.set_focus(true).await) });
}

/// A line of text with its label. `bare` hides the label from the eye where the page says it already; a `remark` asks for
/// another look and refuses nothing.
#[component]
pub(crate) fn TextField(
    label: String,
    initial: String,
    #[props(default)] keyboard: Keyboard,
    #[props(default)] hint: String,
    #[props(default)] problem: Option<String>,
    #[props(default)] remark: Option<String>,
    #[props(default)] unit: Option<String>,
    #[props(default)] bare: bool,
    #[props(default)] focus: bool,
    #[props(default)] class: &'static str,
    testid: String,
    on: EventHandler<Typed>,
) -> Element {
    let initial = use_hook(|| initial);
    let name = use_hook(|| format!("field-{testid}"));
    let is_wrong = problem.is_some();
    rsx! {
        div { class: "field",
            label { r#for: "{name}", class: if bare { "visually-hidden" }, "{label}" }
            div { class: if unit.is_some() { "with-unit" },
                input {
                    id: "{name}", class: "input {class}", r#type: keyboard.kind(), inputmode: keyboard.mode(), autocomplete: "off",
                    initial_value: "{initial}", placeholder: "{hint}", "data-testid": testid,
                    "aria-invalid": if is_wrong { "true" }, "aria-describedby": if is_wrong { "{name}-wrong" },
                    onmounted: move |event| if focus { focus_at_once(&event) },
                    oninput: move |event| on.call(Typed::Text(event.value())),
                    oncompositionstart: move |_| on.call(Typed::Composing(true)),
                    oncompositionend: move |_| on.call(Typed::Composing(false)),
                    onfocusin: move |_| on.call(Typed::Entered),
                    onfocusout: move |_| on.call(Typed::Left),
                }
                if let Some(unit) = &unit {
                    span { class: "muted", "{unit}" }
                }
            }
            if let Some(remark) = remark {
                p { class: "hint", role: "status", "data-testid": "remark", "{remark}" }
            }
            if let Some(problem) = problem {
                p { id: "{name}-wrong", class: "wrong", role: "alert", "{problem}" }
            }
        }
    }
}

/// Text of several lines with its label.
#[component]
pub(crate) fn TextArea(
    label: String,
    initial: String,
    #[props(default)] hint: String,
    #[props(default)] problem: Option<String>,
    #[props(default)] bare: bool,
    #[props(default)] focus: bool,
    #[props(default)] class: &'static str,
    testid: String,
    on: EventHandler<Typed>,
) -> Element {
    let initial = use_hook(|| initial);
    let name = use_hook(|| format!("field-{testid}"));
    let is_wrong = problem.is_some();
    rsx! {
        div { class: "field",
            label { r#for: "{name}", class: if bare { "visually-hidden" }, "{label}" }
            textarea {
                id: "{name}", class: "area {class}", autocomplete: "off", initial_value: "{initial}", placeholder: "{hint}",
                "data-testid": testid,
                "aria-invalid": if is_wrong { "true" }, "aria-describedby": if is_wrong { "{name}-wrong" },
                onmounted: move |event| if focus { focus_at_once(&event) },
                oninput: move |event| on.call(Typed::Text(event.value())),
                oncompositionstart: move |_| on.call(Typed::Composing(true)),
                oncompositionend: move |_| on.call(Typed::Composing(false)),
                onfocusin: move |_| on.call(Typed::Entered),
                onfocusout: move |_| on.call(Typed::Left),
            }
            if let Some(problem) = problem {
                p { id: "{name}-wrong", class: "wrong", role: "alert", "{problem}" }
            }
        }
    }
}
