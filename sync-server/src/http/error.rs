//! Every refusal as a status and a body that program and person understand.

use crate::{
    auth::AuthError,
    console::PageError,
    files::FileError,
    service::{Refusal, ServiceError},
    storage::StorageError,
};
use axum::{
    Json,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use lianxin_shared::wire::v1::{ErrorBody, ErrorCode};

/// A request that ends in a refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    /// What is sent.
    pub body: ErrorBody,
    /// `Retry-After`, seconds.
    pub retry_after: Option<i64>,
}

impl ApiError {
    /// With its words.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { body: ErrorBody { code, message: message.into(), life: None }, retry_after: None }
    }

    /// The storage or the platform failed: nothing was stored, the phone keeps all and tries again.
    pub fn unavailable(error: &dyn std::error::Error) -> Self {
        tracing::error!(error = %error, "request failed");
        Self::new(
            ErrorCode::Unavailable,
            "乡镇服务器这会儿存不下（可能磁盘满了）。您写的都在本机，稍后会自动再报。",
        )
    }

    fn status(&self) -> StatusCode {
        match self.body.code {
            ErrorCode::CodeUnknown
            | ErrorCode::CodeUsed
            | ErrorCode::CodeExpired
            | ErrorCode::Revoked
            | ErrorCode::OtherVillage => StatusCode::FORBIDDEN,
            ErrorCode::NoSuchFile | ErrorCode::NoSuchRecord => StatusCode::NOT_FOUND,
            ErrorCode::ChecksumDiffers => checksum_mismatch(),
            ErrorCode::NotAPicture => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            ErrorCode::TooMany => StatusCode::TOO_MANY_REQUESTS,
            ErrorCode::Unauthorized => StatusCode::UNAUTHORIZED,
            ErrorCode::OtherServer
            | ErrorCode::OtherEpoch
            | ErrorCode::RolledBack
            | ErrorCode::ChainDiffers
            | ErrorCode::OffsetDiffers => StatusCode::CONFLICT,
            ErrorCode::ProtocolTooNew | ErrorCode::ProtocolTooOld => StatusCode::UPGRADE_REQUIRED,
            ErrorCode::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            ErrorCode::Malformed => StatusCode::BAD_REQUEST,
            ErrorCode::Unavailable | ErrorCode::Unknown => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

/// 460, by which tus tells a checksum that differs.
fn checksum_mismatch() -> StatusCode {
    StatusCode::from_u16(460).unwrap_or(StatusCode::BAD_REQUEST)
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        Self { body: refusal.0, retry_after: None }
    }
}
impl From<ServiceError> for ApiError {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::Refused(refusal) => refusal.into(),
            ServiceError::Storage(error) => error.into(),
        }
    }
}
impl From<StorageError> for ApiError {
    fn from(error: StorageError) -> Self {
        Self::unavailable(&error)
    }
}
impl From<FileError> for ApiError {
    fn from(error: FileError) -> Self {
        let code = match &error {
            FileError::OtherVillage => ErrorCode::OtherVillage,
            FileError::NoSuchUpload | FileError::NoSuchFile => ErrorCode::NoSuchFile,
            FileError::Malformed(_) => ErrorCode::Malformed,
            FileError::TooLarge(_) | FileError::TooLong => ErrorCode::TooLarge,
            FileError::TooMany => ErrorCode::TooMany,
            FileError::OffsetDiffers | FileError::Interrupted => ErrorCode::OffsetDiffers,
            FileError::ChecksumDiffers | FileError::HashDiffers => ErrorCode::ChecksumDiffers,
            FileError::NotAPicture => ErrorCode::NotAPicture,
            FileError::Storage(cause) => return Self::unavailable(cause),
            FileError::Io(cause) => return Self::unavailable(cause),
        };
        Self::new(code, error.to_string())
    }
}
impl From<PageError> for ApiError {
    fn from(error: PageError) -> Self {
        Self::unavailable(&error)
    }
}
impl From<AuthError> for ApiError {
    fn from(error: AuthError) -> Self {
        Self::unavailable(&error)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = (self.status(), Json(&self.body)).into_response();
        if let Some(seconds) = self.retry_after.and_then(|s| s.to_string().parse().ok()) {
            response.headers_mut().insert(header::RETRY_AFTER, seconds);
        }
        response
    }
}
