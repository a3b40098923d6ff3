//! Step 2: what they said, each its own card, verbatim.

use dioxus::prelude::*;
use lianxin_assets::icons;
use lianxin_shared::{
    domain::{
        Coded,
        opinion::{OPINION_CHARS_MAX, Opinion, OpinionKind},
    },
    templates::templates,
};
use uuid::Uuid;

use super::visited::Said;
use crate::{
    components::{
        choice::{Chip, Segments, Switch},
        fields::{TextArea, Typed},
        icon::Icon,
    },
    state::draft::{Draft, opinion_field},
    store::{Loaded, draft::OpinionDraft},
    text::visit as words,
};

/// The step.
#[component]
pub(crate) fn Opinions(draft: Draft) -> Element {
    let focus = use_hook(|| draft.peek(|visit| visit.focus.clone()));
    // The field just added gets the cursor; one that was there already only if the app was left in it.
    let mut added = use_signal(|| None::<Uuid>);
    use_hook(|| {
        draft.take_over_words();
        // A correction adds words only where there are more.
        if draft.peek(|visit| visit.opinions.is_empty() && visit.amends.is_none()) {
            draft.add_opinion();
        }
    });
    let opinions = draft.read(|visit| visit.opinions.clone());
    let add = move |_| {
        draft.add_opinion();
        added.set(draft.peek(|visit| visit.opinions.last().map(|opinion| opinion.id)));
    };
    rsx! {
        div {
            h2 { class: "title", {words::WORDS} }
            p { class: "sub", {words::WORDS_HINT} }
        }
        SaidBefore { draft }
        for (at, opinion) in opinions.into_iter().enumerate() {
            OpinionCard {
                key: "{opinion.id}", draft, at,
                focus: added() == Some(opinion.id) || focus == opinion_field(opinion.id),
                opinion: opinion.clone(),
            }
        }
        button { class: "btn wide dash", r#type: "button", "data-testid": "opinion-add", onclick: add,
            Icon { path: icons::PLUS, small: true }
            {words::ADD}
        }
    }
}

/// What the finished visit says already: verbatim for ever, only to be read.
#[component]
pub(crate) fn SaidBefore(draft: Draft) -> Element {
    let said = draft.said();
    if said.is_empty() {
        return rsx! {};
    }
    rsx! {
        section { class: "card pad stack", "data-testid": "said",
            h3 { class: "label", {words::SAID} }
            p { class: "sub", {words::SAID_HINT} }
            for (at, record) in said.into_iter().enumerate() {
                div { key: "{record.id}", class: "stack",
                    Sorting {
                        testid: "said-{at + 1}", opinion: drafted(&record), was_unnamed: draft.was_unnamed(record.id),
                        onsort: move |wanted: OpinionDraft| draft.sort_said(record.id, &wanted),
                        Said { record: record.clone() }
                    }
                }
            }
        }
    }
}

/// An opinion of the finished visit as the controls show it.
fn drafted(record: &Loaded) -> OpinionDraft {
    let one = Opinion::from_fields(&record.fields);
    OpinionDraft {
        id: record.id,
        text: one.text,
        kind: one.kind.code().to_owned(),
        category: one.category,
        immediate: one.immediate,
        anonymous: one.anonymous,
    }
}

/// Changes one opinion of the draft.
fn with(visit: &mut crate::store::draft::VisitDraft, id: Uuid, change: impl FnOnce(&mut OpinionDraft)) {
    if let Some(opinion) = visit.opinions.iter_mut().find(|opinion| opinion.id == id) {
        change(opinion);
    }
}

#[component]
fn OpinionCard(draft: Draft, opinion: OpinionDraft, at: usize, focus: bool) -> Element {
    let id = opinion.id;
    let testid = format!("opinion-{}", at + 1);
    let letters = opinion.text.chars().count();
    let sort = move |wanted: OpinionDraft| {
        draft.change(|visit| {
            // The words are those of the field, not those that the controls were drawn with.
            with(visit, id, |one| *one = OpinionDraft { id, text: std::mem::take(&mut one.text), ..wanted });
        });
    };
    rsx! {
        section { class: "card q",
            Head { draft, id, at }
            Sorting { testid: "{testid}", opinion: opinion.clone(), onsort: sort,
                TextArea {
                    label: words::OPINION, bare: true, hint: words::OPINION_HINT, initial: opinion.text.clone(), focus, testid: "{testid}",
                    on: move |typed| match typed {
                        Typed::Text(text) => draft.typed(|visit| with(visit, id, |one| one.text = text)),
                        Typed::Composing(on) => draft.composing(on),
                        Typed::Entered => draft.focus(&opinion_field(id)),
                        Typed::Left => {
                            draft.flush();
                            draft.redraw();
                        }
                    },
                }
                if letters > OPINION_CHARS_MAX {
                    p { class: "wrong", role: "alert", "data-testid": "{testid}-long", {words::too_long(letters, OPINION_CHARS_MAX)} }
                }
            }
        }
    }
}

