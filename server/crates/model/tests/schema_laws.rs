//! The law of schema changes: a plan run over a filled table gives what the new definition gives from scratch, with the
//! same records in it, on both databases.

#![allow(clippy::disallowed_methods, reason = "tests measure time")]

#[expect(dead_code, reason = "parameters of statements are for the laws of filters")]
mod database;

use std::sync::Arc;

use database::Database;
use plinth_model::schema::migrate::{Stage, Trial};
use plinth_model::schema::{Catalog, Definition, IndexDefinition, Migration, parse::parse};
use plinth_model::sql::write::RecordWrite;
use plinth_model::sql::{Dialect, ddl};
use plinth_model::{Collection, Instant, Record, RecordId, Value};
use proptest::prelude::*;
use serde_json::{Map, Value as Json, json};

/// What a field of the collection `own` holds, as its schema.
fn schema_of(kind: usize, own: &str) -> Json {
    let relation = |target: &str| json!({"type": "string", "x-relation": { "collection": target }});
    match kind {
        0 => json!({"type": "string"}),
        1 => json!({"type": "integer"}),
        2 => json!({"type": "number"}),
        3 => json!({"type": "boolean"}),
        4 => json!({"type": "string", "format": "date-time"}),
        5 => json!({"enum": ["red", "5", "true"]}),
        6 => json!({"type": "object"}),
        7 => json!({}),
        8 => json!({"type": "array", "items": {"type": "string"}}),
        9 => json!({"type": "array", "items": {"type": "integer"}}),
        10 => relation("users"),
        11 => relation("tags"),
        12 => json!({"type": "array", "items": relation("users")}),
        13 => json!({"type": "array", "items": relation("tags")}),
        14 => relation(own),
        _ => json!({"type": "array", "items": relation(own)}),
    }
}

const KINDS: usize = 16;

/// Whether an index can order such a field.
fn is_plain(kind: usize) -> bool {
    !matches!(kind, 6..=9 | 12 | 13 | 15)
}

/// A value that such a field of the record `own` may hold; many of them are values of other kinds too.
fn value_of(kind: usize, seed: u8, own: &str) -> Json {
    let n = i64::from(seed % 5);
    let user = |n: i64| id(u8::try_from(n).unwrap() % 4);
    let choices = match kind {
        0 => json!(["red", "5", "2026-01-31T09:30:00Z", "true", user(n)]),
        1 => json!([0, 1, 5, -7, 1_700_000_000_000_i64]),
        2 => json!([0.0, 1.0, 2.5, -7.0, 1e300]),
        3 => json!([true, false]),
        4 => json!(["1970-01-01T00:00:00.001Z", "2026-01-31T09:30:00.000Z", "1999-12-31T23:59:59.999Z"]),
        5 => json!(["red", "5", "true"]),
        6 => json!([{"a": n, "text": "it's"}]),
        7 => json!([1, "red", ["x"], {"b": null}, true]),
        8 => json!([[], ["red"], ["5", "5"], [user(1)], ["a", "b"]]),
        9 => json!([[], [5], [1, 2, 1], [0], [7]]),
        10 | 11 => json!([user(n)]),
        14 => json!([own]),
        15 => json!([[], [own]]),
        _ => json!([[], [user(1)], [user(0), user(2)], [user(3)], [user(2), user(1)]]),
    };
    choices[usize::from(seed) % choices.as_array().map_or(1, Vec::len)].clone()
}

fn id(number: u8) -> String {
    RecordId::from_parts(1_700_000_000_000, &[number; 10]).to_string()
}

/// A field of a generated collection.
#[derive(Debug, Clone)]
struct FieldDraft {
    name: usize,
    kind: usize,
    unique: bool,
    required: bool,
    default: Option<u8>,
    renamed_from: Option<usize>,
}

/// Names, two of which differ in case only.
const NAMES: [&str; 6] = ["title", "dueAt", "dueat", "a_b", "order", "b"];

fn any_field() -> impl Strategy<Value = FieldDraft> {
    let rename = prop::option::weighted(0.4, 0..NAMES.len());
    (
        0..NAMES.len(),
        0..KINDS,
        prop::bool::weighted(0.2),
        prop::bool::weighted(0.2),
        prop::option::weighted(0.3, any::<u8>()),
        rename,
    )
        .prop_map(|(name, kind, unique, required, default, renamed_from)| FieldDraft {
            name,
            kind,
            unique,
            required,
            default,
            renamed_from,
        })
}

