//! Puts values into the typed tree and folds what follows from them.
//!
//! Two kinds of values come in: those of the question ([`Bindings`]: `auth`, `now`, `params`) when an expression is
//! bound, and those of records in memory when a condition goes to the database without its row being there.

use std::sync::Arc;

use super::bindings::Bindings;
use super::convert::convert;
use super::eval::Scene;
use super::items::Items;
use super::kind::Kind;
use super::pattern::Pattern;
use super::tree::{Guard, Node, Op, Order, ParamUse, PatternUse, Quantified, Quantifier, Range, Row, Slot};
use super::walk::{self, Change, Look};
use crate::record::Record;
use crate::schema::Collection;
use crate::value::Value;

/// The tree with `auth`, `now` and `params` put in.
pub(crate) fn bind(node: &Node, bindings: &Bindings) -> Node {
    Question(bindings).node(node)
}

/// The tree with the fields of records put in. Without `data` there is nothing to read of it: an error, which must be
/// told from a null before SQL, where both are null, compares the two.
pub(crate) fn specialise(
    node: &Node,
    row: Option<(&Record, &Collection)>,
    data: Option<(&Record, &Collection)>,
) -> Node {
    Records { row, data }.node(node)
}

struct Question<'b>(&'b Bindings);

impl Question<'_> {
    fn param(&self, usage: &ParamUse, kind: &Kind) -> Node {
        match self.0.params.get(&*usage.name).map(|json| convert(json, &usage.wanted)) {
            Some(Ok(value)) => known(value, kind),
            _ => Node::fail(kind.clone()),
        }
    }

    fn pattern(&self, pattern: &PatternUse) -> Option<PatternUse> {
        let PatternUse::Param(usage) = pattern else { return Some(pattern.clone()) };
        let text = self.0.params.get(&*usage.name)?.as_str()?;
        Pattern::new(text).ok().map(|pattern| PatternUse::Ready(Arc::new(pattern)))
    }
}

impl Change for Question<'_> {
    fn node(&self, node: &Node) -> Node {
        let auth = |name: &Arc<str>| self.0.auth.get(name);
        match &node.op {
            Op::Const(_) => node.clone(),
            Op::Auth(name) => {
                auth(name).map_or_else(|| Node::fail(node.kind.clone()), |v| known(v.clone(), &node.kind))
            }
            Op::HasAuth(name) => constant(auth(name).is_some_and(|value| !value.is_null())),
            Op::Now => Node::constant(Value::Instant(self.0.now)),
            Op::Param(usage) => self.param(usage, &node.kind),
            Op::HasParam(name) => constant(self.0.params.contains_key(&**name)),
            Op::Matches(text, pattern) => match self.pattern(pattern) {
                Some(pattern) => fold(Node { op: Op::Matches(Box::new(self.node(text)), pattern), ..node.clone() }),
                None => Node::fail(Kind::Bool),
            },
            op => fold(Node { op: walk::children(op, self), kind: node.kind.clone(), nullable: node.nullable }),
        }
    }

    fn condition(&self, condition: &Arc<Node>) -> Arc<Node> {
        Arc::new(self.node(condition))
    }
}

struct Records<'r> {
    row: Option<(&'r Record, &'r Collection)>,
    data: Option<(&'r Record, &'r Collection)>,
}

impl Change for Records<'_> {
    fn node(&self, node: &Node) -> Node {
        let read = match &node.op {
            Op::Const(_) => return node.clone(),
            Op::Field(Row::Own, field) => self.row.map(|(record, collection)| record.get(collection, &field.name)),
            Op::Field(Row::Data, field) => Some(self.data.and_then(|(record, of)| record.get(of, &field.name))),
            _ => None,
        };
        match read {
            Some(Some(value)) => known(value, &node.kind),
            Some(None) => Node::fail(node.kind.clone()),
            None => fold(Node { op: self.children(&node.op), kind: node.kind.clone(), nullable: node.nullable }),
        }
    }

    /// A guard is about another record: nothing of this frame is in it.
    fn condition(&self, condition: &Arc<Node>) -> Arc<Node> {
        condition.clone()
    }
}

impl Records<'_> {
    fn children(&self, op: &Op) -> Op {
        match op {
            // The mask of an own field is about the same record.
            Op::Shown(Row::Own, condition, node) if self.row.is_some() => {
                Op::Shown(Row::Own, Arc::new(self.node(condition)), Box::new(self.node(node)))
            }
            op => walk::children(op, self),
        }
    }
}

/// A value where something of this kind stood. Null keeps the kind, which SQL has to name.
fn known(value: Value, kind: &Kind) -> Node {
    let node = Node::constant(value);
    if node.nullable && *kind != Kind::Json { Node { kind: kind.clone(), ..node } } else { node }
}

