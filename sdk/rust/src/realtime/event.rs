//! What a subscription tells.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::error::{Error, Result};

/// What a subscription tells, in the order of the commits.
#[derive(Debug, Clone, PartialEq)]
pub enum Event<T> {
    /// The records as they are; they take the place of everything told before.
    Snapshot(Vec<T>),
    /// A record came, changed or went.
    Change(Change<T>),
    /// Everything up to this cursor has been told; told again after every reconnection.
    Live {
        /// Where the subscription is.
        cursor: String,
    },
    /// The history in between is gone, or the account, its rights or the collection changed: what was told before
    /// may be wrong. A snapshot follows if the subscription began with one; otherwise read the collection now,
    /// and nothing is missed.
    Reset {
        /// `expired`, `schema`, `policy` or `account`.
        reason: String,
    },
}

/// A record that came, changed or went, as the subscription sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct Change<T> {
    /// What happened.
    pub kind: ChangeKind,
    /// The record's id.
    pub id: String,
    /// The record as it is now; `None` once it is gone.
    pub record: Option<T>,
    /// Where the subscription is with it; [`Watch::since`](super::Watch::since) takes it.
    pub cursor: String,
    /// When it was committed, in RFC 3339.
    pub at: String,
}

/// What happened to a record, as the subscription sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChangeKind {
    /// It was made, or came into sight.
    Create,
    /// It changed.
    Update,
    /// It was deleted, or left the sight.
    Delete,
}

/// An event whose records are still text: whoever reads the stream pays for reading them.
pub(crate) type RawEvent = Event<Box<RawValue>>;

impl RawEvent {
    pub(crate) fn read<T: DeserializeOwned>(self, collection: &str) -> Result<Event<T>> {
        let record = |text: Box<RawValue>| {
            serde_json::from_str(text.get())
                .map_err(|source| Error::Unexpected { path: format!("realtime/{collection}"), source })
        };
        Ok(match self {
            Self::Snapshot(items) => Event::Snapshot(items.into_iter().map(record).collect::<Result<_>>()?),
            Self::Change(Change { kind, id, record: text, cursor, at }) => {
                Event::Change(Change { kind, id, record: text.map(record).transpose()?, cursor, at })
            }
            Self::Live { cursor } => Event::Live { cursor },
            Self::Reset { reason } => Event::Reset { reason },
        })
    }
}
