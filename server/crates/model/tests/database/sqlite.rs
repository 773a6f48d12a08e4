//! SQLite in memory.

use plinth_model::filter::Pattern;
use plinth_model::{Statement, Value};
use rusqlite::config::DbConfig;
use rusqlite::functions::FunctionFlags;
use rusqlite::types::{Value as Stored, ValueRef};

use super::TextRow;

pub(crate) struct Sqlite(rusqlite::Connection);

impl Sqlite {
    pub(crate) fn new() -> Self {
        let connection = rusqlite::Connection::open_in_memory().unwrap();
        connection.pragma_update(None, "foreign_keys", true).unwrap();
        // Otherwise an unknown column in double quotes is read as a text.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false).unwrap();
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DDL, false).unwrap();
        connection.create_scalar_function("plinth_matches", 2, FunctionFlags::SQLITE_UTF8, matches).unwrap();
        connection.execute_batch("begin").unwrap();
        Self(connection)
    }

    pub(crate) fn query(&mut self, statement: &Statement) -> Result<Vec<TextRow>, String> {
        let mut prepared = self.0.prepare(&statement.text).map_err(|error| error.to_string())?;
        let columns = prepared.column_count();
        let args = rusqlite::params_from_iter(statement.args.iter().map(stored));
        let mut rows = prepared.query(args).map_err(|error| error.to_string())?;
        let mut found = Vec::new();
        while let Some(row) = rows.next().map_err(|error| error.to_string())? {
            found.push((0..columns).map(|column| shown(row.get_ref_unwrap(column))).collect());
        }
        Ok(found)
    }
}

/// `plinth_matches(text, pattern)`, as the store has it.
fn matches(call: &rusqlite::functions::Context<'_>) -> rusqlite::Result<Option<bool>> {
    let pattern = Pattern::new(&call.get::<String>(1)?).unwrap();
    Ok(call.get::<Option<String>>(0)?.map(|text| pattern.is_match(&text)))
}

fn stored(value: &Value) -> Stored {
    match value {
        Value::Null => Stored::Null,
        Value::Bool(value) => Stored::Integer(i64::from(*value)),
        Value::Int(value) | Value::Duration(value) => Stored::Integer(*value),
        Value::Float(value) => Stored::Real(*value),
        Value::Text(value) => Stored::Text(value.clone()),
        Value::Instant(value) => Stored::Integer(value.millis()),
        document @ (Value::List(_) | Value::Json(_)) => Stored::Text(document.to_json().to_string()),
    }
}

fn shown(value: ValueRef<'_>) -> Option<String> {
    match value {
        ValueRef::Null => None,
        ValueRef::Integer(value) => Some(value.to_string()),
        ValueRef::Real(value) => Some(format!("{value:?}")),
        ValueRef::Text(text) | ValueRef::Blob(text) => Some(String::from_utf8_lossy(text).into_owned()),
    }
}
