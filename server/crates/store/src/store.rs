//! The store: one handle to one database, cheap to clone.

use std::borrow::Cow;
use std::sync::Arc;

use plinth_model::schema::catalog::Version;
use plinth_model::schema::migrate::Failures;
use plinth_model::schema::{Catalog, Migration};
use plinth_model::sql::select::{ColumnKind, RecordSelect};
use plinth_model::{Change, Dialect, Instant, RecordId, Seq, Statement, Value};
use tokio::sync::watch;

use crate::driver::postgres::Postgres;
use crate::driver::sqlite::Sqlite;
use crate::epoch::Epoch;
use crate::error::{Error, OpenError};
use crate::location::{Location, Options};
use crate::log::Keep;
use crate::mutation::{Behind, Failure, Mutation, Outcome};
use crate::page::{Page, Snapshot};
use crate::schema::SchemaStep;
use crate::system::{Applied, Row, Step};
use crate::transact::Work;
use crate::{apply, log};

/// A database of Plinth, open.
#[derive(Clone)]
pub struct Store {
    driver: Arc<Driver>,
}

enum Driver {
    Sqlite(Sqlite),
    Postgres(Postgres),
}

impl Store {
    /// Opens a database, makes it if it is new, and brings its system tables up to date.
    pub async fn open(location: &Location, options: &Options) -> Result<Self, OpenError> {
        let driver = match location {
            Location::Sqlite(directory) => Driver::Sqlite(Sqlite::open(directory, options).await?),
            Location::Postgres(url) => Driver::Postgres(Postgres::open(url, options).await?),
        };
        Ok(Self { driver: Arc::new(driver) })
    }

    /// The SQL that the database speaks.
    pub fn dialect(&self) -> Dialect {
        match &*self.driver {
            Driver::Sqlite(_) => Dialect::Sqlite,
            Driver::Postgres(_) => Dialect::Postgres,
        }
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), Error> {
        if let Driver::Sqlite(sqlite) = &*self.driver {
            sqlite.check_place()?;
        }
        self.query("select 1", Vec::new()).await.map(|_| ())
    }

    /// Ends all work: what has begun is finished, what comes later is refused with [`Error::Closed`].
    pub async fn close(&self) {
        match &*self.driver {
            Driver::Sqlite(sqlite) => sqlite.close().await,
            Driver::Postgres(postgres) => postgres.close().await,
        }
    }

    /// Rows of a system table. Columns come as text, integers, floats or null.
    pub async fn query(&self, sql: impl Into<Cow<'static, str>>, args: Vec<Value>) -> Result<Vec<Row>, Error> {
        let statement = apply::statement(self.dialect(), sql.into(), args);
        self.rows(statement, None).await
    }

    /// Does all steps in one transaction, or none.
    pub async fn apply(&self, steps: Vec<Step>) -> Result<Applied, Error> {
        match &*self.driver {
            Driver::Sqlite(sqlite) => sqlite.apply(steps).await,
            Driver::Postgres(postgres) => postgres.apply(steps).await,
        }
    }

    /// Rows of a rendered statement, read as these kinds. A column of kind `Json` comes as a [`Value::Json`].
    pub async fn fetch(&self, statement: Statement, kinds: &[ColumnKind]) -> Result<Vec<Row>, Error> {
        self.rows(statement, Some(kinds.to_vec())).await
    }

    async fn rows(&self, statement: Statement, kinds: Option<Vec<ColumnKind>>) -> Result<Vec<Row>, Error> {
        match &*self.driver {
            Driver::Sqlite(sqlite) => sqlite.rows(statement, kinds).await,
            Driver::Postgres(postgres) => postgres.rows(statement, kinds).await,
        }
    }

    /// Records as JSON: the hot read path. The record with which they are more than `most` bytes is the last one.
    pub async fn page(&self, select: RecordSelect, most: usize) -> Result<Page, Error> {
        match &*self.driver {
            Driver::Sqlite(sqlite) => sqlite.page(select, most).await,
            Driver::Postgres(postgres) => postgres.page(select, most).await,
        }
    }

