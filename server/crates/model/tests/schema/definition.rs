//! What a definition means, and what is refused.

use std::time::{Duration, Instant};

use plinth_model::schema::{Catalog, Definition, FieldKind, OnDelete, Scalar, parse::check_among};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use crate::fixture::{collection, define, object, posts, refusals, refused, shown};

/// The kind of a property, whether it can be null by its own schema.
fn kind(property: &Json) -> (FieldKind, bool) {
    let field = posts(&json!({ "field": property }), &[]).fields.remove(0);
    (field.kind, field.nullable)
}

fn scalar(scalar: Scalar) -> FieldKind {
    FieldKind::Scalar(scalar)
}

fn choice(words: &[&str]) -> FieldKind {
    scalar(Scalar::Choice(words.iter().map(|word| (*word).to_owned()).collect()))
}

#[test]
fn every_kind_has_its_schema() {
    assert_eq!(kind(&json!({"type": "string"})), (scalar(Scalar::Text), false));
    assert_eq!(kind(&json!({"type": "integer"})), (scalar(Scalar::Integer), false));
    assert_eq!(kind(&json!({"type": "number"})), (scalar(Scalar::Number), false));
    assert_eq!(kind(&json!({"type": "boolean"})), (scalar(Scalar::Boolean), false));
    assert_eq!(kind(&json!({"type": "string", "format": "date-time"})), (scalar(Scalar::Instant), false));
    assert_eq!(kind(&json!({"type": "string", "format": "email"})), (scalar(Scalar::Text), false));
    assert_eq!(kind(&json!({"enum": ["draft", "live"]})), (choice(&["draft", "live"]), false));
    assert_eq!(kind(&json!({"type": "object"})), (FieldKind::Json, false));
    assert_eq!(kind(&json!({})), (FieldKind::Json, true));
    assert_eq!(kind(&json!({"type": "array"})), (FieldKind::Json, false));
    assert_eq!(
        kind(&json!({"type": "array", "items": {"type": "integer"}})),
        (FieldKind::List(Scalar::Integer), false)
    );
    assert_eq!(kind(&json!({"type": "array", "items": {"type": "object"}})), (FieldKind::Json, false));
    assert_eq!(kind(&json!({"type": "array", "items": {"type": ["integer", "null"]}})), (FieldKind::Json, false));
    let users = "users".to_owned();
    assert_eq!(
        kind(&json!({"type": "string", "x-relation": {"collection": "users", "onDelete": "cascade"}})),
        (FieldKind::Relation { collection: users.clone(), on_delete: OnDelete::Cascade }, false)
    );
    assert_eq!(
        kind(&json!({"type": "array", "items": {"type": "string", "x-relation": {"collection": "users"}}})),
        (FieldKind::Relations { collection: users, on_delete: OnDelete::Restrict }, false)
    );
}

#[test]
fn null_among_the_types_makes_a_field_nullable() {
    assert_eq!(kind(&json!({"type": ["string", "null"]})), (scalar(Scalar::Text), true));
    assert_eq!(kind(&json!({"enum": ["a", "b", null]})), (choice(&["a", "b"]), true));
    assert_eq!(kind(&json!({"anyOf": [{"type": "integer"}, {"type": "null"}]})), (scalar(Scalar::Integer), true));
}

#[test]
fn a_scalar_kind_is_kept_where_all_forms_agree() {
    assert_eq!(kind(&json!({"enum": [1, 2.0]})), (scalar(Scalar::Integer), false));
    assert_eq!(kind(&json!({"enum": [1, 2.5]})), (scalar(Scalar::Number), false));
    assert_eq!(kind(&json!({"enum": ["a", 1]})), (FieldKind::Json, false));
    assert_eq!(kind(&json!({"const": true})), (scalar(Scalar::Boolean), false));
    assert_eq!(kind(&json!({"type": ["integer", "number"]})), (scalar(Scalar::Number), false));
    assert_eq!(kind(&json!({"type": ["string", "integer"]})), (FieldKind::Json, false));
    assert_eq!(kind(&json!({"oneOf": [{"const": "a", "title": "A"}, {"const": "b"}]})), (choice(&["a", "b"]), false));
    assert_eq!(kind(&json!({"anyOf": [{"type": "string"}, {"type": "integer"}]})), (FieldKind::Json, false));
    assert_eq!(
        kind(&json!({"type": "string", "if": {"minLength": 3}, "then": {"pattern": "a"}})),
        (scalar(Scalar::Text), false)
    );
    assert_eq!(
        kind(&json!({"if": {"type": "string"}, "then": {"minLength": 1}, "else": {"type": "integer"}})),
        (FieldKind::Json, true)
    );
    assert_eq!(
        kind(&json!({"allOf": [{"type": "number"}, {"type": "integer", "minimum": 0}]})),
        (scalar(Scalar::Integer), false)
    );
}

