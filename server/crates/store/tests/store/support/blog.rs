//! A small blog: authors, posts with an author and tags, comments, and notes that can go round in circles.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use plinth_model::query::{Place, Sort, SortKey};
use plinth_model::schema::{Catalog, Collection, Definition, parse};
use plinth_model::sight::{BoundRows, BoundSight};
use plinth_model::sql::ddl;
use plinth_model::sql::select::{Read, RecordSelect};
use plinth_model::{Change, Instant, Record, RecordId, Seq, Value};
use plinth_store::{Decision, Failure, Mutation, MutationKind, Outcome, Page, SchemaStep, Store, Write};
use serde_json::{Value as Json, json};

use super::migrate;

static IDS: AtomicU64 = AtomicU64::new(1);

/// A reason to refuse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct No(pub(crate) &'static str);

/// The collections, and short ways to write to them.
#[derive(Clone)]
pub(crate) struct Blog {
    pub(crate) store: Store,
    pub(crate) catalog: Arc<Catalog>,
}

impl Blog {
    /// Makes the tables in an empty database.
    pub(crate) async fn new(store: &Store) -> Self {
        let blog = Self::known(store).await;
        let names = ["authors", "tags", "posts", "comments", "notes"];
        let collections = names.map(|name| blog.collection(name));
        let statements = collections.iter().flat_map(|collection| ddl::create(collection, store.dialect()));
        migrate(store, statements.map(SchemaStep::Run).collect()).await.unwrap();
        Self::known(store).await
    }

    /// The tables exist already.
    pub(crate) async fn known(store: &Store) -> Self {
        let (version, _) = store.collections().await.unwrap();
        Self { store: store.clone(), catalog: Arc::new(Catalog::new(definitions().map(collection)).at(version)) }
    }

    pub(crate) fn collection(&self, name: &str) -> Arc<Collection> {
        Arc::clone(self.catalog.get(name).unwrap())
    }

    /// A record with these fields set.
    pub(crate) fn record(&self, name: &str, fields: Json) -> Record {
        let collection = self.collection(name);
        let mut values = vec![Value::Null; collection.fields.len()];
        for (field, json) in fields.as_object().unwrap() {
            let (place, _) = collection.own_field(field).unwrap();
            values[place] = value(json);
        }
        Record { id: next_id(), created_at: now(), updated_at: now(), revision: 0, values }
    }

    pub(crate) fn create(&self, name: &str, record: &Record) -> Mutation<No> {
        let kind = MutationKind::Create { record: record.clone(), check: Vec::new() };
        Mutation { collection: self.collection(name), id: record.id, kind }
    }

    pub(crate) fn change(
        &self,
        name: &str,
        id: RecordId,
        decide: impl FnMut(Option<&Record>) -> Result<Decision, No> + Send + 'static,
    ) -> Mutation<No> {
        Mutation { collection: self.collection(name), id, kind: MutationKind::Change(Box::new(decide)) }
    }

    pub(crate) fn delete(&self, name: &str, id: RecordId) -> Mutation<No> {
        self.change(name, id, |_| Ok(Decision::write(Write::Delete)))
    }

    pub(crate) async fn write(&self, mutations: Vec<Mutation<No>>) -> Result<Vec<Outcome>, Failure<No>> {
        self.store.transact(Arc::clone(&self.catalog), mutations, None, now()).await
    }

    /// The same collections, checked to be those of now.
    pub(crate) async fn now(&self) -> Self {
        let (version, _) = self.store.collections().await.unwrap();
        Self { catalog: Arc::new((*self.catalog).clone().at(version)), ..self.clone() }
    }

    /// Creates a record with these fields.
    pub(crate) async fn add(&self, name: &str, fields: Json) -> Record {
        let record = self.record(name, fields);
        let outcomes = self.write(vec![self.create(name, &record)]).await.unwrap();
        outcomes.into_iter().next().unwrap().record.unwrap()
    }

    /// Waits until all that was written is settled in the log; answers the newest place.
    pub(crate) async fn settled(&self) -> Seq {
        let mut wake = self.store.wake();
        let rows = self.store.query("select coalesce(max(seq), 0) from _changes", Vec::new()).await.unwrap();
        let newest = Seq(rows[0].int(0).unwrap());
        while self.store.head().await.unwrap() < newest {
            wake.changed().await.unwrap();
        }
        newest
    }

