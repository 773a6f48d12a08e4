//! The two databases, as far as their SQL differs.

/// A database's way of speaking SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// SQLite 3.51 or newer, with STRICT tables.
    Sqlite,
    /// Postgres 15 or newer.
    Postgres,
}

impl Dialect {
    /// ` asc` or ` desc` with null before every value, for an index column or an `order by` term. Both places must
    /// say the same, or an index can't serve the order: so both take it from here. A column that is never null
    /// takes the plain form, which the index of a primary key has too.
    pub fn order(self, descending: bool, can_be_null: bool) -> &'static str {
        match (self, descending, can_be_null) {
            (Self::Postgres, true, true) => " desc nulls last",
            (Self::Postgres, false, true) => " asc nulls first",
            (_, true, _) => " desc",
            (_, false, _) => " asc",
        }
    }
}
