//! Tables as SQL: what a collection looks like in either database, and how it is made, changed and dropped.
//!
//! A table is changed in place on both databases, SQLite included: a column that changes its kind is put aside under
//! another name, made anew, filled row by row, and the old one dropped. SQLite's way of rebuilding the table was
//! rejected: it drops the table that other tables refer to.
//!
//! Own columns have no `not null` and no `check`: the validator is the one truth about values, and a change of rules
//! is instant.

use super::dialect::Dialect;
use super::link::statement;
use super::select::{ColumnKind, REVISION};
pub use super::structure::link_table;
use super::structure::{Derived, TableIndex, foreign_key_name};
use super::writer::{Statement, Writer};
use crate::schema::diff::{Alteration, diff};
use crate::schema::{Catalog, Collection, FieldKind};
use crate::value::Value;

/// One change of the database's structure, the same in meaning for both dialects.
#[derive(Debug, Clone, PartialEq)]
pub enum Operation {
    /// Makes a table with the system columns and these.
    CreateTable {
        /// Its name.
        table: String,
        /// Its own columns.
        columns: Vec<Column>,
    },
    /// Drops a table.
    DropTable {
        /// Its name.
        table: String,
    },
    /// Gives a table another name.
    RenameTable {
        /// The old name.
        from: String,
        /// The new name.
        to: String,
    },
    /// Adds a column, empty.
    AddColumn {
        /// The table.
        table: String,
        /// The column.
        column: Column,
    },
    /// Drops a column.
    DropColumn {
        /// The table.
        table: String,
        /// The column.
        column: String,
    },
    /// Gives a column another name.
    RenameColumn {
        /// The table.
        table: String,
        /// The old name.
        from: String,
        /// The new name.
        to: String,
    },
    /// Sets a column where it holds nothing.
    Fill {
        /// The table.
        table: String,
        /// The column.
        column: Column,
        /// What it then holds.
        value: Value,
    },
    /// Lets a column refer to the ids of another table. On SQLite that is part of the column.
    AddForeignKey {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// The other table.
        target: String,
    },
    /// Renames a foreign key after its table or its column. On SQLite it has no name.
    RenameForeignKey {
        /// The table, as it is called now.
        table: String,
        /// The old name.
        from: String,
        /// The new name.
        to: String,
    },
    /// Makes an index or a link table.
    Create(Derived),
    /// Drops an index or a link table.
    Drop(Derived),
}

/// A column.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: FieldKind,
}

/// All statements that make a new collection's table, indexes and link tables. Relations' targets must exist, or be
/// the collection itself.
pub fn create(collection: &Collection, dialect: Dialect) -> Vec<Statement> {
    diff(None, Some(collection), &Catalog::default()).iter().flat_map(|step| render(step, dialect)).collect()
}

/// All statements that drop a collection's table and what belongs to it.
pub fn drop(collection: &Collection, dialect: Dialect) -> Vec<Statement> {
    diff(Some(collection), None, &Catalog::default()).iter().flat_map(|step| render(step, dialect)).collect()
}

/// The statements of one step alone, in order, as a plan shows them.
pub fn render(alteration: &Alteration, dialect: Dialect) -> Vec<Statement> {
    let operations = alteration.clear.iter().chain(&alteration.prepare).chain(&alteration.finish);
    operations.flat_map(|operation| operation.render(dialect)).collect()
}

impl Operation {
    /// The statements that do it; none where there is nothing to do on this database.
    pub fn render(&self, dialect: Dialect) -> Vec<Statement> {
        let one = |write: &dyn Fn(&mut Writer)| vec![statement(dialect, |w| write(w))];
        match self {
            Self::CreateTable { table, columns } => one(&|w| create_table(w, table, columns)),
            Self::DropTable { table } => one(&|w| {
                w.sql("drop table ").ident(table);
            }),
            Self::RenameTable { from, to } => rename_table(dialect, from, to),
            Self::AddColumn { table, column } => one(&|w| {
                w.sql("alter table ").ident(table).sql(" add column ");
                column.define(w);
            }),
            Self::DropColumn { table, column } => one(&|w| {
                w.sql("alter table ").ident(table).sql(" drop column ").ident(column);
            }),
            Self::RenameColumn { table, from, to } => one(&|w| {
                w.sql("alter table ").ident(table).sql(" rename column ").ident(from).sql(" to ").ident(to);
            }),
            Self::Fill { table, column, value } => one(&|w| {
                w.sql("update ").ident(table).sql(" set ").ident(&column.name).sql(" = ");
                w.bind_as(ColumnKind::from(&column.kind), value.clone())
                    .sql(" where ")
                    .ident(&column.name)
                    .sql(" is null");
            }),
            Self::AddForeignKey { table, column, target } if dialect == Dialect::Postgres => one(&|w| {
                w.sql("alter table ").ident(table).sql(" add constraint ").ident(&foreign_key_name(table, column));
                w.sql(" foreign key (").ident(column).sql(") references ").ident(target).sql(" (\"id\")");
            }),
            Self::RenameForeignKey { table, from, to } if dialect == Dialect::Postgres => one(&|w| {
                w.sql("alter table ").ident(table).sql(" rename constraint ").ident(from).sql(" to ").ident(to);
            }),
            Self::AddForeignKey { .. } | Self::RenameForeignKey { .. } => Vec::new(),
            Self::Create(Derived::Index(index)) => one(&|w| create_index(w, index)),
            Self::Create(Derived::Links(links)) => links.create(dialect),
            Self::Drop(Derived::Index(index)) => one(&|w| {
                w.sql("drop index ").ident(&index.name);
            }),
            Self::Drop(Derived::Links(links)) => links.drop(dialect),
        }
    }
}

