//! The one error of this crate: what went wrong, and what the server said about it.

use std::fmt;
use std::time::Duration;

use reqwest::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value};

/// The result of every call of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The server understood the request and refused it.
    #[error("{0}")]
    Refused(Box<Refusal>),
    /// The server could not be reached, or the connection broke before the answer was whole.
    #[error("no usable answer from the server: {0}")]
    Network(#[from] reqwest::Error),
    /// The WebSocket could not be opened, or broke.
    #[error("the realtime connection failed: {0}")]
    Socket(#[source] Box<tokio_tungstenite::tungstenite::Error>),
    /// The answer is not what this type expects.
    #[error("the answer of {path} does not fit: {source}")]
    Unexpected {
        /// The route that answered.
        path: String,
        /// Where and why the text does not fit.
        source: serde_json::Error,
    },
    /// What the caller passed can't be sent.
    #[error("{0}")]
    Input(String),
}

/// An answer of 400 or above, or an `error` frame of the realtime connection.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// The status of the answer.
    pub status: StatusCode,
    /// What the server says about it; made from the status where the answer was no problem document.
    pub problem: Problem,
    /// How long the server asks to wait before another try.
    pub retry_after: Option<Duration>,
}

/// An RFC 9457 problem document.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Problem {
    /// The word to match on, such as `validation_failed`.
    pub code: String,
    /// The kind of problem in a few words.
    pub title: String,
    /// The status, repeated in the body.
    pub status: u16,
    /// What was found, where, and what to do about it.
    pub detail: String,
    /// Names the request in the server's log.
    pub request_id: String,
    /// The places of the body that fail.
    pub errors: Vec<Failure>,
    /// Every other member, such as the `plan` of a refused schema change.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// One failing place of a request's body.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Failure {
    /// RFC 6901 pointer into the body.
    pub pointer: String,
    /// The word to match on.
    pub code: String,
    /// The reason for people.
    pub message: String,
}

impl Error {
    /// The status of a refusal.
    pub fn status(&self) -> Option<u16> {
        self.refusal().map(|refusal| refusal.status.as_u16())
    }

    /// The code of a refusal, or `network`, `unexpected`, `input` for failures on this side.
    pub fn code(&self) -> &str {
        match self {
            Self::Refused(refusal) => &refusal.problem.code,
            Self::Network(_) | Self::Socket(_) => "network",
            Self::Unexpected { .. } => "unexpected",
            Self::Input(_) => "input",
        }
    }

    /// What the server said.
    pub fn problem(&self) -> Option<&Problem> {
        self.refusal().map(|refusal| &refusal.problem)
    }

    /// The whole refusal, if the server made one.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }

    /// Whether the record was changed by somebody else since it was read (412), or is taken (409).
    pub fn is_conflict(&self) -> bool {
        matches!(self.status(), Some(409 | 412))
    }

    /// Whether there is no such thing, or none that the caller may see.
    pub fn is_not_found(&self) -> bool {
        self.status() == Some(404)
    }

    pub(crate) fn socket(error: tokio_tungstenite::tungstenite::Error) -> Self {
        Self::Socket(Box::new(error))
    }
}

impl Refusal {
    /// Reads a problem document; a proxy's page in its place becomes a problem coded by its status.
    pub(crate) fn read(status: StatusCode, body: &[u8], retry_after: Option<Duration>) -> Self {
        let mut problem: Problem = serde_json::from_slice(body).unwrap_or_default();
        problem.status = status.as_u16();
        if problem.code.is_empty() {
            problem.code = format!("http_{}", status.as_u16());
        }
        if problem.title.is_empty() {
            problem.title = String::from(status.canonical_reason().unwrap_or("Refused"));
        }
        Self { status, problem, retry_after }
    }

    /// A refusal that came as a frame and so has its status in the problem.
    pub(crate) fn of(problem: Problem) -> Self {
        let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::BAD_REQUEST);
        Self { status, problem, retry_after: None }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Problem { title, detail, code, errors, .. } = &self.problem;
        write!(f, "{title} ({}, {code})", self.status.as_u16())?;
        if !detail.is_empty() {
            write!(f, ": {detail}")?;
        }
        for failure in errors {
            write!(f, "; {}: {}", failure.pointer, failure.message)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problem_keeps_its_pointers_and_unknown_members() {
        let body = br#"{"status":409,"code":"plan_blocked","title":"Blocked","plan":{"steps":[]},
            "errors":[{"pointer":"/title","code":"required","message":"is missing"}]}"#;
        let refusal = Refusal::read(StatusCode::CONFLICT, body, None);
        assert_eq!(refusal.problem.errors[0].pointer, "/title");
        assert!(refusal.problem.more.contains_key("plan"));
        assert_eq!(refusal.to_string(), "Blocked (409, plan_blocked); /title: is missing");
    }

    #[test]
    fn page_of_a_proxy_becomes_a_problem() {
        let refusal = Refusal::read(StatusCode::BAD_GATEWAY, b"<html>", None);
        assert_eq!(refusal.problem.code, "http_502");
        assert_eq!(refusal.problem.title, "Bad Gateway");
    }
}
