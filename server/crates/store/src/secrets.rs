//! `_secrets`: keys of the server itself, shared by all nodes. Never in the change log.

use plinth_model::{ChangeKind, Instant, Value};

use crate::error::Error;
use crate::store::Store;
use crate::system::{Step, SystemChange};

/// A key of the server.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredSecret {
    /// Its name, such as `signing/…` or `cursor`.
    pub name: String,
    /// The key, as text.
    pub value: String,
    /// When it was made.
    pub created_at: Instant,
}

impl std::fmt::Debug for StoredSecret {
    /// Without the key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoredSecret").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Store {
    /// The secret of this name; `candidate` becomes it if there is none yet. Of many nodes that ask at once, all
    /// get the same.
    pub async fn secret(&self, name: &str, candidate: &str, now: Instant) -> Result<String, Error> {
        let sql = "insert into _secrets (name, value, created_at) values ($1, $2, $3) on conflict do nothing";
        let found = self.read_secret(name).await?;
        if let Some(value) = found {
            return Ok(value);
        }
        let args = vec![Value::text(name), Value::text(candidate), Value::Int(now.millis())];
        self.apply(vec![Step::run(sql, args)]).await?;
        self.read_secret(name).await?.ok_or_else(|| Error::Fault(format!("the secret {name} did not stay")))
    }

    async fn read_secret(&self, name: &str) -> Result<Option<String>, Error> {
        let rows = self.query("select value from _secrets where name = $1", vec![Value::text(name)]).await?;
        rows.first().map(|row| row.text(0).map(str::to_owned)).transpose()
    }

    /// All secrets whose names begin with `prefix`, oldest first.
    pub async fn secrets(&self, prefix: &str) -> Result<Vec<StoredSecret>, Error> {
        let sql = "select name, value, created_at from _secrets
            where name >= $1 and name < $2
            order by created_at, name";
        let end = format!("{prefix}{}", char::MAX);
        let rows = self.query(sql, vec![Value::text(prefix), Value::Text(end)]).await?;
        let read = |row: &crate::Row| {
            Ok(StoredSecret {
                name: row.text(0)?.to_owned(),
                value: row.text(1)?.to_owned(),
                created_at: row.instant(2)?,
            })
        };
        rows.iter().map(read).collect()
    }
}

/// Stores a new secret; other nodes learn of its name.
pub fn insert_secret(secret: &StoredSecret) -> [Step; 2] {
    let sql = "insert into _secrets (name, value, created_at) values ($1, $2, $3)";
    let args = vec![Value::text(&secret.name), Value::text(&secret.value), Value::Int(secret.created_at.millis())];
    [Step::run_one(sql, args), logged(&secret.name, ChangeKind::Create, secret.created_at)]
}

/// Removes a secret.
pub fn delete_secret(name: &str, at: Instant) -> [Step; 2] {
    [Step::run("delete from _secrets where name = $1", vec![Value::text(name)]), logged(name, ChangeKind::Delete, at)]
}

fn logged(name: &str, kind: ChangeKind, at: Instant) -> Step {
    let id = name.to_owned();
    Step::Log(SystemChange { table: "_secrets".into(), id, kind, before: None, after: None, at, by: None })
}
