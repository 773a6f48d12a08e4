//! Carrying the rows over: a stored record of the old collection becomes one of the new.
//!
//! The order inside one transaction, writes of others shut out:
//! 1. [`Trial`] over all rows, if [`Migration::checks_rows`]; [`Migration::missing_targets`] as well. Nothing was changed
//!    yet; a dry run ends here.
//! 2. the statements of [`Migration::prepare`];
//! 3. if [`Migration::rewrites_rows`]: read by [`Migration::select`], turn each with [`Migration::record`], write by
//!    [`Migration::rewrite`];
//! 4. the statements of [`Migration::finish`].

use std::sync::Arc;

use super::alteration::{Alteration, Step};
use super::catalog::Catalog;
use super::collection::Collection;
use super::convert::convert;
use super::diff::diff;
use super::image::ImageError;
use super::pairing::{aside, cleared, replaces, source_of};
pub use super::trial::{Failures, Trial};
use super::violation::{Violation, join};
use crate::id::RecordId;
use crate::record::Record;
use crate::sql::ddl::Operation;
use crate::sql::select::{ColumnKind, REVISION};
use crate::sql::writer::{Statement, Writer};
use crate::sql::{Dialect, orphan, write};
use crate::value::Value;

/// The way from one definition of a collection to the next, rows included.
#[derive(Debug, Clone)]
pub struct Migration {
    /// The steps.
    pub alterations: Vec<Alteration>,
    pub(super) before: Option<Arc<Collection>>,
    pub(super) after: Option<Arc<Collection>>,
    /// For each new field, the place of the old one whose data it takes over.
    pub(super) sources: Vec<Option<usize>>,
}

/// Whether [`Migration::prepare`] has been run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The table is still the old one.
    Before,
    /// The table has its new columns, and the old ones under other names.
    Prepared,
}

impl Migration {
    /// Whether a field was, or becomes, one that is never shown.
    pub fn is_write_only(&self, field: &str) -> bool {
        let sides = [&self.before, &self.after];
        sides.into_iter().flatten().any(|side| side.field(field).is_some_and(|field| field.write_only))
    }

    /// The way from `before` to `after`.
    pub fn new(before: Option<Arc<Collection>>, after: Option<Arc<Collection>>, catalog: &Catalog) -> Self {
        let alterations = diff(before.as_deref(), after.as_deref(), catalog);
        let sources = match (&before, &after) {
            (Some(before), Some(after)) => after.fields.iter().map(|field| source_of(before, after, field)).collect(),
            _ => Vec::new(),
        };
        Self { alterations, before, after, sources }
    }

    pub(super) fn both(&self) -> Option<(&Collection, &Collection)> {
        Some((self.before.as_deref()?, self.after.as_deref()?))
    }

    /// Whether existing rows must be looked at by a [`Trial`].
    pub fn checks_rows(&self) -> bool {
        self.both().is_some()
            && (self.alterations.iter().any(|alteration| alteration.checks_rows) || Trial::new(self).compares_rows())
    }

    /// Whether existing rows must be written anew.
    pub fn rewrites_rows(&self) -> bool {
        self.rewritten().next().is_some()
    }

    /// The new fields whose values are written anew, with the places of their old ones.
    pub(super) fn rewritten(&self) -> impl Iterator<Item = (usize, usize)> {
        let replaced = |(place, source): (usize, usize)| {
            let (before, after) = self.both()?;
            replaces(before, after, source, &after.fields[place]).then_some((place, source))
        };
        self.sources.iter().enumerate().filter_map(|(place, source)| Some((place, (*source)?))).filter_map(replaced)
    }

    /// A stored record of the old collection as one of the new, or the values that do not fit their new kind. Whether
    /// it keeps the new rules is a [`Trial`]'s to say.
    pub fn record(&self, old: &Record) -> Result<Record, Vec<Violation>> {
        let (new, violations) = self.carry(old);
        if violations.is_empty() { Ok(new) } else { Err(violations) }
    }

    /// The new record, null where a value does not fit its new kind, and those places.
    pub(super) fn carry(&self, old: &Record) -> (Record, Vec<Violation>) {
        let Some((before, after)) = self.both() else { return (old.clone(), Vec::new()) };
        let mut violations = Vec::new();
        let mut values = Vec::with_capacity(after.fields.len());
        for (new, source) in after.fields.iter().zip(&self.sources) {
            let converted = source
                .map_or(Ok(Value::Null), |place| convert(&old.values[place], &before.fields[place].kind, &new.kind));
            values.push(converted.unwrap_or_else(|error| {
                violations.push(Violation::new(join("", &new.name), "not_convertible", error.to_string()));
                Value::Null
            }));
        }
        self.fill(before, after, &mut values);
        (Record { values, ..old.clone() }, violations)
    }

    /// Defaults, where the plan fills them in: in fields that are new or newly required.
    fn fill(&self, before: &Collection, after: &Collection, values: &mut [Value]) {
        for (place, (new, source)) in after.fields.iter().zip(&self.sources).enumerate() {
            let filled = source.is_none_or(|source| new.required && !before.fields[source].required);
            if filled && values[place].is_null() {
                values[place] = after.validator.default_of(place, &new.kind).unwrap_or(Value::Null);
            }
        }
    }

