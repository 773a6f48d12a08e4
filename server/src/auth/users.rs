//! The administration of accounts. Who may do this is asked by the caller of these verbs; that only administrators
//! touch administrators is asked here.

use std::collections::HashMap;
use std::sync::Arc;

use plinth_model::schema::check::Hand;
use plinth_model::{Collection, Instant, Record, RecordId, Violation};
use plinth_store::accounts::{AccountQuery, StoredAccount, delete_account, set_disabled, set_password};
use plinth_store::policies::{forget_subject, hold_memberships, insert_membership, keep_administrator};
use plinth_store::sessions::delete_sessions;
use plinth_store::{Decision, Mutation, MutationKind, Step, Write};
use serde::Serialize;
use serde_json::{Map, Value as Json};

use super::register::read_only;
use super::{Auth, Email, Error, NewAccount, Password};
use crate::policy::rules::{SYSTEM_OBJECTS, check_subject};
use crate::policy::{Account, Action, Caller};

/// An account as administrators see it.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub struct User(Map<String, Json>);

/// A page of accounts, newest first.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UserPage {
    items: Vec<User>,
    next_cursor: Option<String>,
}

/// An account to be made by an administrator.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// Address, password and own fields.
    pub account: NewAccount,
    /// Whether the address counts as verified.
    pub verified: bool,
    /// Roles to give, without `role:`.
    pub roles: Vec<String>,
}

/// What to change about an account.
#[derive(Debug, Clone, Default)]
pub struct UserPatch {
    /// Its address.
    pub email: Option<String>,
    /// Whether its address counts as verified.
    pub verified: Option<bool>,
    /// Whether it is locked out.
    pub disabled: Option<bool>,
    /// Its password.
    pub password: Option<Password>,
    /// Own fields, as a JSON merge patch.
    pub own: Map<String, Json>,
}

impl User {
    /// Its id.
    pub fn id(&self) -> &str {
        self.0.get("id").and_then(Json::as_str).unwrap_or_default()
    }
}

impl Auth {
    /// Accounts, newest first: those below `cursor` whose address contains `search`.
    pub async fn list_users(
        &self,
        limit: u32,
        cursor: Option<RecordId>,
        search: Option<&str>,
    ) -> Result<UserPage, Error> {
        let search = search.map(str::to_lowercase).filter(|text| !text.is_empty());
        if search.as_ref().is_some_and(|text| text.contains('\0')) {
            // No address has one, and Postgres takes no text with it.
            return Ok(UserPage { items: Vec::new(), next_cursor: None });
        }
        let query = AccountQuery { before: cursor, search, limit: limit + 1 };
        let mut accounts = self.inner.store.accounts(&query).await?;
        let more = accounts.len() > limit as usize;
        accounts.truncate(limit as usize);
        let users = self.users()?;
        let ids: Vec<_> = accounts.iter().map(|account| account.id).collect();
        let records = self.records(&users, &ids).await?;
        let mut records: HashMap<_, _> = records.into_iter().map(|record| (record.id, record)).collect();
        let next_cursor = accounts.last().filter(|_| more).map(|account| account.id.to_string());
        let pairs = accounts.iter().filter_map(|account| Some((account, records.remove(&account.id)?)));
        Ok(UserPage { items: pairs.map(|(account, record)| self.user(&users, account, record)).collect(), next_cursor })
    }

    /// One account.
    pub async fn user_of(&self, id: RecordId) -> Result<User, Error> {
        let users = self.users()?;
        let account = self.inner.store.account(id).await?.ok_or(Error::NotFound)?;
        let record = self.record(&users, id).await?.ok_or(Error::NotFound)?;
        Ok(self.user(&users, &account, record))
    }

    /// Makes an account.
    pub async fn create_user(&self, new: NewUser, by: &Caller) -> Result<User, Error> {
        check_roles(&new.roles)?;
        if new.roles.iter().any(|role| self.leads_to_admin(role)) {
            self.require_admin(by)?;
        }
        let draft = self.draft(new.account, new.verified, Vec::new()).await?;
        let (id, now) = (draft.id(), draft.record.created_at);
        let member = format!("user:{id}");
        let memberships =
            new.roles.iter().flat_map(|role| insert_membership(&member, &format!("role:{role}"), by.id(), now));
        self.store_account(draft, Vec::new(), memberships.collect(), by.id()).await?;
        if !new.roles.is_empty() {
            self.inner.policy.reload().await?;
        }
        self.user_of(id).await
    }

