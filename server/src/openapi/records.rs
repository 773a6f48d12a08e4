//! One collection's part of the document.

use plinth_model::schema::Field;
use plinth_model::schema::excerpt::Excerpt;
use plinth_model::{Collection, FieldSight};
use serde_json::{Map, Value as Json, json};

use super::{Operation, answer, body, components, empty, parameter, put, schema};
use crate::policy::Grant;
use crate::policy::decision::Requirement;

/// What the reader may do with the collection.
pub(super) struct Rights {
    pub(super) read: Option<Grant>,
    pub(super) create: Option<Grant>,
    pub(super) update: Option<Grant>,
    pub(super) delete: Option<Grant>,
}

impl Rights {
    /// Whether the reader may know that there is such a collection.
    pub(super) fn any(&self) -> bool {
        [&self.read, &self.create, &self.update, &self.delete].into_iter().any(Option::is_some)
    }
}

/// Adds a collection's paths and schemas. `names` says which collections the reader may know of.
pub(super) fn describe(
    collection: &Collection,
    rights: &Rights,
    names: &dyn Fn(&str) -> bool,
    paths: &mut Map<String, Json>,
    schemas: &mut Map<String, Json>,
) {
    let name = collection.name.as_str();
    let (many, one) = (format!("/records/{name}"), format!("/records/{name}/{{id}}"));
    if let Some(grant) = &rights.read {
        schemas.insert(name.to_owned(), record_schema(collection, grant, names));
        read_paths(name, &many, &one, paths);
    }
    // Accounts are made and deleted by their own routes.
    if let Some(grant) = rights.create.as_ref().filter(|_| !collection.is_users()) {
        let input = Input::Create.of(name);
        schemas.insert(input.clone(), input_schema(collection, grant, names, Input::Create));
        let operation = Operation {
            id: &format!("create_{name}"),
            tag: name,
            summary: "Create one record, or an array of them: all or none.",
            parameters: Vec::new(),
            body: Some(body(
                json!({ "oneOf": [schema(&input), { "type": "array", "maxItems": 500, "items": schema(&input) }] }),
            )),
            answers: vec![(
                201,
                answer(
                    "The record, or the records under items, as their writer sees them.",
                    written_one_or_many(name, rights),
                ),
            )],
        };
        put(paths, &many, "post", &operation);
    }
    if let Some(grant) = &rights.update {
        let input = Input::Update.of(name);
        schemas.insert(input.clone(), input_schema(collection, grant, names, Input::Update));
        let operation = Operation {
            id: &format!("update_{name}"),
            tag: name,
            summary: "Change a record: a JSON merge patch, with $inc, $add and $remove.",
            parameters: vec![parameter("id"), parameter("ifMatch")],
            body: Some(body(schema(&input))),
            answers: vec![(200, answer("The record as its writer sees it.", written(name, rights)))],
        };
        put(paths, &one, "patch", &operation);
    }
    let whole = rights.create.as_ref().filter(|_| !collection.is_users()).map(|_| Input::Create);
    if let Some(input) = whole.or(rights.update.as_ref().map(|_| Input::Update)) {
        let input = input.of(name);
        let operation = Operation {
            id: &format!("replace_{name}"),
            tag: name,
            summary: "Create a record under this id, or write it anew.",
            parameters: vec![parameter("id"), parameter("ifMatch"), parameter("createOnly")],
            body: Some(body(schema(&input))),
            answers: vec![
                (200, answer("Written anew; what its writer does not see stays.", written(name, rights))),
                (201, answer("The record was created.", written(name, rights))),
            ],
        };
        put(paths, &one, "put", &operation);
    }
    if rights.delete.is_some() && !collection.is_users() {
        let operation = Operation {
            id: &format!("delete_{name}"),
            tag: name,
            summary: "Delete a record.",
            parameters: vec![parameter("id"), parameter("ifMatch")],
            body: None,
            answers: vec![(204, empty("It is gone."))],
        };
        put(paths, &one, "delete", &operation);
    }
}

