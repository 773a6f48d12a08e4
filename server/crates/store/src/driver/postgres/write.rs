//! Writes on Postgres: as few round trips as the promise allows.
//!
//! A create is one statement. A change of one record is a read and a statement that holds only at the revision read;
//! if somebody else was faster, or if more than the record has to be looked at, it is a transaction that locks. Every
//! write is a task of its own, so that a dropped future ends neither it nor the connection half-way.

use std::sync::Arc;
use std::time::Duration;

use plinth_model::Dialect;
use plinth_model::schema::catalog::Version;
use plinth_model::sql::write::{in_force, lock_all};
use sqlx::postgres::PgConnection;
use tokio::time::{Instant, sleep, timeout};

use super::pool::Lease;
use super::tx::PgTx;
use super::{Inner, Postgres, fault, migrations, sql};
use crate::asker;
use crate::error::{Error, Unavailable};
use crate::explain::{self, plain};
use crate::mutation::{Failure, Outcome};
use crate::schema::SchemaStep;
use crate::system::{Applied, Expect, Step};
use crate::transact::{self, Changed, Stop, Why, Work};
use crate::tx::{Columns, Fault, Tx, outdated};
use crate::{apply, carry};

/// A write has many statements, and is waited for so many times as long as one. A server behind a cut wire does not
/// answer at all, and the connections that wait for it would be missing until the system gives them up, after a quarter
/// of an hour.
const STATEMENTS: u32 = 4;

/// How long a change of rules or definitions tries to shut others out. Each try waits for two seconds, twice what Postgres
/// takes to end its own vacuum for somebody who waits: all writes wait behind it meanwhile, and go on in between.
const LOCK_PATIENCE: Duration = Duration::from_secs(20);
const LOCK_PAUSE: Duration = Duration::from_millis(500);

/// How often work is started again that met another transaction.
const RETRIES: u32 = 8;

impl Postgres {
    pub(crate) async fn apply(&self, steps: Vec<Step>) -> Result<Applied, Error> {
        self.task(|inner| async move { inner.apply(&steps).await }).await
    }

    pub(crate) async fn transact<R: Send + 'static>(&self, mut work: Work<R>) -> Result<Vec<Outcome>, Failure<R>> {
        self.task(|inner| async move { inner.transact(&mut work).await }).await
    }

    pub(crate) async fn migrate(&self, steps: Vec<SchemaStep>, base: Version) -> Result<Applied, Error> {
        self.task(move |inner| async move { inner.migrate(&steps, base).await }).await
    }

    /// Runs something to its end, whether anybody waits or not.
    async fn task<T, E, F>(&self, run: impl FnOnce(Arc<Inner>) -> F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        let task = self.inner.tasks.spawn(asker::scope(asker::current(), run(Arc::clone(&self.inner))));
        task.await.unwrap_or_else(|error| Err(Error::Fault(format!("a write ended early: {error}")).into()))
    }
}

impl Inner {
    async fn apply(&self, steps: &[Step]) -> Result<Applied, Error> {
        let alone = matches!(steps, [Step::Run { expect: Expect::Any, .. } | Step::Log(_)]);
        let mut tries = 0;
        loop {
            let mut lease = self.pool.lend().await?;
            let done = async {
                if alone {
                    return apply::run(&mut PgTx::new(&mut lease), steps).await;
                }
                let begun = begin(&mut lease, "begin").await;
                let done = match begun {
                    Ok(()) => apply::run(&mut PgTx::new(&mut lease), steps).await,
                    Err(fault) => Err(fault),
                };
                end(&mut lease, done).await
            };
            let done = timeout(self.patience * STATEMENTS, done).await.unwrap_or_else(|_| Err(fault::silent().into()));
            match self.settle(lease, done, &mut tries).await {
                Settled::Done(applied) => return Ok(applied),
                Settled::Failed(error) => return Err(error),
                Settled::Again => {}
            }
        }
    }

    async fn migrate(&self, steps: &[SchemaStep], base: Version) -> Result<Applied, Error> {
        let (mut tries, since) = (0, Instant::now());
        loop {
            let mut lease = self.pool.lend().await?;
            let begun = shut_others_out(&mut lease).await;
            if begun.as_ref().is_err_and(is_locked) && since.elapsed() < LOCK_PATIENCE {
                if batch(&mut lease, "rollback").await.is_ok() {
                    lease.give_back();
                }
                sleep(LOCK_PAUSE).await;
                continue;
            }
            let done = match begun {
                Ok(()) => carry::run(&mut PgTx::new(&mut lease), steps, base).await,
                Err(fault) => Err(fault),
            };
            let done = end(&mut lease, done).await;
            if SchemaStep::touch_tables(steps) {
                self.pool.clear();
            }
            match self.settle(lease, done, &mut tries).await {
                Settled::Done(applied) => return Ok(applied),
                Settled::Failed(error) => return Err(error),
                Settled::Again => {}
            }
        }
    }

