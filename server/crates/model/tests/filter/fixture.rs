//! Two small worlds of collections to filter in.

use std::sync::Arc;

use plinth_model::filter::{Auth, Bindings, Context, Expr, FilterError, compile};
use plinth_model::schema::{Catalog, Definition, image, parse::parse};
use plinth_model::{Collection, Instant, Record, RecordId};
use serde_json::{Map, Value as Json, json};

/// A collection from its name, the names that are required, and its properties.
pub(crate) fn collection(name: &str, required: &[&str], properties: Json) -> Arc<Collection> {
    let schema = json!({"type": "object", "required": required, "properties": properties});
    let definition = Definition { name: name.to_owned(), schema, indexes: Vec::new(), search: Vec::new() };
    Arc::new(parse(&definition).unwrap_or_else(|violations| panic!("{violations:?}")))
}

/// A world of posts, tags, comments and users.
pub(crate) fn blog() -> Catalog {
    let relation = |target: &str| json!({"type": "string", "x-relation": {"collection": target}});
    Catalog::new([
        collection(
            "posts",
            &["title", "status", "likes"],
            json!({
                "title": {"type": "string"},
                "status": {"enum": ["draft", "live"]},
                "likes": {"type": "integer"},
                "price": {"type": "number"},
                "done": {"type": "boolean"},
                "dueAt": {"type": "string", "format": "date-time"},
                "author": relation("users"),
                "tags": {"type": "array", "items": relation("tags")},
                "words": {"type": "array", "items": {"type": "string"}},
                "meta": {"type": "object"},
                "pin": {"type": "string", "writeOnly": true},
            }),
        ),
        collection("tags", &["name"], json!({"name": {"type": "string"}, "owner": relation("users")})),
        collection(
            "comments",
            &["post"],
            json!({"post": relation("posts"), "author": relation("users"), "text": {"type": "string"}}),
        ),
        users(),
    ])
}

/// The accounts.
pub(crate) fn users() -> Arc<Collection> {
    let boss = json!({"type": "string", "x-relation": {"collection": "users"}});
    collection(
        "users",
        &["email", "verified"],
        json!({
            "email": {"type": "string"},
            "verified": {"type": "boolean"},
            "team": {"type": "string"},
            "score": {"type": "integer"},
            "boss": boss,
        }),
    )
}

/// The id with this number.
pub(crate) fn id(number: u8) -> RecordId {
    RecordId::from_parts(1_700_000_000_000, &[number; 10])
}

/// The moment of every question.
pub(crate) fn now() -> Instant {
    "2026-06-01T12:00:00Z".parse().unwrap()
}

/// A record of the given members; the others are null.
pub(crate) fn record(collection: &Collection, number: u8, members: Json) -> Record {
    let mut image = json!({"id": id(number).to_string(), "createdAt": now().to_string(), "updatedAt": now().to_string(), "_rev": 1});
    for (name, value) in members.as_object().unwrap() {
        assert!(collection.field(name).is_some(), "there is no field {name}");
        image[name] = value.clone();
    }
    image::decode(collection, &image.to_string()).unwrap()
}

/// Compiles as an administrator would.
pub(crate) fn trusted(source: &str) -> Result<Expr, FilterError> {
    with_params(source, &params())
}

/// The same with parameters of the test's own.
pub(crate) fn with_params(source: &str, params: &Map<String, Json>) -> Result<Expr, FilterError> {
    let catalog = blog();
    let context = Context {
        catalog: &catalog,
        collection: catalog.get("posts").unwrap(),
        users: catalog.get("users").unwrap(),
        sights: None,
        data: true,
        params: Some(params),
    };
    compile(source, &context)
}

/// Parameters of several kinds.
pub(crate) fn params() -> Map<String, Json> {
    let Json::Object(params) = json!({
        "ids": [id(1).to_string(), id(2).to_string()],
        "text": "a",
        "number": 3,
        "since": "2026-01-01T00:00:00Z",
        "pattern": "^a",
        "nothing": null,
        "doc": {"a": [1, 2]},
    }) else {
        unreachable!()
    };
    params
}

/// Bindings of the account with number 1, of team `red`.
pub(crate) fn bindings() -> Bindings {
    let users = users();
    let me = record(&users, 1, json!({"email": "a@b.c", "verified": true, "team": "red", "score": 7}));
    Bindings::new(Auth::account(&me, &users, ["user".to_owned(), "editor".to_owned()]), now()).with_params(params())
}
