//! The transactions that have written to the log and not ended: they alone can fill a gap in it.
//!
//! Whoever inserts takes a lock on the table before the sequence gives a number, and keeps it until the commit is
//! visible. So once those that held it after a look have ended, the next look sees all there will ever be.

use std::time::Duration;

use plinth_model::{Statement, Value};
use sqlx::postgres::PgConnection;
use tokio::time::Instant;

use super::follow::ask;
use super::migrations::one;
use crate::error::Error;

/// Those who held it at one time.
pub(super) struct Holders {
    /// Their virtual transactions, with commas between.
    transactions: String,
    since: Instant,
}

impl Holders {
    /// Those who hold it now.
    pub(super) async fn of_the_log(connection: &mut PgConnection) -> Result<Self, Error> {
        let sql = "select coalesce(string_agg(virtualtransaction, ','), '')
            from pg_locks
            where locktype = 'relation' and relation = '_changes'::regclass and mode = 'RowExclusiveLock' and granted
            and database = (select oid from pg_database where datname = current_database())";
        let transactions = one(connection, sql).await?.text(0)?.to_owned();
        Ok(Self { transactions, since: Instant::now() })
    }

    /// How long ago that was.
    pub(super) fn age(&self) -> Duration {
        self.since.elapsed()
    }

    /// Whether all of them have ended.
    pub(super) async fn have_ended(&self, connection: &mut PgConnection) -> Result<bool, Error> {
        let text = "select 1
            from pg_locks
            where locktype = 'relation' and relation = '_changes'::regclass and mode = 'RowExclusiveLock'
            and virtualtransaction = any(string_to_array($1, ','))
            limit 1"
            .to_owned();
        let statement = Statement { text, args: vec![Value::text(&self.transactions)] };
        Ok(self.transactions.is_empty() || ask(connection, statement).await?.is_empty())
    }
}
