//! A change: what one write did to one record, and what of it a subscriber may see.
//!
//! Visibility is a pure function of the images before and after ([`Seen::of`]), so no subscriber costs a query.

use crate::id::RecordId;
use crate::instant::Instant;

/// A place in the change log. Numbers grow in commit order; some may be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Seq(pub i64);

/// What happened to a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChangeKind {
    /// It came to be.
    Create,
    /// It was written again.
    Update,
    /// It went.
    Delete,
}

/// One row of the change log.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Its place in the log.
    pub seq: Seq,
    /// The record's collection, or a system table (`_policies`, `_collections`, …).
    pub collection: String,
    /// The record, or the row of a system table.
    pub id: String,
    /// What happened.
    pub kind: ChangeKind,
    /// The whole record before, as JSON; none for a create.
    pub before: Option<String>,
    /// The whole record after, as JSON; none for a delete.
    pub after: Option<String>,
    /// When, by the clock of the node that wrote.
    pub at: Instant,
    /// The account that wrote, if one did.
    pub by: Option<RecordId>,
}

/// What a change looks like to somebody who sees only some records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Seen {
    /// A record came into sight: created, or moved there by an update.
    Create,
    /// A record in sight was written.
    Update,
    /// A record went out of sight: deleted, or moved away by an update.
    Delete,
}

impl ChangeKind {
    /// The word for it in the log, in JSON and in the protocol.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }

    /// The kind that [`ChangeKind::as_str`] wrote.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Create, Self::Update, Self::Delete].into_iter().find(|kind| kind.as_str() == word)
    }
}

impl Seen {
    /// What is seen when the record before and the record after were or were not in sight.
    #[must_use]
    pub fn of(before: bool, after: bool) -> Option<Self> {
        match (before, after) {
            (false, true) => Some(Self::Create),
            (true, true) => Some(Self::Update),
            (true, false) => Some(Self::Delete),
            (false, false) => None,
        }
    }

    /// The word for it in the protocol.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }
}
