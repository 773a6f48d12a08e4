//! SQLite, over its own threads: one that writes, some that read, one that checkpoints.

mod checkpoint;
mod connect;
pub(crate) mod directory;
mod epochs;
mod fair_queue;
mod fault;
mod migrate;
mod migrations;
mod queue;
mod readers;
mod tx;
mod value;
mod watchdog;
mod writer;

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread::JoinHandle;

use plinth_model::schema::Migration;
use plinth_model::schema::catalog::Version;
use plinth_model::schema::migrate::Failures;
use plinth_model::sql::select::{ColumnKind, RecordSelect};
use plinth_model::{Seq, Statement};
use tokio::sync::watch;

use self::checkpoint::Checkpoints;
use self::directory::Directory;
use self::epochs::Epochs;
use self::readers::Readers;
use self::tx::SqliteTx;
use self::value::ReadError;
use self::watchdog::Watchdog;
use self::writer::{Desk, Head, Writer};
use crate::epoch::Epoch;
use crate::error::{Error, OpenError, Unavailable};
use crate::explain::plain;
use crate::location::Options;
use crate::mutation::{Failure, Outcome};
use crate::page::{Page, Snapshot};
use crate::schema::SchemaStep;
use crate::system::{Applied, Row, Step};
use crate::transact::Work;
use crate::tx::{Columns, Fault, now};
use crate::{apply, carry, explain, transact};

/// An open database.
pub(crate) struct Sqlite {
    /// The threads hold it, so that it is let go of when they have ended.
    directory: Weak<Directory>,
    readers: Readers,
    writer: Writer,
    head: Head,
    epochs: Epochs,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Sqlite {
    /// Opens the database in a directory.
    pub(crate) async fn open(path: &Path, options: &Options) -> Result<Self, OpenError> {
        let (path, options) = (path.to_owned(), options.clone());
        let opened = tokio::task::spawn_blocking(move || Self::open_now(&path, &options)).await;
        opened.map_err(|error| OpenError::Unsuitable(format!("opening the database failed: {error}")))?
    }

    fn open_now(path: &Path, options: &Options) -> Result<Self, OpenError> {
        // Every thread holds it, so that it is let go of when the last one has closed its connection.
        let directory = Arc::new(Directory::claim(path)?);
        let file = directory.database();
        let place = file.display().to_string();
        let failed = |error: Error| error.at(&place);
        let connection = connect::writer(&file, options.statements).map_err(|error| refusal(&file, &error))?;
        migrations::run(&connection, &place)?;
        directory.sync()?;
        directory.check_place().map_err(failed)?;
        let epochs = Epochs::begin(&connection).map_err(failed)?;
        let head = Head::at(Seq(migrations::head(&connection).map_err(failed)?));
        let watchdog = Watchdog::set_on(&connection, options.statement_timeout);
        let watchdog = watchdog.map_err(|error| failed(fault::error(&error)))?;
        let (checkpoints, checkpointing) = Checkpoints::start(&directory)?;
        let definitions = migrations::definitions(&connection).map_err(failed)?;
        let desk = Desk::new(connection, watchdog, head.clone(), checkpoints, directory.clone(), definitions);
        let (writer, writing) = Writer::start(desk, options.queue)?;
        let (readers, mut threads) = Readers::start(&directory, options)?;
        threads.extend([checkpointing, writing]);
        Ok(Self { directory: Arc::downgrade(&directory), readers, writer, head, epochs, threads: Mutex::new(threads) })
    }

    /// Whether the file is in its place.
    pub(crate) fn check_place(&self) -> Result<(), Error> {
        self.directory.upgrade().ok_or(Error::Closed)?.check_place()
    }

    /// Ends the threads, once what waits is done.
    pub(crate) async fn close(&self) {
        self.readers.close();
        self.writer.close();
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        let join = move || threads.into_iter().map(JoinHandle::join).filter(Result::is_err).count();
        let joined = tokio::task::spawn_blocking(join);
        match joined.await {
            Ok(0) => {}
            Ok(panicked) => tracing::error!(panicked, "threads of the database ended in a panic"),
            Err(error) => tracing::error!(%error, "the threads of the database were not waited for"),
        }
    }

    pub(crate) async fn rows(&self, statement: Statement, kinds: Option<Vec<ColumnKind>>) -> Result<Vec<Row>, Error> {
        self.readers
            .read(move |connection| {
                let columns = kinds.as_deref().map_or(Columns::Plain, Columns::Kinds);
                value::rows(connection, &statement, columns).map_err(read_error)
            })
            .await
    }

    pub(crate) async fn page(&self, select: RecordSelect, most: usize) -> Result<Page, Error> {
        self.readers.read(move |connection| value::page(connection, &select, most).map_err(read_error)).await
    }

    /// One read transaction sees the log and the records at one moment.
    pub(crate) async fn snapshot(&self, select: RecordSelect, most: usize) -> Result<Snapshot, Error> {
        self.readers
            .read(move |connection| {
                let transaction = connection.unchecked_transaction().map_err(|error| fault::error(&error))?;
                let head = Seq(migrations::head(&transaction)?);
                let page = value::page(&transaction, &select, most).map_err(read_error)?;
                Ok(Snapshot { page, head, seen: Vec::new() })
            })
            .await
    }

    pub(crate) async fn apply(&self, steps: Vec<Step>) -> Result<Applied, Error> {
        let run = move |tx: &mut SqliteTx<'_>| {
            let done = now(apply::run(tx, &steps))?;
            settle(tx, done)
        };
        self.writer.together(None, run).await
    }

