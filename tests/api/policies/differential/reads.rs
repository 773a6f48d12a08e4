//! Reads: lists, single records, what stands under `expand`, and filters and orders over fields that are hidden.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use super::conditions::or;
use super::draw::fields;
use super::oracle::{Oracle, Scene, Who, World};
use super::stage::{COLLECTIONS, Stage, assert_answer, text};
use crate::harness::Dice;

/// A relation that `expand` can follow: from, name, to, and the field that points back, if it is a way back.
const WAYS: [(&str, &str, &str, Option<&str>); 7] = [
    ("notes", "topic", "note_topics", None),
    ("notes", "labels", "note_topics", None),
    ("notes", "owner", "users", None),
    ("note_topics", "owner", "users", None),
    ("note_topics", "notes_via_topic", "notes", Some("topic")),
    ("note_topics", "notes_via_labels", "notes", Some("labels")),
    ("users", "notes_via_owner", "notes", Some("owner")),
];

/// A filter, the fields that it reads, and what it means of what somebody sees.
struct Ask {
    cel: &'static str,
    reads: &'static [(&'static str, &'static str)],
    holds: fn(&Scene<'_>) -> Option<bool>,
}

fn topic<'a>(scene: &Scene<'a>) -> Option<&'a Json> {
    scene.world["note_topics"].get(scene.row["topic"].as_str()?)
}

const ASKS: [Ask; 9] = [
    Ask { cel: "level > 1", reads: &[("notes", "level")], holds: |s| Some(s.row["level"].as_i64()? > 1) },
    Ask { cel: "level != 1", reads: &[("notes", "level")], holds: |s| Some(s.row["level"] != 1) },
    Ask { cel: "secret == null", reads: &[("notes", "secret")], holds: |s| Some(s.row["secret"].is_null()) },
    Ask {
        cel: "secret.startsWith(\"k\") || open",
        reads: &[("notes", "secret"), ("notes", "open")],
        holds: |s| or([s.row["secret"].as_str().map(|secret| secret.starts_with('k')), s.row["open"].as_bool()]),
    },
    Ask {
        cel: "owner == auth.id",
        reads: &[("notes", "owner")],
        holds: |s| Some(s.row["owner"] == *s.who.id.as_ref()?),
    },
    Ask { cel: "!(name == \"ant\")", reads: &[("notes", "name")], holds: |s| Some(s.row["name"] != "ant") },
    Ask {
        cel: "topic.level >= 1",
        reads: &[("notes", "topic"), ("note_topics", "level")],
        holds: |s| Some(topic(s)?["level"].as_i64()? >= 1),
    },
    Ask {
        cel: "topic.name == null || topic.open",
        reads: &[("notes", "topic"), ("note_topics", "name"), ("note_topics", "open")],
        holds: |s| {
            or([topic(s).map(|topic| topic["name"].is_null()), topic(s).and_then(|topic| topic["open"].as_bool())])
        },
    },
    Ask {
        cel: "labels.exists(l, l.level > 1)",
        reads: &[("notes", "labels"), ("note_topics", "level")],
        holds: |s| {
            let labels = s.row["labels"].as_array()?;
            let level = |label: &Json| s.world["note_topics"].get(label.as_str()?)?["level"].as_i64();
            or(labels.iter().map(|label| Some(level(label)? > 1)))
        },
    },
];

