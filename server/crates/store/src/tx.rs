//! A transaction, as the verbs that run in one see it.
//!
//! The verbs are written once, over this trait, with two implementations. SQLite's never waits: its futures are ready
//! when they are made, so its thread drives a verb by polling it once ([`now`]).

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use plinth_model::schema::catalog::Version;
use plinth_model::sql::select::ColumnKind;
use plinth_model::sql::write::{self, Entry, RecordWrite};
use plinth_model::{Collection, Dialect, Seq, Statement};

use crate::error::Error;
use crate::system::Row;

/// An open transaction.
pub(crate) trait Tx {
    /// What it speaks.
    fn dialect(&self) -> Dialect;

    /// Runs a statement; answers how many rows it changed.
    fn run(&mut self, statement: Statement) -> impl Future<Output = Result<u64, Fault>> + Send;

    /// Runs a statement; answers its rows.
    fn rows(
        &mut self,
        statement: Statement,
        columns: Columns<'_>,
    ) -> impl Future<Output = Result<Vec<Row>, Fault>> + Send;

    /// Writes a record and its change; none if the record was not there at the expected revision, or the definitions
    /// are at another version than the one it was checked by. [`missed`] tells which.
    fn write(
        &mut self,
        collection: &Collection,
        write: RecordWrite<'_>,
        entry: Entry,
        checked_by: Version,
    ) -> impl Future<Output = Result<Option<Seq>, Fault>> + Send;

    /// Writes a row of the change log.
    fn append(&mut self, entry: Entry) -> impl Future<Output = Result<Seq, Fault>> + Send;

    /// Says, before the first write, that the verb may fail after it has written.
    fn guard(&mut self) -> impl Future<Output = Result<(), Fault>> + Send;
}

/// How a result's columns are read.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Columns<'a> {
    /// As text, integers, floats or null, whichever they are.
    Plain,
    /// As these kinds.
    Kinds(&'a [ColumnKind]),
}

/// Why a statement failed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Fault {
    /// A unique index refused a row.
    Unique(UniqueFault),
    /// A foreign key points at nothing, or something points here.
    ForeignKey(String),
    /// The transaction met another one; from the start again, it may go through.
    Again(Error),
    /// Anything else.
    Error(Error),
}

/// What is known about a violated unique index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UniqueFault {
    /// The table.
    pub(crate) table: String,
    /// The index, where the database names it (Postgres).
    pub(crate) index: Option<String>,
    /// Its columns, where the database names those (SQLite).
    pub(crate) columns: Vec<String>,
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

/// Why a write found nothing to write.
pub(crate) async fn missed<T: Tx>(tx: &mut T, checked_by: Version) -> Fault {
    match tx.rows(write::in_force(tx.dialect(), checked_by), Columns::Plain).await {
        Ok(rows) if rows.is_empty() => outdated().into(),
        Ok(_) => Fault::Again(Error::Fault("a record changed while it was written".to_owned())),
        Err(fault) => fault,
    }
}

/// The error of what was checked by definitions that are no longer in force.
pub(crate) fn outdated() -> Error {
    Error::SchemaChanged("other definitions are in force than it was checked by".to_owned())
}

/// The result of a verb on a transaction that never waits.
pub(crate) fn now<T>(verb: impl Future<Output = T>) -> Result<T, Error> {
    match pin!(verb).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => Ok(result),
        Poll::Pending => Err(Error::Fault("a verb waited inside a SQLite transaction".to_owned())),
    }
}
