//! The domain: what the source documents S0–S4 describe, as types and rules without I/O.
//!
//! Every entity reads itself from a record's flat fields (`from_fields`), writes itself back (`to_fields`)
//! and judges itself (`validate`). Reading is lenient: an absent, emptied or wrongly typed field reads as
//! empty. So a save must never write `to_fields` whole: it writes [`changes`] between the loaded and the
//! edited entity, which leaves untouched whatever this version did not understand.

pub mod campaign;
pub mod category;
pub mod checklist;
mod coded;
pub mod coverage;
pub mod diary;
pub mod enrol_code;
mod fields;
pub mod household;
pub mod id_number;
pub mod label;
pub mod office;
pub mod opinion;
pub mod person;
pub mod photo;
pub mod picture;
pub mod pinyin;
pub mod region;
pub mod text;
pub mod typed;
pub mod visit;

pub use coded::Coded;
pub use fields::{Problem, changes};
