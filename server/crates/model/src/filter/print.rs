//! The typed tree as text: for people, and as the key by which equal conditions are known to be equal.

use std::fmt::Write;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::tree::{Case, Guard, Node, Op, PatternUse, Quantified, Quantifier, Range, Row, Rows, Slot, Step, TextTest};
use crate::value::Value;

/// Longer lists are told by their hash in a key.
const LISTED: usize = 32;

/// An expression as somebody would write it.
pub(crate) fn text(node: &Node) -> String {
    let mut printer = Printer { out: String::new(), names: Vec::new(), key: false };
    printer.node(node, Loose);
    printer.out
}

/// A bound expression over a collection as a text that is equal only for equal meaning.
pub(crate) fn key(collection: &str, node: &Node) -> String {
    let mut printer = Printer { out: format!("{collection}:"), names: Vec::new(), key: true };
    printer.node(node, Loose);
    printer.out
}

/// How tightly what stands around a node binds.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Bond {
    Loose,
    Or,
    And,
    Relation,
    Sum,
    Product,
    Unary,
    Member,
}
use Bond::{Loose, Member, Product, Relation, Sum, Unary};

struct Printer {
    out: String,
    /// The names of the enclosing quantifiers' variables.
    names: Vec<Arc<str>>,
    /// Whether what only the meaning needs (guards, masks) is written, and order that has no meaning is undone.
    key: bool,
}

impl Printer {
    fn put(&mut self, text: &str) {
        self.out.push_str(text);
    }

    fn node(&mut self, node: &Node, around: Bond) {
        let own = bond(node);
        let bracket = own < around;
        if bracket {
            self.put("(");
        }
        self.op(node, own);
        if bracket {
            self.put(")");
        }
    }

    fn op(&mut self, node: &Node, own: Bond) {
        match &node.op {
            Op::Const(value) => self.value(value),
            Op::Fail => self.put("error()"),
            Op::Param(usage) => self.names(&["params.", &usage.name]),
            Op::HasParam(name) => self.names(&["has(params.", name, ")"]),
            Op::Auth(name) => self.names(&["auth.", name]),
            Op::HasAuth(name) => self.names(&["has(auth.", name, ")"]),
            Op::Now => self.put("now"),
            Op::Field(row, field) => {
                self.row(row);
                self.put(&field.name);
            }
            Op::Shown(_, condition, value) => {
                if self.key {
                    self.put("{");
                    self.node(condition, Loose);
                    self.put("}?");
                }
                self.node(value, Member);
            }
            Op::Item(slot) => self.variable(*slot),
            Op::Pick(base, step) => self.pick(base, step),
            Op::HasPick(base, key) => {
                self.put("has(");
                self.node(base, Member);
                self.names(&[".", key, ")"]);
            }
            Op::As(base) if self.key => self.call(&format!("as {}", node.kind), &[base]),
            Op::As(base) => self.node(base, own),
            Op::Convert(base) => self.call(if node.kind.is_double() { "double" } else { "int" }, &[base]),
            Op::And(parts) => self.junction(parts, " && ", Relation),
            Op::Or(parts) => self.junction(parts, " || ", Bond::And),
            Op::Not(part) => self.not(part),
            Op::If(parts) => {
                self.node(&parts[0], Bond::Or);
                self.put(" ? ");
                self.node(&parts[1], Bond::Or);
                self.put(" : ");
                self.node(&parts[2], Loose);
            }
            Op::Equal(pair) => self.infix(pair, "==", Sum),
            Op::Order(order, pair) => self.infix(pair, order.sign(), Sum),
            Op::In(pair) => self.infix(pair, "in", Sum),
            Op::Among(needle, items) => {
                self.node(needle, Sum);
                self.put(" in ");
                self.list(&items.values);
            }
            Op::List(items) => {
                self.put("[");
                self.separated(items);
                self.put("]");
            }
            Op::Arith(arith, pair) => {
                self.node(&pair[0], own);
                self.names(&[" ", arith.sign(), " "]);
                self.node(&pair[1], if own == Sum { Product } else { Unary });
            }
            Op::Negate(part) => {
                self.put("-");
                self.node(part, Member);
            }
            Op::TextTest(test, pair) => self.method(&pair[0], text_test(*test), &[&pair[1]]),
            Op::Matches(text, pattern) => self.matches(text, pattern),
            Op::Case(Case::Lower, text) => self.method(text, "lowerAscii", &[]),
            Op::Case(Case::Upper, text) => self.method(text, "upperAscii", &[]),
            Op::Size(of) => self.call("size", &[of]),
            Op::Count(rows) => {
                self.put("size(");
                self.rows(rows);
                self.put(")");
            }
            Op::Quantified(quantified) => self.quantified(quantified),
        }
    }

    fn names(&mut self, parts: &[&str]) {
        parts.iter().for_each(|part| self.put(part));
    }

    fn row(&mut self, row: &Row) {
        match row {
            Row::Own => {}
            Row::Data => self.put("data."),
            Row::Var(slot) => {
                self.variable(*slot);
                self.put(".");
            }
            Row::Hop(hop) => {
                self.node(&hop.key, Member);
                if self.key {
                    self.names(&["@", &hop.collection]);
                    self.guard(&hop.guard);
                }
                self.put(".");
            }
        }
    }

    fn guard(&mut self, guard: &Guard) {
        match guard {
            Guard::Open => {}
            Guard::Closed => self.put("{}"),
            Guard::When(condition) => {
                self.put("{");
                self.node(condition, Loose);
                self.put("}");
            }
        }
    }

