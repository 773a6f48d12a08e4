//! Parameters: named values that come beside the expression and take their kind from their use.

use cel::common::ast::{Expr, IdedExpr};
use serde_json::{Map, Value as Json};

use super::super::convert::convert;
use super::super::error::{FilterError, FilterErrorCode};
use super::super::kind::Kind;
use super::super::tree::{Node, Op, ParamUse, Wanted};
use super::Checker;
use super::names::{Found, Meaning};
use crate::nearest::hint;
use crate::value::Value;

impl Wanted {
    /// What a parameter must be to be compared with this kind.
    pub(super) fn like(kind: &Kind) -> Self {
        match kind {
            Kind::Int | Kind::Double => Self::Number,
            Kind::Null | Kind::Json => Self::Anything,
            Kind::Id(_) => Self::Kind(Kind::Text),
            Kind::List(item) => Self::ListOf(Box::new(Self::like(item))),
            kind => Self::Kind(kind.clone()),
        }
    }

    /// What a parameter must be to be added to this kind.
    pub(super) fn operand(kind: &Kind) -> Self {
        match kind {
            Kind::Int | Kind::Double | Kind::Text | Kind::Duration => Self::Kind(kind.clone()),
            Kind::Id(_) => Self::Kind(Kind::Text),
            Kind::Instant => Self::Kind(Kind::Duration),
            _ => Self::Anything,
        }
    }
}

/// Whether an expression is a parameter.
pub(super) fn is_param(expr: &IdedExpr) -> bool {
    match &expr.expr {
        Expr::Select(select) => matches!(&select.operand.expr, Expr::Ident(name) if name == "params"),
        _ => false,
    }
}

impl<'c> Checker<'c> {
    /// `params.name`, which must be what is wanted.
    pub(super) fn param(
        &mut self,
        expr: &IdedExpr,
        name: &str,
        wanted: Option<&Wanted>,
    ) -> Result<Found<'c>, FilterError> {
        let value = self.given(expr, name)?;
        let wanted = wanted.cloned().unwrap_or_else(|| natural(value));
        let usage =
            ParamUse { name: name.into(), wanted, span: self.syntax.source.chars(self.syntax.name_place(expr)) };
        let value = check_use(&usage, value)?;
        let kind = match (&usage.wanted, Kind::of_value(&value)) {
            (Wanted::Anything, Kind::List(_)) => Kind::Json,
            (Wanted::Kind(kind), Kind::Null) => kind.clone(),
            (Wanted::Number, Kind::Null) => Kind::Double,
            (Wanted::ListOf(_), Kind::Null) => Kind::List(Box::new(Kind::Null)),
            (_, kind) => kind,
        };
        let node = Node::nullable(Op::Param(usage), kind);
        Ok(Found { meaning: Meaning::Value(node), hops: 0 })
    }

    /// A use of a parameter that is no value of the tree, such as a pattern, and its value.
    pub(super) fn use_param(&self, expr: &IdedExpr, wanted: Wanted) -> Result<(ParamUse, Value), FilterError> {
        let Expr::Select(select) = &expr.expr else { return Err(self.syntax.invalid(expr, "this is no parameter")) };
        let value = self.given(expr, &select.field)?;
        let span = self.syntax.source.chars(self.syntax.name_place(expr));
        let usage = ParamUse { name: select.field.as_str().into(), wanted, span };
        let value = check_use(&usage, value)?;
        Ok((usage, value))
    }

    /// Whether an expression is a parameter whose value is of this kind.
    pub(super) fn is_given_as(&self, expr: &IdedExpr, kind: &Kind) -> bool {
        let Expr::Select(select) = &expr.expr else { return false };
        let value =
            is_param(expr).then_some(self.context.params).flatten().and_then(|params| params.get(&select.field));
        value.is_some_and(|value| convert(value, &Wanted::Kind(kind.clone())).is_ok())
    }

    fn given(&self, expr: &IdedExpr, name: &str) -> Result<&'c Json, FilterError> {
        let params: Option<&'c Map<String, Json>> = self.context.params;
        let known = || params.into_iter().flat_map(Map::keys).map(String::as_str);
        params
            .and_then(|params| params.get(name))
            .ok_or_else(|| self.syntax.invalid(expr, format!("params has no member {name:?}{}", hint(name, known()))))
    }
}

/// What a parameter is by itself, where its use leaves it open.
fn natural(value: &Json) -> Wanted {
    match value {
        Json::Bool(_) => Wanted::Kind(Kind::Bool),
        Json::Number(_) => Wanted::Number,
        Json::String(_) => Wanted::Kind(Kind::Text),
        Json::Array(items) => natural_list(items),
        Json::Null | Json::Object(_) => Wanted::Anything,
    }
}

/// A list of items of one kind; any other is JSON, and so is an empty one, whose items fit everywhere.
fn natural_list(items: &[Json]) -> Wanted {
    let all = |is: fn(&Json) -> bool| !items.is_empty() && items.iter().all(is);
    let list_of = |kind| Wanted::ListOf(Box::new(Wanted::Kind(kind)));
    match () {
        () if all(Json::is_string) => list_of(Kind::Text),
        () if all(Json::is_boolean) => list_of(Kind::Bool),
        () if all(Json::is_i64) => list_of(Kind::Int),
        () if all(Json::is_number) => list_of(Kind::Double),
        () => Wanted::Anything,
    }
}

/// The value of a parameter for this use.
fn check_use(usage: &ParamUse, value: &Json) -> Result<Value, FilterError> {
    convert(value, &usage.wanted).map_err(|reason| FilterError {
        position: usage.span.0,
        end: usage.span.1,
        code: FilterErrorCode::InvalidFilter,
        message: format!("params.{}: {reason}", usage.name),
    })
}
