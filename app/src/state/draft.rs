//! The draft of a visit on the screen: kept at every change, so that a phone killed at any moment reopens at the
//! same field.

use dioxus::prelude::*;
use lianxin_shared::{
    domain::{
        checklist::{self, AnswerKind, Item},
        photo,
    },
    replica::{FieldSet, Value},
    templates::templates,
};
use std::collections::BTreeMap;
use uuid::Uuid;

use super::{
    autosave::{Autosave, Source, use_autosave},
    gaps::Errand,
    gate::Mark,
    session::Session,
    taking::{HoldsPhotos, PhotoEdit},
};
use crate::{
    ids::new_id,
    platform::now_ms,
    store::{
        OpenDraft, Reply, Request, StoreError,
        draft::{OpinionDraft, PhotoDraft, Repeated, VisitDraft},
    },
    text,
};

/// The draft as the saver sees it: the whole of it goes out each time.
pub(crate) struct DraftSource {
    draft: VisitDraft,
    changed: bool,
    /// Completed or thrown away: nothing may bring it back.
    closed: bool,
}

impl Source for DraftSource {
    fn take(&mut self) -> Option<Request> {
        if !self.changed || self.closed {
            return None;
        }
        self.changed = false;
        Some(Request::SaveDraft(Box::new(self.draft.clone())))
    }

    fn settle(&mut self, outcome: Result<Reply, StoreError>) -> Result<(), StoreError> {
        outcome.map(drop).inspect_err(|_| self.changed = true)
    }
}

impl HoldsPhotos for DraftSource {
    fn room(&self) -> Option<usize> {
        (!self.closed).then(|| photo::RECORD_PHOTOS_MAX.saturating_sub(self.draft.photos.len()))
    }

    fn add_photo(&mut self, hash: &str) {
        if self.draft.photos.iter().all(|photo| photo.hash != hash) {
            let new = PhotoDraft { hash: hash.to_owned(), caption: String::new() };
            self.edit(|draft| draft.photos.push(new));
        }
    }
}

/// The draft that a visit's screens share. Copies speak of the same one.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct Draft {
    saver: CopyValue<Autosave<DraftSource>>,
    /// What the screens show beside the draft itself; its `draft` is as it was opened.
    pub(crate) open: CopyValue<OpenDraft>,
    /// The questions of its checklists.
    pub(crate) items: CopyValue<Vec<Item>>,
    /// Counts changes that alter the page; letters in a text field do not.
    shown: Signal<u64>,
    /// Counts answers taken over from the last visit: text fields start afresh to show them.
    refilled: Signal<u64>,
    /// The cadre went to mend what is missing: unanswered questions say so too.
    pub(super) judged: Signal<bool>,
    /// Why the cadre went back from the whole to a step; none on the way forward.
    pub(super) errand: Signal<Option<Errand>>,
    /// Counts places that the cadre was led to: the page starts afresh there.
    pub(super) led: Signal<u64>,
    /// What may be said of the last change.
    pub(crate) mark: Signal<Mark>,
}

/// Opens the screens' draft over what the store gave.
pub(crate) fn use_draft(open: OpenDraft) -> Draft {
    let source = open.draft.clone();
    let (saver, mark) = use_autosave(|| DraftSource { draft: source, changed: false, closed: false });
    let shown = use_signal(|| 0);
    let refilled = use_signal(|| 0);
    let judged = use_signal(|| false);
    let errand = use_signal(|| None);
    let led = use_signal(|| 0);
    use_hook(|| Draft {
        saver: CopyValue::new(saver),
        items: CopyValue::new(open.draft.items(&open.erased)),
        open: CopyValue::new(open),
        shown,
        refilled,
        judged,
        errand,
        led,
        mark,
    })
}

impl Draft {
    /// Reads the draft, and asks to be shown again when the page alters.
    pub(crate) fn read<T>(self, read: impl FnOnce(&VisitDraft) -> T) -> T {
        self.shown.read();
        self.peek(read)
    }

    /// Reads the draft once.
    pub(crate) fn peek<T>(self, read: impl FnOnce(&VisitDraft) -> T) -> T {
        self.saver.read().read(|source| read(&source.draft))
    }

    /// A change by one tap: saved at once, and shown.
    pub(crate) fn change(mut self, change: impl FnOnce(&mut VisitDraft)) {
        let saver = self.saver.read().clone();
        saver.change(|source| source.edit(change));
        self.shown += 1;
    }

