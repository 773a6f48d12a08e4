//! What belongs to a collection's table besides its columns: indexes, foreign keys and link tables, and their names.
//!
//! Names are made from the names of the collection and the fields alone, so that whoever holds a collection can name
//! what belongs to it. A rename makes such things anew under their new names.

use crate::digest::hex_digest;
use crate::schema::name::MAX_LENGTH;
use crate::schema::{Collection, Field, FieldKind, Index, IndexField};

/// Something that can be made from a table and its rows at any time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Derived {
    /// An index.
    Index(TableIndex),
    /// A table that links records with the targets of a to-many relation.
    Links(Links),
}

/// An index as it is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableIndex {
    /// Its name.
    pub name: String,
    /// Its table.
    pub table: String,
    /// The fields that were asked for; `id` comes behind them if the index is not unique.
    pub fields: Vec<IndexField>,
    /// Whether no two rows may agree.
    pub unique: bool,
}

/// A link table as it is made: columns `source` and `target`, one row for each item of the relation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Links {
    /// The table of the collection that holds the relation.
    pub table: String,
    /// The relation's column there.
    pub column: String,
    /// The collection that it points at.
    pub target: String,
}

impl Derived {
    /// Whether it keeps rows from agreeing in its columns.
    pub fn is_unique(&self) -> bool {
        matches!(self, Self::Index(index) if index.unique)
    }

    /// The columns of the collection's table that it is made from.
    pub fn columns(&self) -> Vec<&str> {
        match self {
            Self::Index(index) => index.fields.iter().map(|field| field.name.as_str()).collect(),
            Self::Links(links) => vec![&links.column],
        }
    }
}

/// Everything that belongs to a collection's table.
pub fn derived(collection: &Collection) -> Vec<Derived> {
    let of_fields = collection.fields.iter().flat_map(|field| of_field(&collection.name, field));
    let asked = collection.indexes.iter().map(|index| Derived::Index(table_index(&collection.name, index)));
    let mut all: Vec<Derived> = Vec::new();
    for one in of_fields.chain(asked) {
        if !all.contains(&one) {
            all.push(one);
        }
    }
    all
}

fn of_field(table: &str, field: &Field) -> Vec<Derived> {
    let index = |unique| {
        let fields = vec![IndexField { name: field.name.clone(), descending: false }];
        Derived::Index(table_index(table, &Index { fields, unique }))
    };
    match &field.kind {
        FieldKind::Relation { .. } => {
            let mut indexes = vec![index(false)];
            indexes.extend(field.unique.then(|| index(true)));
            indexes
        }
        FieldKind::Relations { collection, .. } => {
            vec![Derived::Links(Links {
                table: table.to_owned(),
                column: field.name.clone(),
                target: collection.clone(),
            })]
        }
        _ => field.unique.then(|| index(true)).into_iter().collect(),
    }
}

fn table_index(table: &str, index: &Index) -> TableIndex {
    TableIndex {
        name: index_name(table, index),
        table: table.to_owned(),
        fields: index.fields.clone(),
        unique: index.unique,
    }
}

/// The name of an index.
pub fn index_name(table: &str, index: &Index) -> String {
    let prefix = if index.unique { "_unique" } else { "_index" };
    let written =
        index.fields.iter().map(|field| if field.descending { format!("-{}", field.name) } else { field.name.clone() });
    let parts: Vec<String> = std::iter::once(table.to_owned()).chain(written).collect();
    name(prefix, &parts.iter().map(String::as_str).collect::<Vec<_>>())
}

/// The name of the table that links the records of a to-many relation with their targets.
pub fn link_table(collection: &str, field: &str) -> String {
    name("_link", &[collection, field])
}

/// The name of a foreign key (Postgres).
pub fn foreign_key_name(table: &str, column: &str) -> String {
    name("_fk", &[table, column])
}

/// A name within what Postgres keeps, different for different parts: where joining them with `_` could mean other
/// parts too, or is too long, a hash of them ends the name.
pub(super) fn name(prefix: &str, parts: &[&str]) -> String {
    let plain = parts.iter().all(|part| part.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    let joined = format!("{prefix}_{}", parts.join("_").replace('-', ""));
    if plain && joined.len() <= MAX_LENGTH {
        return joined;
    }
    let hash = hex_digest(&parts.join("\n"), 6);
    let room = MAX_LENGTH - hash.len() - 1;
    format!("{}_{hash}", &joined[..joined.len().min(room)])
}