    fn rows(&mut self, rows: &Rows) {
        if let Op::Field(row, _) = &rows.of.op {
            self.row(row);
        } else {
            self.node(&rows.of, Member);
            self.put(".");
        }
        self.names(&[&rows.collection, "_via_", &rows.field]);
        if self.key {
            self.guard(&rows.guard);
        }
    }

    fn pick(&mut self, base: &Node, step: &Step) {
        self.node(base, Member);
        match step {
            Step::Key(key) if is_name(key) => self.names(&[".", key]),
            Step::Key(key) => self.put(&format!("[{key:?}]")),
            Step::Index(place) => self.put(&format!("[{place}]")),
        }
    }

    /// In a key, `a && b` and `b && a` are the same.
    fn junction(&mut self, parts: &[Node], sign: &str, around: Bond) {
        let mut texts: Vec<String> = parts
            .iter()
            .map(|part| {
                let mut printer = Printer { out: String::new(), names: self.names.clone(), key: self.key };
                printer.node(part, around);
                printer.out
            })
            .collect();
        if self.key {
            texts.sort_unstable();
            texts.dedup();
        }
        if texts.is_empty() {
            texts.push((sign == " && ").to_string());
        }
        self.put(&texts.join(sign));
    }

    fn not(&mut self, part: &Node) {
        if let Op::Equal(pair) = &part.op {
            return self.infix(pair, "!=", Sum);
        }
        self.put("!");
        self.node(part, Member);
    }

    fn infix(&mut self, pair: &[Node; 2], sign: &str, around: Bond) {
        self.node(&pair[0], around);
        self.names(&[" ", sign, " "]);
        self.node(&pair[1], around);
    }

    fn call(&mut self, name: &str, args: &[&Node]) {
        self.names(&[name, "("]);
        for (n, arg) in args.iter().enumerate() {
            self.put(if n > 0 { ", " } else { "" });
            self.node(arg, Loose);
        }
        self.put(")");
    }

    fn method(&mut self, target: &Node, name: &str, args: &[&Node]) {
        self.node(target, Member);
        self.put(".");
        self.call(name, args);
    }

    fn separated(&mut self, items: &[Node]) {
        for (n, item) in items.iter().enumerate() {
            self.put(if n > 0 { ", " } else { "" });
            self.node(item, Loose);
        }
    }

    fn matches(&mut self, text: &Node, pattern: &PatternUse) {
        self.node(text, Member);
        match pattern {
            PatternUse::Ready(pattern) => self.put(&format!(".matches({:?})", pattern.source())),
            PatternUse::Param(usage) => self.names(&[".matches(params.", &usage.name, ")"]),
        }
    }

    fn quantified(&mut self, quantified: &Quantified) {
        match &quantified.range {
            Range::Items(node) => self.node(node, Member),
            Range::Rows(rows) => self.rows(rows),
        }
        self.put(match quantified.quantifier {
            Quantifier::Exists => ".exists(",
            Quantifier::All => ".all(",
        });
        self.names.push(quantified.name.clone());
        self.variable(quantified.slot);
        self.put(", ");
        self.node(&quantified.body, Loose);
        self.names.pop();
        self.put(")");
    }

    /// In a key, a variable is told by its place and not by its name.
    fn variable(&mut self, slot: Slot) {
        match self.names.get(slot) {
            Some(name) if !self.key => self.out.push_str(name),
            _ => self.put(&format!("${slot}")),
        }
    }

    fn list(&mut self, values: &[Value]) {
        if self.key && values.len() > LISTED {
            let mut hash = Sha256::new();
            for value in values {
                hash.update(format!("{value:?}\u{0}"));
            }
            self.put(&format!("[#{:x}]", hash.finalize()));
            return;
        }
        self.put("[");
        for (n, value) in values.iter().enumerate() {
            self.put(if n > 0 { ", " } else { "" });
            self.value(value);
        }
        self.put("]");
    }

    fn value(&mut self, value: &Value) {
        // Writing to a string can't fail.
        let _ = match value {
            Value::Null => write!(self.out, "null"),
            Value::Bool(value) => write!(self.out, "{value}"),
            Value::Int(value) => write!(self.out, "{value}"),
            Value::Float(value) => write!(self.out, "{value:?}"),
            Value::Text(text) => write!(self.out, "{}", serde_json::Value::from(text.as_str())),
            Value::Instant(instant) => write!(self.out, "timestamp(\"{instant}\")"),
            Value::Duration(_) => write!(self.out, "duration({})", value.to_json()),
            Value::Json(json) => write!(self.out, "{json}"),
            Value::List(values) => {
                self.list(values);
                Ok(())
            }
        };
    }
}

fn text_test(test: TextTest) -> &'static str {
    match test {
        TextTest::StartsWith => "startsWith",
        TextTest::EndsWith => "endsWith",
        TextTest::Contains => "contains",
    }
}

fn bond(node: &Node) -> Bond {
    use super::tree::Arith::{Add, Subtract};
    match &node.op {
        Op::If(_) => Loose,
        Op::Or(_) => Bond::Or,
        Op::And(_) => Bond::And,
        Op::Equal(_) | Op::Order(..) | Op::In(_) | Op::Among(..) => Relation,
        Op::Not(part) if matches!(part.op, Op::Equal(_)) => Relation,
        Op::Arith(Add | Subtract, _) => Sum,
        Op::Arith(..) => Product,
        Op::Not(_) | Op::Negate(_) => Unary,
        Op::Const(Value::Int(value)) if *value < 0 => Unary,
        Op::Const(Value::Float(value)) if *value < 0.0 => Unary,
        _ => Member,
    }
}

fn is_name(key: &str) -> bool {
    key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}
