//! The handle by which a form's screen edits a record: text at each pause, taps at once.

use dioxus::prelude::*;

use super::{
    autosave::{Autosave, use_autosave},
    gate::Mark,
    record_form::RecordForm,
};
use crate::components::fields::Typed;

/// An open form. Copies speak of the same one.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct Form {
    saver: CopyValue<Autosave<RecordForm>>,
    /// Counts changes that alter the page; letters in a text field do not.
    shown: Signal<u64>,
    /// What may be said of the last change.
    pub(crate) mark: Signal<Mark>,
}

/// Opens a form for as long as the component lives.
pub(crate) fn use_form(record: impl FnOnce() -> RecordForm) -> Form {
    let (saver, mark) = use_autosave(record);
    let shown = use_signal(|| 0);
    use_hook(|| Form { saver: CopyValue::new(saver), shown, mark })
}

impl Form {
    /// Where photos for it go: its saver, and what draws the page again.
    pub(crate) fn saver(self) -> (CopyValue<Autosave<RecordForm>>, Signal<u64>) {
        (self.saver, self.shown)
    }

    /// Reads the record as edited, and asks to be shown again when the page alters or a save ends.
    pub(crate) fn read<T>(self, read: impl FnOnce(&RecordForm) -> T) -> T {
        self.shown.read();
        self.mark.read();
        self.saver.peek().read(read)
    }

    /// A field's text as edited, once: what a text field starts from.
    pub(crate) fn text(self, field: &str) -> String {
        self.saver.peek().read(|record| record.text(field))
    }

    /// A change by one tap.
    pub(crate) fn change(mut self, change: impl FnOnce(&mut RecordForm)) {
        let saver = self.saver.peek().clone();
        saver.change(change);
        self.shown += 1;
    }

    /// A change by typing.
    pub(crate) fn typed(self, change: impl FnOnce(&mut RecordForm)) {
        let saver = self.saver.peek().clone();
        saver.typed(change);
    }

    /// What happens in the text field of `field`.
    pub(crate) fn type_text(self, field: &str, typed: Typed) {
        match typed {
            Typed::Text(text) => self.typed(|record| record.set(field, text.into())),
            Typed::Composing(composing) => self.composing(composing),
            Typed::Left => self.flush(),
            Typed::Entered => {}
        }
    }

    /// Characters are being composed.
    pub(crate) fn composing(self, composing: bool) {
        let saver = self.saver.peek().clone();
        saver.composing(composing);
    }

    /// Saves now.
    pub(crate) fn flush(self) {
        let saver = self.saver.peek().clone();
        saver.flush();
    }
}
