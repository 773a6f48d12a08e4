//! What a change of definition does to the rules that stand.
//!
//! A rule names fields and collections by their names. One that names what is gone allows nothing; the plan says so
//! ([`Silenced`]). What must not happen is that such a rule comes to life again for something else that bears the
//! name, or goes on under a relation that now leads elsewhere: nobody has decided that. Nor must a name that changes
//! take values out of reach of a rule that denies them, or carry a collection into a glob that allows or out of one
//! that denies. Such a change is refused until the rule is changed or deleted ([`Turn::waiting`]), by those who may
//! write rules. What is made new under a glob is what the glob was meant for.

use std::sync::Arc;

use plinth_model::filter::Mentions;
use plinth_model::schema::diff;
use plinth_model::{Catalog, Collection};
use serde_json::{Value as Json, json};

use crate::policy::State;
use crate::policy::rules::{Effect, Rule};

/// A rule that names what the change takes away.
#[derive(Debug, Clone, PartialEq)]
pub struct Silenced {
    rule: Arc<Rule>,
    reason: String,
}

impl Silenced {
    /// As clients see it.
    pub fn to_json(&self) -> Json {
        json!({ "rule": *self.rule, "reason": self.reason })
    }
}

/// The collections before and after a change of one of them.
pub struct Turn<'a> {
    before: &'a Catalog,
    after: Catalog,
    old: Option<&'a Arc<Collection>>,
    new: Option<&'a Arc<Collection>>,
}

impl<'a> Turn<'a> {
    /// The change of `old` to `new`; without the one it is made, without the other dropped.
    pub fn new(before: &'a Catalog, old: Option<&'a Arc<Collection>>, new: Option<&'a Arc<Collection>>) -> Self {
        let rest = before.iter().filter(|collection| old.is_none_or(|old| old.name != collection.name));
        let after = Catalog::new(rest.chain(new).cloned());
        Self { before, after, old, new }
    }

    /// The rules that the change silences.
    pub fn silenced(&self, state: &State) -> Vec<Silenced> {
        let silenced = |rule: &Arc<Rule>| Some(Silenced { reason: self.silence(rule)?, rule: rule.clone() });
        state.rules().iter().filter(|rule| !self.goes(rule)).filter_map(silenced).collect()
    }

    /// A rule that the change would give a meaning that it was not written for, or take its meaning from.
    pub fn waiting<'s>(&self, state: &'s State) -> Option<&'s Arc<Rule>> {
        let mut rules = state.rules().iter().filter(|rule| !self.goes(rule));
        rules.find(|rule| {
            let named = match rule.effect {
                Effect::Allow => self.lists_anew(rule),
                Effect::Deny => self.loses_sight(rule),
            };
            named || self.changes_sides(rule) || self.asked_by_name(rule).any(|pair| self.means_another(rule, pair))
        })
    }

    /// Whether the rule is about the collection that is dropped, and goes with it.
    fn goes(&self, rule: &Rule) -> bool {
        self.new.is_none() && self.old.is_some_and(|old| old.name == rule.object)
    }

    /// The names of the collections that a rule covers, before and after.
    fn asked<'s>(&'s self, rule: &'s Rule) -> impl Iterator<Item = (&'s str, &'s str)> {
        let covered = self.before.iter().filter(|collection| rule.covers(&collection.name));
        covered.filter_map(|collection| Some((collection.name.as_str(), self.name_after(&collection.name)?)))
    }

    /// The same for a rule that names its collection; one about a glob is meant for whatever comes.
    fn asked_by_name<'s>(&'s self, rule: &'s Rule) -> impl Iterator<Item = (&'s str, &'s str)> {
        self.asked(rule).filter(|_| !rule.object.contains('*'))
    }

    fn name_after<'s>(&'s self, name: &'s str) -> Option<&'s str> {
        if self.old.is_some_and(|old| old.name == name) { self.new.map(|new| new.name.as_str()) } else { Some(name) }
    }

    fn silence(&self, rule: &Rule) -> Option<String> {
        let broken = self.asked(rule).find_map(|(before, after)| {
            rule.condition_for(self.before, before).ok()?;
            rule.condition_for(&self.after, after).err().map(|error| error.to_string())
        });
        broken.or_else(|| {
            let name = self.listed(rule).into_iter().find(|name| has(self.old, name) && !has(self.new, name))?;
            Some(format!("{name} is in its fields"))
        })
    }

    /// Whether the rule lists a field that there has not been.
    fn lists_anew(&self, rule: &Rule) -> bool {
        self.listed(rule).into_iter().any(|name| !has(self.old, name) && has(self.new, name))
    }

    /// Whether a rule that denies lists a field that goes on under another name, which it does not list.
    fn loses_sight(&self, rule: &Rule) -> bool {
        let (Some(old), Some(new)) = (self.old, self.new) else { return false };
        let listed = rule.field_list().filter(|_| rule.covers(&old.name)).unwrap_or_default();
        let is_free = |name: &&str| {
            let goes_on = diff::successor(old, new, name);
            goes_on.is_some_and(|field| !listed.contains(&field.name.as_str()))
        };
        listed.iter().any(is_free)
    }

    /// Whether a new name of the collection brings it under a rule that allows, or out of one that denies. A rule that
    /// names it goes with it.
    fn changes_sides(&self, rule: &Rule) -> bool {
        let (Some(old), Some(new)) = (self.old, self.new) else { return false };
        if rule.object == old.name {
            return false;
        }
        match (rule.effect, rule.covers(&old.name), rule.covers(&new.name)) {
            (Effect::Allow, before, after) => !before && after,
            (Effect::Deny, before, after) => before && !after,
        }
    }

    /// The fields that a rule about this very collection lists.
    fn listed<'r>(&self, rule: &'r Rule) -> Vec<&'r str> {
        let own = self.new.is_some() && self.old.is_some_and(|old| old.name == rule.object);
        if own { rule.field_list().unwrap_or_default() } else { Vec::new() }
    }

    fn means_another(&self, rule: &Rule, (before, after): (&str, &str)) -> bool {
        let Ok(Some(then)) = rule.condition_for(&self.after, after) else { return false };
        match rule.condition_for(self.before, before) {
            Err(_) => true,
            Ok(None) => false,
            Ok(Some(now)) => self.mentions_after(now.mentions()) != *then.mentions(),
        }
    }

    fn mentions_after(&self, mentions: &Mentions) -> Mentions {
        let moved =
            |(name, fields): (&String, &_)| (self.name_after(name).unwrap_or(name).to_owned(), Clone::clone(fields));
        mentions.iter().map(moved).collect()
    }
}

fn has(collection: Option<&Arc<Collection>>, field: &str) -> bool {
    collection.is_some_and(|collection| collection.field(field).is_some())
}
