//! Conditions, each as CEL and as a closure. `None` is an error, as where null is compared by order; equality with
//! null is none, as in CEL. `auth.id` of nobody is an error.

use serde_json::Value as Json;

use super::oracle::{Condition, Scene};

impl<'a> Scene<'a> {
    fn int(&self, name: &str) -> Option<i64> {
        self.row[name].as_i64()
    }

    fn flag(&self, name: &str) -> Option<bool> {
        self.row[name].as_bool()
    }

    /// The record behind a relation.
    fn to(&self, collection: &str, id: &Json) -> Option<&'a Json> {
        self.world[collection].get(id.as_str()?)
    }

    fn is_own(&self, owner: &Json) -> Option<bool> {
        Some(*owner == *self.who.id.as_ref()?)
    }

    /// The notes that point here.
    fn notes(&self, points: impl Fn(&Json) -> bool) -> Vec<&'a Json> {
        self.world["notes"].values().filter(|note| points(note)).collect()
    }

    fn by_topic(&self) -> Vec<&'a Json> {
        self.notes(|note| note["topic"] == self.row["id"])
    }

    fn by_labels(&self) -> Vec<&'a Json> {
        let id = &self.row["id"];
        self.notes(|note| note["labels"].as_array().is_some_and(|labels| labels.contains(id)))
    }
}

/// CEL's `||`: one that is true decides, then one that is an error.
pub(super) fn or(parts: impl IntoIterator<Item = Option<bool>>) -> Option<bool> {
    let parts: Vec<Option<bool>> = parts.into_iter().collect();
    if parts.contains(&Some(true)) {
        Some(true)
    } else {
        parts.into_iter().collect::<Option<Vec<bool>>>().map(|_| false)
    }
}

fn not(part: Option<bool>) -> Option<bool> {
    part.map(|truth| !truth)
}

fn and(parts: impl IntoIterator<Item = Option<bool>>) -> Option<bool> {
    not(or(parts.into_iter().map(not)))
}

const fn condition(cel: &'static str, holds: fn(&Scene<'_>) -> Option<bool>) -> Condition {
    Condition { cel, related: false, holds }
}

const fn related(cel: &'static str, holds: fn(&Scene<'_>) -> Option<bool>) -> Condition {
    Condition { cel, related: true, holds }
}

/// Where every record has the fields for it.
pub(super) const OF_ANY: [Condition; 5] = [
    condition("", |_| Some(true)),
    condition("", |_| Some(true)),
    condition("id == auth.id", |s| s.is_own(&s.row["id"])),
    condition("\"editor\" in auth.roles", |s| Some(s.who.subjects.contains("role:editor"))),
    condition("!auth.anonymous", |s| Some(s.who.id.is_some())),
];

/// Of `notes` and `note_topics`.
pub(super) const OF_BOTH: [Condition; 12] = [
    condition("level > 1", |s| Some(s.int("level")? > 1)),
    condition("level == null || level < 2", |s| {
        or([Some(s.row["level"].is_null()), s.int("level").map(|level| level < 2)])
    }),
    condition("level != 1", |s| Some(s.int("level") != Some(1))),
    condition("open", |s| s.flag("open")),
    condition("!open", |s| not(s.flag("open"))),
    condition("owner == auth.id", |s| s.is_own(&s.row["owner"])),
    condition("owner != auth.id && open", |s| and([not(s.is_own(&s.row["owner"])), s.flag("open")])),
    condition("name.startsWith(\"a\")", |s| Some(s.row["name"].as_str()?.starts_with('a'))),
    condition("level > 1 || open", |s| or([s.int("level").map(|level| level > 1), s.flag("open")])),
    condition("level / level == 1 || owner == auth.id", |s| {
        or([s.int("level").filter(|level| *level != 0).map(|_| true), s.is_own(&s.row["owner"])])
    }),
    related("owner.email.startsWith(\"bob\")", |s| {
        Some(s.to("users", &s.row["owner"])?["email"].as_str()?.starts_with("bob"))
    }),
    related("owner.verified || open", |s| {
        or([s.to("users", &s.row["owner"]).and_then(|owner| owner["verified"].as_bool()), s.flag("open")])
    }),
];

/// Of `notes` alone.
pub(super) const OF_NOTES: [Condition; 6] = [
    related("topic.level > 1", |s| Some(s.to("note_topics", &s.row["topic"])?["level"].as_i64()? > 1)),
    related("topic.open || level > 1", |s| {
        let topic = s.to("note_topics", &s.row["topic"]);
        or([topic.and_then(|topic| topic["open"].as_bool()), s.int("level").map(|level| level > 1)])
    }),
    related("topic.owner == auth.id", |s| {
        let topic = s.to("note_topics", &s.row["topic"])?;
        s.is_own(&topic["owner"])
    }),
    related("labels.exists(l, l.level > 1)", |s| {
        let labels = s.row["labels"].as_array()?;
        or(labels.iter().map(|label| Some(s.to("note_topics", label)?["level"].as_i64()? > 1)))
    }),
    condition("size(labels) > 0", |s| Some(!s.row["labels"].as_array()?.is_empty())),
    condition("topic in labels", |s| {
        let labels = s.row["labels"].as_array()?;
        Some(!s.row["topic"].is_null() && labels.contains(&s.row["topic"]))
    }),
];

/// Of `note_topics` alone.
pub(super) const OF_TOPICS: [Condition; 4] = [
    related("notes_via_topic.exists(n, n.level > 1)", |s| {
        or(s.by_topic().into_iter().map(|note| Some(note["level"].as_i64()? > 1)))
    }),
    related("notes_via_labels.exists(n, n.owner == auth.id)", |s| {
        or(s.by_labels().into_iter().map(|note| s.is_own(&note["owner"])))
    }),
    related("notes_via_topic.all(n, n.open)", |s| and(s.by_topic().into_iter().map(|note| note["open"].as_bool()))),
    related("size(notes_via_topic) > 1", |s| Some(s.by_topic().len() > 1)),
];

/// Of writes; where there is no `data`, an error.
pub(super) const OF_DATA: [Condition; 5] = [
    condition("data.owner == auth.id", |s| s.is_own(&s.data?["owner"])),
    condition("data.level > 0", |s| Some(s.data?["level"].as_i64()? > 0)),
    condition("data.level >= level", |s| Some(s.data?["level"].as_i64()? >= s.int("level")?)),
    condition("open || data.open", |s| or([s.flag("open"), s.data.and_then(|data| data["open"].as_bool())])),
    condition("data.name == name", |s| Some(s.data?["name"] == s.row["name"])),
];

/// Of writes of notes.
pub(super) const OF_NOTE_DATA: [Condition; 1] =
    [related("data.topic.open", |s| s.to("note_topics", &s.data?["topic"])?["open"].as_bool())];
