//! Records against their collection: creates, replacements and patches.

use std::time::{Duration, Instant};

use plinth_model::schema::check::{Hand, take_id};
use plinth_model::schema::{Violation, image};
use plinth_model::{Collection, Value};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use crate::fixture::{define, id, instant, object, posts, record, shown};

/// One field of each kind, all optional.
fn all_kinds() -> Collection {
    posts(
        &json!({
            "title": {"type": "string", "minLength": 2, "maxLength": 10},
            "count": {"type": "integer", "minimum": -5},
            "price": {"type": "number", "exclusiveMinimum": 0},
            "live": {"type": "boolean"},
            "dueAt": {"type": "string", "format": "date-time"},
            "status": {"enum": ["draft", "live"], "default": "draft"},
            "meta": {"type": "object", "properties": {"size": {"type": "integer"}}, "required": ["size"], "additionalProperties": false},
            "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 3},
            "author": {"type": "string", "x-relation": {"collection": "users"}},
            "readers": {"type": "array", "items": {"type": "string", "x-relation": {"collection": "users"}}},
        }),
        &[],
    )
}

fn create(collection: &Collection, body: Json) -> String {
    answer(collection, collection.create(Hand::Client, object(body)))
}

/// The values that are set, or the violations.
fn answer(collection: &Collection, result: Result<Vec<Value>, Vec<Violation>>) -> String {
    match result {
        Ok(values) => {
            let set = collection.fields.iter().zip(&values).filter(|(_, value)| !value.is_null());
            set.map(|(field, value)| (field.name.clone(), value.to_json())).collect::<Json>().to_string()
        }
        Err(violations) => shown(&violations),
    }
}

#[test]
fn a_record_of_every_kind_is_taken() {
    let body = json!({
        "title": "Ünïcode", "count": 9_223_372_036_854_775_807_i64, "price": 1, "live": false, "dueAt": "2026-01-31T10:30:00.1239+01:00",
        "meta": {"size": 1}, "tags": ["a", "a"], "author": id(1).to_string(), "readers": [id(2).to_string(), id(1).to_string()],
    });
    let values = all_kinds().create(Hand::Client, object(body)).unwrap();
    assert_eq!(
        values[..6],
        [
            Value::text("Ünïcode"),
            Value::Int(i64::MAX),
            Value::Float(1.0),
            Value::Bool(false),
            Value::Instant(instant("2026-01-31T09:30:00.123Z")),
            Value::text("draft"),
        ]
    );
    assert_eq!(values[6], Value::Json(json!({"size": 1}).into()));
    assert_eq!(values[9], Value::List(vec![Value::text(id(2).to_string()), Value::text(id(1).to_string())]));
}

