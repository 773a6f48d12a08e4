//! The one place that knows HTTP: how a call is addressed, authorised, repeated and read.

use std::time::Duration;

use bytes::Bytes;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::header::{self, HeaderMap};
use reqwest::{Method, StatusCode, Url};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, Refusal, Result};
use crate::session::{Session, Tokens};

/// A longer `Retry-After` than this is the caller's to wait for.
const PATIENCE: Duration = Duration::from_secs(30);
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// One call before it is sent; its path is relative to `/api/v1`.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    method: Method,
    path: String,
    query: Vec<(&'static str, String)>,
    body: Option<Bytes>,
    headers: Vec<(&'static str, String)>,
    anonymous: bool,
}

/// A successful answer.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) path: String,
    pub(crate) etag: Option<String>,
    pub(crate) body: Bytes,
}

/// Sends calls to one server, as one account.
#[derive(Debug)]
pub(crate) struct Transport {
    pub(crate) http: reqwest::Client,
    /// Ends in `/api/v1`.
    pub(crate) api: Url,
    pub(crate) session: Session,
    pub(crate) attempts: u32,
}

impl Call {
    /// A call of the route that these segments make; each is escaped, so that a value can't leave its place.
    pub(crate) fn new(method: Method, segments: &[&str]) -> Result<Self> {
        let mut path = String::new();
        for segment in segments {
            if matches!(*segment, "" | "." | "..") {
                return Err(Error::Input(format!("{segment:?} is no name or id")));
            }
            path.push('/');
            path.extend(utf8_percent_encode(segment, SEGMENT));
        }
        Ok(Self { method, path, query: Vec::new(), body: None, headers: Vec::new(), anonymous: false })
    }

    pub(crate) fn query(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    pub(crate) fn body(mut self, body: &(impl Serialize + ?Sized)) -> Result<Self> {
        let text = serde_json::to_vec(body).map_err(|error| Error::Input(format!("the body is no JSON: {error}")))?;
        self.body = Some(text.into());
        Ok(self)
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Sent without a token: the routes that make tokens.
    pub(crate) fn anonymous(mut self) -> Self {
        self.anonymous = true;
        self
    }

    fn has(&self, name: &str) -> bool {
        self.headers.iter().any(|(header, _)| *header == name)
    }

    /// Whether sending it twice is harmless. With `If-Match` a second try would meet the first one's success as 412.
    fn is_repeatable(&self) -> bool {
        match self.method {
            Method::GET => true,
            Method::PUT | Method::DELETE => !self.has("if-match"),
            _ => self.has("idempotency-key"),
        }
    }
}

impl Answer {
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T> {
        let body: &[u8] = if self.body.is_empty() { b"null" } else { &self.body };
        serde_json::from_slice(body).map_err(|source| Error::Unexpected { path: self.path.clone(), source })
    }
}

impl Transport {
    /// Sends the call, renews the token when it must, and repeats what may be repeated.
    pub(crate) async fn send(&self, call: Call) -> Result<Answer> {
        let mut renewed = false;
        let mut attempt = 1;
        loop {
            let token = if call.anonymous { None } else { self.token().await? };
            let error = match self.once(&call, token.as_deref()).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            if let (Some(401), Some(stale), false) = (error.status(), &token, renewed) {
                renewed = true;
                if self.renew(stale).await? {
                    continue;
                }
            }
            // The first DELETE may have arrived although its answer was lost: gone is what was asked for.
            if call.method == Method::DELETE && attempt > 1 && error.is_not_found() {
                return Ok(Answer { path: call.path, etag: None, body: Bytes::new() });
            }
            let wait = pause_before(&error, attempt);
            if attempt >= self.attempts || wait > PATIENCE || !is_passing(&error) || !call.is_repeatable() {
                return Err(error);
            }
            attempt += 1;
            tokio::time::sleep(wait).await;
        }
    }

    /// The access token, renewed if it is about to end.
    pub(crate) async fn token(&self) -> Result<Option<String>> {
        let token = self.session.access_token();
        if let (Some(stale), true) = (&token, self.session.is_due()) {
            self.renew(stale).await?;
            return Ok(self.session.access_token());
        }
        Ok(token)
    }

    /// Whether there is now a newer token than `stale`. A refused renewal ends the session.
    pub(crate) async fn renew(&self, stale: &str) -> Result<bool> {
        let _turn = self.session.renewal().await;
        let Some(tokens) = self.session.tokens() else { return Ok(false) };
        if tokens.access_token != stale {
            return Ok(true);
        }
        let Some(refresh) = tokens.refresh_token else { return Ok(false) };
        let body = serde_json::json!({ "refreshToken": refresh });
        let call = Call::new(Method::POST, &["auth", "refresh"])?.body(&body)?;
        match self.once(&call, None).await {
            Ok(answer) => self.session.renewed(answer.read::<Tokens>()?),
            Err(error) if error.status() == Some(401) => {
                self.session.sign_in(None);
                return Ok(false);
            }
            Err(error) => return Err(error),
        }
        Ok(true)
    }

    async fn once(&self, call: &Call, token: Option<&str>) -> Result<Answer> {
        let mut request = self.http.request(call.method.clone(), self.url(call));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        for (name, value) in &call.headers {
            request = request.header(*name, value);
        }
        if let Some(body) = &call.body {
            request = request.header(header::CONTENT_TYPE, "application/json").body(body.clone());
        }
        let response = request.send().await?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = response.bytes().await?;
        if !status.is_success() {
            return Err(Error::Refused(Box::new(Refusal::read(status, &body, retry_after(&headers)))));
        }
        Ok(Answer { path: call.path.clone(), etag: text(&headers, &header::ETAG), body })
    }

    fn url(&self, call: &Call) -> Url {
        let mut url = self.api.clone();
        url.set_path(&format!("{}{}", self.api.path(), call.path));
        if !call.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&call.query);
        }
        url
    }
}

fn text(headers: &HeaderMap, name: &header::HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = text(headers, &header::RETRY_AFTER)?.parse().ok()?;
    Some(Duration::from_secs(seconds))
}

fn is_passing(error: &Error) -> bool {
    match error {
        Error::Network(error) => !error.is_builder(),
        Error::Refused(refusal) => matches!(
            refusal.status,
            StatusCode::TOO_MANY_REQUESTS
                | StatusCode::BAD_GATEWAY
                | StatusCode::SERVICE_UNAVAILABLE
                | StatusCode::GATEWAY_TIMEOUT
        ),
        _ => false,
    }
}

fn pause_before(error: &Error, attempt: u32) -> Duration {
    let asked = error.refusal().and_then(|refusal| refusal.retry_after);
    asked.unwrap_or_else(|| Duration::from_millis(300 << attempt.min(6)).mul_f64(rand::random()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segment_stays_in_its_place() {
        let call = Call::new(Method::GET, &["records", "a/../b?c"]).unwrap();
        assert_eq!(call.path, "/records/a%2F..%2Fb%3Fc");
        assert!(Call::new(Method::GET, &["records", ".."]).is_err());
        assert!(Call::new(Method::GET, &["records", ""]).is_err());
    }

    #[test]
    fn only_harmless_calls_are_repeated() {
        let call = |method| Call::new(method, &["records", "a", "b"]).unwrap();
        assert!(call(Method::GET).is_repeatable());
        assert!(call(Method::PUT).is_repeatable());
        assert!(!call(Method::PUT).header("if-match", "\"1\"").is_repeatable());
        assert!(!call(Method::POST).is_repeatable());
        assert!(call(Method::POST).header("idempotency-key", "k").is_repeatable());
        assert!(!call(Method::PATCH).is_repeatable());
    }
}