    /// A page and the place of the log that it stands for, from one read transaction: every change up to
    /// `Snapshot::head` is in the page, and of the later ones exactly those in `Snapshot::seen` (always empty on
    /// SQLite; on Postgres a repeatable-read transaction sees some changes behind the settled head). A page that is cut
    /// stands for no place.
    pub async fn snapshot(&self, select: RecordSelect, most: usize) -> Result<Snapshot, Error> {
        match &*self.driver {
            Driver::Sqlite(sqlite) => sqlite.snapshot(select, most).await,
            Driver::Postgres(postgres) => postgres.snapshot(select, most).await,
        }
    }

    /// Writes records and their changes in one transaction, or nothing. One outcome a mutation, in order. All of it was
    /// checked by this catalog; where other definitions are in force at the commit, it is [`Error::SchemaChanged`].
    pub async fn transact<R: Send + 'static>(
        &self,
        catalog: Arc<Catalog>,
        mutations: Vec<Mutation<R>>,
        by: Option<RecordId>,
        now: Instant,
    ) -> Result<Vec<Outcome>, Failure<R>> {
        self.transact_with(catalog, mutations, None, by, now).await
    }

    /// As [`Store::transact`], with steps on system tables behind the mutations in the same transaction, as for an
    /// account's record and its credentials.
    pub async fn transact_with<R: Send + 'static>(
        &self,
        catalog: Arc<Catalog>,
        mutations: Vec<Mutation<R>>,
        behind: Option<Behind>,
        by: Option<RecordId>,
        now: Instant,
    ) -> Result<Vec<Outcome>, Failure<R>> {
        let in_bulk = self.dialect() == Dialect::Postgres;
        let work = Work::new(catalog, mutations, behind, by, now, in_bulk)?;
        match &*self.driver {
            Driver::Sqlite(sqlite) => sqlite.transact(work).await,
            Driver::Postgres(postgres) => postgres.transact(work).await,
        }
    }

    /// Changes tables and what is stored about them, or the rules, in one transaction, with every other writer kept out.
    /// What it does was thought out for version `base` of the definitions; at another it is [`Error::SchemaChanged`].
    /// Nothing that was checked by that version is written after it.
    pub async fn migrate(&self, steps: Vec<SchemaStep>, base: Version) -> Result<Applied, Error> {
        match &*self.driver {
            Driver::Sqlite(sqlite) => sqlite.migrate(steps, base).await,
            Driver::Postgres(postgres) => postgres.migrate(steps, base).await,
        }
    }

    /// Which stored records stand against a migration; changes nothing.
    pub async fn trial(&self, migration: Arc<Migration>) -> Result<Vec<Failures>, Error> {
        match &*self.driver {
            Driver::Sqlite(sqlite) => sqlite.trial(migration).await,
            Driver::Postgres(postgres) => postgres.trial(migration).await,
        }
    }

    /// The newest place in the change log up to which nothing can appear any more.
    pub async fn head(&self) -> Result<Seq, Error> {
        match &*self.driver {
            Driver::Sqlite(sqlite) => Ok(sqlite.head()),
            Driver::Postgres(postgres) => Ok(postgres.head()),
        }
    }

    /// The oldest and the newest change that are kept, settled or not; none while the log is empty.
    pub async fn kept(&self) -> Result<Option<(Seq, Seq)>, Error> {
        let rows = self.query(log::KEPT, Vec::new()).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        Ok(row.optional_int(0)?.zip(row.optional_int(1)?).map(|(oldest, newest)| (Seq(oldest), Seq(newest))))
    }

    /// Changes behind `after`, in order, at most `limit`, up to [`Store::head`]. Whoever goes on from the last one's
    /// place misses nothing.
    pub async fn changes(&self, after: Seq, limit: usize) -> Result<Vec<Change>, Error> {
        let head = self.head().await?;
        if after >= head {
            return Ok(Vec::new());
        }
        let rows = self.query(log::STRETCH, log::stretch(after, head, limit)).await?;
        rows.into_iter().map(log::read).collect()
    }

    /// Changes of these collections behind `after` and up to `upto`, in order, at most `limit`: for a subscriber that
    /// lags behind what is in memory. `upto` is at most a settled head.
    pub async fn changes_of(
        &self,
        collections: &[&str],
        after: Seq,
        upto: Seq,
        limit: usize,
    ) -> Result<Vec<Change>, Error> {
        let mut args = log::stretch(after, upto, limit);
        args.extend(collections.iter().copied().map(Value::text));
        let rows = self.query(log::stretch_of(collections.len()), args).await?;
        rows.into_iter().map(log::read).collect()
    }

    /// Changes in a stretch of the log that can change what an account may do: of rules, of roles, of its memberships, of
    /// itself. The newest first, at most `limit`; without an account those of rules and roles.
    pub async fn changes_of_rights(
        &self,
        account: Option<RecordId>,
        after: Seq,
        upto: Seq,
        limit: usize,
    ) -> Result<Vec<Change>, Error> {
        let mut args = log::stretch(after, upto, limit);
        args.push(Value::text(account.map(|account| account.to_string()).unwrap_or_default()));
        let rows = self.query(log::STRETCH_OF_RIGHTS, args).await?;
        rows.into_iter().map(log::read).collect()
    }

    /// The change at this place, if it is kept. It need not be settled: who wrote it knows the place.
    pub async fn change(&self, place: Seq) -> Result<Option<Change>, Error> {
        let rows = self.query(log::STRETCH, log::stretch(Seq(place.0 - 1), place, 1)).await?;
        rows.into_iter().next().map(log::read).transpose()
    }

    /// Whether everything that is known of the log is settled; on Postgres an open write holds up what committed behind it.
    pub fn rests(&self) -> bool {
        match &*self.driver {
            Driver::Sqlite(_) => true,
            Driver::Postgres(postgres) => postgres.rests(),
        }
    }

    /// Changes of these collections that can be seen behind `after`, settled or not, at most `limit`: there may come more
    /// between them.
    pub async fn changes_ahead(&self, collections: &[&str], after: Seq, limit: usize) -> Result<Vec<Change>, Error> {
        self.changes_of(collections, after, Seq(i64::MAX), limit).await
    }

    /// Drops changes that need not be kept; answers how many.
    pub async fn prune(&self, keep: Keep) -> Result<u64, Error> {
        let head = self.head().await?;
        let mut dropped = 0;
        loop {
            let applied = self.apply(vec![Step::run(log::PRUNE, log::prune(keep, head))]).await?;
            let rows: u64 = applied.rows.iter().sum();
            dropped += rows;
            if rows < log::PRUNED_AT_ONCE {
                return Ok(dropped);
            }
        }
    }

    /// Ticks when there may be changes behind the last head: after commits of this node and of others.
    pub fn wake(&self) -> watch::Receiver<u64> {
        match &*self.driver {
            Driver::Sqlite(sqlite) => sqlite.wake(),
            Driver::Postgres(postgres) => postgres.wake(),
        }
    }

    /// The name under which places of the log are told today; see [`Store::holds`].
    pub fn epoch(&self) -> Epoch {
        match &*self.driver {
            Driver::Sqlite(sqlite) => sqlite.epoch(),
            Driver::Postgres(postgres) => postgres.epoch(),
        }
    }

    /// Whether a place of the log that was told under this name is of the history that the database has now: it is not
    /// after a fail-over that lost the last writes, nor, behind the end of the copy, after a copy was put back.
    pub fn holds(&self, epoch: Epoch, place: Seq) -> bool {
        match &*self.driver {
            Driver::Sqlite(sqlite) => sqlite.holds(epoch, place),
            Driver::Postgres(postgres) => postgres.epoch() == epoch,
        }
    }
}
