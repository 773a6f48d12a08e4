//! The threads that read.
//!
//! Own threads, since the hop over a pool's worker is most of a read: get by id over HTTP took 57 µs of CPU through
//! sqlx and 15 µs this way, of which 9.6 are the HTTP server's.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::directory::Directory;
use super::fair_queue::FairQueue;
use super::tx::SqliteTx;
use super::watchdog::Watchdog;
use super::{connect, fault};
use crate::asker;
use crate::error::{Error, OpenError};
use crate::location::Options;

/// Something to read. It answers by itself.
type Job = Box<dyn FnOnce(&Reader) + Send>;

/// One reading thread's means.
pub(super) struct Reader {
    connection: Connection,
    watchdog: Watchdog,
    directory: Arc<Directory>,
}

/// All reading threads.
pub(super) struct Readers {
    queue: Arc<FairQueue<Job>>,
}

impl Readers {
    /// Starts the threads.
    pub(super) fn start(
        directory: &Arc<Directory>,
        options: &Options,
    ) -> Result<(Self, Vec<JoinHandle<()>>), OpenError> {
        let count = options.readers.max(1);
        let queue = Arc::new(FairQueue::<Job>::new(count, options.queue));
        let mut threads = Vec::new();
        for n in 0..count {
            let reader = Reader::open(directory, options);
            let reader =
                reader.map_err(|error| fault::error(&error).at(&directory.database().display().to_string()))?;
            let queue = Arc::clone(&queue);
            let run = move || {
                let mut done = None;
                while let Some((asker, job)) = queue.take(n, done) {
                    done = Some(asker);
                    // A fault in one read is that read's: its reply is dropped, and the thread goes on.
                    if catch_unwind(AssertUnwindSafe(|| job(&reader))).is_err() {
                        tracing::error!("a read panicked");
                    }
                }
                reader.close();
            };
            threads.push(spawn(&format!("read-{n}"), run)?);
        }
        Ok((Self { queue }, threads))
    }

    /// Reads, within the time limit of a statement; a dropped future ends it.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.submit(move |reader, abandoned| reader.watchdog.watch(Some(abandoned), || work(&reader.connection))).await
    }

    /// Reads with many statements, each within the time limit; a dropped future ends it.
    pub(super) async fn scan<T: Send + 'static>(
        &self,
        work: impl FnOnce(SqliteTx<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let run = |reader: &Reader, abandoned: &Arc<AtomicBool>| {
            work(SqliteTx::new(&reader.connection, &reader.watchdog, Some(abandoned)))
        };
        self.submit(run).await
    }

    async fn submit<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Reader, &Arc<AtomicBool>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (reply, answer) = oneshot::channel();
        let waiting = Waiting(Arc::default());
        let abandoned = Arc::clone(&waiting.0);
        let job: Job = Box::new(move |reader| {
            if !abandoned.load(Ordering::Relaxed) {
                // Nobody may be left to take the answer.
                let _ = reply.send(work(reader, &abandoned));
            }
        });
        self.queue.push(asker::current(), job)?;
        answer.await.map_err(|_| Error::Closed)?
    }

    /// Ends the threads, once what waits is done.
    pub(super) fn close(&self) {
        self.queue.close();
    }
}

impl Reader {
    fn open(directory: &Arc<Directory>, options: &Options) -> rusqlite::Result<Self> {
        let connection = connect::reader(&directory.database(), options.statements)?;
        let watchdog = Watchdog::set_on(&connection, options.statement_timeout)?;
        Ok(Self { connection, watchdog, directory: Arc::clone(directory) })
    }

    fn close(self) {
        self.directory.close(self.connection);
    }
}

/// Says, when it is dropped, that nobody waits.
struct Waiting(Arc<AtomicBool>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Starts a named thread.
pub(super) fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, OpenError> {
    let spawned = thread::Builder::new().name(name.to_owned()).spawn(run);
    spawned.map_err(|error| OpenError::Unsuitable(format!("no thread could be started: {error}")))
}