    /// Changes an account. A new password or disabling ends its sessions.
    pub async fn update_user(&self, id: RecordId, patch: UserPatch, by: &Caller) -> Result<User, Error> {
        let users = self.users()?;
        let record = self.record(&users, id).await?.ok_or(Error::NotFound)?;
        self.guard_admin(&users, &record, by)?;
        let now = self.inner.clock.now();
        let (email, steps) = self.credential_steps(&users, &record, &patch, now, by.id()).await?;
        let guarded = if patch.disabled == Some(true) { self.guarded(steps).await? } else { Guarded::not(steps) };
        let mut body = patch.own;
        let refused = read_only(&users, &body);
        if !refused.is_empty() {
            return Err(Error::Invalid(refused));
        }
        body.extend(email.map(|email| ("email".to_owned(), email.as_str().into())));
        body.extend(patch.verified.map(|verified| ("verified".to_owned(), verified.into())));
        let Guarded { steps, last } = guarded;
        let changed = || (!body.is_empty()).then(|| change(users.clone(), id, body.clone(), now));
        self.store_record(changed, steps, by.id(), now).await.map_err(|error| gone(error, last))?;
        self.forget(id);
        self.user_of(id).await
    }

    /// Removes an account: its record, what it signs in with, its sessions, memberships and rules about it alone.
    pub async fn delete_user(&self, id: RecordId, by: &Caller) -> Result<(), Error> {
        let users = self.users()?;
        let record = self.record(&users, id).await?.ok_or(Error::NotFound)?;
        self.guard_admin(&users, &record, by)?;
        let now = self.inner.clock.now();
        let mut steps = Vec::from(delete_account(id, now, by.id()));
        steps.extend(forget_subject(&format!("user:{id}"), by.id(), now));
        let decide = |stored: Option<&Record>| match stored {
            Some(_) => Ok(Decision::write(Write::Delete)),
            None => Err(Error::NotFound),
        };
        let Guarded { steps, last } = self.guarded(steps).await?;
        let delete = || {
            let kind = MutationKind::Change(Box::new(decide));
            Some(Mutation { collection: users.clone(), id, kind })
        };
        self.store_record(delete, steps, by.id(), now).await.map_err(|error| gone(error, last))?;
        self.forget(id);
        self.inner.policy.reload().await?;
        Ok(())
    }

    /// Ends one session of an account, or all of them.
    pub async fn end_sessions_of(&self, id: RecordId, session: Option<RecordId>, by: &Caller) -> Result<(), Error> {
        let users = self.users()?;
        let record = self.record(&users, id).await?.ok_or(Error::NotFound)?;
        self.guard_admin(&users, &record, by)?;
        match session {
            Some(session) => self.end_session(id, session, by.id()).await,
            None => self.end_sessions(id, by.id()).await,
        }
    }

    /// The new address, and the steps for password and lock.
    async fn credential_steps(
        &self,
        users: &Collection,
        record: &Record,
        patch: &UserPatch,
        now: Instant,
        by: Option<RecordId>,
    ) -> Result<(Option<Email>, Vec<Step>), Error> {
        let email = patch.email.as_deref().map(Email::parse).transpose();
        let email = email.map_err(|fault| Error::invalid("/email", "invalid_email", fault.to_string()))?;
        let mut steps = Vec::new();
        if let Some(password) = &patch.password {
            let address = email.clone().map_or_else(|| Email::of_record(users, record), Ok)?;
            password.check("/password", &address).map_err(|violation| Error::Invalid(vec![violation]))?;
            steps.extend(set_password(record.id, &self.inner.hasher.hash(password).await?, now, by));
        }
        if let Some(disabled) = patch.disabled {
            steps.extend(set_disabled(record.id, disabled, now, by));
        }
        if patch.password.is_some() || patch.disabled == Some(true) {
            steps.extend(delete_sessions(record.id, None, now, by));
        }
        Ok((email, steps))
    }

