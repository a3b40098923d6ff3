//! The order that a patch gets among all writes: its stamp, unless its writer's clock ran too far ahead.

use crate::storage::StorageError;
use lianxin_shared::{
    replica::{Clock, PatchDraft, Row, Stamp},
    sync::order_of,
};
use rusqlite::{Connection, params};

/// The order of a new patch, which claims `claimed` (what a former life gave it, or its stamp). `row` is what stands.
/// Whatever clocks say: a write stands above what its editor has seen, and below those that have seen it. Otherwise
/// what was replaced would come back as the winner.
///
/// # Errors
/// When SQLite fails.
pub(super) fn place(
    db: &Connection,
    clock: &mut Clock,
    row: Option<&Row>,
    edit: &PatchDraft,
    claimed: Stamp,
    now_ms: i64,
) -> Result<Stamp, StorageError> {
    // What is overwritten may be up to ten minutes ahead itself.
    let standing = row.into_iter().flat_map(|row| &row.fields);
    let overwritten = standing.filter(|(name, _)| edit.set.contains_key(*name));
    overwritten.clone().for_each(|(_, version)| clock.observe(version.order));
    let order = order_of(claimed, clock, now_ms);
    if order != claimed {
        return Ok(
            least_that_saw(db, edit)?.map_or(order, |seen_by| order.min(just_below(seen_by, edit.stamp)))
        );
    }
    let seen = |name: &str, stamp| edit.base.get(name).is_some_and(|base| base.contains(&stamp));
    let hidden =
        overwritten.into_iter().any(|(name, version)| version.order >= order && seen(name, version.stamp));
    Ok(if hidden { clock.tick(now_ms) } else { order })
}

/// The least order among the writes whose editors had seen this one: it may arrive after them, anew in a later life.
fn least_that_saw(db: &Connection, edit: &PatchDraft) -> Result<Option<Stamp>, StorageError> {
    let mut statement = db.prepare_cached(
        "SELECT min(ord) FROM patch WHERE record = ?1 AND held = '' AND instr(body, ?2) > 0",
    )?;
    let least: Option<[u8; 16]> =
        statement.query_row(params![edit.id.as_bytes(), edit.stamp.to_string()], |row| row.get(0))?;
    Ok(least.map(Stamp::from_bytes))
}

/// An order below `upper` that no other write has.
fn just_below(upper: Stamp, stamp: Stamp) -> Stamp {
    Stamp { wall_ms: upper.wall_ms.saturating_sub(1), ..stamp }
}
