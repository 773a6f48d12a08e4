//! Operators: what may be compared, added, negated and chosen between.

use cel::common::ast::IdedExpr;

use super::super::error::FilterError;
use super::super::kind::Kind;
use super::super::tree::{Arith, Node, Op, Order, Wanted};
use super::params::is_param;
use super::{Checker, spread};

impl<'c> Checker<'c> {
    /// An operator between two values.
    pub(super) fn binary(
        &mut self,
        expr: &'c IdedExpr,
        sign: &str,
        a: &'c IdedExpr,
        b: &'c IdedExpr,
    ) -> Result<Node, FilterError> {
        match sign {
            "_==_" => self.equal(expr, a, b),
            "_!=_" => Ok(Node::bool(Op::Not(Box::new(self.equal(expr, a, b)?)))),
            "_<_" => self.order(expr, Order::Less, a, b),
            "_<=_" => self.order(expr, Order::LessOrEqual, a, b),
            "_>_" => self.order(expr, Order::Greater, a, b),
            "_>=_" => self.order(expr, Order::GreaterOrEqual, a, b),
            "_+_" => self.arith(expr, Arith::Add, a, b),
            "_-_" => self.arith(expr, Arith::Subtract, a, b),
            "_*_" => self.arith(expr, Arith::Multiply, a, b),
            "_/_" => self.arith(expr, Arith::Divide, a, b),
            "_%_" => self.arith(expr, Arith::Remainder, a, b),
            _ => Err(self.syntax.invalid(expr, "this operator is not supported")),
        }
    }

    /// Two values of which either may be a parameter that takes its kind from the other.
    fn pair(&mut self, a: &'c IdedExpr, b: &'c IdedExpr, wanted: Beside) -> Result<[Node; 2], FilterError> {
        if is_param(a) && !is_param(b) {
            let b = self.value(b, None)?;
            let wanted = self.beside(a, &b.kind, wanted);
            let a = self.value(a, Some(&wanted))?;
            return Ok([a, b]);
        }
        let a = self.value(a, None)?;
        let wanted = self.beside(b, &a.kind, wanted);
        let b = self.value(b, Some(&wanted))?;
        Ok([a, b])
    }

    /// What a parameter must be beside this kind. In sums of time both timestamps and durations make sense: its value
    /// decides.
    fn beside(&self, expr: &'c IdedExpr, kind: &Kind, wanted: Beside) -> Wanted {
        match (wanted, kind) {
            (Beside::Comparison, kind) => Wanted::like(kind),
            (Beside::Arithmetic, Kind::Instant | Kind::Duration) if self.is_given_as(expr, &Kind::Instant) => {
                Wanted::Kind(Kind::Instant)
            }
            (Beside::Arithmetic, kind) => Wanted::operand(kind),
        }
    }

    fn equal(&mut self, expr: &'c IdedExpr, a: &'c IdedExpr, b: &'c IdedExpr) -> Result<Node, FilterError> {
        let pair = self.pair(a, b, Beside::Comparison)?;
        let [a, b] = &pair;
        if let Some(list) = pair.iter().find(|node| matches!(node.op, Op::List(_))) {
            return Err(self.syntax.invalid(expr, format!("{} of fields can only stand behind \"in\"", list.kind)));
        }
        if !a.kind.can_equal(&b.kind) {
            return Err(self.mismatch(expr, "compared", a, b));
        }
        let build = |[a, b]: [Node; 2]| Node::bool(Op::Equal(Box::new([a, b])));
        Ok(spread::over(pair, &mut self.spread, &build))
    }

