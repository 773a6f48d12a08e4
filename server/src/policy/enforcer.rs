//! casbin, asked one question: which rules apply to a subject, an object and an action?
//!
//! casbin scans all rules per question (0.7 ms at 1,000 rules), so it is asked once per distinct question and the
//! answer is compiled and kept (`decision`). The effector never stops early, so that one pass collects every
//! rule that applies, allows and denies alike.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use casbin::rhai::Dynamic;
use casbin::{
    Adapter, CoreApi, DefaultModel, DefaultRoleManager, EffectKind, Effector, EffectorStream, Enforcer as Casbin,
    Filter, Model, function_map::OperatorFunction,
};
use parking_lot::RwLock;

use super::rules::{Effect, Rule, object_matches};

/// The model: a constant of the server, never a setting.
const MODEL: &str = include_str!("../../../config/casbin_model.conf");

/// casbin could not be built or asked; a fault of the server, never of a client.
#[derive(Debug, thiserror::Error)]
#[error("casbin: {0}")]
pub struct Fault(String);

impl From<casbin::Error> for Fault {
    fn from(error: casbin::Error) -> Self {
        Self(error.to_string())
    }
}

/// Finds the rules that apply.
pub(super) struct Enforcer {
    casbin: Casbin,
    applied: Arc<Mutex<Vec<usize>>>,
}

impl Enforcer {
    /// An enforcer over these rules, in their order, and these memberships (`member`, `role`).
    pub(super) async fn new(rules: &[Rule], memberships: &[(String, String)]) -> Result<Self, Fault> {
        let model = DefaultModel::from_str(MODEL).await?;
        let adapter = Loaded { rules: rules.to_vec(), memberships: memberships.to_vec() };
        let mut casbin = Casbin::new_raw(model, adapter).await?;
        // By itself casbin follows ten links and no further. No chain is longer than all links and the built-in one.
        casbin.set_role_manager(Arc::new(RwLock::new(DefaultRoleManager::new(memberships.len() + 2))))?;
        casbin.add_function(
            "objectMatch",
            OperatorFunction::Arg2(|requested: Dynamic, object: Dynamic| {
                match (requested.into_immutable_string(), object.into_immutable_string()) {
                    (Ok(requested), Ok(object)) => object_matches(&requested, &object).into(),
                    _ => false.into(),
                }
            }),
        );
        casbin.load_policy().await?;
        let applied = Arc::new(Mutex::new(Vec::new()));
        casbin.set_effector(Box::new(Collect { applied: applied.clone() }));
        Ok(Self { casbin, applied })
    }

    /// The places of the rules that apply, in order.
    pub(super) fn applying(&self, subject: &str, object: &str, action: &str) -> Result<Vec<usize>, Fault> {
        // casbin hands the effector no way to return what it saw but this shared list, so questions queue here;
        // they are asked only when a decision is compiled.
        static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
        let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        self.casbin.enforce((subject, object, action))?;
        let mut applied = self.applied.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        Ok(std::mem::take(&mut *applied))
    }

    /// Every role that a subject has, by membership or by inheritance; not itself.
    pub(super) fn roles_of(&self, subject: &str) -> Vec<String> {
        let manager = self.casbin.get_role_manager();
        let mut found: Vec<String> = Vec::new();
        let mut open = vec![subject.to_owned()];
        while let Some(name) = open.pop() {
            for role in manager.read().get_roles(&name, None) {
                if !found.contains(&role) {
                    found.push(role.clone());
                    open.push(role);
                }
            }
        }
        found.sort();
        found
    }
}

/// The store adapter: hands casbin what was read from the store. Rules are written by the policy verbs, in one
/// transaction with the change log, so every way to write through casbin is refused.
struct Loaded {
    rules: Vec<Rule>,
    memberships: Vec<(String, String)>,
}

fn refused<T>() -> casbin::Result<T> {
    let reason = "rules are written through the policy verbs";
    Err(casbin::error::AdapterError(Box::from(reason)).into())
}

