//! The throw-away Postgres, as a test of SQL needs it.

use plinth_model::{Statement, Value};
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{AssertSqlSafe, Connection, Row};
use tokio::runtime::Runtime;

use super::TextRow;
use super::arguments::arguments;

const RELEASE: &str = "release savepoint s";
const UNDO: &str = "rollback to savepoint s; release savepoint s";

/// A connection inside a transaction that is never committed.
pub(crate) struct Postgres {
    runtime: Runtime,
    connection: PgConnection,
}

impl Postgres {
    pub(crate) fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let url = throwaway_postgres::Postgres::shared().url("plinth");
        let connection = runtime.block_on(PgConnection::connect(&url)).unwrap();
        let mut postgres = Self { runtime, connection };
        postgres.raw("begin").unwrap();
        postgres
    }

    pub(crate) fn reset(&mut self) {
        self.raw("rollback").unwrap();
        self.raw("begin").unwrap();
    }

    pub(crate) fn query(&mut self, statement: &Statement) -> Result<Vec<TextRow>, String> {
        let mut text = statement.text.clone();
        for (n, value) in statement.args.iter().enumerate().rev() {
            text = text.replace(&format!("${}", n + 1), &literal(value));
        }
        self.raw(&text)
    }

    /// As a prepared statement, whose columns are text.
    pub(crate) fn bound(&mut self, statement: &Statement) -> Result<Vec<TextRow>, String> {
        self.execute("savepoint s");
        let query = sqlx::query_with(AssertSqlSafe(statement.text.clone()), arguments(&statement.args));
        let rows = self.runtime.block_on(query.persistent(false).fetch_all(&mut self.connection));
        self.execute(if rows.is_ok() { RELEASE } else { UNDO });
        rows.map(|rows| rows.iter().map(shown).collect()).map_err(|error| error.to_string())
    }

    /// Without a prepared statement, so that every value comes as text. Under a savepoint, so that an error leaves the
    /// transaction whole.
    fn raw(&mut self, text: &str) -> Result<Vec<TextRow>, String> {
        let bare = matches!(text, "begin" | "rollback");
        let text = if bare { text.to_owned() } else { format!("savepoint s; {text}") };
        let rows = self.runtime.block_on(sqlx::raw_sql(AssertSqlSafe(text)).fetch_all(&mut self.connection));
        if !bare {
            self.execute(if rows.is_ok() { RELEASE } else { UNDO });
        }
        rows.map(|rows| rows.iter().map(shown).collect()).map_err(|error| error.to_string())
    }

    fn execute(&mut self, text: &'static str) {
        self.runtime.block_on(sqlx::raw_sql(text).execute(&mut self.connection)).unwrap();
    }
}

fn shown(row: &PgRow) -> TextRow {
    (0..row.len()).map(|column| row.try_get_raw(column).unwrap().as_str().ok().map(str::to_owned)).collect()
}

fn literal(value: &Value) -> String {
    let text = match value {
        Value::Null => return "null".to_owned(),
        Value::Float(value) => format!("{value:?}"),
        Value::Text(text) => text.clone(),
        Value::Instant(instant) => instant.to_string(),
        other => other.to_json().to_string(),
    };
    format!("'{}'", text.replace('\'', "''"))
}