/// What an opinion is, beneath its words: the kind, and folded away the topic, 立行立改 and 不留姓名. A name that was
/// withheld stays so: whoever asked for that cannot be asked again.
#[component]
fn Sorting(
    testid: String,
    opinion: OpinionDraft,
    #[props(default)] was_unnamed: bool,
    onsort: EventHandler<OpinionDraft>,
    children: Element,
) -> Element {
    // What was not chosen is reported as 问题: the screen shows what will be reported.
    let kind = OpinionKind::from_code(&opinion.kind).unwrap_or_default();
    let kinds: Vec<_> =
        OpinionKind::ALL.iter().map(|one| (one.code().to_owned(), one.label().to_owned())).collect();
    let line = more_line(&opinion);
    let (category, immediate, anonymous) = (opinion.category.clone(), opinion.immediate, opinion.anonymous);
    let opinion = use_memo(use_reactive!(|opinion| opinion));
    let wanted = move || opinion.peek().clone();
    rsx! {
        {children}
        Segments {
            label: words::OPINION_KIND, options: kinds, chosen: vec![kind.code().to_owned()], testid: "{testid}-kind",
            onpick: move |code: String| onsort.call(OpinionDraft { kind: code, ..wanted() }),
        }
        details { class: "more", "data-testid": "{testid}-more",
            summary {
                Icon { path: icons::NEXT, small: true }
                "{line}"
            }
            div { class: "stack",
                Topics { chosen: category,
                    onpick: move |code: String| {
                        let category = if wanted().category == code { String::new() } else { code };
                        onsort.call(OpinionDraft { category, ..wanted() });
                    },
                }
                Switch {
                    name: words::IMMEDIATE, hint: words::IMMEDIATE_HINT, on: immediate, testid: "{testid}-immediate",
                    onflip: move |on| onsort.call(OpinionDraft { immediate: on, ..wanted() }),
                }
                if !was_unnamed {
                    Switch {
                        name: words::ANONYMOUS, hint: words::ANONYMOUS_HINT, on: anonymous, testid: "{testid}-anonymous",
                        onflip: move |on| onsort.call(OpinionDraft { anonymous: on, ..wanted() }),
                    }
                }
            }
        }
    }
}

/// What is set beneath the fold, or what could be.
fn more_line(opinion: &OpinionDraft) -> String {
    let topic = templates().topic(&opinion.category).map(|topic| topic.name.as_str());
    let set: Vec<&str> = topic
        .into_iter()
        .chain(opinion.immediate.then_some(words::IMMEDIATE))
        .chain(opinion.anonymous.then_some(words::ANONYMOUS))
        .collect();
    if set.is_empty() { words::MORE.to_owned() } else { set.join(" · ") }
}

/// “第 1 条” and the way to take it out; written words go only after a second tap.
#[component]
fn Head(draft: Draft, id: Uuid, at: usize) -> Element {
    let mut asking = use_signal(|| false);
    let remove = move || draft.change(|visit| visit.opinions.retain(|one| one.id != id));
    let on_remove = move |_| {
        let is_empty =
            draft.peek(|visit| visit.opinions.iter().all(|one| one.id != id || one.text.trim().is_empty()));
        if is_empty { remove() } else { asking.set(true) }
    };
    rsx! {
        div { class: "opinion-head",
            h3 { {words::nth(at + 1)} }
            if !asking() {
                button { class: "icon-btn", r#type: "button", "aria-label": words::REMOVE, onclick: on_remove,
                    Icon { path: icons::BIN, small: true }
                }
            }
        }
        if asking() {
            div { class: "notice w",
                div {
                    p { {words::REMOVE_SURE} }
                    div { class: "chips wrap",
                        button { class: "link danger", r#type: "button", onclick: move |_| remove(), {words::REMOVE} }
                        button { class: "link", r#type: "button", onclick: move |_| asking.set(false), {words::KEEP} }
                    }
                }
            }
        }
    }
}

/// The tree of topics, a parent before its children, as chips. Optional: the office sorts too.
#[component]
fn Topics(chosen: String, onpick: EventHandler<String>) -> Element {
    rsx! {
        div { class: "field",
            span { class: "label", {words::TOPIC} }
            div { class: "chips wrap", role: "group", "aria-label": words::TOPIC,
                for topic in templates().topics.iter() {
                    Chip {
                        key: "{topic.code}", name: topic.name.clone(), on: chosen == topic.code, testid: "topic-{topic.code}",
                        onpick: move |()| onpick.call(topic.code.clone()),
                    }
                }
            }
        }
    }
}