#[async_trait]
impl Adapter for Loaded {
    async fn load_policy(&mut self, model: &mut dyn Model) -> casbin::Result<()> {
        for rule in &self.rules {
            let effect = match rule.effect {
                Effect::Allow => "allow",
                Effect::Deny => "deny",
            };
            // The place in the list is the rule's identity here: casbin keeps a set, and two rules that differ
            // in their id alone must both be found.
            let condition = format!("{}\u{0}{}", rule.condition, rule.id);
            let line = [&rule.subject, &rule.object, &rule.action, &condition, &rule.fields, effect];
            model.add_policy("p", "p", line.map(str::to_owned).to_vec());
        }
        for (member, role) in &self.memberships {
            model.add_policy("g", "g", vec![member.clone(), role.clone()]);
        }
        Ok(())
    }

    async fn load_filtered_policy<'a>(&mut self, _: &mut dyn Model, _: Filter<'a>) -> casbin::Result<()> {
        refused()
    }

    async fn save_policy(&mut self, _: &mut dyn Model) -> casbin::Result<()> {
        refused()
    }

    async fn clear_policy(&mut self) -> casbin::Result<()> {
        refused()
    }

    fn is_filtered(&self) -> bool {
        false
    }

    async fn add_policy(&mut self, _: &str, _: &str, _: Vec<String>) -> casbin::Result<bool> {
        refused()
    }

    async fn add_policies(&mut self, _: &str, _: &str, _: Vec<Vec<String>>) -> casbin::Result<bool> {
        refused()
    }

    async fn remove_policy(&mut self, _: &str, _: &str, _: Vec<String>) -> casbin::Result<bool> {
        refused()
    }

    async fn remove_policies(&mut self, _: &str, _: &str, _: Vec<Vec<String>>) -> casbin::Result<bool> {
        refused()
    }

    async fn remove_filtered_policy(&mut self, _: &str, _: &str, _: usize, _: Vec<String>) -> casbin::Result<bool> {
        refused()
    }
}

/// An effector that collects the places of all rules whose matcher held.
struct Collect {
    applied: Arc<Mutex<Vec<usize>>>,
}

struct Collecting {
    applied: Arc<Mutex<Vec<usize>>>,
    place: usize,
}

impl Effector for Collect {
    fn new_stream(&self, _: &str, _: usize) -> Box<dyn EffectorStream> {
        self.applied.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clear();
        Box::new(Collecting { applied: self.applied.clone(), place: 0 })
    }
}

impl EffectorStream for Collecting {
    fn next(&self) -> bool {
        false
    }

    fn push_effect(&mut self, effect: EffectKind) -> bool {
        if effect != EffectKind::Indeterminate {
            self.applied.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(self.place);
        }
        self.place += 1;
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(id: &str, subject: &str, object: &str, action: &str, effect: Effect) -> Rule {
        let [id, subject, object, action] = [id, subject, object, action].map(str::to_owned);
        Rule { id, subject, object, action, condition: String::new(), fields: String::new(), effect }
    }

    #[tokio::test]
    async fn every_rule_that_applies_is_found_through_inheritance_too() {
        let rules = [
            rule("1", "role:public", "posts", "read", Effect::Allow),
            rule("2", "role:editor", "posts", "*", Effect::Allow),
            rule("3", "role:user", "posts", "read", Effect::Deny),
            rule("4", "role:editor", "notes", "read", Effect::Allow),
            rule("5", "role:user", "posts", "read", Effect::Deny),
        ];
        let member = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        let memberships = [member("role:user", "role:public"), member("role:editor", "role:user")];
        let enforcer = Enforcer::new(&rules, &memberships).await.unwrap();
        assert_eq!(enforcer.applying("role:editor", "posts", "read").unwrap(), [0, 1, 2, 4]);
        assert_eq!(enforcer.applying("role:public", "posts", "read").unwrap(), [0]);
        assert_eq!(enforcer.applying("role:public", "posts", "delete").unwrap(), Vec::<usize>::new());
        assert_eq!(enforcer.roles_of("role:editor"), ["role:public", "role:user"]);
    }

    #[tokio::test]
    async fn a_rule_applies_over_any_number_of_roles() {
        let memberships: Vec<_> = (0..40).map(|n| (format!("role:r{n}"), format!("role:r{}", n + 1))).collect();
        let rules = [10, 11, 40].map(|n| rule(&n.to_string(), &format!("role:r{n}"), "posts", "read", Effect::Deny));

        let enforcer = Enforcer::new(&rules, &memberships).await.unwrap();

        assert_eq!(enforcer.applying("role:r0", "posts", "read").unwrap(), [0, 1, 2]);
        assert_eq!(enforcer.roles_of("role:r0").len(), 40);
    }
}
