//! Sessions: what begins with a sign-in and ends with a sign-out.

use std::net::IpAddr;

use plinth_model::{Instant, RecordId};
use plinth_store::sessions::{StoredSession, delete_session, delete_sessions};
use serde::Serialize;

use super::token::access::Claims;
use super::token::refresh::RefreshToken;
use super::{Auth, Error, Profile};
use crate::policy::Account;

/// The longest name of a client that is kept, in characters.
const MAX_AGENT: usize = 256;

/// Who is at the other end, as far as it can be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    pub(super) address: IpAddr,
    pub(super) agent: String,
}

impl Client {
    /// A client at this address (behind trusted proxies, the one they name) that calls itself so.
    pub fn new(address: IpAddr, agent: &str) -> Self {
        Self { address, agent: agent.chars().take(MAX_AGENT).collect() }
    }
}

/// The answer to a sign-in or a refresh.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// The account as it sees itself.
    pub user: Profile,
    /// The access token.
    pub access_token: String,
    /// The refresh token.
    pub refresh_token: String,
    /// When the access token expires.
    pub expires_at: Instant,
    /// When the session expires if it is not refreshed.
    pub session_expires_at: Instant,
}

/// A session, for the list of an account's sessions.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    id: String,
    created_at: String,
    last_used_at: String,
    expires_at: String,
    address: String,
    user_agent: String,
    current: bool,
}

impl Auth {
    /// A new session of an account; not stored yet.
    pub(super) fn new_session(&self, account: RecordId, client: &Client) -> (StoredSession, RefreshToken) {
        let now = self.inner.clock.now();
        let id = self.inner.entropy.record_id(now);
        let token = self.inner.refresh_key.first(id, &self.inner.entropy);
        let ends_at = after(now, self.inner.settings.session_max.as_millis());
        let session = StoredSession {
            id,
            account,
            token: token.hash(),
            parent: None,
            place: 0,
            created_at: now,
            used_at: now,
            expires_at: self.idle_end(now).min(ends_at),
            ends_at,
            address: client.address.to_string(),
            agent: client.agent.clone(),
        };
        (session, token)
    }

    /// When a session that is used now ends by itself.
    pub(super) fn idle_end(&self, now: Instant) -> Instant {
        after(now, self.inner.settings.session_idle.as_millis())
    }

    /// What a client gets for its session.
    pub(super) async fn signed_in(&self, session: &StoredSession, token: &RefreshToken) -> Result<SignedIn, Error> {
        let now = self.inner.clock.now();
        let end = after(now, self.inner.settings.access_token.as_millis()).min(session.expires_at);
        let end = whole_seconds(end);
        let claims = Claims { account: session.account, session: session.id, expires_at: end };
        let users = self.users()?;
        let record = self.record(&users, session.account).await?.ok_or(Error::InvalidCredentials)?;
        let account = Account { id: session.account, session: session.id.to_string(), expires_at: end, record, users };
        Ok(SignedIn {
            user: self.profile(account.into()),
            access_token: self.inner.keys.sign(&claims),
            refresh_token: token.text().to_owned(),
            expires_at: end,
            session_expires_at: session.expires_at,
        })
    }

    /// The sessions of an account, newest first; `current` is the one that asks.
    pub async fn sessions(&self, account: RecordId, current: Option<&str>) -> Result<Vec<Session>, Error> {
        let stored = self.inner.store.sessions(account, self.inner.clock.now()).await?;
        Ok(stored.into_iter().map(|session| Session::of(session, current)).collect())
    }

    /// Ends one session of an account.
    pub async fn end_session(&self, account: RecordId, session: RecordId, by: Option<RecordId>) -> Result<(), Error> {
        let steps = delete_session(session, account, self.inner.clock.now(), by);
        match self.inner.store.apply(steps.into()).await {
            Err(plinth_store::Error::Expectation { .. }) => Err(Error::NotFound),
            ended => {
                ended?;
                self.forget(account);
                Ok(())
            }
        }
    }

    /// Ends all sessions of an account.
    pub async fn end_sessions(&self, account: RecordId, by: Option<RecordId>) -> Result<(), Error> {
        let steps = delete_sessions(account, None, self.inner.clock.now(), by);
        self.inner.store.apply(steps.into()).await?;
        self.forget(account);
        Ok(())
    }

    /// Ends the session of a refresh token. A token that is no token, or whose session ended, is no fault: the client
    /// is signed out either way.
    pub async fn log_out(&self, refresh_token: &str) -> Result<(), Error> {
        let Some(token) = self.inner.refresh_key.read(refresh_token) else { return Ok(()) };
        let Some(session) = self.inner.store.session(token.session()).await? else { return Ok(()) };
        match self.end_session(session.account, session.id, Some(session.account)).await {
            Err(Error::NotFound) => Ok(()),
            ended => ended,
        }
    }
}

impl Session {
    fn of(stored: StoredSession, current: Option<&str>) -> Self {
        let id = stored.id.to_string();
        Self {
            current: current == Some(id.as_str()),
            id,
            created_at: stored.created_at.to_string(),
            last_used_at: stored.used_at.to_string(),
            expires_at: stored.expires_at.to_string(),
            address: stored.address,
            user_agent: stored.agent,
        }
    }
}

/// The next whole second: a token counts in seconds.
fn whole_seconds(instant: Instant) -> Instant {
    after(instant, (-instant.millis()).rem_euclid(1000))
}

/// The instant this much later, or the last there is.
pub(super) fn after(now: Instant, millis: i64) -> Instant {
    now.checked_add(millis).unwrap_or(Instant::MAX)
}