/// A generated collection.
#[derive(Debug, Clone)]
struct Draft {
    fields: Vec<FieldDraft>,
    /// Places among the fields that an index can order, and whether the index is unique.
    indexes: Vec<(Vec<usize>, bool)>,
    name: usize,
}

/// Names of the collection, two of which differ in case only.
const COLLECTIONS: [&str; 3] = ["posts", "articles", "pOsts"];

/// A definition that may be refused; most are not.
fn any_definition() -> impl Strategy<Value = Draft> {
    let index = (prop::collection::vec(0..NAMES.len() + 1, 1..3), prop::bool::weighted(0.3));
    (
        prop::collection::vec(any_field(), 0..5),
        prop::collection::vec(index, 0..2),
        prop_oneof![3 => Just(0), 1 => 0..COLLECTIONS.len()],
    )
        .prop_map(|(fields, indexes, name)| Draft { fields, indexes, name })
}

fn collection(Draft { fields, indexes, name }: &Draft, old: Option<&Collection>) -> Option<Collection> {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for field in fields {
        let mut schema = schema_of(field.kind, COLLECTIONS[*name]);
        if field.unique && is_plain(field.kind) {
            schema["x-unique"] = json!(true);
        }
        if let (Some(seed), false) = (field.default, field.kind >= 10) {
            schema["default"] = value_of(field.kind, seed, "");
        }
        if let Some(from) = field.renamed_from.filter(|from| *from != field.name && old.is_some()) {
            schema["x-renamed-from"] = json!(NAMES[from]);
        }
        if field.required {
            required.push(NAMES[field.name]);
        }
        properties.insert(NAMES[field.name].to_owned(), schema);
    }
    required.sort_unstable();
    required.dedup();
    let mut orderable: Vec<&str> =
        fields.iter().filter(|field| is_plain(field.kind)).map(|field| NAMES[field.name]).collect();
    orderable.push("-createdAt");
    let indexes = indexes.iter().map(|(fields, unique)| {
        let mut fields: Vec<String> =
            fields.iter().map(|place| orderable[place % orderable.len()].to_owned()).collect();
        fields.dedup();
        IndexDefinition { fields, unique: *unique }
    });
    let name = COLLECTIONS[*name].to_owned();
    let schema = json!({"type": "object", "properties": properties, "required": required});
    parse(&Definition { name, schema, indexes: indexes.collect(), search: Vec::new() }).ok()
}

/// Records of the collection that stand against nothing.
fn records(collection: &Collection, kinds: &[FieldDraft], seeds: &[Vec<Option<u8>>]) -> Vec<Record> {
    let mut stored = Vec::new();
    for (n, seeds) in seeds.iter().enumerate() {
        let id = RecordId::from_parts(1_700_000_001_000 + u64::try_from(n).unwrap(), &[9; 10]);
        let mut values = Vec::new();
        for (field, seed) in collection.fields.iter().zip(seeds.iter().cycle()) {
            // The last property of a name is the one that counts.
            let kind = kinds.iter().rev().find(|draft| NAMES[draft.name] == field.name).map_or(0, |draft| draft.kind);
            let unique = u8::try_from(n).unwrap() * 7;
            let json = seed
                .map_or(Json::Null, |seed| value_of(kind, if field.unique { unique } else { seed }, &id.to_string()));
            values.push((field.name.clone(), json));
        }
        if let Ok(values) = collection.create(plinth_model::schema::check::Hand::Server, values.into_iter().collect()) {
            let at = Instant::from_millis(1_700_000_000_000).unwrap();
            stored.push(Record { id, created_at: at, updated_at: at, revision: 1, values });
        }
    }
    stored
}

/// An empty database with the collections that relations point at: `users` 0 to 3, `tags` 1 to 3.
fn prepare(database: &mut Database) {
    database.reset();
    for (name, numbers) in [("users", 0..4), ("tags", 1..4)] {
        let target =
            parse(&Definition { name: name.to_owned(), schema: json!({}), indexes: Vec::new(), search: Vec::new() })
                .unwrap();
        create(database, &target);
        for number in numbers {
            let at = Instant::from_millis(0).unwrap();
            let record = Record {
                id: id(number).parse().unwrap(),
                created_at: at,
                updated_at: at,
                revision: 1,
                values: Vec::new(),
            };
            insert(database, &target, &record).unwrap();
        }
    }
}

fn create(database: &mut Database, collection: &Collection) {
    for statement in ddl::create(collection, database.dialect()) {
        database.run(&statement);
    }
}

fn insert(database: &mut Database, collection: &Collection, record: &Record) -> Result<(), String> {
    database.query(&RecordWrite::Insert(record).statement(collection, database.dialect())).map(|_| ())
}

