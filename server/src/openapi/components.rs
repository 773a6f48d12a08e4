//! The schemas and parameters that are the same for every database.
//!
//! What is taken is closed, since unknown members are refused; what is answered may gain members.

use serde_json::{Map, Value as Json, json};

use super::{codes, schema};

/// What `limit` means in a list of records.
const AT_MOST: &str = "At most so many records. A page ends early where they come to more than 8 MiB, and nextCursor goes on from \
    there; a page that is asked for by its number is refused then, with 413.";

/// The canonical text of a UUIDv7.
const ID: &str = "^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$";

/// An id, as every record has one.
pub(super) fn id() -> Json {
    json!({ "type": "string", "format": "uuid", "pattern": ID })
}

/// The shared parameters.
pub(super) fn parameters() -> Json {
    let parameter = |name: &str, place: &str, description: &str, schema: Json| json!({ "name": name, "in": place, "description": description, "schema": schema });
    let query = |name: &str, description: &str, schema: Json| parameter(name, "query", description, schema);
    let header = |name: &str, description: &str| parameter(name, "header", description, text());
    let flag = || json!({ "type": "boolean", "default": false });
    json!({
        "id": { "name": "id", "in": "path", "required": true, "schema": id() },
        "filter": query("filter", "A CEL condition, at most 4 KiB.", text()),
        "params": query("params", "A JSON object of values for the condition.", text()),
        "sort": query("sort", "Fields with commas between, each with - before it for greatest first.", text()),
        "limit": query("limit", AT_MOST, json!({ "type": "integer", "minimum": 1, "maximum": 500, "default": 30 })),
        "accounts": query("limit", "At most so many accounts.", json!({ "type": "integer", "minimum": 1, "maximum": 500, "default": 30 })),
        "cursor": query("cursor", "nextCursor or prevCursor of a page of the same query; not with page.", text()),
        "page": query("page", "A page by its number; not with cursor.", json!({ "type": "integer", "minimum": 1 })),
        "fields": query("fields", "Members with commas between; author.name for those of an expanded record.", text()),
        "expand": query("expand", "Relations with commas between; comments_via_post for those that point here.", text()),
        "count": query("count", "Whether to count all that match.", counts()),
        "address": query("search", "A part of the address.", text()),
        "dryRun": query("dryRun", "Answer the plan and do nothing.", flag()),
        "allowDestructive": query("allowDestructive", "Data may be lost.", flag()),
        "ifMatch": header("If-Match", "The ETag of the version that this is meant for."),
        "createOnly": header("If-None-Match", "`*`: only if there is no record yet."),
        "ifNoneMatch": header("If-None-Match", "The ETag of the version that the client has."),
    })
}

/// The schemas.
pub(super) fn schemas() -> Map<String, Json> {
    let groups = [general(), records(), accounts(), collections(), policies()];
    groups.into_iter().flat_map(|group| if let Json::Object(group) = group { group } else { Map::new() }).collect()
}

fn general() -> Json {
    let fault = open(&["pointer", "code", "message"], json!({ "pointer": text(), "code": text(), "message": text() }));
    let codes_known: Vec<_> = crate::code::Code::ALL.iter().map(|code| code.as_str()).collect();
    let problem = json!({
        "type": text(), "title": text(), "status": { "type": "integer" }, "detail": text(), "requestId": text(),
        "code": { "type": "string", "enum": codes_known },
        "errors": { "type": "array", "items": fault },
    });
    let mut problem = open(&["type", "title", "status", "detail", "code", "requestId"], problem);
    problem["x-codes"] = codes();
    json!({ "Object": { "type": "object" }, "Text": text(), "Problem": problem })
}

