//! `in`: among known values in one bound list of any length, or among the items of a column.

use super::compare::as_kind;
use super::names::{is_safe, is_simple};
use super::scope::{Alias, ItemColumn, Scope, Table};
use super::value::{Form, is_plain_instant};
use super::{Renderer, Want};
use crate::filter::items::Items;
use crate::filter::kind::Kind;
use crate::filter::tree::{Node, Op, Quantified, Quantifier, Range};
use crate::sql::structure::link_table;
use crate::value::Value;

impl Renderer<'_> {
    /// `needle in [known, …]`.
    pub(super) fn among<'s>(&mut self, needle: &'s Node, items: &Items, want: Want, scope: &Scope<'s>) {
        if needle.kind == Kind::Json {
            return self.json_among(needle, items, scope);
        }
        let candidates = candidates(&needle.kind, &items.values);
        let has_null = needle.nullable && items.values.iter().any(Value::is_null);
        match (candidates.is_empty(), has_null) {
            (true, true) => {
                self.value(needle, scope);
                self.w.sql(" is null");
            }
            (true, false) if is_safe(needle) => {
                self.w.sql("false");
            }
            (true, false) => self.known_if_set(needle, false, scope),
            (false, true) => {
                self.w.sql("(");
                self.value(needle, scope);
                self.w.sql(" is null or ");
                self.one_of(needle, candidates, scope);
                self.w.sql(")");
            }
            (false, false) if needle.nullable && want != Want::True => {
                self.w.sql("(");
                self.value(needle, scope);
                self.w.sql(" is not null and ");
                self.one_of(needle, candidates, scope);
                self.w.sql(")");
            }
            (false, false) => self.one_of(needle, candidates, scope),
        }
    }

    /// `needle = any of these`, which are of its kind, in one shape however many there are.
    fn one_of<'s>(&mut self, needle: &'s Node, values: Vec<Value>, scope: &Scope<'s>) {
        let computed = needle.kind == Kind::Instant && (self.is_sqlite() || !is_plain_instant(needle));
        let form = if computed { Form::Millis } else { Form::Plain };
        self.formed(needle, form, scope);
        let kind = if computed { Kind::Int } else { needle.kind.clone() };
        let values = values.into_iter().map(|value| if computed { in_millis(value) } else { value }).collect();
        self.any_of(values, &kind);
    }

    /// ` = any of these`.
    fn any_of(&mut self, values: Vec<Value>, kind: &Kind) {
        // SQLite reads numbers in JSON less exactly than those that are bound.
        if self.is_sqlite() && *kind == Kind::Double && values.len() <= MAX_BOUND {
            self.w.sql(" in (").list(values, ", ", |w, value| {
                w.bind(value);
            });
            self.w.sql(")");
            return;
        }
        let cast = match kind {
            Kind::Bool => "::boolean",
            Kind::Int | Kind::Duration => "::bigint",
            Kind::Double => "::float8",
            Kind::Instant => "::timestamptz",
            _ => "",
        };
        self.either(" in (select value from json_each(", " = any (array(select json_array_elements_text(");
        self.w.bind(Value::List(values));
        if self.is_sqlite() {
            self.w.sql("))");
        } else {
            self.w.sql(")").sql(cast).sql("))");
        }
    }

    /// A JSON value among known ones: each kind among those of its kind.
    fn json_among<'s>(&mut self, needle: &'s Node, items: &Items, scope: &Scope<'s>) {
        let has_null = items.values.iter().any(Value::is_null);
        self.w.sql("case ");
        self.class(needle, scope);
        self.w.sql(" when 'null' then ").sql(if has_null { "true" } else { "false" });
        let texts = candidates(&Kind::Text, &items.values);
        self.w.sql(" when 'string' then ");
        if texts.is_empty() {
            self.w.sql("false");
        } else {
            self.json_scalar(needle, scope);
            self.any_of(texts, &Kind::Text);
        }
        for (class, kinds) in [("boolean", [Kind::Bool, Kind::Bool]), ("number", [Kind::Int, Kind::Double])] {
            self.w.sql(&format!(" when '{class}' then ("));
            let mut values: Vec<&Value> = items.values.iter().filter(|v| kinds.contains(&Kind::of_value(v))).collect();
            values.dedup();
            for (n, value) in values.iter().enumerate() {
                self.w.sql(if n > 0 { " or " } else { "" });
                let value = Node::constant((*value).clone());
                self.json_equal(needle, &value, false, Want::True, scope);
            }
            self.w.sql(if values.is_empty() { "false)" } else { ")" });
        }
        self.w.sql(" end");
    }

    /// `needle in list`, where the list is no known one: some item equals the needle.
    pub(super) fn contained<'s>(&mut self, pair: &'s [Node; 2], want: Want, scope: &Scope<'s>) {
        let [needle, list] = pair;
        self.atom(&[needle, list], want, scope, &mut |this, want, scope| match &list.op {
            Op::List(items) => this.among_fields(needle, items, want, scope),
            _ => this.among_items(needle, list, want, scope),
        });
    }

    fn among_items<'s>(&mut self, needle: &'s Node, list: &'s Node, want: Want, scope: &Scope<'s>) {
        if want == Want::True && self.linked(needle, list, scope) {
            return;
        }
        let slot = scope.free_slot();
        let item_kind = match &list.kind {
            Kind::List(item) => (**item).clone(),
            _ => Kind::Json,
        };
        let item = Node { op: Op::Item(slot), nullable: item_kind == Kind::Json, kind: item_kind };
        let body = Node::bool(Op::Equal(Box::new([item, needle.clone()])));
        let exists = Node::bool(Op::Quantified(Box::new(Quantified {
            quantifier: Quantifier::Exists,
            range: Range::Items(list.clone()),
            slot,
            name: "item".into(),
            body,
        })));
        // `exists` is false for an empty list whatever the needle is, and `in` is an error if the needle is one.
        if want == Want::True || (is_safe(needle) && needle.kind != Kind::Json) {
            self.owned(&exists, want, scope);
            return;
        }
        self.w.sql("case when ");
        self.is_findable(needle, scope);
        self.w.sql(" then ");
        self.owned(&exists, Want::Exact, scope);
        self.w.sql(" end");
    }

    /// Writes a condition that was made here and lives no longer.
    fn owned(&mut self, node: &Node, want: Want, scope: &Scope<'_>) {
        self.w.sql("(");
        self.condition(node, want, scope);
        self.w.sql(")");
    }

    /// True if a value can be looked for, and null or false if it is an error or a document.
    fn is_findable<'s>(&mut self, node: &'s Node, scope: &Scope<'s>) {
        if node.kind == Kind::Json {
            self.is_scalar(node, scope);
        } else if is_safe(node) {
            self.w.sql("true");
        } else {
            self.value(node, scope);
            self.w.sql(" is not null");
        }
    }

    /// A known id among a to-many relation of a record: by the link table, whose index finds the records.
    fn linked<'s>(&mut self, needle: &'s Node, list: &'s Node, scope: &Scope<'s>) -> bool {
        let (Some((table, field)), Some(Value::Text(id))) = (links(list, scope), needle.as_const()) else {
            return false;
        };
        self.column(table.alias, "id");
        self.w.sql(" in (select \"source\" from ").ident(&link_table(table.collection, field));
        self.w.sql(" where \"target\" = ").bind(Value::text(id)).sql(")");
        true
    }

    /// `needle in [field, …]`: an error in any item is one of the whole.
    fn among_fields<'s>(&mut self, needle: &'s Node, items: &'s [Node], want: Want, scope: &Scope<'s>) {
        let plain = |node: &Node| is_safe(node) && node.kind != Kind::Json;
        let risky: Vec<&Node> = items.iter().chain([needle]).filter(|node| !plain(node)).collect();
        if !risky.is_empty() {
            self.w.sql("case when ");
            for (n, node) in risky.iter().enumerate() {
                self.w.sql(if n > 0 { " and " } else { "" });
                self.is_usable(node, std::ptr::eq(*node, needle), scope);
            }
            self.w.sql(" then ");
        }
        self.w.sql("(");
        for (n, item) in items.iter().enumerate() {
            self.w.sql(if n > 0 { " or " } else { "" });
            let equal = Node::bool(Op::Equal(Box::new([item.clone(), needle.clone()])));
            let want = if want == Want::True && risky.is_empty() { Want::True } else { Want::Exact };
            self.condition(&equal, want, scope);
        }
        self.w.sql(")");
        if !risky.is_empty() {
            self.w.sql(" end");
        }
    }

    /// True unless a value is an error; a needle may be no document either.
    fn is_usable<'s>(&mut self, node: &'s Node, is_needle: bool, scope: &Scope<'s>) {
        if is_needle {
            self.is_findable(node, scope);
        } else if node.kind == Kind::Json {
            self.json_type(node, scope);
            self.w.sql(" is not null");
        } else {
            self.value(node, scope);
            self.w.sql(" is not null");
        }
    }

    /// `<the items of a list as rows> where <they are of this list>`.
    pub(super) fn unfold<'s>(&mut self, list: &'s Node, alias: Alias<'s>, scope: &Scope<'s>) {
        if let Some((table, field)) = links(list, scope) {
            self.w.ident(&link_table(table.collection, field)).sql(" as ");
            self.put_alias(alias);
            self.w.sql(" where ");
            self.column(alias, "source");
            self.w.sql(" = ");
            self.column(table.alias, "id");
            return;
        }
        match (&list.kind, self.is_sqlite()) {
            (Kind::Json, true) => self.unfold_json_sqlite(list, scope),
            (Kind::Json, false) => self.unfold_json_postgres(list, scope),
            (_, sqlite) => {
                self.w.sql(if sqlite { "json_each(" } else { "json_array_elements_text(" });
                self.value(list, scope);
                self.w.sql(")");
            }
        }
        self.w.sql(" as ");
        self.put_alias(alias);
        if list.kind != Kind::Json {
            self.postgres("(\"value\")");
        }
        self.w.sql(" where true");
    }

    /// Items of an array, keys of an object.
    fn unfold_json_sqlite<'s>(&mut self, list: &'s Node, scope: &Scope<'s>) {
        let (base, path) = super::json::split(list);
        let object = self.alias();
        self.w.sql("(select case ");
        self.json_type(list, scope);
        self.w.sql(" when 'object' then 'text' else ");
        self.column(object, "type");
        self.w.sql(" end as \"type\", case ");
        self.json_type(list, scope);
        self.w.sql(" when 'object' then ");
        self.column(object, "key");
        self.w.sql(" else ");
        self.column(object, "value");
        self.w.sql(" end as \"value\" from json_each(");
        self.document(base, scope);
        self.w.sql(", ").bind(Value::Text(super::json::sqlite_path(&path))).sql(") as ");
        self.put_alias(object);
        // Of a scalar it makes a row too.
        self.w.sql(" where ");
        self.is_list(list, scope);
        self.w.sql(")");
    }

    fn unfold_json_postgres<'s>(&mut self, list: &'s Node, scope: &Scope<'s>) {
        self.w.sql("(select json_array_elements(case when ");
        self.json_type(list, scope);
        self.w.sql(" = 'array' then ");
        self.json(list, scope);
        self.w.sql(" else '[]' end) as \"value\" union all select to_json(json_object_keys(case when ");
        self.json_type(list, scope);
        self.w.sql(" = 'object' then ");
        self.json(list, scope);
        self.w.sql(" else '{}' end)))");
    }

    /// Whether a range can be gone through: a list is there, a JSON value is an array or an object.
    pub(super) fn is_list<'s>(&mut self, list: &'s Node, scope: &Scope<'s>) {
        if list.kind == Kind::Json {
            self.json_type(list, scope);
            self.w.sql(" in ('array', 'object')");
        } else {
            self.value(list, scope);
            self.w.sql(" is not null");
        }
    }
}

