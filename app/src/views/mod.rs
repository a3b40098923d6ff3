//! The screens, one file each.

mod clock;
pub(crate) mod conflicts;
pub(crate) mod diary;
pub(crate) mod enrol;
pub(crate) mod frame;
pub(crate) mod go_visit;
pub(crate) mod history;
pub(crate) mod household;
pub(crate) mod household_edit;
pub(crate) mod households;
pub(crate) mod mine;
pub(crate) mod person_edit;
pub(crate) mod photos;
pub(crate) mod startup;
pub(crate) mod sync_now;
pub(crate) mod today;
mod twin;
pub(crate) mod visit;
pub(crate) mod visit_checklist;
pub(crate) mod visit_how;
pub(crate) mod visit_opinions;
pub(crate) mod visit_photos;
pub(crate) mod visit_review;
pub(crate) mod visit_start;
pub(crate) mod visited;
pub(crate) mod with_record;
