//! The values that an expression meets when it is used: who asks, when, and with which parameters.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value as Json};

use crate::instant::Instant;
use crate::record::Record;
use crate::schema::Collection;
use crate::value::Value;

/// Everything that is bound into an expression. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Bindings {
    /// `auth`.
    pub auth: Auth,
    /// `now`.
    pub now: Instant,
    /// `params`.
    pub params: Arc<Map<String, Json>>,
}

impl Bindings {
    /// Bindings without parameters.
    pub fn new(auth: Auth, now: Instant) -> Self {
        Self { auth, now, params: Arc::default() }
    }

    /// The same with these parameters.
    #[must_use]
    pub fn with_params(self, params: Map<String, Json>) -> Self {
        Self { params: Arc::new(params), ..self }
    }
}

/// The members of `auth`. A member that is absent is an error to read, and `has(auth.member)` is false.
#[derive(Debug, Clone, PartialEq)]
pub struct Auth {
    members: Arc<BTreeMap<String, Value>>,
}

impl Auth {
    /// Somebody who has not signed in: `anonymous` and `roles` are there, and nothing else.
    pub fn anonymous(roles: impl IntoIterator<Item = String>) -> Self {
        Self::with(BTreeMap::new(), roles, true)
    }

    /// An account: `id` and every field of its record in `users`, with these roles (written without `role:`).
    pub fn account(user: &Record, users: &Collection, roles: impl IntoIterator<Item = String>) -> Self {
        let own = users.fields.iter().zip(&user.values).filter(|(field, _)| !field.write_only);
        let own = own.map(|(field, value)| (field.name.clone(), value.clone()));
        let id = ("id".to_owned(), Value::Text(user.id.to_string()));
        Self::with(own.chain([id]).collect(), roles, false)
    }

    fn with(mut members: BTreeMap<String, Value>, roles: impl IntoIterator<Item = String>, anonymous: bool) -> Self {
        let roles = roles.into_iter().map(Value::Text).collect();
        members.insert("roles".to_owned(), Value::List(roles));
        members.insert("anonymous".to_owned(), Value::Bool(anonymous));
        Self { members: Arc::new(members) }
    }

    /// A member's value, if it is there.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.members.get(name)
    }
}