    async fn transact<R>(&self, work: &mut Work<R>) -> Result<Vec<Outcome>, Failure<R>> {
        let mut tries = 0;
        loop {
            let mut lease = self.pool.lend().await?;
            let attempted = timeout(self.patience * STATEMENTS, attempt(&mut lease, work, tries == 0)).await;
            let silent = || Err(Stop { index: 0, why: Why::Fault(fault::silent().into(), None) });
            let stop = match attempted.unwrap_or_else(|_| silent()) {
                Ok(outcomes) => {
                    lease.give_back();
                    self.follower.committed();
                    return Ok(outcomes);
                }
                Err(stop) => stop,
            };
            match &stop.why {
                Why::InBulk => {
                    work.in_bulk = false;
                    lease.give_back();
                    continue;
                }
                Why::Fault(fault @ Fault::Again(_), _) if tries < RETRIES => self.after(lease, fault),
                Why::Fault(fault, _) if fault::spoils_connection(fault) => {
                    self.pool.clear();
                    return Err(explain::failure(&mut PgTx::new(&mut lease), work, stop).await);
                }
                _ => {
                    let failure = failure(&mut lease, work, stop).await;
                    lease.give_back();
                    return Err(failure);
                }
            }
            tries += 1;
            back_off(tries).await;
        }
    }

    async fn settle<T>(&self, mut lease: Lease, done: Result<T, Fault>, tries: &mut u32) -> Settled<T> {
        let fault = match done {
            Ok(done) => {
                lease.give_back();
                self.follower.committed();
                return Settled::Done(done);
            }
            Err(fault) => fault,
        };
        if matches!(fault, Fault::Again(_)) && *tries < RETRIES {
            self.after(lease, &fault);
            *tries += 1;
            back_off(*tries).await;
            return Settled::Again;
        }
        if fault::spoils_connection(&fault) {
            self.pool.clear();
            return Settled::Failed(plain(fault));
        }
        let error = explain::error(&mut PgTx::new(&mut lease), fault).await;
        lease.give_back();
        Settled::Failed(error)
    }
}

/// Why the work failed. A refusal, too, holds only by the definitions that are in force.
async fn failure<R>(connection: &mut PgConnection, work: &mut Work<R>, stop: Stop<R>) -> Failure<R> {
    let tx = &mut PgTx::new(connection);
    match tx.rows(in_force(Dialect::Postgres, work.author.checked_by), Columns::Plain).await {
        Ok(rows) if rows.is_empty() => Failure { index: stop.index, cause: outdated().into() },
        // What else is wrong, the explanation meets as well.
        _ => explain::failure(tx, work, stop).await,
    }
}

/// How a piece of work came out.
enum Settled<T> {
    Done(T),
    Failed(Error),
    Again,
}

/// Does the work; no transaction is open afterwards, or the connection is of no use.
async fn attempt<R>(connection: &mut PgConnection, work: &mut Work<R>, first: bool) -> Result<Vec<Outcome>, Stop<R>> {
    if first && let Some(outcomes) = transact::quick(&mut PgTx::new(connection), work).await? {
        return Ok(outcomes);
    }
    let whole = |fault: Fault| Stop { index: 0, why: Why::Fault(fault, None) };
    begin(connection, "begin").await.map_err(whole)?;
    lock_in_order(connection, work.changed()).await.map_err(whole)?;
    match transact::run(&mut PgTx::new(connection), work).await {
        Ok(outcomes) => {
            batch(connection, "commit").await.map_err(whole)?;
            Ok(outcomes)
        }
        Err(stop) => {
            batch(connection, "rollback").await.map_err(whole)?;
            Err(stop)
        }
    }
}

/// Locks the records of a batch in one order for all batches: a deadlock would cost its victims a second.
async fn lock_in_order(connection: &mut PgConnection, changed: Changed) -> Result<(), Fault> {
    if changed.values().map(Vec::len).sum::<usize>() < 2 {
        return Ok(());
    }
    for (collection, ids) in changed {
        PgTx::new(connection).rows(lock_all(&collection, ids.into_iter()), Columns::Plain).await?;
    }
    Ok(())
}

/// Opens a transaction that no other writer's can run beside: writers of records wait for the lock on the log, and look
/// at the version of the definitions only then, since a statement sees what is committed once it has its locks.
async fn shut_others_out(connection: &mut PgConnection) -> Result<(), Fault> {
    begin(connection, "begin; set local lock_timeout = '2s'").await?;
    batch(connection, migrations::LOCK).await?;
    batch(connection, "lock table _changes in exclusive mode").await?;
    batch(connection, "set local lock_timeout = 0; set local statement_timeout = 0").await
}

/// Whether a lock was not to be had in time.
fn is_locked(fault: &Fault) -> bool {
    matches!(fault, Fault::Error(Error::Unavailable { why: Unavailable::Locked, .. }))
}

async fn begin(connection: &mut PgConnection, text: &'static str) -> Result<(), Fault> {
    batch(connection, text).await
}

/// Commits what went well, undoes what did not.
async fn end<T>(connection: &mut PgConnection, done: Result<T, Fault>) -> Result<T, Fault> {
    match done {
        Ok(done) => batch(connection, "commit").await.map(|()| done),
        Err(fault) => {
            batch(connection, "rollback").await?;
            Err(fault)
        }
    }
}

async fn batch(connection: &mut PgConnection, text: &'static str) -> Result<(), Fault> {
    sql::batch(connection, text).await.map_err(|error| fault::fault(&error))
}

/// 1, 2, 4, … up to 64 ms.
async fn back_off(tries: u32) {
    sleep(Duration::from_millis(1 << tries.min(6))).await;
}