#[test]
fn every_failing_place_is_named() {
    let posts = all_kinds();
    insta::assert_snapshot!(create(&posts, json!({"title": "x", "count": -6, "price": 0, "live": "yes", "dueAt": "tomorrow", "status": "lvie"})), @r#"
    /title min_length: too short: 1 of at least 2 characters
    /count minimum: too small: the least is -5
    /price exclusive_minimum: too small: must be more than 0
    /live type: expected true or false, found text
    /dueAt format: is not a valid date-time, such as 2026-01-31T09:30:00Z
    /status enum: must be one of "draft", "live" (did you mean "live"?)
    "#);
    insta::assert_snapshot!(create(&posts, json!({"title": 5, "count": 1.5, "meta": {"sise": 1}, "tags": ["a", 2, "c", "d"]})), @r#"
    /title type: expected text, found a number
    /count type: expected an integer, found a number with a fraction
    /meta/sise unknown_field: no such member is allowed here: remove it
    /meta/size required: "size" is required: give it a value
    /tags max_items: too many items: 4 of at most 3
    /tags/1 type: expected text, found a number
    "#);
    insta::assert_snapshot!(create(&posts, json!({"author": "ada", "readers": [id(1).to_string(), id(1).to_string(), "x", 5]})), @r"
    /readers/3 type: expected text, found a number
    /author id: must be the id of a record; this is not a UUIDv7 in canonical lower-case text, such as 01890a5d-ac96-774b-bcce-b302099a8057
    ");
    insta::assert_snapshot!(create(&posts, json!({"titel": "a", "__proto__": {}, "expand": {}, "createdAt": "2026-01-01T00:00:00Z", "id": 5})), @r#"
    /titel unknown_field: posts has no field "titel" (did you mean "title"?): remove it
    /__proto__ unknown_field: posts has no field "__proto__": remove it
    /expand read_only: "expand" is part of an answer only: leave it out, and write the records in it by themselves
    /createdAt read_only: "createdAt" is set by the server: leave it out, or repeat it as it is
    /id read_only: "id" is set by the server: leave it out, or repeat it as it is
    "#);
    insta::assert_snapshot!(create(&posts, json!({"title": "a\u{0}b", "meta": {"size": 1}, "tags": ["\u{0}"]})), @r"
    /title nul_character: text can't hold the character U+0000: remove it
    /tags/0 nul_character: text can't hold the character U+0000: remove it
    ");
}

#[test]
fn integers_are_exact_or_refused() {
    let posts = all_kinds();
    let count =
        |text: &str| create(&posts, serde_json::from_str(&format!(r#"{{"count": {text}, "status": null}}"#)).unwrap());
    insta::assert_snapshot!(count("9223372036854775807"), @r#"{"count":9223372036854775807}"#);
    insta::assert_snapshot!(count("7.0"), @r#"{"count":7}"#);
    insta::assert_snapshot!(count("9223372036854775808"), @"/count out_of_range: an integer lies between -9223372036854775808 and 9223372036854775807");
    insta::assert_snapshot!(count("1e300"), @"/count out_of_range: an integer lies between -9223372036854775808 and 9223372036854775807");
    insta::assert_snapshot!(count("9007199254740993.0"), @"/count out_of_range: write an integer beyond ±2^53 without a fraction and an exponent, or it would be rounded");
    assert_eq!(posts.create(Hand::Client, object(json!({"price": 1.5, "count": -0.0}))).unwrap()[1], Value::Int(0));
}

#[test]
fn a_required_field_needs_a_value_and_null_is_none() {
    let posts = posts(
        &json!({"title": {"type": "string"}, "note": {"type": ["string", "null"]}, "state": {"type": "string", "default": "new"}}),
        &["title", "note", "state"],
    );
    insta::assert_snapshot!(create(&posts, json!({"title": null})), @r#"
    /title required: "title" is required: give it a value
    /note required: "note" is required: give it a value
    "#);
    insta::assert_snapshot!(create(&posts, json!({"title": "a", "note": null})), @r#"{"title":"a","state":"new"}"#);
    insta::assert_snapshot!(create(&posts, json!({"title": "a", "note": "b", "state": null})), @r#"/state required: "state" is required: give it a value"#);
}

#[test]
fn null_unsets_and_a_default_is_for_what_was_not_said() {
    let posts = all_kinds();
    assert_eq!(create(&posts, json!({})), r#"{"status":"draft"}"#);
    assert_eq!(create(&posts, json!({"status": null, "title": null})), "{}");
    let current = record(posts.create(Hand::Client, object(json!({"title": "old", "count": 1}))).unwrap());
    assert_eq!(
        answer(&posts, posts.patch(Hand::Client, &current, object(json!({"title": null, "status": null})))),
        r#"{"count":1}"#
    );
}

#[test]
fn the_server_alone_sets_read_only_fields() {
    let posts = posts(
        &json!({"views": {"type": "integer", "readOnly": true, "default": 0}, "secret": {"type": "string", "writeOnly": true}, "title": {"type": "string"}}),
        &[],
    );
    insta::assert_snapshot!(create(&posts, json!({"views": 5})), @r#"/views read_only: "views" is set by the server: leave it out, or repeat it as it is"#);
    assert_eq!(create(&posts, json!({"views": 0, "title": "a"})), r#"{"views":0,"title":"a"}"#);
    let values = posts.create(Hand::Server, object(json!({"views": 5, "secret": "s", "title": "a"}))).unwrap();
    let current = record(values);
    insta::assert_snapshot!(answer(&posts, posts.patch(Hand::Client, &current, object(json!({"views": {"$inc": 1}})))), @r#"/views read_only: "views" is set by the server: leave it out, or repeat it as it is"#);
    insta::assert_snapshot!(answer(&posts, posts.patch(Hand::Client, &current, object(json!({"views": null})))), @r#"/views read_only: "views" is set by the server: leave it out, or repeat it as it is"#);
    assert_eq!(
        answer(&posts, posts.patch(Hand::Server, &current, object(json!({"views": {"$inc": 1}})))),
        r#"{"views":6,"secret":"s","title":"a"}"#
    );
    assert_eq!(
        answer(&posts, posts.replace(Hand::Client, &current, object(json!({"title": "b"})))),
        r#"{"views":5,"secret":"s","title":"b"}"#
    );
}

#[test]
fn what_was_read_can_be_written_back() {
    let posts = all_kinds();
    let body = json!({"title": "abc", "meta": {"size": 1}, "dueAt": "2026-01-31T09:30:00Z", "price": 0.5});
    let current = record(posts.create(Hand::Client, object(body)).unwrap());
    let read = current.to_json(&posts);
    assert_eq!(posts.replace(Hand::Client, &current, read.clone()), Ok(current.values.clone()));
    let mut patch = read.clone();
    patch.retain(|_, value| !value.is_null());
    assert_eq!(posts.patch(Hand::Client, &current, patch), Ok(current.values.clone()));
    let mut other = read;
    other.insert("updatedAt".to_owned(), json!("2026-02-01T00:00:00.001Z"));
    other.insert("id".to_owned(), json!(id(2).to_string()));
    insta::assert_snapshot!(answer(&posts, posts.replace(Hand::Client, &current, other)), @r#"
    /id read_only: "id" is set by the server: leave it out, or repeat it as it is
    /updatedAt read_only: "updatedAt" is set by the server: leave it out, or repeat it as it is
    "#);
}

#[test]
fn a_patch_changes_what_it_names() {
    let posts = all_kinds();
    let current = record(
        posts
            .create(
                Hand::Client,
                object(json!({"title": "abc", "count": 1, "price": 1.5, "tags": ["a", "b", "a"], "meta": {"size": 1}})),
            )
            .unwrap(),
    );
    let patch = |body: Json| answer(&posts, posts.patch(Hand::Client, &current, object(body)));
    insta::assert_snapshot!(patch(json!({})), @r#"{"title":"abc","count":1,"price":1.5,"status":"draft","meta":{"size":1},"tags":["a","b","a"]}"#);
    insta::assert_snapshot!(patch(json!({"count": {"$inc": 2}, "price": {"$inc": -0.5}, "tags": {"$add": ["c", "b"], "$remove": ["a"]}})), @r#"{"title":"abc","count":3,"price":1.0,"status":"draft","meta":{"size":1},"tags":["b","c"]}"#);
    insta::assert_snapshot!(patch(json!({"meta": {"size": null}})), @r#"/meta/size required: "size" is required: give it a value"#);
    insta::assert_snapshot!(patch(json!({"meta": {"size": {"$inc": 1}}})), @"/meta/size type: expected an integer, found an object");
    insta::assert_snapshot!(patch(json!({"count": {"$inc": 9_223_372_036_854_775_807_i64}, "price": {"$inc": -9}, "tags": {"$add": [1]}})), @r"
    /count/$inc out_of_range: an integer lies between -9223372036854775808 and 9223372036854775807
    /tags/$add/0 type: expected text, found a number
    /price exclusive_minimum: too small: must be more than 0
    ");
    insta::assert_snapshot!(patch(json!({"count": {"$dec": 1}, "price": {"$inc": "1"}, "tags": {"$add": "c"}, "title": {"$inc": 1}, "readers": {}})), @r"
    /count/$dec unknown_operator: here an object may hold $inc only
    /price/$inc type: expected a number to add, found text
    /tags/$add type: expected an array of items, found text
    /readers type: expected a value, or an object with $add and $remove
    /title type: expected text, found an object
    ");
    insta::assert_snapshot!(patch(json!({"tags": {"$add": ["x", "y"]}})), @"/tags max_items: too many items: 5 of at most 3");
    let unset = record(vec![Value::Null; posts.fields.len()]);
    assert_eq!(
        answer(
            &posts,
            posts.patch(Hand::Client, &unset, object(json!({"count": {"$inc": 4}, "tags": {"$remove": ["a"]}})))
        ),
        r#"{"count":4,"tags":[]}"#
    );
}

#[test]
fn json_is_merged_at_every_level_and_its_names_are_just_names() {
    let posts = posts(&json!({"meta": {"type": "object"}, "any": {}}), &[]);
    let current = record(
        posts.create(Hand::Client, object(json!({"meta": {"a": {"b": 1, "c": 2}, "d": [1]}, "any": 5}))).unwrap(),
    );
    let patch = json!({"meta": {"a": {"b": null, "e": {"f": null, "g": 1}}, "d": [2], "__proto__": {"x": 1}}, "any": {"$inc": 1}});
    insta::assert_snapshot!(answer(&posts, posts.patch(Hand::Client, &current, object(patch))), @r#"{"meta":{"a":{"c":2,"e":{"g":1}},"d":[2],"__proto__":{"x":1}},"any":{"$inc":1}}"#);
}

#[test]
fn rules_over_several_fields_hold() {
    let schema = json!({
        "properties": {"status": {"enum": ["draft", "live"]}, "dueAt": {"type": "string", "format": "date-time"}, "a": {"type": "string"}, "b": {"type": "string"}},
        "if": {"properties": {"status": {"const": "live"}}, "required": ["status"]},
        "then": {"required": ["dueAt"]},
        "dependentRequired": {"a": ["b"]},
    });
    let posts = define("posts", &schema, &json!([])).unwrap();
    assert_eq!(create(&posts, json!({"status": "draft", "a": null})), r#"{"status":"draft"}"#);
    insta::assert_snapshot!(create(&posts, json!({"status": "live", "dueAt": null, "a": "x"})), @r#"
    /b required: "b" is required: give it a value
    /dueAt required: "dueAt" is required: give it a value
    "#);
}

#[test]
fn text_in_an_index_fits_into_it() {
    let schema = json!({"properties": {"slug": {"type": "string", "x-unique": true}, "body": {"type": "string"}, "lang": {"type": "string"}}});
    let posts = define("posts", &schema, &json!([{"fields": ["lang", "body"]}])).unwrap();
    let text = |bytes: usize| "x".repeat(bytes);
    assert!(posts.create(Hand::Client, object(json!({"slug": text(2000), "body": text(1000)}))).is_ok());
    insta::assert_snapshot!(create(&posts, json!({"slug": text(2001), "body": "é".repeat(501)})), @r"
    /slug max_length: 2001 bytes of text: at most 2000 fit into the index of this field
    /body max_length: 1002 bytes of text: at most 1000 fit into the index of this field
    ");
}

#[test]
fn the_client_names_a_record_by_a_canonical_id() {
    let mut body = object(json!({"id": id(1).to_string(), "title": "a"}));
    assert_eq!(take_id(&mut body), Ok(Some(id(1))));
    assert_eq!(body.len(), 1);
    assert_eq!(take_id(&mut object(json!({"id": null}))), Ok(None));
    for wrong in [json!("role:admin"), json!("../x"), json!(""), json!(id(1).to_string().to_uppercase()), json!(5)] {
        let refused = take_id(&mut object(json!({ "id": wrong }))).unwrap_err();
        assert_eq!(refused.pointer, "/id");
    }
}

#[test]
fn forms_of_several_types_are_explained_by_the_one_that_was_meant() {
    let posts = posts(
        &json!({"size": {"anyOf": [{"type": "string", "maxLength": 2}, {"type": "integer"}]}, "pick": {"oneOf": [{"type": "integer"}, {"minimum": 3}]}}),
        &[],
    );
    insta::assert_snapshot!(create(&posts, json!({"size": "large", "pick": 5})), @r"
    /size max_length: too long: 5 of at most 2 characters
    /pick one_of: fits more than one of the forms, of which exactly one must fit
    ");
    insta::assert_snapshot!(create(&posts, json!({"size": [], "pick": 1.5})), @r"
    /size any_of: fits none of the 2 forms that are allowed here
    /pick minimum: too small: the least is 3
    ");
}

#[test]
fn an_image_is_read_as_it_was_written() {
    let posts = all_kinds();
    let body = json!({"title": "a \"b\"", "count": i64::MAX, "price": 1e-300, "live": true, "dueAt": "2026-01-31T09:30:00Z", "meta": {"size": 1}, "tags": ["x"], "readers": []});
    let stored = record(posts.create(Hand::Client, object(body)).unwrap());
    let written = image::encode(&posts, &stored);
    insta::assert_snapshot!(written, @r#"{"id":"018bcfe5-6800-7101-8101-010101010101","createdAt":"2026-01-31T09:30:00.000Z","updatedAt":"2026-02-01T00:00:00.000Z","_rev":7,"title":"a \"b\"","count":9223372036854775807,"price":1e-300,"live":true,"dueAt":"2026-01-31T09:30:00.000Z","status":"draft","meta":{"size":1},"tags":["x"],"author":null,"readers":[]}"#);
    assert_eq!(image::decode(&posts, &written), Ok(stored));
}

#[test]
fn an_image_of_another_definition_is_read_as_far_as_it_fits() {
    let posts = posts(&json!({"count": {"type": "integer"}, "title": {"type": "string"}}), &[]);
    let head = r#""id": "018bcfe5-6800-7101-8101-010101010101", "createdAt": "2026-01-31T09:30:00Z", "updatedAt": "2026-01-31T09:30:00Z", "_rev": 3"#;
    let read =
        image::decode(&posts, &format!(r#"{{{head}, "count": "five", "gone": {{"a": [1]}}, "title": "t"}}"#)).unwrap();
    assert_eq!((read.revision, read.values), (3, vec![Value::Null, Value::text("t")]));
    insta::assert_snapshot!(image::decode(&posts, r#"{"id": "1"}"#).unwrap_err(), @"not an image of a record of posts: not a UUIDv7 in canonical lower-case text, such as 01890a5d-ac96-774b-bcce-b302099a8057 at line 1 column 11");
    insta::assert_snapshot!(image::decode(&posts, &format!("{{{head}}} x")).unwrap_err(), @"not an image of a record of posts: trailing characters at line 1 column 133");
}

/// What is refused in the end costs no more than what is taken; the time is generous since tests run unoptimised.
#[test]
fn hostile_bodies_are_refused_in_time() {
    let posts = all_kinds();
    let start = Instant::now();
    let many = 50_000;
    let unknown = (0..many).map(|number| (format!("titl{number}"), json!(1))).collect();
    let of_wrong_type: Json = std::iter::repeat_n(json!(1), many).collect();
    let twice: Json = std::iter::repeat_n(json!(id(1).to_string()), many).collect();
    let added: Json = (0..many).map(|number| json!(number.to_string())).collect();
    let refused = |result: Result<Vec<Value>, Vec<Violation>>| {
        let violations = result.unwrap_err();
        assert!(!violations.is_empty() && violations.len() <= 100, "{}", violations.len());
    };
    refused(posts.create(Hand::Client, unknown));
    refused(posts.create(Hand::Client, object(json!({ "tags": of_wrong_type }))));
    refused(posts.create(Hand::Client, object(json!({ "readers": twice }))));
    let stored = record(vec![Value::Null; posts.fields.len()]);
    refused(posts.patch(Hand::Client, &stored, object(json!({"tags": {"$add": added.clone(), "$remove": added}}))));
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
}

/// Any member of the body, of a name that exists more often than not.
fn any_body() -> impl Strategy<Value = Json> {
    let names = [
        "title",
        "count",
        "price",
        "live",
        "dueAt",
        "status",
        "meta",
        "tags",
        "author",
        "readers",
        "id",
        "createdAt",
        "expand",
        "other",
    ];
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<u64>().prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        ".{0,12}".prop_map(Json::from),
        Just(json!("2026-01-31T09:30:00+02:00")),
        Just(json!("018bcfe5-6800-7101-8101-010101010101")),
        Just(json!("live")),
    ];
    let value = leaf.prop_recursive(3, 12, 4, |inner| {
        let members = prop::sample::select(vec!["$inc", "$add", "$remove", "size", "x"]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            prop::collection::vec((members, inner), 0..3).prop_map(|members| members
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect::<Json>()),
        ]
    });
    prop::collection::vec((prop::sample::select(names.to_vec()), value), 0..8)
        .prop_map(|members| members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

proptest! {
    #[test]
    fn what_is_accepted_is_kept_and_can_be_written_back(body in any_body(), patch in any_body()) {
        let posts = all_kinds();
        if let Ok(values) = posts.create(Hand::Client, object(body)) {
            let stored = record(values);
            prop_assert_eq!(posts.verify(&stored.values), Ok(()));
            prop_assert_eq!(posts.replace(Hand::Client, &stored, stored.to_json(&posts)), Ok(stored.values.clone()));
            prop_assert_eq!(image::decode(&posts, &image::encode(&posts, &stored)), Ok(stored.clone()));
            if let Ok(values) = posts.patch(Hand::Client, &stored, object(patch)) {
                prop_assert_eq!(posts.verify(&values), Ok(()));
            }
        }
    }

    #[test]
    fn any_text_is_an_image_or_refused(text in r#"[\{\}\[\]":,a-z0-9_T.-]{0,80}"#) {
        let _ = image::decode(&all_kinds(), &text);
    }
}
