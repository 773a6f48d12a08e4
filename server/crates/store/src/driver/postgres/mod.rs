//! Postgres, over sqlx: any number of nodes share one database and nothing else.

mod address;
mod fault;
mod follow;
mod holders;
mod migrations;
mod permits;
mod pool;
mod sql;
mod tx;
mod value;
mod write;

use std::sync::Arc;
use std::time::Duration;

use plinth_model::schema::Migration;
use plinth_model::schema::migrate::Failures;
use plinth_model::sql::select::{ColumnKind, RecordSelect};
use plinth_model::{Seq, Statement, Value};
use sqlx::postgres::{PgConnection, PgRow};
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::follow::{Follower, Pace};
use self::pool::Pool;
use self::tx::PgTx;
use crate::carry;
use crate::epoch::Epoch;
use crate::error::{Error, OpenError};
use crate::explain::plain;
use crate::location::Options;
use crate::page::{Page, Snapshot};
use crate::system::Row;
use crate::tx::{Columns, Fault};

/// What the answer to a statement may take on its way.
const SLACK: Duration = Duration::from_secs(1);

/// An open database.
pub(crate) struct Postgres {
    inner: Arc<Inner>,
}

struct Inner {
    pool: Pool,
    /// How long one statement may be waited for: a little longer than the server lets it run, for a server that does
    /// not answer at all, as behind a cut wire.
    patience: Duration,
    follower: Arc<Follower>,
    /// Tasks that must be allowed to end.
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Postgres {
    /// Opens the database at a URL.
    pub(crate) async fn open(url: &str, options: &Options) -> Result<Self, OpenError> {
        let connect = address::parse(url, options)?;
        let place = address::describe(&connect);
        let mut connection = address::reach(&connect, &place, options.connect_timeout).await?;
        migrations::run(&mut connection, &place).await?;
        drop(connection);
        let pool = Pool::new(connect, options.connections, options.queue, options.connect_timeout);
        let (follower, link) = Follower::start(&pool).await.map_err(|error| error.at(&place))?;
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        let patience = options.statement_timeout + SLACK;
        let interval = options.poll;
        tasks.spawn({
            let (follower, pool, stop) = (Arc::clone(&follower), pool.clone(), stop.clone());
            async move { follower.follow(link, &pool, Pace { interval, patience }, &stop).await }
        });
        tasks.spawn({
            let (follower, pool, stop) = (Arc::clone(&follower), pool.clone(), stop.clone());
            async move { follower.listen(&pool, &stop).await }
        });
        Ok(Self { inner: Arc::new(Inner { pool, patience, follower, tasks, stop }) })
    }

    /// Waits for what has begun, and takes leave of the server.
    pub(crate) async fn close(&self) {
        self.inner.pool.close().await;
        self.inner.stop.cancel();
        self.inner.tasks.close();
        self.inner.tasks.wait().await;
    }

    pub(crate) async fn rows(&self, statement: Statement, kinds: Option<Vec<ColumnKind>>) -> Result<Vec<Row>, Error> {
        let rows = self.inner.read(&Rows(&statement)).await?;
        value::read_rows(&rows, kinds.as_deref().map_or(Columns::Plain, Columns::Kinds))
    }

    pub(crate) async fn page(&self, select: RecordSelect, most: usize) -> Result<Page, Error> {
        self.inner.read(&Records { select: &select, most }).await?
    }

    /// The settled head is taken before the transaction sees anything; what it sees behind that is asked for in it.
    pub(crate) async fn snapshot(&self, select: RecordSelect, most: usize) -> Result<Snapshot, Error> {
        let head = self.head();
        let mut lease = self.inner.pool.lend().await?;
        match timeout(self.inner.patience * 2, snapshot(&mut lease, &select, most, head)).await {
            Ok(Ok(Ok((page, Some(behind))))) => {
                lease.give_back();
                let behind = value::read_rows(&behind, Columns::Plain)?;
                let seen = behind.iter().map(|row| row.int(0).map(Seq)).collect::<Result<_, _>>()?;
                Ok(Snapshot { page, head, seen })
            }
            // The transaction may be open still: the connection goes, and with it the transaction.
            Ok(Ok(Ok((page, None)))) => Ok(Snapshot { page, head, seen: Vec::new() }),
            Ok(Ok(Err(error))) => Err(error),
            Ok(Err(error)) => Err(fault::error(&error)),
            Err(_) => Err(fault::silent()),
        }
    }

    pub(crate) async fn trial(&self, migration: Arc<Migration>) -> Result<Vec<Failures>, Error> {
        let mut lease = self.inner.pool.lend().await?;
        let failures = carry::trial(&mut PgTx::new(&mut lease), &migration).await.map_err(plain)?;
        lease.give_back();
        Ok(failures)
    }

    pub(crate) fn head(&self) -> Seq {
        self.inner.follower.settled()
    }

    pub(crate) fn rests(&self) -> bool {
        self.inner.follower.rests()
    }

    pub(crate) fn wake(&self) -> watch::Receiver<u64> {
        self.inner.follower.subscribe()
    }

    pub(crate) fn epoch(&self) -> Epoch {
        self.inner.follower.epoch()
    }
}

impl Inner {
    /// The answer to a statement that changes nothing. A connection that turns out to be of no use is replaced once; one
    /// on which the answer was not read to its end goes.
    async fn read<Q: Question>(&self, question: &Q) -> Result<Q::Answer, Error> {
        let mut replaced = false;
        loop {
            let mut lease = self.pool.lend().await?;
            let fault = match timeout(self.patience, question.ask(&mut lease)).await {
                Ok(Ok(answer)) => {
                    if Q::is_whole(&answer) {
                        lease.give_back();
                    }
                    return Ok(answer);
                }
                Ok(Err(error)) => fault::fault(&error),
                Err(_) => fault::silent().into(),
            };
            self.after(lease, &fault);
            if replaced || !fault::spoils_connection(&fault) {
                return Err(plain(fault));
            }
            replaced = true;
        }
    }

