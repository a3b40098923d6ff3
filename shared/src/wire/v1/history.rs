//! A record's whole history, as a phone reads it: in words, since the server's labels are the newest.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// `POST /v1/history`: who changed what in one record of the caller's villages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryRequest {
    /// [`crate::wire::PROTOCOL`] of the sender.
    pub protocol: u32,
    /// The server that the phone belongs to.
    pub server_id: Uuid,
    /// The record.
    pub record: Uuid,
}

/// The answer to a [`HistoryRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryResponse {
    /// The protocol of this answer.
    pub protocol: u32,
    /// The newest first.
    pub changes: Vec<HistoryChange>,
    /// How many older ones are not in this answer.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub older: u32,
}

/// What somebody wrote at one time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryChange {
    /// The cadre, or who of the office.
    pub by: String,
    /// When it was written, by the writer's clock (Unix milliseconds).
    pub written_ms: i64,
    /// When it came, by the server's clock (Unix milliseconds).
    pub received_ms: i64,
    /// Why the township keeps it apart; empty if it is in the record.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub held: String,
    /// It chose one of several values that stood.
    #[serde(default, skip_serializing_if = "is_false")]
    pub settled: bool,
    /// Its writer had not seen what it changed.
    #[serde(default, skip_serializing_if = "is_false")]
    pub unseen: bool,
    /// A phone brought it back after the server's restore.
    #[serde(default, skip_serializing_if = "is_false")]
    pub salvaged: bool,
    /// What it changed; empty if nothing that people read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<HistoryLine>,
}

/// One field that was changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryLine {
    /// Its label (“电话”).
    pub label: String,
    /// What stood there; none if nothing did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// What was written.
    pub after: String,
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

fn is_false(flag: &bool) -> bool {
    !flag
}
