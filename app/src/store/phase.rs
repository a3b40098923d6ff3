//! Where the store's life stands, as the screens show it.

use serde::{Deserialize, Serialize};

use super::StoreError;

/// The state of the store as this tab or window sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum StorePhase {
    /// Being opened; requests wait.
    Opening,
    /// Ready.
    Open,
    /// Another tab has the store. It opens here by itself when that tab closes, or at once by
    /// [`take_over`](super::StoreClient::take_over).
    OtherTab {
        /// When the other tab opened it, in milliseconds since 1970, if known: tells the user which tab it is.
        since_ms: Option<i64>,
        /// The other tab was asked and did not answer in time: the user must close it.
        unanswered: bool,
    },
    /// Another tab asked for the store: it closes here in a moment; what is being typed must be saved now.
    Closing,
    /// Another tab took the store over. It comes back as from [`StorePhase::OtherTab`].
    TakenOver,
    /// The store could not be opened; the error says what to do.
    Failed(StoreError),
}

impl StorePhase {
    /// Whether requests are answered now.
    pub fn answers(&self) -> bool {
        matches!(self, Self::Open | Self::Closing)
    }

    /// Why a request cannot be answered in this phase; `None` when it can be, or will be soon.
    pub fn refusal(&self) -> Option<StoreError> {
        match self {
            Self::Opening | Self::Open | Self::Closing => None,
            Self::OtherTab { .. } => Some(StoreError::OtherTab),
            Self::TakenOver => Some(StoreError::TakenOver),
            Self::Failed(error) => Some(error.clone()),
        }
    }
}
