//! `_setup`: the hashes of printed set-up tokens, and the mark that one was used.
//!
//! The mark is what makes set-up happen once: whoever uses a token writes it in the same transaction, and of two
//! tokens of two nodes used at once one meets the other's mark.

use plinth_model::{Instant, Value};

use crate::error::Error;
use crate::store::Store;
use crate::system::Step;

/// Stands in the column of tokens; no hash looks like it.
const DONE: &str = "done";

impl Store {
    /// Makes a token valid until `expires_at`; for a server that has no administrator. Expired ones and the mark of an
    /// earlier set-up go.
    pub async fn open_setup(&self, token: &str, now: Instant, expires_at: Instant) -> Result<(), Error> {
        let sweep = "delete from _setup where expires_at <= $1 or token = $2";
        let insert = "insert into _setup (token, expires_at) values ($1, $2)";
        self.apply(vec![
            Step::run(sweep, vec![Value::Int(now.millis()), Value::text(DONE)]),
            Step::run_one(insert, vec![Value::text(token), Value::Int(expires_at.millis())]),
        ])
        .await
        .map(drop)
    }

    /// Whether this token is valid.
    pub async fn is_setup_token(&self, token: &str, now: Instant) -> Result<bool, Error> {
        let sql = "select 1 from _setup where token = $1 and expires_at > $2 and token <> $3";
        let args = vec![Value::text(token), Value::Int(now.millis()), Value::text(DONE)];
        Ok(!self.query(sql, args).await?.is_empty())
    }
}

/// Uses a token up. Expects it to be valid ([`Error::Expectation`] of the first step) and set-up not to be done
/// ([`Error::Conflict`]).
pub fn use_setup_token(token: &str, now: Instant) -> [Step; 3] {
    let take = "delete from _setup where token = $1 and expires_at > $2";
    let mark = "insert into _setup (token, expires_at) values ($1, $2)";
    let others = "delete from _setup where token <> $1";
    [
        Step::run_one(take, vec![Value::text(token), Value::Int(now.millis())]),
        Step::run_one(mark, vec![Value::text(DONE), Value::Int(Instant::MAX.millis())]),
        Step::run(others, vec![Value::text(DONE)]),
    ]
}
