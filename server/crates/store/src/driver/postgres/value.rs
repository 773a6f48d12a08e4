//! Values into arguments, and columns back into values or into JSON, in Postgres' binary form.

use std::sync::Arc;

use plinth_model::sql::select::{ColumnKind, Shape};
use plinth_model::{Instant, Value};
use sqlx::encode::{Encode, IsNull};
use sqlx::error::BoxDynError;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgArgumentBuffer, PgArguments, PgRow, PgTypeInfo};
use sqlx::{Arguments, Postgres, Row as _, Type, TypeInfo, ValueRef};

use crate::error::Error;
use crate::json::JsonText;
use crate::page_writer::PageWriter;
use crate::system::Row;
use crate::tx::Columns;

/// Milliseconds from 1970 to 2000, from which Postgres counts.
const EPOCH: i64 = 946_684_800_000;

/// Object ids of built-in types, from Postgres' `pg_type.dat`; they never change.
mod oid {
    pub(super) const UNSPECIFIED: u32 = 0;
    pub(super) const BOOL: u32 = 16;
    pub(super) const INT8: u32 = 20;
    pub(super) const TEXT: u32 = 25;
    pub(super) const JSON: u32 = 114;
    pub(super) const FLOAT8: u32 = 701;
    pub(super) const TIMESTAMPTZ: u32 = 1184;
}

/// The arguments of a statement.
pub(super) fn arguments(values: &[Value]) -> Result<PgArguments, sqlx::Error> {
    let mut arguments = PgArguments::default();
    for value in values {
        arguments.add(Arg(value)).map_err(sqlx::Error::Encode)?;
    }
    Ok(arguments)
}

/// The rows of a result.
pub(super) fn read_rows(rows: &[PgRow], columns: Columns<'_>) -> Result<Vec<Row>, Error> {
    rows.iter().map(|row| read_row(row, columns)).collect()
}

/// Writes a row of a result as JSON.
pub(super) fn write_row(page: &mut PageWriter, row: &PgRow, shape: &Shape) -> Result<(), Error> {
    page.open();
    for (n, (key, kind)) in shape.members.iter().enumerate() {
        write_json(page.member(key), column(row, n)?, *kind)?;
    }
    let mut extra = Vec::with_capacity(shape.extra.len());
    for (n, kind) in (shape.members.len()..).zip(&shape.extra) {
        let bytes = column(row, n)?;
        page.weigh(bytes.map_or(0, <[u8]>::len));
        extra.push(read_column(bytes, *kind)?);
    }
    page.close(extra);
    Ok(())
}

fn read_row(row: &PgRow, columns: Columns<'_>) -> Result<Row, Error> {
    let values = (0..row.len()).map(|n| match columns {
        Columns::Plain => read_plain(row, n),
        Columns::Kinds(kinds) => match kinds.get(n) {
            Some(kind) => read_column(column(row, n)?, *kind),
            None => Err(Error::Fault(format!("no kind is given for column {n}"))),
        },
    });
    Ok(Row(values.collect::<Result<_, _>>()?))
}

/// A column's bytes; none for null.
fn column(row: &PgRow, n: usize) -> Result<Option<&[u8]>, Error> {
    let value = row.try_get_raw(n).map_err(|error| Error::Fault(error.to_string()))?;
    if value.is_null() {
        return Ok(None);
    }
    value.as_bytes().map(Some).map_err(|error| Error::Fault(error.to_string()))
}

fn read_plain(row: &PgRow, n: usize) -> Result<Value, Error> {
    let Some(bytes) = column(row, n)? else { return Ok(Value::Null) };
    let value = row.try_get_raw(n).map_err(|error| Error::Fault(error.to_string()))?;
    let name = value.type_info().name().to_owned();
    match name.as_str() {
        "INT2" | "INT4" | "INT8" => integer(bytes).map(Value::Int),
        "FLOAT4" | "FLOAT8" => float(bytes).map(Value::Float),
        "BOOL" => Ok(Value::Int(i64::from(bytes != [0]))),
        "TEXT" | "VARCHAR" | "NAME" | "JSON" | "UNKNOWN" => text(bytes).map(Value::text),
        "VOID" => Ok(Value::Null),
        other => Err(Error::Fault(format!("column {n} is of the type {other}, which is not read here"))),
    }
}

