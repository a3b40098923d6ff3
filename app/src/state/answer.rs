//! Typed answers: which reply belongs to which question.

use crate::store::{
    Bytes, Diary, HouseholdPage, Households, Loaded, Mine, OpenDraft, PhotoName, PhotoPlace, Reply, Status,
    Today, VisitPage,
};

/// What a screen wants out of a [`Reply`].
pub(crate) trait Answer: Sized {
    /// The answer, if the reply is of its kind.
    fn from_reply(reply: Reply) -> Option<Self>;
}

macro_rules! answers {
    ($($type:ty: $pattern:pat => $value:expr),* $(,)?) => {$(
        impl Answer for $type {
            fn from_reply(reply: Reply) -> Option<Self> {
                match reply { $pattern => Some($value), _ => None }
            }
        }
    )*};
}

answers! {
    (): Reply::Done => (),
    Status: Reply::Status(status) => status,
    Today: Reply::Today(today) => today,
    Households: Reply::Households(found) => found,
    HouseholdPage: Reply::Household(page) => *page,
    Loaded: Reply::Record(loaded) => loaded,
    OpenDraft: Reply::Draft(draft) => *draft,
    VisitPage: Reply::Visit(page) => *page,
    PhotoName: Reply::PhotoKept(name) => name,
    Option<Bytes>: Reply::Picture(bytes) => bytes,
    PhotoPlace: Reply::PhotoPlace(place) => place,
    Diary: Reply::Diary(diary) => diary,
    Mine: Reply::Mine(mine) => *mine,
}
