//! Somebody who registers: what an account may know of itself is what its making may tell.

use std::sync::Arc;

use plinth_model::schema::violation::join;
use plinth_model::{Collection, Record, Value, Violation};
use serde_json::{Map, Value as Json};

use super::me::ALWAYS;
use super::users::as_caller;
use super::{Auth, Error};
use crate::nearest;
use crate::policy::decision::Requirement;
use crate::policy::{Action, Denied, Grant};

/// The most unknown members that an answer names.
const MOST_UNKNOWN: usize = 100;

/// What the policies will let an account do with its own record, before there is one.
pub(super) struct Newcomer {
    users: Arc<Collection>,
    read: Option<Grant>,
    update: Option<Grant>,
}

impl Newcomer {
    /// Whoever registers next.
    pub(super) fn of(auth: &Auth) -> Result<Self, Error> {
        let (users, now) = (auth.users()?, auth.inner.clock.now());
        let values = vec![Value::Null; users.fields.len()];
        let id = auth.inner.entropy.record_id(now);
        let caller = as_caller(&users, &Record { id, created_at: now, updated_at: now, revision: 0, values });
        let right = |action| auth.inner.policy.authorize(&caller, action, &users.name).ok();
        Ok(Self { read: right(Action::Read), update: right(Action::Update), users })
    }

    /// Takes out the members that accounts do not have, and in the same words those that this one may not know of.
    pub(super) fn take_unknown(&self, own: &mut Map<String, Json>) -> Vec<Violation> {
        let unknown = |name: &&String| {
            let absent = self.users.field(name).is_none() && *name != "expand";
            absent || self.is_hidden(name)
        };
        let names: Vec<String> = own.keys().filter(unknown).cloned().collect();
        for name in &names {
            own.remove(name);
        }
        names.iter().take(MOST_UNKNOWN).map(|name| self.unknown(name)).collect()
    }

    /// A failure as far as it may be told.
    pub(super) fn told(&self, error: Error) -> Error {
        match error {
            Error::Conflict(fields) if !fields.iter().all(|name| self.sees(name)) => Error::Conflict(Vec::new()),
            Error::Invalid(mut violations) => {
                violations.retain(|violation| {
                    let name = violation.pointer.split('/').nth(1).unwrap_or_default();
                    violation.code == "unknown_field" || !self.is_hidden(name)
                });
                if violations.is_empty() { Denied::Forbidden.into() } else { Error::Invalid(violations) }
            }
            other => other,
        }
    }

    fn unknown(&self, name: &str) -> Violation {
        let seen = self.users.fields.iter().map(|field| field.name.as_str()).filter(|name| self.sees(name));
        let hint = nearest::nearest(name, seen).map_or_else(String::new, |name| format!(" (did you mean {name}?)"));
        let message = format!("{} has no field {name:?}{hint}: remove it", self.users.name);
        Violation::new(join("", name), "unknown_field", message)
    }

    fn is_hidden(&self, name: &str) -> bool {
        let writes = |grant: &Grant| !matches!(grant.requirement([name]), Requirement::Impossible);
        self.users.own_field(name).is_some() && !self.sees(name) && !self.update.as_ref().is_some_and(writes)
    }

    fn sees(&self, name: &str) -> bool {
        ALWAYS.contains(&name) || self.read.as_ref().is_some_and(|grant| grant.sight().fields.contains_key(name))
    }
}
