//! `tls init`: an own CA and a certificate for the township's server, and the page that explains installing
//! the CA on a phone. Offline storage and service workers need https on a real phone.

use axum::{
    Router,
    http::header,
    response::{Html, IntoResponse},
    routing::get,
};
use maud::{DOCTYPE, html};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Folder of the certificates within the data directory.
pub const TLS_FOLDER: &str = "tls";
/// Years that the CA and the certificate hold (browsers refuse server certificates of more than 825 days).
const CA_DAYS: i64 = 3650;
const SERVER_DAYS: i64 = 820;

/// The page that explains is read, and nothing else.
const CSP: &str =
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Why no certificate could be made.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// There are some already.
    #[error("已经有证书了：{0}。没有改动。要重做，请先把这个文件夹改名。")]
    Exists(PathBuf),
    /// The names do not make a certificate.
    #[error("证书做不出来：{0}")]
    Certificate(#[from] rcgen::Error),
    /// The files cannot be written.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// Makes CA, certificate and keys for `names` (host names or addresses) in `data/tls`.
///
/// # Errors
/// See [`TlsError`]; existing files are never overwritten.
pub fn init(data: &Path, township: &str, names: &[String]) -> Result<PathBuf, TlsError> {
    let dir = data.join(TLS_FOLDER);
    if dir.exists() {
        return Err(TlsError::Exists(dir));
    }
    let now = std::time::SystemTime::now();
    let days = |n: i64| now + std::time::Duration::from_secs(n.unsigned_abs() * 86_400);
    let mut ca = CertificateParams::default();
    ca.distinguished_name.push(DnType::CommonName, format!("连心册 {township} 根证书"));
    ca.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    ca.not_before = now.into();
    ca.not_after = days(CA_DAYS).into();
    let ca = CertifiedIssuer::self_signed(ca, KeyPair::generate()?)?;
    let mut server = CertificateParams::new(names.to_vec())?;
    server.distinguished_name.push(DnType::CommonName, names.first().map_or("lianxin", String::as_str));
    server.not_before = now.into();
    server.not_after = days(SERVER_DAYS).into();
    let key = KeyPair::generate()?;
    let certificate = server.signed_by(&key, &ca)?;
    fs::create_dir_all(&dir)?;
    fs::write(dir.join("ca.pem"), ca.pem())?;
    write_secret(&dir.join("ca-key.pem"), &ca.key().serialize_pem())?;
    fs::write(dir.join("cert.pem"), certificate.pem())?;
    write_secret(&dir.join("key.pem"), &key.serialize_pem())?;
    Ok(dir)
}

/// A file that its owner alone may read.
fn write_secret(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write;
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(text.as_bytes())
}

/// `/ca` explains and `/ca/ca.crt` hands out the CA's certificate; nothing without one.
pub fn router(ca: Option<PathBuf>) -> Router {
    let Some(pem) = ca.and_then(|path| fs::read_to_string(path).ok()) else { return Router::new() };
    let page = || async { ([(header::CONTENT_SECURITY_POLICY, CSP)], Html(explanation().into_string())) };
    Router::new().route("/ca", get(page)).route(
        "/ca/ca.crt",
        get(move || {
            let pem = pem.clone();
            async move { ([(header::CONTENT_TYPE, "application/x-x509-ca-cert")], pem).into_response() }
        }),
    )
}

fn explanation() -> maud::Markup {
    html! {
        (DOCTYPE)
        html lang="zh-CN" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width";
                title { "安装证书 · 连心册" }
                link rel="stylesheet" href="/console.css";
            }
            body {
                main {
                    h1 { "第一次用，请先装好乡镇的证书" }
                    p { "装了它，手机才认得出这是您乡镇自己的服务器，离线功能才能用。只需装一次。" }
                    p { a href="/ca/ca.crt" { "下载证书 ca.crt" } }
                    h2 { "安卓" }
                    p { "设置 → 搜索“证书” → 安装证书 → CA 证书 → 选刚下载的 ca.crt。" }
                    h2 { "苹果" }
                    p { "设置 → 已下载描述文件 → 安装；再到 通用 → 关于本机 → 证书信任设置，打开“连心册”。" }
                    h2 { "装好以后" }
                    p { a href="/" { "打开连心册" } }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificates_are_made_once_and_never_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let names = ["lianxin.local".to_owned(), "192.168.1.9".to_owned()];
        let made = init(dir.path(), "清溪镇", &names).unwrap();
        let before = fs::read(made.join("key.pem")).unwrap();
        assert!(matches!(init(dir.path(), "清溪镇", &names), Err(TlsError::Exists(_))));
        assert_eq!(fs::read(made.join("key.pem")).unwrap(), before);
        assert!(fs::read_to_string(made.join("cert.pem")).unwrap().contains("BEGIN CERTIFICATE"));
    }
}
