//! Making accounts.

use std::sync::Arc;

use plinth_model::filter::Truth;
use plinth_model::schema::check::Hand;
use plinth_model::{Collection, Instant, Record, RecordId, Value, Violation};
use plinth_store::accounts::{insert_account, seen};
use plinth_store::sessions::insert_session;
use plinth_store::{Mutation, MutationKind, Step};
use serde_json::{Map, Value as Json};

use super::newcomer::Newcomer;
use super::session::{Client, SignedIn};
use super::users::as_caller;
use super::{Auth, Email, Error, Password};
use crate::config::Registration;
use crate::policy::Action;
use crate::policy::decision::Requirement;

/// The version of a new account's credentials.
const FIRST_VERSION: i64 = 1;

/// An account to be made, as a client describes it.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// The address.
    pub email: String,
    /// The password.
    pub password: Password,
    /// Own fields of `users`.
    pub own: Map<String, Json>,
}

/// An account that was checked and can be stored.
pub(super) struct Draft {
    pub(super) record: Record,
    pub(super) users: Arc<Collection>,
    pub(super) hash: String,
}

impl Draft {
    pub(super) fn id(&self) -> RecordId {
        self.record.id
    }
}

impl Auth {
    /// Makes an account and begins its first session.
    pub async fn register(&self, mut account: NewAccount, client: &Client) -> Result<SignedIn, Error> {
        if self.inner.settings.registration == Registration::Closed {
            return Err(Error::RegistrationClosed);
        }
        let _counted = self.inner.limits.try_from_address(client.address).await?;
        let newcomer = Newcomer::of(self)?;
        let unknown = newcomer.take_unknown(&mut account.own);
        let own: Vec<String> = account.own.keys().cloned().collect();
        let draft = self.draft(account, false, unknown).await.map_err(|error| newcomer.told(error))?;
        self.admit_own(&draft, &own)?;
        let (session, token) = self.new_session(draft.id(), client);
        let begin = [seen(draft.id(), FIRST_VERSION, session.created_at), insert_session(&session)];
        let by = Some(draft.id());
        let stored = self.store_account(draft, Vec::new(), begin.into(), by).await;
        stored.map_err(|error| newcomer.told(error))?;
        self.signed_in(&session, &token).await
    }

    /// Checks everything about a new account and hashes its password. All broken rules are told at once, behind those
    /// that were found before.
    pub(super) async fn draft(
        &self,
        account: NewAccount,
        verified: bool,
        found: Vec<Violation>,
    ) -> Result<Draft, Error> {
        let users = self.users()?;
        let mut violations = found;
        let email = match Email::parse(&account.email) {
            Ok(email) => {
                violations.extend(account.password.check("/password", &email).err());
                Some(email)
            }
            Err(fault) => {
                violations.push(Violation::new("/email", "invalid_email", fault.to_string()));
                None
            }
        };
        violations.extend(read_only(&users, &account.own));
        let values = new_values(&users, account.own, email.as_ref(), verified);
        let values = values.map_err(|more| violations.extend(more)).unwrap_or_default();
        if !violations.is_empty() {
            violations.dedup_by(|a, b| a.pointer == b.pointer && a.code == b.code);
            return Err(Error::Invalid(violations));
        }
        let hash = self.inner.hasher.hash(&account.password).await?;
        let now = self.inner.clock.now();
        let id = self.inner.entropy.record_id(now);
        let record = Record { id, created_at: now, updated_at: now, revision: 0, values };
        Ok(Draft { record, users, hash })
    }

    /// Nobody sets by registering what they could not change about themselves a moment later.
    fn admit_own(&self, draft: &Draft, own: &[String]) -> Result<(), Error> {
        let users = &draft.users;
        let mut blank = draft.record.clone();
        for name in own {
            if let Some((place, _)) = users.own_field(name) {
                blank.values[place] = Value::Null;
            }
        }
        let grant = self.inner.policy.authorize(&as_caller(users, &blank), Action::Update, &users.name);
        let admits = |name: &str| {
            let Ok(grant) = &grant else { return false };
            match grant.requirement([name]) {
                Requirement::Nothing => true,
                Requirement::Impossible => false,
                Requirement::Holds(expr) => {
                    let bound = expr.bind(&grant.bindings(draft.record.created_at));
                    bound.eval(&blank, users, Some(&draft.record)) == Truth::True
                }
            }
        };
        let message = "The policies do not let an account set this about itself.";
        let refused = own.iter().filter(|name| !admits(name));
        let refused: Vec<_> =
            refused.map(|name| Violation::new(format!("/{name}"), "policy_denied", message)).collect();
        if refused.is_empty() { Ok(()) } else { Err(Error::Invalid(refused)) }
    }

    /// Stores an account with what it signs in with: `before` those rows, `after` behind them.
    pub(super) async fn store_account(
        &self,
        draft: Draft,
        before: Vec<Step>,
        after: Vec<Step>,
        by: Option<RecordId>,
    ) -> Result<(), Error> {
        let (id, now): (RecordId, Instant) = (draft.id(), draft.record.created_at);
        let mut steps = before;
        steps.extend(insert_account(id, &draft.hash, now, by));
        steps.extend(after);
        let Draft { record, users, .. } = draft;
        let create = || {
            let kind = MutationKind::Create { record: record.clone(), check: Vec::new() };
            Some(Mutation { collection: users.clone(), id, kind })
        };
        self.store_record(create, steps, by, now).await
    }
}

/// Members that only the server sets, such as `verified`, and those that are no fields of a body at all.
pub(super) fn read_only(users: &Collection, own: &Map<String, Json>) -> Vec<Violation> {
    let refused = users.all_fields().filter(|field| field.read_only && own.contains_key(&field.name));
    let message = "It is set by the server only.";
    refused.map(|field| Violation::new(format!("/{}", field.name), "read_only", message)).collect()
}

/// The values of a new record in `users`.
fn new_values(
    users: &Collection,
    mut own: Map<String, Json>,
    email: Option<&Email>,
    verified: bool,
) -> Result<Vec<Value>, Vec<Violation>> {
    own.retain(|name, _| users.field(name).is_none_or(|field| !field.read_only));
    own.insert("email".to_owned(), email.map_or("nobody@invalid", Email::as_str).into());
    own.insert("verified".to_owned(), verified.into());
    users.create(Hand::Server, own)
}