    /// The statements that change the table before rows are rewritten.
    pub fn prepare(&self, dialect: Dialect) -> Vec<Statement> {
        let clear = self.alterations.iter().flat_map(|alteration| &alteration.clear);
        let prepare = self.alterations.iter().flat_map(|alteration| &alteration.prepare);
        clear.chain(prepare).flat_map(|operation| operation.render(dialect)).collect()
    }

    /// The statements that come after: columns first, then what stands on them.
    pub fn finish(&self, dialect: Dialect) -> Vec<Statement> {
        let mut operations: Vec<&Operation> =
            self.alterations.iter().flat_map(|alteration| &alteration.finish).collect();
        operations.sort_by_key(|operation| match operation {
            Operation::Fill { .. } => 0,
            Operation::AddForeignKey { .. } => 2,
            Operation::Create(_) => 3,
            _ => 1,
        });
        operations.into_iter().flat_map(|operation| operation.render(dialect)).collect()
    }

    /// At most `limit` old records in order of their ids, those after `after`: the columns `id, createdAt, updatedAt,
    /// _rev` and then the old collection's own fields in their order.
    pub fn select(&self, dialect: Dialect, stage: Stage, after: Option<RecordId>, limit: usize) -> Statement {
        let mut w = Writer::new(dialect);
        w.sql("select \"id\", \"createdAt\", \"updatedAt\", ").ident(REVISION);
        for column in self.old_columns(stage) {
            w.sql(", ").ident(&column);
        }
        w.sql("\nfrom ").ident(self.table(stage));
        if let Some(after) = after {
            w.sql("\nwhere \"id\" > ").bind(Value::Text(after.to_string()));
        }
        w.sql("\norder by \"id\"\nlimit ").bind(Value::Int(i64::try_from(limit).unwrap_or(i64::MAX)));
        w.finish()
    }

    fn table(&self, stage: Stage) -> &str {
        let current = if stage == Stage::Before { &self.before } else { &self.after };
        current.as_ref().or(self.before.as_ref()).map_or("", |collection| &collection.name)
    }

    /// Where the old fields stand now.
    fn old_columns(&self, stage: Stage) -> Vec<String> {
        let Some(before) = &self.before else { return Vec::new() };
        let mut columns: Vec<String> = before.fields.iter().map(|field| field.name.clone()).collect();
        if let (Some(after), Stage::Prepared) = (&self.after, stage) {
            columns = (0..columns.len()).map(|place| cleared(before, after, place)).collect();
            for (new, source) in after.fields.iter().zip(&self.sources) {
                let Some(source) = *source else { continue };
                columns[source] = if replaces(before, after, source, new) { aside(source) } else { new.name.clone() };
            }
        }
        columns
    }

    /// How [`Migration::select`]'s columns are read.
    pub fn columns(&self) -> Vec<ColumnKind> {
        self.before.iter().flat_map(|before| write::columns(before).map(|(_, kind)| kind)).collect()
    }

    /// The old record of one row of [`Migration::select`], its columns read as [`Migration::columns`] says.
    pub fn old_record(&self, row: Vec<Value>) -> Result<Record, ImageError> {
        let before = self.before.as_deref();
        before.and_then(|before| write::record(before, row)).ok_or_else(|| ImageError {
            collection: before.map_or_else(String::new, |before| before.name.clone()),
            reason: "a row that is no record".to_owned(),
        })
    }

    /// Writes what changed of a record that [`Migration::record`] made; none if nothing did.
    pub fn rewrite(&self, dialect: Dialect, new: &Record) -> Option<Statement> {
        let (_, after) = self.both()?;
        let set: Vec<usize> =
            self.rewritten().map(|(place, _)| place).filter(|place| !new.values[*place].is_null()).collect();
        if set.is_empty() {
            return None;
        }
        let mut w = Writer::new(dialect);
        w.sql("update ").ident(&after.name).sql("\nset ");
        w.list(set, ", ", |w, place| {
            let field = &after.fields[place];
            w.ident(&field.name).sql(" = ").bind_as(ColumnKind::from(&field.kind), new.values[place].clone());
        });
        w.sql("\nwhere \"id\" = ").bind(Value::Text(new.id.to_string()));
        Some(w.finish())
    }

    /// For relations that get a new target: the step, and a statement that yields the ids and values (as text) of rows
    /// that point at nothing there; to be run on the old table.
    pub fn missing_targets(&self, dialect: Dialect) -> Vec<(usize, Statement)> {
        let Some((before, after)) = self.both() else { return Vec::new() };
        let statement = |(number, alteration): (usize, &Alteration)| {
            let (place, new) = after.own_field(alteration.field.as_deref()?)?;
            let old = &before.fields[self.sources[place]?];
            let (target, _) = new.kind.target()?;
            let relinked = matches!(alteration.step, Step::ChangeKind | Step::ChangeRelation) && alteration.checks_rows;
            let target = if target == after.name { &before.name } else { target };
            let statement = orphan::missing(dialect, &before.name, (&old.name, ColumnKind::from(&old.kind)), target)?;
            relinked.then_some((number, statement))
        };
        self.alterations.iter().enumerate().filter_map(statement).collect()
    }
}
