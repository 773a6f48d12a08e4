//! Goes through the tree: rebuilds a node over changed children, or looks at them. The one place that knows where
//! nodes hang.

use std::sync::Arc;

use super::tree::{Guard, Hop, Node, Op, Quantified, Range, Row, Rows};

/// A change of nodes. Conditions about other records (guards and masks) are a frame of their own: there, `Row::Own`
/// is the other record.
pub(crate) trait Change {
    /// The changed form of a node of the same frame.
    fn node(&self, node: &Node) -> Node;

    /// The changed form of a condition about another record.
    fn condition(&self, condition: &Arc<Node>) -> Arc<Node>;
}

/// The operation over changed children.
pub(crate) fn children(op: &Op, change: &impl Change) -> Op {
    let boxed = |node: &Node| Box::new(change.node(node));
    let pair = |pair: &[Node; 2]| Box::new([change.node(&pair[0]), change.node(&pair[1])]);
    let many = |nodes: &[Node]| nodes.iter().map(|node| change.node(node)).collect::<Vec<_>>();
    match op {
        Op::Const(_)
        | Op::Fail
        | Op::Param(_)
        | Op::HasParam(_)
        | Op::Auth(_)
        | Op::HasAuth(_)
        | Op::Now
        | Op::Item(_) => op.clone(),
        Op::Field(at, field) => Op::Field(row(at, change), field.clone()),
        Op::Shown(at, condition, node) => Op::Shown(row(at, change), change.condition(condition), boxed(node)),
        Op::Pick(node, step) => Op::Pick(boxed(node), step.clone()),
        Op::HasPick(node, key) => Op::HasPick(boxed(node), key.clone()),
        Op::As(node) => Op::As(boxed(node)),
        Op::Convert(node) => Op::Convert(boxed(node)),
        Op::And(nodes) => Op::And(many(nodes)),
        Op::Or(nodes) => Op::Or(many(nodes)),
        Op::List(nodes) => Op::List(many(nodes)),
        Op::Not(node) => Op::Not(boxed(node)),
        Op::If(nodes) => Op::If(Box::new([change.node(&nodes[0]), change.node(&nodes[1]), change.node(&nodes[2])])),
        Op::Equal(nodes) => Op::Equal(pair(nodes)),
        Op::Order(order, nodes) => Op::Order(*order, pair(nodes)),
        Op::In(nodes) => Op::In(pair(nodes)),
        Op::Among(node, items) => Op::Among(boxed(node), items.clone()),
        Op::Arith(arith, nodes) => Op::Arith(*arith, pair(nodes)),
        Op::Negate(node) => Op::Negate(boxed(node)),
        Op::TextTest(test, nodes) => Op::TextTest(*test, pair(nodes)),
        Op::Matches(node, pattern) => Op::Matches(boxed(node), pattern.clone()),
        Op::Case(case, node) => Op::Case(*case, boxed(node)),
        Op::Size(node) => Op::Size(boxed(node)),
        Op::Count(rows) => Op::Count(Box::new(records(rows, change))),
        Op::Quantified(quantified) => Op::Quantified(Box::new(Quantified {
            range: match &quantified.range {
                Range::Items(node) => Range::Items(change.node(node)),
                Range::Rows(rows) => Range::Rows(records(rows, change)),
            },
            body: change.node(&quantified.body),
            name: quantified.name.clone(),
            ..**quantified
        })),
    }
}

fn records(rows: &Rows, change: &impl Change) -> Rows {
    Rows { of: change.node(&rows.of), guard: guard(&rows.guard, change), ..rows.clone() }
}

fn row(row: &Row, change: &impl Change) -> Row {
    match row {
        Row::Own | Row::Data | Row::Var(_) => row.clone(),
        Row::Hop(hop) => Row::Hop(Arc::new(Hop {
            key: change.node(&hop.key),
            collection: hop.collection.clone(),
            guard: guard(&hop.guard, change),
        })),
    }
}

fn guard(guard: &Guard, change: &impl Change) -> Guard {
    match guard {
        Guard::Open | Guard::Closed => guard.clone(),
        Guard::When(condition) => Guard::When(change.condition(condition)),
    }
}

/// A look at nodes. As in [`Change`], conditions about other records are a frame of their own.
pub(crate) trait Look {
    /// Looks at a node of the same frame.
    fn node(&mut self, node: &Node);

    /// Looks at a condition about another record.
    fn condition(&mut self, condition: &Node);
}

/// Looks at the children of an operation.
pub(crate) fn look(op: &Op, look: &mut impl Look) {
    match op {
        Op::Const(_)
        | Op::Fail
        | Op::Param(_)
        | Op::HasParam(_)
        | Op::Auth(_)
        | Op::HasAuth(_)
        | Op::Now
        | Op::Item(_) => {}
        Op::Field(row, _) => look_at_row(row, look),
        Op::Shown(row, condition, node) => {
            look_at_row(row, look);
            look.condition(condition);
            look.node(node);
        }
        Op::Pick(node, _)
        | Op::HasPick(node, _)
        | Op::As(node)
        | Op::Convert(node)
        | Op::Not(node)
        | Op::Among(node, _)
        | Op::Negate(node)
        | Op::Matches(node, _)
        | Op::Case(_, node)
        | Op::Size(node) => look.node(node),
        Op::And(nodes) | Op::Or(nodes) | Op::List(nodes) => nodes.iter().for_each(|node| look.node(node)),
        Op::If(nodes) => nodes.iter().for_each(|node| look.node(node)),
        Op::Equal(nodes) | Op::Order(_, nodes) | Op::In(nodes) | Op::Arith(_, nodes) | Op::TextTest(_, nodes) => {
            nodes.iter().for_each(|node| look.node(node));
        }
        Op::Count(rows) => look_at_rows(rows, look),
        Op::Quantified(quantified) => {
            match &quantified.range {
                Range::Items(node) => look.node(node),
                Range::Rows(rows) => look_at_rows(rows, look),
            }
            look.node(&quantified.body);
        }
    }
}

fn look_at_row(row: &Row, look: &mut impl Look) {
    if let Row::Hop(hop) = row {
        look.node(&hop.key);
        look_at_guard(&hop.guard, look);
    }
}

fn look_at_rows(rows: &Rows, look: &mut impl Look) {
    look.node(&rows.of);
    look_at_guard(&rows.guard, look);
}

fn look_at_guard(guard: &Guard, look: &mut impl Look) {
    if let Guard::When(condition) = guard {
        look.condition(condition);
    }
}