    /// A change by typing: saved at the next pause; the page is not drawn again for it.
    pub(crate) fn typed(self, change: impl FnOnce(&mut VisitDraft)) {
        let saver = self.saver.read().clone();
        saver.typed(|source| source.edit(change));
    }

    /// Draws the page again, as after a text field was left.
    pub(crate) fn redraw(mut self) {
        self.shown += 1;
    }

    /// Characters are being composed.
    pub(crate) fn composing(self, composing: bool) {
        self.saver.read().composing(composing);
    }

    /// Saves now.
    pub(crate) fn flush(self) {
        self.saver.read().clone().flush();
    }

    /// Where photos for it go: its saver, and what draws the page again.
    pub(crate) fn saver(self) -> (CopyValue<Autosave<DraftSource>>, Signal<u64>) {
        (self.saver, self.shown)
    }

    /// Ends the draft by `request`. Nothing is saved under its id from the first moment on, or a photo that arrives
    /// meanwhile would bring it back; if it fails, everything goes on.
    async fn end(self, session: Session, id: Uuid, request: Request) -> Result<(), StoreError> {
        let saver = self.saver.read().clone();
        saver.change(|source| source.closed = true);
        let done = session.ask::<()>(request).await;
        match &done {
            Ok(()) => session.end_draft(id),
            Err(_) => saver.change(|source| source.closed = false),
        }
        done
    }

    /// The field where the cadre is, so that a restart reopens there.
    pub(crate) fn focus(self, field: &str) {
        if self.peek(|draft| draft.focus != field) {
            self.typed(|draft| field.clone_into(&mut draft.focus));
        }
    }

    /// The questions to ask, given the answers so far.
    pub(crate) fn visible(self) -> Vec<Item> {
        let items = self.items.read();
        self.read(|draft| checklist::visible(&items, &draft.answers).into_iter().cloned().collect())
    }

    /// Whom a question is about (“周桂芳（老党员）”): the members for whose categories alone it is asked. Empty where it
    /// asks about the whole household.
    pub(crate) fn about(self, item: &Item) -> String {
        let open = self.open.read();
        let asked_by: Vec<&str> = templates().asked_by(&open.draft.checklists, &item.id).collect();
        let mut of = Vec::new();
        for category in asked_by {
            // Asked for the whole household's sake too.
            let Some(names) = open.bearers.get(category) else { return String::new() };
            of.push((names, templates().category_name(category)));
        }
        text::visit::about(&of)
    }

    /// How many questions were answered last time and may be answered the same.
    pub(crate) fn repeatable(self) -> usize {
        let (items, open) = (self.items.read(), self.open.read());
        self.read(|draft| {
            items
                .iter()
                .filter(|item| item.is_answered(&open.last_answers) && !item.is_answered(&draft.answers))
                .count()
        })
    }

    /// 全部同上次: fills every unanswered question with the last visit's answer.
    pub(crate) fn repeat_all(mut self) {
        let (items, open) = (self.items.read().clone(), self.open.read().clone());
        self.change(|draft| {
            for item in &items {
                if !item.is_answered(&draft.answers) {
                    repeat(item, &open.last_answers, &open.answers_of, draft);
                }
            }
        });
        self.refilled += 1;
    }

    /// 同上次 for one question.
    pub(crate) fn repeat_one(mut self, item: &Item) {
        let open = self.open.read().clone();
        self.change(|draft| repeat(item, &open.last_answers, &open.answers_of, draft));
        self.refilled += 1;
    }

    /// How often answers were taken over.
    pub(crate) fn refills(self) -> u64 {
        *self.refilled.read()
    }

    /// The draft becomes the visit, in one transaction of the store. Opinions without a word are left out.
    ///
    /// # Errors
    /// What the store says; the draft is then as it was.
    pub(crate) async fn complete(self, session: Session) -> Result<(), StoreError> {
        let whole = self.peek(|draft| {
            let mut whole = draft.clone();
            whole.opinions.retain(|words| !words.text.trim().is_empty());
            whole
        });
        let id = whole.id;
        session.ask::<()>(Request::SaveDraft(Box::new(whole))).await?;
        self.end(session, id, Request::CompleteVisit { id }).await
    }

