//! The `cel` crate's own evaluator over the same records.
//!
//! What Plinth defines more narrowly than CEL is a function here, written down a second time from its description:
//! `fl` (arithmetic of doubles within limits), `num` (a JSON number as a double), `jeq` (JSON compared with `==`),
//! `within` (`in` a JSON value, or for one), `rel` (integers compared with doubles without rounding).

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

use cel::extractors::This;
use cel::{Context, ExecutionError, Program, Value};
use plinth_model::filter::Truth;
use plinth_model::schema::{Catalog, FieldKind};
use plinth_model::{Collection, Record, Value as Ours};
use serde_json::Value as Json;

use crate::world::{World, now, person};

/// Answers questions about the items of a world.
pub(crate) struct Oracle {
    contexts: Vec<HashMap<String, Value>>,
}

impl Oracle {
    pub(crate) fn new(world: &World, me: &Record, catalog: &Catalog, params: &Json) -> Self {
        let people = Records { world, catalog, name: "users", records: &world.people };
        let mut auth = people.members(me, 4);
        auth.insert("anonymous".into(), Value::Bool(false));
        auth.insert("roles".into(), list(["user", "a"].map(Value::from).to_vec()));
        assert_eq!(auth["id"], Value::from(person(0)));
        let contexts = world.items.iter().map(|item| {
            let items = Records { world, catalog, name: "items", records: &world.items };
            let mut members = items.members(item, 4);
            members.insert("auth".into(), map(auth.clone()));
            members.insert("params".into(), json(params));
            members.insert("now".into(), timestamp(&now().to_string()));
            members
        });
        Self { contexts: contexts.collect() }
    }

    /// The answer for every item.
    pub(crate) fn answers(&self, source: &str) -> Vec<Truth> {
        let program = Program::compile(source).unwrap_or_else(|errors| panic!("{source}\n{errors}"));
        self.contexts
            .iter()
            .map(|members| {
                let mut context = Context::default();
                functions(&mut context);
                members.iter().for_each(|(name, value)| context.add_variable_from_value(name.clone(), value.clone()));
                match program.execute(&context) {
                    Ok(Value::Bool(value)) => Truth::from(value),
                    Ok(_) | Err(_) => Truth::Error,
                }
            })
            .collect()
    }
}

/// Records as the oracle sees them: with those that they point at, and those that point at them.
struct Records<'w> {
    world: &'w World,
    catalog: &'w Catalog,
    name: &'static str,
    records: &'w [Record],
}

impl Records<'_> {
    fn collection(&self) -> &Collection {
        self.catalog.get(self.name).unwrap()
    }

    fn others(&self, name: &str) -> Records<'_> {
        let (name, records) = match name {
            "users" => ("users", &self.world.people),
            "labels" => ("labels", &self.world.labels),
            "items" => ("items", &self.world.items),
            _ => ("notes", &self.world.notes),
        };
        Records { world: self.world, catalog: self.catalog, name, records }
    }

    fn by_id(&self, id: &str, depth: u32) -> Value {
        let found = self.records.iter().find(|record| record.id.to_string() == id);
        found.map_or(Value::Null, |record| map(self.members(record, depth)))
    }

    fn members(&self, record: &Record, depth: u32) -> HashMap<String, Value> {
        let mut members = HashMap::new();
        for field in self.collection().all_fields() {
            let value = record.get(self.collection(), &field.name).unwrap();
            if depth > 0 {
                self.follow(&mut members, &field.name, &field.kind, &value, depth - 1);
            }
            members.insert(field.name.clone(), ours(&value));
        }
        if self.name == "items" {
            for field in ["item", "also"] {
                members.insert(format!("notes_via_{field}"), self.pointing(record, field, depth.min(2)));
            }
        }
        members
    }

    fn follow(&self, members: &mut HashMap<String, Value>, name: &str, kind: &FieldKind, value: &Ours, depth: u32) {
        let Some((target, _)) = kind.target() else { return };
        if target == "items" {
            return;
        }
        let others = self.others(target);
        let reached = match value {
            Ours::Text(id) => others.by_id(id, depth),
            Ours::List(ids) => list(ids.iter().map(|id| others.by_id(text(id), depth)).collect()),
            _ => Value::Null,
        };
        members.insert(format!("{name}_rec"), reached);
    }

    /// The notes that point at an item.
    fn pointing(&self, item: &Record, field: &str, depth: u32) -> Value {
        let notes = self.others("notes");
        let id = item.id.to_string();
        let points = |note: &&Record| match note.get(notes.collection(), field).unwrap() {
            Ours::Text(target) => target == id,
            Ours::List(targets) => targets.iter().any(|target| text(target) == id),
            _ => false,
        };
        list(self.world.notes.iter().filter(points).map(|note| map(notes.members(note, depth))).collect())
    }
}

fn text(value: &Ours) -> &str {
    match value {
        Ours::Text(text) => text,
        other => panic!("{other:?} is no text"),
    }
}

fn map(members: HashMap<String, Value>) -> Value {
    Value::from(members)
}

fn list(items: Vec<Value>) -> Value {
    Value::List(Arc::new(items))
}

fn timestamp(text: &str) -> Value {
    Program::compile(&format!("timestamp(\"{text}\")")).unwrap().execute(&Context::default()).unwrap()
}