#[test]
fn references_inside_the_document_are_followed() {
    let schema = json!({
        "properties": {
            "home": {"$ref": "#/$defs/address"},
            "code": {"$ref": "#/$defs/code", "x-unique": true},
            "due": {"allOf": [{"$ref": "#/$defs/when"}]},
            "who": {"$ref": "#/$defs/who"},
            "odd": {"$ref": "#/$defs/a%20~1b"},
        },
        "$defs": {
            "address": {"type": "object", "properties": {"code": {"$ref": "#/$defs/code"}}},
            "code": {"type": "string", "default": "none", "readOnly": true},
            "when": {"type": "string", "format": "date-time"},
            "who": {"type": "string", "x-relation": {"collection": "users"}},
            "a /b": {"type": "boolean"},
        },
    });
    let posts = define("posts", &schema, &json!([])).unwrap();
    let kinds: Vec<_> = posts.fields.iter().map(|field| field.kind.clone()).collect();
    let who = FieldKind::Relation { collection: "users".to_owned(), on_delete: OnDelete::Restrict };
    assert_eq!(kinds, [FieldKind::Json, scalar(Scalar::Text), scalar(Scalar::Instant), who, scalar(Scalar::Boolean)]);
    let code = &posts.fields[1];
    assert_eq!((code.unique, code.read_only, code.default.clone()), (true, true, Some(json!("none"))));
}

