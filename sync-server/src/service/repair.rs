//! Repair after a digest that differs: lists of the villages that differ, then the rows wanted. Never a wipe.

use super::{Caller, pull::bytes_of};
use crate::storage::{StorageError, head};
use lianxin_shared::{
    replica::Row,
    sqlite::{digest_of, read_row},
    wire::{
        PROTOCOL,
        v1::{RepairRequest, RepairResponse, batch_of_rows},
    },
};
use rusqlite::Connection;
use std::collections::BTreeMap;
use uuid::Uuid;

/// The most rows sent whole in one answer; the phone asks again for the rest at its next digest.
#[allow(non_upper_case_globals)]
const repair_rows_max: usize = 5_000;
/// They end here too, bytes of their values: such an answer is taken in by an old phone at once.
#[allow(non_upper_case_globals)]
const repair_bytes_max: usize = 8 * 1024 * 1024;

/// Answers a repair request out of one read transaction.
///
/// # Errors
/// When SQLite fails.
pub fn repair(
    db: &Connection,
    caller: &Caller,
    request: &RepairRequest,
) -> Result<RepairResponse, StorageError> {
    let mut rows = BTreeMap::new();
    if !request.sums.is_empty() || request.want.is_empty() {
        for village in &caller.villages {
            let ours = format!("{:016x}", digest_of(db, [village.as_str()])?.0);
            let theirs = request.sums.get(village).cloned().unwrap_or_else(|| format!("{:016x}", 0));
            if ours != theirs {
                rows.insert(village.clone(), hashes_of(db, village)?);
            }
        }
    }
    let (mut wanted, mut bytes): (Vec<Row>, usize) = (Vec::new(), 0);
    for id in request.want.iter().take(repair_rows_max) {
        if bytes > repair_bytes_max {
            break;
        }
        let Some(row) = read_row(db, *id)?.filter(|row| caller.villages.contains(&row.village)) else {
            continue;
        };
        bytes += bytes_of(&row);
        wanted.push(row);
    }
    wanted.sort_by_key(|row| row.seq);
    Ok(RepairResponse { protocol: PROTOCOL, rows, wanted: batch_of_rows(&wanted), seq: head(db)?.0 })
}

fn hashes_of(db: &Connection, village: &str) -> Result<BTreeMap<Uuid, String>, StorageError> {
    let mut statement = db.prepare_cached("SELECT id, hash FROM record WHERE village = ?1")?;
    let rows = statement.query_map([village], |row| {
        Ok((Uuid::from_bytes(row.get(0)?), format!("{:016x}", row.get::<_, i64>(1)? as u64)))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::testing::{BRIDGE, WILLOW, World};
    use lianxin_shared::replica::{FieldSet, kind};
    use std::collections::BTreeSet;

    const TEXT_BYTES: usize = 250_000;

    #[test]
    fn it_ends_at_so_many_bytes_and_never_reaches_another_village() {
        let world = World::new();
        let ids: Vec<Uuid> = (0..40).map(|n| Uuid::from_u128(0x7000 + n)).collect();
        for (n, id) in ids.iter().enumerate() {
            let text = FieldSet::from([("text".to_owned(), "x".repeat(TEXT_BYTES).into())]);
            world.put(kind::DIARY, *id, if n == 0 { BRIDGE } else { WILLOW }, text);
        }
        let villages = BTreeSet::from([WILLOW.to_owned()]);
        let caller = Caller { device: world.phone, villages, past: BTreeMap::new(), revoked: false };
        let answer = |want: Vec<Uuid>| {
            let (server_id, epoch) = (Uuid::nil(), Uuid::nil());
            let request = RepairRequest { protocol: PROTOCOL, server_id, epoch, sums: BTreeMap::new(), want };
            let wanted =
                world.storage.read(|db| Ok::<_, StorageError>(repair(db, &caller, &request)?.wanted));
            wanted.unwrap().len()
        };
        let most = repair_bytes_max / TEXT_BYTES + 1;
        assert_eq!(answer(ids.clone()), most);
        assert_eq!(
            answer(ids[most + 1..].to_vec()),
            ids.len() - most - 1,
            "the rest comes when it is asked for"
        );
        assert_eq!(answer(ids[..1].to_vec()), 0);
    }
}
