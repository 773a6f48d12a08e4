//! A JSON body, read strictly: size, time, content type, duplicate members, depth, types and unknown members are each
//! refused by name.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body as Stream;
use axum::extract::{FromRef, FromRequest, Request};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use bytes::BytesMut;
use http_body_util::BodyExt as _;
use plinth_model::json::{MAX_DEPTH, parse_json};
use serde::de::DeserializeOwned;
use serde_path_to_error::Segment;

use crate::code::Code;
use crate::config::Settings;
use crate::nearest;
use crate::problem::{Fault, Problem};

/// What a body may call itself.
const READABLE: [&str; 2] = ["application/json", "application/merge-patch+json"];

/// What is read beyond the limit before a connection is given up, in bytes.
const THROWN_AWAY: usize = 8 * 1024 * 1024;

/// The body as a `T`.
#[derive(Debug, Clone, Copy)]
pub struct Body<T>(pub T);

impl<S, T> FromRequest<S> for Body<T>
where
    S: Send + Sync,
    Arc<Settings>: FromRef<S>,
    T: DeserializeOwned,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        check_type(request.headers())?;
        let server = &Arc::<Settings>::from_ref(state).server;
        let limit = server.body_limit.bytes();
        let bytes = receive(request.into_body(), limit, server.header_timeout.duration()).await?;
        read(&bytes).map(Self)
    }
}

/// Reads a document as a `T`.
pub fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let json = parse_json(bytes, MAX_DEPTH).map_err(|error| {
        let detail = capitalised(&format!("{} (at byte {}).", error.message.trim_end_matches('.'), error.offset));
        Problem::new(Code::InvalidJson, detail).with("offset", error.offset)
    })?;
    decode(json)
}

/// Reads a parsed document as a `T`.
pub fn decode<T: DeserializeOwned>(json: serde_json::Value) -> Result<T, Problem> {
    serde_path_to_error::deserialize(json).map_err(|error| {
        let pointer =
            error.path().iter().filter_map(segment).fold(String::new(), |pointer, name| pointer + "/" + name.as_str());
        Problem::invalid(vec![fault(pointer, &error.inner().to_string())])
    })
}

/// Receives a body of at most `limit` bytes within `patience`. Of a larger one some more is read and thrown away: a
/// client that is still sending would find the connection reset, and never see the answer.
async fn receive(body: Stream, limit: usize, patience: Duration) -> Result<BytesMut, Problem> {
    let Ok(received) = tokio::time::timeout(patience, collect(body, limit)).await else {
        let detail = format!("The body did not arrive within {patience:?}.");
        return Err(Problem::new(Code::RequestTimeout, detail));
    };
    match received {
        Ok(Some(bytes)) => Ok(bytes),
        Ok(None) => Err(too_large(limit)),
        Err(_) => Err(Problem::new(Code::MalformedRequest, "The body did not arrive whole.")),
    }
}

/// The bytes of a body, or none if there are more than `limit`.
async fn collect(mut body: Stream, limit: usize) -> Result<Option<BytesMut>, axum::Error> {
    let (mut bytes, mut length) = (BytesMut::new(), 0);
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else { continue };
        length += data.len();
        if length <= limit {
            bytes.extend_from_slice(&data);
        } else if length > limit + THROWN_AWAY {
            break;
        }
    }
    Ok((length <= limit).then_some(bytes))
}

fn check_type(headers: &HeaderMap) -> Result<(), Problem> {
    let refuse = |detail| Err(Problem::new(Code::UnsupportedMediaType, detail));
    if headers.get(CONTENT_ENCODING).is_some_and(|coding| coding != "identity") {
        return refuse("Bodies are read uncompressed only: send no Content-Encoding.".to_owned());
    }
    let given = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = given.split(';').next().unwrap_or_default().trim();
    if READABLE.iter().any(|known| essence.eq_ignore_ascii_case(known)) {
        return match charset(given) {
            Some(charset) if !charset.eq_ignore_ascii_case("utf-8") => {
                refuse(format!("The body is in {charset:?}: JSON is read in UTF-8 only."))
            }
            _ => Ok(()),
        };
    }
    let found = if essence.is_empty() { "no content type".to_owned() } else { format!("content type {essence:?}") };
    refuse(format!("The request has {found}: send Content-Type: application/json."))
}

/// The parameter `charset` of a content type, if it has one.
fn charset(content_type: &str) -> Option<&str> {
    let parameters = content_type.split(';').skip(1).filter_map(|parameter| parameter.split_once('='));
    let mut named = parameters.filter(|(name, _)| name.trim().eq_ignore_ascii_case("charset"));
    named.next().map(|(_, value)| value.trim().trim_matches('"'))
}

fn too_large(limit: usize) -> Problem {
    let detail = format!("The body is larger than {limit} bytes, the limit of this server (server.body_limit).");
    Problem::new(Code::TooLarge, detail)
}

fn segment(segment: &Segment) -> Option<String> {
    match segment {
        Segment::Seq { index } => Some(index.to_string()),
        Segment::Map { key } => Some(escape(key)),
        Segment::Enum { .. } | Segment::Unknown => None,
    }
}

/// As RFC 6901 writes a name.
fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// A message of serde in our words, with the member it is about.
fn fault(pointer: String, message: &str) -> Fault {
    let mut quoted = message.split('`').skip(1).step_by(2);
    if message.starts_with("unknown field") {
        let name = quoted.next().unwrap_or_default();
        let hint = nearest::hint(name, quoted);
        // The path of serde ends with the unknown member itself.
        return Fault::new(pointer, "unknown_member", format!("There is no member {name:?}{hint}."));
    }
    if message.starts_with("missing field") {
        let name = quoted.next().unwrap_or_default();
        let pointer = format!("{pointer}/{}", escape(name));
        return Fault::new(pointer, "required", format!("The member {name:?} is missing."));
    }
    Fault::new(pointer, "type", capitalised(message) + ".")
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        #[expect(dead_code, reason = "only the refusals are looked at")]
        items: Vec<Inner>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        #[expect(dead_code, reason = "only the refusals are looked at")]
        email: String,
    }

    fn refusal(body: &str) -> (String, String, String) {
        let fault = read::<Outer>(body.as_bytes()).unwrap_err().errors.remove(0);
        (fault.pointer, fault.code, fault.message)
    }

    fn wanted(pointer: &str, code: &str, message: &str) -> (String, String, String) {
        (pointer.to_owned(), code.to_owned(), message.to_owned())
    }

    #[test]
    fn every_refusal_points_at_its_member() {
        assert_eq!(
            refusal(r#"{"items":[{"email":"a"},{"emial":"b"}]}"#),
            wanted("/items/1/emial", "unknown_member", "There is no member \"emial\" (did you mean \"email\"?).")
        );
        assert_eq!(
            refusal(r#"{"items":[{}]}"#),
            wanted("/items/0/email", "required", "The member \"email\" is missing.")
        );
        assert_eq!(
            refusal(r#"{"items":[{"email":7}]}"#),
            wanted("/items/0/email", "type", "Invalid type: integer `7`, expected a string.")
        );
    }

    #[test]
    fn what_is_no_json_is_refused_with_the_place() {
        let problem = read::<Outer>(b"{\"items\":[").unwrap_err();
        assert_eq!(problem.code, Code::InvalidJson);
        assert!(problem.members.contains_key("offset"));
    }
}
