//! A database of its own for each test, gone when the test ends.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::{patience, postgres};

/// Where a server keeps its data.
#[derive(Debug)]
pub(crate) struct Database {
    directory: TempDir,
    url: Option<String>,
}

impl Database {
    /// A directory with nothing in it.
    pub(crate) fn sqlite() -> Self {
        Self::new(None)
    }

    /// An empty database in the Postgres of this run.
    pub(crate) fn postgres() -> Self {
        Self::new(Some(postgres::create_database()))
    }

    /// The Postgres database at this URL.
    pub(crate) fn at(url: String) -> Self {
        Self::new(Some(url))
    }

    fn new(url: Option<String>) -> Self {
        let directory = TempDir::new().expect("a directory");
        patience::begin(directory.path());
        Self { directory, url }
    }

    /// Whether it is Postgres, on which several servers can run.
    pub(crate) fn is_postgres(&self) -> bool {
        self.url.is_some()
    }

    /// The data directory.
    pub(crate) fn directory(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// A directory for whatever else the test needs.
    pub(crate) fn scratch(&self) -> &Path {
        self.directory.path()
    }

    /// The flags that name it.
    pub(crate) fn flags(&self) -> Vec<String> {
        let mut flags = vec!["--data".to_owned(), self.directory().display().to_string()];
        flags.extend(self.url.iter().flat_map(|url| ["--database-url".to_owned(), url.clone()]));
        flags
    }

    /// Runs SQL behind the server's back.
    pub(crate) fn execute(&self, sql: &str) {
        match &self.url {
            Some(url) => postgres::execute(url, sql),
            None => {
                let connection = rusqlite::Connection::open(self.directory().join("plinth.db")).expect("the database");
                connection.execute_batch(sql).expect("the SQL runs");
            }
        }
    }

    /// The same on Postgres while the test goes on.
    pub(crate) fn execute_beside(&self, sql: &'static str) -> std::thread::JoinHandle<()> {
        let url = self.url.clone().expect("a Postgres database");
        std::thread::spawn(move || postgres::execute(&url, sql))
    }

    /// Everything that is stored, as SQL text: to look for what must not be there.
    pub(crate) fn dump(&self) -> String {
        match &self.url {
            Some(url) => postgres::dump(url),
            None => {
                let path = self.directory().join("plinth.db");
                let connection = rusqlite::Connection::open(path).expect("the database");
                dump_sqlite(&connection)
            }
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        patience::end(self.directory.path());
    }
}

fn dump_sqlite(connection: &rusqlite::Connection) -> String {
    let query = |sql: &str| -> Vec<String> {
        let mut statement = connection.prepare(sql).expect("a statement");
        let columns = statement.column_count();
        let rows = statement.query_map([], |row| {
            let cells = (0..columns).map(|n| row.get::<_, rusqlite::types::Value>(n).map(|cell| format!("{cell:?}")));
            cells.collect::<Result<Vec<_>, _>>().map(|cells| cells.join("|"))
        });
        rows.expect("rows").collect::<Result<_, _>>().expect("rows")
    };
    let tables = query("select name from sqlite_schema where type = 'table'");
    let names = tables.iter().filter_map(|cell| cell.strip_prefix("Text(\"")?.strip_suffix("\")"));
    names.map(|name| format!("{name}\n{}", query(&format!("select * from \"{name}\"")).join("\n"))).collect()
}
