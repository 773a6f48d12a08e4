//! `_sessions`: one row a sign-in, from the login to the logout. A session that ended is no row.
//!
//! The refresh token of a session is used once and then followed by the next; the row holds the hash of the present
//! one and of the one before, never a token. A refresh is no news to other nodes and is not logged; an end is.

use plinth_model::{ChangeKind, Instant, RecordId, Value};

use crate::error::Error;
use crate::store::Store;
use crate::system::{Row, Step, SystemChange};

/// A session's row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSession {
    /// Its id.
    pub id: RecordId,
    /// Whose it is.
    pub account: RecordId,
    /// The hash of its present refresh token.
    pub token: String,
    /// The hash of the refresh token before that.
    pub parent: Option<String>,
    /// How many refreshes there were.
    pub place: i64,
    /// When it began.
    pub created_at: Instant,
    /// When it was last refreshed.
    pub used_at: Instant,
    /// When it ends if it is not refreshed.
    pub expires_at: Instant,
    /// When it ends in any case.
    pub ends_at: Instant,
    /// The client's address at the last refresh.
    pub address: String,
    /// What the client calls itself.
    pub agent: String,
}

const COLUMNS: &str =
    "s.id, s.account, s.token, s.parent, s.place, s.created_at, s.used_at, s.expires_at, s.ends_at, s.address, s.agent";

impl Store {
    /// The session with this id.
    pub async fn session(&self, id: RecordId) -> Result<Option<StoredSession>, Error> {
        let sql = format!("select {COLUMNS} from _sessions s where s.id = $1");
        self.query(sql, vec![Value::text(id.to_string())]).await?.first().map(read).transpose()
    }

    /// The sessions of an account that have not expired, newest first.
    pub async fn sessions(&self, account: RecordId, now: Instant) -> Result<Vec<StoredSession>, Error> {
        let sql =
            format!("select {COLUMNS} from _sessions s where s.account = $1 and s.expires_at > $2 order by s.id desc");
        let args = vec![Value::text(account.to_string()), Value::Int(now.millis())];
        self.query(sql, args).await?.iter().map(read).collect()
    }

    /// The addresses from which sessions of the account with this address of mail were last seen; 200 at most.
    pub async fn seen_from(&self, email: &str, now: Instant) -> Result<Vec<String>, Error> {
        let sql = "select distinct s.address from _sessions s join users u on u.id = s.account
            where u.email = $1 and s.expires_at > $2
            limit 200";
        let rows = self.query(sql, vec![Value::text(email), Value::Int(now.millis())]).await?;
        rows.iter().map(|row| Ok(row.text(0)?.to_owned())).collect()
    }

    /// Whether a session of this account goes on: it is there, has not expired, and the account is not disabled.
    pub async fn session_stands(&self, id: RecordId, account: RecordId, now: Instant) -> Result<bool, Error> {
        let sql = "select 1 from _sessions s join _accounts a on a.id = s.account
            where s.id = $1 and s.account = $2 and s.expires_at > $3 and a.disabled = 0";
        let args = vec![Value::text(id.to_string()), Value::text(account.to_string()), Value::Int(now.millis())];
        Ok(!self.query(sql, args).await?.is_empty())
    }

    /// Removes sessions that expired.
    pub async fn sweep_sessions(&self, now: Instant) -> Result<u64, Error> {
        let sql = "delete from _sessions where expires_at <= $1";
        let applied = self.apply(vec![Step::run(sql, vec![Value::Int(now.millis())])]).await?;
        Ok(applied.rows.first().copied().unwrap_or_default())
    }
}

/// Begins a session.
pub fn insert_session(session: &StoredSession) -> Step {
    let sql = "insert into _sessions (id, account, token, parent, place, created_at, used_at, expires_at, ends_at, address, agent)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    let args = vec![
        Value::text(session.id.to_string()),
        Value::text(session.account.to_string()),
        Value::text(&session.token),
        session.parent.as_ref().map_or(Value::Null, Value::text),
        Value::Int(session.place),
        Value::Int(session.created_at.millis()),
        Value::Int(session.used_at.millis()),
        Value::Int(session.expires_at.millis()),
        Value::Int(session.ends_at.millis()),
        Value::text(&session.address),
        Value::text(&session.agent),
    ];
    Step::run_one(sql, args)
}

/// A refresh: `session` as it is to be, `token` its present hash. Expects that hash still to be the present one, so
/// that one of many refreshes at once succeeds.
pub fn rotate_session(session: &StoredSession, token: &str) -> Step {
    let sql = "update _sessions
        set token = $3, parent = $2, place = $4, used_at = $5, expires_at = $6, address = $7, agent = $8
        where id = $1 and token = $2";
    let args = vec![
        Value::text(session.id.to_string()),
        Value::text(token),
        Value::text(&session.token),
        Value::Int(session.place),
        Value::Int(session.used_at.millis()),
        Value::Int(session.expires_at.millis()),
        Value::text(&session.address),
        Value::text(&session.agent),
    ];
    Step::run_one(sql, args)
}

/// Ends a session. Expects it to be there and to be this account's.
pub fn delete_session(id: RecordId, account: RecordId, at: Instant, by: Option<RecordId>) -> [Step; 2] {
    let sql = "delete from _sessions where id = $1 and account = $2";
    let args = vec![Value::text(id.to_string()), Value::text(account.to_string())];
    let image = format!("{{\"id\":\"{id}\",\"account\":\"{account}\"}}");
    [Step::run_one(sql, args), logged(id.to_string(), Some(image), at, by)]
}

/// Ends all sessions of an account but one, if one is named; logged as one change under the account's id.
pub fn delete_sessions(account: RecordId, except: Option<RecordId>, at: Instant, by: Option<RecordId>) -> [Step; 2] {
    let sql = "delete from _sessions where account = $1 and id <> $2";
    let except = except.map_or_else(String::new, |id| id.to_string());
    let image = format!("{{\"id\":null,\"account\":\"{account}\"}}");
    let args = vec![Value::text(account.to_string()), Value::text(except)];
    [Step::run(sql, args), logged(account.to_string(), Some(image), at, by)]
}

fn read(row: &Row) -> Result<StoredSession, Error> {
    Ok(StoredSession {
        id: row.record_id(0)?,
        account: row.record_id(1)?,
        token: row.text(2)?.to_owned(),
        parent: row.optional_text(3)?.map(str::to_owned),
        place: row.int(4)?,
        created_at: row.instant(5)?,
        used_at: row.instant(6)?,
        expires_at: row.instant(7)?,
        ends_at: row.instant(8)?,
        address: row.text(9)?.to_owned(),
        agent: row.text(10)?.to_owned(),
    })
}

fn logged(id: String, before: Option<String>, at: Instant, by: Option<RecordId>) -> Step {
    let kind = ChangeKind::Delete;
    Step::Log(SystemChange { table: "_sessions".into(), id, kind, before, after: None, at, by })
}
