//! Where the cadre was: kept at every step, so that the app reopens there.

use dioxus::{history::history, prelude::*};

use super::session::{Note, Session, use_session};
use crate::{route::Route, store::Request, text::enrol};

/// Where to open: the address as it stands, unless it says nothing or names a form that has begun a record since.
pub(crate) fn restored(address: &str, place: &str) -> Option<Route> {
    let path = address.split(['?', '#']).next().unwrap_or_default();
    let open: Route = path.parse().unwrap_or(Route::TodayPage {});
    let kept: Route = place.parse().ok()?;
    let is_vague = matches!(open, Route::TodayPage {} | Route::HouseholdNew {} | Route::Lost { .. });
    (is_vague && kept != open && !matches!(kept, Route::Lost { .. })).then_some(kept)
}

/// Puts the history where the app was left, with 今日 beneath it, so that back leads there. Before the router
/// is shown.
pub(crate) fn reopen(session: Session) {
    let history = history();
    let address = history.current_route();
    let is_unknown = session.status.peek().as_ref().is_some_and(|status| status.unknown);
    if let Some((_, link)) = address.split_once("enrol").filter(|_| is_unknown) {
        // The office lets this phone in again: here and nowhere else is what it has not sent.
        history.replace(Route::TodayPage {}.to_string());
        let link = link.trim_start_matches(['/', '?', '#']).to_owned();
        history.push(Route::EnrolAgain { link }.to_string());
        return;
    }
    if address.contains("enrol") {
        // The link is for a phone that nobody has enrolled: say why it does nothing here.
        let identity = session.identity();
        let words = enrol::already(&identity.cadre_name, &identity.township);
        let mut note = session.note;
        note.set(Some(Note { at: Route::TodayPage {}.to_string(), words, visit: None }));
        history.replace(Route::TodayPage {}.to_string());
        return;
    }
    let place = session.status.peek().as_ref().map(|status| status.place.clone()).unwrap_or_default();
    if let Some(route) = restored(&address, &place) {
        history.replace(Route::TodayPage {}.to_string());
        // The steps before it too: back steps back there as if the app had never been closed.
        if let Route::Visit { id, step } = route {
            (0..step).for_each(|step| history.push(Route::Visit { id, step }.to_string()));
        }
        history.push(route.to_string());
    }
}

/// Where back leads after a visit has ended.
#[derive(Default)]
struct Trail {
    shown: String,
    passing: bool,
}

impl Trail {
    /// A page is there; `is_over` where it is a step of a visit that has ended, which back passes over. True if back has
    /// come to the very page that it set out from, as after a visit that was begun there: then it goes one further.
    fn arrive(&mut self, address: &str, is_over: bool) -> bool {
        if is_over {
            self.passing = true;
            return false;
        }
        let is_same = std::mem::take(&mut self.passing) && self.shown == address;
        address.clone_into(&mut self.shown);
        is_same
    }
}

/// Keeps the route of the page in the store whenever it changes; what was confirmed on the page before is gone.
pub(crate) fn use_place() {
    let session = use_session();
    let route = use_route::<Route>();
    let mut trail = use_hook(|| CopyValue::new(Trail::default()));
    use_effect(use_reactive!(|route| {
        let address = route.to_string();
        let is_over = matches!(route, Route::Visit { id, .. } if session.has_ended(id));
        if trail.write().arrive(&address, is_over) && navigator().can_go_back() {
            navigator().go_back();
        }
        let mut note = session.note;
        if note.peek().as_ref().is_some_and(|note| note.at != address) {
            note.set(None);
        }
        session.tell(Request::SavePlace { route: address });
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn back_from_a_visit_that_was_begun_on_the_page_it_ended_on_leaves_that_page() {
        let mut trail = Trail::default();
        let mut walk = |pages: &[(&str, bool)]| -> Vec<bool> {
            pages.iter().map(|(address, is_over)| trail.arrive(address, *is_over)).collect()
        };
        // Begun on the household's page, ended there: back passes over two steps and that page.
        assert_eq!(walk(&[("/", false), ("/household/1", false)]), [false, false]);
        assert_eq!(
            walk(&[("/visit/5/1", true), ("/visit/5/0", true), ("/household/1", false)]),
            [false, false, true]
        );
        assert_eq!(walk(&[("/", false)]), [false]);
        // Begun in the tab 走访: back leads there.
        assert_eq!(walk(&[("/household/2", false), ("/visit/6/0", true), ("/visit", false)]), [false; 3]);
        assert_eq!(walk(&[("/visit", false)]), [false], "the same page without steps between is no such way");
    }

    #[test]
    fn a_start_from_the_home_screen_goes_where_the_app_was_left() {
        let visit = "/visit/01890a5d-ac96-774b-bcce-b302099a8057/1";
        assert_eq!(restored("/", visit).unwrap().to_string(), visit);
        assert_eq!(restored("/?source=pwa", visit).unwrap().to_string(), visit);
        assert_eq!(restored("/households/new", visit).unwrap().to_string(), visit);
        assert_eq!(restored("/mine", visit), None, "a reload stays where it is");
        assert_eq!(restored("/", ""), None);
        assert_eq!(restored("/", "/no/such/page"), None, "a page of another version");
    }
}
