//! Reads of records: the one shape of a `select`, and the description by which a driver writes its rows as JSON.
//!
//! A row becomes JSON straight from its columns (16 µs for 20 rows against 39 µs for `json_group_array`), so a
//! select carries a [`Shape`]: first the columns that go into the JSON object, then extra columns that the asker
//! needs as values (sort keys for the cursor, relations for expand, the revision for the ETag).

use std::sync::Arc;

use super::ddl;
use super::dialect::Dialect;
use super::predicate::{self, RowSource};
use super::writer::{Statement, Writer};
use crate::filter::Bound;
use crate::query::{Place, Sort, SortKey};
use crate::schema::{Collection, Field, FieldKind, Scalar};
use crate::sight::{BoundRows, BoundSight};
use crate::value::Value;

/// The column of every table that holds a record's revision.
pub const REVISION: &str = "_rev";

/// How a column's value is written as JSON or read as a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// SQLite text, Postgres text.
    Text,
    /// SQLite integer, Postgres bigint.
    Integer,
    /// SQLite real, Postgres double precision.
    Number,
    /// SQLite 0 or 1, Postgres boolean.
    Boolean,
    /// SQLite milliseconds, Postgres timestamptz.
    Instant,
    /// SQLite text, Postgres json: copied verbatim.
    Json,
}

impl ColumnKind {
    /// The type of such a value in Postgres.
    pub fn postgres_type(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Integer => "int8",
            Self::Number => "float8",
            Self::Boolean => "bool",
            Self::Instant => "timestamptz",
            Self::Json => "json",
        }
    }
}

impl From<&FieldKind> for ColumnKind {
    fn from(kind: &FieldKind) -> Self {
        match kind {
            FieldKind::Scalar(Scalar::Text | Scalar::Choice(_)) | FieldKind::Relation { .. } => Self::Text,
            FieldKind::Scalar(Scalar::Integer) => Self::Integer,
            FieldKind::Scalar(Scalar::Number) => Self::Number,
            FieldKind::Scalar(Scalar::Boolean) => Self::Boolean,
            FieldKind::Scalar(Scalar::Instant) => Self::Instant,
            FieldKind::Json | FieldKind::List(_) | FieldKind::Relations { .. } => Self::Json,
        }
    }
}

/// What the columns of a result are.
#[derive(Debug, Clone, PartialEq)]
pub struct Shape {
    /// Columns that become members of the record's JSON object, in this order: key as `"name":`, and kind.
    pub members: Vec<(Box<str>, ColumnKind)>,
    /// Columns behind those, returned as values.
    pub extra: Vec<ColumnKind>,
}

/// A statement and the shape of its rows.
#[derive(Debug, Clone)]
pub struct RecordSelect {
    /// The statement.
    pub statement: Statement,
    /// Its result.
    pub shape: Arc<Shape>,
}

/// What to read of one collection.
#[derive(Debug, Clone, Copy)]
pub struct Read<'a> {
    /// The collection.
    pub collection: &'a Collection,
    /// Whose eyes read.
    pub sight: &'a BoundSight,
    /// The caller's own condition.
    pub filter: Option<&'a Bound>,
    /// Members of the JSON object, by name; all of them in sight.
    pub members: &'a [&'a Field],
    /// Extra columns, by name; all of them in sight, or [`REVISION`].
    pub extra: &'a [&'a str],
}

