//! What can go wrong in the store, in words for the person who holds the phone.

use lianxin_shared::domain::label;
use serde::{Deserialize, Serialize};

/// A failed request. What was acknowledged before is safe in every case; the text says so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum StoreError {
    /// No space left, or the browser's quota is used up.
    #[error(
        "手机存储空间满了，这一步没有存上。以前存的都还在。请清出一些空间（照片、视频），再点一次“重试”。"
    )]
    Full,
    /// The text is beyond `patch_bytes_max`; the draft keeps it.
    #[error("内容太长（{bytes} 字节，最多 {max}）。写的都还在，请分成两条来记。")]
    TooLong {
        /// What it has.
        bytes: usize,
        /// What it may have.
        max: usize,
    },
    /// Something is missing or makes no sense; the text says what.
    #[error("{0}")]
    Invalid(String),
    /// Fields of a record of this kind were erased by law: nothing is written into them any more. The rest of the save is
    /// kept.
    #[error("“{}”已由乡镇走访办依法抹去，不能再填，没有写上。别的都已存，可以照常改。", labels(kind, fields))]
    Erased {
        /// Kind of the record.
        kind: String,
        /// The fields.
        fields: Vec<String>,
    },
    /// The record is not on this phone.
    #[error("这部手机上没有这条记录，可能已经不归您的村了。")]
    NotFound,
    /// Another tab holds the store.
    #[error("连心册已在另一个标签页打开。请用那一页，或在这里点“在这里使用”。")]
    OtherTab,
    /// This tab had the store and gave it to another one that asked.
    #[error("连心册已换到另一个标签页使用，写的都在。要回到这里，请点“在这里使用”。")]
    TakenOver,
    /// The browser or system lacks something that the store cannot do without.
    #[error(
        "这个浏览器不能安全保存资料（缺少{0}）。请换手机自带浏览器、Chrome 或 Edge 的新版本；苹果手机请用 Safari 17 以上；微信里请点右上角“…”选“在浏览器打开”。"
    )]
    Unsupported(String),
    /// The store's thread or worker ended unexpectedly.
    #[error("资料库停下了。已显示“已存”的都在，请关掉这个页面重新打开。（{0}）")]
    Stopped(String),
    /// The database cannot be opened with the key that this phone has.
    #[error(
        "本机资料打不开：解锁用的钥匙不见了或不对。资料没有删除。请先不要清理浏览器，联系乡镇走访办。{0}"
    )]
    Locked(String),
    /// The database was written by a newer version of the app.
    #[error("本机资料是新版连心册写的，这一版打不开。资料都在，请刷新页面换成新版。")]
    TooNew,
    /// Another phone writes under this one's device id: a copy of its data is in use.
    #[error("另有一部手机在用同一份资料。您写的都在本机，正在给这部手机换新编号。")]
    Copied,
    /// Anything else SQLite or the platform says.
    #[error(
        "本机存储出了问题，这一步没有存上；以前存的都还在。请重新打开再试；若仍不行，请联系乡镇走访办。（{0}）"
    )]
    Broken(String),
}

fn labels(kind: &str, fields: &[String]) -> String {
    let labels: Vec<String> = fields.iter().map(|field| label::field(kind, field)).collect();
    labels.join("”“")
}
