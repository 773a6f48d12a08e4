//! What a case is about, drawn by dice: rules, and records with nulls and relations.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json, json};

use super::conditions::{OF_ANY, OF_BOTH, OF_DATA, OF_NOTE_DATA, OF_NOTES, OF_TOPICS};
use super::oracle::{Condition, Rule};
use crate::harness::Dice;

/// The fields that records of a collection have of their own.
pub(super) fn fields(collection: &str) -> &'static [&'static str] {
    match collection {
        "notes" => &["name", "level", "open", "owner", "secret", "topic", "labels"],
        "note_topics" => &["name", "level", "open", "owner"],
        _ => &["email", "verified"],
    }
}

/// The collections, as they are made.
pub(super) fn collections() -> [Json; 2] {
    let relation = |to: &str| json!({ "type": "string", "x-relation": { "collection": to, "onDelete": "setNull" } });
    let labels =
        json!({ "type": "array", "items": { "type": "string", "x-relation": { "collection": "note_topics" } } });
    let mut properties = json!({ "name": { "type": "string" }, "level": { "type": "integer" },
        "open": { "type": "boolean" }, "owner": relation("users") });
    let topics = json!({ "name": "note_topics", "schema": { "type": "object", "properties": properties } });
    properties["secret"] = json!({ "type": "string" });
    properties["topic"] = relation("note_topics");
    properties["labels"] = labels;
    [topics, json!({ "name": "notes", "schema": { "type": "object", "properties": properties } })]
}

/// A UUIDv7.
pub(super) fn id(dice: &mut Dice) -> String {
    let (a, b) = (dice.next(), dice.next());
    let (low, high) = (a & 0xfff, (a >> 12) & 0xfff);
    format!("01900000-{:04x}-7{low:03x}-8{high:03x}-{:012x}", a >> 48, b & 0xffff_ffff_ffff)
}

/// Up to sixteen different rules for these accounts.
pub(super) fn rules(dice: &mut Dice, accounts: &[String]) -> Vec<Rule> {
    let mut rules: Vec<Rule> = Vec::new();
    for _ in 0..4 + dice.below(13) {
        let rule = rule(dice, accounts);
        if !rules.iter().any(|known| known.says_as(&rule)) {
            rules.push(rule);
        }
    }
    // Rules that are drawn allow little together; some people are let in widely, so that much is left to hold back.
    if dice.percent(50) {
        let subject = dice.pick(&["role:user", "role:editor", "role:public"]).to_owned();
        let (object, action) = (dice.pick(&["note*", "notes"]), dice.pick(&["*", "*", "read"]));
        let condition = dice.pick(&[OF_ANY[0], OF_BOTH[1], OF_BOTH[2], OF_BOTH[3]]);
        let wide = Rule { subject, object, action, condition, fields: Vec::new(), denies: false };
        rules.retain(|rule| !rule.says_as(&wide));
        rules.push(wide);
    }
    rules
}

fn rule(dice: &mut Dice, accounts: &[String]) -> Rule {
    let mut subjects = ["public", "public", "user", "user", "user", "writer", "editor", "chief"]
        .map(|role| format!("role:{role}"))
        .to_vec();
    subjects.extend(accounts.iter().map(|id| format!("user:{id}")));
    let object =
        dice.pick(&["notes", "notes", "notes", "note_topics", "note_topics", "note*", "note*", "*s", "*_*", "users"]);
    let action = dice.pick(&["read", "read", "read", "create", "update", "update", "delete", "*", "*"]);
    let condition = condition(dice, object, action);
    let fields = if dice.percent(40) { Vec::new() } else { some_fields(dice, object) };
    Rule { subject: dice.pick(&subjects), object, action, condition, fields, denies: dice.percent(11) }
}

fn condition(dice: &mut Dice, object: &str, action: &str) -> Condition {
    if matches!(object, "*s" | "users") {
        return dice.pick(&OF_ANY);
    }
    let mut all = [OF_ANY.as_slice(), &OF_BOTH].concat();
    if matches!(object, "notes") {
        all.extend(OF_NOTES);
    }
    if matches!(object, "note_topics" | "*_*") {
        all.extend(OF_TOPICS);
    }
    if !matches!(action, "read" | "delete") {
        all.extend(OF_DATA);
        if object == "notes" {
            all.extend(OF_NOTE_DATA);
        }
    }
    dice.pick(&all)
}

/// One to four fields; a rule on several collections may name those of one.
fn some_fields(dice: &mut Dice, object: &str) -> Vec<&'static str> {
    let of = match object {
        "note_topics" | "*_*" => fields("note_topics"),
        "users" => fields("users"),
        _ => fields("notes"),
    };
    let chosen: BTreeSet<&'static str> = (0..=dice.below(4)).map(|_| dice.pick(of)).collect();
    chosen.into_iter().collect()
}

/// A value for a field; `topics` are the records that relations can point at.
fn value(dice: &mut Dice, field: &str, accounts: &[String], topics: &[String]) -> Json {
    if dice.percent(22) {
        return Json::Null;
    }
    match field {
        "name" => json!(dice.pick(&["ant", "bee", "asp"])),
        "level" => json!(dice.below(4)),
        "open" => json!(dice.percent(60)),
        "owner" => json!(dice.pick(accounts)),
        "secret" => json!(dice.pick(&["k1", "k2", "m1"])),
        "topic" if topics.is_empty() => Json::Null,
        "topic" => json!(dice.pick(topics)),
        _ => {
            let chosen = topics.iter().filter(|_| dice.percent(35));
            Json::Array(chosen.map(|id| json!(id)).collect())
        }
    }
}

/// A body with each field `percent` times of a hundred.
pub(super) fn body(
    dice: &mut Dice,
    collection: &str,
    percent: usize,
    accounts: &[String],
    topics: &[String],
) -> Map<String, Json> {
    let mut body = Map::new();
    for field in fields(collection) {
        if dice.percent(percent) {
            body.insert((*field).to_owned(), value(dice, field, accounts, topics));
        }
    }
    body
}
