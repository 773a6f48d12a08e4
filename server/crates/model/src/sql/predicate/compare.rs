//! `==`, `!=` and the orders, between values of known kinds; JSON is compared next door.

use super::names::is_safe;
use super::scope::Scope;
use super::value::{Form, is_plain_instant};
use super::{Renderer, Want};
use crate::filter::kind::Kind;
use crate::filter::tree::{Node, Op, Order};
use crate::value::Value;

/// A number that is compared with a column of the other kind, put into the column's kind without changing the
/// answer, so that an index serves.
#[derive(Debug, PartialEq)]
enum Adapted {
    /// Compare so with this.
    Compare(Sign, Value),
    /// The answer is the same for every number.
    Known(bool),
}

/// A comparison, the number of a column on its left.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Sign {
    Equal,
    Order(Order),
}

impl Renderer<'_> {
    /// `a == b`, or `a != b` if `negated`.
    pub(super) fn equal<'s>(&mut self, pair: &'s [Node; 2], negated: bool, want: Want, scope: &Scope<'s>) {
        let [a, b] = pair;
        self.atom(&[a, b], want, scope, &mut |this, want, scope| {
            let (a, b) = if a.as_const().is_some() { (b, a) } else { (a, b) };
            match (a.kind == Kind::Json, b.kind == Kind::Json, b.as_const()) {
                (true, ..) => this.json_equal(a, b, negated, want, scope),
                (_, true, _) => this.json_equal(b, a, negated, want, scope),
                (.., Some(Value::Null)) => this.is_null(a, negated, scope),
                // JSON that became known may be of another kind than what it is compared with.
                _ if !a.kind.can_equal(&b.kind) => this.unlike(a, b, negated, scope),
                (.., Some(number @ (Value::Int(_) | Value::Float(_)))) => match adapt(Sign::Equal, &a.kind, number) {
                    Adapted::Compare(_, value) => {
                        let b = Node::constant(value);
                        this.two_equal(a, &b, negated, want, scope);
                    }
                    Adapted::Known(answer) => this.known(a, answer != negated, scope),
                },
                _ => this.two_equal(a, b, negated, want, scope),
            }
        });
    }

    /// The same answer for every value that is no error.
    fn known<'s>(&mut self, node: &'s Node, answer: bool, scope: &Scope<'s>) {
        if is_safe(node) {
            self.w.sql(if answer { "true" } else { "false" });
        } else {
            self.known_if_set(node, answer, scope);
        }
    }

    /// Values of unlike kinds differ, unless one is an error or both are null.
    fn unlike<'s>(&mut self, a: &'s Node, b: &'s Node, negated: bool, scope: &Scope<'s>) {
        match (is_safe(a), is_safe(b)) {
            _ if a.nullable && b.nullable => {
                self.w.sql(if negated { "not (" } else { "(" });
                self.value(a, scope);
                self.w.sql(" is null and ");
                self.value(b, scope);
                self.w.sql(" is null)");
            }
            (_, true) => self.known(a, negated, scope),
            (true, false) => self.known(b, negated, scope),
            (false, false) => {
                self.w.sql("case when ");
                self.value(a, scope);
                self.w.sql(" is not null and ");
                self.value(b, scope);
                self.w.sql(if negated { " is not null then true end" } else { " is not null then false end" });
            }
        }
    }

    fn is_null<'s>(&mut self, node: &'s Node, negated: bool, scope: &Scope<'s>) {
        if !node.nullable {
            return self.known(node, negated, scope);
        }
        self.value(node, scope);
        self.w.sql(if negated { " is not null" } else { " is null" });
    }

    fn two_equal<'s>(&mut self, a: &'s Node, b: &'s Node, negated: bool, want: Want, scope: &Scope<'s>) {
        if self.is_sqlite() && (is_double_list(a) || is_double_list(b)) {
            return self.double_lists_equal(a, b, negated, scope);
        }
        let want_equal = if negated { want.negated() } else { want };
        // What suffices for one question: `=` is true just when they are equal values.
        let plain = (!a.nullable && !b.nullable) || (want_equal == Want::True && (!a.nullable || !b.nullable));
        let sign = match (plain, negated, self.is_sqlite()) {
            (true, false, _) => " = ",
            (true, true, _) => " <> ",
            (false, false, true) => " is ",
            (false, true, true) => " is not ",
            (false, false, false) => " is not distinct from ",
            (false, true, false) => " is distinct from ",
        };
        let failing = [a, b].into_iter().find(|node| !is_safe(node));
        match failing {
            Some(failing) if !plain => self.unless_failed(a, b, failing, sign, scope),
            _ => {
                self.side(a, b, scope);
                self.w.sql(sign);
                self.side(b, a, scope);
            }
        }
    }

    /// Between a value that may be null and one that may be an error: the error must stay one.
    fn unless_failed<'s>(&mut self, a: &'s Node, b: &'s Node, failing: &'s Node, sign: &str, scope: &Scope<'s>) {
        let other = if std::ptr::eq(a, failing) { b } else { a };
        let form = form(a, b);
        self.named([failing], form, scope, &mut |this, [failing_name]| {
            this.w.sql("case when ");
            this.put(&failing_name, form, scope);
            this.w.sql(" is not null then ");
            this.formed(other, form, scope);
            this.w.sql(sign);
            this.put(&failing_name, form, scope);
            this.w.sql(" end");
        });
    }

    /// One side of a comparison, in the form that the other side has too.
    fn side<'s>(&mut self, node: &'s Node, other: &Node, scope: &Scope<'s>) {
        match (&node.kind, &other.kind) {
            (Kind::Int, Kind::Double) | (Kind::Double, Kind::Int) => self.exact(node, scope),
            (Kind::List(_), Kind::List(item)) => self.whole_list(node, item, scope),
            _ => self.formed(node, form(node, other), scope),
        }
    }

    /// Lists of doubles on SQLite, item by item: the same number can be written in two ways.
    fn double_lists_equal<'s>(&mut self, a: &'s Node, b: &'s Node, negated: bool, scope: &Scope<'s>) {
        let item = self.alias();
        self.w.sql(if negated { "not case when " } else { "case when " });
        self.value(a, scope);
        self.w.sql(" is null or ");
        self.value(b, scope);
        self.w.sql(" is null then ");
        self.value(a, scope);
        self.w.sql(" is ");
        self.value(b, scope);
        self.w.sql(" else json_array_length(");
        self.value(a, scope);
        self.w.sql(") = json_array_length(");
        self.value(b, scope);
        self.w.sql(") and not exists (select 1 from json_each(");
        self.value(a, scope);
        self.w.sql(") as ");
        self.put_alias(item);
        self.w.sql(" where ");
        self.column(item, "value");
        self.w.sql(" <> json_extract(");
        self.value(b, scope);
        self.w.sql(", '$[' || ");
        self.column(item, "key");
        self.w.sql(" || ']')) end");
    }

    /// A list as a whole: as text without blanks on SQLite, as `jsonb` on Postgres. The items of a known list take
    /// the kind that the other list's items are written in.
    fn whole_list<'s>(&mut self, node: &'s Node, item: &Kind, scope: &Scope<'s>) {
        self.either("json(", "(");
        match &node.op {
            Op::Const(Value::List(values)) => {
                let values = values.iter().map(|value| as_item(value, item)).collect();
                self.constant(&Value::List(values), &node.kind);
            }
            _ => self.value(node, scope),
        }
        self.either(")", ")::jsonb");
    }

    /// `a < b` and the like: null if a side is.
    pub(super) fn order<'s>(&mut self, order: Order, pair: &'s [Node; 2], want: Want, scope: &Scope<'s>) {
        let [a, b] = pair;
        self.atom(&[a, b], want, scope, &mut |this, _, scope| {
            if a.kind == Kind::Json || b.kind == Kind::Json {
                return this.json_order(order, a, b, scope);
            }
            let (a, b, order) = if a.as_const().is_some() { (b, a, order.flip()) } else { (a, b, order) };
            match b.as_const() {
                Some(number @ (Value::Int(_) | Value::Float(_))) => match adapt(Sign::Order(order), &a.kind, number) {
                    Adapted::Compare(Sign::Order(order), value) => {
                        this.two_ordered(order, a, &Node::constant(value), scope)
                    }
                    Adapted::Compare(Sign::Equal, _) => {}
                    Adapted::Known(answer) => this.known_if_set(a, answer, scope),
                },
                _ => this.two_ordered(order, a, b, scope),
            }
        });
    }

    fn two_ordered<'s>(&mut self, order: Order, a: &'s Node, b: &'s Node, scope: &Scope<'s>) {
        self.side(a, b, scope);
        self.w.sql(" ").sql(order.sign()).sql(" ");
        self.side(b, a, scope);
        if a.kind.is_text() {
            self.postgres(" collate \"C\"");
        }
    }
}

