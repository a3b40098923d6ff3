//! One question of a checklist as a card.

use dioxus::prelude::*;
use lianxin_shared::{
    domain::checklist::{AnswerKind, Item},
    replica::{FieldSet, Value},
};

use super::{
    choice::Segments,
    fields::{Keyboard, TextArea, TextField, Typed},
};
use crate::text;

/// Words longer than this get a field of several lines.
const LINE_CHARS_MAX: i64 = 60;

/// What a question's card shows and asks.
#[derive(Clone, PartialEq, Props)]
pub(crate) struct QuestionProps {
    /// The question.
    item: Item,
    /// Whom it is about, where it asks about some of the household alone; empty otherwise.
    about: String,
    /// Answers so far: only this item's are read.
    answers: FieldSet,
    /// The last visit's answer in words.
    last: Option<String>,
    /// What is wrong with it, once the cadre has looked at the whole.
    problem: Option<String>,
    /// The cadre left the app in this field.
    focus: bool,
    /// An option was tapped.
    onpick: EventHandler<String>,
    /// Something was typed.
    ontyped: EventHandler<Typed>,
    /// 同上次
    onrepeat: EventHandler<()>,
}

/// The text that a typed answer starts from.
fn typed_text(item: &Item, answers: &FieldSet) -> String {
    match answers.get(&item.field()) {
        Some(Value::Text(text)) => text.clone(),
        Some(Value::Int(number)) => number.to_string(),
        _ => String::new(),
    }
}

/// Where the cadre left the app.
fn bring_into_view(event: &MountedEvent) {
    let card = event.data();
    // A card that cannot be scrolled to merely stays where it is.
    spawn(async move { drop(card.scroll_to(ScrollBehavior::Instant).await) });
}

/// The card.
#[allow(non_snake_case, reason = "a component is named as a type")]
pub(crate) fn Question(props: QuestionProps) -> Element {
    let QuestionProps { item, about, answers, last, problem, focus, onpick, ontyped, onrepeat } = props;
    let missing = problem.is_some();
    let testid = format!("q-{}", item.id);
    let is_same = last.is_some() && item.answer_text(&answers) == last;
    rsx! {
        section {
            class: if missing { "card q missing" } else { "card q" }, "data-testid": "{testid}", id: "{testid}",
            onmounted: move |event| if focus { bring_into_view(&event) },
            h3 {
                "{item.question}"
                if item.kind == AnswerKind::Several {
                    span { class: "several", {text::visit::SEVERAL} }
                }
                if item.required {
                    span { class: "must", {text::visit::MUST_ANSWER} }
                }
            }
            if !about.is_empty() {
                p { class: "sub", "data-testid": "{testid}-about", "{about}" }
            }
            if let Some(last) = last {
                div { class: "last",
                    span { {text::visit::last_time(&last)} }
                    if is_same {
                        span { {text::visit::IS_SAME} }
                    } else {
                        button {
                            class: "link", r#type: "button", "data-testid": "{testid}-same",
                            onclick: move |_| onrepeat.call(()),
                            {text::visit::SAME}
                        }
                    }
                }
            }
            AnswerField { item, answers, focus, problem, testid: testid.clone(), onpick, ontyped }
        }
    }
}

#[component]
fn AnswerField(
    item: Item,
    answers: FieldSet,
    focus: bool,
    problem: Option<String>,
    testid: String,
    onpick: EventHandler<String>,
    ontyped: EventHandler<Typed>,
) -> Element {
    let label = item.question.clone();
    let initial = typed_text(&item, &answers);
    let testid_answer = format!("{testid}-answer");
    match item.kind {
        AnswerKind::YesNo | AnswerKind::Choice | AnswerKind::Several => rsx! {
            Segments {
                label,
                chosen: item.options.iter().filter(|o| item.is_picked(&o.code, &answers)).map(|o| o.code.clone()).collect::<Vec<_>>(),
                options: item.options.iter().map(|o| (o.code.clone(), o.label.clone())).collect::<Vec<_>>(),
                several: item.kind == AnswerKind::Several,
                testid: testid_answer,
                onpick,
            }
            if let Some(problem) = problem {
                p { class: "wrong", role: "alert", "{problem}" }
            }
        },
        AnswerKind::Text if item.max.is_none_or(|max| max > LINE_CHARS_MAX) => rsx! {
            TextArea { label, initial, problem, focus, bare: true, testid: testid_answer, on: ontyped }
        },
        kind => rsx! {
            TextField {
                label, initial, problem, focus, bare: true, unit: item.unit.clone(), testid: testid_answer, on: ontyped,
                keyboard: match kind {
                    AnswerKind::Date => Keyboard::Date,
                    AnswerKind::Number if item.decimals > 0 => Keyboard::Decimal,
                    AnswerKind::Number => Keyboard::Digits,
                    _ => Keyboard::Text,
                },
            }
        },
    }
}
