//! The pure heart of Plinth: what a collection, a record, an expression, a query and a change *mean*.
//!
//! Nothing here waits, reads a clock or speaks to a database; every function is a function of its arguments.
//! The store renders nothing of its own: it is handed [`sql::Statement`]s from here. What runs in a database
//! and what runs in memory are two readings of one typed tree, and the tests of this crate hold them together.

pub mod change;
pub mod cursor;
mod digest;
pub mod filter;
pub mod id;
pub mod instant;
pub mod json;
pub mod nearest;
pub mod query;
pub mod record;
pub mod schema;
pub mod sight;
pub mod sql;
pub mod value;

pub use change::{Change, ChangeKind, Seen, Seq};
pub use id::RecordId;
pub use instant::Instant;
pub use record::Record;
pub use schema::{Catalog, Collection, Field, FieldKind, Violation};
pub use sight::{FieldSight, RowSight, Sight};
pub use sql::{Dialect, Statement};
pub use value::Value;
