//! Functions, called plainly (`size(x)`) or on a value (`x.size()`).

use std::sync::Arc;

use cel::common::ast::{CallExpr, Expr, IdedExpr};

use super::super::duration;
use super::super::error::FilterError;
use super::super::kind::Kind;
use super::super::pattern::Pattern;
use super::super::tree::{Case, Node, Op, PatternUse, TextTest, Wanted};
use super::Checker;
use super::names::{Found, Meaning};
use super::params::is_param;
use crate::instant::Instant;
use crate::nearest::hint;
use crate::value::Value;

/// Every function, with the way it is called.
const FUNCTIONS: [(&str, &str); 14] = [
    ("startsWith", "text.startsWith(text)"),
    ("endsWith", "text.endsWith(text)"),
    ("contains", "text.contains(text)"),
    ("matches", "text.matches(pattern)"),
    ("lowerAscii", "text.lowerAscii()"),
    ("upperAscii", "text.upperAscii()"),
    ("size", "size(text or list)"),
    ("has", "has(object.member)"),
    ("exists", "list.exists(name, condition)"),
    ("all", "list.all(name, condition)"),
    ("timestamp", "timestamp(\"2026-01-31T09:30:00Z\")"),
    ("duration", "duration(\"24h\")"),
    ("double", "double(number)"),
    ("int", "int(number)"),
];

impl<'c> Checker<'c> {
    /// A call by name.
    pub(super) fn function(&mut self, expr: &'c IdedExpr, call: &'c CallExpr) -> Result<Node, FilterError> {
        let target = call.target.as_deref();
        match (call.func_name.as_str(), target, call.args.as_slice()) {
            ("startsWith", Some(text), [part]) => self.text_test(TextTest::StartsWith, text, part),
            ("endsWith", Some(text), [part]) => self.text_test(TextTest::EndsWith, text, part),
            ("contains", Some(text), [part]) => self.text_test(TextTest::Contains, text, part),
            ("matches", Some(text), [pattern]) | ("matches", None, [text, pattern]) => self.matches(text, pattern),
            ("lowerAscii", Some(text), []) => self.case(Case::Lower, text),
            ("upperAscii", Some(text), []) => self.case(Case::Upper, text),
            ("size", Some(of), []) | ("size", None, [of]) => self.size(of),
            ("has", None, [member]) => self.has(expr, member),
            ("exists" | "all", Some(range), [name, body]) => self.quantified(expr, &call.func_name, range, name, body),
            ("timestamp", None, [arg]) => self.timestamp(arg),
            ("duration", None, [arg]) => self.duration(arg),
            ("double", None, [arg]) => self.double(arg),
            ("int", None, [arg]) => self.int(arg),
            (name, ..) => Err(self.no_such_call(expr, name)),
        }
    }

    fn no_such_call(&self, expr: &IdedExpr, name: &str) -> FilterError {
        if let Some((_, form)) = FUNCTIONS.iter().find(|(known, _)| *known == name) {
            return self.syntax.invalid(expr, format!("{name} is called as {form}"));
        }
        let hint = hint(name, FUNCTIONS.iter().map(|(known, _)| *known));
        self.syntax.invalid(expr, format!("there is no function {name:?}{hint}"))
    }

    /// An expression that must yield text.
    fn text(&mut self, expr: &'c IdedExpr) -> Result<Node, FilterError> {
        let node = self.value(expr, Some(&Wanted::Kind(Kind::Text)))?;
        match &node.kind {
            Kind::Text | Kind::Id(_) => Ok(node),
            Kind::Json => Ok(self.cast(node, Kind::Text)),
            kind => Err(self.syntax.invalid(expr, format!("text is needed here, and this is {kind}"))),
        }
    }

    fn text_test(&mut self, test: TextTest, text: &'c IdedExpr, part: &'c IdedExpr) -> Result<Node, FilterError> {
        let operands = [self.text(text)?, self.text(part)?];
        Ok(Node::bool(Op::TextTest(test, Box::new(operands))))
    }

    fn case(&mut self, case: Case, text: &'c IdedExpr) -> Result<Node, FilterError> {
        let text = self.text(text)?;
        Ok(Node::new(Op::Case(case, Box::new(text)), Kind::Text))
    }

    fn matches(&mut self, text: &'c IdedExpr, pattern: &'c IdedExpr) -> Result<Node, FilterError> {
        let text = self.text(text)?;
        let pattern = if is_param(pattern) {
            let (usage, _) = self.use_param(pattern, Wanted::Pattern)?;
            PatternUse::Param(usage)
        } else {
            let node = self.value(pattern, None)?;
            let Some(Value::Text(source)) = node.as_const() else {
                return Err(self.syntax.invalid(pattern, "a pattern is written out, or comes from params"));
            };
            match Pattern::new(source) {
                Ok(pattern) => PatternUse::Ready(Arc::new(pattern)),
                Err(error) => return Err(self.syntax.invalid(pattern, error.to_string())),
            }
        };
        Ok(Node::bool(Op::Matches(Box::new(text), pattern)))
    }

