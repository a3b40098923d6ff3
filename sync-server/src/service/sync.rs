//! One sync request: judged, pushed in a write transaction, answered from a read transaction begun after it.

use super::{
    Caller, NewLife, Pushed, begin_life, changes_beside_push_bytes_max, changes_bytes_max,
    life::{life_is_young, life_of, receipt_of},
    pull, push, repair, salvage,
};
use crate::{
    clock::now_ms,
    storage::{ServerIdentity, Storage, StorageError, nonce_at, read_identity},
};
use lianxin_shared::{
    replica::Patch,
    wire::{
        PROTOCOL,
        v1::{
            Cursor, ErrorBody, ErrorCode, RepairRequest, RepairResponse, SalvageRequest, SalvageResponse,
            SyncRequest, SyncResponse, patches_of_batch,
        },
    },
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
        Self(ErrorBody { code, message: message.to_owned(), life: None })
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

/// Whether a request is for this server, in its present life, and in a protocol that it speaks.
fn judge(
    db: &Connection,
    caller: &Caller,
    (protocol, server_id): (u32, Uuid),
    epoch: Uuid,
) -> Result<(), ServiceError> {
    let identity = known(db, protocol, server_id)?;
    if epoch != identity.epoch {
        let mut refusal =
            Refusal::new(ErrorCode::OtherEpoch, "乡镇服务器恢复过备份，正在重新对一遍。您写的都在本机。");
        refusal.0.life = Some(life_of(db, identity.epoch, caller)?);
        return Err(refusal.into());
    }
    Ok(())
}

/// Refuses a protocol that this build does not speak, and a phone of another server.
fn known(db: &Connection, protocol: u32, server_id: Uuid) -> Result<ServerIdentity, ServiceError> {
    if protocol > PROTOCOL {
        return Err(Refusal::new(
            ErrorCode::ProtocolTooNew,
            "手机上的连心册比乡镇服务器新。您写的都在本机，等乡镇服务器升级后会自动上报。",
        )
        .into());
    }
    if protocol < 1 {
        return Err(Refusal::new(
            ErrorCode::ProtocolTooOld,
            "手机上的连心册太旧，请刷新换成新版再同步。您写的都在本机。",
        )
        .into());
    }
    let identity = read_identity(db)?;
    if server_id != identity.server_id {
        return Err(Refusal::new(
            ErrorCode::OtherServer,
            "这不是这部手机登记的那台乡镇服务器，什么都没有上报。您写的都在本机，请核对地址。",
        )
        .into());
    }
    Ok(identity)
}

/// A request whose patches are out of their columns: done before the writer is waited for.
#[derive(Debug)]
pub struct Unpacked {
    request: SyncRequest,
    patches: Result<Vec<Patch>, Refusal>,
}

impl From<SyncRequest> for Unpacked {
    fn from(mut request: SyncRequest) -> Self {
        let patches = patches_of_batch(std::mem::take(&mut request.patches)).map_err(|error| {
            Refusal::new(
                ErrorCode::Malformed,
                &format!("上报的内容看不懂（{error}），没有存下。您写的都在本机。"),
            )
        });
        Self { request, patches }
    }
}

/// The writing half of a sync that pushes something, inside a write transaction.
///
/// # Errors
/// A refusal, or the storage's failure; the caller rolls back. After [`ErrorCode::RolledBack`] it calls
/// [`begin_next_life`].
pub fn write_phase(
    db: &Connection,
    caller: &Caller,
    request: impl Into<Unpacked>,
    now_ms: i64,
) -> Result<Pushed, ServiceError> {
    let Unpacked { request, patches } = request.into();
    is_of_this_life(db, caller, &request)?;
    let mut pushed = push(db, caller, request.cursor.seq, &patches?, &request.orders, now_ms)?;
    pushed.scope_seen = request.scope;
    note_sync(db, caller, now_ms)?;
    Ok(pushed)
}

/// Whether the phone speaks of the life that the database is in, and the database is where the phone left it.
fn is_of_this_life(db: &Connection, caller: &Caller, request: &SyncRequest) -> Result<(), ServiceError> {
    let identity = known(db, request.protocol, request.server_id)?;
    let is_past = request.left.contains(&identity.epoch);
    if !is_past {
        judge(db, caller, (request.protocol, request.server_id), request.epoch)?;
    }
    if is_past || lacks_what_it_gave(db, caller, request)? {
        return Err(Refusal::new(
            ErrorCode::RolledBack,
            "乡镇服务器的数据回到了从前的样子，正在重新对一遍。您写的都还在本机。",
        )
        .into());
    }
    Ok(())
}

/// The first half of a sync that only pulls: it reads alone. With the answer's beginning comes whether it is time to
/// note that the phone was here ([`note_sync`]).
///
/// # Errors
/// As [`write_phase`].
pub fn greet(
    db: &Connection,
    caller: &Caller,
    request: SyncRequest,
    now_ms: i64,
) -> Result<(Pushed, bool), ServiceError> {
    is_of_this_life(db, caller, &request)?;
    if caller.revoked {
        return Err(Refusal::new(
            ErrorCode::Revoked,
            "这部手机已被乡镇走访办停用，不再收发。写过的文字都已交到乡镇，请联系乡镇走访办。",
        )
        .into());
    }
    let noted_ms = last_sync_ms(db, caller)?;
    let is_due = noted_ms.is_none_or(|noted_ms| !(0..sync_noted_ms_min).contains(&(now_ms - noted_ms)));
    Ok((Pushed { scope_seen: request.scope, ..Pushed::default() }, is_due))
}

/// Begins the life that a phone's proof of a rollback calls for, if the present one is among the `past` that it tells of;
/// inside a write transaction.
///
/// # Errors
/// A refusal of phones that cannot prove it, and while the present life is young; or the storage's failure.
pub fn begin_next_life(
    db: &Connection,
    caller: &Caller,
    past: &[Uuid],
    new: NewLife,
    now_ms: i64,
) -> Result<(), ServiceError> {
    if caller.revoked || life_is_young(db, now_ms)? {
        return Err(Refusal::new(
            ErrorCode::Unavailable,
            "乡镇服务器刚重新对过一遍，过一会儿自动再试。您写的都在本机。",
        )
        .into());
    }
    begin_life(db, past, new, "数据回到了从前", now_ms)?;
    Ok(())
}

/// Notes when a phone was last here.
///
/// # Errors
/// When SQLite fails.
pub fn note_sync(db: &Connection, caller: &Caller, now_ms: i64) -> Result<(), StorageError> {
    db.prepare_cached("UPDATE device SET last_sync_at = ?2 WHERE id = ?1")?
        .execute(params![caller.device.to_i64(), now_ms])?;
    Ok(())
}

fn last_sync_ms(db: &Connection, caller: &Caller) -> Result<Option<i64>, StorageError> {
    let mut statement = db.prepare_cached("SELECT last_sync_at FROM device WHERE id = ?1")?;
    Ok(statement.query_row([caller.device.to_i64()], |row| row.get(0))?)
}

/// Whether the phone proves a rollback by a receipt or a cursor that this database never gave. (The other proof is that
/// it has left the life that the database is in.)
fn lacks_what_it_gave(db: &Connection, caller: &Caller, request: &SyncRequest) -> Result<bool, StorageError> {
    let receipt = receipt_of(db, caller.device)?.device_seq;
    Ok(receipt < request.receipt_seen
        || nonce_at(db, request.cursor.seq)?.as_deref() != Some(request.cursor.nonce.as_str()))
}

/// Between two notes of when a phone was last here, milliseconds.
#[allow(non_upper_case_globals)]
const sync_noted_ms_min: i64 = 60 * 1000;

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

    /// The first half of a sync: what was pushed is durably committed.
    ///
    /// # Errors
    /// A refusal, or the storage's failure: then nothing was stored.
    pub fn push(&self, caller: Caller, request: SyncRequest) -> Result<Pushed, ServiceError> {
        let now = now_ms();
        let (protocol, server_id, former) = (request.protocol, request.server_id, request.epoch);
        let past = [request.left.as_slice(), &[former]].concat();
        let outcome = if request.patches.is_empty() {
            self.greet(&caller, request, now)
        } else {
            let (writer, request) = (caller.clone(), Unpacked::from(request));
            self.storage.write(move |db| write_phase(db, &writer, request, now))
        };
        match outcome {
            Err(ServiceError::Refused(refusal)) if refusal.0.code == ErrorCode::RolledBack => {
                let (new, prover) = (NewLife::random()?, caller.clone());
                self.storage.write(move |db| begin_next_life(db, &prover, &past, new, now))?;
                tracing::error!(device = %caller.device, "the database has been rolled back: a new life began");
                // The phone's epoch is a former one now: this refusal tells it the life that has begun.
                self.storage.read(|db| judge(db, &caller, (protocol, server_id), former))?;
                Err(refusal.into())
            }
            outcome => outcome,
        }
    }

    /// A phone that only pulls needs nothing written: it gets its answer also while the disk is full, and without
    /// waiting for a commit. When it was here is noted once in a while.
    fn greet(&self, caller: &Caller, request: SyncRequest, now: i64) -> Result<Pushed, ServiceError> {
        let (pushed, is_due) = self.storage.read(|db| greet(db, caller, request, now))?;
        if is_due {
            let caller = caller.clone();
            if let Err(error) = self.storage.write(move |db| note_sync(db, &caller, now)) {
                tracing::warn!(%error, "not noted that a phone was here");
            }
        }
        Ok(pushed)
    }

    /// The second half: the answer to what was pushed, and the changes after `cursor`.
    ///
    /// # Errors
    /// A refusal, or the storage's failure.
    pub fn pull(
        &self,
        caller: &Caller,
        cursor: &Cursor,
        pushed: Pushed,
    ) -> Result<SyncResponse, ServiceError> {
        let took_some = !pushed.accepted.seqs.is_empty();
        let bytes_max = if took_some { changes_beside_push_bytes_max } else { changes_bytes_max };
        self.storage.read(|db| pull(db, caller, cursor, pushed, bytes_max, now_ms()))
    }

    /// One step of a repair.
    ///
    /// # Errors
    /// A refusal, or the storage's failure.
    pub fn repair(&self, caller: &Caller, request: &RepairRequest) -> Result<RepairResponse, ServiceError> {
        self.storage.read(|db| {
            judge(db, caller, (request.protocol, request.server_id), request.epoch)?;
            Ok(repair(db, caller, request)?)
        })
    }

    /// Whether the phone of a request that only reads speaks to its own server in words that both know.
    ///
    /// # Errors
    /// A refusal, or the storage's failure.
    pub fn knows(&self, protocol: u32, server_id: Uuid) -> Result<(), ServiceError> {
        self.storage.read(|db| known(db, protocol, server_id).map(drop))
    }

    /// Takes back what a former life had.
    ///
    /// # Errors
    /// A refusal, or the storage's failure: then nothing was stored.
    pub fn salvage(&self, caller: Caller, request: SalvageRequest) -> Result<SalvageResponse, ServiceError> {
        self.storage.write(move |db| {
            judge(db, &caller, (request.protocol, request.server_id), request.epoch)?;
            salvage(db, &caller, request, now_ms())
        })
    }
}
