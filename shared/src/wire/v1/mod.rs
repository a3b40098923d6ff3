//! Protocol 1: JSON bodies, compressed by zstd or gzip.

mod columns;
mod message;

pub use columns::{
    Batch, Group, WireError, batch_of_patches, batch_of_rows, patches_of_batch, rows_of_batch,
};
pub use message::{
    Accepted, Cursor, EnrolRequest, EnrolResponse, ErrorBody, ErrorCode, Held, Receipt, RepairRequest,
    RepairResponse, SyncRequest, SyncResponse,
};
