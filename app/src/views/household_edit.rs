//! Adding and editing a household: every pause is a save, there is no button to forget.

use dioxus::prelude::*;
use lianxin_shared::{
    domain::{
        Coded,
        category::{BorneBy, tag_field},
        household::{HouseholdClass, HouseholdState, POPULATION_MAX, field, is_odd_phone},
    },
    replica::{FieldSet, Value, kind},
    templates::templates,
};
use std::collections::BTreeMap;
use uuid::Uuid;

use super::{twin::Twin, with_record::WithRecord};
use crate::{
    components::{
        choice::{Chip, Segments},
        fields::{Keyboard, TextArea, TextField, Typed},
        frame::Page,
        notice::{Notice, SaveMark, SaveTrouble},
    },
    route::Route,
    state::{
        autosave::Source,
        form::{Form, use_form},
        record_form::RecordForm,
        session::use_session,
    },
    store::{Loaded, Request},
    text::household as words,
};

/// A household that is on this phone.
#[component]
pub(crate) fn HouseholdEditView(id: Uuid) -> Element {
    let then = |loaded: Loaded| {
        let form = RecordForm::of(loaded);
        rsx! {
            Editor { title: words::EDIT_TITLE, form, is_new: false }
        }
    };
    rsx! {
        WithRecord { id, title: words::EDIT_TITLE, then }
    }
}

/// A household that nobody has written down yet.
#[component]
pub(crate) fn HouseholdNewView() -> Element {
    let villages = use_session().identity().villages;
    let only = villages.keys().next().filter(|_| villages.len() == 1).cloned();
    let mut chosen = use_signal(|| only);
    // Whoever has several villages chooses first: nothing can be written into the wrong one unawares.
    let Some(village) = chosen() else {
        return rsx! {
            Page { title: words::NEW_TITLE, testid: "household-edit",
                div { class: "stack",
                    VillageField { villages, chosen: None, onpick: move |code| chosen.set(Some(code)) }
                }
            }
        };
    };
    let form = RecordForm::fresh(kind::HOUSEHOLD, &village, FieldSet::new(), &[field::HEAD, field::ADDRESS]);
    rsx! { Editor { title: words::NEW_TITLE, form, is_new: true } }
}

#[component]
fn VillageField(
    villages: BTreeMap<String, String>,
    chosen: Option<String>,
    onpick: EventHandler<String>,
) -> Element {
    rsx! {
        div { class: "field",
            span { class: "label", {words::VILLAGE} }
            Segments {
                label: words::VILLAGE, testid: "village", options: villages.into_iter().collect::<Vec<_>>(),
                chosen: chosen.into_iter().collect::<Vec<_>>(), onpick,
            }
        }
    }
}

/// In which village it is: for as long as nobody but this phone knows the household, another one can be chosen.
#[component]
fn WhichVillage(form: Form) -> Element {
    let session = use_session();
    let mut refused = use_signal(|| None::<String>);
    let villages = session.identity().villages;
    let village = form.read(|record| record.village().to_owned());
    if villages.len() < 2 {
        return rsx! {};
    }
    if !form.read(RecordForm::may_move) {
        let name = villages.get(&village).cloned().unwrap_or(village);
        return rsx! {
            div { class: "field",
                span { class: "label", {words::VILLAGE} }
                p { "data-testid": "village-now", "{name}" }
            }
            if let Some(words) = refused() {
                Notice { look: "w", testid: "village-stays", "{words}" }
            }
        };
    }
    let pick = move |village: String| async move {
        form.flush();
        let Some(id) = form.read(RecordForm::id) else {
            form.change(|record| record.set_village(&village));
            return;
        };
        match session.ask::<Loaded>(Request::PlaceHousehold { id, village }).await {
            Ok(placed) => form.change(|record| record.placed(Some(&placed))),
            Err(error) => {
                form.change(|record| record.placed(None));
                refused.set(Some(error.to_string()));
            }
        }
    };
    rsx! { VillageField { villages, chosen: village, onpick: pick } }
}

