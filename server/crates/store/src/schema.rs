//! Schema changes: statements, and rows carried over, in one transaction that keeps every other writer out.

use std::sync::Arc;

use plinth_model::Statement;
use plinth_model::schema::Migration;

use crate::system::Step;

/// One thing to do in a schema change.
#[derive(Debug, Clone)]
pub enum SchemaStep {
    /// Runs a statement, such as DDL.
    Run(Statement),
    /// Takes a collection from one definition to the next, rows included. Rows that stand against it undo the whole
    /// schema change with [`crate::Error::Blocked`].
    Carry(Arc<Migration>),
    /// Changes system tables, as in [`crate::Store::apply`].
    System(Step),
}

impl SchemaStep {
    /// Whether tables of records become others by these steps: rules change what writes are checked by, and no table.
    pub(crate) fn touch_tables(steps: &[Self]) -> bool {
        steps.iter().any(|step| !matches!(step, Self::System(_)))
    }
}
