//! Numbers: arithmetic that can't fail, and comparisons of integers with doubles that do not round.

use std::ops::RangeInclusive;

use super::Renderer;
use super::names::Named;
use super::scope::Scope;
use super::value::Form::{Millis, Plain};
use crate::filter::arithmetic::{HUGE, TINY};
use crate::filter::kind::Kind;
use crate::filter::tree::{Arith, Node};
use crate::value::Value;

impl Renderer<'_> {
    /// Integers: what overflows is null. Postgres would raise an error and SQLite turn to doubles.
    pub(super) fn int_arith<'s>(&mut self, arith: Arith, pair: &'s [Node; 2], scope: &Scope<'s>) {
        self.named([&pair[0], &pair[1]], Plain, scope, &mut |this, [a, b]| {
            let write = |this: &mut Self, cast: &str| {
                this.put(&a, Plain, scope);
                this.w.sql(cast).sql(" ").sql(arith.sign()).sql(" ");
                this.put(&b, Plain, scope);
            };
            match (arith, this.is_sqlite()) {
                (Arith::Remainder, true) => {
                    this.w.sql("case when ");
                    this.put(&b, Plain, scope);
                    this.w.sql(" <> -1 or ");
                    this.put(&a, Plain, scope);
                    this.w.sql(" <> ").bind(Value::Int(i64::MIN));
                }
                (_, true) => {
                    this.w.sql("case typeof(");
                    write(this, "");
                    this.w.sql(") when 'integer'");
                }
                (Arith::Divide | Arith::Remainder, false) => {
                    this.w.sql("case when ");
                    this.put(&b, Plain, scope);
                    this.w.sql(" <> 0 and (");
                    this.put(&b, Plain, scope);
                    this.w.sql(" <> -1 or ");
                    this.put(&a, Plain, scope);
                    this.w.sql(" <> ").bind(Value::Int(i64::MIN)).sql(")");
                }
                (_, false) => {
                    this.w.sql("case when ");
                    write(this, "::numeric");
                    this.w.sql(" between -9223372036854775808 and 9223372036854775807");
                }
            }
            this.w.sql(" then ");
            write(this, "");
            this.w.sql(" end");
        });
    }

    /// Doubles, within the limits of [`crate::filter`]'s arithmetic and by the same formula.
    pub(super) fn float_arith<'s>(&mut self, arith: Arith, pair: &'s [Node; 2], scope: &Scope<'s>) {
        self.named([&pair[0], &pair[1]], Plain, scope, &mut |this, [a, b]| {
            let writer = Floats { a: &a, b: &b, sign: arith.sign(), scope };
            match arith {
                Arith::Multiply => writer.product(this),
                Arith::Divide => writer.quotient(this),
                _ => writer.sum(this),
            }
        });
    }

    /// Timestamps and spans as milliseconds: sums of two never overflow, but may leave their range.
    pub(super) fn time_arith<'s>(
        &mut self,
        arith: Arith,
        pair: &'s [Node; 2],
        range: RangeInclusive<i64>,
        scope: &Scope<'s>,
    ) {
        self.named([&pair[0], &pair[1]], Millis, scope, &mut |this, [a, b]| {
            let write = |this: &mut Self| {
                this.put(&a, Millis, scope);
                this.w.sql(" ").sql(arith.sign()).sql(" ");
                this.put(&b, Millis, scope);
            };
            this.w.sql("case when ");
            write(this);
            this.w.sql(" between ").bind(Value::Int(*range.start())).sql(" and ").bind(Value::Int(*range.end()));
            this.w.sql(" then ");
            write(this);
            this.w.sql(" end");
        });
    }

    pub(super) fn negate<'s>(&mut self, number: &'s Node, scope: &Scope<'s>) {
        if number.kind == Kind::Double {
            self.w.sql("(- ");
            self.value(number, scope);
            self.w.sql(")");
            return;
        }
        self.named([number], Plain, scope, &mut |this, [a]| {
            this.w.sql("case when ");
            this.put(&a, Plain, scope);
            this.w.sql(" <> ").bind(Value::Int(i64::MIN)).sql(" then - ");
            this.put(&a, Plain, scope);
            this.w.sql(" end");
        });
    }

    /// An integer as a double, a double as an integer.
    pub(super) fn convert<'s>(&mut self, number: &'s Node, to: &Kind, scope: &Scope<'s>) {
        if *to == Kind::Double {
            self.either("cast(", "(");
            self.value(number, scope);
            self.either(" as real)", ")::float8");
            return;
        }
        self.named([number], Plain, scope, &mut |this, [a]| {
            this.w.sql("case when ");
            this.put(&a, Plain, scope);
            this.w.sql(" > ").bind(Value::Float(-9_223_372_036_854_775_808.0)).sql(" and ");
            this.put(&a, Plain, scope);
            this.w.sql(" < ").bind(Value::Float(9_223_372_036_854_775_808.0)).sql(" then ");
            this.either("cast(", "trunc(");
            this.put(&a, Plain, scope);
            this.either(" as integer) end", ")::bigint end");
        });
    }

    /// A number in a form in which integers and doubles compare exactly: SQLite does so anyway, Postgres would
    /// round the integer, so there both become `numeric`.
    pub(super) fn exact<'s>(&mut self, number: &'s Node, scope: &Scope<'s>) {
        if self.is_sqlite() {
            return self.value(number, scope);
        }
        if number.kind != Kind::Double {
            self.w.sql("(");
            self.value(number, scope);
            self.w.sql(")::numeric");
            return;
        }
        self.named([number], Plain, scope, &mut |this, [a]| {
            exact_float(this, &mut |this| this.put(&a, Plain, scope));
        });
    }
}

