//! Records to filter: items with a field of every kind, and what they point at.

use std::sync::Arc;

use plinth_model::schema::{Catalog, Definition, image, parse::parse};
use plinth_model::sql::ddl;
use plinth_model::sql::write::RecordWrite;
use plinth_model::{Collection, Instant, Record, RecordId};
use proptest::prelude::*;
use serde_json::{Map, Value as Json, json};

use crate::database::Database;
use crate::values::{float, instant, int, json_float, object, text};

/// Generated records.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) people: Vec<Record>,
    pub(crate) labels: Vec<Record>,
    pub(crate) items: Vec<Record>,
    pub(crate) notes: Vec<Record>,
}

const PEOPLE: u8 = 4;
const LABELS: u8 = 4;
const ITEMS: usize = 24;

/// All collections.
pub(crate) fn catalog() -> Catalog {
    let relation = |target: &str| json!({"type": "string", "x-relation": {"collection": target}});
    let list = |items: Json| json!({"type": "array", "items": items});
    Catalog::new([
        collection(
            "users",
            &["email", "verified"],
            json!({
                "email": {"type": "string"}, "verified": {"type": "boolean"}, "team": {"type": "string"},
                "score": {"type": "integer"}, "boss": relation("users"),
            }),
        ),
        collection(
            "labels",
            &["name"],
            json!({"name": {"type": "string"}, "owner": relation("users"), "rank": {"type": "integer"}}),
        ),
        collection(
            "items",
            &["text1", "int1", "number1", "bool1", "instant1", "texts1"],
            json!({
                "text1": {"type": "string"}, "text0": {"type": "string"}, "choice0": {"enum": ["a", "b"]},
                "int1": {"type": "integer"}, "int0": {"type": "integer"},
                "number1": {"type": "number"}, "number0": {"type": "number"},
                "bool1": {"type": "boolean"}, "bool0": {"type": "boolean"},
                "instant1": {"type": "string", "format": "date-time"}, "instant0": {"type": "string", "format": "date-time"},
                "meta": {"type": "object"},
                "texts1": list(json!({"type": "string"})), "texts0": list(json!({"type": "string"})),
                "ints0": list(json!({"type": "integer"})), "numbers0": list(json!({"type": "number"})),
                "bools0": list(json!({"type": "boolean"})),
                "instants0": list(json!({"type": "string", "format": "date-time"})),
                "owner": relation("users"), "labels": list(relation("labels")),
            }),
        ),
        collection(
            "notes",
            &[],
            json!({"item": relation("items"), "author": relation("users"), "text": {"type": "string"}, "stars": {"type": "integer"}, "also": list(relation("items"))}),
        ),
    ])
}

/// A collection from its name, the names that are required, and its properties.
pub(crate) fn collection(name: &str, required: &[&str], properties: Json) -> Arc<Collection> {
    let schema = json!({"type": "object", "required": required, "properties": properties});
    let definition = Definition { name: name.to_owned(), schema, indexes: Vec::new(), search: Vec::new() };
    Arc::new(parse(&definition).unwrap_or_else(|violations| panic!("{violations:?}")))
}

/// The id with this number, in the collection with this one; ids are in the order of their numbers.
pub(crate) fn id(collection: u64, number: u8) -> RecordId {
    RecordId::from_parts(1_700_000_000_000 + collection, &[0, number, 0, 0, 0, 0, 0, 0, 0, 0])
}

pub(crate) fn person(number: u8) -> String {
    id(1, number).to_string()
}

pub(crate) fn label(number: u8) -> String {
    id(2, number).to_string()
}

pub(crate) fn item(number: u8) -> String {
    id(3, number).to_string()
}

pub(crate) fn now() -> Instant {
    "2026-06-01T12:00:00Z".parse().unwrap()
}

/// Null now and then.
fn or_null(strategy: impl Strategy<Value = Json> + 'static) -> BoxedStrategy<Json> {
    prop_oneof![1 => Just(Json::Null), 3 => strategy].boxed()
}

fn list_of(strategy: impl Strategy<Value = Json> + 'static) -> BoxedStrategy<Json> {
    prop::collection::vec(strategy, 0..4).prop_map(Json::from).boxed()
}

fn some_person() -> BoxedStrategy<Json> {
    (0..PEOPLE).prop_map(|n| Json::from(person(n))).boxed()
}

fn some_labels() -> BoxedStrategy<Json> {
    prop::collection::btree_set(0..LABELS, 0..3).prop_map(|set| set.into_iter().map(label).collect::<Json>()).boxed()
}

