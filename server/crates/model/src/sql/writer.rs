//! Writes a statement: text with placeholders, and the values bound to them.
//!
//! A query builder library was tried and left: half of what is rendered here (JSON paths, bytewise order, guarded
//! arithmetic, change rows in the same statement) is different text per dialect, which a builder takes as raw
//! strings anyway. What remains is quoting and placeholders, and those are here.

use super::dialect::Dialect;
use super::select::ColumnKind;
use crate::value::Value;

/// One SQL statement and its arguments. Placeholders are `?1` on SQLite and `$1` on Postgres, numbered from 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// The text.
    pub text: String,
    /// The values of the placeholders.
    pub args: Vec<Value>,
}

/// Builds a [`Statement`].
#[derive(Debug)]
pub struct Writer {
    dialect: Dialect,
    text: String,
    args: Vec<Value>,
}

impl Writer {
    /// An empty statement for this dialect.
    pub fn new(dialect: Dialect) -> Self {
        Self { dialect, text: String::with_capacity(256), args: Vec::new() }
    }

    /// The dialect written.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Appends SQL text. Never anything that a client wrote.
    pub fn sql(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Appends an identifier, quoted.
    pub fn ident(&mut self, name: &str) -> &mut Self {
        self.text.push('"');
        for c in name.chars() {
            if c == '"' {
                self.text.push('"');
            }
            self.text.push(c);
        }
        self.text.push('"');
        self
    }

    /// Appends `"table"."column"`.
    pub fn column(&mut self, table: &str, column: &str) -> &mut Self {
        self.ident(table).sql(".").ident(column)
    }

    /// Appends a placeholder for this value.
    ///
    /// On Postgres its type is written behind it (`$1::int8`): a prepared statement is found by its text, so the
    /// text must say how the arguments are encoded. Null takes the type that its place has.
    pub fn bind(&mut self, value: Value) -> &mut Self {
        let cast = postgres_type(&value);
        self.placeholder(value, cast)
    }

    /// Appends a placeholder for a value of this kind, null included, so that the text does not depend on it.
    pub fn bind_as(&mut self, kind: ColumnKind, value: Value) -> &mut Self {
        self.placeholder(value, kind.postgres_type())
    }

    fn placeholder(&mut self, value: Value, cast: &str) -> &mut Self {
        self.args.push(value);
        self.text.push(match self.dialect {
            Dialect::Sqlite => '?',
            Dialect::Postgres => '$',
        });
        self.text.push_str(itoa::Buffer::new().format(self.args.len()));
        if self.dialect == Dialect::Postgres && !cast.is_empty() {
            self.text.push_str("::");
            self.text.push_str(cast);
        }
        self
    }

    /// Appends the items with `separator` between them.
    pub fn list<T>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        separator: &str,
        mut each: impl FnMut(&mut Self, T),
    ) -> &mut Self {
        for (n, item) in items.into_iter().enumerate() {
            if n > 0 {
                self.text.push_str(separator);
            }
            each(self, item);
        }
        self
    }

    /// The finished statement.
    pub fn finish(self) -> Statement {
        Statement { text: self.text, args: self.args }
    }
}

/// The type in which Postgres is sent a value; empty for null, which has none of its own.
fn postgres_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "",
        Value::Bool(_) => "bool",
        Value::Int(_) | Value::Duration(_) => "int8",
        Value::Float(_) => "float8",
        Value::Text(_) => "text",
        Value::Instant(_) => "timestamptz",
        Value::List(_) | Value::Json(_) => "json",
    }
}
