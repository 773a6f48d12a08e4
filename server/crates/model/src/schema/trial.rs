//! A look at every row before anything is done.

use std::collections::HashSet;

use serde_json::Value as Json;

use super::alteration::{Alteration, Step};
use super::collection::Collection;
use super::migrate::Migration;
use super::violation::Violation;
use crate::digest::digest;
use crate::id::RecordId;
use crate::record::Record;
use crate::sql::ddl::Operation;
use crate::sql::structure::{Derived, derived};
use crate::value::Value;

/// Records shown of those that stand against a step.
const SAMPLE: usize = 5;

/// Rows that stand against one step.
#[derive(Debug, Clone, PartialEq)]
pub struct Failures {
    /// The step's place in [`Migration::alterations`].
    pub alteration: usize,
    /// How many.
    pub rows: u64,
    /// Why, as the code of a violation.
    pub code: &'static str,
    /// The first few: the record and the value that fails.
    pub sample: Vec<(RecordId, Value)>,
}

/// Looks at every row before anything is done, and counts what stands against each step.
///
/// A trial of a unique field remembers 16 bytes a row: a hash of each value seen.
#[derive(Debug)]
pub struct Trial<'a> {
    migration: &'a Migration,
    failures: Vec<Failures>,
    uniques: Vec<Unique>,
}

/// Fields whose values must not repeat, and the values seen.
#[derive(Debug)]
struct Unique {
    alteration: usize,
    fields: Vec<String>,
    seen: HashSet<[u8; 16]>,
}

impl<'a> Trial<'a> {
    /// A trial that has seen no row.
    pub fn new(migration: &'a Migration) -> Self {
        Self { migration, failures: Vec::new(), uniques: uniques(migration) }
    }

    /// Whether rows are compared with one another.
    pub(super) fn compares_rows(&self) -> bool {
        !self.uniques.is_empty()
    }

    /// Looks at one old record.
    pub fn see(&mut self, old: &Record) {
        let (new, mut violations) = self.migration.carry(old);
        violations.extend(self.migration.newly_broken(old, &new, &violations));
        self.see_violations(old, &violations);
        self.see_unique(&new);
    }

    fn see_unique(&mut self, new: &Record) {
        let Some(after) = &self.migration.after else { return };
        let mut repeated = Vec::new();
        for unique in &mut self.uniques {
            let mut values: Vec<Value> = unique.fields.iter().filter_map(|name| new.get(after, name)).collect();
            if !values.iter().any(Value::is_null) && !unique.seen.insert(fingerprint(&values)) {
                repeated.push((unique.alteration, values.swap_remove(0)));
            }
        }
        for (alteration, value) in repeated {
            self.count(alteration, "unique", new.id, value);
        }
    }

    /// One row counts once for each step that it stands against.
    fn see_violations(&mut self, old: &Record, violations: &[Violation]) {
        let mut counted = HashSet::new();
        for violation in violations {
            let (name, _) = split(&violation.pointer);
            let alteration = self.migration.responsible(name, violation.code);
            if counted.insert(alteration) {
                let value = self.migration.old_value(old, name);
                self.count(alteration, violation.code, old.id, value);
            }
        }
    }

    fn count(&mut self, alteration: usize, code: &'static str, id: RecordId, value: Value) {
        let known =
            self.failures.iter().position(|failures| failures.alteration == alteration && failures.code == code);
        let place = known.unwrap_or_else(|| {
            self.failures.push(Failures { alteration, rows: 0, code, sample: Vec::new() });
            self.failures.len() - 1
        });
        let failures = &mut self.failures[place];
        failures.rows += 1;
        if failures.sample.len() < SAMPLE {
            failures.sample.push((id, value));
        }
    }

    /// What stands against which step.
    pub fn finish(mut self) -> Vec<Failures> {
        self.failures.sort_by_key(|failures| (failures.alteration, failures.code));
        self.failures
    }
}

