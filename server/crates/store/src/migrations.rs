//! The system tables' history: numbered steps with the same names for both databases, run once each, in a
//! transaction, and recorded in `_migrations`.

use crate::error::OpenError;

/// One step.
pub(crate) struct Migration {
    /// Its number; they count from 1.
    pub(crate) version: i64,
    /// Its name, which is the files'.
    pub(crate) name: &'static str,
    /// Its SQL for SQLite.
    pub(crate) sqlite: &'static str,
    /// Its SQL for Postgres.
    pub(crate) postgres: &'static str,
}

macro_rules! migration {
    ($version:literal, $name:literal) => {
        Migration {
            version: $version,
            name: $name,
            sqlite: include_str!(concat!("../migrations/sqlite/", $name, ".sql")),
            postgres: include_str!(concat!("../migrations/postgres/", $name, ".sql")),
        }
    };
}

/// All steps, in order.
pub(crate) const MIGRATIONS: [Migration; 3] =
    [migration!(1, "0001_system"), migration!(2, "0002_epochs"), migration!(3, "0003_definitions")];

/// The table that records them.
pub(crate) const TABLE_SQLITE: &str =
    "create table _migrations (version integer primary key, name text not null) strict";

/// The table that records them.
pub(crate) const TABLE_POSTGRES: &str =
    "create table _migrations (version bigint primary key, name text collate \"C\" not null)";

/// The steps behind version `found`; refuses a database, named by `place`, that has steps unknown here.
pub(crate) fn pending(place: &str, found: i64) -> Result<impl Iterator<Item = &'static Migration> + use<>, OpenError> {
    let known = MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0);
    if found > known {
        return Err(OpenError::Newer { place: place.to_owned(), found, known });
    }
    Ok(MIGRATIONS.iter().filter(move |migration| migration.version > found))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_count_from_one_and_names_begin_with_them() {
        for (n, migration) in MIGRATIONS.iter().enumerate() {
            assert_eq!(usize::try_from(migration.version).unwrap(), n + 1);
            assert!(migration.name.starts_with(&format!("{:04}_", migration.version)), "{}", migration.name);
        }
    }
}
