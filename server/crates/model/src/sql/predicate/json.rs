//! JSON values, whose kind only the row knows. Every use asks for the kind first, and then for the value of it.
//!
//! Here a missing member is SQL's null (an error), and JSON's own null is a kind like the others. On SQLite a place
//! in a document is the document and a path; on Postgres it is a value of type `json`.

use super::compare::is_small;
use super::names::{Named, is_safe};
use super::number::exact_float;
use super::scope::{Scope, Variable};
use super::value::Form::Plain;
use super::{Renderer, Want};
use crate::filter::kind::Kind;
use crate::filter::tree::{Node, Op, Order, Step};
use crate::value::Value;

/// What writes an operand.
type Put<'p, 'w> = &'p mut dyn FnMut(&mut Renderer<'w>);

impl<'w> Renderer<'w> {
    /// The kind of a JSON value, in the dialect's words; null if it is missing.
    pub(super) fn json_type<'s>(&mut self, node: &'s Node, scope: &Scope<'s>) {
        if !self.is_sqlite() {
            self.w.sql("json_typeof(");
            self.json(node, scope);
            self.w.sql(")");
            return;
        }
        if let Some(alias) = unfolded(node, scope) {
            return self.column(alias, "type");
        }
        let (base, path) = split(node);
        if path.is_empty() {
            self.w.sql("coalesce(json_type(");
            self.document(base, scope);
            self.w.sql("), 'null')");
        } else {
            self.w.sql("json_type(");
            self.document(base, scope);
            self.w.sql(", ").bind(Value::Text(sqlite_path(&path))).sql(")");
        }
    }

    /// The value of a JSON scalar: of its own type on SQLite, text on Postgres.
    pub(super) fn json_scalar<'s>(&mut self, node: &'s Node, scope: &Scope<'s>) {
        if !self.is_sqlite() {
            self.w.sql("(");
            self.json(node, scope);
            self.w.sql(" #>> '{}')");
            return;
        }
        if let Some(alias) = unfolded(node, scope) {
            return self.column(alias, "value");
        }
        let (base, path) = split(node);
        self.w.sql("json_extract(");
        self.document(base, scope);
        self.w.sql(", ").bind(Value::Text(sqlite_path(&path))).sql(")");
    }

    /// A JSON value as SQL's `json`; on SQLite its document, of which it is the whole.
    pub(super) fn json<'s>(&mut self, node: &'s Node, scope: &Scope<'s>) {
        match &node.op {
            Op::Pick(base, step) if !self.is_sqlite() => {
                self.w.sql("(");
                self.json_base(base, scope);
                match step {
                    Step::Key(key) => self.w.sql(" -> ").bind(Value::text(&**key)),
                    Step::Index(place) => self.w.sql(&format!(" -> {place}")),
                };
                self.w.sql(")");
            }
            Op::Field(..) | Op::Shown(..) if !self.is_sqlite() => {
                self.w.sql("coalesce(");
                self.json_base(node, scope);
                self.w.sql(", 'null'::json)");
            }
            _ => self.json_base(node, scope),
        }
    }

    /// A JSON value of which a member is picked: a null column has none.
    fn json_base<'s>(&mut self, node: &'s Node, scope: &Scope<'s>) {
        match &node.op {
            Op::Field(row, field) => match scope.table(row) {
                Some(table) => self.column(table.alias, &field.name),
                None => self.error(),
            },
            Op::Shown(..) => self.formed(node, Plain, scope),
            Op::Item(slot) => match scope.variable(*slot) {
                Some(Variable::Item(alias, _)) => self.column(alias, "value"),
                _ => self.error(),
            },
            Op::Const(value) => self.constant(value, &Kind::Json),
            Op::Pick(..) => self.json(node, scope),
            _ => self.error(),
        }
    }

    /// The document that a path starts from, on SQLite. An item is a document only if it is no scalar.
    pub(super) fn document<'s>(&mut self, base: &'s Node, scope: &Scope<'s>) {
        let Some(alias) = unfolded(base, scope) else { return self.json_base(base, scope) };
        self.w.sql("case when ");
        self.column(alias, "type");
        self.w.sql(" in ('object', 'array') then ");
        self.column(alias, "value");
        self.w.sql(" end");
    }

    /// `x is a number` and the like.
    fn is_kind<'s>(&mut self, node: &'s Node, kind: &Kind, scope: &Scope<'s>) {
        self.json_type(node, scope);
        match kind {
            Kind::Bool => self.either(" in ('true', 'false')", " = 'boolean'"),
            Kind::Int | Kind::Double => self.either(" in ('integer', 'real')", " = 'number'"),
            Kind::Null => self.either(" = 'null'", " = 'null'"),
            _ => self.either(" = 'text'", " = 'string'"),
        }
    }

    /// A JSON value as a kind; null if it is of another.
    pub(super) fn json_as<'s>(&mut self, node: &'s Node, kind: &Kind, scope: &Scope<'s>) {
        self.w.sql("case when ");
        self.is_kind(node, kind, scope);
        match (kind, self.is_sqlite()) {
            (Kind::Bool, true) => {
                self.w.sql(" then ");
                self.json_type(node, scope);
                self.w.sql(" = 'true'");
            }
            (Kind::Bool, false) => {
                self.w.sql(" then ");
                self.json_scalar(node, scope);
                self.w.sql(" = 'true'");
            }
            (Kind::Int, true) => {
                self.w.sql(" and typeof(");
                self.json_scalar(node, scope);
                self.w.sql(") = 'integer' then ");
                self.json_scalar(node, scope);
            }
            (Kind::Int, false) => {
                self.w.sql(" and ");
                self.is_integer(node, scope);
                self.w.sql(" then ");
                self.json_scalar(node, scope);
                self.w.sql("::bigint");
            }
            (Kind::Double, _) => {
                self.either(" then cast(", " then ");
                self.json_scalar(node, scope);
                self.either(" as real)", "::float8");
            }
            _ => {
                self.w.sql(" then ");
                self.json_scalar(node, scope);
            }
        }
        self.w.sql(" end");
    }

    /// Whether a JSON number, on Postgres, is written as an integer and fits 64 bits. Safe for every JSON number.
    fn is_integer<'s>(&mut self, node: &'s Node, scope: &Scope<'s>) {
        self.json_scalar(node, scope);
        self.w.sql(" ~ '^-?[0-9]{1,19}$' and case when ");
        self.is_kind(node, &Kind::Int, scope);
        self.w.sql(" then ");
        self.json_scalar(node, scope);
        self.w.sql("::numeric between -9223372036854775808 and 9223372036854775807 end");
    }

    /// A JSON number as it compares; null if it is none. `small` says that a double is exact enough.
    fn json_number<'s>(&mut self, node: &'s Node, small: bool, scope: &Scope<'s>) {
        if self.is_sqlite() {
            return self.json_scalar(node, scope);
        }
        self.w.sql("case when ");
        self.is_kind(node, &Kind::Double, scope);
        self.w.sql(" then ");
        if small {
            self.json_scalar(node, scope);
            self.w.sql("::float8");
        } else {
            self.w.sql("case when ");
            self.is_integer(node, scope);
            self.w.sql(" then ");
            self.json_scalar(node, scope);
            self.w.sql("::numeric else ");
            exact_float(self, &mut |this| {
                this.json_scalar(node, scope);
                this.w.sql("::float8");
            });
            self.w.sql(" end");
        }
        self.w.sql(" end");
    }

    /// `json == other`, where `other` may be of any kind.
    pub(super) fn json_equal<'s>(
        &mut self,
        json: &'s Node,
        other: &'s Node,
        negated: bool,
        want: Want,
        scope: &Scope<'s>,
    ) {
        if negated {
            self.w.sql("not (");
            self.json_equal(json, other, false, want.negated(), scope);
            self.w.sql(")");
        } else if other.kind == Kind::Json {
            self.both_json_equal(json, other, scope);
        } else if other.as_const().is_some_and(Value::is_null) {
            self.is_kind(json, &Kind::Null, scope);
        } else if other.nullable {
            self.w.sql("case when ");
            self.value(other, scope);
            self.w.sql(" is null then ");
            self.is_kind(json, &Kind::Null, scope);
            self.w.sql(" else ");
            self.json_equal_set(json, other, &mut |this| this.other(other, scope), scope);
            self.w.sql(" end");
        } else if want == Want::True || is_safe(other) {
            self.json_equal_set(json, other, &mut |this| this.other(other, scope), scope);
        } else {
            self.named([other], Plain, scope, &mut |this, [name]| {
                this.w.sql("case when ");
                this.put(&name, Plain, scope);
                this.w.sql(" is not null then ");
                this.json_equal_set(json, other, &mut |this| this.put_exact(&name, &other.kind, scope), scope);
                this.w.sql(" end");
            });
        }
    }

    /// The other side of a comparison with JSON: small numbers as doubles, others exactly.
    fn other<'s>(&mut self, node: &'s Node, scope: &Scope<'s>) {
        match node.as_const() {
            Some(Value::Int(_) | Value::Float(_)) if is_small(node) && !self.is_sqlite() => self.as_double(node),
            _ if node.kind.is_number() => self.exact(node, scope),
            _ => self.value(node, scope),
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "small integers are exact as doubles")]
    fn as_double(&mut self, node: &Node) {
        if let Some(Value::Int(int)) = node.as_const() {
            self.w.bind(Value::Float(*int as f64));
        } else if let Some(value) = node.as_const() {
            self.w.bind(value.clone());
        }
    }

    fn put_exact<'s>(&mut self, named: &Named<'s>, kind: &Kind, scope: &Scope<'s>) {
        match (kind, self.is_sqlite()) {
            (Kind::Int, false) => {
                self.put(named, Plain, scope);
                self.w.sql("::numeric");
            }
            (Kind::Double, false) => exact_float(self, &mut |this| this.put(named, Plain, scope)),
            _ => self.put(named, Plain, scope),
        }
    }

    /// `json == other` for an `other` that is neither null nor an error.
    fn json_equal_set<'s>(&mut self, json: &'s Node, other: &'s Node, put: Put<'_, 'w>, scope: &Scope<'s>) {
        self.w.sql("(");
        self.is_kind(json, &other.kind, scope);
        self.w.sql(" and ");
        match (&other.kind, self.is_sqlite()) {
            (Kind::Bool, true) => {
                self.w.sql("(");
                self.json_type(json, scope);
                self.w.sql(" = 'true') = ");
            }
            (Kind::Bool, false) => {
                self.w.sql("(");
                self.json_scalar(json, scope);
                self.w.sql(" = 'true') = ");
            }
            (Kind::Int | Kind::Double, _) => {
                self.json_number(json, is_small(other), scope);
                self.w.sql(" = ");
            }
            _ => {
                self.json_scalar(json, scope);
                self.w.sql(" = ");
            }
        }
        put(self);
        self.w.sql(")");
    }

    /// Two JSON values: of unlike kinds they differ, of like kinds their scalars are compared; documents are an
    /// error.
    fn both_json_equal<'s>(&mut self, a: &'s Node, b: &'s Node, scope: &Scope<'s>) {
        self.w.sql("case when ");
        self.json_type(a, scope);
        self.w.sql(" is null or ");
        self.json_type(b, scope);
        self.w.sql(" is null or (");
        self.json_type(a, scope);
        self.w.sql(" in ('array', 'object') and ");
        self.json_type(b, scope);
        self.w.sql(" in ('array', 'object')) then ");
        self.error();
        self.w.sql(" when ");
        self.class(a, scope);
        self.w.sql(" <> ");
        self.class(b, scope);
        self.w.sql(" then false else case ");
        self.class(a, scope);
        self.w.sql(" when 'null' then true when 'number' then ");
        self.json_number(a, false, scope);
        self.w.sql(" = ");
        self.json_number(b, false, scope);
        for class in ["boolean", "string"] {
            self.w.sql(&format!(" when '{class}' then "));
            self.json_scalar(a, scope);
            self.w.sql(" = ");
            self.json_scalar(b, scope);
        }
        self.w.sql(" end end");
    }

    /// The kind of a JSON value in one set of words, `number` and `boolean` not split as SQLite does.
    pub(super) fn class<'s>(&mut self, node: &'s Node, scope: &Scope<'s>) {
        if !self.is_sqlite() {
            return self.json_type(node, scope);
        }
        self.w.sql("case ");
        self.json_type(node, scope);
        self.w.sql(" when 'integer' then 'number' when 'real' then 'number' when 'true' then 'boolean'");
        self.w.sql(" when 'false' then 'boolean' when 'text' then 'string' else ");
        self.json_type(node, scope);
        self.w.sql(" end");
    }

    /// An order in which a side, or both, is JSON: a number, or of a kind that the other JSON value has too. Where
    /// text or a boolean stands on the other side, the JSON has been cast before.
    pub(super) fn json_order<'s>(&mut self, order: Order, a: &'s Node, b: &'s Node, scope: &Scope<'s>) {
        let sign = format!(" {} ", order.sign());
        if a.kind != Kind::Json || b.kind != Kind::Json {
            let number = if a.kind == Kind::Json { b } else { a };
            let small = is_small(number);
            self.w.sql("case when ");
            self.is_kind(if a.kind == Kind::Json { a } else { b }, &Kind::Double, scope);
            self.w.sql(" then ");
            self.order_side(a, small, scope);
            self.w.sql(&sign);
            self.order_side(b, small, scope);
            self.w.sql(" end");
            return;
        }
        self.w.sql("case when ");
        self.class(a, scope);
        self.w.sql(" = ");
        self.class(b, scope);
        self.w.sql(" then case ");
        self.class(a, scope);
        self.w.sql(" when 'number' then ");
        self.json_number(a, false, scope);
        self.w.sql(&sign);
        self.json_number(b, false, scope);
        for class in ["boolean", "string"] {
            self.w.sql(&format!(" when '{class}' then "));
            self.json_scalar(a, scope);
            self.w.sql(&sign);
            self.json_scalar(b, scope);
            self.postgres(" collate \"C\"");
        }
        self.w.sql(" end end");
    }

    fn order_side<'s>(&mut self, node: &'s Node, small: bool, scope: &Scope<'s>) {
        if node.kind == Kind::Json { self.json_number(node, small, scope) } else { self.other(node, scope) }
    }

    /// `has(object.key)`: an error if it is no object.
    pub(super) fn has_member<'s>(&mut self, base: &'s Node, key: &str, scope: &Scope<'s>) {
        self.w.sql("case ");
        self.json_type(base, scope);
        self.w.sql(" when 'object' then ");
        if self.is_sqlite() {
            let (root, mut path) = split(base);
            let step = Step::Key(key.into());
            path.push(&step);
            self.w.sql("json_type(");
            self.document(root, scope);
            self.w.sql(", ").bind(Value::Text(sqlite_path(&path))).sql(")");
        } else {
            self.w.sql("(");
            self.json_base(base, scope);
            self.w.sql(" -> ").bind(Value::text(key)).sql(")");
        }
        self.w.sql(" is not null end");
    }

    /// Code points of a text, items of an array, members of an object.
    pub(super) fn json_size<'s>(&mut self, node: &'s Node, scope: &Scope<'s>) {
        self.w.sql("case ");
        self.json_type(node, scope);
        self.either(" when 'text' then length(", " when 'string' then length(");
        self.json_scalar(node, scope);
        self.either(") when 'array' then ", ")::bigint when 'array' then ");
        if self.is_sqlite() {
            let (base, path) = split(node);
            for (before, after) in
                [("json_array_length(", " when 'object' then "), ("(select count(*) from json_each(", "")]
            {
                self.w.sql(before);
                self.document(base, scope);
                self.w.sql(", ").bind(Value::Text(sqlite_path(&path))).sql(")").sql(after);
            }
            self.w.sql(") end");
        } else {
            self.w.sql("json_array_length(");
            self.json(node, scope);
            self.w.sql(")::bigint when 'object' then (select count(*) from json_object_keys(");
            self.json(node, scope);
            self.w.sql(")) end");
        }
    }

    /// Whether a JSON value is there and no document, so that it can be looked for in a list.
    pub(super) fn is_scalar<'s>(&mut self, node: &'s Node, scope: &Scope<'s>) {
        self.json_type(node, scope);
        self.w.sql(" not in ('array', 'object')");
    }
}

/// The alias of an unfolded list, if a node is an item of one.
fn unfolded<'s>(node: &Node, scope: &Scope<'s>) -> Option<super::scope::Alias<'s>> {
    match &node.op {
        Op::Item(slot) => match scope.variable(*slot)? {
            Variable::Item(alias, _) => Some(alias),
            Variable::Row(_) => None,
        },
        _ => None,
    }
}

/// A place in a document: what the path starts from, and its steps.
pub(super) fn split(mut node: &Node) -> (&Node, Vec<&Step>) {
    let mut steps = Vec::new();
    while let Op::Pick(base, step) = &node.op {
        steps.push(step);
        node = base;
    }
    steps.reverse();
    (node, steps)
}

/// A path of SQLite's JSON functions. Keys hold no quotes, backslashes or control characters: the check saw to it.
pub(super) fn sqlite_path(steps: &[&Step]) -> String {
    let mut path = "$".to_owned();
    for step in steps {
        match step {
            Step::Key(key) => path.push_str(&format!(".\"{key}\"")),
            Step::Index(place) => path.push_str(&format!("[{place}]")),
        }
    }
    path
}