    fn user(&self, users: &Arc<Collection>, account: &StoredAccount, record: Record) -> User {
        let roles = self.roles(users, &record);
        let mut json = record.to_json(users);
        json.retain(|name, _| users.field(name).is_some_and(|field| !field.write_only));
        json.insert("disabled".to_owned(), account.disabled.into());
        json.insert("roles".to_owned(), roles.into());
        json.insert("lastSeenAt".to_owned(), account.last_seen_at.map_or(Json::Null, |at| at.to_string().into()));
        User(json)
    }

    /// Every role of an account, own and inherited.
    fn roles(&self, users: &Arc<Collection>, record: &Record) -> Vec<String> {
        self.inner.policy.state().standing(&as_caller(users, record)).roles.clone()
    }

    fn leads_to_admin(&self, role: &str) -> bool {
        self.inner.policy.state().standing_of_role(role).admin
    }

    fn require_admin(&self, by: &Caller) -> Result<(), Error> {
        if self.inner.policy.state().standing(by).admin { Ok(()) } else { Err(Error::Administrators) }
    }

    /// Whoever may administer accounts may not thereby take over one that may see or do more of the administration.
    fn guard_admin(&self, users: &Arc<Collection>, record: &Record, by: &Caller) -> Result<(), Error> {
        let theirs = as_caller(users, record);
        let policy = &self.inner.policy;
        let may = |caller: &Caller, action, object| policy.authorize_system(caller, action, object).is_ok();
        let rights = SYSTEM_OBJECTS.iter().flat_map(|object| [(Action::Read, *object), (Action::Write, *object)]);
        let mut more = rights.filter(|(action, object)| may(&theirs, *action, object) && !may(by, *action, object));
        let more = more.next().is_some();
        let admin = policy.state().standing(&theirs).admin;
        if admin || more { self.require_admin(by) } else { Ok(()) }
    }

    /// These steps, undone where they would leave no administrator, since nobody could undo that. Asked behind them and
    /// in their transaction: of two administrators who end each other at once, one stays.
    async fn guarded(&self, steps: Vec<Step>) -> Result<Guarded, Error> {
        let store = &self.inner.store;
        if !store.has_administrator().await? {
            return Ok(Guarded::not(steps));
        }
        let held = hold_memberships(store.dialect()).into_iter();
        let steps: Vec<Step> = held.chain(steps).chain([keep_administrator()]).collect();
        Ok(Guarded { last: Some(steps.len() - 1), steps })
    }
}

/// Steps on accounts, and which of them asks for an administrator.
struct Guarded {
    steps: Vec<Step>,
    last: Option<usize>,
}

impl Guarded {
    fn not(steps: Vec<Step>) -> Self {
        Self { steps, last: None }
    }
}

/// The change of a record in `users`, by the server's hand.
fn change(users: Arc<Collection>, id: RecordId, body: Map<String, Json>, now: Instant) -> Mutation<Error> {
    let collection = users.clone();
    let decide = move |stored: Option<&Record>| {
        let stored = stored.ok_or(Error::NotFound)?;
        let values = users.patch(Hand::Server, stored, body.clone()).map_err(Error::Invalid)?;
        Ok(Decision::write(Write::Put(Record { updated_at: now, values, ..stored.clone() })))
    };
    Mutation { collection, id, kind: MutationKind::Change(Box::new(decide)) }
}

/// An account as it would ask, without a session.
pub(super) fn as_caller(users: &Arc<Collection>, record: &Record) -> Caller {
    let (record, users) = (record.clone(), users.clone());
    let account = Account { id: record.id, session: String::new(), expires_at: Instant::MAX, record, users };
    Caller::account(Arc::new(account))
}

fn check_roles(roles: &[String]) -> Result<(), Error> {
    let fault = |(n, role): (usize, &String)| {
        let error = check_subject(&format!("role:{role}")).err()?;
        Some(Violation::new(format!("/roles/{n}"), "invalid_role", error.message))
    };
    let faults: Vec<_> = roles.iter().enumerate().filter_map(fault).collect();
    if faults.is_empty() { Ok(()) } else { Err(Error::Invalid(faults)) }
}

/// A step that expected the account says that it went meanwhile, the `last` that it was needed.
fn gone(error: Error, last: Option<usize>) -> Error {
    match error {
        Error::Store(plinth_store::Error::Expectation { step }) if Some(step) == last => Error::LastAdministrator,
        Error::Store(plinth_store::Error::Expectation { .. }) => Error::NotFound,
        other => other,
    }
}