fn records() -> Json {
    let counted = |limit: Json| json!({ "anyOf": [limit, { "type": "null" }] });
    let query = json!({
        "filter": or_null("string"), "params": or_null("object"), "sort": or_null("string"),
        "limit": counted(json!({ "type": "integer", "minimum": 1, "maximum": 500, "description": AT_MOST })),
        "cursor": or_null("string"),
        "page": counted(json!({ "type": "integer", "minimum": 1 })),
        "fields": or_null("string"), "expand": or_null("string"), "count": counted(counts()),
    });
    let operation = json!({
        "method": { "enum": ["create", "update", "replace", "delete"] }, "collection": text(), "id": or_null("string"),
        "data": or_null("object"), "ifMatch": or_null("string"),
    });
    let result = json!({ "status": { "type": "integer" }, "record": { "type": "object" }, "etag": text() });
    json!({
        "Page": open(&["items", "nextCursor", "prevCursor"], json!({
            "items": { "type": "array" }, "nextCursor": or_null("string"), "prevCursor": or_null("string"), "total": { "type": "integer" },
        })),
        "Query": closed(&[], query),
        "WrittenId": open(&["id"], json!({ "id": id() })),
        "Batch": list(closed(&["method", "collection"], operation), 500),
        "BatchResults": open(&["results"], json!({ "results": { "type": "array", "items": open(&["status"], result) } })),
    })
}

fn accounts() -> Json {
    let flag = json!({ "type": "boolean" });
    let names = json!({ "type": "array", "items": text() });
    let carrier = json!({ "enum": ["token", "cookie"], "description": "cookie: the refresh token is kept in an HttpOnly cookie." });
    let account = json!({ "id": id(), "email": text(), "verified": flag, "disabled": flag, "roles": names });
    let change = json!({
        "email": or_null("string"), "verified": or_null("boolean"), "disabled": or_null("boolean"), "password": or_null("string"),
    });
    let signed_in = json!({ "user": schema("Me"), "accessToken": text(), "refreshToken": text(), "expiresIn": { "type": "integer" } });
    let session = json!({
        "id": id(), "createdAt": text(), "lastUsedAt": text(), "expiresAt": text(), "address": text(), "userAgent": text(), "current": flag,
    });
    let members = ["id", "createdAt", "lastUsedAt", "expiresAt", "address", "userAgent", "current"];
    json!({
        "SetupState": open(&["open"], json!({ "open": flag })),
        "Setup": closed(&["token", "email", "password"], json!({ "token": text(), "email": text(), "password": text(), "session": carrier })),
        "Register": with_own(open(&["email", "password"], json!({ "email": text(), "password": text(), "session": carrier }))),
        "Login": closed(&["email", "password"], json!({ "email": text(), "password": text(), "session": carrier })),
        "Refresh": closed(&[], json!({ "refreshToken": or_null("string") })),
        "PasswordChange": closed(&["currentPassword", "newPassword"], json!({ "currentPassword": text(), "newPassword": text() })),
        "Me": open(&["id", "email", "verified", "roles"], json!({ "id": id(), "email": text(), "verified": flag, "roles": names })),
        "SignedIn": open(&["user", "accessToken", "expiresIn"], signed_in),
        "Sessions": items(open(&members, session)),
        "Account": open(&["id", "email", "verified", "disabled", "roles"], account),
        "Accounts": open(&["items", "nextCursor"], json!({ "items": { "type": "array", "items": schema("Account") }, "nextCursor": or_null("string") })),
        "AccountInput": with_own(open(&["email", "password"], json!({ "email": text(), "password": text(), "verified": flag, "roles": names }))),
        "AccountChange": with_own(open(&[], change)),
    })
}