    /// The whole log behind a place, once it is settled.
    pub(crate) async fn changes(&self, after: Seq) -> Vec<Change> {
        self.settled().await;
        self.store.changes(after, usize::MAX).await.unwrap()
    }

    /// Everything in a collection, by id; the revision and the id as values.
    pub(crate) fn select(&self, name: &str) -> RecordSelect {
        let collection = self.collection(name);
        let members: Vec<_> = collection.all_fields().collect();
        let fields = collection.all_fields().map(|field| (field.name.clone(), None)).collect();
        let sight = BoundSight { rows: BoundRows::All, fields };
        let read =
            Read { collection: &collection, sight: &sight, filter: None, members: &members, extra: &["_rev", "id"] };
        let sort = Sort { keys: vec![SortKey { field: "id".to_owned(), descending: false }] };
        read.page(self.store.dialect(), &sort, &Place::Start, 1000)
    }

    /// Everything in a collection, by id.
    pub(crate) async fn page(&self, name: &str) -> Page {
        self.store.page(self.select(name), usize::MAX).await.unwrap()
    }

    /// Everything in a collection, by id, as JSON.
    pub(crate) async fn all(&self, name: &str) -> Vec<Json> {
        let page = self.page(name).await;
        page.rows.iter().map(|row| serde_json::from_slice(&page.object(row)).unwrap()).collect()
    }

    /// One field of every record in a collection, by id.
    pub(crate) async fn column(&self, name: &str, field: &str) -> Vec<Json> {
        self.all(name).await.into_iter().map(|mut record| record[field].take()).collect()
    }
}

/// The one time at which tests happen.
pub(crate) fn now() -> Instant {
    "2026-01-31T09:30:00.123Z".parse().unwrap()
}

/// Ids in the order in which they are asked for.
pub(crate) fn next_id() -> RecordId {
    let n = IDS.fetch_add(1, Ordering::Relaxed);
    RecordId::from_parts(1_700_000_000_000 + n, &[7; 10])
}

pub(crate) fn collection(definition: Json) -> Arc<Collection> {
    let definition: Definition = serde_json::from_value(definition).unwrap();
    Arc::new(parse::parse(&definition).unwrap())
}

fn value(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => number.as_i64().map_or_else(|| Value::Float(number.as_f64().unwrap()), Value::Int),
        Json::String(text) => match text.strip_prefix("at:") {
            Some(at) => Value::Instant(at.parse().unwrap()),
            None => Value::text(text),
        },
        Json::Array(items) => Value::List(items.iter().map(value).collect()),
        Json::Object(_) => Value::Json(Arc::new(json.clone())),
    }
}

fn relation(collection: &str, on_delete: &str) -> Json {
    json!({"type": "string", "x-relation": {"collection": collection, "onDelete": on_delete}})
}

fn definitions() -> [Json; 5] {
    let tags = json!({"type": "array", "items": {"type": "string", "x-relation": {"collection": "tags", "onDelete": "setNull"}}});
    let of = |name: &str, properties: Json, indexes: Json| json!({"name": name, "schema": {"type": "object", "properties": properties}, "indexes": indexes});
    [
        of("authors", json!({"name": {"type": "string"}, "email": {"type": "string", "x-unique": true}}), json!([])),
        of("tags", json!({"word": {"type": "string"}}), json!([])),
        of(
            "posts",
            json!({
                "title": {"type": "string"},
                "slug": {"type": "string"},
                "lang": {"enum": ["en", "de"]},
                "views": {"type": "integer"},
                "score": {"type": "number"},
                "live": {"type": "boolean"},
                "dueAt": {"type": "string", "format": "date-time"},
                "meta": {"type": "object"},
                "words": {"type": "array", "items": {"type": "string"}},
                "author": relation("authors", "cascade"),
                "reviewer": relation("authors", "setNull"),
                "tags": tags
            }),
            json!([{"fields": ["slug", "lang"], "unique": true}]),
        ),
        of(
            "comments",
            json!({"text": {"type": "string"}, "post": relation("posts", "cascade"), "by": relation("authors", "restrict")}),
            json!([]),
        ),
        of("notes", json!({"text": {"type": "string"}, "next": relation("notes", "cascade")}), json!([])),
    ]
}
