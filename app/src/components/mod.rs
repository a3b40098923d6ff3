//! Components: props in, events out; none of them talks to the store.

pub(crate) mod choice;
pub(crate) mod conflict;
pub(crate) mod fields;
pub(crate) mod frame;
pub(crate) mod icon;
pub(crate) mod notice;
pub(crate) mod photos;
pub(crate) mod question;
pub(crate) mod rows;
