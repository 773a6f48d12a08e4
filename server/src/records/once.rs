//! Requests that are done once, however often they are sent: `Idempotency-Key`.
//!
//! The key is noted in the transaction of the request, with a hash of the request and the places of its changes in the
//! log. The same request again is given the first answer, made from the records as those changes left them, under
//! what the caller sees today, and only of records that they see today; where the log no longer goes back so far, from the records as they are. Another request
//! under the same key is refused. A key is its sender's own, and is forgotten after a day (`changes::retention`).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use plinth_model::schema::image;
use plinth_model::{FieldSight, Instant, Record, RecordId, Seq};
use plinth_store::idempotency::{DoneRequest, TABLE, insert_request};
use plinth_store::{Behind, Cause, Outcome};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use sha2::{Digest as _, Sha256};

use super::get::Found;
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

    /// What notes it in its transaction: of these records, and whether each was made.
    pub(super) fn note(&self, ids: Vec<RecordId>, created: Vec<Arc<AtomicBool>>, now: Instant) -> Behind {
        let Self { principal, key, request } = self.clone();
        Box::new(move |outcomes| {
            let each = ids.iter().zip(&created).zip(outcomes);
            let done: Vec<_> = each.map(|((id, created), outcome)| Done::of(*id, created, outcome)).collect();
            let outcome = serde_json::json!(done).to_string();
            vec![insert_request(&principal, &key, &DoneRequest { request: request.clone(), outcome }, now)]
        })
    }
}

/// What a request did to one record, as it is noted.
#[derive(Serialize, Deserialize)]
struct Done {
    id: String,
    what: What,
    /// The place of the change; none if nothing had to be written.
    seq: Option<i64>,
}

#[derive(Serialize, Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
enum What {
    Created,
    Updated,
    Deleted,
}

impl Done {
    fn of(id: RecordId, created: &AtomicBool, outcome: &Outcome) -> Self {
        let what = match (&outcome.record, created.load(Ordering::Relaxed)) {
            (None, _) => What::Deleted,
            (Some(_), true) => What::Created,
            (Some(_), false) => What::Updated,
        };
        Self { id: id.to_string(), what, seq: outcome.seq.map(|seq| seq.0) }
    }
}

/// What became of a record since it was written.
enum Today {
    Seen(Found),
    Unseen,
    Gone,
}

/// The record as it was written, without the fields that show on some rows only and hold nothing today: the rules of today
/// may show them in a record of old that its reader could not see them in.
fn shown_in_both(grant: &Grant, then: &[u8], today: &[u8]) -> Result<Bytes, Error> {
    let read = |json| serde_json::from_slice::<Map<String, Json>>(json);
    let damaged = |error: serde_json::Error| plinth_store::Error::Fault(format!("an answer is no JSON: {error}"));
    let (mut then, today) = (read(then).map_err(damaged)?, read(today).map_err(damaged)?);
    for (name, value) in &mut then {
        let sometimes = matches!(grant.sight().fields.get(name.as_str()), Some(FieldSight::When(_)));
        if sometimes && today.get(name).is_none_or(Json::is_null) {
            *value = Json::Null;
        }
    }
    Ok(Json::Object(then).to_string().into())
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
        let noted: Vec<Done> = serde_json::from_str(&done.outcome).map_err(|_| damaged())?;
        let mut written = Vec::with_capacity(noted.len());
        for (done, grant) in noted.into_iter().zip(grants.cloned().collect::<Vec<_>>()) {
            let id: RecordId = done.id.parse().map_err(|_| damaged())?;
            written.push(self.answer_again(id, &done, &grant).await?);
        }
        Ok(Some(written))
    }

    async fn answer_again(&self, id: RecordId, done: &Done, grant: &Grant) -> Result<Written, Error> {
        let effect = match done.what {
            What::Deleted => return Ok(Written { id, effect: Effect::Deleted, json: None, etag: None }),
            What::Created => Effect::Created,
            What::Updated => Effect::Updated,
        };
        let today = self.seen_today(id, grant).await?;
        let Some(record) = self.as_written(id, done, grant).await? else {
            return Ok(match today {
                Today::Seen(found) => Written { id, effect, json: Some(found.json), etag: Some(found.etag) },
                Today::Unseen | Today::Gone => Written::unseen(id, effect),
            });
        };
        let shown = match &today {
            Today::Seen(found) => &found.json[..],
            Today::Gone => b"{}",
            Today::Unseen => return Ok(Written::unseen(id, effect)),
        };
        let outcome = Outcome { seq: None, record: Some(record) };
        let mut written = self.answer(id, outcome, grant, effect == Effect::Created, self.clock.now()).await?;
        written.json = written.json.map(|json| shown_in_both(grant, &json, shown)).transpose()?;
        Ok(written)
    }

    async fn seen_today(&self, id: RecordId, grant: &Grant) -> Result<Today, Error> {
        if !grant.reads() {
            return Ok(Today::Unseen);
        }
        match self.get(grant, id, &Selection::default()).await {
            Ok(found) => return Ok(Today::Seen(found)),
            Err(Error::NotFound) => {}
            Err(error) => return Err(error),
        }
        match self.stored(grant.collection(), &id.to_string()).await {
            Ok(_) => Ok(Today::Unseen),
            Err(Error::NotFound) => Ok(Today::Gone),
            Err(error) => Err(error),
        }
    }

    /// The record as the change left it, if the log still has it and the collection is still such that it can be read.
    async fn as_written(&self, id: RecordId, done: &Done, grant: &Grant) -> Result<Option<Record>, Error> {
        let collection = grant.collection();
        let readable_from = grant.state().readable_from(&collection.name);
        let Some(place) = done.seq.map(Seq).filter(|place| *place > readable_from) else { return Ok(None) };
        let change = self.store.change(place).await?;
        let change = change.filter(|change| change.collection == collection.name && change.id == id.to_string());
        let after = change.and_then(|change| change.after);
        Ok(after.and_then(|after| image::decode(collection, &after).ok()))
    }
}
