//! The cursor that names a place in a list.
//!
//! A cursor is a keyset: the values of the sort keys at the edge of a page. It is sealed with an HMAC over those
//! values and over what it belongs to (who asked, which collection, filter, order), so it can be neither forged
//! nor carried over to another question. It is not encrypted: it holds only what its owner has seen.
//!
//! A cursor travels in addresses and headers, which have no room for long texts. Where the keys are long it holds the id
//! of the record at the edge and a digest of its keys instead, and the keys are read again when it is opened. Cutting
//! the texts off would skip or repeat the records that begin alike.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use serde_json::Value as Json;
use sha2::Sha256;

use crate::digest::digest;
use crate::id::RecordId;
use crate::instant::Instant;
use crate::query::{Place, Sort};
use crate::schema::{Collection, Field, FieldKind, Scalar};
use crate::value::Value;

/// Bytes of keys that a cursor holds itself; as base64 a third more.
const LONGEST: usize = 1024;

/// The cursor is not one of ours, was changed, or belongs to another question or another caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this cursor does not belong to this list: take nextCursor or prevCursor of a page of the same query")]
pub struct BadCursor;

/// The record at the edge of the page is gone, or stands elsewhere in the order now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the record where this page ended has changed since, and its sort keys were too long for a cursor: begin anew")]
pub struct Moved;

/// What a cursor names.
#[derive(Debug, Clone, PartialEq)]
pub enum Named {
    /// A place.
    Place(Place),
    /// The place of a record whose sort keys are to be read.
    Edge(Edge),
}

/// The record at the edge of a page.
#[derive(Debug, Clone, PartialEq)]
pub struct Edge {
    /// The record.
    pub id: RecordId,
    direction: Direction,
    digest: [u8; 16],
}

/// Which way a page lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    After,
    Before,
}

impl Direction {
    fn place(self, keys: Vec<Value>) -> Place {
        match self {
            Self::After => Place::After(keys),
            Self::Before => Place::Before(keys),
        }
    }
}

impl Edge {
    /// The place, if the record still has the sort keys that it had.
    pub fn place(&self, keys: Vec<Value>) -> Result<Place, Moved> {
        if digest(&text(&keys)) == self.digest { Ok(self.direction.place(keys)) } else { Err(Moved) }
    }
}

/// Seals and opens cursors with the key of this installation.
#[derive(Clone)]
pub struct CursorSeal {
    key: [u8; 32],
}

impl std::fmt::Debug for CursorSeal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CursorSeal")
    }
}

/// Bytes of the tag kept: 128 bits, as RFC 2104 section 5 allows (half of the hash).
const TAG: usize = 16;

impl CursorSeal {
    /// A seal with this secret.
    pub fn new(key: [u8; 32]) -> Self {
        Self { key }
    }

    /// The cursor of a place, for those who ask what `question` says (caller, collection, filter, order, fields).
    pub fn seal(&self, place: &Place, question: &str) -> Option<String> {
        let (direction, keys) = match place {
            Place::After(keys) => (Direction::After, keys),
            Place::Before(keys) => (Direction::Before, keys),
            Place::Start | Place::Offset(_) => return None,
        };
        let mut bytes = payload(direction, keys)?;
        let tag = self.tag(&bytes, question).finalize().into_bytes();
        bytes.extend_from_slice(&tag[..TAG]);
        Some(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// What a cursor names, if it was sealed here for the same question.
    pub fn open(&self, cursor: &str, question: &str, sort: &Sort, collection: &Collection) -> Result<Named, BadCursor> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| BadCursor)?;
        let split = bytes.len().checked_sub(TAG).filter(|at| *at > 0).ok_or(BadCursor)?;
        let (payload, tag) = bytes.split_at(split);
        self.tag(payload, question).verify_truncated_left(tag).map_err(|_| BadCursor)?;
        let (form, rest) = payload.split_first().ok_or(BadCursor)?;
        match form {
            b'a' => Ok(Named::Place(Direction::After.place(read_keys(rest, sort, collection)?))),
            b'b' => Ok(Named::Place(Direction::Before.place(read_keys(rest, sort, collection)?))),
            b'A' => Ok(Named::Edge(read_edge(Direction::After, rest)?)),
            b'B' => Ok(Named::Edge(read_edge(Direction::Before, rest)?)),
            _ => Err(BadCursor),
        }
    }

    fn tag(&self, payload: &[u8], question: &str) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes a key of any length");
        mac.update(&(payload.len() as u64).to_le_bytes());
        mac.update(payload);
        mac.update(question.as_bytes());
        mac
    }
}

/// A letter for the form, then the keys as JSON; or where those are long a digest of them and the id, the last key.
fn payload(direction: Direction, keys: &[Value]) -> Option<Vec<u8>> {
    let keys_text = text(keys);
    let (short, long) = match direction {
        Direction::After => (b'a', b'A'),
        Direction::Before => (b'b', b'B'),
    };
    if keys_text.len() <= LONGEST {
        return Some([&[short], keys_text.as_bytes()].concat());
    }
    let Some(Value::Text(id)) = keys.last() else { return None };
    Some([&[long], &digest(&keys_text)[..], id.as_bytes()].concat())
}

fn text(keys: &[Value]) -> String {
    Json::Array(keys.iter().map(Value::to_json).collect()).to_string()
}

fn read_edge(direction: Direction, bytes: &[u8]) -> Result<Edge, BadCursor> {
    let (digest, id) = bytes.split_first_chunk::<16>().ok_or(BadCursor)?;
    let id = std::str::from_utf8(id).ok().and_then(|id| id.parse().ok()).ok_or(BadCursor)?;
    Ok(Edge { id, direction, digest: *digest })
}

fn read_keys(bytes: &[u8], sort: &Sort, collection: &Collection) -> Result<Vec<Value>, BadCursor> {
    let keys: Vec<Json> = serde_json::from_slice(bytes).map_err(|_| BadCursor)?;
    if keys.len() != sort.keys.len() {
        return Err(BadCursor);
    }
    let keys = sort.keys.iter().zip(keys).map(|(key, json)| read_key(collection.field(&key.field), json));
    keys.collect::<Option<Vec<_>>>().ok_or(BadCursor)
}

fn read_key(field: Option<&Field>, json: Json) -> Option<Value> {
    Some(match (&field?.kind, json) {
        (_, Json::Null) => Value::Null,
        (FieldKind::Scalar(Scalar::Instant), Json::String(text)) => Value::Instant(text.parse::<Instant>().ok()?),
        (FieldKind::Scalar(Scalar::Integer), Json::Number(number)) => Value::Int(number.as_i64()?),
        (FieldKind::Scalar(Scalar::Number), Json::Number(number)) => Value::Float(number.as_f64()?),
        (FieldKind::Scalar(Scalar::Boolean), Json::Bool(value)) => Value::Bool(value),
        (FieldKind::Scalar(_) | FieldKind::Relation { .. }, Json::String(text)) => Value::Text(text),
        _ => return None,
    })
}
