//! What a collection is: read from a JSON Schema, checked against, compared and changed.

pub mod alteration;
pub mod catalog;
pub mod check;
mod coerce;
pub mod collection;
pub mod convert;
mod cost;
pub mod definition;
pub mod diff;
pub mod document;
mod draft;
pub mod excerpt;
mod explain;
pub mod field;
pub mod image;
mod index;
mod keyword;
pub mod limit;
pub mod migrate;
pub mod name;
mod own_keyword;
mod pairing;
pub mod parse;
mod patch;
mod property;
mod rule;
mod shape;
pub mod trial;
pub mod typescript;
pub mod violation;

pub use catalog::Catalog;
pub use collection::{Collection, Index, IndexField};
pub use definition::{Definition, IndexDefinition};
pub use field::{Field, FieldKind, OnDelete, Scalar};
pub use migrate::Migration;
pub use violation::Violation;
