//! A decision: the rules that apply to (roles, collection, action), compiled once and kept.
//!
//! `or(allow conditions) and not or(deny conditions)`. A condition that ends in an error does not allow, and does
//! deny: `not error` is an error, and an error is not true. A rule whose condition no longer compiles (its field is
//! gone) allows nothing if it allows, and denies everything if it denies.
//!
//! The fields of a row are the union over the allow rules that hold *for that row*. On reads this becomes a
//! condition per field; on writes it becomes one requirement for the set of changed fields:
//! for each changed field, one of the rules that list it must hold.

use std::collections::BTreeMap;
use std::sync::Arc;

use plinth_model::filter::Expr;
use plinth_model::{Catalog, Collection, FieldSight, RowSight, Sight};

use super::filters::Filters;
use super::rules::{Effect, Rule};

/// The rules that apply to one question, and what they mean for reads.
#[derive(Debug)]
pub struct Decision {
    /// The rules, each with its compiled condition.
    pub rules: Vec<Compiled>,
    /// What may be read, if the question was `read`.
    pub sight: Arc<Sight>,
    /// The callers' filters, compiled under this decision.
    pub(super) filters: Filters,
}

/// A rule that applies.
#[derive(Debug, Clone)]
pub struct Compiled {
    /// The rule.
    pub rule: Arc<Rule>,
    /// Its condition on this collection.
    pub condition: Condition,
}

/// A rule's condition, compiled.
#[derive(Debug, Clone)]
pub enum Condition {
    /// It always holds.
    Always,
    /// It holds where this does.
    When(Expr),
    /// It can't be compiled against the collection as it is now; the text says why.
    Broken(String),
}

/// What must hold for a write.
#[derive(Debug, Clone)]
pub enum Requirement {
    /// Nothing: it is allowed.
    Nothing,
    /// It can't be allowed.
    Impossible,
    /// This must be true.
    Holds(Expr),
}

impl Decision {
    /// Compiles these rules for one collection.
    pub(super) fn compile(rules: Vec<Arc<Rule>>, catalog: &Catalog, collection: &Collection) -> Self {
        let compile = |rule: Arc<Rule>| {
            let condition = match rule.condition_for(catalog, &collection.name) {
                Ok(None) => Condition::Always,
                Ok(Some(expr)) => Condition::When(expr),
                Err(error) => Condition::Broken(error.to_string()),
            };
            Compiled { rule, condition }
        };
        let rules: Vec<Compiled> = rules.into_iter().map(compile).collect();
        let sight = Arc::new(sight(&rules, collection));
        Self { rules, sight, filters: Filters::default() }
    }

    /// Everything is allowed: the decision for administrators.
    pub(super) fn everything(collection: &Collection) -> Self {
        let rule = Arc::new(Rule {
            id: "builtin-admin".to_owned(),
            subject: "role:admin".to_owned(),
            object: "*".to_owned(),
            action: "*".to_owned(),
            condition: String::new(),
            fields: String::new(),
            effect: Effect::Allow,
        });
        let rules = vec![Compiled { rule, condition: Condition::Always }];
        Self { sight: Arc::new(Sight::all(collection)), rules, filters: Filters::default() }
    }

    /// Whether any rule that applies could allow anything.
    pub fn could_allow(&self) -> bool {
        self.allowing().next().is_some()
    }

    /// What must hold for a write that changes these fields.
    pub fn requirement<'a>(&self, changed: impl IntoIterator<Item = &'a str>) -> Requirement {
        let changed: Vec<&str> = changed.into_iter().collect();
        let mut needed = vec![any_of(self.allowing())];
        for field in &changed {
            needed.push(any_of(self.allowing().filter(|rule| rule.lists(field))));
        }
        let denying = self.denying().filter(|rule| rule.denies_write_of(&changed));
        needed.extend(denying.map(|rule| negate(rule.as_requirement())));
        all_of(needed)
    }

    fn allowing(&self) -> impl Iterator<Item = &Compiled> {
        allowing(&self.rules)
    }

    fn denying(&self) -> impl Iterator<Item = &Compiled> {
        denying(&self.rules)
    }
}

impl Requirement {
    /// What must hold where `shown` does not.
    #[must_use]
    pub fn unless(self, shown: &Expr) -> Self {
        match self {
            Self::Nothing => Self::Nothing,
            Self::Impossible => Self::Holds(shown.clone()),
            Self::Holds(expr) => Self::Holds(Expr::any(vec![shown.clone(), expr])),
        }
    }
}

