//! Evaluates the typed tree for a record in memory.
//!
//! Errors are values here ([`Stop`]), absorbed by `&&`, `||`, `exists` and `all` as CEL says. What takes the
//! database (a field behind a relation, the records that point here) stops too: since absorbing is monotone, an
//! answer that is reached all the same is the answer.

use std::borrow::Cow;
use std::cell::Cell;

use serde_json::Value as Json;

use super::Truth;
use super::arithmetic;
use super::kind::Kind;
use super::tree::{
    Case, FieldRef, Node, Op, PatternUse, Place, Quantified, Quantifier, Range, Row, Slot, Step, TextTest,
};
use super::val::Val;
use crate::record::Record;
use crate::schema::Collection;

/// Items that one evaluation may look at: about a millisecond's worth. Beyond it the evaluation is an error.
const BUDGET: u32 = 100_000;

/// The evaluation ended in an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stop;

/// The records that an expression is evaluated on.
pub(crate) struct Scene<'a> {
    row: Option<(&'a Record, &'a Collection)>,
    data: Option<(&'a Record, &'a Collection)>,
    budget: Cell<u32>,
}

/// The items at which the enclosing quantifiers stand, innermost first.
#[derive(Clone, Copy)]
struct Stand<'v, 'a> {
    slot: Slot,
    item: &'v Val<'a>,
    outer: Option<&'v Stand<'v, 'a>>,
}

type Stands<'v, 'a> = Option<&'v Stand<'v, 'a>>;

impl<'a> Scene<'a> {
    /// A scene without records, for what is known beforehand.
    pub(crate) fn empty() -> Self {
        Self { row: None, data: None, budget: Cell::new(BUDGET) }
    }

    /// A scene of one record and, in the policies of writes, the record as it would become.
    pub(crate) fn new(row: &'a Record, collection: &'a Collection, data: Option<&'a Record>) -> Self {
        let data = data.map(|data| (data, collection));
        Self { row: Some((row, collection)), data, budget: Cell::new(BUDGET) }
    }

    /// Whether a condition holds.
    pub(crate) fn truth(&self, node: &'a Node) -> Truth {
        self.holds(node, None)
    }

