//! The one `Routable`: every screen and every step of a visit is a place in the history, so that Android's back
//! goes one step back and never leaves a draft.

use dioxus::{history::history, prelude::*};
use uuid::Uuid;

use crate::store::PhotoName;
use crate::views::{
    conflicts::ConflictsView,
    diary::{DiaryDayView, DiaryTodayView},
    enrol::EnrolAgainView,
    frame::{Lost as LostView, Shell, Tabs},
    history::HistoryView,
    household::HouseholdView,
    household_edit::{HouseholdEditView, HouseholdNewView},
    households::HouseholdsView,
    mine::MineView,
    person_edit::{PersonEditView, PersonNewView},
    photos::PhotoPageView,
    today::TodayView,
    visit::VisitView,
    visit_start::{VisitOtherView, VisitStartView},
    visited::VisitedView,
};

/// Every page of the app.
#[derive(Debug, Clone, PartialEq, Routable)]
#[rustfmt::skip]
pub(crate) enum Route {
    #[layout(Shell)]
        #[layout(Tabs)]
            #[route("/", TodayView)]
            TodayPage {},
            #[route("/households", HouseholdsView)]
            HouseholdList {},
            #[route("/visit", VisitStartView)]
            VisitStart {},
            #[route("/diary", DiaryTodayView)]
            DiaryToday {},
            #[route("/mine", MineView)]
            MinePage {},
        #[end_layout]
        #[route("/households/new", HouseholdNewView)]
        HouseholdNew {},
        #[route("/household/:id", HouseholdView)]
        HouseholdPage { id: Uuid },
        #[route("/household/:id/edit", HouseholdEditView)]
        HouseholdEdit { id: Uuid },
        #[route("/household/:id/person", PersonNewView)]
        PersonNew { id: Uuid },
        #[route("/person/:id", PersonEditView)]
        PersonEdit { id: Uuid },
        #[route("/visit/other", VisitOtherView)]
        VisitOther {},
        #[route("/visit/:id/:step", VisitView)]
        Visit { id: Uuid, step: u8 },
        #[route("/visited/:id", VisitedView)]
        Visited { id: Uuid },
        #[route("/diary/:date", DiaryDayView)]
        DiaryDay { date: String },
        #[route("/photo/:village/:hash", PhotoPageView)]
        Photo { village: String, hash: String },
        #[route("/history/:id", HistoryView)]
        History { id: Uuid },
        #[route("/conflicts", ConflictsView)]
        Conflicts {},
        #[route("/enrol?:..link", EnrolAgainView)]
        EnrolAgain { link: String },
        #[route("/:..segments", LostView)]
        Lost { segments: Vec<String> },
}

/// Whether a page is the one that is open: the router knows it before anything is drawn.
pub(crate) fn is_at(page: &Route) -> bool {
    history().current_route() == page.to_string()
}

/// Goes to a page, once: a second tap on what led there finds it open.
pub(crate) fn go(page: Route) {
    if !is_at(&page) {
        // Fails only for addresses outside the app.
        navigator().push(page);
    }
}

impl Route {
    /// The page of one photo.
    pub(crate) fn photo(name: &PhotoName) -> Self {
        Route::Photo { village: name.village.clone(), hash: name.hash.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_of_a_visit_has_its_own_address() {
        let id = Uuid::from_u128(5);
        let step = Route::Visit { id, step: 1 };
        assert_eq!(step.to_string(), format!("/visit/{id}/1"));
        assert_eq!(step.to_string().parse::<Route>().unwrap(), step);
        assert_eq!("/visit/other".parse::<Route>().unwrap(), Route::VisitOther {});
        assert!(matches!("/no/such".parse::<Route>().unwrap(), Route::Lost { .. }));
    }
}
