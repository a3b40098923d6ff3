//! Phones and servers of different versions, one protocol: an older phone knows the fields of the first messages alone
//! (`fixtures/v1`), a newer server says things that no phone of today knows.

use super::network::{Ask, Told};
use serde_json::{Map, Value, json};

/// What messages of protocol 1 have learnt since the first, which an older phone neither sends nor reads.
const LATER: [&str; 6] = ["scope", "orders", "evicted", "erased", "refused", "life"];
/// What a message of a later server says besides.
const FUTURE: &str = "of_2031";

/// A request as an older phone writes it.
pub fn of_older_phone(ask: Ask) -> Ask {
    let older = |bytes: Vec<u8>| changed(&bytes, forget_later).unwrap_or(bytes);
    match ask {
        Ask::Sync(bytes) => Ask::Sync(older(bytes)),
        Ask::Repair(bytes) => Ask::Repair(older(bytes)),
        other => other,
    }
}

/// An answer as an older phone reads it.
pub fn to_older_phone(told: Told) -> Told {
    answer(told, forget_later)
}

/// An answer as a later server writes it.
pub fn of_newer_server(told: Told) -> Told {
    answer(told, |message| {
        for part in ["receipt", "cursor", "accepted", "changes", "wanted", "scope"] {
            if let Some(Value::Object(part)) = message.get_mut(part) {
                say_more(part);
            }
        }
        if let Some(Value::Array(held)) = message.get_mut("held") {
            held.iter_mut().filter_map(Value::as_object_mut).for_each(say_more);
        }
        say_more(message);
    })
}

fn say_more(part: &mut Map<String, Value>) {
    part.insert(FUTURE.to_owned(), json!({ "井深": [12.5, null, true], "": "…" }));
}

fn forget_later(message: &mut Map<String, Value>) {
    message.retain(|name, _| !LATER.contains(&name.as_str()));
    if let Some(Value::Array(held)) = message.get_mut("held") {
        held.iter_mut().filter_map(Value::as_object_mut).for_each(forget_later);
    }
}

fn answer(told: Told, change: impl Fn(&mut Map<String, Value>)) -> Told {
    let of = |bytes: Vec<u8>| changed(&bytes, &change).unwrap_or(bytes);
    match told {
        Told::Sync(bytes) => Told::Sync(of(bytes)),
        Told::Other(bytes) => Told::Other(of(bytes)),
        Told::Refused(bytes) => Told::Refused(of(bytes)),
        failed @ Told::Failed(_) => failed,
    }
}

/// The message changed; none if it is no JSON object.
fn changed(bytes: &[u8], change: impl Fn(&mut Map<String, Value>)) -> Option<Vec<u8>> {
    let mut message: Map<String, Value> = serde_json::from_slice(bytes).ok()?;
    change(&mut message);
    serde_json::to_vec(&message).ok()
}
