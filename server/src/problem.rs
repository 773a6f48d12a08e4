//! A failure as a client sees it: RFC 9457 `application/problem+json`.
//!
//! Data only, so that a socket, a batch and a response can all carry it; `http::problem` makes the response.

use serde::Serialize;
use serde_json::{Map, Value as Json};

use crate::code::Code;

/// What a client is told about a failure.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    /// The word for it, with its status and title.
    pub code: Code,
    /// One or two sentences: what was found, where, and what to do.
    pub detail: String,
    /// The failing places of the body, if there are any.
    pub errors: Vec<Fault>,
    /// Seconds after which another try makes sense.
    pub retry_after: Option<u64>,
    /// Further members of this kind of problem, such as `position` or `plan`.
    pub members: Map<String, Json>,
    /// What the log is told besides, such as the words of the database, which name tables, columns and values. No
    /// client hears of it.
    pub cause: Option<String>,
}

/// One failing place of a body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// Where, as RFC 6901 says it; the empty text is the whole body.
    pub pointer: String,
    /// Which rule, in one word.
    pub code: String,
    /// What was found and what would fit.
    pub message: String,
}

impl Problem {
    /// A problem with its detail.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), errors: Vec::new(), retry_after: None, members: Map::new(), cause: None }
    }

    /// A failure of ours; the log says more.
    pub fn internal() -> Self {
        Self::new(Code::Internal, "The server failed; its log has more under the request id.")
    }

    /// The answer for everything that is not there or must not be known to be there.
    pub fn not_found() -> Self {
        Self::new(Code::NotFound, "There is nothing here, or nothing that you may see.")
    }

    /// The body breaks these rules.
    pub fn invalid(errors: Vec<Fault>) -> Self {
        let detail = match errors.as_slice() {
            [only] => only.message.clone(),
            all => format!("{} places of the body break a rule; see errors.", all.len()),
        };
        Self { errors, ..Self::new(Code::ValidationFailed, detail) }
    }

    /// The same with a moment for the next try.
    #[must_use]
    pub fn retry_after(self, seconds: u64) -> Self {
        Self { retry_after: Some(seconds), ..self }
    }

    /// The same with a further member.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Json>) -> Self {
        self.members.insert(name.to_owned(), value.into());
        self
    }

    /// The same for this reason, which is for the log alone.
    #[must_use]
    pub fn because(self, cause: impl std::fmt::Display) -> Self {
        Self { cause: Some(cause.to_string()), ..self }
    }

    /// Tells the log the reason, under the id that the client is given.
    pub fn report(&self, request: &str) {
        let Some(cause) = &self.cause else { return };
        if self.code == Code::Internal {
            tracing::error!(request, cause, "the server failed");
        } else {
            tracing::warn!(request, cause, code = self.code.as_str(), "a request was put off");
        }
    }

    /// The JSON document; `request` is the id of the request that it answers.
    pub fn to_json(&self, request: &str) -> Map<String, Json> {
        let mut json = Map::new();
        json.insert("type".into(), format!("urn:plinth:problem:{}", self.code.as_str()).into());
        json.insert("title".into(), self.code.title().into());
        json.insert("status".into(), self.code.status().into());
        json.insert("detail".into(), self.detail.as_str().into());
        json.insert("code".into(), self.code.as_str().into());
        json.insert("requestId".into(), request.into());
        if !self.errors.is_empty() {
            json.insert("errors".into(), serde_json::json!(self.errors));
        }
        json.extend(self.members.clone());
        json
    }
}

impl From<plinth_store::Error> for Problem {
    /// What the database could not do: 503 where another try may succeed, 507 where the disk is full.
    fn from(error: plinth_store::Error) -> Self {
        use plinth_store::{Error, Unavailable};
        match &error {
            Error::Overloaded(_) | Error::TimedOut | Error::Closed => {
                Self::new(Code::Unavailable, format!("{error}.")).retry_after(1)
            }
            Error::SchemaChanged(_) => {
                let detail = "The definition of a collection was changed meanwhile: try again.";
                Self::new(Code::Unavailable, detail).retry_after(1).because(error)
            }
            Error::Unavailable { why: Unavailable::Full, .. } => {
                let detail = "The disk of the database is full: reads go on, writes wait for room.";
                Self::new(Code::StorageFull, detail).because(error)
            }
            Error::Unavailable { .. } => {
                let detail = "The database is unavailable: try again soon.";
                Self::new(Code::Unavailable, detail).retry_after(1).because(error)
            }
            _ => Self::internal().because(error),
        }
    }
}

impl Fault {
    /// A failing place.
    pub fn new(pointer: impl Into<String>, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), code: code.into(), message: message.into() }
    }
}
