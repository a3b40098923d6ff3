//! Signals and hooks: the only UI code that talks to the store.

pub(crate) mod answer;
pub(crate) mod asked;
pub(crate) mod autosave;
pub(crate) mod draft;
pub(crate) mod enrolment;
pub(crate) mod form;
pub(crate) mod gaps;
pub(crate) mod gate;
pub(crate) mod look;
pub(crate) mod one_tap;
pub(crate) mod page_life;
pub(crate) mod pause;
pub(crate) mod place;
pub(crate) mod record_form;
pub(crate) mod register;
mod said;
pub(crate) mod session;
pub(crate) mod taking;
pub(crate) mod told;
