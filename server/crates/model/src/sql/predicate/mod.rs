//! Expressions as SQL conditions: the typed tree of [`crate::filter`] read for rows in a database.
//!
//! SQL's null stands for CEL's error, so `and`, `or` and `not` absorb as `&&`, `||` and `!` do. A null *value*
//! meets SQL only where CEL gives it a meaning (`==`, `!=`, `in`), and there the two are kept apart: a field
//! behind a relation is read inside a subselect that has no row when the relation leads nowhere.
//!
//! Three questions are asked of a condition (`Want`), because the cheap ones matter: a `where` only needs to know
//! what is true, and then a nullable column may be compared with a plain `=`, which an index serves, and the records
//! behind a relation with `exists`, which both databases turn into joins.
//!
//! Known limit: a double in a list or in JSON is text to SQLite, which reads it to the last digit between 10^-80 and
//! 10^110 and beyond that may be off by it (measured on 3.51.3). Columns and bound values are exact.
//!
//! No statement rendered here can fail while it runs: what could (overflow, division, casts of JSON) stands behind
//! a `case` that has asked first. Values are bound, identifiers come from checked collections.

mod compare;
mod condition;
mod json;
mod list;
mod names;
mod number;
mod reach;
mod rows;
mod scope;
mod text;
mod value;

use std::borrow::Cow;

use super::dialect::Dialect;
use super::select::ColumnKind;
use super::writer::Writer;
use crate::filter::Bound;
use crate::filter::bind::specialise;
use crate::filter::kind::Kind;
use crate::filter::needs::needs_data;
use crate::filter::tree::Node;
use crate::record::Record;
use crate::schema::Collection;
use scope::{Alias, Scope};
use value::is_plain_instant;

/// Where the fields of the expression's record stand.
#[derive(Debug, Clone, Copy)]
pub enum RowSource<'a> {
    /// In the table of this alias.
    Table {
        /// The alias. Aliases of an underscore and digits are taken.
        alias: &'a str,
    },
    /// In memory: every field becomes a bound constant, so that the condition can be asked without the row being in
    /// the table.
    Record {
        /// The record's collection.
        collection: &'a Collection,
        /// The record.
        record: &'a Record,
    },
}

/// Appends the condition: true where it holds, false or null elsewhere. For `where` and `case when`; the cheapest
/// form for the database. `not` around it is not the expression's negation: use [`crate::filter::Expr::not`].
pub fn render(w: &mut Writer, bound: &Bound, row: RowSource<'_>, data: Option<(&Collection, &Record)>) {
    start(w, bound, row, data, Want::True);
}

/// Appends the condition three-valued: true, false, and null for an error.
pub fn render_exact(w: &mut Writer, bound: &Bound, row: RowSource<'_>, data: Option<(&Collection, &Record)>) {
    start(w, bound, row, data, Want::Exact);
}

/// Appends the value of an expression, and says how it is read back; null is null or an error.
pub fn render_value(
    w: &mut Writer,
    bound: &Bound,
    row: RowSource<'_>,
    data: Option<(&Collection, &Record)>,
) -> ColumnKind {
    let (node, scope) = scene(bound, row, data);
    let mut renderer = Renderer { w, aliases: 0 };
    renderer.reached_value(&node, &scope, &mut |this, scope| this.value(&node, scope));
    match &node.kind {
        Kind::Null | Kind::Text | Kind::Id(_) => ColumnKind::Text,
        Kind::Bool => ColumnKind::Boolean,
        Kind::Int | Kind::Duration => ColumnKind::Integer,
        Kind::Double => ColumnKind::Number,
        Kind::Instant if is_plain_instant(&node) => ColumnKind::Instant,
        Kind::Instant => ColumnKind::Integer,
        Kind::List(_) | Kind::Json => ColumnKind::Json,
    }
}

fn start(w: &mut Writer, bound: &Bound, row: RowSource<'_>, data: Option<(&Collection, &Record)>, want: Want) {
    let (node, scope) = scene(bound, row, data);
    Renderer { w, aliases: 0 }.condition(&node, want, &scope);
}

/// What is left to be asked, and where its record stands.
fn scene<'a>(bound: &'a Bound, row: RowSource<'a>, data: Option<(&Collection, &Record)>) -> (Cow<'a, Node>, Scope<'a>) {
    let data = data.map(|(collection, record)| (record, collection));
    let (record, alias) = match row {
        RowSource::Table { alias } => (None, alias),
        // Nothing is left to be read by the alias.
        RowSource::Record { collection, record } => (Some((record, collection)), ""),
    };
    let node = match (record, data) {
        (None, None) if !needs_data(bound.root()) => Cow::Borrowed(bound.root()),
        _ => Cow::Owned(specialise(bound.root(), record, data)),
    };
    (node, Scope::new(Alias::Named(alias), bound.collection()))
}

/// What is asked of a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Want {
    /// True, false or null, as the expression is true, false or an error.
    Exact,
    /// True if and only if the expression is true.
    True,
    /// False if and only if the expression is false.
    False,
}

impl Want {
    /// What is asked of `x` when this is asked of `not x`.
    fn negated(self) -> Self {
        match self {
            Self::Exact => Self::Exact,
            Self::True => Self::False,
            Self::False => Self::True,
        }
    }
}

/// Writes one condition.
struct Renderer<'w> {
    w: &'w mut Writer,
    /// How many aliases are taken.
    aliases: u32,
}

impl Renderer<'_> {
    fn is_sqlite(&self) -> bool {
        self.w.dialect() == Dialect::Sqlite
    }

    /// Appends the text for this dialect.
    fn either(&mut self, sqlite: &str, postgres: &str) {
        let text = if self.is_sqlite() { sqlite } else { postgres };
        self.w.sql(text);
    }

    /// Appends text for Postgres only.
    fn postgres(&mut self, text: &str) {
        if !self.is_sqlite() {
            self.w.sql(text);
        }
    }

    /// A new alias.
    fn alias<'a>(&mut self) -> Alias<'a> {
        self.aliases += 1;
        Alias::Numbered(self.aliases)
    }

    fn put_alias(&mut self, alias: Alias<'_>) {
        match alias {
            Alias::Named(name) => self.w.ident(name),
            Alias::Numbered(n) => self.w.ident(&format!("_{n}")),
        };
    }

    fn column(&mut self, alias: Alias<'_>, column: &str) {
        self.put_alias(alias);
        self.w.sql(".").ident(column);
    }
}
