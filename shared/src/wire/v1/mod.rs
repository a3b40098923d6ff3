//! Protocol 1: JSON bodies, compressed by zstd or gzip.

mod columns;
mod history;
mod message;

pub use columns::{
    Batch, Group, WireError, batch_of_patches, batch_of_rows, patches_of_batch, rows_of_batch,
};
pub use history::{HistoryChange, HistoryLine, HistoryRequest, HistoryResponse};
pub use message::{
    Accepted, CloneRequest, Cursor, ERASED_REASON, EnrolRequest, EnrolResponse, Erased, ErrorBody, ErrorCode,
    Evicted, Held, Life, Receipt, RepairRequest, RepairResponse, SalvageRequest, SalvageResponse, Scope,
    SyncRequest, SyncResponse, scope_hash,
};
