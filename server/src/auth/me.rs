//! An account as it sees itself.

use std::sync::Arc;

use plinth_model::{Instant, RecordId};
use serde::Serialize;
use serde_json::{Map, Value as Json};

use super::{Auth, Error};
use crate::policy::{Account, Action, Caller};

/// Members that a profile has whatever the policies say: an account knows them anyway.
pub(super) const ALWAYS: [&str; 5] = ["id", "email", "verified", "createdAt", "updatedAt"];

/// An account as it sees itself: `id`, `email`, `verified`, `roles`, its times, and the own fields of its record that
/// the policies let it read.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub struct Profile(Map<String, Json>);

impl Auth {
    /// The account of a caller, as it sees itself.
    pub fn me(&self, caller: &Caller) -> Result<Profile, Error> {
        let account = caller.signed_in().ok_or(Error::Unauthenticated)?;
        Ok(self.profile(account.clone()))
    }

    /// An account as it sees itself, with its record as it is stored now.
    pub async fn profile_of(&self, id: RecordId) -> Result<Profile, Error> {
        self.forget(id);
        let users = self.users()?;
        let record = self.record(&users, id).await?.ok_or(Error::NotFound)?;
        Ok(self.profile(Arc::new(Account { id, session: String::new(), expires_at: Instant::MAX, record, users })))
    }

    /// An account as it sees itself.
    pub(super) fn profile(&self, account: Arc<Account>) -> Profile {
        let caller = Caller::account(account.clone());
        let roles = self.inner.policy.state().standing(&caller).roles.clone();
        let visible = self.visible(&caller, &account);
        let mut json = account.record.to_json(&account.users);
        json.retain(|name, _| ALWAYS.contains(&name.as_str()) || visible.iter().any(|field| field == name));
        json.insert("roles".to_owned(), roles.into());
        Profile(json)
    }

    /// The fields of its own record that the policies let an account read. A field for which the database would have
    /// to be asked is left out; the record itself, read as a record, has it.
    fn visible(&self, caller: &Caller, account: &Account) -> Vec<String> {
        let users = &account.users;
        let Ok(grant) = self.inner.policy.authorize(caller, Action::Read, &users.name) else { return Vec::new() };
        let sight = grant.sight().bind(&grant.bindings(self.inner.clock.now()));
        if sight.admits(users, &account.record) != Some(true) {
            return Vec::new();
        }
        let shown = |name: &&String| sight.shows(name, users, &account.record) == Some(true);
        sight.fields.keys().filter(shown).cloned().collect()
    }
}
