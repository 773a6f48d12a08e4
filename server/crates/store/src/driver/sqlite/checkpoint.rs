//! Moves pages from the write-ahead log into the database, from a thread of its own and when nobody writes, since a
//! checkpoint on the writing thread shows as a pause of 17 to 33 ms.
//!
//! A log that is written without a break never gets empty that way; when it grows too long, the writing thread does
//! the last bit itself, and the log starts anew.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::directory::Directory;
use super::readers::spawn;
use super::{connect, fault};
use crate::error::OpenError;

/// Without a commit for this long, nobody writes.
const QUIET: Duration = Duration::from_millis(100);

/// The longest that a checkpoint waits for quiet.
const PATIENCE: Duration = Duration::from_secs(2);

/// Pages in the log (32 MiB) from which on the writing thread helps.
const LONG: i64 = 8192;

/// What the writing thread and the idle one tell each other.
#[derive(Clone)]
pub(super) struct Checkpoints {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// Commits since the last checkpoint began.
    commits: u64,
    /// Whether the log has grown too long.
    long: bool,
    closed: bool,
}

impl Checkpoints {
    /// Starts the thread.
    pub(super) fn start(directory: &Arc<Directory>) -> Result<(Self, JoinHandle<()>), OpenError> {
        let file = directory.database();
        let connection = connect::checkpointer(&file);
        let connection = connection.map_err(|error| fault::error(&error).at(&file.display().to_string()))?;
        let shared = Arc::new(Shared::default());
        let thread = spawn("checkpoint", {
            let (shared, directory) = (Arc::clone(&shared), Arc::clone(directory));
            move || {
                shared.run(&connection);
                directory.close(connection);
            }
        })?;
        Ok((Self { shared }, thread))
    }

    /// Tells of a commit; helps if the log is long.
    pub(super) fn after_commit(&self, connection: &Connection) {
        let mut state = self.shared.lock();
        state.commits += 1;
        let first = state.commits == 1;
        let long = std::mem::take(&mut state.long);
        drop(state);
        if first {
            self.shared.changed.notify_one();
        }
        if long {
            checkpoint(connection);
        }
    }

    /// Ends the thread.
    pub(super) fn close(&self) {
        self.shared.lock().closed = true;
        self.shared.changed.notify_one();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self, connection: &Connection) {
        while self.wait_for_quiet() {
            let pages = checkpoint(connection);
            self.lock().long = pages > LONG;
        }
    }

    /// Waits until something was written and nobody writes any more; `false` when it is time to end.
    fn wait_for_quiet(&self) -> bool {
        let mut state = self.lock();
        while state.commits == 0 && !state.closed {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let started = Instant::now();
        let mut seen = 0;
        while !state.closed && state.commits != seen && started.elapsed() < PATIENCE {
            seen = state.commits;
            state = self.changed.wait_timeout(state, QUIET).unwrap_or_else(PoisonError::into_inner).0;
        }
        state.commits = 0;
        !state.closed
    }
}

/// Moves what can be moved without waiting for anybody; answers how many pages the log has.
fn checkpoint(connection: &Connection) -> i64 {
    let pages = connection.query_row("pragma wal_checkpoint(passive)", [], |row| row.get::<_, i64>(1));
    pages.unwrap_or_else(|error| {
        // On a full disk, say: the log keeps everything, and the next one tries again.
        tracing::warn!(%error, "a checkpoint failed");
        0
    })
}