impl Migration {
    /// The new rules that a record breaks, apart from those that it broke before and from values that are lost already.
    fn newly_broken(&self, old: &Record, new: &Record, lost: &[Violation]) -> Vec<Violation> {
        let Some((before, after)) = self.both() else { return Vec::new() };
        let Err(mut broken) = after.verify(&new.values) else { return Vec::new() };
        let known = before.verify(&old.values).err().unwrap_or_default();
        let is_known = |violation: &Violation| known.iter().any(|old| self.is_same(old, violation));
        broken.retain(|violation| !lost.iter().any(|lost| lost.pointer == violation.pointer) && !is_known(violation));
        broken
    }

    /// Whether a violation of the old collection is one of the new, under the field's new name.
    fn is_same(&self, old: &Violation, new: &Violation) -> bool {
        let Some((before, after)) = self.both() else { return false };
        let (old_name, old_rest) = split(&old.pointer);
        let (name, rest) = split(&new.pointer);
        let source = after.own_field(name).and_then(|(place, _)| self.sources[place]);
        let current = source.map_or(name, |source| &before.fields[source].name);
        old.code == new.code && old_rest == rest && old_name == current
    }

    /// The step that a broken rule of a field is due to.
    fn responsible(&self, field: &str, code: &str) -> usize {
        let rank = |alteration: &Alteration| {
            let names = |written: &str| written.split(',').any(|name| name.trim_start_matches('-') == field);
            match (alteration.field.as_deref().map(names), alteration.step) {
                (Some(true), Step::SetRequired) if code == "required" => 0,
                (Some(true), Step::AddIndex | Step::SetUnique) => 3,
                (Some(true), _) => 1,
                (None, Step::ChangeRules) => 2,
                _ => 4,
            }
        };
        let checking = self.alterations.iter().enumerate().filter(|(_, alteration)| alteration.checks_rows);
        checking.map(|(place, alteration)| (rank(alteration), place)).min().map_or(0, |(_, place)| place)
    }

    /// What an old record holds where a new field takes its data from.
    fn old_value(&self, old: &Record, field: &str) -> Value {
        let place = self.after.as_ref().and_then(|after| after.own_field(field)).map(|(place, _)| place);
        place.and_then(|place| self.sources[place]).map_or(Value::Null, |source| old.values[source].clone())
    }
}

/// What must become unique that was not, or whose values change.
fn uniques(migration: &Migration) -> Vec<Unique> {
    let Some((before, after)) = migration.both() else { return Vec::new() };
    let unique_fields = |collection: &Collection| -> Vec<Derived> {
        derived(collection).into_iter().filter(Derived::is_unique).collect()
    };
    let current = |name: &str| {
        let is_source = |source: &&Option<usize>| source.is_some_and(|source| before.fields[source].name == name);
        let place = migration.sources.iter().position(|source| is_source(&source));
        place.map_or_else(|| name.to_owned(), |place| after.fields[place].name.clone())
    };
    let guaranteed: Vec<Vec<String>> =
        unique_fields(before).iter().map(|one| one.columns().into_iter().map(current).collect()).collect();
    let rewritten: Vec<&str> = migration.rewritten().map(|(place, _)| after.fields[place].name.as_str()).collect();
    let unique = |one: Derived| {
        let fields: Vec<String> = one.columns().into_iter().map(str::to_owned).collect();
        if guaranteed.contains(&fields) && !fields.iter().any(|field| rewritten.contains(&field.as_str())) {
            return None;
        }
        let creates = |alteration: &Alteration| alteration.finish.contains(&Operation::Create(one.clone()));
        let alteration = migration.alterations.iter().position(creates)?;
        Some(Unique { alteration, fields, seen: HashSet::new() })
    };
    unique_fields(after).into_iter().filter_map(unique).collect()
}

fn fingerprint(values: &[Value]) -> [u8; 16] {
    digest(&Json::Array(values.iter().map(Value::to_json).collect()).to_string())
}

/// A pointer's first segment, and the rest.
fn split(pointer: &str) -> (&str, &str) {
    let inner = pointer.strip_prefix('/').unwrap_or(pointer);
    inner.find('/').map_or((inner, ""), |end| inner.split_at(end))
}
