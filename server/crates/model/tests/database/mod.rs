//! Both databases, as small as a test of SQL needs them: run a statement, read rows as text.

mod arguments;
mod postgres;
mod sqlite;

use plinth_model::{Dialect, Statement};

/// A row as text; null is none.
pub(crate) type TextRow = Vec<Option<String>>;

/// A database of the test's own.
pub(crate) enum Database {
    /// In memory.
    Sqlite(sqlite::Sqlite),
    /// A schema of its own in a throw-away server.
    Postgres(Box<postgres::Postgres>),
}

impl Database {
    /// An empty database.
    pub(crate) fn new(dialect: Dialect) -> Self {
        match dialect {
            Dialect::Sqlite => Self::Sqlite(sqlite::Sqlite::new()),
            Dialect::Postgres => Self::Postgres(Box::new(postgres::Postgres::new())),
        }
    }

    pub(crate) fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(_) => Dialect::Sqlite,
            Self::Postgres(_) => Dialect::Postgres,
        }
    }

    /// Runs a statement and gives its rows.
    pub(crate) fn query(&mut self, statement: &Statement) -> Result<Vec<TextRow>, String> {
        match self {
            Self::Sqlite(sqlite) => sqlite.query(statement),
            Self::Postgres(postgres) => postgres.query(statement),
        }
    }

    /// Runs a statement of text columns with its values bound as the server binds them.
    pub(crate) fn bound(&mut self, statement: &Statement) -> Result<Vec<TextRow>, String> {
        match self {
            Self::Sqlite(sqlite) => sqlite.query(statement),
            Self::Postgres(postgres) => postgres.bound(statement),
        }
    }

    /// Runs a statement that must succeed.
    pub(crate) fn run(&mut self, statement: &Statement) {
        if let Err(error) = self.query(statement) {
            panic!("{error}\nin {:?}: {}", self.dialect(), statement.text);
        }
    }

    /// Runs text that must succeed, and gives its rows.
    pub(crate) fn text(&mut self, text: &str) -> Vec<TextRow> {
        let statement = Statement { text: text.to_owned(), args: Vec::new() };
        self.query(&statement).unwrap_or_else(|error| panic!("{error}\nin {:?}: {text}", self.dialect()))
    }

    /// Undoes everything, so that the next case finds an empty database.
    pub(crate) fn reset(&mut self) {
        match self {
            Self::Sqlite(sqlite) => *sqlite = sqlite::Sqlite::new(),
            Self::Postgres(postgres) => postgres.reset(),
        }
    }
}