    /// What an expression yields.
    pub(crate) fn value(&self, node: &'a Node) -> Result<Val<'a>, Stop> {
        self.eval(node, None)
    }

    fn holds(&self, node: &'a Node, stands: Stands<'_, 'a>) -> Truth {
        match &node.op {
            Op::And(parts) => self.fold(parts, stands, Truth::False),
            Op::Or(parts) => self.fold(parts, stands, Truth::True),
            Op::Not(part) => !self.holds(part, stands),
            Op::If(parts) => match self.holds(&parts[0], stands) {
                Truth::True => self.holds(&parts[1], stands),
                Truth::False => self.holds(&parts[2], stands),
                Truth::Error => Truth::Error,
            },
            Op::Equal(pair) => self.pair(pair, stands, |a, b| a.equals(&b)),
            Op::Order(order, pair) => {
                self.pair(pair, stands, |a, b| a.compare(&b).map(|ordering| order.admits(ordering)))
            }
            Op::Quantified(quantified) => self.quantified(quantified, stands),
            _ => match self.eval(node, stands) {
                Ok(Val::Bool(value)) => Truth::from(value),
                _ => Truth::Error,
            },
        }
    }

    /// `&&` and `||`: the `decisive` truth wins, then an error, then the other.
    fn fold(&self, parts: &'a [Node], stands: Stands<'_, 'a>, decisive: Truth) -> Truth {
        let mut result = !decisive;
        for part in parts {
            let truth = self.holds(part, stands);
            if truth == decisive {
                return decisive;
            }
            if truth == Truth::Error {
                result = Truth::Error;
            }
        }
        result
    }

    fn pair(
        &self,
        pair: &'a [Node; 2],
        stands: Stands<'_, 'a>,
        answer: impl Fn(Val<'a>, Val<'a>) -> Option<bool>,
    ) -> Truth {
        match (self.eval(&pair[0], stands), self.eval(&pair[1], stands)) {
            (Ok(a), Ok(b)) => answer(a, b).map_or(Truth::Error, Truth::from),
            _ => Truth::Error,
        }
    }

    fn eval(&self, node: &'a Node, stands: Stands<'_, 'a>) -> Result<Val<'a>, Stop> {
        match &node.op {
            Op::Const(value) => Ok(Val::of(value)),
            Op::Field(Row::Own, field) => read(self.row, field),
            Op::Field(Row::Data, field) => read(self.data, field),
            // The rest of the fields, and what was not bound, take more than this scene has.
            Op::Field(..)
            | Op::Fail
            | Op::Param(_)
            | Op::HasParam(_)
            | Op::Auth(_)
            | Op::HasAuth(_)
            | Op::Now
            | Op::Count(_) => Err(Stop),
            Op::Shown(row, condition, node) => self.shown(row, condition, node, stands),
            Op::Item(slot) => stand(stands, *slot).cloned().ok_or(Stop),
            Op::Pick(base, step) => pick(self.eval(base, stands)?, step),
            Op::HasPick(base, key) => match self.eval(base, stands)? {
                Val::Json(Json::Object(members)) => Ok(Val::Bool(members.contains_key(&**key))),
                _ => Err(Stop),
            },
            Op::As(base) => cast(self.eval(base, stands)?, &node.kind),
            Op::Convert(base) => arithmetic::convert(&self.eval(base, stands)?).ok_or(Stop),
            Op::If(parts) => match self.holds(&parts[0], stands) {
                Truth::True => self.eval(&parts[1], stands),
                Truth::False => self.eval(&parts[2], stands),
                Truth::Error => Err(Stop),
            },
            Op::In(pair) => self.contained(pair, stands),
            Op::Among(needle, items) => {
                needle_of(self.eval(needle, stands)?).map(|needle| Val::Bool(items.contains(&needle)))
            }
            Op::List(_) => Err(Stop),
            Op::Arith(arith, pair) => {
                arithmetic::apply(*arith, &self.eval(&pair[0], stands)?, &self.eval(&pair[1], stands)?).ok_or(Stop)
            }
            Op::Negate(part) => arithmetic::negate(&self.eval(part, stands)?).ok_or(Stop),
            Op::TextTest(test, pair) => match (self.eval(&pair[0], stands)?, self.eval(&pair[1], stands)?) {
                (Val::Text(text), Val::Text(part)) => Ok(Val::Bool(text_test(*test, &text, &part))),
                _ => Err(Stop),
            },
            Op::Matches(text, PatternUse::Ready(pattern)) => match self.eval(text, stands)? {
                Val::Text(text) => Ok(Val::Bool(pattern.is_match(&text))),
                _ => Err(Stop),
            },
            Op::Matches(_, PatternUse::Param(_)) => Err(Stop),
            Op::Case(case, text) => match self.eval(text, stands)? {
                Val::Text(text) => Ok(Val::Text(change_case(*case, &text))),
                _ => Err(Stop),
            },
            Op::Size(of) => size(&self.eval(of, stands)?),
            Op::And(_) | Op::Or(_) | Op::Not(_) | Op::Equal(_) | Op::Order(..) | Op::Quantified(_) => {
                match self.holds(node, stands) {
                    Truth::True => Ok(Val::Bool(true)),
                    Truth::False => Ok(Val::Bool(false)),
                    Truth::Error => Err(Stop),
                }
            }
        }
    }

    fn shown(&self, row: &Row, condition: &'a Node, node: &'a Node, stands: Stands<'_, 'a>) -> Result<Val<'a>, Stop> {
        let value = self.eval(node, stands)?;
        match row {
            Row::Own if self.holds(condition, None) == Truth::True => Ok(value),
            Row::Own => Ok(Val::Null),
            _ => Err(Stop),
        }
    }

    fn contained(&self, pair: &'a [Node; 2], stands: Stands<'_, 'a>) -> Result<Val<'a>, Stop> {
        let needle = needle_of(self.eval(&pair[0], stands)?)?;
        if let Op::List(items) = &pair[1].op {
            let mut found = false;
            for item in items {
                found |= self.eval(item, stands)?.equals(&needle) == Some(true);
            }
            return Ok(Val::Bool(found));
        }
        match self.eval(&pair[1], stands)? {
            Val::List(items) => {
                self.spend(items.len())?;
                Ok(Val::Bool(items.iter().any(|item| Val::of(item).equals(&needle) == Some(true))))
            }
            Val::Json(Json::Array(items)) => {
                self.spend(items.len())?;
                Ok(Val::Bool(items.iter().any(|item| Val::of_json(item).equals(&needle) == Some(true))))
            }
            Val::Json(Json::Object(members)) => {
                Ok(Val::Bool(matches!(&needle, Val::Text(key) if members.contains_key(&**key))))
            }
            _ => Err(Stop),
        }
    }

    fn quantified(&self, quantified: &'a Quantified, stands: Stands<'_, 'a>) -> Truth {
        let Range::Items(range) = &quantified.range else { return Truth::Error };
        match self.eval(range, stands) {
            Ok(Val::List(items)) => self.over(quantified, items.iter().map(Val::of), stands),
            Ok(Val::Json(Json::Array(items))) => self.over(quantified, items.iter().map(Val::of_json), stands),
            Ok(Val::Json(Json::Object(members))) => {
                self.over(quantified, members.keys().map(|key| Val::Text(Cow::Borrowed(key))), stands)
            }
            _ => Truth::Error,
        }
    }

    fn over(&self, quantified: &'a Quantified, items: impl Iterator<Item = Val<'a>>, stands: Stands<'_, 'a>) -> Truth {
        let decisive = match quantified.quantifier {
            Quantifier::Exists => Truth::True,
            Quantifier::All => Truth::False,
        };
        let mut result = !decisive;
        for item in items {
            if self.spend(1).is_err() {
                return Truth::Error;
            }
            let stand = Stand { slot: quantified.slot, item: &item, outer: stands };
            let truth = self.holds(&quantified.body, Some(&stand));
            if truth == decisive {
                return decisive;
            }
            if truth == Truth::Error {
                result = Truth::Error;
            }
        }
        result
    }

    fn spend(&self, items: usize) -> Result<(), Stop> {
        let items = u32::try_from(items).map_err(|_| Stop)?;
        self.budget.set(self.budget.get().checked_sub(items).ok_or(Stop)?);
        Ok(())
    }
}

fn stand<'v, 'a>(mut stands: Stands<'v, 'a>, slot: Slot) -> Option<&'v Val<'a>> {
    while let Some(stand) = stands {
        if stand.slot == slot {
            return Some(stand.item);
        }
        stands = stand.outer;
    }
    None
}

/// A field of a record. The place was found when the expression was compiled; should the collection have changed
/// since, the name decides.
fn read<'a>(record: Option<(&'a Record, &'a Collection)>, field: &FieldRef) -> Result<Val<'a>, Stop> {
    let (record, collection) = record.ok_or(Stop)?;
    let place = match field.place {
        Place::Id => return Ok(Val::Text(Cow::Owned(record.id.to_string()))),
        Place::CreatedAt => return Ok(Val::Instant(record.created_at)),
        Place::UpdatedAt => return Ok(Val::Instant(record.updated_at)),
        Place::Own(place) if collection.fields.get(place).is_some_and(|own| *own.name == *field.name) => place,
        Place::Own(_) => collection.own_field(&field.name).ok_or(Stop)?.0,
    };
    record.values.get(place).map(Val::of).ok_or(Stop)
}

fn pick<'a>(base: Val<'a>, step: &Step) -> Result<Val<'a>, Stop> {
    match (base, step) {
        (Val::Json(Json::Object(members)), Step::Key(key)) => members.get(&**key).map(Val::of_json),
        (Val::Json(Json::Array(items)), Step::Index(place)) => items.get(*place as usize).map(Val::of_json),
        (Val::List(items), Step::Index(place)) => items.get(*place as usize).map(Val::of),
        _ => None,
    }
    .ok_or(Stop)
}

