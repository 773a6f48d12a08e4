//! What is in force at one moment: the collections and the rules, read together and swapped together.
//!
//! A schema and the rules about it are one snapshot, so no request sees new rules with an old schema or the other
//! way round. What is compiled from them is cached inside the snapshot and goes with it.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use plinth_model::filter::Sights;
use plinth_model::schema::{self, Definition};
use plinth_model::{Catalog, Collection, RecordId, Seq, Sight};
use plinth_store::Store;
use plinth_store::collections::StoredCollection;
use plinth_store::policies::{Membership, StoredRule};

use super::caller::Caller;
use super::decision::Decision;
use super::enforcer::{Enforcer, Fault};
use super::rules::{Action, Effect, Rule};
use crate::problem::Problem;

/// Decisions kept before the cache is emptied; only rules about single accounts make many of them.
const MAX_DECISIONS: usize = 10_000;

/// Why collections and rules could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] plinth_store::Error),
    /// casbin failed.
    #[error(transparent)]
    Casbin(#[from] Fault),
    /// A stored definition can't be read; it was checked before it was stored.
    #[error("the stored definition of {collection} can't be read: {reason}")]
    Definition {
        /// The collection.
        collection: String,
        /// Why.
        reason: String,
    },
}

impl From<LoadError> for Problem {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Store(error) => error.into(),
            other => Self::internal().because(other),
        }
    }
}

/// A snapshot of collections and rules.
pub struct State {
    version: u64,
    catalog: Arc<Catalog>,
    stored: HashMap<String, StoredCollection>,
    rules: Vec<Arc<Rule>>,
    memberships: Vec<Membership>,
    direct: HashMap<String, Vec<String>>,
    enforcer: Enforcer,
    standings: RwLock<HashMap<RecordId, Arc<Standing>>>,
    decisions: RwLock<HashMap<(String, String, Action), Arc<Decision>>>,
}

/// The roles of a caller, and the subjects whose rules apply to them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Every role, own and inherited, without `role:`, in order.
    pub roles: Vec<String>,
    /// Whether one of them is `admin`.
    pub admin: bool,
    /// Subjects to ask casbin for.
    subjects: Vec<String>,
    key: String,
}

impl State {
    /// Reads everything from the store. Collections that did not change keep their compiled form from `previous`.
    pub(super) async fn load(store: &Store, previous: Option<&State>, version: u64) -> Result<Self, LoadError> {
        let ((definitions, collections), rules) = (store.collections().await?, store.policies().await?);
        let memberships = store.memberships().await?;
        let catalog = Arc::new(load_catalog(&collections, previous)?.at(definitions));
        let state = Self::of(catalog, rules.into_iter().map(read_rule).collect(), memberships).await?;
        let stored = collections.into_iter().map(|stored| (stored.name.clone(), stored)).collect();
        Ok(Self { version, stored, ..state })
    }

    /// What these collections, rules and memberships mean.
    pub(super) async fn of(
        catalog: Arc<Catalog>,
        rules: Vec<Rule>,
        memberships: Vec<Membership>,
    ) -> Result<Self, Fault> {
        let enforcer = Enforcer::new(&rules, &role_links(&memberships)).await?;
        let mut direct: HashMap<String, Vec<String>> = HashMap::new();
        for membership in &memberships {
            direct.entry(membership.member.clone()).or_default().push(membership.role.clone());
        }
        Ok(Self {
            version: 0,
            catalog,
            stored: HashMap::new(),
            rules: rules.into_iter().map(Arc::new).collect(),
            memberships,
            direct,
            enforcer,
            standings: RwLock::default(),
            decisions: RwLock::default(),
        })
    }

    /// Grows with every snapshot of this node.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The collections.
    pub fn catalog(&self) -> &Arc<Catalog> {
        &self.catalog
    }

    /// How a collection is stored: hash, times, place in the log.
    pub fn stored(&self, collection: &str) -> Option<&StoredCollection> {
        self.stored.get(collection)
    }

    /// From where on the log of a collection is of its definition of today: what was written before may mean something
    /// else, or be of a namesake that was dropped.
    pub fn readable_from(&self, collection: &str) -> Seq {
        self.stored(collection).map_or(Seq(i64::MAX), |stored| stored.schema_seq)
    }

    /// All rules, in their order.
    pub fn rules(&self) -> &[Arc<Rule>] {
        &self.rules
    }

    /// All memberships.
    pub fn memberships(&self) -> &[Membership] {
        &self.memberships
    }

    /// The roles of a caller.
    pub fn standing(&self, caller: &Caller) -> Arc<Standing> {
        let Some(id) = caller.id() else {
            return Arc::new(self.make_standing(vec!["role:public".to_owned()]));
        };
        if let Some(known) = read(&self.standings).get(&id) {
            return known.clone();
        }
        let standing = Arc::new(self.standing_of_account(id));
        let mut standings = self.standings.write().unwrap_or_else(PoisonError::into_inner);
        if standings.len() >= MAX_DECISIONS {
            standings.clear();
        }
        standings.insert(id, standing.clone());
        standing
    }

