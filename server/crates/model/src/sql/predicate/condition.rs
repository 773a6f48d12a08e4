//! What is true or false: `and`, `or`, `not`, conditionals, and the questions between them.

use super::scope::Scope;
use super::{Renderer, Want};
use crate::filter::tree::{Node, Op, PatternUse};
use crate::value::Value;

/// Longer chains are halved by brackets: SQLite allows an expression to be 1000 deep, and a chain is a deep one.
const CHAIN: usize = 100;

impl Renderer<'_> {
    /// Writes a condition. It binds tighter than `and`, unless it is an `or`.
    pub(super) fn condition<'s>(&mut self, node: &'s Node, want: Want, scope: &Scope<'s>) {
        match &node.op {
            Op::Const(Value::Bool(value)) => {
                self.w.sql(if *value { "true" } else { "false" });
            }
            Op::Const(_) | Op::Fail => self.error(),
            Op::And(parts) => self.chain(parts, " and ", "true", want, scope),
            Op::Or(parts) => self.chain(parts, " or ", "false", want, scope),
            Op::Not(part) => match &part.op {
                Op::Equal(pair) => self.equal(pair, true, want, scope),
                _ => {
                    self.w.sql("not (");
                    self.condition(part, want.negated(), scope);
                    self.w.sql(")");
                }
            },
            Op::If(parts) => {
                self.w.sql("case ");
                self.bracketed(&parts[0], Want::Exact, scope);
                self.w.sql(" when true then ");
                self.bracketed(&parts[1], want, scope);
                self.w.sql(" when false then ");
                self.bracketed(&parts[2], want, scope);
                self.w.sql(" end");
            }
            Op::Equal(pair) => self.equal(pair, false, want, scope),
            Op::Order(order, pair) => self.order(*order, pair, want, scope),
            Op::In(pair) => self.contained(pair, want, scope),
            Op::Among(needle, items) => {
                self.atom(&[needle], want, scope, &mut |this, want, scope| this.among(needle, items, want, scope));
            }
            Op::Quantified(quantified) => self.quantified(quantified, want, scope),
            Op::TextTest(test, pair) => {
                let operands = [&pair[0], &pair[1]];
                self.atom(&operands, want, scope, &mut |this, _, scope| this.text_test(*test, pair, scope));
            }
            Op::Matches(text, PatternUse::Ready(pattern)) => {
                self.atom(&[text], want, scope, &mut |this, _, scope| this.matches(text, pattern, scope));
            }
            Op::HasPick(base, key) => {
                self.atom(&[base], want, scope, &mut |this, _, scope| this.has_member(base, key, scope));
            }
            // A value that is itself a boolean.
            Op::Field(..) | Op::Shown(..) | Op::Item(_) | Op::Pick(..) | Op::As(_) => {
                self.atom(&[node], want, scope, &mut |this, _, scope| this.value(node, scope));
            }
            // What is no boolean, and what was not bound.
            _ => self.error(),
        }
    }

    /// A condition as an operand.
    pub(super) fn bracketed<'s>(&mut self, node: &'s Node, want: Want, scope: &Scope<'s>) {
        self.w.sql("(");
        self.condition(node, want, scope);
        self.w.sql(")");
    }

    /// Null, for an error.
    pub(super) fn error(&mut self) {
        self.either("null", "null::boolean");
    }

    fn chain<'s>(&mut self, parts: &'s [Node], sign: &str, empty: &str, want: Want, scope: &Scope<'s>) {
        if parts.is_empty() {
            self.w.sql(empty);
            return;
        }
        if parts.len() > CHAIN {
            let (left, right) = parts.split_at(parts.len() / 2);
            self.w.sql("(");
            self.chain(left, sign, empty, want, scope);
            self.w.sql(")").sql(sign).sql("(");
            self.chain(right, sign, empty, want, scope);
            self.w.sql(")");
            return;
        }
        for (n, part) in parts.iter().enumerate() {
            self.w.sql(if n > 0 { sign } else { "" });
            if matches!(part.op, Op::Or(_) | Op::And(_)) {
                self.bracketed(part, want, scope);
            } else {
                self.condition(part, want, scope);
            }
        }
    }
}
