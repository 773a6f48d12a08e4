//! Values into placeholders, and columns back into values or into JSON.

use std::sync::Arc;

use plinth_model::sql::select::{ColumnKind, RecordSelect};
use plinth_model::{Instant, Statement, Value};
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, Row, Statement as Prepared};

use crate::error::Error;
use crate::json::JsonText;
use crate::page::Page;
use crate::page_writer::PageWriter;
use crate::system;
use crate::tx::Columns;

/// Why a statement gave no rows.
pub(super) enum ReadError {
    /// SQLite refused.
    Sqlite(rusqlite::Error),
    /// A column holds what it should not.
    Column(Error),
}

impl From<rusqlite::Error> for ReadError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

/// Runs a statement; answers how many rows it changed.
pub(super) fn run(connection: &Connection, statement: &Statement) -> rusqlite::Result<usize> {
    let mut prepared = connection.prepare_cached(&statement.text)?;
    bind(&mut prepared, &statement.args)?;
    prepared.raw_execute()
}

/// Runs a statement; answers its rows.
pub(super) fn rows(
    connection: &Connection,
    statement: &Statement,
    columns: Columns<'_>,
) -> Result<Vec<system::Row>, ReadError> {
    let mut prepared = connection.prepare_cached(&statement.text)?;
    bind(&mut prepared, &statement.args)?;
    let width = prepared.column_count();
    let mut rows = prepared.raw_query();
    let mut read = Vec::new();
    while let Some(row) = rows.next()? {
        read.push(read_row(row, width, columns)?);
    }
    Ok(read)
}

/// Runs a statement; writes its rows as JSON, up to the one with which they are more than `most` bytes.
pub(super) fn page(connection: &Connection, select: &RecordSelect, most: usize) -> Result<Page, ReadError> {
    let RecordSelect { statement, shape } = select;
    let mut prepared = connection.prepare_cached(&statement.text)?;
    bind(&mut prepared, &statement.args)?;
    let mut rows = prepared.raw_query();
    let mut page = PageWriter::new(most);
    while let Some(row) = rows.next()?
        && page.has_room()
    {
        page.open();
        for (n, (key, kind)) in shape.members.iter().enumerate() {
            write_json(page.member(key), row.get_ref(n)?, *kind).map_err(ReadError::Column)?;
        }
        let mut extra = Vec::with_capacity(shape.extra.len());
        for (n, kind) in (shape.members.len()..).zip(&shape.extra) {
            let column = row.get_ref(n)?;
            page.weigh(column.as_bytes_or_null().map_or(0, |bytes| bytes.map_or(0, <[u8]>::len)));
            extra.push(read_kind(column, *kind)?);
        }
        page.close(extra);
    }
    Ok(page.finish())
}

fn read_row(row: &Row<'_>, width: usize, columns: Columns<'_>) -> Result<system::Row, ReadError> {
    let values = (0..width).map(|n| match columns {
        Columns::Plain => read_plain(row.get_ref(n)?),
        Columns::Kinds(kinds) => match kinds.get(n) {
            Some(kind) => read_kind(row.get_ref(n)?, *kind),
            None => Err(ReadError::Column(Error::Fault(format!("no kind is given for column {n}")))),
        },
    });
    Ok(system::Row(values.collect::<Result<_, _>>()?))
}

fn read_plain(column: ValueRef<'_>) -> Result<Value, ReadError> {
    Ok(match column {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(value) => Value::Int(value),
        ValueRef::Real(value) => Value::Float(value),
        ValueRef::Text(bytes) => Value::text(text(bytes).map_err(ReadError::Column)?),
        ValueRef::Blob(_) => return Err(ReadError::Column(Error::Fault("a column holds bytes".to_owned()))),
    })
}

fn read_kind(column: ValueRef<'_>, kind: ColumnKind) -> Result<Value, ReadError> {
    read_column(column, kind).map_err(ReadError::Column)
}

