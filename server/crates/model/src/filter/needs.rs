//! What an expression reads besides the record it is about: other records, and the record as a write would leave it.

use super::tree::{Node, Op, Range, Row};
use super::walk::{self, Look};

/// Whether it follows a relation, so that memory alone can't answer.
pub(crate) fn needs_database(node: &Node) -> bool {
    finds(node, |op| match op {
        Op::Field(Row::Hop(_), _) | Op::Count(_) => true,
        Op::Quantified(quantified) => matches!(quantified.range, Range::Rows(_)),
        _ => false,
    })
}

/// Whether it reads `data`.
pub(crate) fn needs_data(node: &Node) -> bool {
    finds(node, |op| matches!(op, Op::Field(Row::Data, _)))
}

fn finds(node: &Node, wanted: fn(&Op) -> bool) -> bool {
    let mut search = Search { wanted, found: false };
    search.node(node);
    search.found
}

struct Search {
    wanted: fn(&Op) -> bool,
    found: bool,
}

impl Look for Search {
    fn node(&mut self, node: &Node) {
        self.found |= (self.wanted)(&node.op);
        if !self.found {
            walk::look(&node.op, self);
        }
    }

    fn condition(&mut self, condition: &Node) {
        self.node(condition);
    }
}
