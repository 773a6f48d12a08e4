//! The low-level way in, for the system tables: hand-written SQL with `$1` placeholders in both dialects, over
//! text and bigint columns only.
//!
//! The files named after a table are built on this; nothing outside this crate should need it.

use std::borrow::Cow;

use plinth_model::{ChangeKind, Instant, RecordId, Seq, Value};

use crate::error::Error;

/// A row of a result.
#[derive(Debug, Clone, PartialEq)]
pub struct Row(pub Vec<Value>);

/// One thing to do in a transaction.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Runs a statement.
    Run {
        /// The SQL, with `$1` placeholders.
        sql: Cow<'static, str>,
        /// The values of its placeholders.
        args: Vec<Value>,
        /// What must be true of it, or all steps are undone.
        expect: Expect,
    },
    /// Asks, at its place among the statements; no row for an answer is [`Error::Expectation`], and undoes all steps.
    Require {
        /// The query, with `$1` placeholders.
        sql: Cow<'static, str>,
        /// The values of its placeholders.
        args: Vec<Value>,
    },
    /// Writes a row of the change log. All of these are written last, in their order.
    Log(SystemChange),
}

/// What must be true of a [`Step::Run`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// Nothing.
    Any,
    /// It changed this many rows; else the answer is [`Error::Expectation`].
    Rows(u64),
}

/// A change to a system table, as it is logged.
#[derive(Debug, Clone, PartialEq)]
pub struct SystemChange {
    /// The table, such as `_policies`.
    pub table: Cow<'static, str>,
    /// The row's key.
    pub id: String,
    /// What happened.
    pub kind: ChangeKind,
    /// The row before, as JSON; secrets never.
    pub before: Option<String>,
    /// The row after, as JSON; secrets never.
    pub after: Option<String>,
    /// When.
    pub at: Instant,
    /// Who did it.
    pub by: Option<RecordId>,
}

/// What the steps did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Applied {
    /// Rows changed by each step, in order; 1 for a log step and for what was required.
    pub rows: Vec<u64>,
    /// The places of the log steps' rows, in order.
    pub seqs: Vec<Seq>,
}

impl Step {
    /// A statement of which nothing is expected.
    pub fn run(sql: impl Into<Cow<'static, str>>, args: Vec<Value>) -> Self {
        Self::Run { sql: sql.into(), args, expect: Expect::Any }
    }

    /// A statement that must change exactly one row.
    pub fn run_one(sql: impl Into<Cow<'static, str>>, args: Vec<Value>) -> Self {
        Self::Run { sql: sql.into(), args, expect: Expect::Rows(1) }
    }

    /// A query that must answer a row.
    pub fn require(sql: impl Into<Cow<'static, str>>, args: Vec<Value>) -> Self {
        Self::Require { sql: sql.into(), args }
    }
}

impl Row {
    /// The text in a column.
    pub fn text(&self, column: usize) -> Result<&str, Error> {
        match self.0.get(column) {
            Some(Value::Text(text)) => Ok(text),
            other => Err(unexpected(column, "text", other)),
        }
    }

    /// The text in a column, or `None` for null.
    pub fn optional_text(&self, column: usize) -> Result<Option<&str>, Error> {
        match self.0.get(column) {
            Some(Value::Null) => Ok(None),
            _ => self.text(column).map(Some),
        }
    }

    /// The id in a column.
    pub fn record_id(&self, column: usize) -> Result<RecordId, Error> {
        let text = self.text(column)?;
        text.parse().map_err(|_| Error::Corrupt(format!("{text:?} is no id")))
    }

    /// The number in a column.
    pub fn int(&self, column: usize) -> Result<i64, Error> {
        match self.0.get(column) {
            Some(Value::Int(int)) => Ok(*int),
            other => Err(unexpected(column, "a number", other)),
        }
    }

    /// The number in a column, or `None` for null.
    pub fn optional_int(&self, column: usize) -> Result<Option<i64>, Error> {
        match self.0.get(column) {
            Some(Value::Null) => Ok(None),
            _ => self.int(column).map(Some),
        }
    }

    /// The 0 or 1 in a column as a truth value.
    pub fn flag(&self, column: usize) -> Result<bool, Error> {
        self.int(column).map(|int| int != 0)
    }

    /// The milliseconds in a column as an instant.
    pub fn instant(&self, column: usize) -> Result<Instant, Error> {
        let millis = self.int(column)?;
        Instant::from_millis(millis).ok_or_else(|| Error::Corrupt(format!("{millis} is no time")))
    }

    /// The milliseconds in a column as an instant, or `None` for null.
    pub fn optional_instant(&self, column: usize) -> Result<Option<Instant>, Error> {
        match self.0.get(column) {
            Some(Value::Null) => Ok(None),
            _ => self.instant(column).map(Some),
        }
    }
}

fn unexpected(column: usize, wanted: &str, found: Option<&Value>) -> Error {
    Error::Fault(format!("column {column} should hold {wanted} and holds {found:?}"))
}
