//! The data directory: made, checked, and held by one server at a time.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use rusqlite::Connection;

use crate::error::{Error, OpenError, Unavailable};

/// The database's file in the directory.
pub(crate) const DATABASE: &str = "plinth.db";

/// The file whose lock says that a server runs, and which names its process.
const LOCK: &str = "plinth.lock";

/// A data directory that no other server uses while this lives.
#[derive(Debug)]
pub(super) struct Directory {
    path: PathBuf,
    /// The device and the number of the database's file, from when it was first looked at.
    file: OnceLock<Option<(u64, u64)>>,
    closing: Mutex<()>,
    /// The system lets go of the lock when the process ends, however it ends.
    _lock: File,
}

impl Directory {
    /// Makes the directory if it is missing, and takes its lock.
    pub(super) fn claim(path: &Path) -> Result<Self, OpenError> {
        make(path)?;
        let lock = lock(&path.join(LOCK))?;
        make_private(&path.join(DATABASE))?;
        Ok(Self { path: path.to_owned(), file: OnceLock::new(), closing: Mutex::default(), _lock: lock })
    }

    /// The database's file.
    pub(super) fn database(&self) -> PathBuf {
        self.path.join(DATABASE)
    }

    /// Whether the database's file is still where it was: a file that was deleted or replaced takes writes that
    /// nobody would find after a restart.
    pub(super) fn check_place(&self) -> Result<(), Error> {
        let file = self.database();
        let now = identity(&file).ok();
        if now.is_some() && now == *self.file.get_or_init(|| now) {
            return Ok(());
        }
        let text = format!("{} was moved, deleted or replaced while the server ran", file.display());
        Err(Error::Unavailable { why: Unavailable::Gone, text })
    }

    /// Closes a connection, one at a time. The last one moves the write-ahead log into the database's file and removes
    /// it; of two that close at once each takes the other for a reader that stays, and neither does.
    pub(super) fn close(&self, connection: Connection) {
        let _turn = self.closing.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err((_, error)) = connection.close() {
            tracing::warn!(%error, "a connection to the database was not closed");
        }
    }

    /// Makes the names of new files in the directory survive a power cut.
    pub(super) fn sync(&self) -> Result<(), OpenError> {
        sync(&self.path)
    }
}

fn identity(path: &Path) -> std::io::Result<(u64, u64)> {
    let metadata = std::fs::metadata(path)?;
    Ok((metadata.dev(), metadata.ino()))
}

fn make(path: &Path) -> Result<(), OpenError> {
    if path.is_dir() {
        return Ok(());
    }
    let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|source| refused(path, source))?;
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    sync(parent.unwrap_or(Path::new(".")))
}

/// Makes the database's file for its owner alone, as SQLite then makes the files beside it; it holds what accounts sign in
/// with. One that is there is left as it is.
fn make_private(path: &Path) -> Result<(), OpenError> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let is_open = |path: &Path| std::fs::metadata(path).is_ok_and(|metadata| metadata.mode() & 0o077 != 0);
            if is_open(path) && path.parent().is_some_and(is_open) {
                tracing::warn!("{0} may be open to others on this machine: chmod 600 {0}*", path.display());
            }
            Ok(())
        }
        Err(source) => Err(refused(path, source)),
    }
}

fn sync(path: &Path) -> Result<(), OpenError> {
    let synced = File::open(path).and_then(|directory| directory.sync_all());
    synced.map_err(|source| OpenError::Io { path: path.to_owned(), source })
}

fn lock(path: &Path) -> Result<File, OpenError> {
    let opened = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path);
    let mut file = opened.map_err(|source| refused(path, source))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            return Err(OpenError::InUse { path: path.to_owned(), pid: holder(&mut file) });
        }
        Err(TryLockError::Error(source)) => return Err(OpenError::Io { path: path.to_owned(), source }),
    }
    if let Err(error) = name_holder(&mut file) {
        // The lock holds without it, and a full disk should not keep a server from reading.
        tracing::warn!(%error, path = %path.display(), "the lock file does not name this process");
    }
    Ok(file)
}

fn name_holder(file: &mut File) -> std::io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())
}

fn holder(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

fn refused(path: &Path, source: std::io::Error) -> OpenError {
    let path = path.to_owned();
    match source.kind() {
        ErrorKind::AlreadyExists | ErrorKind::NotADirectory => {
            let path = path.display();
            OpenError::Unsuitable(format!("{path} is no directory, and none can be made there: choose another one"))
        }
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            OpenError::ReadOnly { path, text: source.to_string() }
        }
        _ => OpenError::Io { path, source },
    }
}
