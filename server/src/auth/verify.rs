//! From an access token to the account that it speaks for: asked by every request.

use std::sync::Arc;

use plinth_model::{Change, RecordId};
use plinth_store::{Asker, Store, asker};

use super::cache::{Fingerprint, Moment, fingerprint};
use super::token::access::Claims;
use super::{Auth, Error};
use crate::policy::{Account, Caller};
use crate::problem::Problem;

/// Looks into the database before giving up on an account that changes all the time.
const MAX_LOOKS: usize = 3;

impl Auth {
    /// The caller that an access token speaks for.
    pub async fn caller(&self, token: &str) -> Result<Caller, Problem> {
        Ok(Caller::account(self.authenticate(token).await?))
    }

    /// The account that an access token speaks for, as it is now: its session goes on, and it is not disabled.
    pub async fn authenticate(&self, token: &str) -> Result<Arc<Account>, Error> {
        let (cache, fingerprint) = (&self.inner.cache, fingerprint(token));
        let users = self.users()?;
        if let Some(account) = cache.get(&fingerprint, &users, self.moment()) {
            return Ok(account);
        }
        asker::scope(Asker::Server, self.look_up_while_stale(token, fingerprint)).await
    }

    async fn look_up_while_stale(&self, token: &str, fingerprint: Fingerprint) -> Result<Arc<Account>, Error> {
        let cache = &self.inner.cache;
        let claims = self.inner.keys.read(token).await?.ok_or(Error::Unauthenticated)?;
        for _ in 0..MAX_LOOKS {
            let (slot, moment) = (cache.slot(claims.account), self.moment());
            let account = Arc::new(self.look_up(&claims).await?);
            if !slot.is_stale() {
                cache.put(fingerprint, account.clone(), slot, moment);
                return Ok(account);
            }
        }
        Err(Error::Unauthenticated)
    }

    async fn look_up(&self, claims: &Claims) -> Result<Account, Error> {
        let store: &Store = &self.inner.store;
        if !store.session_stands(claims.session, claims.account, self.inner.clock.now()).await? {
            return Err(Error::Unauthenticated);
        }
        let users = self.users()?;
        let record = self.record(&users, claims.account).await?.ok_or(Error::Unauthenticated)?;
        let session = claims.session.to_string();
        Ok(Account { id: claims.account, session, expires_at: claims.expires_at, record, users })
    }

    /// Takes a change of the log: what it ends or changes is not believed any more.
    pub fn on_change(&self, change: &Change) {
        match change.collection.as_str() {
            "users" | "_accounts" => {
                if let Ok(account) = change.id.parse() {
                    self.forget(account);
                }
            }
            "_sessions" => {
                if let Some(account) = change.before.as_deref().and_then(account_of) {
                    self.forget(account);
                }
            }
            "_secrets" => self.inner.stale_keys.notify_one(),
            _ => {}
        }
    }

    /// Every change up to this moment was taken. As long as this is said once a second, what is in memory is believed;
    /// otherwise it is looked up again after a second.
    pub fn in_sync(&self) {
        self.inner.cache.in_sync(self.inner.clock.elapsed());
    }

    /// What is in memory about this account is not believed any more.
    pub(super) fn forget(&self, account: RecordId) {
        self.inner.cache.forget(account);
    }

    fn moment(&self) -> Moment {
        Moment { now: self.inner.clock.now(), elapsed: self.inner.clock.elapsed() }
    }
}

/// Whose session a change of `_sessions` ended.
fn account_of(image: &str) -> Option<RecordId> {
    #[derive(serde::Deserialize)]
    struct Image {
        account: String,
    }
    serde_json::from_str::<Image>(image).ok()?.account.parse().ok()
}
