//! The system tables of Postgres. Several nodes may start at once: an advisory lock lets one of them do it.

use plinth_model::{Statement, Value};
use sqlx::postgres::PgConnection;

use super::tx::PgTx;
use super::{fault, sql};
use crate::epoch::Epoch;
use crate::error::{Error, OpenError};
use crate::migrations::{TABLE_POSTGRES, pending};
use crate::system::Row;
use crate::tx::{Columns, Tx};

/// The oldest Postgres that is supported.
const OLDEST: i64 = 150_000;

/// The advisory lock of whoever changes tables: `plinth` in ASCII.
pub(super) const LOCK: &str = "select pg_advisory_xact_lock(123610927625320)";

/// Makes the system tables, or brings them up to date; refuses what is not Plinth's. `place` names the database.
pub(super) async fn run(connection: &mut PgConnection, place: &str) -> Result<(), OpenError> {
    let failed = |error: Error| error.at(place);
    match unfit(connection).await.map_err(failed)? {
        Some(reason) => return Err(OpenError::Unsuitable(format!("{place}: {reason}"))),
        None => batch(connection, "begin; set local statement_timeout = 0").await.map_err(failed)?,
    }
    batch(connection, LOCK).await.map_err(failed)?;
    let done = check_and_run(connection, place).await;
    batch(connection, if done.is_ok() { "commit" } else { "rollback" }).await.map_err(failed)?;
    done
}

/// Why this server or database can't be used, if it can't.
async fn unfit(connection: &mut PgConnection) -> Result<Option<String>, Error> {
    let sql = "select current_setting('server_version_num')::bigint, current_setting('server_encoding'),
        current_schema()::text, pg_is_in_recovery()::int, current_setting('fsync'), current_setting('synchronous_commit'),
        current_setting('transaction_read_only')";
    let row = one(connection, sql).await?;
    let unsuitable = |text: String| Ok(Some(text));
    let version = row.int(0)?;
    if version < OLDEST {
        return unsuitable(format!("Postgres {} is too old: 15 is the oldest that works", version / 10_000));
    }
    if row.text(1)? != "UTF8" {
        return unsuitable(format!("the database is encoded in {}: make one in UTF8", row.text(1)?));
    }
    if row.optional_text(2)?.is_none() {
        return unsuitable("no schema of the search path exists there, or none that this user may use".to_owned());
    }
    if row.flag(3)? {
        return unsuitable(
            "this Postgres is a standby, which can only be read: give the address of the primary".to_owned(),
        );
    }
    if row.text(6)? == "on" {
        return unsuitable(
            "transactions are read-only there: set default_transaction_read_only to off for this database and user"
                .to_owned(),
        );
    }
    if row.text(4)? == "off" || row.text(5)? == "off" {
        tracing::warn!(
            "Postgres runs with fsync or synchronous_commit off: a power cut may lose writes that were answered"
        );
    }
    Ok(None)
}

async fn check_and_run(connection: &mut PgConnection, place: &str) -> Result<(), OpenError> {
    let failed = |error: Error| error.at(place);
    let sql = "select count(*), count(*) filter (where relname = '_migrations')
        from pg_class
        where relnamespace = current_schema()::regnamespace and relkind in ('r', 'p', 'v', 'm', 'f')";
    let row = one(connection, sql).await.map_err(failed)?;
    let count = |column| row.int(column).map_err(failed);
    let (tables, ours) = (count(0)?, count(1)?);
    if ours == 0 {
        if tables > 0 {
            return Err(OpenError::Foreign(format!(
                "{place}, with tables of something else in its schema ({tables}),"
            )));
        }
        batch(connection, TABLE_POSTGRES).await.map_err(failed)?;
    }
    let found = one(connection, "select coalesce(max(version), 0) from _migrations").await;
    let found = found.and_then(|row| row.int(0)).map_err(failed)?;
    for migration in pending(place, found)? {
        batch(connection, migration.postgres).await.map_err(failed)?;
        let text = "insert into _migrations (version, name) values ($1, $2)".to_owned();
        let args = vec![Value::Int(migration.version), Value::text(migration.name)];
        sql::run(connection, &Statement { text, args }).await.map_err(|error| failed(fault::error(&error)))?;
    }
    Ok(())
}

/// The name of this history of the log: made of the name in the database, of the cluster and the database it is in, which
/// a dump that is put back changes, and of the timeline, which a fail-over changes.
pub(super) async fn epoch(connection: &mut PgConnection) -> Result<Epoch, Error> {
    let sql = "select concat_ws('/', meta.value, database.oid, left(pg_walfile_name(pg_current_wal_lsn()), 8)),
            has_function_privilege('pg_control_system()', 'execute')::int
        from _meta as meta, pg_database as database
        where meta.key = 'epoch' and database.datname = current_database()";
    let database = one(connection, sql).await?;
    let cluster = if database.flag(1)? {
        one(connection, "select system_identifier::text from pg_control_system()").await?.text(0)?.to_owned()
    } else {
        // Some who let Postgres don't tell; the number of the database still does, most of the time.
        String::new()
    };
    let args = vec![Value::text(format!("{}/{cluster}", database.text(0)?))];
    let short = Statement { text: "select left(md5($1), 16)".to_owned(), args };
    let rows = PgTx::new(connection).rows(short, Columns::Plain).await.map_err(crate::explain::plain)?;
    Epoch::read(first(rows, "md5")?.text(0)?)
}

/// The one row of a query.
pub(super) async fn one(connection: &mut PgConnection, sql: &'static str) -> Result<Row, Error> {
    let statement = Statement { text: sql.to_owned(), args: Vec::new() };
    let rows = PgTx::new(connection).rows(statement, Columns::Plain).await.map_err(crate::explain::plain)?;
    first(rows, sql)
}

fn first(rows: Vec<Row>, of: &str) -> Result<Row, Error> {
    rows.into_iter().next().ok_or_else(|| Error::Fault(format!("no row from {of}")))
}

async fn batch(connection: &mut PgConnection, text: &'static str) -> Result<(), Error> {
    sql::batch(connection, text).await.map_err(|error| fault::error(&error))
}
