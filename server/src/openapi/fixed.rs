//! The part of the document that is the same for every database.

use serde_json::{Map, Value as Json, json};

use super::{Operation, answer, body, components, empty, parameter, put, schema};

/// One row of the table of operations: method, path, id, tag, summary, schema of the body, status, schema of the answer.
type Row = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    Option<&'static str>,
    u16,
    Option<&'static str>,
);

#[rustfmt::skip]
const OPERATIONS: &[Row] = &[
    ("post", "/batch", "batch", "records", "Up to 500 writes in one transaction.", Some("Batch"), 200, Some("BatchResults")),
    ("get", "/setup", "setup_state", "setup", "Whether the first administrator is still to be made.", None, 200, Some("SetupState")),
    ("post", "/setup", "setup", "setup", "Makes the first administrator with the printed token.", Some("Setup"), 201, Some("SignedIn")),
    ("post", "/auth/register", "register", "auth", "Makes an account.", Some("Register"), 201, Some("SignedIn")),
    ("post", "/auth/login", "login", "auth", "Signs in.", Some("Login"), 200, Some("SignedIn")),
    ("post", "/auth/refresh", "refresh", "auth", "A new access token for a refresh token, which is used up.", Some("Refresh"), 200, Some("SignedIn")),
    ("post", "/auth/logout", "logout", "auth", "Ends the session.", Some("Refresh"), 204, None),
    ("get", "/auth/me", "me", "auth", "The account itself.", None, 200, Some("Me")),
    ("patch", "/auth/me", "update_me", "auth", "Changes own fields.", Some(OWN_FIELDS), 200, Some("Me")),
    ("patch", "/auth/password", "change_password", "auth", "Another password; all other sessions end.", Some("PasswordChange"), 204, None),
    ("get", "/auth/sessions", "sessions", "auth", "The account's sessions.", None, 200, Some("Sessions")),
    ("delete", "/auth/sessions", "end_sessions", "auth", "Ends all sessions.", None, 204, None),
    ("delete", "/auth/sessions/{id}", "end_session", "auth", "Ends a session.", None, 204, None),
    ("post", "/users", "create_account", "users", "Makes an account (sys:users).", Some("AccountInput"), 201, Some("Account")),
    ("get", "/users/{id}", "get_account", "users", "An account (sys:users).", None, 200, Some("Account")),
    ("patch", "/users/{id}", "update_account", "users", "Changes an account (sys:users).", Some("AccountChange"), 200, Some("Account")),
    ("delete", "/users/{id}", "delete_account", "users", "Deletes an account (sys:users).", None, 204, None),
    ("get", "/users/{id}/sessions", "account_sessions", "users", "An account's sessions (sys:users).", None, 200, Some("Sessions")),
    ("delete", "/users/{id}/sessions/{session}", "end_account_session", "users", "Ends one session of an account (sys:users).", None, 204, None),
    ("delete", "/users/{id}/sessions", "end_account_sessions", "users", "Ends an account's sessions (sys:users).", None, 204, None),
    ("get", "/collections", "list_collections", "collections", "The definitions (sys:collections).", None, 200, Some("Collections")),
    ("get", "/collections/{name}", "get_collection", "collections", "A definition (sys:collections).", None, 200, Some("Collection")),
    ("get", "/policies", "list_policies", "policies", "The rules (sys:policies).", None, 200, Some("Rules")),
    ("post", "/policies", "add_policy", "policies", "Adds a rule (sys:policies).", Some("RuleInput"), 201, Some("Rule")),
    ("put", "/policies", "replace_policies", "policies", "Puts rules in the place of all (sys:policies).", Some("RulesInput"), 200, Some("Rules")),
    ("patch", "/policies/{id}", "update_policy", "policies", "Changes a rule (sys:policies).", Some("RuleChange"), 200, Some("Rule")),
    ("delete", "/policies/{id}", "remove_policy", "policies", "Removes a rule (sys:policies).", None, 204, None),
    ("post", "/policies/explain", "explain", "policies", "Why something is allowed or not (sys:policies).", Some("Inquiry"), 200, Some("Explanation")),
    ("get", "/roles", "list_roles", "policies", "The roles (sys:policies).", None, 200, Some("Roles")),
    ("get", "/roles/{role}/members", "list_members", "policies", "A role's members (sys:policies).", None, 200, Some("Members")),
    ("put", "/roles/{role}/members/{member}", "add_member", "policies", "Makes user:ID or role:NAME a member (sys:policies).", None, 204, None),
    ("delete", "/roles/{role}/members/{member}", "remove_member", "policies", "Ends a membership (sys:policies).", None, 204, None),
    ("get", "/openapi.json", "openapi", "meta", "This document.", None, 200, Some("Object")),
];