fn ours(value: &Ours) -> Value {
    match value {
        Ours::Instant(instant) => timestamp(&instant.to_string()),
        Ours::List(items) => list(items.iter().map(ours).collect()),
        Ours::Float(float) => Value::Float(*float),
        other => json(&other.to_json()),
    }
}

/// JSON numbers are integers where they are written as such and fit 64 bits.
fn json(value: &Json) -> Value {
    match value {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => number.as_i64().map_or_else(|| Value::Float(number.as_f64().unwrap()), Value::Int),
        Json::String(text) => Value::from(text.as_str()),
        Json::Array(items) => list(items.iter().map(json).collect()),
        Json::Object(members) => map(members.iter().map(|(key, value)| (key.clone(), json(value))).collect()),
    }
}

type Answer = Result<Value, ExecutionError>;

fn functions(context: &mut Context<'_, '_>) {
    context.add_function("fl", fl).unwrap();
    context.add_function("num", num).unwrap();
    context.add_function("jeq", jeq).unwrap();
    context.add_function("within", within).unwrap();
    context.add_function("rel", rel).unwrap();
    context.add_function("lowerAscii", |This(text): This<Arc<String>>| text.to_ascii_lowercase()).unwrap();
    context.add_function("upperAscii", |This(text): This<Arc<String>>| text.to_ascii_uppercase()).unwrap();
}

fn refuse(what: &str) -> Answer {
    Err(ExecutionError::function_error(what, "refused"))
}

/// Sums of what is at most 10^307; products and quotients that stay below it and do not shrink below 10^-307.
fn fl(sign: Arc<String>, a: f64, b: f64) -> Answer {
    let result = match sign.as_str() {
        "+" if a.abs() <= 1e307 && b.abs() <= 1e307 => a + b,
        "-" if a.abs() <= 1e307 && b.abs() <= 1e307 => a - b,
        "*" if a == 0.0 || b == 0.0 => 0.0,
        "*" if (a.abs() >= 1.0 || b.abs() >= 1.0) && (a * b).abs() <= 1e307 => a * b,
        "*" if a.abs() < 1.0 && b.abs() < 1.0 && (a * b).abs() >= 1e-307 => a * b,
        "/" if a == 0.0 && b != 0.0 => 0.0,
        "/" if b.abs() >= 1.0 && (a / b).abs() >= 1e-307 => a / b,
        "/" if b != 0.0 && b.abs() < 1.0 && (a / b).abs() <= 1e307 => a / b,
        _ => return refuse("fl"),
    };
    Ok(Value::Float(result))
}

#[expect(clippy::cast_precision_loss, reason = "that is the function")]
fn num(value: Value) -> Answer {
    match value {
        Value::Int(int) => Ok(Value::Float(int as f64)),
        Value::Float(float) => Ok(Value::Float(float)),
        _ => refuse("num"),
    }
}

fn is_document(value: &Value) -> bool {
    matches!(value, Value::List(_) | Value::Map(_))
}

fn jeq(a: Value, b: Value) -> Answer {
    if is_document(&a) && is_document(&b) { refuse("jeq") } else { Ok(Value::Bool(equal(&a, &b))) }
}

/// The oracle's own answer, but for an integer and a double.
fn rel(sign: Arc<String>, a: Value, b: Value) -> Answer {
    let ordering = match (&a, &b) {
        (Value::Int(a), Value::Float(b)) => exactly(*a, *b),
        (Value::Float(a), Value::Int(b)) => exactly(*b, *a).reverse(),
        _ => return own(&sign, a, b),
    };
    Ok(Value::Bool(match sign.as_str() {
        "<" => ordering.is_lt(),
        "<=" => ordering.is_le(),
        ">" => ordering.is_gt(),
        ">=" => ordering.is_ge(),
        "==" => ordering.is_eq(),
        _ => ordering.is_ne(),
    }))
}

/// By the binary digits of the double.
fn exactly(int: i64, float: f64) -> Ordering {
    let bits = float.to_bits();
    let exponent = i32::try_from((bits >> 52) & 0x7ff).unwrap() - 1075;
    let digits = i128::from(bits & ((1 << 52) - 1)) | if exponent > -1075 { 1 << 52 } else { 0 };
    let digits = if float.is_sign_negative() { -digits } else { digits };
    match exponent {
        // Beyond 64 bits, or too small to be told from zero but by its sign.
        12.. => 0.cmp(&digits),
        0..12 => i128::from(int).cmp(&(digits << exponent)),
        -62..0 => (i128::from(int) << -exponent).cmp(&digits),
        _ => i128::from(int).cmp(&0).then(0.cmp(&digits)),
    }
}

fn own(sign: &str, a: Value, b: Value) -> Answer {
    let mut context = Context::default();
    context.add_variable_from_value("a", a);
    context.add_variable_from_value("b", b);
    Program::compile(&format!("a {sign} b")).unwrap().execute(&context)
}

fn equal(a: &Value, b: &Value) -> bool {
    rel(Arc::new("==".to_owned()), a.clone(), b.clone()) == Ok(Value::Bool(true))
}

fn within(needle: Value, list: Value) -> Answer {
    if is_document(&needle) {
        return refuse("within");
    }
    match list {
        Value::List(items) => Ok(Value::Bool(items.iter().any(|item| equal(item, &needle)))),
        Value::Map(map) => Ok(Value::Bool(map.map.keys().any(|key| equal(&Value::from(key), &needle)))),
        _ => refuse("within"),
    }
}
