//! The photos of a visit that is being written.

use dioxus::prelude::*;

use super::{photos::PhotoEditor, visit::go_and_change};
use crate::{
    state::{draft::Draft, taking::Taking},
    store::PhotoName,
    text::{photo as words, visit},
};

/// Where they are taken, named and taken off.
#[component]
pub(crate) fn Photos(draft: Draft, taking: Taking) -> Element {
    let (village, photos) = draft.read(|visit| (visit.village.clone(), visit.photos.clone()));
    rsx! {
        div { class: "sec", h2 { {words::OPTIONAL} } }
        PhotoEditor { village, photos, taking, onedit: move |edit| draft.edit_photos(edit) }
    }
}

/// Where they are looked over; nothing if there are none.
#[component]
pub(crate) fn PhotosReviewed(draft: Draft) -> Element {
    let photos: Vec<(PhotoName, String)> = draft.read(|visit| {
        let name = |hash: &String| PhotoName { village: visit.village.clone(), hash: hash.clone() };
        visit.photos.iter().map(|photo| (name(&photo.hash), photo.caption.clone())).collect()
    });
    if photos.is_empty() {
        return rsx! {};
    }
    rsx! {
        section { class: "card pad review", "data-testid": "photos-reviewed",
            div { class: "sec", margin: "-.4rem 0 0",
                h2 { {words::count(photos.len())} }
                button { class: "link", r#type: "button", onclick: move |_| go_and_change(draft, 1), {visit::CHANGE} }
            }
            super::photos::Tiles { photos }
        }
    }
}
