//! What a cadre's phone is told of a record's history: nothing that its villages do not show it.

use crate::{
    console::{
        history_bytes_max,
        testing::{BRIDGE, NOW_MS, WILLOW, World},
        told_history,
    },
    service::Caller,
};
use lianxin_shared::{
    domain::opinion::Opinion,
    replica::{FieldSet, kind},
    wire::v1::HistoryResponse,
};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

fn told(world: &World, village: &str, record: Uuid) -> Option<HistoryResponse> {
    let villages = BTreeSet::from([village.to_owned()]);
    let caller = Caller { device: world.phone, villages, past: BTreeMap::new(), revoked: false };
    world.storage.read(|db| told_history(db, &caller, record, NOW_MS)).unwrap()
}

#[test]
fn a_phone_reads_who_changed_what_in_its_villages_alone() {
    let world = World::new();
    let home = world.household(1, WILLOW, "周秀兰", &[]);
    let there = world.household(2, BRIDGE, "李有田", &[]);
    for (field, value) in [("phone", "13811111111"), ("merged_into", &there.to_string())] {
        let set = FieldSet::from([(field.to_owned(), value.into())]);
        world.put(kind::HOUSEHOLD, home, WILLOW, set);
    }
    assert_eq!(told(&world, BRIDGE, home), None);
    assert_eq!(told(&world, WILLOW, Uuid::from_u128(7)), None);
    let changes = told(&world, WILLOW, home).unwrap().changes;
    let lines: Vec<_> = changes.iter().flat_map(|change| &change.lines).collect();
    let phone = lines.iter().find(|line| line.after == "13811111111").unwrap();
    assert_eq!((phone.label.as_str(), phone.before.as_deref()), ("电话", Some("13900000017")));
    assert!(changes.iter().all(|change| change.by == "阿香" && change.received_ms > 0));
    let elsewhere = lines.iter().find(|line| line.label == "并入的户").unwrap();
    assert_eq!(elsewhere.after, "（别的村的）", "no name of another village's household");
}

#[test]
fn words_without_a_name_have_no_history() {
    let world = World::new();
    world.opinion(1, WILLOW, Opinion { text: "不敢留名的话".into(), anonymous: true, ..Opinion::default() });
    assert_eq!(told(&world, WILLOW, Uuid::from_u128(0x4001)), None);
}

#[test]
fn a_long_history_is_told_in_part_and_says_so() {
    let world = World::new();
    let id = Uuid::from_u128(0x77);
    let (text_bytes, texts) = (100_000, 2 * history_bytes_max / 100_000);
    for n in 0..texts {
        let text = format!("{n}{}", "x".repeat(text_bytes));
        world.put(kind::DIARY, id, WILLOW, FieldSet::from([("text".to_owned(), text.into())]));
    }
    let told = told(&world, WILLOW, id).unwrap();
    let lines = told.changes.iter().flat_map(|change| &change.lines);
    let bytes: usize = lines.map(|line| line.after.len() + line.before.as_ref().map_or(0, String::len)).sum();
    assert!((text_bytes..=history_bytes_max + 3 * text_bytes).contains(&bytes), "{bytes}");
    assert_eq!(told.changes.len() + told.older as usize, texts);
}
