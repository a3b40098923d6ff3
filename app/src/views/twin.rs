//! 添一户: whether the household is in the register already.

use dioxus::prelude::*;
use lianxin_shared::domain::household::field;

use crate::{
    components::notice::Notice,
    route::Route,
    state::{form::Form, session::use_session},
    store::{HouseholdFilter, HouseholdQuery, HouseholdRow, Households, Request},
    text::household as words,
};

/// Households looked at: more that have all of a name, a group and a door are none that a person tells apart.
const LOOKED_AT_MAX: u32 = 50;

/// A household of the village under the same name, group and door: told, with the way there. It may be another one of
/// the same name, so nothing is refused.
#[component]
pub(crate) fn Twin(form: Form) -> Element {
    let session = use_session();
    let looked_for = use_memo(move || {
        form.read(|record| {
            let text = |field| record.text(field).trim().to_owned();
            let place = [text(field::HEAD), text(field::GROUP), text(field::DOOR)];
            (record.id(), record.village().to_owned(), place)
        })
    });
    let twin = use_resource(move || {
        let (own, village, wanted) = looked_for();
        async move {
            if wanted.first().is_none_or(String::is_empty) {
                return None;
            }
            let query = HouseholdQuery {
                text: wanted.join(" "),
                filter: HouseholdFilter::Village(village),
                offset: 0,
                limit: LOOKED_AT_MAX,
            };
            let found: Households = session.ask(Request::Households(query)).await.ok()?;
            let is_twin = |row: &HouseholdRow| {
                Some(row.id) != own && [&row.head, &row.group, &row.door].map(|text| text.trim()) == wanted
            };
            found.rows.into_iter().find(is_twin)
        }
    });
    let Some(row) = (*twin.read()).clone().flatten() else { return rsx! {} };
    rsx! {
        Notice { look: "w", testid: "twin",
            p { {words::twin(&row)} }
            Link { class: "link", to: Route::HouseholdPage { id: row.id }, "data-testid": "twin-see", {words::TWIN_SEE} }
        }
    }
}
