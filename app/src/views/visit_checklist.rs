//! Step 1: the checklists of the household's categories, asked once each, and 同上次.

use dioxus::prelude::*;
use lianxin_shared::{
    domain::checklist::{AnswerKind, Item},
    replica::Value,
};

use super::visit_how::How;
use crate::{
    components::{fields::Typed, notice::Notice, question::Question, rows::Tags},
    format,
    platform::now_ms,
    state::draft::{Draft, tap},
    text::visit as words,
};

/// The step.
#[component]
pub(crate) fn Checklist(draft: Draft) -> Element {
    let absent = draft.read(|visit| visit.absent);
    let focus = use_hook(|| draft.peek(|visit| visit.focus.clone()));
    let tags = draft.open.read().household.as_ref().map(|row| row.tags.clone()).unwrap_or_default();
    rsx! {
        if !tags.is_empty() {
            div { class: "tags", margin: "0", Tags { codes: tags } }
        }
        How { draft }
        if !absent {
            RepeatAll { draft }
            if draft.items.read().is_empty() {
                Notice { {words::NO_LIST} }
            }
            for item in draft.visible() {
                if draft.is_erased(&item) {
                    Erased { key: "{item.id}", label: item.question.clone() }
                } else {
                    Asked { key: "{item.id}", draft, focus: focus == item.field(), item: item.clone() }
                }
            }
        }
    }
}

/// In the place of what was erased by law.
#[component]
pub(crate) fn Erased(label: String) -> Element {
    rsx! {
        section { class: "card q", "data-testid": "erased",
            h3 { "{label}" }
            p { class: "sub", {words::ERASED} }
        }
    }
}

/// 全部同上次: one tap fills what was answered last time and not yet today.
#[component]
fn RepeatAll(draft: Draft) -> Element {
    let last_ms = draft.open.read().last_visit_ms;
    let count = draft.repeatable();
    let Some(last_ms) = last_ms.filter(|_| count > 0) else { return rsx! {} };
    rsx! {
        section { class: "card pad stack",
            p { {words::repeat(&format::date(last_ms, now_ms()), count)} }
            button { class: "btn wide", r#type: "button", "data-testid": "repeat-all", onclick: move |_| draft.repeat_all(),
                {words::SAME_ALL}
            }
        }
    }
}

/// One question, tied to the draft.
#[component]
fn Asked(draft: Draft, item: Item, focus: bool) -> Element {
    // A typed answer that was taken over from the last visit needs a fresh field to show it.
    let mut left = use_signal(|| false);
    let answers = draft.read(|visit| visit.answers.clone());
    let is_typed = matches!(item.kind, AnswerKind::Text | AnswerKind::Number | AnswerKind::Date);
    let round = if is_typed { draft.refills() } else { 0 };
    let first = use_hook(|| round);
    let problem = draft.problem_of(&item, left());
    let (picked, typed, repeated) = (item.clone(), item.clone(), item.clone());
    rsx! {
        for round in [round] {
            Question {
                key: "{round}",
                last: item.answer_text(&draft.open.read().last_answers),
                item: item.clone(), about: draft.about(&item), answers: answers.clone(), problem: problem.clone(), focus: focus && round == first,
                onpick: {
                    let item = picked.clone();
                    move |option: String| {
                        draft.change(|visit| {
                            tap(&item, &option, &mut visit.answers);
                            visit.focus = item.field();
                        });
                    }
                },
                ontyped: {
                    let (item, told) = (typed.clone(), problem.is_some());
                    move |typed| match typed {
                        Typed::Text(text) => {
                            // What is no number yet stays as typed: the draft loses nothing, and leaving the field says so.
                            let value = match item.kind {
                                AnswerKind::Number => item.read_number(&text).unwrap_or(Value::Text(text)),
                                _ if text.is_empty() => Value::Null,
                                _ => Value::Text(text),
                            };
                            draft.typed(|visit| drop(visit.answers.insert(item.field(), value)));
                            // What was missing is there: the card and the foot say so while the cursor is still in it.
                            if told && draft.problem_of(&item, left()).is_none() {
                                draft.redraw();
                            }
                        }
                        Typed::Composing(on) => draft.composing(on),
                        Typed::Entered => draft.focus(&item.field()),
                        Typed::Left => {
                            left.set(true);
                            draft.flush();
                            draft.redraw();
                        }
                    }
                },
                onrepeat: {
                    let item = repeated.clone();
                    move |()| draft.repeat_one(&item)
                },
            }
        }
    }
}
