//! The hub: the groups of this node, and what sessions share.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use plinth_model::{Change, RecordId};
use plinth_store::Store;

use super::group::Group;
use super::memo::Held;
use super::question::{Key, Question};
use super::turns::Turns;
use crate::auth::Auth;
use crate::changes::Feed;
use crate::clock::SharedClock;
use crate::policy::Policy;
use crate::records::Records;

/// How much one connection may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connections in all.
    pub connections: usize,
    /// Connections of one address.
    pub connections_each: usize,
    /// Connections of one account.
    pub connections_of_account: usize,
    /// Subscriptions of one connection.
    pub subscriptions: usize,
    /// The longest frame from a client, in bytes.
    pub frame: usize,
    /// Between two signs of life.
    pub heartbeat: Duration,
    /// The longest that a client may take to read what was sent to it.
    pub write: Duration,
}

/// What sessions share; cheap to clone.
#[derive(Clone)]
pub struct Hub {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    feed: Feed,
    records: Records,
    policy: Policy,
    auth: Auth,
    clock: SharedClock,
    limits: Limits,
    groups: Mutex<HashMap<Key, Weak<Group>>>,
    revocations: Arc<Revocations>,
    held: Held,
    turns: Arc<Turns>,
}

/// Counts what may have ended a session or changed an account, so that open connections look again.
#[derive(Debug, Default)]
pub struct Revocations {
    sessions: AtomicU64,
    accounts: Mutex<HashMap<RecordId, Weak<AtomicU64>>>,
}

impl Revocations {
    /// Looks at a change of the log. Changes of rules and roles are noticed by the policy's version.
    pub fn notice(&self, change: &Change) {
        match change.collection.as_str() {
            "_sessions" => {
                self.sessions.fetch_add(1, Ordering::Relaxed);
            }
            "users" | "_accounts" => {
                let Ok(id) = change.id.parse::<RecordId>() else { return };
                let accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(counter) = accounts.get(&id).and_then(Weak::upgrade) {
                    counter.fetch_add(1, Ordering::Relaxed);
                }
            }
            _ => {}
        }
    }

    /// A counter that grows when this account's record, credentials or standing changed.
    pub fn of_account(&self, id: RecordId) -> Arc<AtomicU64> {
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(counter) = accounts.get(&id).and_then(Weak::upgrade) {
            return counter;
        }
        if accounts.len() % 1024 == 1023 {
            accounts.retain(|_, counter| counter.strong_count() > 0);
        }
        let counter = Arc::new(AtomicU64::new(0));
        accounts.insert(id, Arc::downgrade(&counter));
        counter
    }

    /// Grows when any session ended or was renewed.
    pub fn of_sessions(&self) -> u64 {
        self.sessions.load(Ordering::Relaxed)
    }
}

/// The services that a hub works with.
pub struct Means {
    /// The database.
    pub store: Store,
    /// The change feed.
    pub feed: Feed,
    /// The verbs on records.
    pub records: Records,
    /// The policies.
    pub policy: Policy,
    /// The accounts.
    pub auth: Auth,
    /// The time.
    pub clock: SharedClock,
    /// What was revoked; the feed tells it.
    pub revocations: Arc<Revocations>,
}

impl Hub {
    /// A hub without groups.
    pub fn new(means: Means, limits: Limits) -> Self {
        let Means { store, feed, records, policy, auth, clock, revocations } = means;
        let groups = Mutex::default();
        Self {
            inner: Arc::new(Inner {
                store,
                feed,
                records,
                policy,
                auth,
                clock,
                limits,
                groups,
                revocations,
                held: Held::default(),
                turns: Arc::default(),
            }),
        }
    }

    /// The group that asks this; made if nobody asks it yet.
    pub fn group(&self, question: Question) -> Arc<Group> {
        let key = question.key();
        let mut groups = self.inner.groups.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(group) = groups.get(&key).and_then(Weak::upgrade) {
            return group;
        }
        if groups.len() % 256 == 255 {
            groups.retain(|_, group| group.strong_count() > 0);
        }
        let inner = &self.inner;
        let group = Group::new(
            key,
            question,
            inner.store.clone(),
            inner.feed.clone(),
            inner.records.clone(),
            inner.clock.clone(),
            inner.held.clone(),
            inner.turns.clone(),
        );
        let group = Arc::new(group);
        groups.insert(key, Arc::downgrade(&group));
        group
    }

    /// The change feed.
    pub fn feed(&self) -> &Feed {
        &self.inner.feed
    }

    /// The verbs on records.
    pub fn records(&self) -> &Records {
        &self.inner.records
    }

    /// The policies.
    pub fn policy(&self) -> &Policy {
        &self.inner.policy
    }

    /// The accounts.
    pub fn auth(&self) -> &Auth {
        &self.inner.auth
    }

    /// The time.
    pub fn clock(&self) -> &SharedClock {
        &self.inner.clock
    }

    /// What was revoked.
    pub fn revocations(&self) -> &Arc<Revocations> {
        &self.inner.revocations
    }

    /// The limits.
    pub fn limits(&self) -> &Limits {
        &self.inner.limits
    }
}
