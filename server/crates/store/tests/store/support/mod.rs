//! Databases to test against, and short ways to say what is written.

pub(crate) mod blog;
pub(crate) mod postgres;

use plinth_store::{Applied, Error, Location, Options, SchemaStep, Store};
use tempfile::TempDir;

/// Defines each test twice: on a new SQLite database and on a new Postgres one.
macro_rules! on_both {
    ($($(#[doc = $doc:literal])* async fn $name:ident($db:ident: Db) $body:block)*) => {
        $(
            mod $name {
                use super::*;

                async fn on($db: Db) $body

                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn sqlite() {
                    on(Db::sqlite().await).await;
                }

                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn postgres() {
                    on(Db::postgres().await).await;
                }
            }
        )*
    };
}
pub(crate) use on_both;

/// A new database, open.
pub(crate) struct Db {
    pub(crate) store: Store,
    pub(crate) location: Location,
    /// Goes when the test ends.
    _directory: Option<TempDir>,
}

impl Db {
    pub(crate) async fn sqlite() -> Self {
        Self::sqlite_with(options()).await
    }

    pub(crate) async fn sqlite_with(options: Options) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let location = Location::Sqlite(directory.path().join("data"));
        let store = Store::open(&location, &options).await.unwrap();
        Self { store, location, _directory: Some(directory) }
    }

    pub(crate) async fn postgres() -> Self {
        Self::postgres_with(options()).await
    }

    pub(crate) async fn postgres_with(options: Options) -> Self {
        let location = Location::Postgres(postgres::new_database().await);
        let store = Store::open(&location, &options).await.unwrap();
        Self { store, location, _directory: None }
    }
}

/// Changes the schema, whatever it is now.
pub(crate) async fn migrate(store: &Store, steps: Vec<SchemaStep>) -> Result<Applied, Error> {
    let (version, _) = store.collections().await?;
    store.migrate(steps, version).await
}

/// Small, and patient with a busy machine.
pub(crate) fn options() -> Options {
    Options { readers: 2, connections: 8, statement_timeout: std::time::Duration::from_secs(20), ..Options::default() }
}
