//! The door for connections: how many come in, how many from one address, and how long one may stay silent. What is
//! refused here costs neither memory nor a thread.

use super::client::{ClientAddress, TrustedProxies};
use axum_server::accept::Accept;
use hyper_util::{
    rt::{TokioExecutor, TokioTimer},
    server::conn::auto::Builder,
};
use std::{
    collections::BTreeMap,
    io::{self, ErrorKind, IoSlice},
    net::IpAddr,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Instant, Sleep, sleep},
};

/// Connections at once, if the system grants so many files.
#[allow(non_upper_case_globals)]
const connections_max: usize = 4096;
/// Files that the server needs beside its connections: database, photos, exports.
#[allow(non_upper_case_globals)]
const files_reserved: usize = 256;
/// Connections of one address at once; more than a phone needs, since a whole village behind one mobile gateway
/// shares an address. This machine itself and named proxies are not counted.
#[allow(non_upper_case_globals)]
const connections_per_address_max: usize = 256;
/// Time for the first byte of a connection and for the whole head of a request, seconds.
#[allow(non_upper_case_globals)]
pub const head_seconds_max: u64 = 10;
/// A connection on which nothing moves is closed after this, seconds; above the longest that a request may run.
#[allow(non_upper_case_globals)]
const idle_seconds_max: u64 = 75;
/// Requests at once on one connection of HTTP/2.
#[allow(non_upper_case_globals)]
const streams_max: u32 = 64;
/// The largest head of an HTTP/2 request, bytes.
#[allow(non_upper_case_globals)]
const head_bytes_max: u32 = 16 * 1024;

/// Who is inside.
#[derive(Debug, Clone)]
pub(super) struct Doorway {
    inside: Arc<Mutex<Inside>>,
    room: usize,
    proxies: TrustedProxies,
}

#[derive(Debug, Default)]
struct Inside {
    all: usize,
    by_address: BTreeMap<String, usize>,
}

impl Doorway {
    /// As many as the system has files for.
    pub(super) fn new(proxies: TrustedProxies) -> Self {
        let room = files_granted().saturating_sub(files_reserved).clamp(files_reserved, connections_max);
        Self { inside: Arc::default(), room, proxies }
    }

    fn enter(&self, peer: IpAddr) -> Option<Place> {
        let ip = peer.to_canonical();
        let counted = !ip.is_loopback() && !self.proxies.trusts(ip);
        let address = counted.then(|| ClientAddress::of(ip).to_string());
        let mut inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
        if inside.all >= self.room {
            return None;
        }
        if let Some(address) = &address {
            let here = inside.by_address.entry(address.clone()).or_default();
            if *here >= connections_per_address_max {
                return None;
            }
            *here += 1;
        }
        inside.all += 1;
        Some(Place { inside: self.inside.clone(), address })
    }
}

/// Raises the number of files to what the system allows, and says how many that are.
fn files_granted() -> usize {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let limit = getrlimit(Resource::Nofile);
        let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
        // Refused, the old number stands.
        let granted = if setrlimit(Resource::Nofile, raised).is_ok() { limit.maximum } else { limit.current };
        granted.and_then(|files| usize::try_from(files).ok()).unwrap_or(usize::MAX)
    }
    #[cfg(not(unix))]
    usize::MAX
}

/// One connection's place; free again when this is dropped.
#[derive(Debug)]
struct Place {
    inside: Arc<Mutex<Inside>>,
    address: Option<String>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
        inside.all = inside.all.saturating_sub(1);
        let Some(address) = &self.address else { return };
        let Some(here) = inside.by_address.get_mut(address) else { return };
        *here -= 1;
        if *here == 0 {
            inside.by_address.remove(address);
        }
    }
}

impl<S: Send + 'static> Accept<TcpStream, S> for Doorway {
    type Stream = Guest;
    type Service = S;
    type Future = Pin<Box<dyn Future<Output = io::Result<(Guest, S)>> + Send>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let place = stream.peer_addr().ok().and_then(|peer| self.enter(peer.ip()));
        Box::pin(async move {
            let place = place.ok_or(ErrorKind::ConnectionRefused)?;
            // Small answers are not held back for company.
            stream.set_nodelay(true)?;
            // Until the first byte has come, patience is shorter.
            let patience = Box::pin(sleep(Duration::from_secs(head_seconds_max)));
            Ok((Guest { stream, patience, _place: place }, service))
        })
    }
}

/// A connection that is closed when nothing moves on it, and gives its place back.
#[derive(Debug)]
pub(super) struct Guest {
    stream: TcpStream,
    patience: Pin<Box<Sleep>>,
    _place: Place,
}

impl Guest {
    /// What came of reading or writing: movement starts the patience anew, and without movement it runs out.
    fn judge<T>(&mut self, cx: &mut Context<'_>, moved: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if moved.is_ready() {
            self.patience.as_mut().reset(Instant::now() + Duration::from_secs(idle_seconds_max));
            return moved;
        }
        ready!(self.patience.as_mut().poll(cx));
        Poll::Ready(Err(ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Guest {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let moved = Pin::new(&mut self.stream).poll_read(cx, buffer);
        self.judge(cx, moved)
    }
}

impl AsyncWrite for Guest {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let moved = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.judge(cx, moved)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let moved = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.judge(cx, moved)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// The bounds of one connection's requests.
pub(super) fn bound_requests(http: &mut Builder<TokioExecutor>) {
    let head = Duration::from_secs(head_seconds_max);
    http.http1().timer(TokioTimer::new()).header_read_timeout(head);
    http.http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(streams_max)
        .max_header_list_size(head_bytes_max);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_cannot_fill_the_house_and_a_place_left_is_free_again() {
        let proxy: IpAddr = "192.0.2.9".parse().unwrap();
        let doorway = Doorway { room: 600, ..Doorway::new(TrustedProxies::new(vec![proxy])) };
        let enter = |from: &str| doorway.enter(from.parse().unwrap());
        let mut guests: Vec<Place> =
            (0..connections_per_address_max).filter_map(|_| enter("192.0.2.1")).collect();
        assert_eq!(guests.len(), connections_per_address_max);
        assert!(enter("192.0.2.1").is_none() && enter("::ffff:192.0.2.1").is_none());
        guests.extend(enter("192.0.2.2"));
        guests.extend((0..300).filter_map(|_| enter("192.0.2.9")));
        guests.extend((0..300).filter_map(|_| enter("127.0.0.1")));
        assert_eq!(guests.len(), 600, "proxies and this machine are bound by the house alone");
        assert!(enter("192.0.2.3").is_none());
        drop(guests);
        assert!(enter("192.0.2.1").is_some());
        assert!(doorway.inside.lock().unwrap().by_address.is_empty());
    }
}
