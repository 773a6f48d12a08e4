//! What the names of an expression are in the statement: aliases of tables, of list items, of relations followed.

use crate::filter::tree::{Hop, Row, Slot};

/// A table alias.
#[derive(Debug, Clone, Copy)]
pub(super) enum Alias<'s> {
    /// The caller's.
    Named(&'s str),
    /// One of ours.
    Numbered(u32),
}

/// A table under an alias.
#[derive(Debug, Clone, Copy)]
pub(super) struct Table<'s> {
    pub(super) alias: Alias<'s>,
    pub(super) collection: &'s str,
}

/// What the variable of a quantifier is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Variable<'s> {
    /// A record of a table.
    Row(Table<'s>),
    /// An item of a list, in this column.
    Item(Alias<'s>, ItemColumn),
}

/// The column in which a list's items stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ItemColumn {
    /// The function that unfolds JSON: `value`, and on SQLite `type`.
    Unfolded,
    /// A link table: `target`.
    Target,
}

/// The names in reach of a node.
#[derive(Debug, Clone)]
pub(super) struct Scope<'s> {
    own: Table<'s>,
    variables: Vec<(Slot, Variable<'s>)>,
    hops: Vec<(&'s Hop, Alias<'s>)>,
}

impl<'s> Scope<'s> {
    /// A scope in which `Row::Own` is this table.
    pub(super) fn new(alias: Alias<'s>, collection: &'s str) -> Self {
        Self { own: Table { alias, collection }, variables: Vec::new(), hops: Vec::new() }
    }

    /// The same with a variable more.
    pub(super) fn with_variable(&self, slot: Slot, variable: Variable<'s>) -> Self {
        let mut scope = self.clone();
        scope.variables.push((slot, variable));
        scope
    }

    /// The same with a relation followed.
    pub(super) fn with_hop(&self, hop: &'s Hop, alias: Alias<'s>) -> Self {
        let mut scope = self.clone();
        scope.hops.push((hop, alias));
        scope
    }

    /// Whether a relation has been followed.
    pub(super) fn reaches(&self, hop: &Hop) -> bool {
        self.hop(hop).is_some()
    }

    fn hop(&self, hop: &Hop) -> Option<Alias<'s>> {
        self.hops.iter().find(|(known, _)| std::ptr::eq(*known, hop) || *known == hop).map(|(_, alias)| *alias)
    }

    /// The table that holds a record. None for `data`, which is never in a table, and for a relation that was not
    /// followed; neither is asked for.
    pub(super) fn table(&self, row: &'s Row) -> Option<Table<'s>> {
        match row {
            Row::Own => Some(self.own),
            Row::Data => None,
            Row::Hop(hop) => self.hop(hop).map(|alias| Table { alias, collection: &hop.collection }),
            Row::Var(slot) => match self.variable(*slot)? {
                Variable::Row(table) => Some(table),
                Variable::Item(..) => None,
            },
        }
    }

    pub(super) fn variable(&self, slot: Slot) -> Option<Variable<'s>> {
        self.variables.iter().rev().find(|(known, _)| *known == slot).map(|(_, variable)| *variable)
    }

    /// A slot that no quantifier of the expression has.
    pub(super) fn free_slot(&self) -> Slot {
        usize::MAX - self.variables.len()
    }
}
