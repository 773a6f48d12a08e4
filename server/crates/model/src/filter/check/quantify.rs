//! `exists` and `all`, over lists, JSON, and the records that point here.

use cel::common::ast::IdedExpr;
use serde_json::Value as Json;

use super::super::error::{FilterError, FilterErrorCode};
use super::super::kind::Kind;
use super::super::tree::{Node, Op, Quantified, Quantifier, Range};
use super::super::{MAX_GIVEN_ITEMS, MAX_NESTED_LISTS, MAX_NESTED_ROWS};
use super::Checker;
use super::names::{Meaning, Variable, VariableMeaning};

impl<'c> Checker<'c> {
    /// `range.exists(name, body)` or `range.all(name, body)`.
    pub(super) fn quantified(
        &mut self,
        expr: &'c IdedExpr,
        function: &str,
        range: &'c IdedExpr,
        name: &'c IdedExpr,
        body: &'c IdedExpr,
    ) -> Result<Node, FilterError> {
        let quantifier = if function == "all" { Quantifier::All } else { Quantifier::Exists };
        let found = self.find(range, None)?;
        let hops = found.hops;
        let (range, meaning) = match found.meaning {
            Meaning::Rows(rows, view) => {
                self.refuse_deep_rows(expr)?;
                (Range::Rows(rows), VariableMeaning::Record(view))
            }
            _ => {
                let node = self.as_value(range, found)?;
                let kind = self.item_kind(expr, range, &node)?;
                (Range::Items(node), VariableMeaning::Item(kind))
            }
        };
        let name = self.variable_name(name)?;
        let slot = self.variables.len();
        let given = self.given_items(expr, &range)?;
        self.variables.push(Variable { name: name.clone(), meaning, hops, slot, given });
        let body = self.condition(body);
        self.variables.pop();
        let body = body?;
        let build = |range: Range| {
            let quantified = Quantified { quantifier, range, slot, name: name.clone(), body: body.clone() };
            Node::bool(Op::Quantified(Box::new(quantified)))
        };
        Ok(match range {
            Range::Items(node) => {
                let listed = |kind: &Kind| matches!(kind, Kind::List(_) | Kind::Json);
                self.on_json(node, &Kind::Bool, listed, &|node| build(Range::Items(node)))
            }
            rows @ Range::Rows(_) => build(rows),
        })
    }

    /// How many items of given lists are looked at: an expression that is cheap to send must not be dear to evaluate.
    fn given_items(&self, expr: &IdedExpr, range: &Range) -> Result<usize, FilterError> {
        let own = match range {
            Range::Items(node) => self.longest_given(node),
            Range::Rows(_) => 1,
        };
        let items = self.variables.last().map_or(1, |outer| outer.given).saturating_mul(own.max(1));
        if items <= MAX_GIVEN_ITEMS {
            return Ok(items);
        }
        let message =
            format!("exists and all look at {items} items of params here, and can look at {MAX_GIVEN_ITEMS} at most");
        Err(self.syntax.source.error(self.syntax.name_place(expr), FilterErrorCode::TooLarge, message))
    }

    fn longest_given(&self, node: &Node) -> usize {
        match &node.op {
            Op::Param(usage) => self.context.params.and_then(|params| params.get(&*usage.name)).map_or(1, longest),
            Op::Pick(base, _) | Op::As(base) => self.longest_given(base),
            _ => 1,
        }
    }

    /// Each level multiplies what one question reads by the records that point at one.
    fn refuse_deep_rows(&self, expr: &IdedExpr) -> Result<(), FilterError> {
        let outer =
            self.variables.iter().filter(|variable| matches!(variable.meaning, VariableMeaning::Record(_))).count();
        if outer < MAX_NESTED_ROWS {
            return Ok(());
        }
        let message = format!("exists and all over records stand at most {MAX_NESTED_ROWS} deep in one another");
        Err(self.syntax.source.error(self.syntax.name_place(expr), FilterErrorCode::TooLarge, message))
    }

    fn item_kind(&self, expr: &IdedExpr, range: &IdedExpr, node: &Node) -> Result<Kind, FilterError> {
        let outer =
            self.variables.iter().filter(|variable| matches!(variable.meaning, VariableMeaning::Item(_))).count();
        if outer >= MAX_NESTED_LISTS {
            let message = format!("exists and all over lists stand at most {MAX_NESTED_LISTS} deep in one another");
            return Err(self.syntax.source.error(self.syntax.name_place(expr), FilterErrorCode::TooLarge, message));
        }
        match &node.kind {
            Kind::List(_) if matches!(node.op, Op::List(_)) => {
                Err(self.syntax.invalid(range, "a list of fields can only stand behind \"in\""))
            }
            Kind::List(item) => Ok((**item).clone()),
            Kind::Json => Ok(Kind::Json),
            kind => Err(self.syntax.invalid(range, format!("a list is needed here, and this is {kind}"))),
        }
    }
}

/// The longest list in a value.
fn longest(value: &Json) -> usize {
    match value {
        Json::Array(items) => items.iter().map(longest).max().unwrap_or(0).max(items.len()),
        Json::Object(members) => members.values().map(longest).max().unwrap_or(0),
        _ => 0,
    }
}
