//! A question that a screen keeps asking: at once, and again whenever records changed.

use dioxus::prelude::*;

use super::{answer::Answer, session::use_session};
use crate::store::{Request, StoreError};

/// The answer so far: none before the first, then always the newest; while the store is asked again the last
/// one stays on the screen.
pub(crate) type Asked<T> = Resource<Result<T, StoreError>>;

/// Asks `request` now, whenever a signal that it reads changes, and whenever a sync changed records. An older
/// answer can never overwrite a newer one: asking again drops the question before.
pub(crate) fn use_asked<T: Answer + 'static>(request: impl Fn() -> Request + 'static) -> Asked<T> {
    let session = use_session();
    use_resource(move || {
        session.changed.read();
        let request = request();
        async move { session.ask::<T>(request).await }
    })
}

/// Asks once, for an editor: what it has loaded must not change under the hands of the person who types.
pub(crate) fn use_loaded<T: Answer + 'static>(request: Request) -> Asked<T> {
    let session = use_session();
    use_resource(move || {
        let request = request.clone();
        async move { session.ask::<T>(request).await }
    })
}