/// A JSON value as this kind. Any number is a double; an integer is one only if it is written as one.
#[expect(clippy::cast_precision_loss, reason = "JSON numbers that are asked for as doubles are rounded to one")]
fn cast<'a>(value: Val<'a>, kind: &Kind) -> Result<Val<'a>, Stop> {
    match (kind, value) {
        (Kind::Bool, value @ Val::Bool(_)) | (Kind::Int, value @ Val::Int(_)) => Ok(value),
        (Kind::Text | Kind::Id(_), value @ Val::Text(_)) => Ok(value),
        (Kind::Double, value @ Val::Float(_)) => Ok(value),
        (Kind::Double, Val::Int(value)) => Ok(Val::Float(value as f64)),
        _ => Err(Stop),
    }
}

/// What is looked for in a list: a document can't be.
fn needle_of(value: Val<'_>) -> Result<Val<'_>, Stop> {
    if matches!(value, Val::Json(_) | Val::List(_)) { Err(Stop) } else { Ok(value) }
}

fn text_test(test: TextTest, text: &str, part: &str) -> bool {
    match test {
        TextTest::StartsWith => text.starts_with(part),
        TextTest::EndsWith => text.ends_with(part),
        TextTest::Contains => text.contains(part),
    }
}

fn change_case<'a>(case: Case, text: &str) -> Cow<'a, str> {
    Cow::Owned(match case {
        Case::Lower => text.to_ascii_lowercase(),
        Case::Upper => text.to_ascii_uppercase(),
    })
}

fn size<'a>(value: &Val<'_>) -> Result<Val<'a>, Stop> {
    let size = match value {
        Val::Text(text) => text.chars().count(),
        Val::List(items) => items.len(),
        Val::Json(Json::Array(items)) => items.len(),
        Val::Json(Json::Object(members)) => members.len(),
        _ => return Err(Stop),
    };
    i64::try_from(size).map(Val::Int).map_err(|_| Stop)
}