impl Read<'_> {
    /// A page in this order: at most `limit` records. A page that ends at a place comes in reverse order.
    pub fn page(&self, dialect: Dialect, sort: &Sort, place: &Place, limit: u32) -> RecordSelect {
        let mut w = Writer::new(dialect);
        self.select_from(&mut w);
        w.sql("\nwhere ");
        self.condition(&mut w);
        let (keys, reversed) = match place {
            Place::After(keys) => (Some(keys), false),
            Place::Before(keys) => (Some(keys), true),
            Place::Start | Place::Offset(_) => (None, false),
        };
        if let Some(keys) = keys {
            w.sql(" and ");
            self.behind(&mut w, sort, keys, reversed);
        }
        w.sql("\norder by ");
        w.list(&sort.keys, ", ", |w, key| self.order_by(w, key, reversed));
        w.sql("\nlimit ").bind(Value::Int(i64::from(limit)));
        if let Place::Offset(offset) = place {
            w.sql(" offset ").bind(Value::Int(i64::try_from(*offset).unwrap_or(i64::MAX)));
        }
        self.finish(w)
    }

    /// The records with these ids, in no order.
    pub fn by_ids(&self, dialect: Dialect, ids: Vec<Value>) -> RecordSelect {
        let mut w = Writer::new(dialect);
        self.select_from(&mut w);
        w.sql("\nwhere ").column("t", "id");
        match <[Value; 1]>::try_from(ids) {
            Ok([id]) => {
                w.sql(" = ").bind(id);
            }
            Err(ids) => any_of(&mut w, ids),
        }
        w.sql(" and ");
        self.condition(&mut w);
        self.finish(w)
    }

    /// The records whose relation `field` points at one of these ids: for each of those at most `each`, by `id`.
    /// The relation must be in sight; it comes as the first extra column, as the id that was asked for.
    pub fn pointing_at(&self, dialect: Dialect, field: &Field, ids: Vec<Value>, each: u32) -> RecordSelect {
        let mut w = Writer::new(dialect);
        let many = matches!(field.kind, FieldKind::Relations { .. });
        w.sql("select ");
        let columns = self.members.len() + self.extra.len();
        w.list(0..columns, ", ", |w, n| {
            w.sql(&format!("c{n}"));
        });
        w.sql("\nfrom (\n  select ");
        let names = self.members.iter().map(|field| field.name.as_str()).chain(self.extra.iter().copied());
        for (n, name) in names.enumerate() {
            if n == self.members.len() {
                self.target(&mut w, field, many);
            } else {
                self.visible(&mut w, name);
            }
            w.sql(&format!(" as c{n}, "));
        }
        w.sql("row_number() over (partition by ");
        self.target(&mut w, field, many);
        w.sql(" order by ").column("t", "id").sql(") as n\n  from ").ident(&self.collection.name).sql(" as \"t\"");
        if many {
            w.sql("\n  join ").ident(&ddl::link_table(&self.collection.name, &field.name)).sql(" as \"l\" on ");
            w.column("l", "source").sql(" = ").column("t", "id");
        }
        w.sql("\n  where ");
        self.target(&mut w, field, many);
        any_of(&mut w, ids);
        w.sql(" and ");
        self.visible(&mut w, &field.name);
        w.sql(" is not null and ");
        self.condition(&mut w);
        w.sql("\n) as \"f\"\nwhere n <= ").bind(Value::Int(i64::from(each)));
        let mut select = self.finish(w);
        if many {
            let mut shape = (*select.shape).clone();
            shape.extra[0] = ColumnKind::Text;
            select.shape = Arc::new(shape);
        }
        select
    }

    fn target(&self, w: &mut Writer, field: &Field, many: bool) {
        if many {
            w.column("l", "target");
        } else {
            self.visible(w, &field.name);
        }
    }

    /// How many records there are.
    pub fn count(&self, dialect: Dialect) -> Statement {
        let mut w = Writer::new(dialect);
        w.sql("select count(*)\nfrom ").ident(&self.collection.name).sql(" as \"t\"\nwhere ");
        self.condition(&mut w);
        w.finish()
    }

    fn select_from(&self, w: &mut Writer) {
        w.sql("select ");
        w.list(self.members, ", ", |w, field| self.visible(w, &field.name));
        for name in self.extra {
            w.sql(", ");
            self.visible(w, name);
        }
        w.sql("\nfrom ").ident(&self.collection.name).sql(" as \"t\"");
    }

    /// A column as the caller sees it: behind its condition, if it has one.
    fn visible(&self, w: &mut Writer, name: &str) {
        match self.sight.fields.get(name) {
            Some(Some(condition)) => {
                w.sql("case when ");
                predicate::render(w, condition, RowSource::Table { alias: "t" }, None);
                w.sql(" then ").column("t", name).sql(" end");
            }
            _ => {
                w.column("t", name);
            }
        }
    }

    fn condition(&self, w: &mut Writer) {
        match &self.sight.rows {
            BoundRows::All => w.sql("true"),
            BoundRows::None => w.sql("false"),
            BoundRows::Where(condition) => {
                w.sql("(");
                predicate::render(w, condition, RowSource::Table { alias: "t" }, None);
                w.sql(")")
            }
        };
        if let Some(filter) = self.filter {
            w.sql(" and (");
            predicate::render(w, filter, RowSource::Table { alias: "t" }, None);
            w.sql(")");
        }
    }

    fn order_by(&self, w: &mut Writer, key: &SortKey, reversed: bool) {
        self.visible(w, &key.field);
        w.sql(w.dialect().order(key.descending != reversed, self.nullable(key)));
    }

    /// Whether a sort key can be null in this sight.
    fn nullable(&self, key: &SortKey) -> bool {
        let own = self.collection.own_field(&key.field).is_some();
        own || self.sight.fields.get(&key.field).is_some_and(Option::is_some)
    }

    /// Rows strictly behind `keys` in the order: a row comparison where an index can serve it, else a ladder.
    fn behind(&self, w: &mut Writer, sort: &Sort, keys: &[Value], reversed: bool) {
        let uniform = sort.keys.iter().all(|key| key.descending == sort.keys[0].descending && !self.nullable(key));
        if uniform {
            let descending = sort.keys[0].descending != reversed;
            w.sql("(").list(&sort.keys, ", ", |w, key| self.visible(w, &key.field));
            w.sql(if descending { ") < (" } else { ") > (" });
            w.list(keys, ", ", |w, value| {
                w.bind(value.clone());
            })
            .sql(")");
            return;
        }
        self.ladder(w, &sort.keys, keys, reversed);
    }

    /// `(k1 behind v1 or (k1 same as v1 and (k2 behind v2 or …)))`
    fn ladder(&self, w: &mut Writer, sort: &[SortKey], keys: &[Value], reversed: bool) {
        let [key, rest @ ..] = sort else { return };
        w.sql("(");
        self.strictly_behind(w, key, &keys[0], reversed);
        if !rest.is_empty() {
            w.sql(" or (");
            self.same_as(w, key, &keys[0]);
            w.sql(" and ");
            self.ladder(w, rest, &keys[1..], reversed);
            w.sql(")");
        }
        w.sql(")");
    }

    fn strictly_behind(&self, w: &mut Writer, key: &SortKey, value: &Value, reversed: bool) {
        let descending = key.descending != reversed;
        match (value.is_null(), descending) {
            (true, true) => {
                w.sql("false");
            }
            (true, false) => {
                self.visible(w, &key.field);
                w.sql(" is not null");
            }
            (false, false) => {
                self.visible(w, &key.field);
                w.sql(" > ").bind(value.clone());
            }
            (false, true) => {
                w.sql("(");
                self.visible(w, &key.field);
                w.sql(" < ").bind(value.clone()).sql(" or ");
                self.visible(w, &key.field);
                w.sql(" is null)");
            }
        }
    }

    fn same_as(&self, w: &mut Writer, key: &SortKey, value: &Value) {
        self.visible(w, &key.field);
        if value.is_null() {
            w.sql(" is null");
        } else {
            w.sql(" = ").bind(value.clone());
        }
    }

    fn finish(&self, w: Writer) -> RecordSelect {
        let member = |field: &&Field| (format!("\"{}\":", field.name).into_boxed_str(), ColumnKind::from(&field.kind));
        let extra = |name: &&str| match self.collection.field(name) {
            Some(field) => ColumnKind::from(&field.kind),
            None => ColumnKind::Integer,
        };
        let shape =
            Shape { members: self.members.iter().map(member).collect(), extra: self.extra.iter().map(extra).collect() };
        RecordSelect { statement: w.finish(), shape: Arc::new(shape) }
    }
}

/// ` = any of these texts`, in one shape however many there are, so that the statement cache serves.
pub fn any_of(w: &mut Writer, texts: Vec<Value>) {
    match w.dialect() {
        Dialect::Sqlite => w.sql(" in (select value from json_each(").bind(Value::List(texts)).sql("))"),
        Dialect::Postgres => {
            w.sql(" = any(array(select json_array_elements_text(").bind(Value::List(texts)).sql("::json)))")
        }
    };
}
