//! 照片 on the screens: the grid that is edited, the grid that is looked at, and one photo whole.

use dioxus::prelude::*;
use lianxin_assets::icons;
use lianxin_shared::domain::photo::{CAPTION_CHARS_MAX, RECORD_PHOTOS_MAX};

use crate::{
    components::{
        fields::{TextField, Typed},
        frame::Page,
        icon::Icon,
        notice::{Failed, Notice},
        photos::PhotoInputs,
    },
    route::Route,
    state::{
        asked::use_asked,
        session::use_session,
        taking::{Intake, PhotoEdit, Taking},
    },
    store::{Bytes, PhotoName, PhotoPlace, PhotoSize, PhotoView, Request, draft::PhotoDraft},
    text::photo as words,
};

/// Photos shown of each visit in a list of visits; the rest is on the visit's page.
const TIMELINE_PHOTOS_MAX: usize = 3;

/// A small picture out of the store; what is not on this phone is fetched from the township once, if `fetch`.
#[component]
pub(crate) fn Thumb(name: PhotoName, #[props(default = true)] fetch: bool) -> Element {
    let session = use_session();
    let mut was_wanted = use_signal(|| false);
    let wanted = name.clone();
    let asked = use_resource(move || {
        session.fetched.read();
        let request = Request::Picture { name: name.clone(), size: PhotoSize::Small };
        async move { session.ask::<Option<Bytes>>(request).await }
    });
    use_effect(move || {
        if fetch && matches!(&*asked.read(), Some(Ok(None))) && !*was_wanted.peek() {
            was_wanted.set(true);
            session.fetch(&wanted, PhotoSize::Small);
        }
    });
    rsx! {
        match &*asked.read() {
            Some(Ok(Some(bytes))) => rsx! { img { src: bytes.picture_address(), alt: "", "data-testid": "thumb" } },
            Some(Ok(None)) => rsx! { span { class: "lacking", {words::AT_TOWNSHIP} } },
            Some(Err(_)) => rsx! { span { class: "lacking", Icon { path: icons::WARN, small: true } } },
            None => rsx! {},
        }
    }
}

fn alt_of(caption: &str, at: usize) -> String {
    if caption.is_empty() { words::nth(at + 1) } else { caption.to_owned() }
}

/// The photos of something that is being written: taken, named, taken off.
#[component]
pub(crate) fn PhotoEditor(
    village: String,
    photos: Vec<PhotoDraft>,
    taking: Taking,
    onedit: EventHandler<PhotoEdit>,
) -> Element {
    let mut chosen = use_signal(|| None::<String>);
    let mut removed = use_signal(|| None::<(usize, PhotoDraft)>);
    let is_busy = taking.is_busy();
    let is_full = photos.len() >= RECORD_PHOTOS_MAX;
    let name_of = |hash: &str| PhotoName { village: village.clone(), hash: hash.to_owned() };
    rsx! {
        section { class: "photo-editor", "data-testid": "photos",
            if !photos.is_empty() {
                div { class: "photos",
                    for (at, photo) in photos.iter().cloned().enumerate() {
                        EditedTile {
                            key: "{photo.hash}", at, name: name_of(&photo.hash), photo: photo.clone(), onedit,
                            is_chosen: chosen().as_ref() == Some(&photo.hash),
                            onchoose: move |hash| chosen.set(hash),
                            onremove: move |()| {
                                onedit.call(PhotoEdit::Remove(photo.hash.clone()));
                                removed.set(Some((at, photo.clone())));
                                chosen.set(None);
                            },
                        }
                    }
                }
            }
            if let Some((at, photo)) = removed() {
                Notice { testid: "photo-removed",
                    p { {words::REMOVED} }
                    button { class: "link", r#type: "button", "data-testid": "photo-back",
                        onclick: move |_| {
                            onedit.call(PhotoEdit::PutBack(at, photo.clone()));
                            removed.set(None);
                        },
                        {words::PUT_BACK}
                    }
                }
            }
            TakingState { taking }
            PhotoInputs { disabled: is_busy || is_full, onchoose: taking.ontake }
            if !is_busy {
                p { class: "sub", "data-testid": "photo-hint",
                    if is_full { {words::FULL} } else { {words::HINT} }
                }
            }
        }
    }
}

