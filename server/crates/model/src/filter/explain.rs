//! Why an expression held or did not: its parts, their truth, and the values they met.

use super::Truth;
use super::eval::Scene;
use super::expr::Bound;
use super::print;
use super::tree::{Node, Op, Row};
use super::walk::{self, Look};
use crate::record::Record;
use crate::schema::Collection;
use crate::value::Value;

/// One of the parts that `&&` joins at the top.
#[derive(Debug, Clone)]
pub struct Part {
    /// The part as text.
    pub expression: String,
    /// Whether it held. Where `bound` needs the database, `Error` means: ask it.
    pub truth: Truth,
    /// The part alone, for a part that needs the database
    /// ([`render_exact`](crate::sql::predicate::render_exact)).
    pub bound: Bound,
    /// What it read, each name once.
    pub operands: Vec<Operand>,
}

/// Something that an expression read.
#[derive(Debug, Clone)]
pub struct Operand {
    /// The name, such as `auth.id`.
    pub expression: String,
    /// Its value; `None` where reading it is an error, or takes the database.
    pub value: Option<Value>,
    /// The name alone, where reading it takes the database
    /// ([`render_value`](crate::sql::predicate::render_value)).
    pub behind: Option<Bound>,
}

/// The names that an expression reads, with their values.
pub(crate) fn operands(part: &Bound, row: &Record, collection: &Collection, data: Option<&Record>) -> Vec<Operand> {
    let mut leaves = Leaves { found: Vec::new() };
    leaves.node(part.unbound());
    let mut operands: Vec<Operand> = Vec::new();
    for leaf in leaves.found {
        let expression = print::text(&leaf);
        if operands.iter().all(|known| known.expression != expression) {
            let leaf = part.of(leaf);
            let value = Scene::new(row, collection, data).value(leaf.root()).ok().map(super::val::Val::into_value);
            let behind = if leaf.needs_database() { Some(leaf) } else { None };
            operands.push(Operand { expression, value, behind });
        }
    }
    operands
}

/// Collects what has a value of its own: not the variables of quantifiers.
struct Leaves {
    found: Vec<Node>,
}

impl Look for Leaves {
    fn node(&mut self, node: &Node) {
        if is_leaf(node) {
            self.found.push(node.clone());
        } else {
            walk::look(&node.op, self);
        }
    }

    /// What guards other records is no operand of this expression.
    fn condition(&mut self, _: &Node) {}
}

fn is_leaf(node: &Node) -> bool {
    match &node.op {
        Op::Auth(_) | Op::Param(_) | Op::Now => true,
        Op::Field(Row::Own | Row::Data, _) => true,
        Op::Field(Row::Hop(hop), _) => is_leaf(&hop.key),
        Op::Shown(_, _, node) | Op::Pick(node, _) => is_leaf(node),
        _ => false,
    }
}