fn is_double_list(node: &Node) -> bool {
    matches!(&node.kind, Kind::List(item) if **item == Kind::Double)
}

/// The form that both sides can take.
pub(super) fn form(a: &Node, b: &Node) -> Form {
    let computed = |node: &Node| node.kind == Kind::Instant && !is_plain_instant(node);
    if computed(a) || computed(b) { Form::Millis } else { Form::Plain }
}

/// An item in the kind of the other list's; one that can't equal any stays what it is.
fn as_item(value: &Value, item: &Kind) -> Value {
    as_kind(value, item).unwrap_or_else(|| value.clone())
}

const TWO_POW_63: f64 = 9_223_372_036_854_775_808.0;

/// A comparison of a number of this kind with a known number.
fn adapt(sign: Sign, kind: &Kind, number: &Value) -> Adapted {
    match (kind, number) {
        (Kind::Int, Value::Float(float)) => adapt_float(sign, *float),
        (Kind::Double, Value::Int(int)) => adapt_int(sign, *int),
        _ => Adapted::Compare(sign, number.clone()),
    }
}

/// An integer against a double: against the whole number below it.
#[expect(clippy::cast_possible_truncation, reason = "the float is whole and within i64's range")]
fn adapt_float(sign: Sign, float: f64) -> Adapted {
    use Order::{Greater, GreaterOrEqual, Less, LessOrEqual};
    let floor = float.floor();
    match sign {
        Sign::Equal if floor == float && (-TWO_POW_63..TWO_POW_63).contains(&float) => {
            Adapted::Compare(sign, Value::Int(float as i64))
        }
        Sign::Equal => Adapted::Known(false),
        Sign::Order(order) if float >= TWO_POW_63 => Adapted::Known(matches!(order, Less | LessOrEqual)),
        Sign::Order(order) if float < -TWO_POW_63 => Adapted::Known(matches!(order, Greater | GreaterOrEqual)),
        Sign::Order(_) if floor == float => Adapted::Compare(sign, Value::Int(float as i64)),
        Sign::Order(Less | LessOrEqual) => Adapted::Compare(Sign::Order(LessOrEqual), Value::Int(floor as i64)),
        Sign::Order(Greater | GreaterOrEqual) => Adapted::Compare(Sign::Order(Greater), Value::Int(floor as i64)),
    }
}

