//! Pulls conditionals out of operations: `(c ? a : b) == x` becomes `c ? a == x : b == x`.
//!
//! SQL has one null for "unset" and "error"; a conditional that may yield either can't be told apart from outside,
//! its branches can. The same holds for a branch that is JSON, whose kind decides what is to be done with it.

use super::super::kind::Kind;
use super::super::tree::{Node, Op};

/// Builds an operation over operands of which some may be conditionals of the troublesome kind. `count` counts
/// what is built more than once.
pub(super) fn over<const N: usize>(operands: [Node; N], count: &mut usize, build: &dyn Fn([Node; N]) -> Node) -> Node {
    spread(operands, count, build, &|node| node.nullable || node.kind == Kind::Json)
}

/// The same, where null is an error anyway and only JSON must be told apart.
pub(super) fn over_json<const N: usize>(
    operands: [Node; N],
    count: &mut usize,
    build: &dyn Fn([Node; N]) -> Node,
) -> Node {
    spread(operands, count, build, &|node| node.kind == Kind::Json)
}

/// Whether a node is such a conditional.
pub(super) fn is_troublesome(node: &Node) -> bool {
    matches!(node.op, Op::If(_)) && (node.nullable || node.kind == Kind::Json)
}

/// More than this is not built: the checker refuses it afterwards by the count.
const LIMIT: usize = 64;

fn spread<const N: usize>(
    mut operands: [Node; N],
    count: &mut usize,
    build: &dyn Fn([Node; N]) -> Node,
    troublesome: &dyn Fn(&Node) -> bool,
) -> Node {
    let place = operands.iter().position(|node| matches!(node.op, Op::If(_)) && troublesome(node));
    let Some(place) = place else { return build(operands) };
    *count += 1;
    if *count > LIMIT {
        return build(operands);
    }
    let chosen = std::mem::replace(&mut operands[place], Node::fail(Kind::Null));
    let Op::If(branches) = chosen.op else { return build(operands) };
    let [condition, then, other] = *branches;
    let mut with = |branch: Node| {
        let mut operands = operands.clone();
        operands[place] = branch;
        spread(operands, count, build, troublesome)
    };
    let (then, other) = (with(then), with(other));
    conditional(condition, then, other)
}

/// Whether more was spread than is allowed.
pub(super) fn exceeded(count: usize) -> bool {
    count > LIMIT
}

/// `condition ? then : other`, of the kind that both have.
pub(super) fn conditional(condition: Node, then: Node, other: Node) -> Node {
    let kind = then.kind.join(&other.kind).unwrap_or(Kind::Json);
    let nullable = then.nullable || other.nullable;
    Node { op: Op::If(Box::new([condition, then, other])), kind, nullable }
}
