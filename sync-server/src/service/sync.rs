//! One sync request: judged, pushed in a write transaction, answered from a read transaction begun after it.

use super::{Caller, Pushed, changes_bytes_max, pull, push, repair};
use crate::{
    clock::now_ms,
    storage::{ServerIdentity, Storage, StorageError},
};
use lianxin_shared::wire::{
    PROTOCOL,
    v1::{ErrorBody, ErrorCode, RepairRequest, RepairResponse, SyncRequest, SyncResponse, patches_of_batch},
};
use rusqlite::{Connection, params};
use std::sync::Arc;
use uuid::Uuid;

/// The server says no, for the program and for the person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.message)]
pub struct Refusal(pub ErrorBody);

impl Refusal {
    /// A refusal with its words.
    pub fn new(code: ErrorCode, message: &str) -> Self {
        Self(ErrorBody { code, message: message.to_owned() })
    }
}

/// What a request can end in.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// An answer that the phone understands.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The storage failed; nothing was stored.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Whether a request is for this server and in a protocol that it speaks.
///
/// # Errors
/// The refusal to send.
fn judge(identity: &ServerIdentity, protocol: u32, server_id: Uuid, epoch: Uuid) -> Result<(), Refusal> {
    if protocol > PROTOCOL {
        return Err(Refusal::new(
            ErrorCode::ProtocolTooNew,
            "手机上的连心册比乡镇服务器新。您写的都在本机，等乡镇服务器升级后会自动上报。",
        ));
    }
    if protocol < 1 {
        return Err(Refusal::new(
            ErrorCode::ProtocolTooOld,
            "手机上的连心册太旧，请刷新换成新版再同步。您写的都在本机。",
        ));
    }
    if server_id != identity.server_id {
        return Err(Refusal::new(
            ErrorCode::OtherServer,
            "这不是这部手机登记的那台乡镇服务器，什么都没有上报。您写的都在本机，请核对地址。",
        ));
    }
    if epoch != identity.epoch {
        return Err(Refusal::new(
            ErrorCode::OtherEpoch,
            "乡镇服务器恢复过旧备份，要重新对一遍。您写的都在本机，请联系乡镇走访办。",
        ));
    }
    Ok(())
}

/// The writing half of a sync, inside a write transaction.
///
/// # Errors
/// A refusal, or the storage's failure; the caller rolls back.
pub fn write_phase(
    db: &Connection,
    identity: &ServerIdentity,
    caller: &Caller,
    request: SyncRequest,
    now_ms: i64,
) -> Result<Pushed, ServiceError> {
    judge(identity, request.protocol, request.server_id, request.epoch)?;
    let patches = patches_of_batch(request.patches).map_err(|error| {
        Refusal::new(
            ErrorCode::Malformed,
            &format!("上报的内容看不懂（{error}），没有存下。您写的都在本机。"),
        )
    })?;
    if let Some(seen) = receipt_ahead(db, caller, request.receipt_seen)? {
        return Err(seen.into());
    }
    let pushed = if patches.is_empty() {
        Pushed::default()
    } else {
        push(db, caller, request.cursor.seq, &patches, now_ms)?
    };
    db.prepare_cached("UPDATE device SET last_sync_at = ?2 WHERE id = ?1")
        .and_then(|mut s| s.execute(params![caller.device.to_i64(), now_ms]))
        .map_err(StorageError::from)?;
    Ok(pushed)
}

/// A phone that has seen a receipt which this database has not given proves a rollback.
fn receipt_ahead(db: &Connection, caller: &Caller, seen: u64) -> Result<Option<Refusal>, StorageError> {
    let mut statement = db.prepare_cached("SELECT receipt FROM device WHERE id = ?1")?;
    let receipt: i64 = statement.query_row([caller.device.to_i64()], |row| row.get(0))?;
    Ok((receipt.unsigned_abs() < seen).then(|| {
        Refusal::new(
            ErrorCode::RolledBack,
            "乡镇服务器的数据回到了从前的样子，少了它收过的记录。您写的都还在本机，请联系乡镇走访办。",
        )
    }))
}

/// The reading half of a sync, inside a read transaction begun after the push was committed.
///
/// # Errors
/// A refusal, or the storage's failure.
pub fn read_phase(
    db: &Connection,
    identity: &ServerIdentity,
    caller: &Caller,
    cursor: &lianxin_shared::wire::v1::Cursor,
    pushed: Pushed,
    now_ms: i64,
) -> Result<SyncResponse, ServiceError> {
    pull(db, identity, caller, cursor, pushed, changes_bytes_max, now_ms)
}

/// The protocol over the open storage. Blocking.
#[derive(Clone)]
pub struct SyncService {
    storage: Arc<Storage>,
}

impl SyncService {
    /// Over `storage`.
    pub fn new(storage: Arc<Storage>) -> Self {
        Self { storage }
    }

    /// One sync.
    ///
    /// # Errors
    /// A refusal, or the storage's failure: then nothing was stored.
    pub fn sync(&self, caller: Caller, request: SyncRequest) -> Result<SyncResponse, ServiceError> {
        let now = now_ms();
        let cursor = request.cursor.clone();
        let (identity, writer) = (self.storage.identity().clone(), caller.clone());
        let pushed = self.storage.write(move |db| write_phase(db, &identity, &writer, request, now))?;
        self.storage.read(|db| read_phase(db, self.storage.identity(), &caller, &cursor, pushed, now_ms()))
    }

    /// One step of a repair.
    ///
    /// # Errors
    /// A refusal, or the storage's failure.
    pub fn repair(&self, caller: &Caller, request: &RepairRequest) -> Result<RepairResponse, ServiceError> {
        judge(self.storage.identity(), request.protocol, request.server_id, request.epoch)?;
        self.storage.read(|db| Ok(repair(db, caller, request)?))
    }
}