/// A double against an integer: against the nearest double, beyond which there is none before the integer.
#[expect(clippy::cast_precision_loss, reason = "what is lost is asked for next")]
fn adapt_int(sign: Sign, int: i64) -> Adapted {
    use Order::{Greater, GreaterOrEqual, Less, LessOrEqual};
    let nearest = int as f64;
    let value = Value::Float(nearest);
    match (Value::Int(int).compare(&value), sign) {
        (Some(std::cmp::Ordering::Equal), _) => Adapted::Compare(sign, value),
        (_, Sign::Equal) => Adapted::Known(false),
        (Some(std::cmp::Ordering::Less), Sign::Order(Less | LessOrEqual)) => Adapted::Compare(Sign::Order(Less), value),
        (Some(std::cmp::Ordering::Less), _) => Adapted::Compare(Sign::Order(GreaterOrEqual), value),
        (_, Sign::Order(Less | LessOrEqual)) => Adapted::Compare(Sign::Order(LessOrEqual), value),
        _ => Adapted::Compare(Sign::Order(Greater), value),
    }
}

/// Whether a number can be compared as a double with any JSON number without the rounding being seen.
pub(super) fn is_small(node: &Node) -> bool {
    const TWO_POW_53: u64 = 1 << 53;
    match node.as_const() {
        Some(Value::Int(int)) => int.unsigned_abs() < TWO_POW_53,
        Some(Value::Float(float)) => float.abs() < 9_007_199_254_740_992.0,
        _ => false,
    }
}

/// A value that can equal something of this kind, in that kind.
pub(super) fn as_kind(value: &Value, kind: &Kind) -> Option<Value> {
    match (kind, value) {
        (Kind::Int | Kind::Double, Value::Int(_) | Value::Float(_)) => match adapt(Sign::Equal, kind, value) {
            Adapted::Compare(_, value) => Some(value),
            Adapted::Known(_) => None,
        },
        (Kind::Text | Kind::Id(_), Value::Text(_))
        | (Kind::Bool, Value::Bool(_))
        | (Kind::Instant, Value::Instant(_))
        | (Kind::Duration, Value::Duration(_)) => Some(value.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_put_into_the_columns_kind_without_changing_the_answer() {
        let less = Sign::Order(Order::Less);
        let greater = Sign::Order(Order::Greater);
        assert_eq!(
            adapt(less, &Kind::Int, &Value::Float(3.5)),
            Adapted::Compare(Sign::Order(Order::LessOrEqual), Value::Int(3))
        );
        assert_eq!(adapt(greater, &Kind::Int, &Value::Float(-3.5)), Adapted::Compare(greater, Value::Int(-4)));
        assert_eq!(adapt(less, &Kind::Int, &Value::Float(1e300)), Adapted::Known(true));
        assert_eq!(adapt(Sign::Equal, &Kind::Int, &Value::Float(0.5)), Adapted::Known(false));
        let odd = (1_i64 << 53) + 1;
        assert_eq!(adapt(Sign::Equal, &Kind::Double, &Value::Int(odd)), Adapted::Known(false));
        let even = Value::Float(9_007_199_254_740_992.0);
        assert_eq!(
            adapt(less, &Kind::Double, &Value::Int(odd)),
            Adapted::Compare(Sign::Order(Order::LessOrEqual), even)
        );
    }
}
