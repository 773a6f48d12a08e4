//! Connections: how each kind is set up.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use plinth_model::filter::Pattern;
use rusqlite::config::DbConfig;
use rusqlite::functions::FunctionFlags;
use rusqlite::{Connection, OpenFlags, ffi};

/// How long a connection waits for another process, such as a backup, before it answers that the database is locked.
const BUSY: Duration = Duration::from_secs(5);

/// KiB of pages that a connection keeps in memory.
const CACHE_KIB: i64 = 16 * 1024;

/// Bytes of the file that a reading connection maps into memory: a page that the system has cached is read where it
/// stands, instead of being copied into every connection's cache, which a count of 1,000 rows spends half its time on.
const MAPPED: i64 = 1024 * 1024 * 1024;

/// Bytes to which the write-ahead log's file is cut when it starts anew.
const LOG_LIMIT: i64 = 64 * 1024 * 1024;

/// The connection that writes; makes the file if it is missing.
///
/// `synchronous = full` is what makes an answered write survive a power cut: with `normal`, a trial of simulated power
/// cuts lost 1,640 of 205,671. Checkpoints are another thread's, so that no commit waits for one.
pub(super) fn writer(path: &Path, statements: usize) -> rusqlite::Result<Connection> {
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE, statements)?;
    if connection.is_readonly("main")? {
        // SQLite falls back to reading where it may not write; the server would find out at its first write.
        let denied = ffi::Error::new(ffi::SQLITE_READONLY);
        return Err(rusqlite::Error::SqliteFailure(denied, Some("the file is read-only".to_owned())));
    }
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    connection.pragma_update(None, "journal_size_limit", LOG_LIMIT)?;
    Ok(connection)
}

/// A connection that reads only.
pub(super) fn reader(path: &Path, statements: usize) -> rusqlite::Result<Connection> {
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE, statements)?;
    connection.pragma_update(None, "query_only", true)?;
    connection.pragma_update(None, "mmap_size", MAPPED)?;
    Ok(connection)
}

/// A connection that only moves pages from the write-ahead log into the database.
pub(super) fn checkpointer(path: &Path) -> rusqlite::Result<Connection> {
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE, 4)?;
    connection.pragma_update(None, "synchronous", "full")?;
    Ok(connection)
}

fn open(path: &Path, flags: OpenFlags, statements: usize) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    connection.pragma_update(None, "temp_store", "memory")?;
    connection.pragma_update(None, "trusted_schema", false)?;
    // Else a quoted name that is no column is taken for text, and a write by an old schema goes through.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DDL, false)?;
    // Else every statement is prepared again for each new set of values: a sixth of a list of 20.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(statements);
    matches(&connection)?;
    Ok(connection)
}

/// `plinth_matches(text, pattern)`: what `matches` of an expression is here. The pattern is compiled once a statement.
fn matches(connection: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_INNOCUOUS;
    connection.create_scalar_function("plinth_matches", 2, flags, |call| {
        let pattern: Arc<Pattern> =
            call.get_or_create_aux(1, |pattern| Pattern::new(pattern.as_str()?).map_err(Failed::from))?;
        Ok(call.get::<Option<String>>(0)?.map(|text| pattern.is_match(&text)))
    })
}

/// Why the function could not run; a pattern is checked before it gets here.
type Failed = Box<dyn std::error::Error + Send + Sync>;
