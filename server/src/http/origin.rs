//! Which page sent a request, as the browser says it in `Origin`.
//!
//! Asked where a browser would add something of its user's by itself: a cookie, or the place in a network that a
//! socket is opened from. A bearer token is added by a page on purpose, so nothing is asked there.
//!
//! That `Origin` and `Host` agree says only that the page and the request went to one name. Whoever owns a name can let
//! it lead here after the page was loaded (DNS rebinding), so a name counts as ours where it was said to be, and where
//! nobody can make another one: an address, `localhost`. A server on all networks whose public address was not told
//! has no other way than to believe `Host`.

use std::net::IpAddr;

use axum::http::HeaderMap;
use axum::http::header::{HOST, ORIGIN};
use axum::http::uri::Authority;

use crate::config::ServerSettings;

/// Where the page that sent a request comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// Nothing is said: no browser, or a request that no page sent.
    Absent,
    /// This server, or an origin that the settings allow.
    Allowed,
    /// Anywhere else, hidden origins (`null`) among them.
    Foreign,
}

/// What the headers say. `*` among the allowed origins opens the API to all pages, but not what is asked here.
pub(super) fn of(headers: &HeaderMap, settings: &ServerSettings) -> Origin {
    let mut given = headers.get_all(ORIGIN).iter();
    let Some(first) = given.next() else { return Origin::Absent };
    let origin = first.to_str().unwrap_or_default();
    let authority = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let own = authority.is_some_and(|authority| Some(authority) == host && is_ours(authority, settings))
        || settings.public_url.trim_end_matches('/') == origin
        || settings.allowed_origins.iter().any(|allowed| allowed == origin);
    if own && !origin.is_empty() && given.next().is_none() { Origin::Allowed } else { Origin::Foreign }
}

/// Whether an authority that the request was sent to can be believed to be this server.
fn is_ours(authority: &str, settings: &ServerSettings) -> bool {
    let Ok(authority) = authority.parse::<Authority>() else { return false };
    // The parser takes anything for a port.
    let whole =
        authority.port().map_or_else(|| authority.host().to_owned(), |port| format!("{}:{port}", authority.host()));
    if whole != authority.as_str() {
        return false;
    }
    let host = authority.host().to_ascii_lowercase();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().is_ok();
    let unknown = settings.public_url.is_empty() && !settings.listen.ip().is_loopback();
    address || unknown || host == "localhost" || host.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(given: &[&str], allowed: &[&str]) -> Origin {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, "plinth.example".parse().unwrap());
        for value in given {
            headers.append(ORIGIN, value.parse().unwrap());
        }
        let allowed_origins = allowed.iter().map(|&text| text.to_owned()).collect();
        let public_url = "https://plinth.example".to_owned();
        of(&headers, &ServerSettings { public_url, allowed_origins, ..ServerSettings::default() })
    }

    #[test]
    fn only_this_server_and_listed_origins_are_allowed() {
        assert_eq!(origin(&[], &[]), Origin::Absent);
        assert_eq!(origin(&["https://plinth.example"], &[]), Origin::Allowed);
        assert_eq!(origin(&["https://app.example"], &["https://app.example"]), Origin::Allowed);
        for foreign in
            ["https://evil.example", "null", "", "https://plinth.example.evil", "https://app.example", "plinth.example"]
        {
            assert_eq!(origin(&[foreign], &["*"]), Origin::Foreign, "{foreign}");
        }
        assert_eq!(origin(&["https://plinth.example", "https://evil.example"], &[]), Origin::Foreign);
    }
    #[test]
    fn a_name_that_leads_here_is_not_ours_unless_it_was_said_to_be() {
        let ask = |host: &str, public_url: &str, listen: &str| {
            let headers = [(HOST, host.to_owned()), (ORIGIN, format!("http://{host}"))];
            let headers = headers.map(|(name, value)| (name, value.parse().unwrap())).into_iter().collect();
            let (public_url, listen) = (public_url.to_owned(), listen.parse().unwrap());
            of(&headers, &ServerSettings { listen, public_url, ..ServerSettings::default() })
        };
        let (here, everywhere) = ("127.0.0.1:8080", "0.0.0.0:8080");
        for host in ["127.0.0.1:8080", "localhost:8080", "LocalHost", "app.localhost:1", "[::1]:8080", "192.0.2.7"] {
            for (url, listen) in [("", here), ("http://plinth.example", here), ("http://plinth.example", everywhere)] {
                assert_eq!(ask(host, url, listen), Origin::Allowed, "{host} {url} {listen}");
            }
        }
        for host in [
            "evil.example:8080",
            "localhost:8080.evil.example",
            "localhost:a",
            "a@localhost",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "1.2.3",
            "[::1",
        ] {
            assert_eq!(ask(host, "", here), Origin::Foreign, "{host}");
            assert_eq!(ask(host, "http://plinth.example", everywhere), Origin::Foreign, "{host}");
        }
        assert_eq!(ask("nas.local:8080", "", everywhere), Origin::Allowed);
        assert_eq!(ask("plinth.example", "http://plinth.example", everywhere), Origin::Allowed);
    }
}
