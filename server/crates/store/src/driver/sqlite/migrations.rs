//! The system tables of SQLite.

use plinth_model::schema::catalog::Version;
use rusqlite::Connection;

use super::fault;
use crate::error::{Error, OpenError};
use crate::migrations;

/// What the file's header says of a database of Plinth: `PLIN`.
const APPLICATION: i64 = 0x504c_494e;

/// Makes the system tables, or brings them up to date; refuses what is not Plinth's. `place` names the file.
pub(super) fn run(connection: &Connection, place: &str) -> Result<(), OpenError> {
    let failed = |error: rusqlite::Error| fault::error(&error).at(place);
    connection.execute_batch("begin immediate").map_err(failed)?;
    let done = check_and_run(connection, place);
    match done {
        Ok(()) => connection.execute_batch("commit").map_err(failed),
        Err(error) => {
            connection.execute_batch("rollback").map_err(failed)?;
            Err(error)
        }
    }
}

fn check_and_run(connection: &Connection, place: &str) -> Result<(), OpenError> {
    let failed = |error: rusqlite::Error| fault::error(&error).at(place);
    if number(connection, "pragma application_id").map_err(failed)? != APPLICATION {
        let tables = number(connection, "select count(*) from sqlite_schema").map_err(failed)?;
        if tables > 0 {
            return Err(OpenError::Foreign(place.to_owned()));
        }
        connection.execute_batch(&format!("pragma application_id = {APPLICATION}")).map_err(failed)?;
        connection.execute_batch(migrations::TABLE_SQLITE).map_err(failed)?;
    }
    let found = number(connection, "select coalesce(max(version), 0) from _migrations").map_err(failed)?;
    for migration in migrations::pending(place, found)? {
        connection.execute_batch(migration.sqlite).map_err(failed)?;
        let recorded = "insert into _migrations (version, name) values (?1, ?2)";
        connection.execute(recorded, (migration.version, migration.name)).map_err(failed)?;
    }
    Ok(())
}

/// The newest place in the log.
pub(super) fn head(connection: &Connection) -> Result<i64, Error> {
    number(connection, "select coalesce(max(seq), 0) from _changes").map_err(|error| fault::error(&error))
}

/// The version of the definitions.
pub(super) fn definitions(connection: &Connection) -> Result<Version, Error> {
    let sql = "select cast(value as integer) from _meta where key = 'definitions'";
    number(connection, sql).map(Version).map_err(|error| fault::error(&error))
}

fn number(connection: &Connection, sql: &str) -> rusqlite::Result<i64> {
    connection.query_row(sql, [], |row| row.get(0))
}
