//! Where a request comes from: guessing passwords and codes is slowed down by it. A reverse proxy's word about the
//! caller is taken only if the proxy has been named; otherwise anybody could invent a new address for every guess.

use axum::{
    extract::{ConnectInfo, FromRequestParts, Request, State},
    http::{HeaderMap, request::Parts},
    middleware::Next,
    response::Response,
};
use std::{
    convert::Infallible,
    fmt,
    net::{IpAddr, Ipv6Addr, SocketAddr},
    sync::{Arc, Once},
};

const FORWARDED_FOR: &str = "x-forwarded-for";

/// Reverse proxies in front of this server; none unless they are named.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies(Arc<[IpAddr]>);

impl TrustedProxies {
    /// These, and no others.
    pub fn new(proxies: Vec<IpAddr>) -> Self {
        Self(proxies.into_iter().map(|ip| ip.to_canonical()).collect())
    }

    pub(super) fn trusts(&self, ip: IpAddr) -> bool {
        self.0.contains(&ip)
    }

    /// Each proxy appends whom it has spoken to: from the last one on, the first that is no proxy of ours. What
    /// stands before it is the caller's own invention.
    fn caller(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut at = peer.to_canonical();
        let lines = headers.get_all(FORWARDED_FOR).iter().filter_map(|line| line.to_str().ok());
        let hops: Vec<&str> = lines.flat_map(|line| line.split(',')).map(str::trim).collect();
        for hop in hops.into_iter().rev() {
            if !self.trusts(at) {
                break;
            }
            let Some(ip) = address(hop) else { break };
            at = ip.to_canonical();
        }
        at
    }
}

/// An address with or without its port.
fn address(hop: &str) -> Option<IpAddr> {
    let with_port = || hop.parse::<SocketAddr>().ok().map(|address| address.ip());
    hop.parse().ok().or_else(with_port)
}

/// Who calls, as far as guessing is counted: one IPv4 address, or the 64 bits that one customer of IPv6 has.
/// Unknown when the server is called without a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress(Option<IpAddr>);

impl ClientAddress {
    /// The one that calls from here.
    pub(super) fn of(ip: IpAddr) -> Self {
        Self(Some(ip))
    }
}

impl fmt::Display for ClientAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(IpAddr::V4(ip)) => write!(f, "{ip}"),
            Some(IpAddr::V6(ip)) => {
                let [a, b, c, d, ..] = ip.segments();
                write!(f, "{}/64", Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
            }
            None => f.write_str("unknown"),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get().copied().unwrap_or(ClientAddress(None)))
    }
}

/// The layer that finds out who calls.
pub(super) async fn find_caller(
    State(proxies): State<TrustedProxies>,
    mut request: Request,
    next: Next,
) -> Response {
    static IGNORED: Once = Once::new();
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip());
    if let Some(peer) = peer {
        if request.headers().contains_key(FORWARDED_FOR) && !proxies.trusts(peer.to_canonical()) {
            IGNORED.call_once(
                || tracing::warn!(%peer, "X-Forwarded-For ignored: name the proxy by --trusted-proxy"),
            );
        }
        let caller = proxies.caller(peer, request.headers());
        request.extensions_mut().insert(ClientAddress(Some(caller)));
    }
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(trusted: &[&str], peer: &str, forwarded: &[&str]) -> String {
        let proxies = TrustedProxies::new(trusted.iter().map(|ip| ip.parse().unwrap()).collect());
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append(FORWARDED_FOR, line.parse().unwrap());
        }
        ClientAddress(Some(proxies.caller(peer.parse().unwrap(), &headers))).to_string()
    }

    #[test]
    fn without_a_named_proxy_nobody_is_believed() {
        assert_eq!(caller(&[], "127.0.0.1", &["192.0.2.1"]), "127.0.0.1");
        assert_eq!(caller(&["127.0.0.1"], "203.0.113.9", &["192.0.2.1"]), "203.0.113.9");
    }

    #[test]
    fn behind_a_proxy_the_caller_is_whom_the_proxy_saw_not_whom_the_caller_names() {
        let one = ["127.0.0.1"];
        assert_eq!(caller(&one, "127.0.0.1", &["192.0.2.1"]), "192.0.2.1");
        assert_eq!(caller(&one, "::ffff:127.0.0.1", &["192.0.2.1:5123"]), "192.0.2.1");
        assert_eq!(caller(&one, "127.0.0.1", &["10.9.9.9, 192.0.2.1"]), "192.0.2.1");
        assert_eq!(caller(&one, "127.0.0.1", &["10.9.9.9", "192.0.2.1"]), "192.0.2.1");
        assert_eq!(caller(&["127.0.0.1", "10.0.0.2"], "127.0.0.1", &["192.0.2.1, 10.0.0.2"]), "192.0.2.1");
        assert_eq!(caller(&one, "127.0.0.1", &["nonsense"]), "127.0.0.1");
        assert_eq!(caller(&one, "127.0.0.1", &[]), "127.0.0.1");
    }

    #[test]
    fn one_customer_of_ipv6_is_one_caller() {
        assert_eq!(caller(&[], "2001:db8:1:2:3::4", &[]), "2001:db8:1:2::/64");
        assert_eq!(caller(&[], "2001:db8:1:2:ffff::1", &[]), "2001:db8:1:2::/64");
    }
}
