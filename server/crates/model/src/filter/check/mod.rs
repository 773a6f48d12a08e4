//! Checks a parsed expression against a collection and turns it into the typed tree.
//!
//! What is checked here never has to be asked again: names exist and are visible, kinds fit, relations are not
//! followed too far, patterns compile, parameters fit their use. What is left for run time is what only values
//! can tell: null, overflow, an absent member, the kind of a JSON value.

mod functions;
mod names;
mod operators;
mod params;
mod quantify;
mod spread;

use std::collections::BTreeSet;
use std::sync::Arc;

use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue};

use super::context::Context;
use super::error::{FilterError, FilterErrorCode};
use super::expr::Mentions;
use super::kind::Kind;
use super::parse::Syntax;
use super::tree::{Node, Op, Wanted};
use crate::value::Value;
use names::{Found, Meaning, Variable};

/// What the check yields.
pub(crate) struct Checked {
    pub(crate) root: Node,
    pub(crate) mentions: Mentions,
    pub(crate) uses_now: bool,
}

/// Checks a whole expression, which must yield a boolean.
pub(crate) fn check(syntax: &Syntax<'_>, context: &Context<'_>) -> Result<Checked, FilterError> {
    let mut checker = Checker {
        syntax,
        context: *context,
        variables: Vec::new(),
        mentions: Mentions::new(),
        uses_now: false,
        spread: 0,
    };
    let root = checker.condition(&syntax.root)?;
    if spread::exceeded(checker.spread) {
        let message = "too many conditionals stand inside other operations: compare inside their branches";
        return Err(syntax.source.error(syntax.place(&syntax.root), FilterErrorCode::TooLarge, message));
    }
    Ok(Checked { root, mentions: checker.mentions, uses_now: checker.uses_now })
}

/// Goes over the syntax tree once.
pub(super) struct Checker<'c> {
    syntax: &'c Syntax<'c>,
    context: Context<'c>,
    /// The variables of the enclosing `exists` and `all`, outermost first.
    variables: Vec<Variable<'c>>,
    mentions: Mentions,
    uses_now: bool,
    /// Operations that were written once and stand twice, behind a conditional (see [`spread`]).
    spread: usize,
}

impl<'c> Checker<'c> {
    /// An expression that must yield a boolean.
    fn condition(&mut self, expr: &'c IdedExpr) -> Result<Node, FilterError> {
        let node = self.value(expr, Some(&Wanted::Kind(Kind::Bool)))?;
        match node.kind {
            Kind::Bool => Ok(node),
            Kind::Json => Ok(self.cast(node, Kind::Bool)),
            ref kind => {
                let message = format!("this is {kind}, and a condition is needed: compare it with something");
                Err(self.syntax.invalid(expr, message))
            }
        }
    }

    /// An expression that yields a value. `wanted` is what a parameter would have to be here.
    fn value(&mut self, expr: &'c IdedExpr, wanted: Option<&Wanted>) -> Result<Node, FilterError> {
        match &expr.expr {
            Expr::Ident(_) | Expr::Select(_) => {
                let found = self.find(expr, wanted)?;
                self.as_value(expr, found)
            }
            Expr::Literal(literal) => self.literal(expr, literal),
            Expr::List(list) if list.optional_indices.is_empty() => self.list(expr, &list.elements, wanted),
            Expr::Call(call) => self.call(expr, call, wanted),
            Expr::Map(_) | Expr::Struct(_) => {
                Err(self.syntax.invalid(expr, "objects can't be written here: compare their members one by one"))
            }
            _ => Err(self.syntax.invalid(expr, "this form of CEL is not supported")),
        }
    }

    fn as_value(&mut self, expr: &'c IdedExpr, found: Found<'c>) -> Result<Node, FilterError> {
        let what = match found.meaning {
            Meaning::Value(node) => return Ok(node),
            Meaning::Record(_) => "a record",
            Meaning::Rows(..) => {
                let message = "these are the records that point here: ask with .exists(x, …), .all(x, …) or size(…)";
                return Err(self.syntax.invalid(expr, message));
            }
            Meaning::Auth => "the account",
            Meaning::Params => "all parameters",
        };
        Err(self.syntax.invalid(expr, format!("this is {what}, not a value: name one of its members")))
    }

    fn literal(&self, expr: &IdedExpr, literal: &LiteralValue) -> Result<Node, FilterError> {
        let value = match literal {
            LiteralValue::Boolean(value) => Value::Bool(value.into_inner()),
            LiteralValue::Int(value) => Value::Int(value.into_inner()),
            LiteralValue::Double(value) => Value::Float(*value.inner()),
            LiteralValue::String(text) if text.inner().contains('\0') => {
                return Err(self.syntax.invalid(expr, "text can't contain the character U+0000"));
            }
            LiteralValue::String(text) => Value::text(text.inner()),
            LiteralValue::Null => Value::Null,
            LiteralValue::UInt(value) => {
                let message = format!("there are no unsigned integers: write {}", value.inner());
                return Err(self.syntax.invalid(expr, message));
            }
            LiteralValue::Bytes(_) => return Err(self.syntax.invalid(expr, "there are no bytes: write text")),
        };
        Ok(Node::constant(value))
    }

