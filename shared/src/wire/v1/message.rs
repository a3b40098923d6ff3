//! The messages of protocol 1.

use super::columns::Batch;
use crate::replica::{ChainHash, DeviceId, Stamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// A place in the server's one stream of changes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// Everything up to this number is known.
    pub seq: u64,
    /// Nonce of the commit that holds `seq`: a rolled-back server cannot know it. Empty at 0.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub nonce: String,
}

/// What the server has durably committed of one device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// All patches up to this number.
    pub device_seq: u64,
    /// Chain hash over them.
    pub chain: ChainHash,
}

/// A patch that the server keeps whole but has not let into the records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// Which.
    pub device_seq: u64,
    /// Why, in Chinese.
    pub reason: String,
    /// The office will not have it: it is in no record any more, and only to be read.
    #[serde(default, skip_serializing_if = "is_default")]
    pub refused: bool,
    /// Its stamp, if it came from another device of the same cadre: this phone may have been that one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stamp: Option<Stamp>,
}

/// [`Held::reason`] where the record was erased whole by law: of the words nothing is left, at the township neither.
pub const ERASED_REASON: &str = "已依法抹去";

/// `POST /v1/sync`: push and pull in one exchange.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncRequest {
    /// [`crate::wire::PROTOCOL`] of the sender.
    pub protocol: u32,
    /// The server that the phone belongs to.
    pub server_id: Uuid,
    /// The life of the server's database that cursor and receipt speak of.
    pub epoch: Uuid,
    /// What the phone has pulled.
    pub cursor: Cursor,
    /// The last receipt that the phone has committed.
    pub receipt_seen: u64,
    /// [`scope_hash`] of the villages that the phone holds; empty from phones that do not know theirs.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub scope: String,
    /// New patches, gapless from `receipt_seen + 1` or earlier.
    #[serde(default, skip_serializing_if = "Batch::is_empty")]
    pub patches: Batch,
    /// Orders that a former life of the server gave some of them, by number: they stay as low as they were.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub orders: BTreeMap<u64, Stamp>,
    /// Lives of the server that the phone has left for later ones, the newest last: a server that is in one of them
    /// has been put back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<Uuid>,
}

/// What became of the patches of this request that were new: the phone folds them itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// `device_seq` of the first.
    pub first: u64,
    /// Per patch the new number of its row (difference to the one before); 0: the row itself is sent.
    pub seqs: Vec<i64>,
    /// Order stamps that admission gave to patches of this request, the known ones too, by `device_seq`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub orders: BTreeMap<u64, Stamp>,
}

/// The answer. Receipt, changes, cursor and digest come from one read transaction begun after the push
/// was committed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncResponse {
    /// The protocol of this answer.
    pub protocol: u32,
    /// Who answers.
    pub server_id: Uuid,
    /// The life of its database.
    pub epoch: Uuid,
    /// Its clock, Unix milliseconds.
    pub server_time: u64,
    /// All that it has committed of this device.
    pub receipt: Receipt,
    /// Held patches of this device.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub held: Vec<Held>,
    /// The villages granted, when the phone's are others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
    /// The patches of this request that were new.
    #[serde(default, skip_serializing_if = "is_default")]
    pub accepted: Accepted,
    /// Rows after the request's cursor.
    #[serde(default, skip_serializing_if = "Batch::is_empty")]
    pub changes: Batch,
    /// Records that have left the device's villages.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evicted: Vec<Evicted>,
    /// What has been erased by law since the request's cursor, in the device's villages.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub erased: Vec<Erased>,
    /// Where the next request goes on.
    pub cursor: Cursor,
    /// There are more rows after `cursor`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub more: bool,
    /// Sum over all rows in the device's villages, hexadecimal; only when there are no more.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub digest: String,
}

/// A record that moved out of the device's villages: gone, if it is still where it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evicted {
    /// The record.
    pub id: Uuid,
    /// The village that it has left.
    pub from: String,
    /// The number of that change: a row with a greater one has come back.
    pub seq: u64,
}

/// 依法抹去: what stands nowhere at the township any more, and may stand nowhere on a phone. Its row comes emptied, also to
/// phones that do not know this message.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Erased {
    /// The record.
    pub id: Uuid,
    /// The field; empty: the whole record.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub field: String,
}

/// What a device may read and write.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scope {
    /// The cadre's villages, code to name.
    pub villages: BTreeMap<String, String>,
    /// The township's own code: its records go to every device.
    pub region: String,
}

impl Scope {
    /// All codes, in order.
    pub fn codes(&self) -> impl Iterator<Item = &str> {
        let codes: BTreeSet<&str> = self
            .villages
            .keys()
            .chain([&self.region])
            .map(String::as_str)
            .filter(|code| !code.is_empty())
            .collect();
        codes.into_iter()
    }
}

/// 64 bits over village codes in ascending order, hexadecimal: two ends compare their scopes by it.
pub fn scope_hash<'v>(codes: impl IntoIterator<Item = &'v str>) -> String {
    let mut hasher = Sha256::new();
    for code in codes {
        hasher.update(code);
        hasher.update(b";");
    }
    let first = hasher.finalize().into_iter().take(8).fold(0u64, |hash, byte| (hash << 8) | u64::from(byte));
    format!("{first:016x}")
}