#[expect(clippy::cast_precision_loss, reason = "a column of floats that an expression made whole")]
fn read_column(column: ValueRef<'_>, kind: ColumnKind) -> Result<Value, Error> {
    Ok(match (kind, column) {
        (_, ValueRef::Null) => Value::Null,
        (ColumnKind::Text, ValueRef::Text(bytes)) => Value::text(text(bytes)?),
        (ColumnKind::Integer, ValueRef::Integer(value)) => Value::Int(value),
        (ColumnKind::Number, ValueRef::Real(value)) => Value::Float(value),
        (ColumnKind::Number, ValueRef::Integer(value)) => Value::Float(value as f64),
        (ColumnKind::Boolean, ValueRef::Integer(value)) => Value::Bool(value != 0),
        (ColumnKind::Instant, ValueRef::Integer(value)) => Value::Instant(instant(value)?),
        (ColumnKind::Json, ValueRef::Text(bytes)) => {
            let document =
                serde_json::from_slice(bytes).map_err(|error| Error::Corrupt(format!("stored JSON: {error}")))?;
            Value::Json(Arc::new(document))
        }
        (kind, column) => return Err(mismatch(kind, column)),
    })
}

#[expect(clippy::cast_precision_loss, reason = "a column of floats that an expression made whole")]
fn write_json(json: &mut JsonText, column: ValueRef<'_>, kind: ColumnKind) -> Result<(), Error> {
    match (kind, column) {
        (_, ValueRef::Null) => json.null(),
        (ColumnKind::Text, ValueRef::Text(bytes)) => json.string(text(bytes)?),
        (ColumnKind::Integer, ValueRef::Integer(value)) => json.integer(value),
        (ColumnKind::Number, ValueRef::Real(value)) => json.float(value),
        (ColumnKind::Number, ValueRef::Integer(value)) => json.float(value as f64),
        (ColumnKind::Boolean, ValueRef::Integer(value)) => json.boolean(value != 0),
        (ColumnKind::Instant, ValueRef::Integer(value)) => json.instant(instant(value)?),
        (ColumnKind::Json, ValueRef::Text(bytes)) => json.raw(text(bytes)?.as_bytes()),
        (kind, column) => return Err(mismatch(kind, column)),
    }
    Ok(())
}

fn text(bytes: &[u8]) -> Result<&str, Error> {
    std::str::from_utf8(bytes).map_err(|_| Error::Corrupt("a text is not UTF-8".to_owned()))
}

fn instant(millis: i64) -> Result<Instant, Error> {
    Instant::from_millis(millis).ok_or_else(|| Error::Corrupt(format!("{millis} is no time")))
}

fn mismatch(kind: ColumnKind, column: ValueRef<'_>) -> Error {
    Error::SchemaChanged(format!("a column of kind {kind:?} holds {}", column.data_type()))
}

fn bind(prepared: &mut Prepared<'_>, args: &[Value]) -> rusqlite::Result<()> {
    args.iter().enumerate().try_for_each(|(n, value)| prepared.raw_bind_parameter(n + 1, Arg(value)))
}

/// A value as SQLite keeps it.
struct Arg<'a>(&'a Value);

impl ToSql for Arg<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self.0 {
            Value::Null => ToSqlOutput::Borrowed(ValueRef::Null),
            Value::Bool(value) => ToSqlOutput::Borrowed(ValueRef::Integer(i64::from(*value))),
            Value::Int(value) | Value::Duration(value) => ToSqlOutput::Borrowed(ValueRef::Integer(*value)),
            Value::Float(value) => ToSqlOutput::Borrowed(ValueRef::Real(*value)),
            Value::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Value::Instant(instant) => ToSqlOutput::Borrowed(ValueRef::Integer(instant.millis())),
            Value::Json(document) => ToSqlOutput::Owned(document.to_string().into()),
            list @ Value::List(_) => ToSqlOutput::Owned(list.to_json().to_string().into()),
        })
    }
}