fn collections() -> Json {
    let flag = json!({ "type": "boolean" });
    let name = json!({ "type": "string", "pattern": "^[a-z][A-Za-z0-9_]{0,62}$" });
    let index = closed(&["fields"], json!({ "fields": { "type": "array", "items": text() }, "unique": flag }));
    let definition = json!({
        "name": name, "kind": { "const": "base" }, "schema": { "type": ["object", "boolean"] },
        "indexes": { "type": "array", "items": index }, "search": { "type": "array", "items": text() },
    });
    let mut answered = definition.clone();
    for (member, own) in [("system", &flag), ("hash", &text()), ("createdAt", &text()), ("updatedAt", &text())] {
        answered[member] = own.clone();
    }
    let failure = open(&["id", "value"], json!({ "id": id(), "value": {} }));
    let failures =
        json!({ "rows": { "type": "integer" }, "code": text(), "sample": { "type": "array", "items": failure } });
    let step = json!({
        "step": text(), "field": or_null("string"), "destructive": flag, "rows": { "type": "integer" }, "detail": text(),
        "sql": { "type": "array", "items": text() }, "failures": open(&["rows", "code", "sample"], failures),
    });
    let plan = json!({
        "steps": { "type": "array", "items": open(&["step", "field", "destructive", "rows", "detail", "sql"], step) },
        "destructive": flag, "blocked": flag,
        "silenced": { "type": "array", "items": open(&["rule", "reason"], json!({ "rule": schema("Rule"), "reason": text() })) },
    });
    let members = ["name", "kind", "system", "schema", "indexes", "search", "hash", "createdAt", "updatedAt"];
    json!({
        "CollectionInput": closed(&["name", "schema"], definition.clone()),
        "CollectionChange": closed(&[], definition),
        "Collection": open(&members, answered),
        "Collections": items(schema("Collection")),
        "Plan": open(&["plan"], json!({ "plan": open(&["steps", "destructive", "blocked", "silenced"], plan) })),
    })
}

fn policies() -> Json {
    let fields = json!({ "anyOf": [text(), { "type": "array", "items": text() }], "description": "Names, with commas between or as a list; none are all." });
    let action = json!({ "enum": ["read", "create", "update", "delete"] });
    let effect = json!({ "enum": ["allow", "deny"] });
    let draft = json!({ "subject": text(), "object": text(), "action": text(), "condition": text(), "fields": fields, "effect": effect });
    let change = json!({
        "subject": or_null("string"), "object": or_null("string"), "action": or_null("string"), "condition": or_null("string"),
        "fields": { "anyOf": [fields, { "type": "null" }] }, "effect": { "anyOf": [effect, { "type": "null" }] },
    });
    let rule = json!({
        "id": id(), "subject": text(), "object": text(), "action": text(), "condition": text(), "fields": text(), "effect": effect,
    });
    let role =
        json!({ "role": text(), "members": { "type": "integer" }, "inherits": { "type": "array", "items": text() } });
    let inquiry = json!({
        "subject": text(), "collection": text(), "action": action, "id": or_null("string"), "data": or_null("object"),
    });
    let explanation = json!({
        "allowed": { "type": "boolean" }, "status": { "type": "integer" }, "reason": text(),
        "roles": { "type": "array", "items": text() }, "version": { "type": "integer" },
        "rules": { "type": "array", "items": { "type": "object" } }, "fields": { "type": "array", "items": text() },
        "nearest": or_null("string"), "refusedFields": { "type": "array", "items": text() },
    });
    json!({
        "RuleInput": closed(&["subject", "object", "action"], draft),
        "RulesInput": closed(&["items"], json!({ "items": { "type": "array", "items": schema("RuleInput") } })),
        "RuleChange": closed(&[], change),
        "Rule": open(&["id", "subject", "object", "action", "condition", "fields", "effect"], rule),
        "Rules": items(schema("Rule")),
        "Inquiry": closed(&["subject", "collection", "action"], inquiry),
        "Explanation": open(&["allowed", "status", "reason", "roles", "version", "rules", "fields", "nearest", "refusedFields"], explanation),
        "Roles": items(open(&["role", "members", "inherits"], role)),
        "Members": items(text()),
    })
}

fn text() -> Json {
    json!({ "type": "string" })
}

fn or_null(kind: &str) -> Json {
    json!({ "type": [kind, "null"] })
}

fn counts() -> Json {
    json!({ "enum": ["exact", "estimated"] })
}

fn open(required: &[&str], properties: Json) -> Json {
    json!({ "type": "object", "required": required, "properties": properties })
}

fn closed(required: &[&str], properties: Json) -> Json {
    json!({ "type": "object", "required": required, "properties": properties, "additionalProperties": false })
}

/// An object that takes the accounts' own fields as well.
fn with_own(mut object: Json) -> Json {
    object["description"] = "The own fields of users as well.".into();
    object
}

fn list(item: Json, most: u32) -> Json {
    json!({ "type": "array", "maxItems": most, "items": item })
}

fn items(item: Json) -> Json {
    open(&["items"], json!({ "items": { "type": "array", "items": item } }))
}
