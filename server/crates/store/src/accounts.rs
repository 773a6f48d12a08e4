//! `_accounts`: what an account signs in with. The account itself, its address among it, is its record in `users`.
//!
//! A row without a record in `users` means nothing: every read joins the two. `version` grows with every change of
//! the password and with disabling; whoever checked a password and then signs in expects the version it was
//! checked against.

use plinth_model::{ChangeKind, Dialect, Instant, RecordId, Value};

use crate::error::Error;
use crate::store::Store;
use crate::system::{Row, Step, SystemChange};

/// An account's row.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredAccount {
    /// Its id, which is its record's in `users`.
    pub id: RecordId,
    /// The hash of its password, as a PHC string.
    pub password: String,
    /// Grows with every change of the password and with disabling.
    pub version: i64,
    /// Whether it is locked out.
    pub disabled: bool,
    /// When its password was set last, or it was disabled or enabled.
    pub updated_at: Instant,
    /// When it was last seen: a sign-in or a refresh.
    pub last_seen_at: Option<Instant>,
}

impl std::fmt::Debug for StoredAccount {
    /// Without the hash.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoredAccount").field("id", &self.id).field("version", &self.version).finish_non_exhaustive()
    }
}

/// Which accounts to list: newest first, below `before`, with `search` in the address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccountQuery {
    /// Only ids less than this one.
    pub before: Option<RecordId>,
    /// Only addresses that contain this text.
    pub search: Option<String>,
    /// At most this many.
    pub limit: u32,
}

const COLUMNS: &str = "a.id, a.password, a.version, a.disabled, a.updated_at, a.last_seen_at";

impl Store {
    /// The account with this id.
    pub async fn account(&self, id: RecordId) -> Result<Option<StoredAccount>, Error> {
        let sql = format!("select {COLUMNS} from _accounts a join users u on u.id = a.id where a.id = $1");
        let rows = self.query(sql, vec![Value::text(id.to_string())]).await?;
        rows.first().map(read).transpose()
    }

    /// The account with this address, in its normal form.
    pub async fn account_of_email(&self, email: &str) -> Result<Option<StoredAccount>, Error> {
        let sql = format!("select {COLUMNS} from users u join _accounts a on a.id = u.id where u.email = $1");
        let rows = self.query(sql, vec![Value::text(email)]).await?;
        rows.first().map(read).transpose()
    }

    /// Accounts, newest first.
    pub async fn accounts(&self, query: &AccountQuery) -> Result<Vec<StoredAccount>, Error> {
        let mut args = vec![Value::Int(i64::from(query.limit))];
        let mut conditions = vec!["true".to_owned()];
        if let Some(before) = query.before {
            args.push(Value::text(before.to_string()));
            conditions.push(format!("u.id < ${}", args.len()));
        }
        if let Some(search) = &query.search {
            args.push(Value::text(search));
            let place = match self.dialect() {
                Dialect::Sqlite => "instr",
                Dialect::Postgres => "strpos",
            };
            conditions.push(format!("{place}(u.email, ${}) > 0", args.len()));
        }
        let conditions = conditions.join(" and ");
        let sql = format!(
            "select {COLUMNS} from users u join _accounts a on a.id = u.id where {conditions} order by u.id desc limit $1"
        );
        self.query(sql, args).await?.iter().map(read).collect()
    }

    /// Whether any account is a member of this role itself.
    pub async fn has_member(&self, role: &str) -> Result<bool, Error> {
        let sql = "select 1 from _roles r join users u on r.member = 'user:' || u.id where r.role = $1 limit 1";
        Ok(!self.query(sql, vec![Value::text(role)]).await?.is_empty())
    }

    /// Removes accounts whose record in `users` is gone, as after a cascade.
    pub async fn sweep_accounts(&self) -> Result<u64, Error> {
        let sql = "delete from _accounts where id not in (select id from users)";
        Ok(self.apply(vec![Step::run(sql, Vec::new())]).await?.rows.first().copied().unwrap_or_default())
    }
}

/// Gives a record in `users` what it signs in with.
pub fn insert_account(id: RecordId, password: &str, at: Instant, by: Option<RecordId>) -> [Step; 2] {
    let sql = "insert into _accounts (id, password, version, disabled, created_at, updated_at)
        values ($1, $2, 1, 0, $3, $3)";
    let args = vec![Value::text(id.to_string()), Value::text(password), Value::Int(at.millis())];
    [Step::run_one(sql, args), logged(id, ChangeKind::Create, at, by)]
}

/// Sets a password. Expects the account to exist.
pub fn set_password(id: RecordId, password: &str, at: Instant, by: Option<RecordId>) -> [Step; 2] {
    let sql = "update _accounts set password = $2, version = version + 1, updated_at = $3 where id = $1";
    let args = vec![Value::text(id.to_string()), Value::text(password), Value::Int(at.millis())];
    [Step::run_one(sql, args), logged(id, ChangeKind::Update, at, by)]
}

/// Sets a password in place of the one of this version of the account. Expects that version.
pub fn change_password(id: RecordId, version: i64, password: &str, at: Instant) -> [Step; 2] {
    let sql = "update _accounts
        set password = $2, version = version + 1, updated_at = $3
        where id = $1 and version = $4 and disabled = 0";
    let args = vec![Value::text(id.to_string()), Value::text(password), Value::Int(at.millis()), Value::Int(version)];
    [Step::run_one(sql, args), logged(id, ChangeKind::Update, at, Some(id))]
}

/// Replaces the hash of an unchanged password, as when better parameters came into use.
pub fn rehash(id: RecordId, version: i64, password: &str) -> Step {
    let sql = "update _accounts set password = $3 where id = $1 and version = $2";
    Step::run(sql, vec![Value::text(id.to_string()), Value::Int(version), Value::text(password)])
}

/// Locks an account out or lets it in again.
pub fn set_disabled(id: RecordId, disabled: bool, at: Instant, by: Option<RecordId>) -> [Step; 2] {
    let sql = "update _accounts set disabled = $2, version = version + 1, updated_at = $3 where id = $1";
    let args = vec![Value::text(id.to_string()), Value::Int(disabled.into()), Value::Int(at.millis())];
    [Step::run_one(sql, args), logged(id, ChangeKind::Update, at, by)]
}

/// Notes that an account was seen. Expects this version of it, and that it is not disabled: a sign-in whose password
/// was changed meanwhile fails here.
pub fn seen(id: RecordId, version: i64, at: Instant) -> Step {
    let sql = "update _accounts set last_seen_at = $3 where id = $1 and version = $2 and disabled = 0";
    Step::run_one(sql, vec![Value::text(id.to_string()), Value::Int(version), Value::Int(at.millis())])
}

/// Takes away what an account signs in with, and its sessions.
pub fn delete_account(id: RecordId, at: Instant, by: Option<RecordId>) -> [Step; 2] {
    let sql = "delete from _accounts where id = $1";
    [Step::run(sql, vec![Value::text(id.to_string())]), logged(id, ChangeKind::Delete, at, by)]
}

fn read(row: &Row) -> Result<StoredAccount, Error> {
    Ok(StoredAccount {
        id: row.record_id(0)?,
        password: row.text(1)?.to_owned(),
        version: row.int(2)?,
        disabled: row.flag(3)?,
        updated_at: row.instant(4)?,
        last_seen_at: row.optional_instant(5)?,
    })
}

fn logged(id: RecordId, kind: ChangeKind, at: Instant, by: Option<RecordId>) -> Step {
    Step::Log(SystemChange { table: "_accounts".into(), id: id.to_string(), kind, before: None, after: None, at, by })
}