/// `POST /v1/salvage`: writes of the server's former life that its new one lacks, as the phone still has them.
/// Merged by their stamps, kept as history like any other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SalvageRequest {
    /// [`crate::wire::PROTOCOL`] of the sender.
    pub protocol: u32,
    /// The server that the phone belongs to.
    pub server_id: Uuid,
    /// The new life.
    pub epoch: Uuid,
    /// The writes, numbered 1, 2, 3 …; their stamps are those of their first writers.
    pub patches: Batch,
    /// Order stamps that differ from the stamps, by number.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub orders: BTreeMap<u64, Stamp>,
}

/// The answer to a [`SalvageRequest`]: all of it is committed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SalvageResponse {
    /// The protocol of this answer.
    pub protocol: u32,
    /// How many of the writes the server did not have.
    pub taken: u64,
    /// Villages of which it took nothing, because in this life the phone's cadre never had them: the phone keeps what
    /// it has of them until it has them again.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub unknown: BTreeSet<String>,
}

/// `POST /v1/clone`: another phone writes under this one's device id; a new one, please.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CloneRequest {
    /// [`crate::wire::PROTOCOL`] of the sender.
    pub protocol: u32,
    /// The server that the phone belongs to.
    pub server_id: Uuid,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// `POST /v1/repair`: after a digest that differs. First with sums, then with the rows wanted. Never a wipe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepairRequest {
    /// [`crate::wire::PROTOCOL`] of the sender.
    pub protocol: u32,
    /// The server that the phone belongs to.
    pub server_id: Uuid,
    /// The life of its database.
    pub epoch: Uuid,
    /// The phone's sum per village, hexadecimal.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sums: BTreeMap<String, String>,
    /// Records to be sent whole.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub want: Vec<Uuid>,
}

/// The answer to a [`RepairRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepairResponse {
    /// The protocol of this answer.
    pub protocol: u32,
    /// Per village whose sum differs: every record with its row hash, hexadecimal.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub rows: BTreeMap<String, BTreeMap<Uuid, String>>,
    /// The rows wanted.
    #[serde(default, skip_serializing_if = "Batch::is_empty")]
    pub wanted: Batch,
    /// The stream's head when this was read: rows above it are not judged.
    pub seq: u64,
}

/// `POST /v1/enrol`: a one-time code becomes a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolRequest {
    /// [`crate::wire::PROTOCOL`] of the sender.
    pub protocol: u32,
    /// The one-time code as typed.
    pub code: String,
    /// What the phone calls itself, for the office's list (“Android · Chrome”).
    pub device_name: String,
    /// The app's version.
    pub app_version: String,
    /// The server whose records the phone holds already: any other lets the code be, for whoever it is meant for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_id: Option<Uuid>,
}

/// What a phone is from then on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolResponse {
    /// The protocol of this answer.
    pub protocol: u32,
    /// The server that the phone now belongs to.
    pub server_id: Uuid,
    /// The life of its database.
    pub epoch: Uuid,
    /// The new device.
    pub device: DeviceId,
    /// Its secret, 256 bits hexadecimal; the server keeps only a hash.
    pub token: String,
    /// The server's clock, Unix milliseconds.
    pub server_time: u64,
    /// The cadre's id.
    pub cadre: String,
    /// The cadre's name.
    pub cadre_name: String,
    /// The cadre's unit (“柳树沟村委会”).
    pub unit: String,
    /// The township's name.
    pub township: String,
    /// The villages granted, code to name.
    pub villages: BTreeMap<String, String>,
}

/// Why a request was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// The one-time code is wrong.
    CodeUnknown,
    /// It was used before.
    CodeUsed,
    /// It has expired.
    CodeExpired,
    /// Too many tries; wait.
    TooMany,
    /// The device's token is not known.
    Unauthorized,
    /// The device was revoked.
    Revoked,
    /// Another server answers than the phone belongs to.
    OtherServer,
    /// The database has begun a new life (restored).
    OtherEpoch,
    /// The server cannot confirm the phone's cursor or receipt.
    RolledBack,
    /// The device's chain differs: a copy of this phone has been writing.
    ChainDiffers,
    /// A newer protocol than the server speaks.
    ProtocolTooNew,
    /// An older protocol than the server still speaks.
    ProtocolTooOld,
    /// The body is too large.
    TooLarge,
    /// The body makes no sense.
    Malformed,
    /// The server cannot write just now (full disk, say).
    Unavailable,
    /// A file's village is not granted to the device.
    OtherVillage,
    /// No such file, or no such upload (any more): begin anew.
    NoSuchFile,
    /// No such record in the villages of the device.
    NoSuchRecord,
    /// The upload stands elsewhere than the sender believed: ask where.
    OffsetDiffers,
    /// The bytes are not those of the checksum or of the file's hash.
    ChecksumDiffers,
    /// The whole file is no picture that people could look at.
    NotAPicture,
    /// A code of a newer server.
    #[serde(other)]
    Unknown,
}

/// The body of every refusal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorBody {
    /// For the program.
    pub code: ErrorCode,
    /// For the person, in Chinese.
    pub message: String,
    /// With [`ErrorCode::OtherEpoch`]: the life that has begun, and what it has of this device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub life: Option<Life>,
}

/// A life of the server's database, to a phone that knew another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Life {
    /// Its id.
    pub epoch: Uuid,
    /// All that it has committed of the device.
    pub receipt: Receipt,
}