    fn list(
        &mut self,
        expr: &'c IdedExpr,
        items: &'c [IdedExpr],
        wanted: Option<&Wanted>,
    ) -> Result<Node, FilterError> {
        let wanted = match wanted {
            Some(Wanted::ListOf(item)) => Some(item.as_ref().clone()),
            _ => None,
        };
        let items = items.iter().map(|item| self.value(item, wanted.as_ref())).collect::<Result<Vec<_>, _>>()?;
        if let Some(nested) = items.iter().find(|item| matches!(item.kind, Kind::List(_))) {
            return Err(self.syntax.invalid(expr, format!("{} in a list has no use here", nested.kind)));
        }
        if items.iter().any(spread::is_troublesome) {
            return Err(self.syntax.invalid(expr, "a conditional has no place in a list: write it around the whole"));
        }
        let kind = Kind::List(Box::new(Kind::of_items(items.iter().map(|item| item.kind.clone()))));
        let values: Option<Vec<Value>> = items.iter().map(|item| item.as_const().cloned()).collect();
        Ok(match values {
            Some(values) => Node::new(Op::Const(Value::List(values)), kind),
            None => Node::new(Op::List(items), kind),
        })
    }

    fn call(&mut self, expr: &'c IdedExpr, call: &'c CallExpr, wanted: Option<&Wanted>) -> Result<Node, FilterError> {
        let operator = call.target.is_none() && !call.func_name.starts_with(|c: char| c.is_ascii_alphabetic());
        match (call.func_name.as_str(), call.args.as_slice()) {
            ("_&&_", _) => self.junction(expr, Op::And),
            ("_||_", _) => self.junction(expr, Op::Or),
            ("!_", [arg]) => Ok(Node::bool(Op::Not(Box::new(self.condition(arg)?)))),
            ("-_", [arg]) => self.negate(expr, arg),
            ("_?_:_", [condition, then, other]) => self.conditional(expr, [condition, then, other], wanted),
            ("_[_]", [_, _]) => {
                let found = self.find(expr, wanted)?;
                self.as_value(expr, found)
            }
            ("@in", [item, list]) => self.contained(expr, item, list),
            (_, [a, b]) if operator => self.binary(expr, &call.func_name, a, b),
            _ => self.function(expr, call),
        }
    }

    /// Flattens `a && b && c`, which the parser balanced into a tree, into one node.
    fn junction(&mut self, expr: &'c IdedExpr, op: fn(Vec<Node>) -> Op) -> Result<Node, FilterError> {
        let Expr::Call(CallExpr { func_name, .. }) = &expr.expr else { return self.condition(expr) };
        let mut parts = Vec::new();
        let mut open = vec![expr];
        while let Some(next) = open.pop() {
            match &next.expr {
                Expr::Call(call) if call.func_name == *func_name => open.extend(call.args.iter().rev()),
                _ => parts.push(self.condition(next)?),
            }
        }
        Ok(Node::bool(op(parts)))
    }

    /// Notes that a field is read.
    fn mention(&mut self, collection: &str, field: &str) {
        let fields: &mut BTreeSet<String> = self.mentions.entry(collection.to_owned()).or_default();
        fields.insert(field.to_owned());
    }

    /// A JSON value as this kind; each branch of a conditional by itself.
    fn cast(&mut self, node: Node, kind: Kind) -> Node {
        spread::over_json([node], &mut self.spread, &|[node]| match (&node.kind, &kind) {
            (Kind::Json, _) => Node::new(Op::As(Box::new(node)), kind.clone()),
            (Kind::Int, Kind::Double) => Node::new(Op::Convert(Box::new(node)), Kind::Double),
            (a, b) if a == b || (a.is_text() && b.is_text()) => node,
            _ => Node::fail(kind.clone()),
        })
    }

    /// An operation on JSON, which a branch of a conditional may not be after all; then it is an error.
    fn on_json(&mut self, node: Node, kind: &Kind, fits: fn(&Kind) -> bool, build: &dyn Fn(Node) -> Node) -> Node {
        spread::over_json([node], &mut self.spread, &|[node]| {
            if fits(&node.kind) { build(node) } else { Node::fail(kind.clone()) }
        })
    }
}

/// The name of an identifier.
fn ident(expr: &IdedExpr) -> Option<Arc<str>> {
    match &expr.expr {
        Expr::Ident(name) => Some(name.as_str().into()),
        _ => None,
    }
}