fn read_paths(name: &str, many: &str, one: &str, paths: &mut Map<String, Json>) {
    let page =
        json!({ "allOf": [schema("Page"), { "properties": { "items": { "type": "array", "items": schema(name) } } }] });
    let list = Operation {
        id: &format!("list_{name}"),
        tag: name,
        summary: "A page of records.",
        parameters: ["filter", "params", "sort", "limit", "cursor", "page", "fields", "expand", "count"]
            .map(parameter)
            .into(),
        body: None,
        answers: vec![(200, answer("A page.", page.clone()))],
    };
    put(paths, many, "get", &list);
    let query = Operation {
        id: &format!("query_{name}"),
        tag: name,
        summary: "A page of records; the parameters are in the body, however long they are.",
        parameters: Vec::new(),
        body: Some(body(schema("Query"))),
        answers: vec![(200, answer("A page.", page))],
    };
    put(paths, &format!("{many}/query"), "post", &query);
    let get = Operation {
        id: &format!("get_{name}"),
        tag: name,
        summary: "One record.",
        parameters: vec![parameter("id"), parameter("fields"), parameter("expand"), parameter("ifNoneMatch")],
        body: None,
        answers: vec![(200, answer("The record.", schema(name))), (304, empty("It is as If-None-Match says."))],
    };
    put(paths, one, "get", &get);
}

/// What a writer receives: the record if they may read it, else its id.
fn written(name: &str, rights: &Rights) -> Json {
    match rights.read {
        Some(_) => json!({ "anyOf": [schema(name), schema("WrittenId")] }),
        None => schema("WrittenId"),
    }
}

fn written_one_or_many(name: &str, rights: &Rights) -> Json {
    let one = written(name, rights);
    let many = json!({ "type": "object", "required": ["items"], "properties": { "items": { "type": "array", "items": one } } });
    json!({ "anyOf": [one, many] })
}

fn record_schema(collection: &Collection, grant: &Grant, names: &dyn Fn(&str) -> bool) -> Json {
    let mut excerpt = excerpt(collection, &collection.name, names);
    let mut properties = Map::new();
    for field in collection.all_fields() {
        let Some(sight) = grant.sight().fields.get(&field.name) else { continue };
        let always = matches!(sight, FieldSight::Always) && !field.can_be_null();
        let own = property(&mut excerpt, field);
        properties.insert(field.name.clone(), if always { own } else { or_null(own) });
    }
    properties.insert("expand".into(), json!({ "type": "object" }));
    let object = json!({ "type": "object", "properties": properties, "additionalProperties": false });
    with_definitions(excerpt, object)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Input {
    Create,
    Update,
}

impl Input {
    /// The name of the component.
    fn of(self, collection: &str) -> String {
        match self {
            Self::Create => format!("{collection}Create"),
            Self::Update => format!("{collection}Update"),
        }
    }
}

fn input_schema(collection: &Collection, grant: &Grant, names: &dyn Fn(&str) -> bool, input: Input) -> Json {
    let mut excerpt = excerpt(collection, &input.of(&collection.name), names);
    let mut properties = Map::new();
    let writable = |field: &&Field| {
        !field.read_only && !matches!(grant.requirement([field.name.as_str()]), Requirement::Impossible)
    };
    for field in collection.fields.iter().filter(writable) {
        let own = property(&mut excerpt, field);
        let optional = field.can_be_null() || input == Input::Update;
        let operators = input == Input::Update;
        let mut choices = vec![own];
        if optional {
            choices.push(json!({ "type": "null" }));
        }
        if operators {
            choices.push(json!({ "type": "object", "description": "$inc, $add or $remove" }));
        }
        let schema = if choices.len() == 1 { choices.remove(0) } else { json!({ "anyOf": choices }) };
        properties.insert(field.name.clone(), schema);
    }
    let mut object = json!({ "type": "object", "properties": properties, "additionalProperties": false });
    if input == Input::Create {
        object["properties"]["id"] = json!({ "anyOf": [components::id(), { "type": "null" }], "description": "A UUIDv7 of the client's choice." });
        let required = collection.fields.iter().filter(writable);
        let required = required.filter(|field| field.required && field.default.is_none());
        let required: Vec<&str> = required.map(|field| field.name.as_str()).collect();
        object["required"] = json!(required);
    }
    with_definitions(excerpt, object)
}

fn excerpt<'a>(collection: &'a Collection, component: &str, names: &'a dyn Fn(&str) -> bool) -> Excerpt<'a> {
    Excerpt::new(&collection.schema, format!("#/components/schemas/{component}"), names)
}

/// A field's schema as its definition has it.
fn property(excerpt: &mut Excerpt<'_>, field: &Field) -> Json {
    match excerpt.property(&field.name) {
        Some(own) => own,
        None if field.name == "id" => components::id(),
        None => json!({ "type": "string", "format": "date-time" }),
    }
}

fn or_null(own: Json) -> Json {
    json!({ "anyOf": [own, { "type": "null" }] })
}

fn with_definitions(excerpt: Excerpt<'_>, mut object: Json) -> Json {
    let definitions = excerpt.definitions();
    if !definitions.is_empty() {
        object["$defs"] = Json::Object(definitions);
    }
    object
}
