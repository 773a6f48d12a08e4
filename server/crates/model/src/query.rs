//! What a list asks for besides its filter: the order, and the place to go on from.

use crate::nearest::hint;
use crate::schema::{Collection, Field, FieldKind};
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
