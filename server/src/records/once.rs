//! Requests that are done once, however often they are sent: `Idempotency-Key`.
//!
//! The key is noted in the transaction of the request, with a hash of the request and the records it wrote. The same
//! request again is answered from those records; another request under the same key is refused. A key is its
//! sender's own, and is forgotten after a day (`changes::retention`).

use plinth_model::{Instant, RecordId};
use plinth_store::idempotency::{DoneRequest, TABLE, insert_request};
use plinth_store::{Cause, Step};
use sha2::{Digest as _, Sha256};

use super::selection::Selection;
use super::write::{Effect, Written};
use super::{Error, Records};
use crate::policy::{Caller, Grant};

/// The longest key, in characters.
pub const MAX_KEY: usize = 128;

/// A request and the key it was sent under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Once {
    principal: String,
    key: String,
    request: String,
}

impl Once {
    /// A request to `path` with this body, if its key can be one: 1 to [`MAX_KEY`] visible ASCII characters.
    pub fn new(caller: &Caller, key: &str, path: &str, body: &str) -> Option<Self> {
        let well_formed = (1..=MAX_KEY).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic());
        let hash = Sha256::new().chain_update(path).chain_update([0]).chain_update(body).finalize();
        let request = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        well_formed.then(|| Self { principal: caller.principal(), key: key.to_owned(), request })
    }

    /// The step that notes it.
    pub(super) fn note(&self, ids: &[RecordId], effects: &[Effect], now: Instant) -> Step {
        let written = ids.iter().zip(effects).map(|(id, effect)| serde_json::json!([id.to_string(), word(*effect)]));
        let outcome = serde_json::Value::Array(written.collect()).to_string();
        insert_request(&self.principal, &self.key, &DoneRequest { request: self.request.clone(), outcome }, now)
    }
}

/// Whether a transaction failed since its key was noted by another one meanwhile.
pub(super) fn was_used(cause: &Cause<Error>) -> bool {
    matches!(cause, Cause::Database(plinth_store::Error::Conflict { table, .. }) if table == TABLE)
}

impl Records {
    /// The answers of the same request, if it was done before.
    pub(super) async fn earlier<'a>(
        &self,
        once: &Once,
        grants: impl Iterator<Item = &'a Grant> + Send,
    ) -> Result<Option<Vec<Written>>, Error> {
        let Some(done) = self.store.done_request(&once.principal, &once.key).await? else {
            return Ok(None);
        };
        if done.request != once.request {
            return Err(Error::KeyReused);
        }
        let damaged = || plinth_store::Error::Corrupt("a noted request can't be read".to_owned());
        let noted: Vec<(String, String)> = serde_json::from_str(&done.outcome).map_err(|_| damaged())?;
        let mut written = Vec::with_capacity(noted.len());
        for ((id, word), grant) in noted.into_iter().zip(grants.cloned().collect::<Vec<_>>()) {
            let id: RecordId = id.parse().map_err(|_| damaged())?;
            written.push(self.answer_again(id, effect(&word), &grant).await?);
        }
        Ok(Some(written))
    }

    async fn answer_again(&self, id: RecordId, effect: Effect, grant: &Grant) -> Result<Written, Error> {
        if effect == Effect::Deleted {
            return Ok(Written { id, effect, json: None, etag: None });
        }
        let found = if grant.reads() { self.get(grant, id, &Selection::default()).await } else { Err(Error::NotFound) };
        match found {
            Ok(found) => Ok(Written { id, effect, json: Some(found.json), etag: Some(found.etag) }),
            Err(Error::NotFound) => {
                Ok(Written { id, effect, json: Some(format!("{{\"id\":\"{id}\"}}").into()), etag: None })
            }
            Err(error) => Err(error),
        }
    }
}

fn word(effect: Effect) -> &'static str {
    match effect {
        Effect::Created => "created",
        Effect::Updated => "updated",
        Effect::Deleted => "deleted",
    }
}

fn effect(word: &str) -> Effect {
    match word {
        "created" => Effect::Created,
        "deleted" => Effect::Deleted,
        _ => Effect::Updated,
    }
}
