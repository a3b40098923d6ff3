//! Failures in the words of the person who holds the phone: what happened, what is safe, what to do.

use crate::store::NotTold;
use lianxin_shared::{sync::Failure, wire::v1::ErrorCode};

/// A failure in words.
pub(super) fn of(failure: &Failure) -> String {
    match failure {
        Failure::Network => "连不上乡镇服务器。您写的都在本机，有网时自动上报。".to_owned(),
        Failure::TooLarge => "这一批太大，正分小了再报。您写的都在本机。".to_owned(),
        Failure::Busy { .. } => "乡镇服务器正忙，过一会儿自动再报。您写的都在本机。".to_owned(),
        Failure::Server => "乡镇服务器出了点问题，过一会儿自动再报。您写的都在本机。".to_owned(),
        Failure::Garbage => {
            "答话的不是乡镇服务器（可能连着要登录的 Wi-Fi，或地址不对）。您写的都在本机，换个网络再点同步。"
                .to_owned()
        }
        Failure::Refused(body) => body.message.clone(),
        Failure::Store(words) => words.clone(),
    }
}

/// Why a record's history cannot be shown now.
pub(super) fn of_history(failure: &Failure) -> NotTold {
    let words = match failure {
        Failure::Network => {
            "修改记录在乡镇服务器上，要连上网才看得到，现在连不上。您写的都在本机，一条没丢。".to_owned()
        }
        Failure::Busy { .. } | Failure::Server => {
            "乡镇服务器这会儿没有答上来，请过一会儿再看。您写的都在本机，一条没丢。".to_owned()
        }
        other => of(other),
    };
    let is_none = matches!(failure, Failure::Refused(body) if body.code == ErrorCode::NoSuchRecord);
    NotTold { words, is_none }
}