    /// Takes a connection back after a fault outside of a transaction, or does away with it and its like.
    fn after(&self, lease: pool::Lease, fault: &Fault) {
        if fault::spoils_connection(fault) {
            self.pool.clear();
        } else {
            lease.give_back();
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// A statement that changes nothing, and how its answer is read.
trait Question: Sync {
    /// What is made of the rows.
    type Answer: Send;

    /// Asks it.
    fn ask(&self, connection: &mut PgConnection) -> impl Future<Output = Result<Self::Answer, sqlx::Error>> + Send;

    /// Whether the rows were read to their end.
    fn is_whole(answer: &Self::Answer) -> bool;
}

/// All rows, as they are.
struct Rows<'a>(&'a Statement);

impl Question for Rows<'_> {
    type Answer = Vec<PgRow>;

    fn ask(&self, connection: &mut PgConnection) -> impl Future<Output = Result<Vec<PgRow>, sqlx::Error>> + Send {
        sql::rows(connection, self.0)
    }

    fn is_whole(_: &Vec<PgRow>) -> bool {
        true
    }
}

/// Records as JSON, as many as fit a page.
struct Records<'a> {
    select: &'a RecordSelect,
    most: usize,
}

impl Question for Records<'_> {
    type Answer = Result<Page, Error>;

    fn ask(&self, connection: &mut PgConnection) -> impl Future<Output = Result<Self::Answer, sqlx::Error>> + Send {
        sql::page(connection, self.select, self.most)
    }

    fn is_whole(page: &Result<Page, Error>) -> bool {
        page.as_ref().is_ok_and(|page| !page.is_cut)
    }
}

/// The records, and the places in the log behind `head`, that one transaction sees; no places if the page is cut.
async fn snapshot(
    connection: &mut PgConnection,
    select: &RecordSelect,
    most: usize,
    head: Seq,
) -> Result<Result<(Page, Option<Vec<PgRow>>), Error>, sqlx::Error> {
    sql::batch(connection, "begin isolation level repeatable read, read only").await?;
    let page = match sql::page(connection, select, most).await? {
        Ok(page) if page.is_cut => return Ok(Ok((page, None))),
        Ok(page) => page,
        Err(error) => return Ok(Err(error)),
    };
    let text = "select seq from _changes where seq > $1 order by seq".to_owned();
    let behind = sql::rows(connection, &Statement { text, args: vec![Value::Int(head.0)] }).await?;
    sql::batch(connection, "commit").await?;
    Ok(Ok((page, Some(behind))))
}
