//! What can go wrong with a file, in the words of the answer.

use crate::storage::StorageError;
use std::io;

/// Why a file did not come in or out. The photo is always still on the phone.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The village is not the caller's.
    #[error("这个村没有分给您，照片没有收。照片还在本机，请联系乡镇走访办核对分工。")]
    OtherVillage,
    /// No such upload of this device.
    #[error("这次上传在服务器上已经没有了（放得太久，或已取消）。照片还在本机，会从头再传。")]
    NoSuchUpload,
    /// No such file in this village.
    #[error("服务器上没有这张照片，可能拍照的手机还没有传上来。")]
    NoSuchFile,
    /// A header is missing or wrong; which.
    #[error("上传的请求看不懂（{0}），没有收。照片还在本机，请把连心册更新到最新版。")]
    Malformed(&'static str),
    /// Longer than its role allows; the limit in KiB.
    #[error("照片太大，最多 {0} KB，没有收。照片还在本机，请缩小后再传。")]
    TooLarge(u64),
    /// More bytes came than were announced.
    #[error("收到的比说好的长，多出来的没有收。照片还在本机，会再传一次。")]
    TooLong,
    /// Too many unfinished uploads.
    #[error("这部手机同时上传的照片太多，这一张先没有收。照片还在本机，等前面的传完会再传。")]
    TooMany,
    /// The upload stands elsewhere.
    #[error("断点对不上，这一段没有收。照片还在本机，会从断点接着传。")]
    OffsetDiffers,
    /// The connection broke, or the upload goes on over a newer one.
    #[error("传到一半断了，已收到的都留着。照片还在本机，会从断点接着传。")]
    Interrupted,
    /// The bytes of this request are not those of its checksum.
    #[error("这一段在路上传坏了，没有收。照片还在本机，会再传一次。")]
    ChecksumDiffers,
    /// The whole file has another hash.
    #[error("照片传完后核对不上，没有收。照片还在本机，会从头再传。")]
    HashDiffers,
    /// It is no whole JPEG, PNG or WebP.
    #[error("这个文件不是完整的照片（只收 JPEG、PNG、WebP），没有收。文件还在本机，请重拍或换一张。")]
    NotAPicture,
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The disk failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl From<rusqlite::Error> for FileError {
    fn from(error: rusqlite::Error) -> Self {
        FileError::Storage(error.into())
    }
}