    pub(crate) async fn transact<R: Send + 'static>(&self, mut work: Work<R>) -> Result<Vec<Outcome>, Failure<R>> {
        let checked_by = work.author.checked_by;
        let run = move |tx: &mut SqliteTx<'_>| match now(transact::run(tx, &mut work))? {
            Ok(outcomes) => {
                tx.keep().map_err(plain)?;
                Ok(outcomes)
            }
            Err(stop) => {
                tx.undo().map_err(plain)?;
                Err(now(explain::failure(tx, &work, stop))?)
            }
        };
        self.writer.together(Some(checked_by), run).await
    }

    pub(crate) async fn migrate(&self, steps: Vec<SchemaStep>, base: Version) -> Result<Applied, Error> {
        self.writer.alone(move |desk| desk.migrate(&steps, base)).await
    }

    pub(crate) async fn trial(&self, migration: Arc<Migration>) -> Result<Vec<Failures>, Error> {
        self.readers.scan(move |mut tx| now(carry::trial(&mut tx, &migration))?.map_err(plain)).await
    }

    pub(crate) fn head(&self) -> Seq {
        self.head.seq()
    }

    pub(crate) fn wake(&self) -> watch::Receiver<u64> {
        self.head.subscribe()
    }

    pub(crate) fn epoch(&self) -> Epoch {
        self.epochs.current()
    }

    pub(crate) fn holds(&self, epoch: Epoch, place: Seq) -> bool {
        self.epochs.hold(epoch, place)
    }
}

impl Drop for Sqlite {
    /// Lets the threads end. They finish what waits first; nobody waits for them here.
    fn drop(&mut self) {
        self.readers.close();
        self.writer.close();
    }
}

/// Keeps what a request did, or undoes it and names the fault.
fn settle<T>(tx: &mut SqliteTx<'_>, done: Result<T, Fault>) -> Result<T, Error> {
    match done {
        Ok(done) => {
            tx.keep().map_err(plain)?;
            Ok(done)
        }
        Err(fault) => {
            tx.undo().map_err(plain)?;
            Err(now(explain::error(tx, fault))?)
        }
    }
}

fn read_error(error: ReadError) -> Error {
    match error {
        ReadError::Sqlite(error) => fault::error(&error),
        ReadError::Column(error) => error,
    }
}

/// Why the file was not opened, when SQLite says so.
fn refusal(file: &Path, error: &rusqlite::Error) -> OpenError {
    if error.sqlite_error_code() == Some(rusqlite::ErrorCode::NotADatabase) {
        return OpenError::Foreign(file.display().to_string());
    }
    match fault::error(error) {
        Error::Unavailable { why: Unavailable::ReadOnly, text } => OpenError::ReadOnly { path: file.to_owned(), text },
        other => other.at(&file.display().to_string()),
    }
}
