//! What to follow.

use serde::Serialize;
use serde_json::{Map, Value};

/// Which changes of a collection to follow. By default: all that the caller may see, from now on.
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct Watch {
    pub(crate) scope: Scope,
    pub(crate) start: Start,
}

/// What a subscription is about, however often it is resumed.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Scope {
    #[serde(skip_serializing_if = "Option::is_none")]
    filter: Option<String>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    params: Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fields: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expand: Option<String>,
}

/// Where a subscription begins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Start {
    /// With the next change.
    #[default]
    Now,
    /// With the records as they are.
    Snapshot { sort: Option<String>, limit: Option<u32> },
    /// After this cursor.
    Since(String),
}

impl Watch {
    /// All changes of the collection that the caller may see.
    pub fn new() -> Self {
        Self::default()
    }

    /// Only records for which this CEL expression holds. One that an update moves in arrives as created, one
    /// that leaves as deleted.
    pub fn filter(mut self, filter: impl Into<String>) -> Self {
        self.scope.filter = Some(filter.into());
        self
    }

    /// A value that the filter calls `params.NAME`.
    pub fn param(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.scope.params.insert(name.into(), value.into());
        self
    }

    /// Only these fields, separated by commas.
    pub fn fields(mut self, fields: impl Into<String>) -> Self {
        self.scope.fields = Some(fields.into());
        self
    }

    /// Related records to bring along, separated by commas.
    pub fn expand(mut self, expand: impl Into<String>) -> Self {
        self.scope.expand = Some(expand.into());
        self
    }

    /// Begins with the records as they are; the changes join without a gap.
    pub fn snapshot(mut self) -> Self {
        self.start = Start::Snapshot { sort: None, limit: None };
        self
    }

    /// Begins with the first `limit` records in this order; the changes are those of all that match.
    pub fn snapshot_of(mut self, sort: impl Into<String>, limit: u32) -> Self {
        self.start = Start::Snapshot { sort: Some(sort.into()), limit: Some(limit) };
        self
    }

    /// Begins after this cursor, as an earlier subscription with the same scope saw it.
    pub fn since(mut self, cursor: impl Into<String>) -> Self {
        self.start = Start::Since(cursor.into());
        self
    }
}
