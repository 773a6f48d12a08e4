//! SQL as data: pure functions render statements for either dialect; only the store runs them.

pub mod ddl;
pub mod dialect;
mod link;
pub mod orphan;
pub mod predicate;
pub mod select;
pub mod structure;
pub mod write;
pub mod writer;

pub use dialect::Dialect;
pub use writer::{Statement, Writer};