    fn order(
        &mut self,
        expr: &'c IdedExpr,
        order: Order,
        a: &'c IdedExpr,
        b: &'c IdedExpr,
    ) -> Result<Node, FilterError> {
        let pair = self.pair(a, b, Beside::Comparison)?;
        let [a, b] = &pair;
        if !a.kind.can_order(&b.kind) {
            return Err(self.mismatch(expr, &format!("ordered with {}", order.sign()), a, b));
        }
        // A branch of a conditional beside JSON may be of a kind that has no order with the other side.
        let build = |[a, b]: [Node; 2]| match a.kind.can_order(&b.kind) {
            true => Node::bool(Op::Order(order, Box::new(order_operands(a, b)))),
            false => Node::fail(Kind::Bool),
        };
        Ok(spread::over_json(pair, &mut self.spread, &build))
    }

    /// The error for two kinds that do not go together.
    fn mismatch(&self, expr: &IdedExpr, verb: &str, a: &Node, b: &Node) -> FilterError {
        let hint = match (&a.kind, &b.kind) {
            (Kind::Instant, Kind::Text) | (Kind::Text, Kind::Instant) => ": write timestamp(\"2026-01-31T09:30:00Z\")",
            (Kind::Duration, Kind::Text) | (Kind::Text, Kind::Duration) => ": write duration(\"24h\")",
            (Kind::Int, Kind::Double) | (Kind::Double, Kind::Int) => ": write 2.0 for 2, or double(…)",
            (Kind::List(_), _) => ": ask with .exists(x, …), or with \"in\"",
            (_, Kind::List(_)) => ": ask with \"in\"",
            (Kind::Null, _) | (_, Kind::Null) => ": ask with == null or != null",
            _ => "",
        };
        self.syntax.invalid(expr, format!("{} and {} can't be {verb}{hint}", a.kind, b.kind))
    }

    fn arith(
        &mut self,
        expr: &'c IdedExpr,
        arith: Arith,
        a: &'c IdedExpr,
        b: &'c IdedExpr,
    ) -> Result<Node, FilterError> {
        let [a, b] = self.pair(a, b, Beside::Arithmetic)?;
        let (a, b) = self.same_kind(a, b);
        let Some(kind) = result_kind(arith, &a.kind, &b.kind) else {
            let verb = match arith {
                Arith::Add => "added",
                Arith::Subtract => "subtracted",
                Arith::Multiply => "multiplied",
                Arith::Divide => "divided",
                Arith::Remainder => "divided with a remainder",
            };
            return Err(match (&a.kind, &b.kind) {
                (Kind::Json, Kind::Json) => self.syntax.invalid(
                    expr,
                    format!("of two JSON values it is not known how they are {verb}: write double(…) around one"),
                ),
                _ => self.mismatch(expr, verb, &a, &b),
            });
        };
        Ok(Node::new(Op::Arith(arith, Box::new([a, b])), kind))
    }

    /// A JSON operand takes the kind of the other one.
    fn same_kind(&mut self, a: Node, b: Node) -> (Node, Node) {
        let usable = |kind: &Kind| kind.is_number() || kind.is_text();
        match (&a.kind, &b.kind) {
            (Kind::Json, kind) if usable(kind) => {
                let kind = plain(kind);
                (self.cast(a, kind), b)
            }
            (kind, Kind::Json) if usable(kind) => {
                let kind = plain(kind);
                (a, self.cast(b, kind))
            }
            _ => (a, b),
        }
    }

    pub(super) fn negate(&mut self, expr: &'c IdedExpr, arg: &'c IdedExpr) -> Result<Node, FilterError> {
        let node = self.value(arg, Some(&Wanted::Number))?;
        match node.kind.clone() {
            kind @ (Kind::Int | Kind::Double) => Ok(Node::new(Op::Negate(Box::new(node)), kind)),
            Kind::Json => {
                Err(self.syntax.invalid(expr, "of a JSON value it is not known how it is negated: write -double(…)"))
            }
            kind => Err(self.syntax.invalid(expr, format!("{kind} can't be negated"))),
        }
    }

