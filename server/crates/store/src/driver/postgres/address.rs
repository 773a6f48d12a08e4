//! Where a Postgres is: its URL read, and the first connection, whose failure an operator has to understand.
//!
//! The place is told as a URL without its password.

use std::time::Duration;

use plinth_model::nearest;
use sqlx::ConnectOptions;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use tokio::time::timeout;

use super::fault;
use crate::error::{Error, OpenError, Unavailable};
use crate::location::Options;

/// A transaction that waits for its client for longer is ended by the server, so that no lock outlives a node.
const IDLE_IN_TRANSACTION: Duration = Duration::from_secs(15);

/// What may stand behind the `?` of a URL. sqlx passes over what it does not know, and a misspelt `sslmode` would be a
/// connection in the clear.
const PARAMETERS: [&str; 18] = [
    "sslmode",
    "ssl-mode",
    "sslrootcert",
    "ssl-root-cert",
    "ssl-ca",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "statement-cache-capacity",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "application_name",
    "options",
];

/// Reads the URL.
pub(super) fn parse(url: &str, options: &Options) -> Result<PgConnectOptions, OpenError> {
    check_parameters(url)?;
    let parsed: PgConnectOptions =
        url.parse().map_err(|error: sqlx::Error| OpenError::Unsuitable(format!("not a URL of Postgres: {error}")))?;
    let settings = [
        ("timezone", "UTC".to_owned()),
        ("default_transaction_isolation", "read committed".to_owned()),
        ("statement_timeout", options.statement_timeout.as_millis().to_string()),
        ("idle_in_transaction_session_timeout", IDLE_IN_TRANSACTION.as_millis().to_string()),
    ];
    let mut connect = parsed.application_name("plinth").options(settings).disable_statement_logging();
    if !url.contains("statement-cache-capacity") {
        connect = connect.statement_cache_capacity(options.statements);
    }
    Ok(connect)
}

fn check_parameters(url: &str) -> Result<(), OpenError> {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let names = query.split('&').filter(|part| !part.is_empty()).map(|part| part.split('=').next().unwrap_or(part));
    for name in names {
        let plain = name.replace("%5B", "[").replace("%5D", "]");
        if !PARAMETERS.contains(&plain.as_str()) && !plain.starts_with("options[") {
            let hint =
                nearest::nearest(&plain, PARAMETERS).map_or(String::new(), |near| format!("; did you mean {near}?"));
            let text = format!("the URL has an unknown parameter {plain:?}{hint}");
            return Err(OpenError::Unsuitable(text));
        }
    }
    Ok(())
}

/// The place as people know it.
pub(super) fn describe(connect: &PgConnectOptions) -> String {
    let host = match connect.get_socket() {
        Some(socket) => socket.display().to_string(),
        None => format!("{}:{}", connect.get_host(), connect.get_port()),
    };
    let user = connect.get_username();
    format!("postgres://{user}@{host}/{}", connect.get_database().unwrap_or(user))
}

/// The first connection.
pub(super) async fn reach(
    connect: &PgConnectOptions,
    place: &str,
    patience: Duration,
) -> Result<PgConnection, OpenError> {
    match timeout(patience, connect.connect()).await {
        Ok(Ok(connection)) => Ok(connection),
        Ok(Err(error)) => Err(refusal(place, connect, &error)),
        Err(_) => {
            let text = format!("Postgres did not answer within {patience:?}");
            Err(Error::Unavailable { why: Unavailable::Gone, text }.at(place))
        }
    }
}

/// Why there is no connection, by SQLSTATE.
fn refusal(place: &str, connect: &PgConnectOptions, error: &sqlx::Error) -> OpenError {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    let message = error.as_database_error().map_or_else(|| error.to_string(), |error| error.message().to_owned());
    let remedy = match code.as_deref() {
        Some("28P01" | "28000") => "look at the user and the password in the URL".to_owned(),
        Some("3D000") => format!("make it with createdb {}", connect.get_database().unwrap_or_default()),
        Some("53300") => "it has no connection left: raise max_connections, or stop others".to_owned(),
        Some("57P03") => "it is starting or stopping: try again soon".to_owned(),
        None if matches!(error, sqlx::Error::Tls(_)) => "look at sslmode in the URL".to_owned(),
        _ => return fault::error(error).at(place),
    };
    OpenError::Unsuitable(format!("{place}: {message}; {remedy}"))
}
