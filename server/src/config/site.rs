//! Sites as settings name them: `https://plinth.example`, scheme and authority only, as browsers write an origin.

use std::net::SocketAddr;

use serde::{Deserialize, Deserializer, de::Error as _};

/// Reads a site, or nothing.
pub(super) fn public_url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.is_empty() { Ok(text) } else { site(&text).map_err(D::Error::custom) }
}

/// Reads an address to listen on.
pub(super) fn listen<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SocketAddr, D::Error> {
    let text = String::deserialize(deserializer)?;
    let refused = || format!("{text:?} is no address to listen on: write address:port, such as 127.0.0.1:8080");
    text.parse().map_err(|_| D::Error::custom(refused()))
}

/// Reads a list of sites; `*` is all of them.
pub(super) fn origins<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let texts = Vec::<String>::deserialize(deserializer)?;
    let read = |text: String| if text == "*" { Ok(text) } else { site(&text) };
    texts.into_iter().map(read).collect::<Result<_, _>>().map_err(D::Error::custom)
}

/// Reads the URL of Postgres, or nothing.
pub(super) fn database_url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    let known = ["postgres://", "postgresql://"].iter().any(|scheme| text.starts_with(scheme));
    if known || text.is_empty() {
        return Ok(text);
    }
    Err(D::Error::custom("not a URL of Postgres: write postgres://user:password@host/name, or nothing for SQLite"))
}

/// The site in the form in which browsers write it.
fn site(text: &str) -> Result<String, String> {
    let trimmed = text.strip_suffix('/').unwrap_or(text).to_ascii_lowercase();
    let authority = trimmed.strip_prefix("https://").or_else(|| trimmed.strip_prefix("http://"));
    let plain = |authority: &str| {
        let odd = ['/', '?', '#', '@', '*', '"', '\\'];
        !authority.is_empty() && authority.bytes().all(|byte| byte.is_ascii_graphic()) && !authority.contains(odd)
    };
    match authority {
        Some(authority) if plain(authority) => Ok(trimmed),
        _ => Err(format!(
            "{text:?} is no site: write scheme and host only, such as \"https://plinth.example\", a host of other letters in its xn-- form"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::site;

    #[test]
    fn a_site_is_scheme_and_host() {
        assert_eq!(site("https://Plinth.example/"), Ok("https://plinth.example".to_owned()));
        assert_eq!(site("http://127.0.0.1:8080"), Ok("http://127.0.0.1:8080".to_owned()));
        for text in [
            "plinth.example",
            "https://",
            "ftp://x",
            "https://x/path",
            "https://u@x",
            "https://*.x",
            "https://x?y",
            "https://bücher.example",
        ] {
            assert!(site(text).is_err(), "{text}");
        }
    }
}
