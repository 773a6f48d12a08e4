//! Values as arguments of a prepared statement in Postgres, typed as the server types them.

use plinth_model::{Instant, Value};
use sqlx::encode::{Encode, IsNull};
use sqlx::error::BoxDynError;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgArgumentBuffer, PgArguments, PgTypeInfo};
use sqlx::{Arguments, Postgres, Type};

pub(crate) fn arguments(values: &[Value]) -> PgArguments {
    let mut arguments = PgArguments::default();
    values.iter().for_each(|value| arguments.add(Arg(value)).unwrap());
    arguments
}

struct Arg<'a>(&'a Value);

impl Type<Postgres> for Arg<'_> {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(Oid(0))
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
            Value::Instant(instant) => buffer.extend_from_slice(&micros(*instant).to_be_bytes()),
            Value::Json(_) | Value::List(_) => buffer.extend_from_slice(self.0.to_json().to_string().as_bytes()),
        }
        Ok(IsNull::No)
    }

    fn produces(&self) -> Option<PgTypeInfo> {
        // From Postgres' pg_type.dat.
        let oid = match self.0 {
            Value::Null => 0,
            Value::Bool(_) => 16,
            Value::Int(_) | Value::Duration(_) => 20,
            Value::Text(_) => 25,
            Value::Json(_) | Value::List(_) => 114,
            Value::Float(_) => 701,
            Value::Instant(_) => 1184,
        };
        Some(PgTypeInfo::with_oid(Oid(oid)))
    }
}

/// Microseconds since 2000.
fn micros(instant: Instant) -> i64 {
    (instant.millis() - 946_684_800_000) * 1000
}
