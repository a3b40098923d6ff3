//! Two people wrote one field differently: both values side by side, one tap settles it.

use dioxus::prelude::*;

use crate::{
    format,
    store::{ConflictView, Taken},
    text,
};

/// A conflict with a button for each value.
#[component]
pub(crate) fn ConflictCard(
    conflict: ConflictView,
    now_ms: i64,
    #[props(default)] busy: bool,
    onsettle: EventHandler<Taken>,
) -> Element {
    let who = |by: &(String, i64)| text::written_by(&by.0, &format::moment(by.1, now_ms));
    let shown = |value: &str| if value.is_empty() { text::EMPTIED.to_owned() } else { value.to_owned() };
    rsx! {
        section { class: "card pad", "data-testid": "conflict",
            b { {text::two_wrote(&conflict.title, &conflict.field_label)} }
            p { class: "sub", {text::CONFLICT_HINT} }
            div { class: "choice2",
                button {
                    r#type: "button", disabled: busy, "data-testid": "conflict-shown",
                    onclick: move |_| onsettle.call(Taken::Shown),
                    small { {who(&conflict.shown_by)} }
                    b { {shown(&conflict.shown)} }
                    span { {text::TAKE_THIS} }
                }
                button {
                    r#type: "button", disabled: busy, "data-testid": "conflict-other",
                    onclick: move |_| onsettle.call(Taken::Other),
                    small { {who(&conflict.other_by)} }
                    b { {shown(&conflict.other)} }
                    span { {text::TAKE_THIS} }
                }
            }
        }
    }
}
