//! From Postgres' errors to ours, by SQLSTATE (appendix A of its manual).

use sqlx::postgres::PgDatabaseError;

use crate::error::{Error, Unavailable};
use crate::tx::{Fault, UniqueFault};

/// The meaning of an error.
pub(super) fn fault(error: &sqlx::Error) -> Fault {
    match error {
        sqlx::Error::Database(error) => match error.try_downcast_ref::<PgDatabaseError>() {
            Some(error) => by_state(error),
            None => Error::Fault(error.to_string()).into(),
        },
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_) => {
            unavailable(Unavailable::Gone, error).into()
        }
        other => Error::Fault(other.to_string()).into(),
    }
}

/// The meaning of an error where no row is written.
pub(super) fn error(error: &sqlx::Error) -> Error {
    crate::explain::plain(fault(error))
}

/// Whether the connection is of no use any more: it is gone, its server is no longer the primary, or plans that it
/// keeps are for tables that have changed.
pub(super) fn spoils_connection(fault: &Fault) -> bool {
    use Unavailable::{Gone, ReadOnly};
    match fault {
        Fault::Again(error) | Fault::Error(error) => {
            matches!(error, Error::SchemaChanged(_) | Error::Unavailable { why: Gone | ReadOnly, .. })
        }
        Fault::Unique(_) | Fault::ForeignKey(_) => false,
    }
}

fn by_state(error: &PgDatabaseError) -> Fault {
    let text = || error.message().to_owned();
    match error.code() {
        "23505" => Fault::Unique(UniqueFault {
            table: error.table().unwrap_or_default().to_owned(),
            index: error.constraint().map(str::to_owned),
            columns: Vec::new(),
        }),
        "23503" => Fault::ForeignKey(text()),
        // Serialization failure, deadlock.
        "40001" | "40P01" => Fault::Again(told(Unavailable::Locked, error)),
        // "cached plan must not change result type": a new connection makes a new plan.
        "0A000" if error.message().contains("cached plan") => Fault::Again(Error::SchemaChanged(text())),
        // Cancelled by the statement time-out.
        "57014" => Error::TimedOut.into(),
        // The connection was ended, for idling in a transaction.
        "25P03" => told(Unavailable::Gone, error).into(),
        "25006" => told(Unavailable::ReadOnly, error).into(),
        "53100" => told(Unavailable::Full, error).into(),
        "55P03" => told(Unavailable::Locked, error).into(),
        "58030" => told(Unavailable::Io, error).into(),
        // Undefined table, column or function (an operator that the types of today don't have), other datatype.
        "42P01" | "42703" | "42883" | "42804" => Error::SchemaChanged(text()).into(),
        "XX001" | "XX002" => Error::Corrupt(text()).into(),
        code => by_class(code, error),
    }
}

fn by_class(code: &str, error: &PgDatabaseError) -> Fault {
    match code.get(..2) {
        // Connection exception, insufficient resources, operator intervention, invalid authorization.
        Some("08" | "53" | "57" | "28") => told(Unavailable::Gone, error).into(),
        _ => Error::Fault(format!("{} ({code})", error.message())).into(),
    }
}

fn unavailable(why: Unavailable, text: impl std::fmt::Display) -> Error {
    Error::Unavailable { why, text: text.to_string() }
}

/// The error of a server that does not answer.
pub(super) fn silent() -> Error {
    unavailable(Unavailable::Gone, "Postgres does not answer")
}

/// An error of the database without the line of Postgres' own source, which sqlx adds.
fn told(why: Unavailable, error: &PgDatabaseError) -> Error {
    unavailable(why, error.message())
}
