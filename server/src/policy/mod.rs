//! Policies: who may do what, with which rows and which fields of them.
//!
//! casbin decides which rules apply (`enforcer`), the rules' conditions are compiled into one predicate
//! ([`decision`]), and the result is handed out as a [`Grant`], without which no verb touches a record.
//! Default: deny.

pub mod caller;
mod concern;
pub mod decision;
pub mod edit;
mod enforcer;
pub mod explain;
pub mod file;
mod filters;
pub mod grant;
#[cfg(test)]
mod laws;
pub mod rules;
pub mod state;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwap;
use plinth_model::schema::catalog::Version;
use plinth_store::Store;
use tokio::sync::{Mutex, watch};

pub use caller::{Account, Caller};
pub use grant::Grant;
pub use rules::{Action, Rule};
pub use state::{LoadError, Standing, State};

/// Why a caller got no grant.
#[derive(Debug, thiserror::Error)]
pub enum Denied {
    /// The collection does not exist, or the caller has no rule for it at all: the same answer for both.
    #[error("there is no collection {0:?}")]
    Unknown(String),
    /// The caller has rules for the collection, but none for this action.
    #[error("no policy allows this")]
    Forbidden,
    /// The caller must sign in first.
    #[error("sign in first")]
    Unauthenticated,
    /// The rules could not be asked.
    #[error(transparent)]
    Fault(#[from] LoadError),
}

/// The policy service: cheap to clone.
#[derive(Clone)]
pub struct Policy {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    state: ArcSwap<State>,
    versions: AtomicU64,
    reloading: Mutex<()>,
    changed: watch::Sender<u64>,
}

impl Policy {
    /// Loads collections and rules.
    pub async fn open(store: Store) -> Result<Self, LoadError> {
        let state = State::load(&store, None, 1).await?;
        let inner = Inner {
            store,
            state: ArcSwap::from_pointee(state),
            versions: AtomicU64::new(1),
            reloading: Mutex::new(()),
            changed: watch::Sender::new(1),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// What is in force now.
    pub fn state(&self) -> Arc<State> {
        self.inner.state.load_full()
    }

    /// Reads collections and rules again and puts them in force. Called behind every change of either, on the
    /// node that made it before it answers, on others when the change reaches them.
    pub async fn reload(&self) -> Result<(), LoadError> {
        let _turn = self.inner.reloading.lock().await;
        self.load().await
    }

    /// As [`Policy::reload`], unless somebody else has put other definitions in force than these meanwhile.
    pub async fn catch_up(&self, definitions: Version) -> Result<(), LoadError> {
        let _turn = self.inner.reloading.lock().await;
        if self.state().catalog().version() == definitions { self.load().await } else { Ok(()) }
    }

    async fn load(&self) -> Result<(), LoadError> {
        let version = self.inner.versions.fetch_add(1, Ordering::Relaxed) + 1;
        let previous = self.state();
        let state = State::load(&self.inner.store, Some(&previous), version).await?;
        self.inner.state.store(Arc::new(state));
        self.inner.changed.send_replace(version);
        Ok(())
    }

    /// Ticks when another snapshot is in force.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.inner.changed.subscribe()
    }

    /// The right of a caller to an action on a collection, if there is one.
    pub fn authorize(&self, caller: &Caller, action: Action, collection: &str) -> Result<Grant, Denied> {
        let state = self.state();
        let Some(found) = state.catalog().get(collection).cloned() else {
            return Err(Denied::Unknown(collection.to_owned()));
        };
        let standing = state.standing(caller);
        let decide = |action| state.decision(&standing, action, &found).map_err(LoadError::from);
        let (read, decision) = (decide(Action::Read)?, decide(action)?);
        if decision.could_allow() {
            return Ok(Grant { state, caller: caller.clone(), standing, collection: found, read, decision });
        }
        for other in [Action::Read, Action::Create, Action::Update, Action::Delete] {
            if decide(other)?.could_allow() {
                return Err(Denied::Forbidden);
            }
        }
        Err(Denied::Unknown(collection.to_owned()))
    }

    /// The right of a caller to read or write a part of the administration (`sys:users`, …).
    pub fn authorize_system(&self, caller: &Caller, action: Action, object: &str) -> Result<(), Denied> {
        let state = self.state();
        let standing = state.standing(caller);
        if standing.admin {
            return Ok(());
        }
        let rules = state.applying(&standing, action, object).map_err(LoadError::from)?;
        let allows = rules.iter().any(|rule| rule.effect == rules::Effect::Allow);
        let denies = rules.iter().any(|rule| rule.effect == rules::Effect::Deny);
        match (allows && !denies, caller.signed_in()) {
            (true, _) => Ok(()),
            (false, Some(_)) => Err(Denied::Forbidden),
            (false, None) => Err(Denied::Unauthenticated),
        }
    }
}
