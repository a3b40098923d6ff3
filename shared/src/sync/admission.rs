//! The pure half of the server: what one new patch does to a record.

use crate::replica::{Clock, PatchDraft, Row, Stamp};
use std::collections::BTreeSet;

/// What a patch does to its record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admission {
    /// Its editor had seen all it overwrites: this is the new row, and no conflict begins or ends.
    Plain(Row),
    /// Something unseen was written: winners and conflicts come from the whole history.
    Refold,
}

/// The order stamp of a patch that has arrived: its own, unless its writer's clock runs more than
/// [`crate::replica::ahead_ms_max`] ahead; then the server's next.
pub fn order_of(stamp: Stamp, server: &mut Clock, server_now_ms: i64) -> Stamp {
    crate::replica::order_for(stamp, server, server_now_ms).unwrap_or(stamp)
}

/// Whether admission gives this stamp another order: its writer's clock runs too far ahead of the server's.
pub fn runs_ahead(stamp: Stamp, server_now_ms: i64) -> bool {
    crate::replica::runs_ahead(stamp, server_now_ms)
}

/// Judges a patch against the row that stands (none for a new record) and the fields of it that have open
/// conflicts. Plain only if for each field the base names exactly the write that stands, and wins over it:
/// then the fold over the whole history cannot differ from the row.
pub fn admit(
    row: Option<&Row>,
    in_conflict: &BTreeSet<String>,
    edit: &PatchDraft,
    order: Stamp,
) -> Admission {
    let Some(row) = row else {
        let mut row = Row::empty(&edit.kind, edit.id, &edit.village);
        row.apply(edit, order);
        return Admission::Plain(row);
    };
    let plain = edit.set.keys().all(|field| {
        let base = edit.base.get(field).map(Vec::as_slice).unwrap_or_default();
        match row.fields.get(field) {
            None => true,
            Some(standing) => {
                base == [standing.stamp] && order > standing.order && !in_conflict.contains(field)
            }
        }
    });
    if !plain || edit.kind != row.kind {
        return Admission::Refold;
    }
    let mut row = row.clone();
    row.apply(edit, order);
    Admission::Plain(row)
}