fn constant(value: bool) -> Node {
    Node::constant(Value::Bool(value))
}

fn is_const(node: &Node, truth: bool) -> bool {
    node.op == Op::Const(Value::Bool(truth))
}

/// A simpler node of the same meaning, given that its children are folded.
fn fold(node: Node) -> Node {
    match node.op {
        Op::And(parts) => junction(parts, true, Op::And),
        Op::Or(parts) => junction(parts, false, Op::Or),
        Op::If(parts) => choose(*parts, &node.kind, node.nullable),
        Op::Shown(row, condition, value) => show(folded_row(row), condition, *value),
        Op::Field(row @ Row::Hop(_), field) => match folded_row(row) {
            Row::Hop(hop) if hop.guard == Guard::Closed || stops(&hop.key) => Node::fail(node.kind),
            row => Node { op: Op::Field(row, field), ..node },
        },
        Op::Quantified(quantified) => quantify(*quantified),
        Op::Count(mut rows) => {
            rows.guard = folded_guard(&rows.guard);
            if stops(&rows.of) { Node::fail(node.kind) } else { Node { op: Op::Count(rows), ..node } }
        }
        Op::In(pair) => contained(*pair),
        Op::Order(sign, pair) => order(sign, *pair),
        op => strict(Node { op, ..node }),
    }
}

/// Whether an operand makes every strict operation an error.
fn stops(node: &Node) -> bool {
    matches!(node.op, Op::Fail | Op::Const(Value::Null))
}

fn junction(parts: Vec<Node>, neutral: bool, op: fn(Vec<Node>) -> Op) -> Node {
    let mut flat = Vec::with_capacity(parts.len());
    for part in parts {
        match (part.op, neutral) {
            (Op::And(inner), true) | (Op::Or(inner), false) => flat.extend(inner),
            (op, _) => flat.push(Node { op, ..part }),
        }
    }
    if flat.iter().any(|part| is_const(part, !neutral)) {
        return constant(!neutral);
    }
    flat.retain(|part| !is_const(part, neutral));
    match flat.as_slice() {
        [] => constant(neutral),
        // A value that may be null is not the same as the condition that it is, which is then an error.
        [part] if !part.nullable => flat.remove(0),
        _ => Node::bool(op(flat)),
    }
}

fn choose(parts: [Node; 3], kind: &Kind, nullable: bool) -> Node {
    let [condition, then, other] = parts;
    match condition.op {
        Op::Const(Value::Bool(true)) => then,
        Op::Const(Value::Bool(false)) => other,
        Op::Const(_) | Op::Fail => Node::fail(kind.clone()),
        _ => Node { op: Op::If(Box::new([condition, then, other])), kind: kind.clone(), nullable },
    }
}

fn show(row: Row, condition: Arc<Node>, value: Node) -> Node {
    if is_const(&condition, true) || value.op == Op::Fail {
        return value;
    }
    let never = matches!(condition.op, Op::Const(_) | Op::Fail);
    let safe = matches!(value.op, Op::Const(_) | Op::Field(Row::Own | Row::Data | Row::Var(_), _));
    if never && safe {
        return Node { kind: value.kind, ..Node::constant(Value::Null) };
    }
    let kind = value.kind.clone();
    Node::nullable(Op::Shown(row, condition, Box::new(value)), kind)
}

/// The same row for a field and for its mask: the two must name one record.
fn folded_row(row: Row) -> Row {
    match row {
        Row::Hop(hop) => {
            let guard = folded_guard(&hop.guard);
            Row::Hop(Arc::new(super::tree::Hop { guard, ..(*hop).clone() }))
        }
        row => row,
    }
}

fn folded_guard(guard: &Guard) -> Guard {
    match guard {
        Guard::When(condition) if is_const(condition, true) => Guard::Open,
        Guard::When(condition) if matches!(condition.op, Op::Const(_) | Op::Fail) => Guard::Closed,
        guard => guard.clone(),
    }
}

fn quantify(mut quantified: Quantified) -> Node {
    match &mut quantified.range {
        Range::Rows(rows) => {
            rows.guard = folded_guard(&rows.guard);
            if stops(&rows.of) {
                return Node::fail(Kind::Bool);
            }
            let reached = matches!(rows.of.op, Op::Const(_) | Op::Field(Row::Own | Row::Data | Row::Var(_), _));
            if rows.guard == Guard::Closed && reached {
                return constant(quantified.quantifier == Quantifier::All);
            }
        }
        Range::Items(range) if stops(range) || is_scalar(range) => return Node::fail(Kind::Bool),
        Range::Items(range) => {
            let known = range.as_const().is_some() && is_closed(&quantified);
            if known {
                return evaluate(Node::bool(Op::Quantified(Box::new(quantified))));
            }
        }
    }
    Node::bool(Op::Quantified(Box::new(quantified)))
}