/// A double as a `numeric` in the right order among integers and other such doubles. The cast that Postgres has
/// rounds to 15 digits. The shortest text is exact enough (it is in order among doubles, and exact for whole ones
/// below 2^53); from there to 2^63 a double is whole, and goes by way of an integer.
pub(super) fn exact_float<'w>(this: &mut Renderer<'w>, write: &mut dyn FnMut(&mut Renderer<'w>)) {
    this.w.sql("case when abs(");
    write(this);
    this.w.sql(") >= 9007199254740992::float8 and abs(");
    write(this);
    this.w.sql(") < 9223372036854775808::float8 then (");
    write(this);
    this.w.sql(")::bigint::numeric else (");
    write(this);
    this.w.sql(")::text::numeric end");
}

/// The two operands of an operation on doubles.
struct Floats<'o, 's> {
    a: &'o Named<'s>,
    b: &'o Named<'s>,
    sign: &'static str,
    scope: &'o Scope<'s>,
}

impl Floats<'_, '_> {
    fn a(&self, this: &mut Renderer<'_>) {
        this.put(self.a, Plain, self.scope);
    }

    fn b(&self, this: &mut Renderer<'_>) {
        this.put(self.b, Plain, self.scope);
    }

    /// `abs(a)` or `abs(b)`.
    fn magnitude(&self, this: &mut Renderer<'_>, operand: &Named<'_>) {
        this.w.sql("abs(");
        this.put(operand, Plain, self.scope);
        this.w.sql(")");
    }

    /// The greater or the lesser magnitude.
    fn extreme(&self, this: &mut Renderer<'_>, sqlite: &str, postgres: &str) {
        this.either(sqlite, postgres);
        self.magnitude(this, self.a);
        this.w.sql(", ");
        self.magnitude(this, self.b);
        this.w.sql(")");
    }

    fn greater(&self, this: &mut Renderer<'_>) {
        self.extreme(this, "max(", "greatest(");
    }

    fn lesser(&self, this: &mut Renderer<'_>) {
        self.extreme(this, "min(", "least(");
    }

    fn result(&self, this: &mut Renderer<'_>) {
        this.w.sql(" then ");
        self.a(this);
        this.w.sql(" ").sql(self.sign).sql(" ");
        self.b(this);
    }

    fn sum(&self, this: &mut Renderer<'_>) {
        this.w.sql("case when ");
        self.greater(this);
        this.w.sql(" <= ").bind(Value::Float(HUGE));
        self.result(this);
        this.w.sql(" end");
    }

    fn product(&self, this: &mut Renderer<'_>) {
        this.w.sql("case when ");
        self.greater(this);
        this.w.sql(" >= 1 then case when ");
        self.lesser(this);
        this.w.sql(" <= ").bind(Value::Float(HUGE)).sql(" / ");
        self.greater(this);
        self.result(this);
        this.w.sql(" end when ");
        self.lesser(this);
        this.w.sql(" = 0");
        self.result(this);
        this.w.sql(" when ");
        self.lesser(this);
        this.w.sql(" >= ").bind(Value::Float(TINY)).sql(" / ");
        self.greater(this);
        self.result(this);
        this.w.sql(" end");
    }

    fn quotient(&self, this: &mut Renderer<'_>) {
        this.w.sql("case when ");
        self.magnitude(this, self.b);
        this.w.sql(" >= 1 then case when ");
        self.a(this);
        this.w.sql(" = 0 or ");
        self.magnitude(this, self.a);
        this.w.sql(" >= ").bind(Value::Float(TINY)).sql(" * ");
        self.magnitude(this, self.b);
        self.result(this);
        this.w.sql(" end when ");
        self.b(this);
        this.w.sql(" <> 0 then case when ");
        self.magnitude(this, self.a);
        this.w.sql(" <= ").bind(Value::Float(HUGE)).sql(" * ");
        self.magnitude(this, self.b);
        self.result(this);
        this.w.sql(" end end");
    }
}
