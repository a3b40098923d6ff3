//! When to save: at most one request under way, and what changed meanwhile follows. Pure.

/// What an editor may truthfully say of the last change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Mark {
    /// Nothing has been changed yet.
    #[default]
    Untouched,
    /// Changed, and not yet acknowledged.
    Saving,
    /// The last change is acknowledged: it is on this phone for good.
    Saved,
    /// The last try failed; the words say what is safe and what to do.
    Failed(String),
}

/// The state of one editor's saving.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    changed: bool,
    flying: bool,
    touched: bool,
    failure: Option<String>,
}

impl Gate {
    /// Something changed.
    pub(crate) fn touch(&mut self) {
        self.changed = true;
        self.touched = true;
    }

    /// True if a save may start now; it then counts as under way with everything changed so far.
    pub(crate) fn start(&mut self) -> bool {
        let may = self.changed && !self.flying;
        if may {
            self.changed = false;
            self.flying = true;
        }
        may
    }

    /// The save under way has ended. After a failure its changes count as unsaved again.
    pub(crate) fn end(&mut self, outcome: Result<(), String>) {
        self.flying = false;
        self.changed |= outcome.is_err();
        self.failure = outcome.err();
    }

    /// Nothing was sent: what was changed cannot be kept as it is, and nothing may be said of it.
    pub(crate) fn hold(&mut self) {
        self.flying = false;
        self.touched = false;
        self.failure = None;
    }

    /// Whether there is anything that is not acknowledged.
    pub(crate) fn is_dirty(&self) -> bool {
        self.changed || self.flying
    }

    /// What may be said.
    pub(crate) fn mark(&self) -> Mark {
        match &self.failure {
            Some(words) if !self.flying => Mark::Failed(words.clone()),
            _ if self.is_dirty() => Mark::Saving,
            _ if self.touched => Mark::Saved,
            _ => Mark::Untouched,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn saved_is_said_only_of_the_last_change() {
        let mut gate = Gate::default();
        assert_eq!(gate.mark(), Mark::Untouched);
        gate.touch();
        assert!(gate.start());
        gate.touch();
        assert!(!gate.start(), "one request at a time");
        gate.end(Ok(()));
        assert_eq!(gate.mark(), Mark::Saving, "阿香 has typed on meanwhile");
        assert!(gate.start());
        gate.end(Ok(()));
        assert_eq!(gate.mark(), Mark::Saved);
        assert!(!gate.start(), "nothing is left to save");
    }

    #[test]
    fn of_what_cannot_be_kept_yet_nothing_is_said() {
        let mut gate = Gate::default();
        gate.touch();
        assert!(gate.start());
        gate.hold();
        assert_eq!(gate.mark(), Mark::Untouched);
        gate.touch();
        assert_eq!(gate.mark(), Mark::Saving);
    }

    #[test]
    fn a_failed_save_keeps_the_change_and_says_so_until_one_succeeds() {
        let mut gate = Gate::default();
        gate.touch();
        assert!(gate.start());
        gate.end(Err("满了".to_owned()));
        assert_eq!(gate.mark(), Mark::Failed("满了".to_owned()));
        assert!(gate.is_dirty());
        assert!(gate.start(), "the next pause or 重试 sends it again");
        gate.end(Ok(()));
        assert_eq!(gate.mark(), Mark::Saved);
    }
}
