//! What has a value: fields, items, constants, and what is computed from them. Null is null or an error.

use super::scope::{ItemColumn, Scope, Variable};
use super::{Renderer, Want};
use crate::filter::kind::Kind;
use crate::filter::tree::{Arith, Case, Node, Op, Row, Step};
use crate::instant::Instant;
use crate::value::Value;

/// The form in which a value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// As its column would hold it.
    Plain,
    /// A timestamp as milliseconds: computed ones have no other form.
    Millis,
}

/// Whether a timestamp can be written as its column would hold it.
pub(super) fn is_plain_instant(node: &Node) -> bool {
    match &node.op {
        Op::Arith(..) => false,
        Op::If(parts) => is_plain_instant(&parts[1]) && is_plain_instant(&parts[2]),
        Op::Shown(_, _, part) => is_plain_instant(part),
        _ => true,
    }
}

impl Renderer<'_> {
    /// Writes a value as its column would hold it, if it can be; a computed timestamp can't.
    pub(super) fn value<'s>(&mut self, node: &'s Node, scope: &Scope<'s>) {
        let computed = node.kind == Kind::Instant && !is_plain_instant(node);
        self.formed(node, if computed { Form::Millis } else { Form::Plain }, scope);
    }

    /// Writes a value in this form.
    pub(super) fn formed<'s>(&mut self, node: &'s Node, form: Form, scope: &Scope<'s>) {
        let convert = form == Form::Millis && node.kind == Kind::Instant && !self.is_sqlite();
        match &node.op {
            Op::Const(Value::Instant(instant)) if convert => {
                self.w.bind(Value::Int(instant.millis()));
            }
            Op::If(parts) => self.choice(parts, form, scope),
            Op::Shown(row, condition, part) => self.shown(row, condition, part, form, scope),
            Op::Arith(arith, pair) => self.arith(*arith, pair, &node.kind, scope),
            _ if convert => {
                self.w.sql("(extract(epoch from ");
                self.plain(node, scope);
                self.w.sql(") * 1000)::bigint");
            }
            _ => self.plain(node, scope),
        }
    }

    fn plain<'s>(&mut self, node: &'s Node, scope: &Scope<'s>) {
        match &node.op {
            Op::Const(value) => self.constant(value, &node.kind),
            Op::Field(row, field) => match scope.table(row) {
                Some(table) => self.column(table.alias, &field.name),
                None => self.null(&node.kind),
            },
            Op::Item(slot) => self.item(*slot, &node.kind, scope),
            Op::Pick(list, Step::Index(place)) if node.kind != Kind::Json => {
                self.picked(list, *place, &node.kind, scope);
            }
            Op::As(json) => self.json_as(json, &node.kind, scope),
            Op::Convert(number) => self.convert(number, &node.kind, scope),
            Op::Negate(number) => self.negate(number, scope),
            Op::Case(case, text) => self.case(*case, text, scope),
            Op::Size(of) => self.size(of, scope),
            Op::Count(rows) => self.count(rows, scope),
            // JSON that is passed on as it is.
            _ if node.kind == Kind::Json => self.json(node, scope),
            _ if node.kind == Kind::Bool => self.bracketed(node, Want::Exact, scope),
            _ => self.null(&node.kind),
        }
    }

    /// A bound value. Booleans and null are words of the language.
    pub(super) fn constant(&mut self, value: &Value, kind: &Kind) {
        match value {
            Value::Null => self.null(kind),
            Value::Bool(value) => {
                self.w.sql(if *value { "true" } else { "false" });
            }
            Value::Duration(millis) => {
                self.w.bind(Value::Int(*millis));
            }
            value => {
                self.w.bind(value.clone());
            }
        }
    }

    fn null(&mut self, kind: &Kind) {
        self.w.sql("null");
        let suffix = match kind {
            Kind::Null | Kind::Text | Kind::Id(_) => "::text",
            Kind::Bool => "::boolean",
            Kind::Int | Kind::Duration => "::bigint",
            Kind::Double => "::float8",
            Kind::Instant => "::timestamptz",
            Kind::List(_) | Kind::Json => "::json",
        };
        self.postgres(suffix);
    }

    fn item<'s>(&mut self, slot: usize, kind: &Kind, scope: &Scope<'s>) {
        match scope.variable(slot) {
            Some(Variable::Item(alias, ItemColumn::Target)) => self.column(alias, "target"),
            Some(Variable::Item(alias, ItemColumn::Unfolded)) => {
                self.decoded(kind, &mut |this| this.column(alias, "value"));
            }
            _ => self.null(kind),
        }
    }

    /// A list's item in the form of a column: the databases hand out text for timestamps, and Postgres for all.
    fn decoded(&mut self, kind: &Kind, write: &mut dyn FnMut(&mut Self)) {
        match (kind, self.is_sqlite()) {
            (Kind::Instant, true) => {
                self.w.sql("cast(round(unixepoch(");
                write(self);
                self.w.sql(", 'subsec') * 1000) as integer)");
            }
            (_, true) => write(self),
            (kind, false) => {
                write(self);
                self.w.sql(match kind {
                    Kind::Bool => "::boolean",
                    Kind::Int => "::bigint",
                    Kind::Double => "::float8",
                    Kind::Instant => "::timestamptz",
                    _ => "",
                });
            }
        }
    }

    fn picked<'s>(&mut self, list: &'s Node, place: u32, kind: &Kind, scope: &Scope<'s>) {
        let sqlite = self.is_sqlite();
        self.decoded(kind, &mut |this| {
            this.w.sql(if sqlite { "json_extract(" } else { "(" });
            this.value(list, scope);
            if sqlite {
                this.w.sql(", ").bind(Value::text(format!("$[{place}]"))).sql(")");
            } else {
                this.w.sql(&format!(" ->> {place})"));
            }
        });
    }

    fn shown<'s>(&mut self, row: &'s Row, condition: &'s Node, part: &'s Node, form: Form, scope: &Scope<'s>) {
        self.w.sql("case when ");
        match scope.table(row) {
            Some(table) => self.condition(condition, Want::True, &Scope::new(table.alias, table.collection)),
            None => self.error(),
        }
        self.w.sql(" then ");
        self.formed(part, form, scope);
        self.w.sql(" end");
    }

    fn choice<'s>(&mut self, parts: &'s [Node; 3], form: Form, scope: &Scope<'s>) {
        self.w.sql("case ");
        self.bracketed(&parts[0], Want::Exact, scope);
        for (part, word) in [(&parts[1], " when true then "), (&parts[2], " when false then ")] {
            self.w.sql(word);
            self.reached_value(part, scope, &mut |this, scope| this.formed(part, form, scope));
        }
        self.w.sql(" end");
    }

    fn arith<'s>(&mut self, arith: Arith, pair: &'s [Node; 2], kind: &Kind, scope: &Scope<'s>) {
        match kind {
            Kind::Int => self.int_arith(arith, pair, scope),
            Kind::Double => self.float_arith(arith, pair, scope),
            Kind::Instant => self.time_arith(arith, pair, Instant::MIN.millis()..=Instant::MAX.millis(), scope),
            Kind::Duration => {
                self.time_arith(arith, pair, -crate::filter::duration::MAX..=crate::filter::duration::MAX, scope)
            }
            _ => {
                self.w.sql("(");
                self.value(&pair[0], scope);
                self.w.sql(" || ");
                self.value(&pair[1], scope);
                self.w.sql(")");
            }
        }
    }

    fn case<'s>(&mut self, case: Case, text: &'s Node, scope: &Scope<'s>) {
        self.w.sql(match case {
            Case::Lower => "lower(",
            Case::Upper => "upper(",
        });
        self.value(text, scope);
        // In the C collation Postgres changes ASCII letters only; SQLite never does more.
        self.postgres(" collate \"C\"");
        self.w.sql(")");
    }

    fn size<'s>(&mut self, of: &'s Node, scope: &Scope<'s>) {
        match &of.kind {
            Kind::Json => self.json_size(of, scope),
            Kind::List(_) => {
                self.w.sql("json_array_length(");
                self.value(of, scope);
                self.either(")", ")::bigint");
            }
            _ => {
                self.w.sql("length(");
                self.value(of, scope);
                self.either(")", ")::bigint");
            }
        }
    }
}
