//! One tap, one step: the second tap of a hasty finger does nothing, neither where the first one was nor on what the
//! next step shows in the same place.

use dioxus::prelude::*;
use std::time::Duration;

use super::pause::pause;

/// Two taps within this time are one: Android calls them a double tap within 300 ms.
const DOUBLE_TAP: Duration = Duration::from_millis(350);

/// Whether buttons take a tap. Copies speak of the same buttons.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct OneTap(Signal<bool>);

impl OneTap {
    /// Whether a tap is taken, for the buttons' look to the browser.
    pub(crate) fn is_ready(self) -> bool {
        *self.0.read()
    }

    /// True for the first tap; those right after it are none.
    pub(crate) fn take(self) -> bool {
        let is_first = *self.0.peek();
        if is_first {
            self.rest();
        }
        is_first
    }

    fn rest(mut self) {
        self.0.set(false);
        spawn(async move {
            pause(DOUBLE_TAP).await;
            self.0.set(true);
        });
    }
}

/// For the buttons of a component. When they appear, a tap may still be meant for what was there before.
pub(crate) fn use_one_tap() -> OneTap {
    let tap = OneTap(use_signal(|| false));
    use_hook(move || tap.rest());
    tap
}