/// The most values that are bound one by one: SQLite takes 32,766 in a statement.
const MAX_BOUND: usize = 10_000;

/// Those of the values that can equal something of this kind, in that kind.
fn candidates(kind: &Kind, values: &[Value]) -> Vec<Value> {
    values.iter().filter_map(|value| as_kind(value, kind)).collect()
}

fn in_millis(value: Value) -> Value {
    match value {
        Value::Instant(instant) => Value::Int(instant.millis()),
        Value::Duration(millis) => Value::Int(millis),
        value => value,
    }
}

/// Whether a list is known to be there.
pub(super) fn is_certain(list: &Node) -> bool {
    list.kind != Kind::Json && !list.nullable && is_simple(list)
}

/// The column in which the items of a list stand once it is unfolded.
pub(super) fn item_column<'s>(list: &'s Node, scope: &Scope<'s>) -> ItemColumn {
    if links(list, scope).is_some() { ItemColumn::Target } else { ItemColumn::Unfolded }
}

/// The table and the field of a to-many relation, whose items stand in a link table.
fn links<'s>(list: &'s Node, scope: &Scope<'s>) -> Option<(Table<'s>, &'s str)> {
    match (&list.op, &list.kind) {
        (Op::Field(row, field), Kind::List(item)) if matches!(**item, Kind::Id(_)) => {
            Some((scope.table(row)?, &field.name))
        }
        _ => None,
    }
}
