//! A grant: the proof that a caller may do something with a collection, and what of it.
//!
//! Nothing outside this module can make one, and every verb on records takes one, so no record is touched without
//! a decision.

use std::sync::Arc;

use plinth_model::filter::{self, Auth, Bindings, Context, Expr, FilterError};
use plinth_model::{Collection, Instant, Sight};
use serde_json::{Map, Value as Json};

use super::caller::Caller;
use super::decision::{Decision, Requirement};
use super::rules::Action;
use super::state::{CallerSights, Standing, State};

/// A caller's right to one action on one collection.
#[derive(Clone)]
pub struct Grant {
    pub(super) state: Arc<State>,
    pub(super) caller: Caller,
    pub(super) standing: Arc<Standing>,
    pub(super) collection: Arc<Collection>,
    pub(super) read: Arc<Decision>,
    pub(super) decision: Arc<Decision>,
}

impl Grant {
    /// The collection.
    pub fn collection(&self) -> &Arc<Collection> {
        &self.collection
    }

    /// Who was granted.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// The snapshot that the grant belongs to.
    pub fn state(&self) -> &Arc<State> {
        &self.state
    }

    /// What the caller may read of the collection.
    pub fn sight(&self) -> &Arc<Sight> {
        &self.read.sight
    }

    /// Whether the caller may read anything of the collection.
    pub fn reads(&self) -> bool {
        self.read.could_allow()
    }

    /// What must hold for a write that changes these fields.
    pub fn requirement<'a>(&self, changed: impl IntoIterator<Item = &'a str>) -> Requirement {
        self.decision.requirement(changed)
    }

    /// Whether the caller may set a field, in some record.
    pub fn may_set(&self, field: &str) -> bool {
        !matches!(self.requirement([field]), Requirement::Impossible)
    }

    /// The right to read another collection, as for an expand; none where the caller has no rule for it.
    pub fn related(&self, collection: &str) -> Option<Self> {
        let collection = self.state.catalog().get(collection)?;
        let read = self.state.decision(&self.standing, Action::Read, collection).ok()?;
        read.could_allow().then(|| Self {
            collection: collection.clone(),
            decision: read.clone(),
            read,
            ..self.clone()
        })
    }

    /// Compiles the caller's own filter: it can name only what the caller may read, on every hop.
    pub fn compile(&self, source: &str, params: Option<&Map<String, Json>>) -> Result<Expr, FilterError> {
        let sights = CallerSights { state: self.state.clone(), standing: self.standing.clone() };
        let catalog = self.state.catalog();
        let users = catalog.get("users").unwrap_or(&self.collection);
        let context =
            Context { catalog, collection: &self.collection, users, sights: Some(&sights), data: false, params };
        match params {
            None => self.read.filters.get(source, || filter::compile(source, &context)),
            Some(_) => filter::compile(source, &context),
        }
    }

    /// What `auth`, `now` and `params` mean for this caller at this moment.
    pub fn bindings(&self, now: Instant) -> Bindings {
        bindings(&self.caller, &self.standing, now)
    }
}

/// What `auth` and `now` mean for a caller at a moment.
pub(super) fn bindings(caller: &Caller, standing: &Standing, now: Instant) -> Bindings {
    let auth = match caller.signed_in() {
        Some(account) => Auth::account(&account.record, &account.users, standing.roles.clone()),
        None => Auth::anonymous(standing.roles.clone()),
    };
    Bindings::new(auth, now)
}
