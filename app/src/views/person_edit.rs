//! Adding and editing a member of a household.

use dioxus::prelude::*;
use lianxin_shared::{
    domain::{
        Coded,
        category::BorneBy,
        person::{Sex, field},
    },
    replica::{FieldSet, kind},
};
use uuid::Uuid;

use super::{
    household_edit::{BorneByProp, PhoneField, TagChips},
    with_record::WithRecord,
};
use crate::{
    components::{
        choice::Segments,
        fields::{Keyboard, TextArea, TextField},
        frame::Page,
        notice::{SaveMark, SaveTrouble},
    },
    route::Route,
    state::{autosave::Source, form::use_form, record_form::RecordForm, session::use_session},
    store::{Loaded, Request},
    text::household as words,
};

/// A member who is on this phone.
#[component]
pub(crate) fn PersonEditView(id: Uuid) -> Element {
    let then = |loaded: Loaded| {
        let form = RecordForm::of(loaded);
        rsx! {
            Editor { title: words::EDIT_PERSON, form }
        }
    };
    rsx! {
        WithRecord { id, title: words::EDIT_PERSON, then }
    }
}

/// A new member of the household `id`.
#[component]
pub(crate) fn PersonNewView(id: Uuid) -> Element {
    let then = |household: Loaded| {
        let opening = FieldSet::from([(field::HOUSEHOLD.to_owned(), household.id.to_string().into())]);
        let form = RecordForm::fresh(kind::PERSON, &household.village, opening, &[field::NAME]);
        rsx! {
            Editor { title: words::NEW_PERSON, form }
        }
    };
    rsx! {
        WithRecord { id, title: words::NEW_PERSON, then }
    }
}

#[component]
fn Editor(title: String, form: RecordForm) -> Element {
    let form = use_form(|| form);
    let session = use_session();
    let created = use_memo(move || form.read(RecordForm::id));
    use_effect(move || {
        if let Some(id) = created() {
            session.tell(Request::SavePlace { route: Route::PersonEdit { id }.to_string() });
        }
    });
    let mut nameless = use_signal(|| false);
    let done = move |_| {
        if form.read(Source::is_held_back) {
            nameless.set(true);
            return;
        }
        form.flush();
        navigator().go_back();
    };
    let sexes = Sex::ALL.iter().filter(|one| **one != Sex::Unknown);
    let sexes: Vec<_> = sexes.map(|one| (one.code().to_owned(), one.label().to_owned())).collect();
    rsx! {
        Page {
            title, testid: "person-edit",
            end: rsx! { SaveMark { mark: form.mark.read().clone() } },
            foot: rsx! { button { class: "btn p", r#type: "button", "data-testid": "done", onclick: done, {words::DONE} } },
            div { class: "stack",
                SaveTrouble { mark: form.mark.read().clone(), onretry: move |()| form.flush() }
                TextField {
                    label: words::NAME, initial: form.text(field::NAME), testid: "f-name",
                    problem: (nameless() && created().is_none()).then(|| words::BEGIN_PERSON_HINT.to_owned()),
                    on: move |typed| form.type_text(field::NAME, typed),
                }
                TextField {
                    label: words::RELATION, hint: words::RELATION_HINT, initial: form.text(field::RELATION), testid: "f-relation",
                    on: move |typed| form.type_text(field::RELATION, typed),
                }
                div { class: "field",
                    span { class: "label", {words::SEX} }
                    Segments {
                        label: words::SEX, options: sexes, testid: "f-sex", chosen: vec![form.read(|record| record.text(field::SEX))],
                        onpick: move |code: String| form.change(|record| record.set(field::SEX, code.into())),
                    }
                }
                TextField {
                    label: words::BIRTH, keyboard: Keyboard::Date, initial: form.text(field::BIRTH), testid: "f-birth",
                    on: move |typed| form.type_text(field::BIRTH, typed),
                }
                PhoneField { form, field: field::PHONE }
                TagChips { form, borne_by: BorneByProp(BorneBy::Person) }
                TextArea {
                    label: words::NOTE, initial: form.text(field::NOTE), testid: "f-note",
                    on: move |typed| form.type_text(field::NOTE, typed),
                }
                p { class: "sub", if created().is_some() { {words::AUTOSAVED} } else { {words::BEGIN_PERSON_HINT} } }
            }
        }
    }
}