/// How far the photos are that are being taken in, and what could not be.
#[component]
pub(crate) fn TakingState(taking: Taking) -> Element {
    let intake = taking.intake();
    rsx! {
        for (at, trouble) in intake.troubles.iter().enumerate() {
            Notice { key: "{at}", look: "stop", testid: "photo-trouble", "{trouble}" }
        }
        if let Some((at, count)) = intake.progress {
            p { class: "sub", role: "status", "data-testid": "photo-progress", {words::progress(at, count)} }
        }
    }
}

/// A record opens when the photos are in that were chosen for it before its screen was left.
#[component]
pub(crate) fn PhotosOnTheirWay(progress: (usize, usize)) -> Element {
    rsx! {
        Notice { testid: "photos-on-their-way",
            p { {words::ON_THEIR_WAY} }
            p { {words::progress(progress.0, progress.1)} }
        }
    }
}

/// Over every page: photos that were chosen on a screen that has been left, while they are taken in, and those that
/// could not be, until somebody has read it.
#[component]
pub(crate) fn UnseenPhotos() -> Element {
    let session = use_session();
    let unseen: Vec<(String, Intake)> = session
        .takings
        .read()
        .iter()
        .filter(|(_, intake)| intake.is_unseen())
        .map(|(record, intake)| (record.clone(), intake.clone()))
        .collect();
    rsx! {
        for (record, intake) in unseen {
            div { key: "{record}", class: "unseen",
                if let Some((at, count)) = intake.progress {
                    Notice { testid: "photos-unseen", {words::progress(at, count)} }
                } else {
                    Notice { look: "stop", testid: "photos-unseen",
                        b { {words::UNSEEN} }
                        for (at, trouble) in intake.troubles.iter().enumerate() {
                            p { key: "{at}", "{trouble}" }
                        }
                        button {
                            class: "link", r#type: "button", "data-testid": "photos-seen",
                            onclick: move |_| session.intake(&record, |intake| intake.troubles.clear()),
                            {words::SEEN}
                        }
                    }
                }
            }
        }
    }
}

/// A photo of the grid that is edited; what can be done with it opens under its row.
#[component]
fn EditedTile(
    at: usize,
    name: PhotoName,
    photo: PhotoDraft,
    is_chosen: bool,
    onedit: EventHandler<PhotoEdit>,
    onchoose: EventHandler<Option<String>>,
    onremove: EventHandler<()>,
) -> Element {
    let hash = photo.hash.clone();
    rsx! {
        button {
            class: "photo", r#type: "button", "data-testid": "photo", "aria-label": alt_of(&photo.caption, at),
            "aria-expanded": if is_chosen { "true" } else { "false" },
            onclick: move |_| onchoose.call((!is_chosen).then(|| hash.clone())),
            Thumb { name: name.clone() }
            if !photo.caption.is_empty() {
                span { class: "caption", "{photo.caption}" }
            }
        }
        if is_chosen {
            Chosen { name: name.clone(), photo: photo.clone(), onedit, onremove }
        }
    }
}

/// The photo that was tapped: what it shows, and what can be done with it.
#[component]
fn Chosen(
    name: PhotoName,
    photo: PhotoDraft,
    onedit: EventHandler<PhotoEdit>,
    onremove: EventHandler<()>,
) -> Element {
    let hash = photo.hash.clone();
    // As typed: what is too long may be in no record.
    let mut is_long = use_signal(|| photo.caption.chars().count() > CAPTION_CHARS_MAX);
    rsx! {
        div { class: "card pad stack photo-chosen",
            TextField {
                label: words::CAPTION, hint: words::CAPTION_HINT, initial: photo.caption.clone(), testid: "photo-caption",
                problem: is_long().then(|| words::caption_long(CAPTION_CHARS_MAX)),
                on: move |typed| match typed {
                    Typed::Text(text) => {
                        is_long.set(text.trim().chars().count() > CAPTION_CHARS_MAX);
                        onedit.call(PhotoEdit::Caption(hash.clone(), text));
                    }
                    Typed::Composing(on) => onedit.call(PhotoEdit::Composing(on)),
                    Typed::Left => onedit.call(PhotoEdit::Left),
                    Typed::Entered => {}
                },
            }
            div { class: "chips wrap",
                Link { class: "link", to: Route::photo(&name), "data-testid": "photo-open", {words::OPEN} }
                button { class: "link danger", r#type: "button", "data-testid": "photo-remove", onclick: move |_| onremove.call(()),
                    Icon { path: icons::BIN, small: true }
                    {words::REMOVE}
                }
            }
        }
    }
}