impl Column {
    fn define(&self, w: &mut Writer) {
        let dialect = w.dialect();
        w.ident(&self.name).sql(" ").sql(column_type(ColumnKind::from(&self.kind), dialect));
        if let (Some(target), Dialect::Sqlite) = (foreign_target(&self.kind), dialect) {
            w.sql(" references ").ident(target).sql(" (\"id\")");
        }
    }
}

/// The table that a column of this kind refers to.
pub(crate) fn foreign_target(kind: &FieldKind) -> Option<&str> {
    match kind {
        FieldKind::Relation { collection, .. } => Some(collection),
        _ => None,
    }
}

fn column_type(kind: ColumnKind, dialect: Dialect) -> &'static str {
    match (dialect, kind) {
        (Dialect::Sqlite, ColumnKind::Text | ColumnKind::Json) => "text",
        (Dialect::Sqlite, ColumnKind::Integer | ColumnKind::Boolean | ColumnKind::Instant) => "integer",
        (Dialect::Sqlite, ColumnKind::Number) => "real",
        (Dialect::Postgres, ColumnKind::Text) => "text collate \"C\"",
        (Dialect::Postgres, ColumnKind::Integer) => "bigint",
        (Dialect::Postgres, ColumnKind::Number) => "double precision",
        (Dialect::Postgres, ColumnKind::Boolean) => "boolean",
        (Dialect::Postgres, ColumnKind::Instant) => "timestamptz(3)",
        (Dialect::Postgres, ColumnKind::Json) => "json",
    }
}

fn create_table(w: &mut Writer, table: &str, columns: &[Column]) {
    let dialect = w.dialect();
    w.sql("create table ").ident(table).sql(" (\n  \"id\" ").sql(column_type(ColumnKind::Text, dialect));
    w.sql(" not null primary key");
    for name in ["createdAt", "updatedAt"] {
        w.sql(",\n  ").ident(name).sql(" ").sql(column_type(ColumnKind::Instant, dialect)).sql(" not null");
    }
    w.sql(",\n  ").ident(REVISION).sql(" ").sql(column_type(ColumnKind::Integer, dialect)).sql(" not null");
    for column in columns {
        w.sql(",\n  ");
        column.define(w);
    }
    w.sql(match dialect {
        Dialect::Sqlite => "\n) strict",
        Dialect::Postgres => "\n)",
    });
}

/// SQLite takes names that differ in case only for the same, so such a rename goes by way of a third name.
fn rename_table(dialect: Dialect, from: &str, to: &str) -> Vec<Statement> {
    let one = |from: &str, to: &str| {
        statement(dialect, |w| {
            w.sql("alter table ").ident(from).sql(" rename to ").ident(to);
        })
    };
    if dialect == Dialect::Sqlite && from.eq_ignore_ascii_case(to) {
        return vec![one(from, "_renamed"), one("_renamed", to)];
    }
    vec![one(from, to)]
}

fn create_index(w: &mut Writer, index: &TableIndex) {
    let dialect = w.dialect();
    w.sql(if index.unique { "create unique index " } else { "create index " });
    w.ident(&index.name).sql(" on ").ident(&index.table).sql(" (");
    w.list(&index.fields, ", ", |w, field| {
        w.ident(&field.name).sql(dialect.order(field.descending, !is_system(&field.name)));
    });
    let ends_alike = index.fields.iter().any(|field| field.name == "id");
    if !index.unique && !ends_alike {
        let descending = index.fields.last().is_some_and(|field| field.descending);
        w.sql(", \"id\"").sql(dialect.order(descending, false));
    }
    w.sql(")");
}

/// System columns are never null, so their order needs no word about it.
fn is_system(name: &str) -> bool {
    matches!(name, "id" | "createdAt" | "updatedAt")
}
