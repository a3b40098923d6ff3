//! The wire: every message that a phone or server may send, broken. Decoding never panics, and what it lets through
//! comes back unchanged.

use super::{TIME, mutate};
use lianxin_shared::{
    replica::PatchHash,
    wire::v1::{
        Batch, CloneRequest, EnrolRequest, EnrolResponse, ErrorBody, RepairRequest, RepairResponse,
        SalvageRequest, SalvageResponse, SyncRequest, SyncResponse, batch_of_patches, batch_of_rows,
        patches_of_batch, rows_of_batch,
    },
};
use serde::{Serialize, de::DeserializeOwned};
use std::fmt::Debug;

/// The frozen samples of the protocol, and what was found before.
const SEEDS: [&str; 10] = [
    include_str!("../../fixtures/v1/sync_request.json"),
    include_str!("../../fixtures/v1/sync_response.json"),
    include_str!("../../fixtures/v1/sync_request_quiet.json"),
    include_str!("../../fixtures/v1/sync_response_quiet.json"),
    include_str!("../../fixtures/v1/repair_request.json"),
    include_str!("../../fixtures/v1/repair_response.json"),
    include_str!("../../fixtures/v1/enrol_request.json"),
    include_str!("../../fixtures/v1/enrol_response.json"),
    include_str!("../../fixtures/v1/error.json"),
    include_str!("seeds/two_shapes.json"),
];

/// The message, if it is one; then it says the same after a journey (what says nothing is not sent).
fn taken<T: Serialize + DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    let message: T = serde_json::from_slice(bytes).ok()?;
    let sent = serde_json::to_string(&message).expect("what was read can be written");
    let again: T = serde_json::from_str(&sent).expect("and read again");
    assert_eq!(serde_json::to_string(&again).expect("and written again"), sent);
    Some(message)
}

/// As a set: records of one number have no order.
fn sorted<T: Debug>(items: &[T]) -> Vec<String> {
    let mut all: Vec<String> = items.iter().map(|item| format!("{item:?}")).collect();
    all.sort();
    all
}

fn unpack(batch: &Batch) {
    if let Ok(patches) = patches_of_batch(batch.clone()) {
        for patch in &patches {
            let _ = (PatchHash::of(patch), patch.edit.malformed(), patch.edit.size_bytes());
        }
        let again = patches_of_batch(batch_of_patches(&patches)).expect("what was unpacked can be packed");
        assert_eq!(sorted(&again), sorted(&patches));
    }
    if let Ok(rows) = rows_of_batch(batch.clone()) {
        let _: u64 = rows.iter().fold(0, |sum, row| sum.wrapping_add(row.hash()));
        let again = rows_of_batch(batch_of_rows(&rows)).expect("what was unpacked can be packed");
        assert_eq!(sorted(&again), sorted(&rows));
    }
}

fn read_as_everything(bytes: &[u8]) {
    let batches = [
        taken::<SyncRequest>(bytes).map(|message| message.patches),
        taken::<SyncResponse>(bytes).map(|message| message.changes),
        taken::<RepairResponse>(bytes).map(|message| message.wanted),
        taken::<SalvageRequest>(bytes).map(|message| message.patches),
        taken::<Batch>(bytes),
    ];
    batches.iter().flatten().for_each(unpack);
    let _ = (taken::<RepairRequest>(bytes), taken::<EnrolRequest>(bytes), taken::<EnrolResponse>(bytes));
    let _ = (taken::<SalvageResponse>(bytes), taken::<CloneRequest>(bytes), taken::<ErrorBody>(bytes));
}

#[test]
fn broken_messages_are_refused_or_mean_what_they_say() {
    SEEDS.iter().for_each(|seed| read_as_everything(seed.as_bytes()));
    bolero::check!()
        .with_type::<(u8, Vec<mutate::Tree>, Option<Vec<mutate::Bytes>>)>()
        .with_test_time(TIME)
        .for_each(|(seed, tree, bytes)| {
            let seed = SEEDS[usize::from(*seed) % SEEDS.len()];
            let broken = mutate::tree(serde_json::from_str(seed).expect("JSON"), tree);
            let broken = serde_json::to_vec(&broken).expect("JSON");
            read_as_everything(&mutate::bytes(broken, bytes.as_deref().unwrap_or_default()));
        });
}
