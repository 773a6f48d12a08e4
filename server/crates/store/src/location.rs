//! Where the data is, and how much the store may use.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::driver::sqlite::directory::DATABASE;

/// The database to open.
#[derive(Clone, PartialEq, Eq)]
pub enum Location {
    /// A directory with a SQLite database; made if it is missing.
    Sqlite(PathBuf),
    /// A Postgres database, as `postgres://user:password@host/name`.
    Postgres(String),
}

impl Location {
    /// The directory in which opening would make a new SQLite database, as none is there. Postgres is only looked into by
    /// opening it.
    pub fn without_database(&self) -> Option<&Path> {
        match self {
            Self::Sqlite(directory) if matches!(directory.join(DATABASE).try_exists(), Ok(false)) => Some(directory),
            Self::Sqlite(_) | Self::Postgres(_) => None,
        }
    }
}

impl std::fmt::Debug for Location {
    /// Without the URL of Postgres, which holds a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sqlite(directory) => f.debug_tuple("Sqlite").field(directory).finish(),
            Self::Postgres(_) => f.write_str("Postgres"),
        }
    }
}

/// Limits and sizes; the defaults fit a small machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Threads that read SQLite: one of them is for the server's own requests, and another for anybody but the caller
    /// that asks for most.
    pub readers: usize,
    /// Connections to Postgres, beyond the two that follow the change log; shared out as the threads are.
    pub connections: u32,
    /// Statements kept prepared, a connection.
    pub statements: usize,
    /// Reads and writes that may wait, each; more are refused with [`crate::Error::Overloaded`].
    pub queue: usize,
    /// The longest that one statement may run.
    pub statement_timeout: Duration,
    /// The longest wait for a free connection to Postgres, and for one to be made.
    pub connect_timeout: Duration,
    /// The longest between two looks at the change log of Postgres when no notification comes.
    pub poll: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            readers: std::thread::available_parallelism().map_or(2, |cores| cores.get().clamp(2, 8)) + 2,
            connections: 20,
            statements: 512,
            queue: 4096,
            statement_timeout: Duration::from_secs(5),
            connect_timeout: Duration::from_secs(5),
            poll: Duration::from_secs(1),
        }
    }
}