impl Compiled {
    fn lists(&self, field: &str) -> bool {
        self.rule.field_list().is_none_or(|fields| fields.contains(&field))
    }

    fn denies_write_of(&self, changed: &[&str]) -> bool {
        self.rule.field_list().is_none_or(|fields| fields.iter().any(|field| changed.contains(field)))
    }

    fn as_requirement(&self) -> Requirement {
        match &self.condition {
            Condition::Always => Requirement::Nothing,
            Condition::When(expr) => Requirement::Holds(expr.clone()),
            // Only denying rules get here broken, and those deny.
            Condition::Broken(_) => Requirement::Nothing,
        }
    }
}

fn allowing(rules: &[Compiled]) -> impl Iterator<Item = &Compiled> {
    let usable =
        |rule: &&Compiled| rule.rule.effect == Effect::Allow && !matches!(rule.condition, Condition::Broken(_));
    rules.iter().filter(usable)
}

fn denying(rules: &[Compiled]) -> impl Iterator<Item = &Compiled> {
    rules.iter().filter(|rule| rule.rule.effect == Effect::Deny)
}

fn any_of<'a>(rules: impl Iterator<Item = &'a Compiled>) -> Requirement {
    let mut conditions = Vec::new();
    for rule in rules {
        match rule.as_requirement() {
            Requirement::Nothing => return Requirement::Nothing,
            Requirement::Holds(expr) => conditions.push(expr),
            Requirement::Impossible => {}
        }
    }
    if conditions.is_empty() { Requirement::Impossible } else { Requirement::Holds(Expr::any(conditions)) }
}

fn negate(requirement: Requirement) -> Requirement {
    match requirement {
        Requirement::Nothing => Requirement::Impossible,
        Requirement::Impossible => Requirement::Nothing,
        Requirement::Holds(expr) => Requirement::Holds(Expr::not(expr)),
    }
}

fn all_of(requirements: Vec<Requirement>) -> Requirement {
    let mut conditions: Vec<Expr> = Vec::new();
    for requirement in requirements {
        match requirement {
            Requirement::Impossible => return Requirement::Impossible,
            Requirement::Nothing => {}
            Requirement::Holds(expr) => {
                if conditions.iter().all(|known| known.source() != expr.source()) {
                    conditions.push(expr);
                }
            }
        }
    }
    if conditions.is_empty() { Requirement::Nothing } else { Requirement::Holds(Expr::all(conditions)) }
}

fn sight(rules: &[Compiled], collection: &Collection) -> Sight {
    let mut needed = vec![any_of(allowing(rules))];
    let denied_rows = denying(rules).filter(|rule| rule.rule.field_list().is_none());
    needed.extend(denied_rows.map(|rule| negate(rule.as_requirement())));
    let rows = match all_of(needed) {
        Requirement::Nothing => RowSight::All,
        Requirement::Impossible => RowSight::None,
        Requirement::Holds(expr) => RowSight::Where(Arc::new(expr)),
    };
    let mut fields: BTreeMap<String, FieldSight> = BTreeMap::new();
    for field in collection.all_fields().filter(|field| !field.write_only) {
        if let Some(seen) = field_sight(rules, collection, &field.name) {
            fields.insert(field.name.clone(), seen);
        }
    }
    Sight { rows, fields }
}

/// Where a field shows, given that its row does. `id`, `createdAt` and `updatedAt` are part of every record.
fn field_sight(rules: &[Compiled], collection: &Collection, name: &str) -> Option<FieldSight> {
    if collection.own_field(name).is_none() {
        return Some(FieldSight::Always);
    }
    let everywhere = allowing(rules).next().is_some() && allowing(rules).all(|rule| rule.lists(name));
    let shown = if everywhere { Requirement::Nothing } else { any_of(allowing(rules).filter(|rule| rule.lists(name))) };
    let lists = |rule: &&Compiled| rule.rule.field_list().is_some_and(|fields| fields.contains(&name));
    let hidden = denying(rules).filter(lists).map(|rule| negate(rule.as_requirement()));
    match all_of(std::iter::once(shown).chain(hidden).collect()) {
        Requirement::Nothing => Some(FieldSight::Always),
        Requirement::Impossible => None,
        Requirement::Holds(expr) => Some(FieldSight::When(Arc::new(expr))),
    }
}