/// Runs a migration as the store does.
fn migrate(database: &mut Database, migration: &Migration, old: &[Record]) {
    let dialect = database.dialect();
    for statement in migration.prepare(dialect) {
        database.run(&statement);
    }
    if migration.rewrites_rows() {
        database.run(&migration.select(dialect, Stage::Prepared, None, 500));
        for record in old {
            if let Some(statement) = migration.rewrite(dialect, &migration.record(record).unwrap()) {
                database.run(&statement);
            }
        }
    }
    for statement in migration.finish(dialect) {
        database.run(&statement);
    }
}

/// Everything that the database says of its structure, in an order of its own.
fn structure(database: &mut Database) -> Vec<String> {
    let queries: &[&str] = match database.dialect() {
        Dialect::Sqlite => &[
            "select t.name, c.name, c.type, c.\"notnull\", c.pk from sqlite_schema t, pragma_table_info(t.name) c where t.type = 'table'",
            "select t.name, f.\"table\", f.\"from\", f.\"to\", f.on_delete from sqlite_schema t, pragma_foreign_key_list(t.name) f where t.type = 'table'",
            "select type, name, tbl_name, sql from sqlite_schema where type <> 'table'",
        ],
        Dialect::Postgres => &[
            "select table_name, column_name, data_type, collation_name, is_nullable, datetime_precision from information_schema.columns where table_schema = 'public'",
            "select tablename, indexdef from pg_indexes where schemaname = 'public' and indexname not like '%_pkey'",
            "select conrelid::regclass, case when contype = 'p' then '' else conname end, pg_get_constraintdef(oid) from pg_constraint where connamespace = 'public'::regnamespace",
            "select pg_get_triggerdef(oid) from pg_trigger where not tgisinternal",
            "select pg_get_functiondef(oid) from pg_proc where pronamespace = 'public'::regnamespace",
        ],
    };
    let mut lines: Vec<String> =
        queries.iter().flat_map(|query| database.text(query)).map(|row| format!("{row:?}")).collect();
    lines.sort();
    lines
}

/// The rows of every table.
fn contents(database: &mut Database, collection: &Collection) -> Vec<String> {
    let columns: Vec<String> =
        plinth_model::sql::write::columns(collection).map(|(name, _)| format!("\"{name}\"")).collect();
    let mut lines =
        database.text(&format!("select {} from \"{}\" order by \"id\"", columns.join(", "), collection.name));
    for field in &collection.fields {
        if let plinth_model::FieldKind::Relations { .. } = field.kind {
            let links = ddl::link_table(&collection.name, &field.name);
            lines.extend(database.text(&format!("select \"source\", \"target\" from \"{links}\" order by 1, 2")));
        }
    }
    lines.into_iter().map(|row| format!("{row:?}")).collect()
}

/// The records that stand against nothing, each looked at with those before it.
fn fitting(database: &mut Database, migration: &Migration, before: &Collection, records: Vec<Record>) -> Vec<Record> {
    let mut kept: Vec<Record> = Vec::new();
    for record in records {
        let mut trial = Trial::new(migration);
        kept.iter().chain([&record]).for_each(|record| trial.see(record));
        if trial.finish().is_empty() && insert(database, before, &record).is_ok() {
            kept.push(record);
        }
    }
    for (_, statement) in migration.missing_targets(database.dialect()) {
        let missing = database.query(&statement).unwrap();
        for row in missing {
            let id = row[0].clone().unwrap();
            database.text(&format!("delete from \"{}\" where \"id\" = '{id}'", before.name));
            kept.retain(|record| record.id.to_string() != id);
        }
    }
    kept
}

type Case = (Draft, Draft, Vec<Vec<Option<u8>>>);

fn any_case() -> impl Strategy<Value = Case> {
    let row = prop::collection::vec(prop::option::weighted(0.8, any::<u8>()), 1..6);
    (any_definition(), any_definition(), prop::collection::vec(row, 0..8))
}

