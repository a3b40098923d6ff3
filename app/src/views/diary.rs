//! 手记: today's page opens ready to type; the days before are listed and open for editing.

use dioxus::prelude::*;
use lianxin_shared::{
    domain::{diary::field, photo},
    replica::{FieldSet, Value},
};

use super::{
    clock::ClockWrong,
    history::HistoryLink,
    photos::{PhotoEditor, PhotosOnTheirWay},
};
use crate::{
    beijing,
    components::{
        fields::TextArea,
        frame::Page,
        notice::{Failed, SaveMark, SaveTrouble, Waiting},
        rows::PlainLine,
    },
    format,
    platform::now_ms,
    route::{Route, go},
    state::{
        asked::{use_asked, use_loaded},
        form::{Form, use_form},
        record_form::RecordForm,
        session::use_session,
        taking::{PhotoEdit, Taking, use_arrival, use_taking},
    },
    store::{Diary, PhotoPlace, RecordPlace, Request, draft::PhotoDraft},
    text::{self, diary as words, today},
};

/// Today's page.
#[component]
pub(crate) fn DiaryTodayView() -> Element {
    let date = use_hook(|| beijing::date(now_ms()));
    let on_its_way = use_arrival(&date);
    rsx! {
        main { class: "screen", "data-testid": "diary",
            match on_its_way {
                Some(progress) => rsx! { PhotosOnTheirWay { progress } },
                None => rsx! { DiaryOfToday { date } },
            }
        }
    }
}

#[component]
fn DiaryOfToday(date: String) -> Element {
    let mut asked = use_loaded::<Diary>(Request::Diary { date: date.clone() });
    match &*asked.read() {
        None => rsx! { Waiting {} },
        Some(Err(error)) => rsx! { Failed { words: error.to_string(), onretry: move |()| asked.restart() } },
        Some(Ok(diary)) => rsx! {
            Editor { key: "{date}", date: date.clone(), diary: diary.clone(), is_today: true }
            Before { diary: diary.clone() }
        },
    }
}

/// The page of a day that is past.
#[component]
pub(crate) fn DiaryDayView(date: String) -> Element {
    rsx! {
        for date in [date] {
            DayOf { key: "{date}", date: date.clone() }
        }
    }
}

#[component]
fn DayOf(date: String) -> Element {
    let on_its_way = use_arrival(&date);
    rsx! {
        Page { title: format::day_of(&date, now_ms()), testid: "diary-page",
            match on_its_way {
                Some(progress) => rsx! { PhotosOnTheirWay { progress } },
                None => rsx! { DiaryOfDay { date } },
            }
        }
    }
}

#[component]
fn DiaryOfDay(date: String) -> Element {
    let mut asked = use_loaded::<Diary>(Request::Diary { date: date.clone() });
    match &*asked.read() {
        None => rsx! { Waiting {} },
        Some(Err(error)) => rsx! { Failed { words: error.to_string(), onretry: move |()| asked.restart() } },
        Some(Ok(diary)) => {
            rsx! { Editor { key: "{date}", date: date.clone(), diary: diary.clone(), is_today: false } }
        }
    }
}

/// One day's page. Looking at it writes nothing; the first letter begins it.
#[component]
fn Editor(date: String, diary: Diary, is_today: bool) -> Element {
    let identity = use_session().identity();
    let (id, is_begun) = (diary.entry.id, !diary.entry.fields.is_empty());
    let form = use_form(|| {
        if diary.entry.fields.is_empty() {
            let opening = FieldSet::from([
                (field::CADRE.to_owned(), identity.cadre.into()),
                (field::CADRE_NAME.to_owned(), identity.cadre_name.into()),
                (field::DATE.to_owned(), date.clone().into()),
            ]);
            RecordForm::fresh_as(diary.entry, opening, &[field::TEXT])
        } else {
            RecordForm::of(diary.entry)
        }
    });
    let village = form.read(|record| record.village().to_owned());
    let taking = use_taking(date.clone(), village, form.saver());
    let mark = form.mark.read().clone();
    let is_blank = use_hook(|| form.text(field::TEXT).is_empty());
    let walked = if is_today { today::walked(diary.walked) } else { words::day_walked(diary.walked) };
    rsx! {
        div { class: "sec", margin: "0",
            if is_today {
                h1 { class: "title", {text::tab::DIARY} }
            } else {
                p { class: "sub", "{walked}" }
            }
            SaveMark { mark: mark.clone() }
        }
        if is_today {
            p { class: "sub", "{format::day_of(&date, now_ms())} · {walked}" }
        }
        div { class: "stack",
            if is_today {
                ClockWrong {}
            }
            SaveTrouble { mark, onretry: move |()| form.flush() }
            TextArea {
                focus: is_today && is_blank, label: words::LABEL, bare: true, hint: words::HINT, class: "page", initial: form.text(field::TEXT), testid: "diary-text",
                on: move |typed| form.type_text(field::TEXT, typed),
            }
            DiaryPhotos { form, taking, date }
            if is_begun {
                HistoryLink { id }
            }
        }
    }
}

fn edit_photos(form: Form, edit: PhotoEdit) {
    match edit {
        PhotoEdit::Caption(hash, caption) => form.typed(|record| record.caption_photo(&hash, &caption)),
        PhotoEdit::Left => form.flush(),
        PhotoEdit::Composing(on) => form.composing(on),
        PhotoEdit::Remove(hash) => {
            form.change(|record| record.set(&photo::field_of_hash(&hash), Value::Null));
        }
        PhotoEdit::PutBack(_, photo) => form.change(|record| record.put_photo(&photo.hash, &photo.caption)),
    }
}

/// The page's photos, and how many of them the township lacks.
#[component]
fn DiaryPhotos(form: Form, taking: Taking, date: String) -> Element {
    let (village, photos) = form.read(|record| (record.village().to_owned(), record.photos()));
    let photos: Vec<PhotoDraft> =
        photos.into_iter().map(|one| PhotoDraft { hash: one.hash, caption: one.caption }).collect();
    let now = use_asked::<Diary>(move || Request::Diary { date: date.clone() });
    let lacking = match &*now.read() {
        Some(Ok(diary)) if diary.entry.place == RecordPlace::Received => {
            diary.photos.iter().filter(|photo| photo.place == PhotoPlace::Waiting).count()
        }
        _ => 0,
    };
    rsx! {
        div { class: "sec", h2 { {text::photo::OPTIONAL} } }
        if lacking > 0 {
            p { class: "sub", "data-testid": "photos-lacking", {text::photo::text_there(u32::try_from(lacking).unwrap_or(u32::MAX))} }
        }
        PhotoEditor { village, photos, taking, onedit: move |edit| edit_photos(form, edit) }
    }
}

#[component]
fn Before(diary: Diary) -> Element {
    let now = now_ms();
    rsx! {
        div { class: "sec", h2 { {words::BEFORE} } }
        if diary.before.is_empty() {
            p { class: "sub", {words::NONE_BEFORE} }
        } else {
            div { class: "card",
                for (date, id, line) in diary.before {
                    PlainLine {
                        key: "{id}", title: format::day_of(&date, now), under: line, testid: "diary-day",
                        onpick: move |()| go(Route::DiaryDay { date: date.clone() }),
                    }
                }
            }
        }
    }
}
