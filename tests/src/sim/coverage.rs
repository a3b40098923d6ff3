//! What has happened, counted: a world in which nothing goes wrong proves nothing.

use std::{collections::BTreeMap, fmt};

/// Counters by name.
#[derive(Debug, Clone, Default)]
pub struct Coverage(BTreeMap<&'static str, u64>);

/// What must have happened at least once over a run of a few hundred seeds.
pub const ESSENTIAL: [&str; 62] = [
    "I/O errors on a phone",
    "I/O errors on the server",
    "answers lost",
    "answers that took minutes",
    "answers too late",
    "answers that overtook a commit",
    "answers to an older phone",
    "answers with words of a later version",
    "batches beyond the first",
    "changes lost with a phone's power",
    "changes lost with the server's power",
    "clock jumps",
    "commits broken with a request ahead of them",
    "conflicts made",
    "conflicts resolved",
    "copies that got a device of their own",
    "crashes of a phone",
    "crashes of a phone within a transaction",
    "crashes of the server",
    "crashes of the server after a commit",
    "crashes of the server within a transaction",
    "disks full on a phone",
    "disks full on the server",
    "edits on a stale base",
    "edits within the open patch",
    "fields erased",
    "garbage answers",
    "grants changed",
    "groups of pushes",
    "households moved",
    "new lives taken up",
    "office writes",
    "orders given",
    "pages beyond the first",
    "partitions",
    "patches held",
    "patches of unknown kinds",
    "phones copied",
    "phones in a drawer for months",
    "phones out of coverage for months",
    "phones started with a full disk",
    "power cuts of a phone after a commit",
    "power cuts of a phone within a transaction",
    "power cuts of the server after a commit",
    "power cuts of the server within a transaction",
    "records erased",
    "repairs after damage",
    "repairs after a grant",
    "requests doubled",
    "requests lost",
    "requests sent ahead of a commit",
    "requests that took minutes",
    "restores",
    "rows echoed",
    "silent rollbacks",
    "status answers",
    "texts too long",
    "writes salvaged",
    "visits completed",
    "visits corrected",
    "work refused by a phone's full disk",
    "work refused by the server's full disk",
];

impl Coverage {
    /// One more of these.
    pub fn count(&mut self, what: &'static str) {
        self.add(what, 1);
    }

    /// `n` more of these.
    pub fn add(&mut self, what: &'static str, n: u64) {
        *self.0.entry(what).or_default() += n;
    }

    /// How many there were.
    pub fn of(&self, what: &str) -> u64 {
        self.0.get(what).copied().unwrap_or(0)
    }

    /// Adds another world's.
    pub fn merge(&mut self, other: &Coverage) {
        for (what, n) in &other.0 {
            self.add(what, *n);
        }
    }

    /// The essential ones that never happened.
    pub fn missing(&self) -> Vec<&'static str> {
        ESSENTIAL.into_iter().filter(|what| self.of(what) == 0).collect()
    }
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|(what, n)| writeln!(f, "  {n:>9}  {what}"))
    }
}