fn read_column(bytes: Option<&[u8]>, kind: ColumnKind) -> Result<Value, Error> {
    let Some(bytes) = bytes else { return Ok(Value::Null) };
    Ok(match kind {
        ColumnKind::Text => Value::text(text(bytes)?),
        ColumnKind::Integer => Value::Int(integer(bytes)?),
        ColumnKind::Number => Value::Float(float(bytes)?),
        ColumnKind::Boolean => Value::Bool(bytes != [0]),
        ColumnKind::Instant => Value::Instant(instant(bytes)?),
        ColumnKind::Json => {
            let document =
                serde_json::from_slice(bytes).map_err(|error| Error::Corrupt(format!("stored JSON: {error}")))?;
            Value::Json(Arc::new(document))
        }
    })
}

fn write_json(json: &mut JsonText, bytes: Option<&[u8]>, kind: ColumnKind) -> Result<(), Error> {
    let Some(bytes) = bytes else {
        json.null();
        return Ok(());
    };
    match kind {
        ColumnKind::Text => json.string(text(bytes)?),
        ColumnKind::Integer => json.integer(integer(bytes)?),
        ColumnKind::Number => json.float(float(bytes)?),
        ColumnKind::Boolean => json.boolean(bytes != [0]),
        ColumnKind::Instant => json.instant(instant(bytes)?),
        ColumnKind::Json => json.raw(text(bytes)?.as_bytes()),
    }
    Ok(())
}

fn text(bytes: &[u8]) -> Result<&str, Error> {
    std::str::from_utf8(bytes).map_err(|_| Error::Corrupt("a text is not UTF-8".to_owned()))
}

fn integer(bytes: &[u8]) -> Result<i64, Error> {
    match *bytes {
        [a, b] => Ok(i16::from_be_bytes([a, b]).into()),
        [a, b, c, d] => Ok(i32::from_be_bytes([a, b, c, d]).into()),
        _ => eight(bytes, "an integer").map(i64::from_be_bytes),
    }
}

fn float(bytes: &[u8]) -> Result<f64, Error> {
    match *bytes {
        [a, b, c, d] => Ok(f32::from_be_bytes([a, b, c, d]).into()),
        _ => eight(bytes, "a float").map(f64::from_be_bytes),
    }
}

/// Microseconds since 2000.
fn instant(bytes: &[u8]) -> Result<Instant, Error> {
    let micros = eight(bytes, "a time").map(i64::from_be_bytes)?;
    let millis = micros.div_euclid(1000).checked_add(EPOCH);
    millis.and_then(Instant::from_millis).ok_or_else(|| Error::Corrupt(format!("{micros} µs after 2000 is no time")))
}

fn eight(bytes: &[u8], wanted: &str) -> Result<[u8; 8], Error> {
    bytes.try_into().map_err(|_| Error::SchemaChanged(format!("a column should hold {wanted}")))
}

/// A value as Postgres takes it. Null has no type, so that it takes the one of its place.
struct Arg<'a>(&'a Value);

impl Arg<'_> {
    fn oid(&self) -> u32 {
        match self.0 {
            Value::Null => oid::UNSPECIFIED,
            Value::Bool(_) => oid::BOOL,
            Value::Int(_) | Value::Duration(_) => oid::INT8,
            Value::Float(_) => oid::FLOAT8,
            Value::Text(_) => oid::TEXT,
            Value::Instant(_) => oid::TIMESTAMPTZ,
            Value::List(_) | Value::Json(_) => oid::JSON,
        }
    }
}

impl Type<Postgres> for Arg<'_> {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(Oid(oid::UNSPECIFIED))
    }
}

impl Encode<'_, Postgres> for Arg<'_> {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        match self.0 {
            Value::Null => return Ok(IsNull::Yes),
            Value::Bool(value) => buffer.push(u8::from(*value)),
            Value::Int(value) | Value::Duration(value) => buffer.extend_from_slice(&value.to_be_bytes()),
            Value::Float(value) => buffer.extend_from_slice(&value.to_be_bytes()),
            Value::Text(text) => buffer.extend_from_slice(text.as_bytes()),
            Value::Instant(instant) => buffer.extend_from_slice(&((instant.millis() - EPOCH) * 1000).to_be_bytes()),
            Value::Json(document) => serde_json::to_writer(&mut **buffer, document)?,
            list @ Value::List(_) => serde_json::to_writer(&mut **buffer, &list.to_json())?,
        }
        Ok(IsNull::No)
    }

    fn produces(&self) -> Option<PgTypeInfo> {
        Some(PgTypeInfo::with_oid(Oid(self.oid())))
    }
}