/// Whether everything in the body of a quantifier is known, but for its own variable.
fn is_closed(quantified: &Quantified) -> bool {
    struct Closed {
        slots: Vec<Slot>,
        yes: bool,
    }
    impl Look for Closed {
        fn node(&mut self, node: &Node) {
            self.yes &= match &node.op {
                Op::Field(..) | Op::Count(_) | Op::Fail => false,
                Op::Item(slot) => self.slots.contains(slot),
                Op::Quantified(inner) => {
                    self.slots.push(inner.slot);
                    !matches!(inner.range, Range::Rows(_))
                }
                _ => true,
            };
            walk::look(&node.op, self);
        }
        fn condition(&mut self, _: &Node) {}
    }
    let mut closed = Closed { slots: vec![quantified.slot], yes: true };
    closed.node(&quantified.body);
    closed.yes
}

fn contained([needle, list]: [Node; 2]) -> Node {
    let items = match list.op {
        Op::List(items) => match items.iter().map(|item| item.as_const().cloned()).collect::<Option<Vec<Value>>>() {
            Some(values) => values,
            None if items.iter().any(|item| item.op == Op::Fail) => return Node::fail(Kind::Bool),
            None => {
                let list = Node { op: Op::List(items), ..list };
                return strict_needle(needle, list);
            }
        },
        Op::Const(Value::List(values)) => values,
        op => return strict_needle(needle, Node { op, ..list }),
    };
    if needle.op == Op::Fail {
        return Node::fail(Kind::Bool);
    }
    let known = needle.as_const().is_some();
    let among = Node::bool(Op::Among(Box::new(needle), Arc::new(Items::new(items))));
    if known { evaluate(among) } else { among }
}

fn strict_needle(needle: Node, list: Node) -> Node {
    let known = needle.as_const().is_some() && list.as_const().is_some();
    if needle.op == Op::Fail || stops(&list) || is_scalar(&list) {
        return Node::fail(Kind::Bool);
    }
    let node = Node::bool(Op::In(Box::new([needle, list])));
    if known { evaluate(node) } else { node }
}

/// Whether a known value is neither a list nor a document: nothing to go through.
fn is_scalar(node: &Node) -> bool {
    node.as_const().is_some_and(|value| !matches!(value, Value::List(_) | Value::Json(_)))
}

/// An order in which a side became known: JSON on the other side must be of its kind.
fn order(order: Order, pair: [Node; 2]) -> Node {
    let known: Option<Kind> = pair.iter().find_map(Node::as_const).map(Kind::of_value);
    let pair = pair.map(|node| match &known {
        Some(kind @ (Kind::Text | Kind::Bool)) if node.kind == Kind::Json => {
            strict(Node::new(Op::As(Box::new(node)), kind.clone()))
        }
        Some(Kind::List(_) | Kind::Json) => Node::fail(Kind::Bool),
        _ => node,
    });
    if !pair[0].kind.can_order(&pair[1].kind) {
        return Node::fail(Kind::Bool);
    }
    strict(Node::bool(Op::Order(order, Box::new(pair))))
}

/// Operations that are errors if an operand is one, and most of them if an operand is null.
fn strict(node: Node) -> Node {
    let takes_null = matches!(node.op, Op::Equal(_) | Op::Among(..));
    let fails = |part: &Node| part.op == Op::Fail || (!takes_null && stops(part));
    let parts: &[Node] = match &node.op {
        Op::Equal(pair) | Op::Order(_, pair) | Op::Arith(_, pair) | Op::TextTest(_, pair) => pair.as_slice(),
        Op::Pick(part, _)
        | Op::HasPick(part, _)
        | Op::As(part)
        | Op::Convert(part)
        | Op::Not(part)
        | Op::Negate(part)
        | Op::Matches(part, PatternUse::Ready(_))
        | Op::Case(_, part)
        | Op::Size(part)
        | Op::Among(part, _) => std::slice::from_ref(part),
        _ => return node,
    };
    if parts.iter().any(fails) {
        return Node::fail(node.kind);
    }
    if parts.iter().all(|part| part.as_const().is_some()) { evaluate(node) } else { node }
}

/// The value of what is known, or its error. A known JSON value takes the kind of its value; everything else keeps
/// the kind that it was checked with.
fn evaluate(node: Node) -> Node {
    match Scene::empty().value(&node).map(super::val::Val::into_value) {
        Ok(value) if node.kind == Kind::Json => Node::constant(value),
        Ok(value) => Node { kind: node.kind, ..Node::constant(value) },
        Err(_) => Node::fail(node.kind),
    }
}
