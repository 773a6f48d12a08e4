//! Who is at the other end of the connection, as an address.
//!
//! `X-Forwarded-For` counts only as far as it was written by proxies that are trusted: it is read from its end, and
//! the first address that is no trusted proxy is the client's. Whatever stands before that, the client wrote itself.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::extract::{FromRef, FromRequestParts, Request};
use axum::http::header::USER_AGENT;
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap};
use plinth_store::Asker;

use super::super::listener::Peer;
use crate::auth::Client;
use crate::config::{ServerSettings, Settings};

/// The client, and whether it speaks to us through TLS.
#[derive(Debug, Clone)]
pub struct From {
    /// The client.
    pub client: Client,
    /// Whether people reach the server through TLS.
    pub over_tls: bool,
}

impl<S> FromRequestParts<S> for From
where
    S: Send + Sync,
    Arc<Settings>: FromRef<S>,
{
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let settings = Arc::<Settings>::from_ref(state);
        let peer = peer(&parts.extensions);
        let agent = parts.headers.get(USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let client = Client::new(address(peer, &parts.headers, &settings.server), agent);
        Ok(Self { client, over_tls: over_tls(peer, &parts.headers, &settings.server) })
    }
}

/// The client's address alone.
#[derive(Debug, Clone, Copy)]
pub struct ClientAddress(pub IpAddr);

impl<S> FromRequestParts<S> for ClientAddress
where
    S: Send + Sync,
    Arc<Settings>: FromRef<S>,
{
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let settings = Arc::<Settings>::from_ref(state);
        Ok(Self(address(peer(&parts.extensions), &parts.headers, &settings.server)))
    }
}

/// The other end of the connection.
fn peer(extensions: &Extensions) -> IpAddr {
    extensions.get::<Peer>().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.ip())
}

/// Who asks the database, as long as nothing but the client's address is known.
pub(in crate::http) fn asker(request: &Request, settings: &ServerSettings) -> Asker {
    Asker::at(address(peer(request.extensions()), request.headers(), settings))
}

/// The client's address behind the proxies.
fn address(peer: IpAddr, headers: &HeaderMap, settings: &ServerSettings) -> IpAddr {
    let lines: Vec<&str> = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok()).collect();
    let mut hops = lines.iter().flat_map(|line| line.split(',')).rev();
    let mut client = peer.to_canonical();
    while is_trusted(client, settings) {
        match hops.next().and_then(parse) {
            Some(next) => client = next,
            None => break,
        }
    }
    client
}

fn over_tls(peer: IpAddr, headers: &HeaderMap, settings: &ServerSettings) -> bool {
    let said = is_trusted(peer, settings) && headers.get("x-forwarded-proto").is_some_and(|scheme| scheme == "https");
    said || settings.public_url.starts_with("https://")
}

fn is_trusted(address: IpAddr, settings: &ServerSettings) -> bool {
    settings.trusted_proxies.iter().any(|range| range.contains(address))
}

/// An address as proxies write it, some with a port.
fn parse(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let plain = text.trim_start_matches('[').trim_end_matches(']').parse().ok();
    plain.or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip())).map(|ip: IpAddr| ip.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(peer: &str, forwarded: &[&str], trusted: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append("x-forwarded-for", line.parse().unwrap());
        }
        let trusted_proxies = trusted.iter().map(|range| range.parse().unwrap()).collect();
        let settings = ServerSettings { trusted_proxies, ..ServerSettings::default() };
        address(peer.parse().unwrap(), &headers, &settings).to_string()
    }

    #[test]
    fn nobody_is_believed_by_default() {
        assert_eq!(seen("192.0.2.9", &["10.0.0.1"], &[]), "192.0.2.9");
    }

    #[test]
    fn what_a_trusted_proxy_added_is_believed_and_what_the_client_wrote_is_not() {
        assert_eq!(seen("10.0.0.2", &["6.6.6.6, 192.0.2.9"], &["10.0.0.0/8"]), "192.0.2.9");
        assert_eq!(seen("10.0.0.2", &["6.6.6.6, 192.0.2.9, 10.0.0.7"], &["10.0.0.0/8"]), "192.0.2.9");
        assert_eq!(seen("10.0.0.2", &["6.6.6.6", "192.0.2.9:4711"], &["10.0.0.0/8"]), "192.0.2.9");
        assert_eq!(seen("10.0.0.2", &["nonsense"], &["10.0.0.0/8"]), "10.0.0.2");
        assert_eq!(seen("::ffff:10.0.0.2", &["[2001:db8::1]"], &["10.0.0.0/8"]), "2001:db8::1");
    }
}