impl Oracle<'_> {
    /// Whether somebody can follow a relation, or ask for it to be followed.
    fn can_follow(&self, who: &Who, way: &(&str, &str, &str, Option<&str>)) -> bool {
        match way {
            (from, name, _, None) => self.knows(who, from, name),
            (_, _, to, Some(field)) => self.entry(who, "read", to).is_ok() && self.knows(who, to, field),
        }
    }

    /// What stands under a name of `expand`, of a record as somebody sees it.
    fn expanded(&self, seen: &World, view: &Json, way: &(&str, &str, &str, Option<&str>)) -> Option<Json> {
        let (_, name, to, back) = way;
        let there = &seen[to];
        match (back, &view[name]) {
            (Some(field), _) => {
                let points = |note: &&Json| {
                    let value = &note[field];
                    *value == view["id"] || value.as_array().is_some_and(|ids| ids.contains(&view["id"]))
                };
                Some(Json::Array(there.values().filter(points).cloned().collect()))
            }
            (None, Json::Array(ids)) => Some(ids.iter().filter_map(|id| there.get(id.as_str()?)).cloned().collect()),
            (None, Json::String(id)) => there.get(id).cloned(),
            (None, _) => (*name == "labels").then(|| json!([])),
        }
    }
}

impl Stage {
    /// Everybody reads everything in every way.
    pub(super) async fn compare_reads(&mut self, dice: &mut Dice) {
        for actor in 0..self.actors.len() {
            for collection in COLLECTIONS {
                self.compare_list(actor, collection, dice).await;
                self.compare_single(actor, collection, dice).await;
                self.compare_order(actor, collection, dice).await;
            }
            for way in &WAYS {
                self.compare_unknown_way(actor, way).await;
            }
            for _ in 0..2 {
                let ask = &ASKS[dice.below(ASKS.len())];
                self.compare_filter(actor, ask).await;
            }
        }
    }

    /// A list with some of what can be expanded: ids, fields and what is expanded.
    async fn compare_list(&mut self, actor: usize, collection: &str, dice: &mut Dice) {
        let (who, person) = (&self.actors[actor].who, &self.actors[actor].person);
        let oracle = self.oracle();
        let ways: Vec<_> = WAYS.iter().filter(|way| way.0 == collection && oracle.can_follow(who, way)).collect();
        let ways: Vec<_> = ways.into_iter().filter(|_| dice.percent(60)).collect();
        let names = ways.iter().map(|way| way.1).collect::<Vec<_>>().join(",");
        let answer = person.get(&format!("/records/{collection}?limit=500&expand={names}")).await;
        let what = format!("{} lists {collection}, expand {names}", who.name);
        if let Err(status) = oracle.entry(who, "read", collection) {
            assert_answer(&answer, status, None, &what);
        } else {
            let seen = oracle.world_of(who);
            let mut expected = seen[collection].clone();
            for view in expected.values_mut().filter(|_| !ways.is_empty()) {
                let members =
                    ways.iter().filter_map(|way| Some((way.1.to_owned(), oracle.expanded(&seen, view, way)?)));
                let members: Map<String, Json> = members.collect();
                view["expand"] = Json::Object(members);
            }
            assert_eq!(by_id(&answer.clone().is(200).json()), expected, "{what}");
        }
        self.compared += 1;
    }

    /// Some records by their id, and one that does not exist.
    async fn compare_single(&mut self, actor: usize, collection: &str, dice: &mut Dice) {
        let mut ids: Vec<String> = (0..3).map(|_| dice.pick(&self.ids(collection))).collect();
        ids.push(super::draw::id(dice));
        let (who, person) = (&self.actors[actor].who, &self.actors[actor].person);
        let oracle = self.oracle();
        for id in &ids {
            let answer = person.get(&format!("/records/{collection}/{id}")).await;
            let row = self.world[collection].get(id);
            let expected = oracle
                .entry(who, "read", collection)
                .and_then(|()| row.and_then(|row| oracle.view(who, collection, row)).ok_or(404));
            let what = format!("{} gets {collection}/{id}", who.name);
            assert_answer(&answer, expected.as_ref().err().copied().unwrap_or(200), expected.as_ref().ok(), &what);
        }
        self.compared += ids.len() as u64;
    }

