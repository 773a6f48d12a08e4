//! What to ask of a collection: filter, order, page and shape.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::http::Call;

/// A question to a collection. Values belong into [`Query::param`], never into the text of the filter.
///
/// ```
/// use plinth_client::Query;
///
/// let newest = Query::new()
///     .filter("room == params.room && createdAt > timestamp(params.since)")
///     .param("room", "lobby")
///     .param("since", "2026-01-01T00:00:00Z")
///     .sort("-createdAt")
///     .limit(20);
/// ```
#[derive(Debug, Clone, Default, Serialize)]
#[must_use]
pub struct Query {
    #[serde(skip_serializing_if = "Option::is_none")]
    filter: Option<String>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    params: Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sort: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    page: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fields: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expand: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<Count>,
}

/// How `total` is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Count {
    /// Every matching record, at the cost of reading them.
    Exact,
    /// What the database believes.
    Estimated,
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Page<T> {
    /// The records.
    pub items: Vec<T>,
    /// Where the next page begins; `None` at the end.
    #[serde(default)]
    pub next_cursor: Option<String>,
    /// Where the page before begins; `None` at the start.
    #[serde(default)]
    pub prev_cursor: Option<String>,
    /// How many records match, if [`Query::count`] asked for it.
    #[serde(default)]
    pub total: Option<u64>,
}

impl Query {
    /// Everything that the caller may read, in the server's order.
    pub fn new() -> Self {
        Self::default()
    }

    /// Only records for which this CEL expression holds.
    pub fn filter(mut self, filter: impl Into<String>) -> Self {
        self.filter = Some(filter.into());
        self
    }

    /// A value that the filter calls `params.NAME`.
    pub fn param(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.params.insert(name.into(), value.into());
        self
    }

    /// The order: fields separated by commas, `-` before a descending one.
    pub fn sort(mut self, sort: impl Into<String>) -> Self {
        self.sort = Some(sort.into());
        self
    }

    /// How many records a page has; 30 unless said otherwise, at most 500.
    pub fn limit(mut self, limit: u32) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Begins at this [`Page::next_cursor`] or [`Page::prev_cursor`].
    pub fn cursor(mut self, cursor: impl Into<String>) -> Self {
        self.cursor = Some(cursor.into());
        self
    }

    /// Begins at this page, counted from 1. Cursors are faster and don't slip while records come and go.
    pub fn page(mut self, page: u32) -> Self {
        self.page = Some(page);
        self
    }

    /// Only these fields, separated by commas.
    pub fn fields(mut self, fields: impl Into<String>) -> Self {
        self.fields = Some(fields.into());
        self
    }

    /// Related records to bring along, separated by commas; they stand under `expand` in each record.
    pub fn expand(mut self, expand: impl Into<String>) -> Self {
        self.expand = Some(expand.into());
        self
    }

    /// Counts the matching records into [`Page::total`].
    pub fn count(mut self, count: Count) -> Self {
        self.count = Some(count);
        self
    }

    /// Adds the members to the address of a call.
    pub(crate) fn onto(&self, mut call: Call) -> Result<Call> {
        let texts = [
            ("filter", &self.filter),
            ("sort", &self.sort),
            ("cursor", &self.cursor),
            ("fields", &self.fields),
            ("expand", &self.expand),
        ];
        for (name, text) in texts {
            if let Some(text) = text {
                call = call.query(name, text);
            }
        }
        for (name, number) in [("limit", self.limit), ("page", self.page)] {
            if let Some(number) = number {
                call = call.query(name, number.to_string());
            }
        }
        if let Some(count) = self.count {
            call = call.query("count", if count == Count::Exact { "exact" } else { "estimated" });
        }
        if !self.params.is_empty() {
            let params = serde_json::to_string(&self.params).map_err(|error| Error::Input(error.to_string()))?;
            call = call.query("params", params);
        }
        Ok(call)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn body_holds_what_was_asked_and_nothing_else() {
        let query = Query::new().filter("a == params.a").param("a", 1).sort("-b").count(Count::Exact);
        let body = serde_json::to_value(query).unwrap();
        let expected =
            serde_json::json!({"filter": "a == params.a", "params": {"a": 1}, "sort": "-b", "count": "exact"});
        assert_eq!(body, expected);
    }
}