    /// The standing of somebody who has this one role, as the simulator asks.
    pub fn standing_of_role(&self, role: &str) -> Standing {
        self.make_standing(vec![format!("role:{role}")])
    }

    fn standing_of_account(&self, id: RecordId) -> Standing {
        let subject = format!("user:{id}");
        let mut subjects = vec!["role:user".to_owned()];
        subjects.extend(self.direct.get(&subject).into_iter().flatten().cloned());
        if self.rules.iter().any(|rule| rule.subject == subject) {
            subjects.push(subject);
        }
        self.make_standing(subjects)
    }

    fn make_standing(&self, mut subjects: Vec<String>) -> Standing {
        subjects.sort();
        subjects.dedup();
        let inherited = subjects.iter().flat_map(|subject| self.enforcer.roles_of(subject));
        let all = subjects.iter().cloned().chain(inherited);
        let mut roles: Vec<String> = all.filter_map(|role| role.strip_prefix("role:").map(str::to_owned)).collect();
        roles.sort();
        roles.dedup();
        let admin = roles.iter().any(|role| role == "admin");
        Standing { admin, key: subjects.join("\u{1}"), roles, subjects }
    }

    /// The compiled rules for one question.
    pub(super) fn decision(
        &self,
        standing: &Standing,
        action: Action,
        collection: &Collection,
    ) -> Result<Arc<Decision>, Fault> {
        let key = (standing.key.clone(), collection.name.clone(), action);
        if let Some(known) = read(&self.decisions).get(&key) {
            return Ok(known.clone());
        }
        let decision = if standing.admin {
            Decision::everything(collection)
        } else {
            Decision::compile(self.applying(standing, action, &collection.name)?, &self.catalog, collection)
        };
        let decision = Arc::new(decision);
        let mut decisions = self.decisions.write().unwrap_or_else(PoisonError::into_inner);
        if decisions.len() >= MAX_DECISIONS {
            decisions.clear();
        }
        decisions.insert(key, decision.clone());
        Ok(decision)
    }

    /// The rules that apply to one question, in their order.
    pub(super) fn applying(&self, standing: &Standing, action: Action, object: &str) -> Result<Vec<Arc<Rule>>, Fault> {
        let mut places = Vec::new();
        for subject in &standing.subjects {
            places.extend(self.enforcer.applying(subject, object, action.as_str())?);
        }
        places.sort_unstable();
        places.dedup();
        Ok(places.into_iter().map(|place| self.rules[place].clone()).collect())
    }
}

fn read<T>(lock: &RwLock<T>) -> std::sync::RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

/// What a caller sees of every collection: the guard on each hop of their filters.
pub struct CallerSights {
    pub(super) state: Arc<State>,
    pub(super) standing: Arc<Standing>,
}

impl Sights for CallerSights {
    fn sight(&self, collection: &str) -> Option<Arc<Sight>> {
        let collection = self.state.catalog.get(collection)?;
        // A fault of casbin here hides the collection; the same fault fails the request where it is authorised.
        let decision = self.state.decision(&self.standing, Action::Read, collection).ok()?;
        decision.could_allow().then(|| decision.sight.clone())
    }
}

fn load_catalog(stored: &[StoredCollection], previous: Option<&State>) -> Result<Catalog, LoadError> {
    let load = |stored: &StoredCollection| {
        if let Some(known) = previous.and_then(|state| state.unchanged(stored)) {
            return Ok(known);
        }
        parse_stored(stored).map(Arc::new)
    };
    Ok(Catalog::new(stored.iter().map(load).collect::<Result<Vec<_>, _>>()?))
}

impl State {
    fn unchanged(&self, stored: &StoredCollection) -> Option<Arc<Collection>> {
        let same = self.stored.get(&stored.name).is_some_and(|known| known.hash == stored.hash);
        same.then(|| self.catalog.get(&stored.name).cloned()).flatten()
    }
}

fn parse_stored(stored: &StoredCollection) -> Result<Collection, LoadError> {
    let broken = |reason: String| LoadError::Definition { collection: stored.name.clone(), reason };
    let definition: Definition = serde_json::from_str(&stored.definition).map_err(|error| broken(error.to_string()))?;
    schema::parse::parse(&definition).map_err(|violations| {
        broken(violations.iter().map(|violation| violation.message.clone()).collect::<Vec<_>>().join("; "))
    })
}

/// An effect that is neither word can't be stored; should the table be edited by hand, it denies.
fn read_rule(stored: StoredRule) -> Rule {
    let effect = if stored.effect == "allow" { Effect::Allow } else { Effect::Deny };
    Rule {
        id: stored.id,
        subject: stored.subject,
        object: stored.object,
        action: stored.action,
        condition: stored.condition,
        fields: stored.fields,
        effect,
    }
}

/// The links between roles; accounts' own memberships are looked up here, so that casbin need not hold a link for
/// each account. Every signed-in account is also everybody.
fn role_links(memberships: &[Membership]) -> Vec<(String, String)> {
    let between_roles = memberships.iter().filter(|membership| membership.member.starts_with("role:"));
    let built_in = ("role:user".to_owned(), "role:public".to_owned());
    between_roles.map(|m| (m.member.clone(), m.role.clone())).chain(std::iter::once(built_in)).collect()
}
