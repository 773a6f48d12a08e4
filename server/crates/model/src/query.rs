//! What a list asks for besides its filter: the order, the place to go on from, and the cursor that names it.
//!
//! A cursor is a keyset: the values of the sort keys at the edge of a page. It is sealed with an HMAC over those
//! values and over what it belongs to (who asked, which collection, filter, order), so it can be neither forged
//! nor carried over to another question. It is not encrypted: it holds only what its owner has seen.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::instant::Instant;
use crate::nearest::hint;
use crate::schema::{Collection, Field, FieldKind, Scalar};
use crate::sight::Sight;
use crate::value::Value;

/// The most sort keys in one list.
pub const MAX_SORT_KEYS: usize = 8;

/// The order of a list; the last key is always `id`, so that no two records tie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sort {
    /// The keys, first first.
    pub keys: Vec<SortKey>,
}

/// One key of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SortKey {
    /// The field.
    pub field: String,
    /// Greatest first.
    pub descending: bool,
}

/// Why an order is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SortError {
    /// A name that is no visible field, and what may be meant.
    #[error("there is no field {0:?} to sort by{1}")]
    UnknownField(String, String),
    /// A field without an order.
    #[error("{0:?} holds a list or a document, which has no order: sort by a scalar field")]
    NoOrder(String),
    /// A key that stands twice.
    #[error("{0:?} stands twice in the sort")]
    Twice(String),
    /// More than [`MAX_SORT_KEYS`].
    #[error("at most {MAX_SORT_KEYS} sort keys")]
    TooMany,
}

impl Sort {
    /// Reads `-createdAt,title`; empty text is the order of creation, newest last (by `id`).
    pub fn parse(text: &str, collection: &Collection, sight: &Sight) -> Result<Self, SortError> {
        let mut keys: Vec<SortKey> = Vec::new();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let (field, descending) = part.strip_prefix('-').map_or((part, false), |rest| (rest, true));
            check_key(field, collection, sight)?;
            if keys.iter().any(|key| key.field == field) {
                return Err(SortError::Twice(field.to_owned()));
            }
            keys.push(SortKey { field: field.to_owned(), descending });
        }
        if keys.len() > MAX_SORT_KEYS {
            return Err(SortError::TooMany);
        }
        let ends_with_id = keys.iter().position(|key| key.field == "id");
        match ends_with_id {
            Some(place) => keys.truncate(place + 1),
            None => {
                let descending = keys.last().is_some_and(|key| key.descending);
                keys.push(SortKey { field: "id".to_owned(), descending });
            }
        }
        Ok(Self { keys })
    }

    /// The canonical text of this order, `id` included.
    pub fn text(&self) -> String {
        let word = |key: &SortKey| format!("{}{}", if key.descending { "-" } else { "" }, key.field);
        self.keys.iter().map(word).collect::<Vec<_>>().join(",")
    }
}

fn check_key(name: &str, collection: &Collection, sight: &Sight) -> Result<(), SortError> {
    let is_seen = |field: &&Field| sight.fields.contains_key(&field.name) && !field.write_only;
    let unknown = || {
        let seen = collection.all_fields().filter(is_seen).map(|field| field.name.as_str());
        SortError::UnknownField(name.to_owned(), hint(name, seen))
    };
    let field = collection.field(name).filter(is_seen).ok_or_else(unknown)?;
    match field.kind {
        FieldKind::Scalar(_) | FieldKind::Relation { .. } => Ok(()),
        FieldKind::Json | FieldKind::List(_) | FieldKind::Relations { .. } => Err(SortError::NoOrder(name.to_owned())),
    }
}

/// Where a page starts.
#[derive(Debug, Clone, PartialEq)]
pub enum Place {
    /// At the first record.
    Start,
    /// Behind the record with these sort keys.
    After(Vec<Value>),
    /// Before the record with these sort keys: the page that ends there.
    Before(Vec<Value>),
    /// After this many records; for numbered pages.
    Offset(u64),
}

/// The cursor is not one of ours, was changed, or belongs to another question or another caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this cursor does not belong to this list: take nextCursor or prevCursor of a page of the same query")]
pub struct BadCursor;

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
            Place::After(keys) => (b'a', keys),
            Place::Before(keys) => (b'b', keys),
            Place::Start | Place::Offset(_) => return None,
        };
        let mut bytes = vec![direction];
        bytes.extend(serde_json::Value::Array(keys.iter().map(Value::to_json).collect()).to_string().into_bytes());
        let tag = self.tag(&bytes, question).finalize().into_bytes();
        bytes.extend_from_slice(&tag[..TAG]);
        Some(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The place that a cursor names, if it was sealed here for the same question.
    pub fn open(&self, cursor: &str, question: &str, sort: &Sort, collection: &Collection) -> Result<Place, BadCursor> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| BadCursor)?;
        let split = bytes.len().checked_sub(TAG).filter(|at| *at > 0).ok_or(BadCursor)?;
        let (payload, tag) = bytes.split_at(split);
        self.tag(payload, question).verify_truncated_left(tag).map_err(|_| BadCursor)?;
        let keys: Vec<serde_json::Value> = serde_json::from_slice(&payload[1..]).map_err(|_| BadCursor)?;
        if keys.len() != sort.keys.len() {
            return Err(BadCursor);
        }
        let keys = sort.keys.iter().zip(keys).map(|(key, json)| read_key(collection.field(&key.field), json));
        let keys = keys.collect::<Option<Vec<_>>>().ok_or(BadCursor)?;
        Ok(if payload[0] == b'a' { Place::After(keys) } else { Place::Before(keys) })
    }

    fn tag(&self, payload: &[u8], question: &str) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes a key of any length");
        mac.update(&(payload.len() as u64).to_le_bytes());
        mac.update(payload);
        mac.update(question.as_bytes());
        mac
    }
}

fn read_key(field: Option<&Field>, json: serde_json::Value) -> Option<Value> {
    use serde_json::Value as Json;
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
