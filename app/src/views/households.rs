//! 户册: search as you type over twenty thousand households, chips per category.

use dioxus::{html::geometry::PixelsVector2D, prelude::*};
use lianxin_assets::icons;
use lianxin_shared::templates::templates;
use std::rc::Rc;

use crate::{
    components::{
        choice::Chip,
        icon::Icon,
        notice::{Empty, Failed, Waiting},
        rows::HouseholdLine,
    },
    platform::now_ms,
    route::{Route, go},
    state::register::{RegisterSearch, Search, use_households},
    store::{HouseholdFilter, HouseholdRow, Households},
    text::{self, register as words},
};

/// Distance to the list's end at which more rows are asked for, CSS pixels.
const MORE_WITHIN_PX: f64 = 600.0;

/// The page.
#[component]
pub(crate) fn HouseholdsView() -> Element {
    let mut search = use_context::<RegisterSearch>().0;
    let mut asked = use_households(search);
    let more_left =
        move || matches!(&*asked.peek(), Some(Ok(found)) if (found.rows.len() as u32) < found.total);
    let scrolled = move |event: ScrollEvent| {
        search.scrolled.set(event.scroll_top());
        let below = f64::from(event.scroll_height()) - event.scroll_top() - f64::from(event.client_height());
        let answered =
            matches!(&*asked.peek(), Some(Ok(found)) if found.rows.len() as u32 == *search.wanted.peek());
        if below < MORE_WITHIN_PX && answered && more_left() {
            search.more();
        }
    };
    let mut list = use_signal(|| None::<Rc<MountedData>>);
    let mut restored = use_signal(|| *search.scrolled.peek() <= 0.0);
    use_effect(move || {
        let (Some(element), Some(Ok(_))) = (list(), &*asked.read()) else { return };
        if !*restored.peek() {
            restored.set(true);
            let to = PixelsVector2D::new(0.0, *search.scrolled.peek());
            // A list that has become shorter merely stays at its top.
            spawn(async move { drop(element.scroll(to, ScrollBehavior::Instant).await) });
        }
    });
    rsx! {
        main { class: "screen", "data-testid": "households", onscroll: scrolled, onmounted: move |event| list.set(Some(event.data())),
            div { class: "sec", margin: "0",
                h1 { class: "title", {text::tab::HOUSEHOLDS} }
                Link { class: "link", to: Route::HouseholdNew {}, "data-testid": "household-add",
                    Icon { path: icons::PLUS, small: true }
                    {words::ADD}
                }
            }
            SearchField { search }
            match &*asked.read() {
                None => rsx! { Waiting {} },
                Some(Err(error)) => rsx! { Failed { words: error.to_string(), onretry: move |()| asked.restart() } },
                Some(Ok(found)) => rsx! {
                    Chips { search, found: found.clone() }
                    Found { search, found: found.clone() }
                },
            }
        }
    }
}

/// The search field; what was typed stays while one looks at a household.
#[component]
pub(crate) fn SearchField(search: Search) -> Element {
    let has_text = !search.text.read().is_empty();
    rsx! {
        div { class: "search", role: "search",
            Icon { path: icons::SEARCH }
            for round in [search.cleared.read()] {
                input {
                    key: "{round}", class: "input", r#type: "search", autocomplete: "off", enterkeyhint: "search",
                    "aria-label": words::SEARCH, placeholder: words::SEARCH_HINT, "data-testid": "search",
                    initial_value: "{search.text.peek()}",
                    oninput: move |event| search.type_text(event.value()),
                }
            }
            if has_text {
                button {
                    class: "icon-btn", r#type: "button", "aria-label": words::CLEAR, "data-testid": "search-clear",
                    onclick: move |_| search.clear(),
                    Icon { path: icons::CLOSE, small: true }
                }
            }
        }
    }
}

#[component]
fn Chips(search: Search, found: Households) -> Element {
    let chosen = search.filter.read().clone();
    rsx! {
        div { class: "chips scroll", role: "group", "aria-label": words::FILTER,
            Chip {
                name: text::ALL, count: found.all, on: chosen == HouseholdFilter::All, testid: "chip-all",
                onpick: move |()| search.choose(HouseholdFilter::All),
            }
            Chip {
                name: words::LEFT, count: found.not_visited, on: chosen == HouseholdFilter::NotVisited, testid: "chip-left",
                onpick: move |()| search.choose(HouseholdFilter::NotVisited),
            }
            for (code, count) in found.categories {
                Chip {
                    key: "{code}", name: templates().category_name(&code).to_owned(), count,
                    on: chosen == HouseholdFilter::Category(code.clone()), testid: "chip-{code}",
                    onpick: move |()| search.choose(HouseholdFilter::Category(code.clone())),
                }
            }
            if found.off_register > 0 {
                Chip {
                    name: words::OFF_REGISTER, count: found.off_register, on: chosen == HouseholdFilter::OffRegister, testid: "chip-off-register",
                    onpick: move |()| search.choose(HouseholdFilter::OffRegister),
                }
            }
        }
    }
}

#[component]
fn Found(search: Search, found: Households) -> Element {
    if found.rows.is_empty() {
        return rsx! { NothingFound { is_empty_phone: found.all == 0 } };
    }
    let left = found.total.saturating_sub(u32::try_from(found.rows.len()).unwrap_or(u32::MAX));
    rsx! {
        if !search.text.read().is_empty() {
            p { class: "small muted", role: "status", {words::found(found.total)} }
        }
        HouseholdRows { rows: found.rows, onpick: move |id| go(Route::HouseholdPage { id }) }
        if left > 0 {
            button { class: "btn wide dash", r#type: "button", "data-testid": "more", onclick: move |_| search.more(),
                {words::more(left)}
            }
        }
    }
}

/// Households in a card.
#[component]
pub(crate) fn HouseholdRows(rows: Vec<HouseholdRow>, onpick: EventHandler<uuid::Uuid>) -> Element {
    let now_ms = now_ms();
    rsx! {
        div { class: "card",
            for row in rows {
                HouseholdLine { key: "{row.id}", now_ms, onpick: move |()| onpick.call(row.id), row: row.clone() }
            }
        }
    }
}

/// Nothing fits, and what to do then.
#[component]
pub(crate) fn NothingFound(is_empty_phone: bool) -> Element {
    let (title, hint) = if is_empty_phone {
        (words::NO_HOUSEHOLDS, words::NO_HOUSEHOLDS_HINT)
    } else {
        (words::NOTHING, words::NOTHING_HINT)
    };
    rsx! {
        Empty { icon: icons::SEARCH, title, hint,
            Link { class: "btn", to: Route::HouseholdNew {}, {words::ADD} }
        }
    }
}
