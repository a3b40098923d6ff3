//! Listening: plain on loopback, TLS everywhere else, and a stop that lets running requests end.

use super::{
    AppState, Pages,
    client::{TrustedProxies, find_caller},
    doorway::{Doorway, bound_requests},
    router,
};
use crate::storage::Storage;
use axum::{Router, middleware::from_fn_with_state};
use axum_server::{Handle, tls_rustls::RustlsConfig};
use std::{
    io::{ErrorKind, Write},
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

/// Running requests get this long after the stop signal.
#[allow(non_upper_case_globals)]
const stop_seconds_max: u64 = 20;

/// The port that commands use unless told otherwise.
#[allow(non_upper_case_globals)]
pub const port_usual: u16 = 8600;

/// How to listen.
#[derive(Debug, Clone)]
pub struct ServeOptions {
    /// Where.
    pub address: SocketAddr,
    /// Certificate and key files, PEM.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// Plain HTTP beyond loopback, at one's own risk.
    pub insecure_lan: bool,
    /// The built phone app.
    pub web: Option<PathBuf>,
    /// The address that phones use, if it is not the one listened on.
    pub public_url: Option<String>,
    /// Reverse proxies whose word about the caller's address is taken.
    pub trusted_proxies: TrustedProxies,
    /// The own CA's certificate, offered for installing.
    pub ca: Option<PathBuf>,
}

/// Why the server cannot listen.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Plain HTTP would carry villagers' words over the network.
    #[error(
        "没有证书时只能在本机（127.0.0.1）上开：手机上的离线功能需要 https，明文也会泄露村民的话。\
         请用 --cert 和 --key，或先运行 lianxin-server tls init；只在隔离的测试网里才用 --insecure-lan。"
    )]
    PlainBeyondLoopback,
    /// Somebody else listens there.
    #[error(
        "端口 {port} 已经有程序在用（也许是另一个连心册还开着，先停下它）。资料没有动。要换一个端口：make run PORT={next}，\
         或 serve --port {next}。"
    )]
    Taken {
        /// The port.
        port: u16,
        /// Another one to try.
        next: u16,
    },
    /// The certificate is unreadable, …
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// Whether an address leads a phone to itself instead of here: the loopback ones, and those that are none.
pub fn is_for_this_machine_alone(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = match authority.strip_prefix('[') {
        Some(bracketed) => bracketed.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    match host.parse::<std::net::IpAddr>() {
        Ok(address) => address.is_loopback() || address.is_unspecified(),
        Err(_) => host == "localhost" || host.ends_with(".localhost"),
    }
}

fn listen(address: SocketAddr) -> Result<TcpListener, ServeError> {
    let port = address.port();
    let listener = TcpListener::bind(address).map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => ServeError::Taken { port, next: port.checked_add(1).unwrap_or(port_usual) },
        _ => ServeError::Io(error),
    })?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Serves until `stop` ends, then lets running requests end. `console` makes the office's pages and `ready` is
/// called, both with the address that phones use.
///
/// # Errors
/// See [`ServeError`].
pub async fn serve(
    storage: Arc<Storage>,
    options: ServeOptions,
    console: impl FnOnce(&str) -> Router,
    stop: impl Future<Output = ()> + Send + 'static,
    ready: impl FnOnce(&str),
) -> Result<(), ServeError> {
    if options.tls.is_none() && !options.address.ip().is_loopback() && !options.insecure_lan {
        return Err(ServeError::PlainBeyondLoopback);
    }
    let listener = listen(options.address)?;
    let address = listener.local_addr()?;
    let scheme = if options.tls.is_some() { "https" } else { "http" };
    let url = options.public_url.unwrap_or_else(|| format!("{scheme}://{address}"));
    let pages = Pages {
        console: console(&url),
        web: options.web,
        ca: options.ca,
        secure: url.starts_with("https://"),
    };
    let doorway = Doorway::new(options.trusted_proxies.clone());
    let app = router(AppState::new(storage), pages)
        .layer(from_fn_with_state(options.trusted_proxies, find_caller))
        .into_make_service_with_connect_info::<SocketAddr>();
    let handle = Handle::new();
    tokio::spawn({
        let handle = handle.clone();
        async move {
            stop.await;
            tracing::info!("stopping");
            handle.graceful_shutdown(Some(Duration::from_secs(stop_seconds_max)));
        }
    });
    ready(&url);
    std::io::stdout().flush()?;
    match options.tls {
        Some((cert, key)) => {
            // It fails only if a provider was chosen before, which serves as well.
            let _ = rustls::crypto::ring::default_provider().install_default();
            let config = RustlsConfig::from_pem_file(cert, key).await?;
            let server = axum_server::from_tcp_rustls(listener, config)?;
            let mut server = server.map(|tls| tls.acceptor(doorway)).handle(handle);
            bound_requests(server.http_builder());
            server.serve(app).await?;
        }
        None => {
            let mut server = axum_server::from_tcp(listener)?.acceptor(doorway).handle(handle);
            bound_requests(server.http_builder());
            server.serve(app).await?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_is_taken_is_named_with_the_way_out() {
        let first = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = first.local_addr().unwrap();
        let words = listen(address).unwrap_err().to_string();
        let port = address.port();
        assert!(words.contains(&format!("端口 {port} 已经有程序在用")), "{words}");
        assert!(words.contains("PORT=") && words.contains("资料没有动"), "{words}");
        drop(first);
        assert!(listen(address).is_ok());
    }

    #[test]
    fn addresses_that_no_phone_can_open_are_known() {
        for url in
            ["http://127.0.0.1:8600", "http://localhost/", "https://[::1]:8600", "https://0.0.0.0:8600"]
        {
            assert!(is_for_this_machine_alone(url), "{url}");
        }
        for url in ["https://192.168.1.9:8600", "https://lianxin.example", "https://[fd00::9]:8600"] {
            assert!(!is_for_this_machine_alone(url), "{url}");
        }
    }
}
