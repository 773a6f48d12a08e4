//! Operands that are written more than once.
//!
//! A column or a bound value can be repeated. Anything else gets a name first, in a subselect, or nested
//! operations would double the statement with every level. The subselect is fenced, since a planner that dissolves
//! it would double them again.

use super::scope::{Alias, Scope};
use super::{Renderer, value};
use crate::filter::tree::{Node, Op, Row};

/// An operand that can be written any number of times.
pub(super) enum Named<'s> {
    /// As it is.
    Plain(&'s Node),
    /// A column of the naming subselect.
    Column(Alias<'s>, usize),
}

/// Whether a node can be written more than once without a name. Such a node is never an error: it is a value, null
/// perhaps.
pub(super) fn is_simple(node: &Node) -> bool {
    match &node.op {
        Op::Const(_) | Op::Item(_) => true,
        Op::Field(row, _) => !matches!(row, Row::Data),
        _ => false,
    }
}

/// Whether a node is never an error, once the relations that it follows are followed.
pub(super) fn is_safe(node: &Node) -> bool {
    match &node.op {
        Op::Shown(_, _, part) => is_safe(part),
        _ => is_simple(node),
    }
}

impl<'w> Renderer<'w> {
    /// Writes something over these operands, which are named first if they have to be.
    pub(super) fn named<'s, const N: usize>(
        &mut self,
        nodes: [&'s Node; N],
        form: value::Form,
        scope: &Scope<'s>,
        write: &mut dyn FnMut(&mut Renderer<'w>, [Named<'s>; N]),
    ) {
        if nodes.iter().all(|node| is_simple(node)) {
            return write(self, nodes.map(Named::Plain));
        }
        let alias = self.alias();
        self.w.sql("(select ");
        let mut place = 0;
        let columns = nodes.map(|_| {
            place += 1;
            Named::Column(alias, place)
        });
        write(self, columns);
        self.w.sql(" from (select ");
        for (n, node) in nodes.iter().enumerate() {
            self.w.sql(if n > 0 { ", " } else { "" });
            self.formed(node, form, scope);
            self.w.sql(&format!(" as \"v{}\"", n + 1));
        }
        self.postgres(" offset 0");
        self.w.sql(") as ");
        self.put_alias(alias);
        self.w.sql(")");
    }

    /// Writes a named operand.
    pub(super) fn put<'s>(&mut self, named: &Named<'s>, form: value::Form, scope: &Scope<'s>) {
        match named {
            Named::Plain(node) => self.formed(node, form, scope),
            Named::Column(alias, place) => self.column(*alias, &format!("v{place}")),
        }
    }
}