/// Whether the law was put to the test at all.
fn check(dialect: Dialect, database: &mut Database, (before, after, seeds): &Case) -> Result<bool, TestCaseError> {
    let Some(old) = collection(before, None) else { return Ok(false) };
    let Some(new) = collection(after, Some(&old)) else { return Ok(false) };
    prepare(database);
    create(database, &old);
    let migration = Migration::new(Some(Arc::new(old.clone())), Some(Arc::new(new.clone())), &Catalog::default());
    let kept = fitting(database, &migration, &old, records(&old, &before.fields, seeds));
    migrate(database, &migration, &kept);
    let migrated = (structure(database), contents(database, &new));
    prepare(database);
    create(database, &new);
    for record in &kept {
        let carried = migration.record(record).unwrap();
        prop_assert_eq!(
            (carried.id, carried.created_at, carried.updated_at, carried.revision),
            (record.id, record.created_at, record.updated_at, record.revision)
        );
        prop_assert!(insert(database, &new, &carried).is_ok());
    }
    prop_assert_eq!(migrated.0, structure(database), "{:?}", dialect);
    prop_assert_eq!(migrated.1, contents(database, &new), "{:?}", dialect);
    Ok(true)
}

fn law(dialect: Dialect, cases: u32) {
    let mut database = Database::new(dialect);
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases,
        max_shrink_iters: 200,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let tested = std::cell::Cell::new(0_u32);
    let database = std::cell::RefCell::new(&mut database);
    let result = runner.run(&any_case(), |case| {
        let held = check(dialect, &mut database.borrow_mut(), &case)?;
        tested.set(tested.get() + u32::from(held));
        Ok(())
    });
    result.unwrap_or_else(|failure| panic!("{failure}"));
    assert!(tested.get() > cases / 4, "only {} of {cases} cases were accepted definitions", tested.get());
}

#[test]
fn a_plan_gives_what_the_new_definition_gives_from_scratch_on_sqlite() {
    law(Dialect::Sqlite, 600);
}

#[test]
fn a_plan_gives_what_the_new_definition_gives_from_scratch_on_postgres() {
    law(Dialect::Postgres, 100);
}

/// What is dropped leaves nothing behind.
#[test]
fn a_dropped_collection_leaves_nothing() {
    for dialect in [Dialect::Sqlite, Dialect::Postgres] {
        let mut database = Database::new(dialect);
        prepare(&mut database);
        let empty = structure(&mut database);
        let properties: Map<String, Json> =
            (0..KINDS).map(|kind| (format!("f{kind}"), schema_of(kind, "posts"))).collect();
        let schema = json!({ "properties": properties });
        let posts =
            parse(&Definition { name: "posts".to_owned(), schema, indexes: Vec::new(), search: Vec::new() }).unwrap();
        create(&mut database, &posts);
        assert_ne!(structure(&mut database), empty);
        for statement in ddl::drop(&posts, dialect) {
            database.run(&statement);
        }
        assert_eq!(structure(&mut database), empty);
    }
}

/// The link table follows the column through inserts, updates and deletes.
#[test]
fn links_follow_the_column() {
    for dialect in [Dialect::Sqlite, Dialect::Postgres] {
        let mut database = Database::new(dialect);
        prepare(&mut database);
        let schema = json!({"properties": {"tags": schema_of(13, "posts")}});
        let posts =
            parse(&Definition { name: "posts".to_owned(), schema, indexes: Vec::new(), search: Vec::new() }).unwrap();
        create(&mut database, &posts);
        let at = Instant::from_millis(0).unwrap();
        let list = |numbers: &[u8]| Value::List(numbers.iter().map(|number| Value::text(id(*number))).collect());
        let record = |revision: i64, value: Value| Record {
            id: id(9).parse().unwrap(),
            created_at: at,
            updated_at: at,
            revision,
            values: vec![value],
        };
        let links = |database: &mut Database| {
            let rows = database.text("select \"target\" from \"_link_posts_tags\" order by 1");
            rows.into_iter().map(|row| row[0].clone().unwrap()).collect::<Vec<_>>()
        };
        let states =
            [record(1, list(&[2, 1])), record(2, list(&[1, 3])), record(3, Value::Null), record(4, list(&[3]))];
        insert(&mut database, &posts, &states[0]).unwrap();
        assert_eq!(links(&mut database), [id(1), id(2)]);
        let expected: [&[u8]; 3] = [&[1, 3], &[], &[3]];
        for (pair, expected) in states.windows(2).zip(expected) {
            let write = RecordWrite::Update { old: &pair[0], new: &pair[1] };
            database.run(&write.statement(&posts, dialect));
            assert_eq!(links(&mut database), expected.iter().map(|number| id(*number)).collect::<Vec<_>>());
        }
        let nowhere = record(5, list(&[0]));
        let write = RecordWrite::Update { old: &states[3], new: &nowhere };
        assert!(database.query(&write.statement(&posts, dialect)).is_err(), "a tag that does not exist");
        database.run(&RecordWrite::Delete(&states[3]).statement(&posts, dialect));
        assert!(links(&mut database).is_empty());
    }
}