/// The component of the accounts' own fields, which is there if the reader may change some.
const OWN_FIELDS: &str = "usersUpdate";

/// Adds every path that does not depend on a collection. `schemas` are the components.
pub(super) fn paths(paths: &mut Map<String, Json>, schemas: &Map<String, Json>) {
    let known = |name: &'static str| if schemas.contains_key(name) { name } else { "Object" };
    for (method, path, id, tag, summary, takes, status, gives) in OPERATIONS {
        let operation = Operation {
            id,
            tag,
            summary,
            parameters: path_parameters(path),
            body: takes.map(|name| body(schema(known(name)))),
            answers: vec![(*status, gives.map_or_else(|| empty("Done."), |name| answer("The answer.", schema(name))))],
        };
        put(paths, path, method, &operation);
    }
    changes_of_collections(paths);
    let accounts = Operation {
        id: "list_accounts",
        tag: "users",
        summary: "The accounts, newest first (sys:users).",
        parameters: ["accounts", "cursor", "address"].map(parameter).into(),
        body: None,
        answers: vec![(200, answer("A page.", schema("Accounts")))],
    };
    put(paths, "/users", "get", &accounts);
    let types = Operation {
        id: "typescript",
        tag: "collections",
        summary: "The collections as TypeScript types (sys:collections).",
        parameters: Vec::new(),
        body: None,
        answers: vec![(200, plain("The types.", schema("Text")))],
    };
    put(paths, "/types/typescript", "get", &types);
    let socket = Operation {
        id: "realtime",
        tag: "realtime",
        summary: "A WebSocket with the subprotocol plinth.v1: subscriptions to changes.",
        parameters: Vec::new(),
        body: None,
        answers: vec![(101, empty("The connection is a WebSocket now."))],
    };
    put(paths, "/realtime", "get", &socket);
}

fn changes_of_collections(paths: &mut Map<String, Json>) {
    let options = || vec![parameter("dryRun"), parameter("allowDestructive")];
    let or_plan = || json!({ "oneOf": [schema("Collection"), schema("Plan")] });
    let create = Operation {
        id: "create_collection",
        tag: "collections",
        summary: "Makes a collection, or plans it (sys:collections).",
        parameters: options(),
        body: Some(body(schema("CollectionInput"))),
        answers: vec![
            (200, answer("The plan.", schema("Plan"))),
            (201, answer("The definition.", schema("Collection"))),
        ],
    };
    put(paths, "/collections", "post", &create);
    let named = || std::iter::once(path_parameter("name")).chain(options()).collect::<Vec<_>>();
    let change = Operation {
        id: "update_collection",
        tag: "collections",
        summary: "Changes a collection, or plans it (sys:collections).",
        parameters: named().into_iter().chain([parameter("ifMatch")]).collect(),
        body: Some(body(schema("CollectionChange"))),
        answers: vec![(200, answer("The definition, or the plan.", or_plan()))],
    };
    put(paths, "/collections/{name}", "patch", &change);
    let drop = Operation {
        id: "drop_collection",
        tag: "collections",
        summary: "Drops a collection, or plans it (sys:collections).",
        parameters: named().into_iter().chain([parameter("ifMatch")]).collect(),
        body: None,
        answers: vec![(200, answer("The plan.", schema("Plan"))), (204, empty("It is gone."))],
    };
    put(paths, "/collections/{name}", "delete", &drop);
}

/// An answer that is text.
fn plain(description: &str, schema: Json) -> Json {
    json!({ "description": description, "content": { "text/plain": { "schema": schema } } })
}

fn path_parameters(path: &str) -> Vec<Json> {
    path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).map(path_parameter).collect()
}

fn path_parameter(name: &str) -> Json {
    let schema = if matches!(name, "id" | "session") { components::id() } else { json!({ "type": "string" }) };
    json!({ "name": name, "in": "path", "required": true, "schema": schema })
}
