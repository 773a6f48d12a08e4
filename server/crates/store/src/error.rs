//! What can go wrong between the server and its database, by what to do about it.

use std::path::PathBuf;

use plinth_model::schema::migrate::Failures;

/// Why a read or a write did not happen. A write that failed left nothing behind.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// Too much waits already; try again soon.
    #[error("the database has too much to do: {0} requests wait already")]
    Overloaded(usize),
    /// The database can't do this now; nothing is wrong with the request.
    #[error("the database is unavailable: {text}")]
    Unavailable {
        /// The kind of obstacle.
        why: Unavailable,
        /// What the database said.
        text: String,
    },
    /// The statement ran longer than [`crate::Options::statement_timeout`].
    #[error("the database took too long for this request")]
    TimedOut,
    /// A unique index of a system table refused a row; for records see [`crate::Cause::Conflict`].
    #[error("another row of {table} has the same {}", fields.join(", "))]
    Conflict {
        /// The table.
        table: String,
        /// The columns of the index.
        fields: Vec<String>,
    },
    /// A [`crate::Step`] did not change the number of rows it was expected to; all steps were undone.
    #[error("step {step} did not find what it expected")]
    Expectation {
        /// Its place among the steps.
        step: usize,
    },
    /// A table or column is not as the statement takes it to be: the collection was changed meanwhile, perhaps by
    /// another node. Load the collections again and repeat the request.
    #[error("the collection was changed meanwhile: {0}")]
    SchemaChanged(String),
    /// Stored records stand against the new schema; the schema change was undone.
    #[error("{} stand against the new schema", describe_rows(.0))]
    Blocked(Vec<Failures>),
    /// The database's files are damaged.
    #[error("the database is damaged: {0}; restore a backup")]
    Corrupt(String),
    /// The store was closed.
    #[error("the database was closed: the server is stopping")]
    Closed,
    /// A fault of ours, such as a statement that the database does not understand.
    #[error("the database refused a statement: {0}")]
    Fault(String),
}

/// Why the database can't do something now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unavailable {
    /// It does not answer, or went away.
    Gone,
    /// Another process or transaction holds what is needed.
    Locked,
    /// Its disk is full. Reads go on, and writes as soon as there is room.
    Full,
    /// It can be read only.
    ReadOnly,
    /// Its disk failed.
    Io,
}

/// Why a database was not opened: what, where, and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another server has it open.
    #[error("{} is in use by another server{}: stop that one first, or use another directory", path.display(), describe_pid(*pid))]
    InUse {
        /// The lock file.
        path: PathBuf,
        /// The other server's process, if the lock file names it.
        pid: Option<u32>,
    },
    /// A newer Plinth wrote it.
    #[error(
        "{place} was written by a newer Plinth (version {found} of its tables, this one knows {known}): use that one, or restore a backup"
    )]
    Newer {
        /// The database.
        place: String,
        /// The version found.
        found: i64,
        /// The newest version that this build knows.
        known: i64,
    },
    /// It holds something, and that is not Plinth's.
    #[error("{0} is not a database of Plinth: choose another place")]
    Foreign(String),
    /// It can't be written.
    #[error(
        "{} can't be written: {text}; let the user that Plinth runs as write there, or choose another directory",
        path.display()
    )]
    ReadOnly {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        text: String,
    },
    /// The file system refused something.
    #[error("{}: {source}; choose another directory, or mend this one", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The database does not have what Plinth needs.
    #[error("{0}")]
    Unsuitable(String),
    /// The database failed.
    #[error("{place}: {error}{}", remedy(error))]
    Failed {
        /// The database.
        place: String,
        /// What it said.
        error: Error,
    },
}

impl Error {
    /// The same as the reason why this database was not opened.
    pub(crate) fn at(self, place: &str) -> OpenError {
        OpenError::Failed { place: place.to_owned(), error: self }
    }
}

/// What an operator can do about an error on opening.
fn remedy(error: &Error) -> &'static str {
    let Error::Unavailable { why, .. } = error else { return "" };
    match why {
        Unavailable::Gone => "; is it running, and is this its address?",
        Unavailable::Locked => "; end the other process that uses it, such as a backup or a shell, and start again",
        Unavailable::Full => "; make room on its disk and start again",
        Unavailable::ReadOnly => "; make it writable for the user that Plinth runs as",
        Unavailable::Io => "; look at its disk and at the permissions of its files",
    }
}

fn describe_pid(pid: Option<u32>) -> String {
    pid.map_or_else(String::new, |pid| format!(" (process {pid})"))
}

fn describe_rows(failures: &[Failures]) -> String {
    match failures.iter().map(|failure| failure.rows).sum::<u64>() {
        1 => "1 row".to_owned(),
        rows => format!("{rows} rows"),
    }
}
