//! 修改记录 of what one page shows, as one list: a household's with its members', a visit's with that of what was said.

use lianxin_shared::{
    domain::{opinion::Opinion, person::Person},
    replica::kind,
    wire::v1::HistoryChange,
};
use std::{cmp::Reverse, collections::BTreeMap};
use uuid::Uuid;

use super::session::{Session, Told};
use crate::{
    store::{HouseholdPage, Loaded, Request, VisitPage},
    text::history as words,
};

/// The records whose histories belong to a page.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Whole {
    /// Each with what it is called; the page's own record comes first.
    parts: Vec<(Uuid, String)>,
    /// Something was said by people who would not be named: the township tells no history of that.
    pub(crate) has_unnamed: bool,
}

impl Whole {
    /// The records to ask the township for.
    pub(crate) fn records(&self) -> Vec<Uuid> {
        self.parts.iter().map(|(id, _)| *id).collect()
    }
}

/// What the township has told.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Merged {
    /// The newest first, each with whose it is; that is empty on the page of one record alone.
    pub(crate) changes: Vec<(String, HistoryChange)>,
    /// How many older ones were not told.
    pub(crate) older: u32,
}

/// What belongs to the page of the record `id`, as far as this phone knows.
pub(crate) async fn whole(session: Session, id: Uuid) -> Whole {
    let alone = Whole { parts: vec![(id, String::new())], has_unnamed: false };
    // What is not on this phone is asked for alone: the township says what there is to say.
    let Ok(record) = session.ask::<Loaded>(Request::Record { id }).await else { return alone };
    match record.kind.as_str() {
        kind::HOUSEHOLD => match session.ask::<HouseholdPage>(Request::Household { id }).await {
            Ok(page) => of_household(id, &page.members),
            Err(_) => alone,
        },
        kind::VISIT => match session.ask::<VisitPage>(Request::Visit { id }).await {
            Ok(page) => of_visit(id, &page.opinions),
            Err(_) => alone,
        },
        _ => alone,
    }
}

fn of_household(id: Uuid, members: &[Loaded]) -> Whole {
    let members =
        members.iter().map(|one| (one.id, words::of_member(&Person::from_fields(&one.fields).name)));
    with(id, words::OF_HOUSEHOLD, members.collect())
}

fn of_visit(id: Uuid, opinions: &[Loaded]) -> Whole {
    let said: Vec<_> = opinions.iter().map(|one| (one.id, Opinion::from_fields(&one.fields))).collect();
    let has_unnamed = said.iter().any(|(_, one)| one.anonymous);
    let named = said.into_iter().filter(|(_, one)| !one.anonymous);
    let named = named.map(|(id, one)| (id, words::of_opinion(&one.text)));
    Whole { has_unnamed, ..with(id, words::OF_VISIT, named.collect()) }
}

/// Where there is one record alone, nobody needs to be told which.
fn with(id: Uuid, own: &str, others: Vec<(Uuid, String)>) -> Whole {
    let own = if others.is_empty() { String::new() } else { own.to_owned() };
    let parts = [(id, own)].into_iter().chain(others).collect();
    Whole { parts, has_unnamed: false }
}

/// The histories as one, by when the township received each change; none while one of them is awaited, and the words of
/// what went wrong. That the township has nothing of one that belongs to the page is nothing wrong: it may not have
/// been sent yet.
pub(crate) fn merged(whole: &Whole, told: &BTreeMap<Uuid, Told>) -> Option<Result<Merged, String>> {
    let mut merged = Merged::default();
    for (nth, (id, what)) in whole.parts.iter().enumerate() {
        match told.get(id)? {
            Ok(told) => {
                merged.older = merged.older.saturating_add(told.older);
                merged.changes.extend(told.changes.iter().map(|change| (what.clone(), change.clone())));
            }
            Err(why) if nth > 0 && why.is_none => {}
            Err(why) => return Some(Err(why.words.clone())),
        }
    }
    merged.changes.sort_by_key(|(_, change)| Reverse(change.received_ms));
    Some(Ok(merged))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::NotTold;
    use lianxin_shared::wire::{PROTOCOL, v1::HistoryResponse};

    const HOME: Uuid = Uuid::from_u128(1);
    const XIAOJUN: Uuid = Uuid::from_u128(2);
    const XIAOFANG: Uuid = Uuid::from_u128(3);

    fn family() -> Whole {
        let others = [(XIAOJUN, "周小军"), (XIAOFANG, "周小芳")];
        with(HOME, "户的资料", others.map(|(id, name)| (id, name.to_owned())).to_vec())
    }

    fn told(received: &[i64]) -> Told {
        let change = |received_ms: &i64| HistoryChange {
            by: "阿香".to_owned(),
            written_ms: 1,
            received_ms: *received_ms,
            held: String::new(),
            settled: false,
            unseen: false,
            salvaged: false,
            lines: Vec::new(),
        };
        Ok(HistoryResponse { protocol: PROTOCOL, changes: received.iter().map(change).collect(), older: 2 })
    }

    fn refused(is_none: bool) -> Told {
        Err(NotTold { words: "缘故".to_owned(), is_none })
    }

    #[test]
    fn histories_are_one_list_once_all_have_come_and_say_whose_they_are() {
        let mut all = BTreeMap::from([(HOME, told(&[9, 3])), (XIAOJUN, told(&[5, 3]))]);
        assert_eq!(merged(&family(), &all), None, "one is awaited");
        all.insert(XIAOFANG, refused(true));
        let whole = merged(&family(), &all).unwrap().unwrap();
        let order: Vec<(&str, i64)> =
            whole.changes.iter().map(|(what, change)| (what.as_str(), change.received_ms)).collect();
        assert_eq!(order, [("户的资料", 9), ("周小军", 5), ("户的资料", 3), ("周小军", 3)]);
        assert_eq!(whole.older, 4);
    }

    #[test]
    fn what_goes_wrong_is_said_and_nothing_is_shown_as_if_it_were_all() {
        let mut all = BTreeMap::from([(HOME, told(&[9])), (XIAOJUN, refused(false)), (XIAOFANG, told(&[]))]);
        assert_eq!(merged(&family(), &all), Some(Err("缘故".to_owned())));
        all.insert(HOME, refused(true));
        assert_eq!(merged(&family(), &all), Some(Err("缘故".to_owned())), "the page's own record");
    }

    #[test]
    fn a_record_alone_is_not_named() {
        let all = BTreeMap::from([(HOME, told(&[9]))]);
        let whole = merged(&with(HOME, "户的资料", Vec::new()), &all).unwrap().unwrap();
        assert_eq!(whole.changes.first().unwrap().0, "");
    }
}
