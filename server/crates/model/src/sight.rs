//! What somebody may see of one collection: which rows, and on those which fields.
//!
//! A policy decision ends as a `Sight`; a filter, a sort, an expand and an event are checked, rendered and
//! evaluated under one. A field that shows on some rows only is read as null on the others, in the question as
//! in the answer, so nothing can be guessed.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::filter::{Bindings, Bound, Expr, Truth};
use crate::record::Record;
use crate::schema::Collection;

/// Which rows of a collection, and which fields of them.
#[derive(Debug, Clone)]
pub struct Sight {
    /// The rows.
    pub rows: RowSight,
    /// The fields by name; a name that is missing is hidden. `id`, `createdAt` and `updatedAt` stand here as well.
    pub fields: BTreeMap<String, FieldSight>,
}

/// Which rows can be seen.
#[derive(Debug, Clone)]
pub enum RowSight {
    /// All.
    All,
    /// None.
    None,
    /// Those for which the condition holds; an error does not hold.
    Where(Arc<Expr>),
}

/// Where a field can be seen.
#[derive(Debug, Clone)]
pub enum FieldSight {
    /// On every row that can be seen.
    Always,
    /// On rows for which the condition holds; elsewhere it reads as null.
    When(Arc<Expr>),
}

impl Sight {
    /// A sight of everything, as administrators have.
    pub fn all(collection: &Collection) -> Self {
        let fields = collection.all_fields().filter(|field| !field.write_only);
        Self { rows: RowSight::All, fields: fields.map(|f| (f.name.clone(), FieldSight::Always)).collect() }
    }

    /// Whether a condition reads `now`, so that the sight changes with time alone.
    pub fn uses_now(&self) -> bool {
        let rows = matches!(&self.rows, RowSight::Where(condition) if condition.uses_now());
        rows || self.fields.values().any(|field| matches!(field, FieldSight::When(condition) if condition.uses_now()))
    }

    /// Binds the conditions to a caller and a moment.
    pub fn bind(&self, bindings: &Bindings) -> BoundSight {
        let rows = match &self.rows {
            RowSight::All => BoundRows::All,
            RowSight::None => BoundRows::None,
            RowSight::Where(condition) => BoundRows::Where(condition.bind(bindings)),
        };
        let bind_field = |sight: &FieldSight| match sight {
            FieldSight::Always => None,
            FieldSight::When(condition) => Some(Arc::new(condition.bind(bindings))),
        };
        BoundSight { rows, fields: self.fields.iter().map(|(name, sight)| (name.clone(), bind_field(sight))).collect() }
    }
}

/// A sight whose conditions are bound: ready to be rendered or evaluated.
#[derive(Debug, Clone)]
pub struct BoundSight {
    /// The rows.
    pub rows: BoundRows,
    /// The visible fields by name, each with the condition under which it shows, if there is one.
    pub fields: BTreeMap<String, Option<Arc<Bound>>>,
}

/// Bound [`RowSight`].
#[derive(Debug, Clone)]
pub enum BoundRows {
    /// All rows.
    All,
    /// No row.
    None,
    /// Rows for which this holds.
    Where(Bound),
}

impl BoundSight {
    /// Whether a record in memory is in sight; `None` if only the database can tell.
    pub fn admits(&self, collection: &Collection, record: &Record) -> Option<bool> {
        match &self.rows {
            BoundRows::All => Some(true),
            BoundRows::None => Some(false),
            BoundRows::Where(condition) => holds(condition, collection, record),
        }
    }

    /// Whether a field of a record in sight shows; `None` if only the database can tell.
    pub fn shows(&self, field: &str, collection: &Collection, record: &Record) -> Option<bool> {
        match self.fields.get(field) {
            None => Some(false),
            Some(None) => Some(true),
            Some(Some(condition)) => holds(condition, collection, record),
        }
    }

    /// Two sights with equal keys admit the same rows and show the same fields.
    pub fn key(&self) -> String {
        let rows = match &self.rows {
            BoundRows::All => "*".to_owned(),
            BoundRows::None => "-".to_owned(),
            BoundRows::Where(condition) => condition.key().to_owned(),
        };
        let field = |(name, condition): (&String, &Option<Arc<Bound>>)| match condition {
            None => name.clone(),
            Some(condition) => format!("{name}?{}", condition.key()),
        };
        format!("{rows}\u{0}{}", self.fields.iter().map(field).collect::<Vec<_>>().join("\u{0}"))
    }
}

/// Whether a condition is true of a record; `None` where it follows a relation and nothing else decided it.
fn holds(condition: &Bound, collection: &Collection, record: &Record) -> Option<bool> {
    match condition.eval(record, collection, None) {
        Truth::True => Some(true),
        Truth::Error if condition.needs_database() => None,
        Truth::False | Truth::Error => Some(false),
    }
}