/// Photos to look at, with how many of them the township lacks.
#[component]
pub(crate) fn PhotoGrid(photos: Vec<PhotoView>, #[props(default)] text_there: bool) -> Element {
    let waiting = photos.iter().filter(|photo| photo.place == PhotoPlace::Waiting).count();
    let waiting = u32::try_from(waiting).unwrap_or(u32::MAX);
    rsx! {
        if waiting > 0 {
            p { class: "sub", "data-testid": "photos-lacking",
                if text_there { {words::text_there(waiting)} } else { {words::lacking(waiting)} }
            }
        }
        Tiles { photos: photos.into_iter().map(|photo| (photo.name, photo.caption)).collect::<Vec<_>>() }
    }
}

/// Small pictures with their captions, that lead to the large ones.
#[component]
pub(crate) fn Tiles(photos: Vec<(PhotoName, String)>) -> Element {
    rsx! {
        div { class: "photos",
            for (at, (name, caption)) in photos.iter().enumerate() {
                Link {
                    key: "{name.hash}", class: "photo", to: Route::photo(name), "data-testid": "photo",
                    "aria-label": alt_of(caption, at),
                    Thumb { name: name.clone() }
                    if !caption.is_empty() {
                        span { class: "caption", "{caption}" }
                    }
                }
            }
        }
    }
}

/// The first photos of a visit in a list of visits.
#[component]
pub(crate) fn TimelinePhotos(photos: Vec<PhotoName>) -> Element {
    rsx! {
        div { class: "photos few", "data-testid": "timeline-photos",
            for name in photos.iter().take(TIMELINE_PHOTOS_MAX) {
                Link { key: "{name.hash}", class: "photo", to: Route::photo(name), "aria-label": words::TITLE,
                    // A list of visits must not cost what nobody asked to see.
                    Thumb { name: name.clone(), fetch: false }
                }
            }
            if photos.len() > TIMELINE_PHOTOS_MAX {
                p { class: "sub", {words::count(photos.len())} }
            }
        }
    }
}

/// Where a photo is, in words.
#[component]
fn Place(place: PhotoPlace) -> Element {
    let (look, said) = match place {
        PhotoPlace::Waiting => ("w", words::WAITING.to_owned()),
        PhotoPlace::Received => ("ok", words::RECEIVED.to_owned()),
        PhotoPlace::Refused(why) => ("stop", words::not_received(&why)),
        PhotoPlace::Elsewhere => ("", words::ELSEWHERE.to_owned()),
    };
    rsx! { Notice { look, testid: "photo-place", "{said}" } }
}

/// One photo whole; from the township if it was taken on another phone.
#[component]
pub(crate) fn PhotoPageView(village: String, hash: String) -> Element {
    rsx! {
        for name in [PhotoName { village, hash }] {
            PhotoOf { key: "{name.hash}", name: name.clone() }
        }
    }
}

#[component]
fn PhotoOf(name: PhotoName) -> Element {
    let session = use_session();
    let (asked_name, wanted, placed) = (name.clone(), name.clone(), name.clone());
    let asked = use_resource(move || {
        session.fetched.read();
        let request = Request::Picture { name: asked_name.clone(), size: PhotoSize::Full };
        async move { session.ask::<Option<Bytes>>(request).await }
    });
    let place = use_asked::<PhotoPlace>(move || Request::PhotoPlace { name: placed.clone() });
    let fetch = use_callback(move |()| session.fetch(&wanted, PhotoSize::Full));
    let mut was_wanted = use_signal(|| false);
    use_effect(move || {
        if matches!(&*asked.read(), Some(Ok(None))) && !*was_wanted.peek() {
            was_wanted.set(true);
            fetch.call(());
        }
    });
    let refusal = session.why_not_fetched(&name, PhotoSize::Full);
    rsx! {
        Page { title: words::TITLE, testid: "photo-page",
            match (&*asked.read(), refusal) {
                (Some(Ok(Some(bytes))), _) => rsx! {
                    if let Some(Ok(place)) = &*place.read() {
                        Place { place: place.clone() }
                    }
                    figure { class: "whole", img { src: bytes.picture_address(), alt: words::TITLE, "data-testid": "photo-whole" } }
                },
                (Some(Err(error)), _) => rsx! { Failed { words: error.to_string(), onretry: fetch } },
                (_, Some(why)) => rsx! { Failed { words: why, onretry: fetch } },
                _ => rsx! { p { class: "sub", role: "status", {words::FETCHING} } },
            }
        }
    }
}