    pub(super) fn conditional(
        &mut self,
        expr: &'c IdedExpr,
        parts: [&'c IdedExpr; 3],
        wanted: Option<&Wanted>,
    ) -> Result<Node, FilterError> {
        let [condition, then, other] = parts;
        let condition = self.condition(condition)?;
        let (then, other) = match wanted {
            Some(_) => (self.value(then, wanted)?, self.value(other, wanted)?),
            None => self.pair(then, other, Beside::Comparison)?.into(),
        };
        if then.kind.join(&other.kind).is_none() {
            return Err(self.mismatch(expr, "alternatives", &then, &other));
        }
        if matches!(then.op, Op::List(_)) || matches!(other.op, Op::List(_)) {
            return Err(self.syntax.invalid(expr, "a list of fields can only stand behind \"in\""));
        }
        Ok(spread::conditional(condition, then, other))
    }

    /// `item in list`.
    pub(super) fn contained(
        &mut self,
        expr: &'c IdedExpr,
        item: &'c IdedExpr,
        list: &'c IdedExpr,
    ) -> Result<Node, FilterError> {
        let (item, list) = if is_param(item) && !is_param(list) {
            let list = self.value(list, None)?;
            let wanted = match &list.kind {
                Kind::List(kind) => Wanted::like(kind),
                _ => Wanted::Anything,
            };
            (self.value(item, Some(&wanted))?, list)
        } else {
            let item = self.value(item, None)?;
            let wanted = Wanted::ListOf(Box::new(Wanted::like(&item.kind)));
            let list = self.value(list, Some(&wanted))?;
            (item, list)
        };
        match &list.kind {
            Kind::Json | Kind::Null => {}
            Kind::List(kind) if item.kind.can_equal(kind) || matches!(**kind, Kind::Json) => {}
            Kind::List(kind) => {
                let message = format!("{} is never in a list of which each item is {kind}", item.kind);
                return Err(self.syntax.invalid(expr, message));
            }
            kind => return Err(self.syntax.invalid(expr, format!("behind \"in\" stands a list, and this is {kind}"))),
        }
        let build = |[item, list]: [Node; 2]| match &list.kind {
            Kind::List(_) | Kind::Json => Node::bool(Op::In(Box::new([item, list]))),
            _ => Node::fail(Kind::Bool),
        };
        Ok(spread::over([item, list], &mut self.spread, &build))
    }
}

/// What two values stand beside each other for.
#[derive(Clone, Copy)]
enum Beside {
    Comparison,
    Arithmetic,
}

/// Beside text or a boolean, a JSON value must be one too, or the order is an error.
fn order_operands(a: Node, b: Node) -> [Node; 2] {
    let cast = |node: Node, kind: &Kind| match (&node.kind, kind) {
        (Kind::Json, Kind::Text | Kind::Id(_) | Kind::Bool) => Node::new(Op::As(Box::new(node)), plain(kind)),
        _ => node,
    };
    let (kind_a, kind_b) = (a.kind.clone(), b.kind.clone());
    [cast(a, &kind_b), cast(b, &kind_a)]
}

/// An id is text to everything but a dot.
fn plain(kind: &Kind) -> Kind {
    if kind.is_text() { Kind::Text } else { kind.clone() }
}

/// What CEL's arithmetic yields for these kinds, if it is defined for them.
fn result_kind(arith: Arith, a: &Kind, b: &Kind) -> Option<Kind> {
    use Arith::{Add, Remainder, Subtract};
    match (arith, a, b) {
        (_, Kind::Int, Kind::Int) => Some(Kind::Int),
        (Remainder, ..) => None,
        (_, Kind::Double, Kind::Double) => Some(Kind::Double),
        (Add, a, b) if a.is_text() && b.is_text() => Some(Kind::Text),
        (Add | Subtract, Kind::Instant, Kind::Duration) | (Add, Kind::Duration, Kind::Instant) => Some(Kind::Instant),
        (Subtract, Kind::Instant, Kind::Instant) => Some(Kind::Duration),
        (Add | Subtract, Kind::Duration, Kind::Duration) => Some(Kind::Duration),
        _ => None,
    }
}