    /// A list ordered by a field: refused if there is no such field for them; where it is hidden it counts as null.
    async fn compare_order(&mut self, actor: usize, collection: &str, dice: &mut Dice) {
        let field = dice.pick(fields(collection));
        let descending = dice.percent(40);
        if field == "labels" {
            return;
        }
        let (who, person) = (&self.actors[actor].who, &self.actors[actor].person);
        let oracle = self.oracle();
        let sort = format!("{}{field}", if descending { "-" } else { "" });
        let answer = person.get(&format!("/records/{collection}?limit=500&sort={sort}&fields=id")).await;
        let what = format!("{} sorts {collection} by {sort}", who.name);
        match oracle.entry(who, "read", collection) {
            Err(status) => assert_answer(&answer, status, None, &what),
            Ok(()) if !oracle.knows(who, collection, field) => assert_answer(&answer, 400, None, &what),
            Ok(()) => {
                let seen = oracle.world_of(who);
                let mut views: Vec<&Json> = seen[collection].values().collect();
                views.sort_by(|a, b| order(&a[field], &b[field]).then(text(&a["id"]).cmp(&text(&b["id"]))));
                if descending {
                    views.reverse();
                }
                let expected: Vec<String> = views.into_iter().map(|view| text(&view["id"])).collect();
                let listed = answer.is(200).json();
                let ids: Vec<String> =
                    listed["items"].as_array().unwrap().iter().map(|item| text(&item["id"])).collect();
                assert_eq!(ids, expected, "{what}");
            }
        }
        self.compared += 1;
    }

    /// Expanding what somebody may not know of is refused.
    async fn compare_unknown_way(&mut self, actor: usize, way: &(&str, &str, &str, Option<&str>)) {
        let (who, person) = (&self.actors[actor].who, &self.actors[actor].person);
        let oracle = self.oracle();
        if oracle.entry(who, "read", way.0).is_ok() && !oracle.can_follow(who, way) {
            let answer = person.get(&format!("/records/{}?expand={}", way.0, way.1)).await;
            assert_answer(&answer, 400, None, &format!("{} expands {}.{}", who.name, way.0, way.1));
            self.compared += 1;
        }
    }

    /// A filter is about what its asker sees, and no more.
    async fn compare_filter(&mut self, actor: usize, ask: &Ask) {
        let (who, person) = (&self.actors[actor].who, &self.actors[actor].person);
        let oracle = self.oracle();
        let query = json!({ "filter": ask.cel, "limit": 500, "count": "exact" });
        let answer = person.post("/records/notes/query", &query).await;
        let what = format!("{} filters notes by {}", who.name, ask.cel);
        let known = |(collection, field): &(&str, &str)| {
            oracle.entry(who, "read", collection).is_ok() && oracle.knows(who, collection, field)
        };
        match oracle.entry(who, "read", "notes") {
            Err(status) => assert_answer(&answer, status, None, &what),
            Ok(()) if !ask.reads.iter().all(known) => assert_answer(&answer, 400, None, &what),
            Ok(()) => {
                let seen = oracle.world_of(who);
                let matches = |row: &Json| (ask.holds)(&Scene { world: &seen, who, row, data: None }) == Some(true);
                let mut expected = seen["notes"].clone();
                expected.retain(|_, view| matches(view));
                let listed = answer.is(200).json();
                assert_eq!(by_id(&listed), expected, "{what}");
                assert_eq!(listed["total"], expected.len(), "{what}");
            }
        }
        self.compared += 1;
    }
}

/// The items of a list by id. A way back has no order that is promised beyond its ids'.
fn by_id(listed: &Json) -> BTreeMap<String, Json> {
    let items = listed["items"].as_array().cloned().unwrap_or_default();
    items.into_iter().map(|item| (text(&item["id"]), item)).collect()
}

/// Null before every value; text bytewise.
fn order(a: &Json, b: &Json) -> Ordering {
    match (a, b) {
        (Json::Number(a), Json::Number(b)) => a.as_i64().cmp(&b.as_i64()),
        (Json::Bool(a), Json::Bool(b)) => a.cmp(b),
        (Json::String(a), Json::String(b)) => a.cmp(b),
        (a, b) => b.is_null().cmp(&a.is_null()),
    }
}
