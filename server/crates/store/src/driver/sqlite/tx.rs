//! A request's part in the transaction of the writing thread.

use std::future::ready;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use plinth_model::schema::catalog::Version;
use plinth_model::sql::write::{self, Entry, RecordWrite};
use plinth_model::{Collection, Dialect, Seq, Statement};
use rusqlite::Connection;

use super::fault;
use super::value::{self, ReadError};
use super::watchdog::Watchdog;
use crate::error::Error;
use crate::explain::plain;
use crate::system::Row;
use crate::tx::{Columns, Fault, Tx};

/// The name of the one savepoint that a request may have.
const SAVEPOINT: &str = "savepoint \"request\"";
const RELEASE: &str = "release \"request\"";
const ROLLBACK: &str = "rollback to \"request\"";

/// One request's view of a connection. What it reads is watched, what it writes is not: SQLite answers an interrupted
/// write by undoing the whole transaction, those of other requests with it.
pub(super) struct SqliteTx<'a> {
    connection: &'a Connection,
    watchdog: &'a Watchdog,
    abandoned: Option<&'a Arc<AtomicBool>>,
    /// Whether a savepoint is open.
    guarded: bool,
    /// Rows written.
    written: u64,
    /// The last place taken in the log.
    last: Option<Seq>,
    /// Whether it failed and left something that can't be undone alone.
    stuck: bool,
    /// Why SQLite undid the whole transaction, if it did.
    lost: Option<Error>,
}

impl<'a> SqliteTx<'a> {
    /// The view of a request that has done nothing yet.
    pub(super) fn new(
        connection: &'a Connection,
        watchdog: &'a Watchdog,
        abandoned: Option<&'a Arc<AtomicBool>>,
    ) -> Self {
        Self { connection, watchdog, abandoned, guarded: false, written: 0, last: None, stuck: false, lost: None }
    }

    /// The last place that the request took in the log.
    pub(super) fn last(&self) -> Option<Seq> {
        self.last
    }

    /// Whether the request failed and left something behind, so that nothing of its transaction can be kept.
    pub(super) fn is_stuck(&self) -> bool {
        self.stuck
    }

    /// Why there is no transaction any more, if SQLite has undone it.
    pub(super) fn lost(&self) -> Option<Error> {
        self.lost.clone()
    }

    /// Keeps what was written.
    pub(super) fn keep(&mut self) -> Result<(), Fault> {
        if std::mem::take(&mut self.guarded) { self.command(RELEASE) } else { Ok(()) }
    }

    /// Undoes what was written.
    pub(super) fn undo(&mut self) -> Result<(), Fault> {
        self.last = None;
        if std::mem::take(&mut self.guarded) && self.lost.is_none() {
            self.stuck = true;
            self.command(ROLLBACK)?;
            self.command(RELEASE)?;
            self.written = 0;
        }
        self.stuck = self.written > 0;
        Ok(())
    }

    fn command(&mut self, sql: &str) -> Result<(), Fault> {
        let executed = self.connection.prepare_cached(sql).and_then(|mut prepared| prepared.raw_execute());
        executed.map(|_| ()).map_err(|error| self.failed(&error))
    }

    fn run_now(&mut self, statement: &Statement) -> Result<u64, Fault> {
        let changed = value::run(self.connection, statement).map_err(|error| self.failed(&error))? as u64;
        self.written += changed;
        Ok(changed)
    }

    /// Notes that SQLite undoes everything when a disk is full or fails.
    fn failed(&mut self, error: &rusqlite::Error) -> Fault {
        let fault = fault::fault(error);
        if self.connection.is_autocommit() {
            self.lost = Some(plain(fault.clone()));
        }
        fault
    }

    fn rows_now(&mut self, statement: &Statement, columns: Columns<'_>) -> Result<Vec<Row>, Fault> {
        let read = || value::rows(self.connection, statement, columns);
        self.watchdog.watch(self.abandoned, read).map_err(|error| match error {
            ReadError::Sqlite(error) => self.failed(&error),
            ReadError::Column(error) => error.into(),
        })
    }

    fn append_now(&mut self, entry: Entry) -> Result<Seq, Fault> {
        self.run_now(&write::append(Dialect::Sqlite, entry))?;
        let seq = Seq(self.connection.last_insert_rowid());
        self.last = Some(seq);
        Ok(seq)
    }

    fn write_now(
        &mut self,
        collection: &Collection,
        write: RecordWrite<'_>,
        entry: Entry,
    ) -> Result<Option<Seq>, Fault> {
        let changed = self.run_now(&write.statement(collection, Dialect::Sqlite))?;
        if changed == 0 { Ok(None) } else { self.append_now(entry).map(Some) }
    }

    fn guard_now(&mut self) -> Result<(), Fault> {
        if self.guarded || self.written > 0 {
            return Ok(());
        }
        self.command(SAVEPOINT)?;
        self.guarded = true;
        Ok(())
    }
}

impl Tx for SqliteTx<'_> {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    fn run(&mut self, statement: Statement) -> impl Future<Output = Result<u64, Fault>> + Send {
        ready(self.run_now(&statement))
    }

    fn rows(
        &mut self,
        statement: Statement,
        columns: Columns<'_>,
    ) -> impl Future<Output = Result<Vec<Row>, Fault>> + Send {
        ready(self.rows_now(&statement, columns))
    }

    /// The version was compared before any write of the request: nothing can change it in between.
    fn write(
        &mut self,
        collection: &Collection,
        write: RecordWrite<'_>,
        entry: Entry,
        _checked_by: Version,
    ) -> impl Future<Output = Result<Option<Seq>, Fault>> + Send {
        ready(self.write_now(collection, write, entry))
    }

    fn append(&mut self, entry: Entry) -> impl Future<Output = Result<Seq, Fault>> + Send {
        ready(self.append_now(entry))
    }

    fn guard(&mut self) -> impl Future<Output = Result<(), Fault>> + Send {
        ready(self.guard_now())
    }
}
