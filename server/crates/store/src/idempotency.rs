//! `_idempotency`: requests that were sent under a key, so that sending one again does nothing again.
//!
//! A row is written in the transaction of the request itself: there is no moment at which one is there without the
//! other. It names the changes, not the answer; the answer is made again from them.

use plinth_model::{Instant, Value};

use crate::error::Error;
use crate::store::Store;
use crate::system::Step;

/// The table, as it is named in a conflict.
pub const TABLE: &str = "_idempotency";

/// A request that was done under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoneRequest {
    /// A hash of the request.
    pub request: String,
    /// What it did, as JSON; its meaning is the server's.
    pub outcome: String,
}

impl Store {
    /// The request that somebody sent under this key.
    pub async fn done_request(&self, principal: &str, key: &str) -> Result<Option<DoneRequest>, Error> {
        let sql = "select request, outcome from _idempotency where principal = $1 and key = $2";
        let rows = self.query(sql, vec![Value::text(principal), Value::text(key)]).await?;
        let read = |row: &crate::system::Row| {
            Ok(DoneRequest { request: row.text(0)?.to_owned(), outcome: row.text(1)?.to_owned() })
        };
        rows.first().map(read).transpose()
    }

    /// Forgets requests from before this time.
    pub async fn forget_requests(&self, before: Instant) -> Result<(), Error> {
        let sql = "delete from _idempotency where created_at < $1";
        self.apply(vec![Step::run(sql, vec![Value::Int(before.millis())])]).await.map(|_| ())
    }
}

/// Notes a request. A key that was used is [`Error::Conflict`] of [`TABLE`].
pub fn insert_request(principal: &str, key: &str, done: &DoneRequest, at: Instant) -> Step {
    let sql = "insert into _idempotency (principal, key, request, outcome, created_at) values ($1, $2, $3, $4, $5)";
    let texts = [principal, key, &done.request, &done.outcome].map(Value::text);
    Step::run_one(sql, texts.into_iter().chain([Value::Int(at.millis())]).collect())
}