    fn size(&mut self, of: &'c IdedExpr) -> Result<Node, FilterError> {
        let found = self.find(of, None)?;
        if let Meaning::Rows(rows, _) = found.meaning {
            return Ok(Node::new(Op::Count(Box::new(rows)), Kind::Int));
        }
        let node = self.as_value(of, found)?;
        match &node.kind {
            Kind::Text | Kind::Id(_) | Kind::List(_) | Kind::Json => {
                let sized = |kind: &Kind| kind.is_text() || matches!(kind, Kind::List(_) | Kind::Json);
                Ok(self.on_json(node, &Kind::Int, sized, &|node| Node::new(Op::Size(Box::new(node)), Kind::Int)))
            }
            kind => Err(self.syntax.invalid(of, format!("{kind} has no size"))),
        }
    }

    fn has(&mut self, expr: &'c IdedExpr, member: &'c IdedExpr) -> Result<Node, FilterError> {
        let Expr::Select(select) = &member.expr else {
            return Err(self
                .syntax
                .invalid(expr, "has asks for a member, as in has(meta.size): compare a field with null"));
        };
        let base = self.find(&select.operand, None)?;
        match base.meaning {
            Meaning::Params => Ok(Node::bool(Op::HasParam(select.field.as_str().into()))),
            Meaning::Auth => {
                let node = self.found_value(member)?;
                let has = Node::bool(Op::HasAuth(select.field.as_str().into()));
                Ok(if matches!(node.op, Op::Auth(_)) { has } else { Node::bool(Op::And(vec![has, is_set(node)])) })
            }
            Meaning::Value(node) if node.kind == Kind::Json => {
                let key: Arc<str> = select.field.as_str().into();
                let build = |node: Node| Node::bool(Op::HasPick(Box::new(node), key.clone()));
                Ok(self.on_json(node, &Kind::Bool, |kind| *kind == Kind::Json, &build))
            }
            Meaning::Value(_) | Meaning::Record(_) | Meaning::Rows(..) => Ok(is_set(self.found_value(member)?)),
        }
    }

    fn found_value(&mut self, expr: &'c IdedExpr) -> Result<Node, FilterError> {
        let found: Found<'c> = self.find(expr, None)?;
        self.as_value(expr, found)
    }

    fn timestamp(&mut self, arg: &'c IdedExpr) -> Result<Node, FilterError> {
        let node = self.value(arg, Some(&Wanted::Kind(Kind::Instant)))?;
        match (node.as_const(), &node.kind) {
            (_, Kind::Instant) => Ok(node),
            (Some(Value::Text(text)), _) => match text.parse::<Instant>() {
                Ok(instant) => Ok(Node::constant(Value::Instant(instant))),
                Err(error) => Err(self.syntax.invalid(arg, format!("{text:?} is {error}"))),
            },
            (Some(Value::Int(seconds)), _) => match seconds.checked_mul(1000).and_then(Instant::from_millis) {
                Some(instant) => Ok(Node::constant(Value::Instant(instant))),
                None => Err(self.syntax.invalid(arg, "these seconds lie outside the years 1 to 9999")),
            },
            _ => Err(self.syntax.invalid(arg, "timestamp takes a text that is written out, or comes from params")),
        }
    }

    fn duration(&mut self, arg: &'c IdedExpr) -> Result<Node, FilterError> {
        let node = self.value(arg, Some(&Wanted::Kind(Kind::Duration)))?;
        match (node.as_const(), &node.kind) {
            (_, Kind::Duration) => Ok(node),
            (Some(Value::Text(text)), _) => match duration::parse(text) {
                Ok(millis) => Ok(Node::constant(Value::Duration(millis))),
                Err(error) => Err(self.syntax.invalid(arg, error)),
            },
            _ => Err(self.syntax.invalid(arg, "duration takes a text that is written out, or comes from params")),
        }
    }

    fn double(&mut self, arg: &'c IdedExpr) -> Result<Node, FilterError> {
        let node = self.value(arg, Some(&Wanted::Number))?;
        match &node.kind {
            Kind::Double => Ok(node),
            Kind::Json => Ok(self.cast(node, Kind::Double)),
            Kind::Int => Ok(Node::new(Op::Convert(Box::new(node)), Kind::Double)),
            kind => Err(self.syntax.invalid(arg, format!("double takes a number, and this is {kind}"))),
        }
    }

    fn int(&mut self, arg: &'c IdedExpr) -> Result<Node, FilterError> {
        let node = self.value(arg, Some(&Wanted::Number))?;
        match &node.kind {
            Kind::Int => Ok(node),
            Kind::Double => Ok(Node::new(Op::Convert(Box::new(node)), Kind::Int)),
            Kind::Json => Err(self.syntax.invalid(arg, "int takes a number of a known kind: write int(double(…))")),
            kind => Err(self.syntax.invalid(arg, format!("int takes a number, and this is {kind}"))),
        }
    }
}

fn is_set(node: Node) -> Node {
    let unset = Node::bool(Op::Equal(Box::new([node, Node::constant(Value::Null)])));
    Node::bool(Op::Not(Box::new(unset)))
}