type Members = Vec<(&'static str, BoxedStrategy<Json>)>;

fn records(collection: Arc<Collection>, number: u64, count: usize, members: Members) -> BoxedStrategy<Vec<Record>> {
    let (names, values): (Vec<&str>, Vec<BoxedStrategy<Json>>) = members.into_iter().unzip();
    let record = (values, instant());
    prop::collection::vec(record, count)
        .prop_map(move |rows| {
            let build = |(n, (values, created)): (usize, (Vec<Json>, Instant))| {
                let mut image = Map::new();
                image.insert("id".into(), id(number, u8::try_from(n).unwrap()).to_string().into());
                image.insert("createdAt".into(), created.to_string().into());
                image.insert("updatedAt".into(), now().to_string().into());
                image.insert("_rev".into(), 1.into());
                image.extend(names.iter().map(|name| (*name).to_owned()).zip(values));
                image::decode(&collection, &Json::Object(image).to_string()).unwrap()
            };
            rows.into_iter().enumerate().map(build).collect()
        })
        .boxed()
}

/// Any records.
pub(crate) fn world() -> BoxedStrategy<World> {
    let catalog = catalog();
    let get = |name: &str| catalog.get(name).unwrap().clone();
    let texts = || text().prop_map(Json::from);
    let ints = || int().prop_map(Json::from);
    let floats = || float().prop_map(|float| json!(float));
    let instants = || instant().prop_map(|instant| Json::from(instant.to_string()));
    let bools = || any::<bool>().prop_map(Json::from);
    let people: Members = vec![
        ("email", texts().boxed()),
        ("verified", bools().boxed()),
        ("team", or_null(texts())),
        ("score", or_null(ints())),
        ("boss", or_null(some_person())),
    ];
    let labels: Members = vec![("name", texts().boxed()), ("owner", or_null(some_person())), ("rank", or_null(ints()))];
    let choice = prop_oneof![Just(json!("a")), Just(json!("b"))];
    let items: Members = vec![
        ("text1", texts().boxed()),
        ("text0", or_null(texts())),
        ("choice0", or_null(choice)),
        ("int1", ints().boxed()),
        ("int0", or_null(ints())),
        ("number1", floats().boxed()),
        ("number0", or_null(floats())),
        ("bool1", bools().boxed()),
        ("bool0", or_null(bools())),
        ("instant1", instants().boxed()),
        ("instant0", or_null(instants())),
        ("meta", or_null(object())),
        ("texts1", list_of(texts())),
        ("texts0", or_null(list_of(texts()))),
        ("ints0", or_null(list_of(ints()))),
        ("numbers0", or_null(list_of(json_float().prop_map(|float| json!(float))))),
        ("bools0", or_null(list_of(bools()))),
        ("instants0", or_null(list_of(instants()))),
        ("owner", or_null(some_person())),
        ("labels", or_null(some_labels())),
    ];
    let some_item = || (0..u8::try_from(ITEMS).unwrap()).prop_map(|n| Json::from(item(n)));
    let some_items = prop::collection::btree_set(0..u8::try_from(ITEMS).unwrap(), 0..3)
        .prop_map(|set| set.into_iter().map(item).collect::<Json>());
    let notes: Members = vec![
        ("item", or_null(some_item())),
        ("author", or_null(some_person())),
        ("text", or_null(texts())),
        ("stars", or_null(ints())),
        ("also", or_null(some_items)),
    ];
    (
        records(get("users"), 1, usize::from(PEOPLE), people),
        records(get("labels"), 2, usize::from(LABELS), labels),
        records(get("items"), 3, ITEMS, items),
        records(get("notes"), 4, 20, notes),
    )
        .prop_map(|(people, labels, items, notes)| World { people, labels, items, notes })
        .boxed()
}

/// Puts the records into an empty database.
pub(crate) fn load(world: &World, database: &mut Database) {
    database.reset();
    let catalog = catalog();
    let dialect = database.dialect();
    for (name, records) in
        [("users", &world.people), ("labels", &world.labels), ("items", &world.items), ("notes", &world.notes)]
    {
        let collection = catalog.get(name).unwrap();
        for statement in ddl::create(collection, dialect) {
            database.run(&statement);
        }
        // Bosses may stand behind those whom they boss: first without, then with.
        for record in records {
            let mut record = record.clone();
            if name == "users" {
                record.values[4] = plinth_model::Value::Null;
            }
            database.run(&RecordWrite::Insert(&record).statement(collection, dialect));
        }
        if name == "users" {
            for record in records {
                let mut old = record.clone();
                old.values[4] = plinth_model::Value::Null;
                database.run(&RecordWrite::Update { old: &old, new: record }.statement(collection, dialect));
            }
        }
    }
}
