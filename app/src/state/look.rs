//! The look that the cadre has chosen: light, dark, or as the phone is.

use dioxus::prelude::*;

use crate::platform::{Look, keep_look};

/// The chosen look. Copies speak of the same one.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct ChosenLook(Signal<Look>);

impl ChosenLook {
    /// As it was kept.
    pub(crate) fn new(look: Look) -> Self {
        Self(Signal::new(look))
    }

    /// The look now.
    pub(crate) fn now(self) -> Look {
        *self.0.read()
    }

    /// Takes another look, at once and for good.
    pub(crate) fn choose(mut self, look: Look) {
        keep_look(look);
        self.0.set(look);
    }
}