/// The form.
#[component]
fn Editor(title: String, form: RecordForm, is_new: bool) -> Element {
    let form = use_form(|| form);
    let session = use_session();
    let created = use_memo(move || form.read(RecordForm::id));
    use_effect(move || {
        if let Some(id) = created() {
            // A restart reopens the household that now exists, not an empty form that would make a second.
            session.tell(Request::SavePlace { route: Route::HouseholdEdit { id }.to_string() });
        }
    });
    let mut nameless = use_signal(|| false);
    let done = move |_| {
        if form.read(Source::is_held_back) {
            nameless.set(true);
            return;
        }
        form.flush();
        match created() {
            Some(id) if is_new => drop(navigator().replace(Route::HouseholdPage { id })),
            _ => navigator().go_back(),
        }
    };
    rsx! {
        Page {
            title, testid: "household-edit",
            end: rsx! { SaveMark { mark: form.mark.read().clone() } },
            foot: rsx! { button { class: "btn p", r#type: "button", "data-testid": "done", onclick: done, {words::DONE} } },
            div { class: "stack",
                SaveTrouble { mark: form.mark.read().clone(), onretry: move |()| form.flush() }
                WhichVillage { form }
                Who { form, nameless: nameless() && created().is_none() }
                if is_new {
                    Twin { form }
                }
                Kinds { form }
                TagChips { form, borne_by: BorneByProp(BorneBy::Household) }
                TextArea {
                    label: words::NOTE, initial: form.text(field::NOTE), testid: "f-note",
                    on: move |typed| form.type_text(field::NOTE, typed),
                }
                p { class: "sub", if created().is_some() { {words::AUTOSAVED} } else { {words::BEGIN_HINT} } }
            }
        }
    }
}

#[component]
fn Who(form: Form, nameless: bool) -> Element {
    rsx! {
        TextField {
            label: words::HEAD, initial: form.text(field::HEAD), testid: "f-head",
            problem: nameless.then(|| words::BEGIN_HINT.to_owned()),
            on: move |typed| form.type_text(field::HEAD, typed),
        }
        div { class: "pair",
            TextField {
                label: words::GROUP, hint: words::GROUP_HINT, initial: form.text(field::GROUP), testid: "f-group",
                on: move |typed| form.type_text(field::GROUP, typed),
            }
            TextField {
                label: words::DOOR, hint: words::DOOR_HINT, initial: form.text(field::DOOR), testid: "f-door",
                on: move |typed| form.type_text(field::DOOR, typed),
            }
        }
        PhoneField { form, field: field::PHONE }
        Population { form }
        TextField {
            label: words::ADDRESS, initial: form.text(field::ADDRESS), testid: "f-address",
            on: move |typed| form.type_text(field::ADDRESS, typed),
        }
    }
}

/// A telephone: one of an odd length is kept as it was typed, and the field says so when it is left.
#[component]
pub(crate) fn PhoneField(form: Form, field: &'static str) -> Element {
    let mut is_odd = use_signal(|| is_odd_phone(&form.text(field)));
    let on = move |typed: Typed| {
        match typed {
            Typed::Entered => is_odd.set(false),
            Typed::Left => is_odd.set(is_odd_phone(&form.text(field))),
            Typed::Text(_) | Typed::Composing(_) => {}
        }
        form.type_text(field, typed);
    };
    rsx! {
        TextField {
            label: words::PHONE, keyboard: Keyboard::Phone, initial: form.text(field), testid: "f-phone", on,
            remark: is_odd().then(|| words::PHONE_ODD.to_owned()),
        }
    }
}

/// 人口 as a number: what is no number is not saved, and the field says so when it is left.
#[component]
fn Population(form: Form) -> Element {
    let mut wrong = use_signal(|| false);
    let mut shown = use_signal(|| false);
    let on = move |typed: Typed| match typed {
        Typed::Text(text) => {
            let plain: String = text.chars().filter(|c| !c.is_whitespace()).collect();
            let value = match plain.parse::<i64>() {
                _ if plain.is_empty() => Some(Value::Null),
                Ok(number) if (0..=POPULATION_MAX).contains(&number) => Some(Value::Int(number)),
                _ => None,
            };
            wrong.set(value.is_none());
            if let Some(value) = value {
                form.typed(|record| record.set(field::POPULATION, value));
            }
        }
        Typed::Left => {
            shown.set(true);
            form.flush();
        }
        Typed::Entered => shown.set(false),
        Typed::Composing(on) => form.composing(on),
    };
    rsx! {
        TextField {
            label: words::POPULATION, keyboard: Keyboard::Digits, unit: words::PEOPLE.to_owned(), initial: form.text(field::POPULATION),
            problem: (wrong() && shown()).then(|| words::NUMBER_WANTED.to_owned()), testid: "f-population", on,
        }
    }
}

/// 在村、外出、迁出、销户 and 农户、居民户.
#[component]
fn Kinds(form: Form) -> Element {
    let options = |coded: &[(&'static str, &'static str)]| -> Vec<(String, String)> {
        coded.iter().map(|(code, label)| ((*code).to_owned(), (*label).to_owned())).collect()
    };
    let states: Vec<_> = HouseholdState::ALL.iter().map(|one| (one.code(), one.label())).collect();
    let classes: Vec<_> = HouseholdClass::ALL.iter().map(|one| (one.code(), one.label())).collect();
    let class = form.read(|record| record.text(field::CLASS));
    let class = if class.is_empty() { HouseholdClass::default().code().to_owned() } else { class };
    rsx! {
        div { class: "field",
            span { class: "label", {words::STATE} }
            Segments {
                label: words::STATE, options: options(&states), testid: "f-state",
                chosen: vec![form.read(|record| record.text(field::STATE))],
                onpick: move |code: String| form.change(|record| record.set(field::STATE, code.into())),
            }
        }
        div { class: "field",
            span { class: "label", {words::CLASS} }
            Segments {
                label: words::CLASS, options: options(&classes), testid: "f-class", chosen: vec![class],
                onpick: move |code: String| form.change(|record| record.set(field::CLASS, code.into())),
            }
        }
    }
}

/// Whom the offered categories are about, as a property.
#[derive(Clone, PartialEq)]
pub(crate) struct BorneByProp(pub(crate) BorneBy);

/// Categories as chips: those that are about this kind of record, and any other that it already carries.
#[component]
pub(crate) fn TagChips(form: Form, borne_by: BorneByProp) -> Element {
    let offered: Vec<(String, String, bool)> = templates()
        .village_categories()
        .map(|one| (one, form.read(|record| record.is_true(&tag_field(&one.code)))))
        .filter(|(one, on)| *on || one.borne_by == borne_by.0)
        .map(|(one, on)| (one.code.clone(), one.name.clone(), on))
        .collect();
    rsx! {
        div { class: "field",
            span { class: "label", {words::TAGS} }
            span { class: "hint", {words::TAGS_HINT} }
            if borne_by.0 == BorneBy::Household {
                span { class: "hint", {words::TAGS_OF_PERSONS} }
            }
            div { class: "chips wrap several", role: "group", "aria-label": words::TAGS,
                for (code, name, on) in offered {
                    Chip {
                        key: "{code}", name, on, testid: "tag-{code}",
                        onpick: move |()| form.change(|record| flip_tag(record, &code, !on)),
                    }
                }
            }
        }
    }
}

/// Puts a category's tag on, with that of the category that it is also, or takes it off alone.
fn flip_tag(record: &mut RecordForm, code: &str, on: bool) {
    if on {
        templates().with_also(code).for_each(|code| record.set(&tag_field(code), true.into()));
    } else {
        record.set(&tag_field(code), false.into());
    }
}
