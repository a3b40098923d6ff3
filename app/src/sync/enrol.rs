//! Enrolment: a one-time code becomes this phone's identity.

use super::transport::{Answer, Transport};
use lianxin_shared::wire::{
    PROTOCOL,
    v1::{EnrolRequest, EnrolResponse, ErrorBody},
};
use uuid::Uuid;

/// Why it did not work, in words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct EnrolError {
    /// What happened and what to do.
    pub message: String,
}

impl EnrolError {
    fn new(message: &str) -> Self {
        Self { message: message.to_owned() }
    }
}

/// Asks the server at `server_url` to take this phone in. `server_id` is the one whose records the phone holds already, if
/// any.
///
/// # Errors
/// In words: no connection, not our server, or the server's own refusal.
pub async fn enrol(
    server_url: &str,
    code: &str,
    server_id: Option<Uuid>,
) -> Result<EnrolResponse, EnrolError> {
    let server = server_url.trim().trim_end_matches('/');
    if !(server.starts_with("https://") || server.starts_with("http://")) {
        return Err(EnrolError::new("地址要以 https:// 开头，请照着乡镇给的写。"));
    }
    let request = EnrolRequest {
        protocol: PROTOCOL,
        code: code.to_owned(),
        device_name: crate::platform::device_name(),
        app_version: env!("CARGO_PKG_VERSION").to_owned(),
        server_id,
    };
    let body = serde_json::to_vec(&request).map_err(|e| EnrolError { message: e.to_string() })?;
    let transport =
        Transport::new().map_err(|_| EnrolError::new("这部手机开不了加密连接，请换一个浏览器。"))?;
    match transport.post_once(&format!("{server}/v1/enrol"), body).await {
        Answer::Unreachable => Err(EnrolError::new(
            "连不上这个地址。登记要有网：请看看信号，再核对地址，然后重试；要是说码已经用过了，请乡镇再开一个。",
        )),
        Answer::Body { status: 200, body, .. } => serde_json::from_slice(&body)
            .map_err(|_| EnrolError::new("这个地址不是连心册的服务器，请照着乡镇给的地址核对。")),
        Answer::Body { body, .. } => Err(match serde_json::from_slice::<ErrorBody>(&body) {
            Ok(refused) => EnrolError { message: refused.message },
            Err(_) => EnrolError::new("这个地址不是连心册的服务器，请照着乡镇给的地址核对。"),
        }),
    }
}
