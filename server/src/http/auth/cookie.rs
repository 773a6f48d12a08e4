//! The refresh token as a cookie, for pages: `HttpOnly`, so that no script reads it, `SameSite=Strict`, so that no page
//! of another site sends it, and sent to `/api/v1/auth` only.

use axum::http::header::COOKIE;
use axum::http::{HeaderMap, HeaderValue};

use super::super::origin::{self, Origin};
use crate::code::Code;
use crate::config::ServerSettings;
use crate::problem::Problem;

const NAME: &str = "plinth_refresh";

/// The header that keeps a token in the browser for this many seconds.
pub(super) fn keep(token: &str, seconds: i64, over_tls: bool) -> Option<HeaderValue> {
    write(token, seconds.max(0), over_tls)
}

/// The header that takes it away.
pub(super) fn forget(over_tls: bool) -> Option<HeaderValue> {
    write("", 0, over_tls)
}

fn write(token: &str, seconds: i64, over_tls: bool) -> Option<HeaderValue> {
    let secure = if over_tls { "; Secure" } else { "" };
    let text = format!("{NAME}={token}; Path=/api/v1/auth; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}");
    HeaderValue::from_str(&text).ok()
}

/// The token in the cookie, if there is one. A browser adds it by itself, so the page must be one of ours.
pub(super) fn read<'a>(headers: &'a HeaderMap, settings: &ServerSettings) -> Result<Option<&'a str>, Problem> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let token = pairs.find(|(name, _)| *name == NAME).map(|(_, token)| token).filter(|token| !token.is_empty());
    match (token, origin::of(headers, settings)) {
        (None, _) => Ok(None),
        (Some(token), Origin::Allowed) => Ok(Some(token)),
        (Some(_), Origin::Absent | Origin::Foreign) => Err(Problem::new(
            Code::OriginRefused,
            "The refresh cookie is taken only from pages of this server, which browsers name in Origin.",
        )),
    }
}
