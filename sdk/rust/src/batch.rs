//! Several writes in one transaction.

use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::client::Client;
use crate::error::{Error, Result};
use crate::http::Call;

/// Writes that happen together or not at all, at most 500; see [`Client::batch`].
///
/// A refusal names the write that failed: the pointers of its `errors` begin with its index, as `/3/title`.
#[derive(Debug)]
#[must_use = "a batch is sent by `send`"]
pub struct Batch {
    client: Client,
    writes: Result<Vec<Operation>>,
}

/// What became of one write of a batch.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Outcome {
    /// The status that the write alone would have had.
    pub status: u16,
    /// The record as it is now; absent after a deletion.
    #[serde(default)]
    pub record: Option<Value>,
    /// The tag of that version.
    #[serde(default)]
    pub etag: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Operation {
    method: &'static str,
    collection: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    if_match: Option<String>,
}

#[derive(Deserialize)]
struct Outcomes {
    results: Vec<Outcome>,
}

impl Batch {
    pub(crate) fn new(client: Client) -> Self {
        Self { client, writes: Ok(Vec::new()) }
    }

    /// Makes a record.
    pub fn create(self, collection: &str, record: &impl Serialize) -> Self {
        self.push("create", collection, None, Some(record))
    }

    /// Changes members of a record by JSON merge patch.
    pub fn update(self, collection: &str, id: &str, patch: &impl Serialize) -> Self {
        self.push("update", collection, Some(id), Some(patch))
    }

    /// Makes the record under this id, or replaces it whole.
    pub fn replace(self, collection: &str, id: &str, record: &impl Serialize) -> Self {
        self.push("replace", collection, Some(id), Some(record))
    }

    /// Deletes a record.
    pub fn delete(self, collection: &str, id: &str) -> Self {
        self.push("delete", collection, Some(id), None::<&Value>)
    }

    /// Lets the write before this happen only if its record still has this tag.
    pub fn if_match(mut self, etag: &str) -> Self {
        if let Some(last) = self.writes.as_mut().ok().and_then(|writes| writes.last_mut()) {
            last.if_match = Some(etag.to_owned());
        }
        self
    }

    /// Sends the batch; the outcomes stand in the order of the writes.
    pub async fn send(self) -> Result<Vec<Outcome>> {
        let call = Call::new(Method::POST, &["batch"])?.body(&self.writes?)?;
        Ok(self.client.send(call).await?.read::<Outcomes>()?.results)
    }

    fn push(mut self, method: &'static str, collection: &str, id: Option<&str>, data: Option<&impl Serialize>) -> Self {
        let data = data.map(serde_json::to_value).transpose();
        self.writes = self.writes.and_then(|mut writes| {
            let data = data.map_err(|error| Error::Input(format!("the record is no JSON: {error}")))?;
            let (collection, id) = (collection.to_owned(), id.map(str::to_owned));
            writes.push(Operation { method, collection, id, data, if_match: None });
            Ok(writes)
        });
        self
    }
}
