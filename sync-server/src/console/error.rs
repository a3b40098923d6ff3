//! What can go wrong on a page, and the page that says so.

use super::layout;
use crate::{auth::AuthError, service::MoveError, storage::StorageError};
use axum::{
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use lianxin_shared::sqlite::SqliteError;
use uuid::Uuid;

/// A page that could not be shown.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// No such record.
    #[error("not found")]
    NotFound,
    /// The form did not carry the session's token.
    #[error("form without its token")]
    Csrf,
    /// The form cannot be read.
    #[error("form unreadable")]
    Form,
    /// A rule of the page itself, in words for people.
    #[error("{0}")]
    Said(&'static str),
    /// Why a household cannot move: its words are for people.
    #[error(transparent)]
    Move(MoveError),
    /// The database failed.
    #[error(transparent)]
    Storage(StorageError),
    /// A rule of users, cadres or devices: its words are for people.
    #[error(transparent)]
    Auth(#[from] AuthError),
    /// The export could not be written.
    #[error("export failed: {0}")]
    Export(#[from] crate::export::ExportError),
    /// A picture could not be drawn.
    #[error("the link is too long for a QR code")]
    Qr,
    /// The record was erased by law: only its history says so.
    #[error("erased by law")]
    Erased(Uuid),
    /// A file could not be read.
    #[error("file unreadable: {0}")]
    Disk(std::io::Error),
    /// Nobody gives turns any more.
    #[error(transparent)]
    Turn(#[from] tokio::sync::AcquireError),
    /// A task ended early.
    #[error(transparent)]
    Join(#[from] tokio::task::JoinError),
}

impl From<rusqlite::Error> for PageError {
    fn from(error: rusqlite::Error) -> Self {
        PageError::Storage(error.into())
    }
}

impl From<MoveError> for PageError {
    fn from(error: MoveError) -> Self {
        match error {
            MoveError::Storage(error) => PageError::Storage(error),
            refused => PageError::Move(refused),
        }
    }
}

impl From<SqliteError> for PageError {
    fn from(error: SqliteError) -> Self {
        PageError::Storage(error.into())
    }
}

impl PageError {
    /// Status, what happened, and what to do.
    fn words(&self) -> (StatusCode, &'static str, String) {
        match self {
            PageError::NotFound | PageError::Erased(_) => (
                StatusCode::NOT_FOUND,
                "没有找到这一页",
                "可能已被删除，或者地址不全。请从左边的目录再找一次。".to_owned(),
            ),
            PageError::Csrf => (
                StatusCode::FORBIDDEN,
                "这一步没有做",
                "页面放得太久，或者不是从连心册打开的。什么都没有改动；请返回上一页，刷新后再做一次。"
                    .to_owned(),
            ),
            PageError::Form => {
                (StatusCode::BAD_REQUEST, "表单没有读懂", "什么都没有改动；请返回上一页重填。".to_owned())
            }
            PageError::Auth(AuthError::Storage(_) | AuthError::Hash(_))
            | PageError::Storage(_)
            | PageError::Export(_)
            | PageError::Qr
            | PageError::Disk(_)
            | PageError::Turn(_)
            | PageError::Join(_) => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "服务器这会儿没有办成",
                "收到的记录都在，没有丢。请过一会儿刷新；还不行，请管理员看服务器的日志和磁盘空间。"
                    .to_owned(),
            ),
            PageError::Said(words) => (StatusCode::UNPROCESSABLE_ENTITY, "没有做", (*words).to_owned()),
            PageError::Move(refused) => (StatusCode::UNPROCESSABLE_ENTITY, "没有迁", refused.to_string()),
            PageError::Auth(refused) => (StatusCode::UNPROCESSABLE_ENTITY, "没有保存", refused.to_string()),
        }
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        if let PageError::Erased(id) = self {
            return Redirect::to(&super::history::href(id)).into_response();
        }
        let (status, title, advice) = self.words();
        if status.is_server_error() {
            // The error's own words name tables and files, never what villagers said.
            tracing::error!(error = %self, "console page failed");
        }
        (status, layout::notice(title, &advice)).into_response()
    }
}