    /// Throws the draft away.
    ///
    /// # Errors
    /// What the store says; the draft is then as it was.
    pub(crate) async fn discard(self, session: Session) -> Result<(), StoreError> {
        let id = self.peek(|draft| draft.id);
        self.end(session, id, Request::DiscardDraft { id }).await
    }

    /// A change of the photos.
    pub(crate) fn edit_photos(self, edit: PhotoEdit) {
        match edit {
            PhotoEdit::Caption(hash, caption) => self.typed(|draft| {
                if let Some(photo) = draft.photos.iter_mut().find(|photo| photo.hash == hash) {
                    photo.caption = caption;
                }
            }),
            PhotoEdit::Left => {
                self.flush();
                self.redraw();
            }
            PhotoEdit::Composing(on) => self.composing(on),
            PhotoEdit::Remove(hash) => self.change(|draft| draft.photos.retain(|photo| photo.hash != hash)),
            PhotoEdit::PutBack(at, photo) => self.change(|draft| {
                draft.photos.retain(|other| other.hash != photo.hash);
                draft.photos.insert(at.min(draft.photos.len()), photo);
            }),
        }
    }

    /// One more opinion, empty; its id if the phone could mint one.
    pub(crate) fn add_opinion(self) {
        // Without randomness there is no id, and nothing may be written without one.
        if let Ok(id) = new_id(now_ms()) {
            self.change(|draft| {
                draft.focus = opinion_field(id);
                draft.opinions.push(OpinionDraft { id, ..OpinionDraft::default() });
            });
        }
    }
}

impl DraftSource {
    fn edit(&mut self, change: impl FnOnce(&mut VisitDraft)) {
        change(&mut self.draft);
        self.draft.updated_ms = now_ms();
        self.changed = true;
    }
}

/// The name under which an opinion's text field is remembered.
pub(crate) fn opinion_field(id: Uuid) -> String {
    format!("opinion.{id}")
}

/// Picks an option as a tap on it means: a second tap on the chosen one takes it back.
pub(crate) fn tap(item: &Item, option: &str, answers: &mut FieldSet) {
    let (field, value) = item.pick(option);
    let picked = item.is_picked(option, answers);
    let cleared = if item.kind == AnswerKind::Several { Value::Bool(false) } else { Value::Null };
    answers.insert(field, if picked { cleared } else { value });
}

/// Takes one question's answer over from the last visit, and notes from which: `of` says it of each answer.
fn repeat(item: &Item, last: &FieldSet, of: &BTreeMap<String, Uuid>, draft: &mut VisitDraft) {
    let fields: Vec<String> = match item.kind {
        AnswerKind::Several => item.options.iter().map(|option| item.option_field(&option.code)).collect(),
        _ => vec![item.field()],
    };
    for field in fields {
        let Some(value) = last.get(&field) else { continue };
        if let Some(visit) = of.get(&field) {
            draft.repeated.insert(field.clone(), Repeated { visit: *visit, value: value.clone() });
        }
        draft.answers.insert(field, value.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_tap_takes_a_choice_back_and_several_stay_apart() {
        let items = templates();
        let (medicine, trouble) = (items.item("medicine").unwrap(), items.item("housing_trouble").unwrap());
        let mut answers = FieldSet::new();
        let first = medicine.options[0].code.clone();
        tap(medicine, &first, &mut answers);
        assert!(medicine.is_picked(&first, &answers));
        tap(medicine, &first, &mut answers);
        assert!(!medicine.is_answered(&answers));
        tap(trouble, "leak", &mut answers);
        tap(trouble, "crack", &mut answers);
        tap(trouble, "leak", &mut answers);
        assert!(trouble.is_picked("crack", &answers) && !trouble.is_picked("leak", &answers));
    }

    #[test]
    fn the_last_answer_is_taken_over_whole() {
        let trouble = templates().item("housing_trouble").unwrap();
        let mut last = FieldSet::new();
        tap(trouble, "leak", &mut last);
        tap(trouble, "beam", &mut last);
        let (mut draft, visit) = (VisitDraft::default(), Uuid::from_u128(1));
        let of = last.keys().map(|field| (field.clone(), visit)).collect();
        repeat(trouble, &last, &of, &mut draft);
        assert_eq!(trouble.answer_text(&draft.answers), trouble.answer_text(&last));
        assert!(
            draft.repeated.keys().eq(last.keys()) && draft.repeated.values().all(|one| one.visit == visit)
        );
    }
}