#[test]
fn references_that_leave_the_document_or_run_in_circles_are_refused() {
    insta::assert_snapshot!(refused(&json!({"$ref": "https://example.com/a.json"})), @"/schema/properties/field/$ref ref: a $ref can't leave the document, nothing is fetched: copy the schema under $defs and write #/$defs/NAME");
    insta::assert_snapshot!(refused(&json!({"$ref": "file:///etc/passwd"})), @"/schema/properties/field/$ref ref: a $ref can't leave the document, nothing is fetched: copy the schema under $defs and write #/$defs/NAME");
    insta::assert_snapshot!(refused(&json!({"$ref": "#/$defs/gone"})), @"/schema/properties/field/$ref ref: points at no schema of this document");
    insta::assert_snapshot!(refused(&json!({"$ref": "#/properties/field"})), @r#"/schema/properties/field/$ref ref: refers to itself, directly or by way of others: end the circle with {"type": "object"} or {"type": "array"}, which is kept as JSON"#);
    insta::assert_snapshot!(refused(&json!({"$dynamicRef": "#a"})), @r#"/schema/properties/field/$dynamicRef unknown_keyword: "$dynamicRef" has no meaning in this schema: write $ref with #/$defs/NAME"#);
    insta::assert_snapshot!(refused(&json!({"$id": "https://example.com/inner"})), @"/schema/properties/field/$id not_allowed: a schema inside another can't have an $id: remove it");
    let tree = json!({"properties": {"root": {"$ref": "#/$defs/tree"}},
        "$defs": {"tree": {"type": "object", "properties": {"left": {"$ref": "#/$defs/tree"}}}}});
    insta::assert_snapshot!(refusals(&tree), @r#"/schema/$defs/tree/properties/left/$ref ref: refers to itself, directly or by way of others: end the circle with {"type": "object"} or {"type": "array"}, which is kept as JSON"#);
}

#[test]
fn names_are_refused_with_their_reason() {
    let named = |name: &str| refusals(&json!({ "properties": { name: {"type": "string"} } }));
    insta::assert_snapshot!(named("id"), @r#"/schema/properties/id name: "id" is reserved: choose another name"#);
    insta::assert_snapshot!(named("select"), @r#"/schema/properties/select name: "select" is reserved: choose another name"#);
    insta::assert_snapshot!(named("a\"; drop table posts; --"), @r#"/schema/properties/a"; drop table posts; -- name: "a\"; drop table posts; --" is no name: start with a small letter, go on with letters, digits and _, at most 63 in all"#);
    insta::assert_snapshot!(named(&"x".repeat(200)), @r#"/schema/properties/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx name: "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…" is no name: start with a small letter, go on with letters, digits and _, at most 63 in all"#);
    insta::assert_snapshot!(named("in"), @r#"/schema/properties/in name: "in" is reserved: choose another name"#);
    insta::assert_snapshot!(refusals(&json!({"properties": {"dueAt": {}, "dueat": {}}})), @r#"/schema/properties/dueat name: differs from "dueAt" in case only: choose another name"#);
    let collection =
        |name: &str| define(name, &json!({}), &json!([])).map_or_else(|text| text, |_| "accepted".to_owned());
    insta::assert_snapshot!(collection("sqlite_master"), @r#"/name name: "sqlite_master" is reserved: choose another name"#);
    insta::assert_snapshot!(collection("_changes"), @r#"/name name: "_changes" is no name: start with a small letter, go on with letters, digits and _, at most 63 in all"#);
    insta::assert_snapshot!(define("users", &json!({"properties": {"roles": {}}}), &json!([])).unwrap_err(), @r#"/schema/properties/roles name: "roles" has a meaning of its own for accounts: choose another name"#);
}

#[test]
fn a_schema_that_is_not_2020_12_is_refused() {
    insta::assert_snapshot!(refusals(&json!({"$schema": "http://json-schema.org/draft-07/schema#"})), @r#"/schema/$schema not_allowed: must be "https://json-schema.org/draft/2020-12/schema", or be left out"#);
    insta::assert_snapshot!(refusals(&json!([])), @"/schema type: expected a JSON Schema object, found an array");
    insta::assert_snapshot!(refused(&json!({"type": "strin"})), @r#"/schema/properties/field/type enum: "strin" is no type (did you mean "string"?): the types are string, integer, number, boolean, object, array, null"#);
    insta::assert_snapshot!(refused(&json!({"type": "string", "maxLength": -1, "pattern": 5})), @r"
    /schema/properties/field/maxLength minimum: too small: the least is 0
    /schema/properties/field/pattern type: expected text, found a number
    ");
    insta::assert_snapshot!(refused(&json!({"type": "string", "nullable": true})), @r#"/schema/properties/field/nullable unknown_keyword: "nullable" has no meaning in this schema: write "type": ["string", "null"], or leave the field out of required"#);
    insta::assert_snapshot!(refused(&json!({"type": "string", "maxlength": 5})), @r#"/schema/properties/field/maxlength unknown_keyword: "maxlength" has no meaning in this schema: did you mean "maxLength"?"#);
    insta::assert_snapshot!(refused(&json!({"type": "string", "format": "emial"})), @r#"/schema/properties/field/format format: "emial" is no known format (did you mean "email"?): the formats are date, date-time, duration, email, hostname, idn-email, idn-hostname, ipv4, ipv6, iri, iri-reference, json-pointer, regex, relative-json-pointer, time, uri, uri-reference, uri-template, uuid"#);
    insta::assert_snapshot!(refused(&json!({"type": "string", "enum": []})), @"/schema/properties/field/enum enum: allows no value: name at least one");
}

#[test]
fn the_record_itself_is_a_closed_object() {
    insta::assert_snapshot!(refusals(&json!({"type": "array"})), @r#"/schema/type not_allowed: a record is an object: write "type": "object""#);
    insta::assert_snapshot!(refusals(&json!({"additionalProperties": true})), @r#"/schema/additionalProperties not_allowed: a record has its fields and nothing else: leave it out or write false; a field of {"type": "object"} holds any members"#);
    insta::assert_snapshot!(refusals(&json!({"patternProperties": {"^a": {}}})), @"/schema/patternProperties not_allowed: each field needs a name of its own under properties");
    insta::assert_snapshot!(refusals(&json!({"$ref": "#/$defs/a", "$defs": {"a": {}}})), @"/schema/$ref not_allowed: the fields must stand under the schema's own properties: a $ref can stand inside them");
    insta::assert_snapshot!(refusals(&json!({"properties": {"title": {}}, "required": ["titel"]})), @r#"/schema/required/0 not_allowed: "titel" is no field of properties (did you mean "title"?)"#);
    assert_eq!(refusals(&json!({"additionalProperties": false, "minProperties": 1})), "accepted");
}

#[test]
fn own_keywords_are_checked_and_foreign_ones_kept() {
    insta::assert_snapshot!(refused(&json!({"type": "string", "x-unique": "yes"})), @"/schema/properties/field/x-unique type: expected true or false, found text");
    insta::assert_snapshot!(refused(&json!({"type": "object", "x-unique": true})), @"/schema/properties/field/x-unique contradiction: only a field of one scalar or one relation can be unique");
    insta::assert_snapshot!(refused(&json!({"type": "object", "properties": {"a": {"x-unique": true}}})), @"/schema/properties/field/properties/a/x-unique misplaced: x-unique belongs to a field, directly under the schema's properties");
    insta::assert_snapshot!(refused(&json!({"type": "string", "x-relation": "users"})), @r#"/schema/properties/field/x-relation type: expected {"collection": "NAME", "onDelete": "restrict"}, found text"#);
    insta::assert_snapshot!(refused(&json!({"type": "string", "x-relation": {"colection": "users", "onDelete": "cascad"}})), @r#"
    /schema/properties/field/x-relation/colection unknown_keyword: x-relation has collection and onDelete only (did you mean "collection"?)
    /schema/properties/field/x-relation/onDelete enum: must be one of restrict, cascade, setNull (did you mean "cascade"?)
    /schema/properties/field/x-relation/collection required: name the collection that it points at
    "#);
    insta::assert_snapshot!(refused(&json!({"type": "integer", "x-relation": {"collection": "users"}})), @r#"/schema/properties/field/x-relation contradiction: a relation holds the id of a record: write "type": "string" beside x-relation"#);
    insta::assert_snapshot!(refused(&json!({"type": "string", "x-file": {}})), @"/schema/properties/field/x-file not_allowed: files are not supported yet: leave x-file out");
    insta::assert_snapshot!(refused(&json!({"type": "string", "x-renamed-from": "field"})), @"/schema/properties/field/x-renamed-from contradiction: names the field itself: name the old field, or remove it");
    insta::assert_snapshot!(refusals(&json!({"properties": {"a": {"x-renamed-from": "b"}, "b": {}}})), @r#"/schema/properties/a/x-renamed-from contradiction: there is a field "b", so nothing was renamed: remove one of the two"#);
    let set_null = json!({"type": "string", "x-relation": {"collection": "users", "onDelete": "setNull"}});
    insta::assert_snapshot!(refusals(&json!({"properties": {"author": set_null}, "required": ["author"]})), @"/schema/properties/author/x-relation contradiction: onDelete can't be setNull for a required relation: choose restrict or cascade, or do not require it");
    let cascade = json!({"type": "string", "x-relation": {"collection": "teams", "onDelete": "cascade"}});
    let users = define("users", &json!({"properties": {"team": cascade}}), &json!([])).unwrap_err();
    insta::assert_snapshot!(users, @"/schema/properties/team/x-relation contradiction: onDelete can't be cascade in users: an account ends by its own route only. Choose restrict or setNull");
    let kept = posts(&json!({"a": {"type": "string", "x-widget": "colour", "markdownDescription": "**a**"}}), &[]);
    assert_eq!(kept.schema["properties"]["a"]["x-widget"], "colour");
}

#[test]
fn a_default_satisfies_its_own_schema() {
    insta::assert_snapshot!(refused(&json!({"type": "string", "maxLength": 2, "default": "long"})), @"/schema/properties/field/default max_length: the default does not fit: too long: 4 of at most 2 characters");
    insta::assert_snapshot!(refused(&json!({"type": "integer", "default": "5"})), @"/schema/properties/field/default type: the default does not fit: expected an integer, found text");
    insta::assert_snapshot!(refused(&json!({"type": "integer", "default": 9.3e18})), @"/schema/properties/field/default out_of_range: the default does not fit: an integer lies between -9223372036854775808 and 9223372036854775807");
    insta::assert_snapshot!(refused(&json!({"type": "array", "items": {"type": "integer"}, "default": [1, "2"]})), @"/schema/properties/field/default/1 type: the default does not fit: expected an integer, found text");
    insta::assert_snapshot!(refused(&json!({"type": "string", "x-relation": {"collection": "users"}, "default": "ada"})), @"/schema/properties/field/default id: the default does not fit: must be the id of a record; this is not a UUIDv7 in canonical lower-case text, such as 01890a5d-ac96-774b-bcce-b302099a8057");
    assert_eq!(refused(&json!({"type": "string", "default": null})), "accepted");
}

#[test]
fn contradictions_are_named() {
    insta::assert_snapshot!(refused(&json!({"type": "string", "readOnly": true, "writeOnly": true})), @"/schema/properties/field/writeOnly contradiction: can't be readOnly as well: remove one of the two");
    insta::assert_snapshot!(refused(&json!({"type": "string", "format": "date-time", "maxLength": 20})), @"/schema/properties/field/maxLength contradiction: a date-time is kept as a point in time, not as it was spelled: remove this rule, or the format");
    insta::assert_snapshot!(refused(&json!({"allOf": [{"type": "string"}, {"type": "integer"}]})), @"/schema/properties/field type: no value but null could ever stand here: widen type, enum or allOf");
    insta::assert_snapshot!(refused(&json!(false)), @"/schema/properties/field type: no value but null could ever stand here: widen type, enum or allOf");
}

#[test]
fn indexes_and_search_are_checked() {
    let indexed = |indexes: Json| {
        let schema = json!({"properties": {"status": {"type": "string"}, "meta": {"type": "object"}}});
        define("posts", &schema, &indexes).map_or_else(|text| text, |posts| format!("{:?}", posts.indexes))
    };
    insta::assert_snapshot!(indexed(json!([{"fields": ["status", "-createdAt"], "unique": true}])), @r#"[Index { fields: [IndexField { name: "status", descending: false }, IndexField { name: "createdAt", descending: true }], unique: true }]"#);
    insta::assert_snapshot!(indexed(json!([{"fields": ["stauts"]}, {"fields": ["meta"]}, {"fields": []}])), @r#"
    /indexes/0/fields/0 unknown_field: there is no field "stauts" (did you mean "status"?)
    /indexes/1/fields/0 not_allowed: "meta" holds JSON or a list, which an index can't order: leave it out
    /indexes/2/fields too_large: an index has 1 to 8 fields, this one 0
    "#);
    insta::assert_snapshot!(indexed(json!([{"fields": ["status", "-status"]}])), @r#"/indexes/0/fields/1 duplicate: "status" stands twice in one index: remove one of the two"#);
    insta::assert_snapshot!(indexed(json!([{"fields": ["status"]}, {"fields": ["status"]}])), @"/indexes/1 duplicate: the same index stands here twice: remove one of the two");
    insta::assert_snapshot!(indexed(json!([{"field": ["status"]}])), @r#"/indexes/0 type: expected {"fields": ["name", "-other"], "unique": false}"#);
    insta::assert_snapshot!(indexed(json!("status")), @r#"/indexes type: expected an array of {"fields": ["name", "-other"], "unique": false}, found text"#);
    let search = Definition {
        name: "posts".to_owned(),
        schema: json!({}),
        indexes: Vec::new(),
        search: vec!["title".to_owned()],
    };
    insta::assert_snapshot!(shown(&plinth_model::schema::parse::parse(&search).unwrap_err()), @"/search not_supported: full-text search is not supported yet: leave search empty");
}

#[test]
fn a_body_holds_a_definition_and_nothing_else() {
    let read =
        |body: Json| Definition::read(object(body)).map_or_else(|violations| shown(&violations), |_| "read".to_owned());
    insta::assert_snapshot!(read(json!({})), @"/name required: give the collection a name");
    insta::assert_snapshot!(read(json!({"name": 5, "schema": {}, "indices": []})), @r#"
    /indices unknown_field: a collection has no member "indices" (did you mean "indexes"?): remove it
    /name type: expected text, found a number
    "#);
    insta::assert_snapshot!(read(json!({"name": "posts", "kind": "view", "schema": {}})), @r#"/kind not_supported: views are not supported yet: write "base", or leave kind out"#);
    assert_eq!(read(json!({"name": "posts", "kind": "base", "schema": {}, "indexes": [], "search": []})), "read");
}

#[test]
fn among_others_a_name_is_its_own_and_relations_have_targets() {
    let others = Catalog::new([collection("users", &json!({}), &[]).into()]);
    let mut posts = posts(&json!({"author": {"type": "string", "x-relation": {"collection": "user"}}}), &[]);
    insta::assert_snapshot!(shown(&check_among(&posts, &others)), @r#"/schema/properties/author relation: points at "user", which is no collection (did you mean "users"?): create it first"#);
    posts.name = "uSers".to_owned();
    insta::assert_snapshot!(shown(&check_among(&posts, &others)), @r#"
    /name name: differs from the collection "users" in case only: choose another name
    /schema/properties/author relation: points at "user", which is no collection (did you mean "users"?): create it first
    "#);
}

#[test]
fn a_rename_carries_relations_along() {
    let relation = json!({"type": "string", "x-relation": {"collection": "users"}});
    let schema = json!({"properties": {"default": relation, "tags": {"type": "array", "items": relation}}, "default": {"x-relation": {"collection": "users"}}});
    let mut definition = Definition { name: "posts".to_owned(), schema, indexes: Vec::new(), search: Vec::new() };
    let before = definition.hash();
    assert!(definition.retarget("users", "people"));
    assert_eq!(definition.schema["properties"]["default"]["x-relation"]["collection"], "people");
    assert_eq!(definition.schema["properties"]["tags"]["items"]["x-relation"]["collection"], "people");
    assert_eq!(definition.schema["default"]["x-relation"]["collection"], "users", "a default is data");
    assert_ne!(definition.hash(), before);
    assert!(!definition.retarget("users", "people"));
}

/// Refused at save, or checked within 50 ms; the time is generous since tests run unoptimised.
#[test]
fn hostile_schemas_are_refused_in_time() {
    let start = Instant::now();
    let many: Vec<String> = (0..100_000).map(|number| number.to_string()).collect();
    insta::assert_snapshot!(refused(&json!({"enum": many})), @"/schema too_large: 788941 bytes: at most 262144 are allowed");
    insta::assert_snapshot!(refused(&json!({"enum": many[..1001]})), @"/schema/properties/field/enum enum: 1001 values: at most 1000 are allowed; a collection with a relation holds more");
    insta::assert_snapshot!(refused(&json!({"type": "string", "pattern": "(?=a)b"})), @"/schema/properties/field/pattern pattern: not a regular expression that runs in linear time: check its brackets, make its repetitions smaller, and do without look-around and back-references");
    insta::assert_snapshot!(refused(&json!({"type": "string", "pattern": "((a{1000}){1000}){1000}"})), @"/schema/properties/field/pattern pattern: not a regular expression that runs in linear time: check its brackets, make its repetitions smaller, and do without look-around and back-references");
    insta::assert_snapshot!(refused(&json!({"type": "string", "pattern": "a".repeat(1001)})), @"/schema/properties/field/pattern pattern: a pattern of more than 1000 characters: shorten it");
    let mut deep = json!({"type": "string"});
    for _ in 0..100 {
        deep = json!({ "allOf": [deep] });
    }
    insta::assert_snapshot!(refused(&deep), @"/schema too_large: nested deeper than 48 levels: flatten it, or use $defs");
    insta::assert_snapshot!(refusals(&doubling(20)), @"/schema too_large: one record would have to be checked against 4194303 schemas, $refs followed and those for items counted 10 times: at most 20000 are allowed");
    insta::assert_snapshot!(refusals(&chain(3000)), @"/schema/$defs/d62 too_large: 64 schemas lead to this one: shorten the chain of $refs");
    let unknown: Vec<String> = (0..10_000).map(|number| format!("f{number}")).collect();
    assert_eq!(refusals(&json!({"properties": {"field": {}}, "required": unknown})).lines().count(), 100);
    let references: serde_json::Map<String, Json> =
        (0..2000).map(|number| (format!("d{number}"), json!({"$ref": format!("#/$defs/e{number}")}))).collect();
    assert_eq!(refusals(&json!({ "$defs": references })).lines().count(), 100);
    let costly: Vec<Json> = (0..2100).map(|number| json!({ "maxLength": number })).collect();
    insta::assert_snapshot!(refused(&json!({"type": "array", "items": {"type": "string", "anyOf": costly}})), @"/schema too_large: one record would have to be checked against 21012 schemas, $refs followed and those for items counted 10 times: at most 20000 are allowed");
    let fields: serde_json::Map<String, Json> = (0..201).map(|number| (format!("f{number}"), json!({}))).collect();
    insta::assert_snapshot!(refusals(&json!({ "properties": fields })), @"/schema/properties not_allowed: 201 fields: at most 200 are allowed");
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
}

/// Each definition applies the next one twice.
fn doubling(levels: usize) -> Json {
    let apply = |level: usize| json!({"$ref": format!("#/$defs/d{level}")});
    let defs: serde_json::Map<String, Json> = (0..levels)
        .map(|level| (format!("d{level}"), json!({"allOf": [apply(level + 1), apply(level + 1)]})))
        .collect();
    let mut schema = json!({"properties": {"field": apply(0)}, "$defs": defs});
    schema["$defs"][format!("d{levels}")] = json!({"type": "string"});
    schema
}

fn chain(links: usize) -> Json {
    let defs: serde_json::Map<String, Json> = (0..=links)
        .map(|link| {
            (
                format!("d{link}"),
                if link == links { json!({}) } else { json!({"$ref": format!("#/$defs/d{}", link + 1)}) },
            )
        })
        .collect();
    json!({"properties": {"field": {"$ref": "#/$defs/d0"}}, "$defs": defs})
}

#[test]
fn a_pattern_that_backtracks_elsewhere_runs_in_linear_time() {
    let posts = posts(&json!({"field": {"type": "string", "pattern": "^(a+)+$"}}), &[]);
    let start = Instant::now();
    let text = "a".repeat(100_000) + "!";
    assert!(posts.create(plinth_model::schema::check::Hand::Client, object(json!({ "field": text }))).is_err());
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}

/// JSON of the words that schemas are made of.
fn any_schema() -> impl Strategy<Value = Json> {
    let words = [
        "type",
        "properties",
        "items",
        "enum",
        "const",
        "$ref",
        "allOf",
        "anyOf",
        "oneOf",
        "not",
        "if",
        "then",
        "else",
        "required",
        "format",
        "pattern",
        "default",
        "x-unique",
        "x-relation",
        "x-renamed-from",
        "collection",
        "onDelete",
        "maxLength",
        "minimum",
        "$defs",
        "a",
        "b",
        "prefixItems",
        "additionalProperties",
        "readOnly",
        "patternProperties",
        "$id",
        "$schema",
        "uniqueItems",
    ];
    let texts = [
        "string",
        "integer",
        "number",
        "null",
        "object",
        "array",
        "boolean",
        "#",
        "#/$defs/a",
        "#/properties/a",
        "date-time",
        "a",
        "(",
        "users",
    ];
    let leaf = prop_oneof![
        any::<bool>().prop_map(Json::from),
        (-3i64..9).prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        prop::sample::select(texts.to_vec()).prop_map(Json::from),
        Just(Json::Null),
    ];
    leaf.prop_recursive(5, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            prop::collection::vec((prop::sample::select(words.to_vec()), inner), 0..6).prop_map(|members| members
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect::<Json>()),
        ]
    })
}

proptest! {
    #[test]
    fn any_schema_is_parsed_or_refused(schema in any_schema(), property in any_schema()) {
        let _ = refusals(&schema);
        let _ = refused(&property);
        let _ = refusals(&json!({"properties": {"a": property, "b": schema}, "required": ["a"]}));
    }

    #[test]
    fn any_name_is_accepted_or_refused(name in any::<String>()) {
        let _ = refusals(&json!({ "properties": { name.as_str(): {"type": "string"} } }));
        let _ = define(&name, &json!({}), &json!([{ "fields": [&name] }]));
    }
}
