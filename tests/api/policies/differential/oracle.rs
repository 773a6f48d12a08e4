//! What the contract says of policies, written straight down: section 3, rule by rule and record by record.
//!
//! It is given everything (rules, memberships, records as JSON) and compiles, joins and keeps nothing. A condition
//! comes as its CEL text for the server and as a closure for us; a closure that ends in an error answers `None`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json};

/// The members that every record has; they show with it.
pub(super) const SYSTEM: [&str; 3] = ["id", "createdAt", "updatedAt"];

/// All records, by collection and id.
pub(super) type World = BTreeMap<&'static str, BTreeMap<String, Json>>;

/// A condition, for the server and for us.
#[derive(Clone, Copy)]
pub(super) struct Condition {
    pub(super) cel: &'static str,
    /// Whether it follows a relation, so that only a database can tell.
    pub(super) related: bool,
    pub(super) holds: fn(&Scene<'_>) -> Option<bool>,
}

/// A rule.
#[derive(Clone)]
pub(super) struct Rule {
    pub(super) subject: String,
    pub(super) object: &'static str,
    pub(super) action: &'static str,
    pub(super) condition: Condition,
    /// None means all.
    pub(super) fields: Vec<&'static str>,
    pub(super) denies: bool,
}

/// Who asks: the subjects whose rules apply, inherited ones among them, and the account if there is one.
pub(super) struct Who {
    pub(super) name: &'static str,
    pub(super) id: Option<String>,
    pub(super) subjects: BTreeSet<String>,
}

/// What a condition is about.
pub(super) struct Scene<'a> {
    pub(super) world: &'a World,
    pub(super) who: &'a Who,
    pub(super) row: &'a Json,
    pub(super) data: Option<&'a Json>,
}

/// The rules and the records that are in force.
pub(super) struct Oracle<'a> {
    pub(super) rules: &'a [Rule],
    pub(super) world: &'a World,
}

impl Who {
    /// Everybody is `public`, an account also `user`, and members of members are members.
    pub(super) fn new(name: &'static str, id: Option<String>, memberships: &[(String, String)]) -> Self {
        let own = id.iter().flat_map(|id| [format!("user:{id}"), "role:user".to_owned()]);
        let mut subjects: BTreeSet<String> = own.chain(["role:public".to_owned()]).collect();
        for _ in memberships {
            let found = memberships.iter().filter(|(member, _)| subjects.contains(member));
            let found: Vec<String> = found.map(|(_, role)| role.clone()).collect();
            subjects.extend(found);
        }
        Self { name, id, subjects }
    }
}

impl Rule {
    /// Whether another rule says the same, but for its effect.
    pub(super) fn says_as(&self, other: &Self) -> bool {
        let words =
            |rule: &Self| (rule.subject.clone(), rule.object, rule.action, rule.condition.cel, rule.fields.clone());
        words(self) == words(other)
    }

    fn names(&self, field: &str) -> bool {
        self.fields.is_empty() || self.fields.contains(&field)
    }

    fn is_about(&self, who: &Who, action: &str, collection: &str) -> bool {
        who.subjects.contains(&self.subject)
            && (self.action == action || self.action == "*")
            && glob(self.object, collection)
    }
}

/// `*` is any run of characters.
fn glob(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((head, tail)) => {
            text.strip_prefix(head).is_some_and(|rest| (0..=rest.len()).any(|skipped| glob(tail, &rest[skipped..])))
        }
    }
}

impl Oracle<'_> {
    fn rules(&self, who: &Who, action: &str, collection: &str) -> impl Iterator<Item = &Rule> {
        self.rules.iter().filter(move |rule| rule.is_about(who, action, collection))
    }

    fn scene<'s>(&'s self, who: &'s Who, row: &'s Json, data: Option<&'s Json>) -> Scene<'s> {
        Scene { world: self.world, who, row, data }
    }

    /// An allow rule lets through where its condition is true.
    fn allows(rule: &Rule, scene: &Scene<'_>) -> bool {
        !rule.denies && (rule.condition.holds)(scene) == Some(true)
    }

    /// A deny rule holds back where its condition is not false.
    fn denies(rule: &Rule, scene: &Scene<'_>) -> bool {
        rule.denies && (rule.condition.holds)(scene) != Some(false)
    }

    /// What the collection answers before any record is looked at: 403 without a rule that allows this action, 404
    /// without a rule that allows any.
    pub(super) fn entry(&self, who: &Who, action: &str, collection: &str) -> Result<(), u16> {
        let any = |action| self.rules(who, action, collection).any(|rule| !rule.denies);
        match any(action) {
            true => Ok(()),
            false if ["read", "create", "update", "delete"].into_iter().any(any) => Err(403),
            false => Err(404),
        }
    }

    /// Whether somebody sees a record.
    pub(super) fn sees(&self, who: &Who, collection: &str, row: &Json) -> bool {
        let scene = self.scene(who, row, None);
        self.rules(who, "read", collection).any(|rule| Self::allows(rule, &scene))
            && !self.rules(who, "read", collection).any(|rule| rule.fields.is_empty() && Self::denies(rule, &scene))
    }

    /// Whether somebody sees a field of a record that they see.
    pub(super) fn shows(&self, who: &Who, collection: &str, row: &Json, field: &str) -> bool {
        let scene = self.scene(who, row, None);
        SYSTEM.contains(&field)
            || self.rules(who, "read", collection).any(|rule| rule.names(field) && Self::allows(rule, &scene))
                && !self.rules(who, "read", collection).any(|rule| rule.names(field) && Self::denies(rule, &scene))
    }

    /// Whether there is such a field for somebody: a rule shows it on some record, and none hides it on all.
    pub(super) fn knows(&self, who: &Who, collection: &str, field: &str) -> bool {
        let always_hidden = |rule: &Rule| rule.denies && rule.fields.contains(&field) && rule.condition.cel.is_empty();
        SYSTEM.contains(&field)
            || self.rules(who, "read", collection).any(|rule| !rule.denies && rule.names(field))
                && !self.rules(who, "read", collection).any(always_hidden)
    }

    /// Whether a rule could ever let somebody write a field.
    pub(super) fn could_write(&self, who: &Who, action: &str, collection: &str, field: &str) -> bool {
        let always_denied = |rule: &Rule| rule.denies && rule.names(field) && rule.condition.cel.is_empty();
        self.rules(who, action, collection).any(|rule| !rule.denies && rule.names(field))
            && !self.rules(who, action, collection).any(always_denied)
    }

    /// Whether it hangs on other records which fields of a record show.
    pub(super) fn fields_hang_on_others(&self, who: &Who, collection: &str) -> bool {
        self.rules(who, "read", collection).any(|rule| rule.condition.related)
            && self.rules(who, "read", collection).any(|rule| !rule.fields.is_empty())
    }

    /// The record as somebody sees it; nothing if they do not. A field that shows on other records only is null.
    pub(super) fn view(&self, who: &Who, collection: &str, row: &Json) -> Option<Json> {
        let known = row.as_object()?.iter().filter(|(field, _)| self.knows(who, collection, field));
        let shown = |field: &str, value: &Json| {
            if self.shows(who, collection, row, field) { value.clone() } else { Json::Null }
        };
        let view: Map<String, Json> = known.map(|(field, value)| (field.clone(), shown(field, value))).collect();
        self.sees(who, collection, row).then_some(Json::Object(view))
    }

    /// Everything as somebody sees it.
    pub(super) fn world_of(&self, who: &Who) -> World {
        let views = |(collection, rows): (&&'static str, &BTreeMap<String, Json>)| {
            let view = |(id, row): (&String, &Json)| Some((id.clone(), self.view(who, collection, row)?));
            (*collection, rows.iter().filter_map(view).collect())
        };
        self.world.iter().map(views).collect()
    }

    /// Whether somebody may do this to a record; `touched` are the fields that it changes.
    pub(super) fn may(
        &self,
        who: &Who,
        action: &str,
        collection: &str,
        (row, data): (&Json, Option<&Json>),
        touched: &BTreeSet<&str>,
    ) -> bool {
        let scene = self.scene(who, row, data);
        let rules = || self.rules(who, action, collection);
        let concerns = |rule: &Rule| rule.fields.is_empty() || rule.fields.iter().any(|field| touched.contains(field));
        rules().any(|rule| Self::allows(rule, &scene))
            && touched.iter().all(|field| rules().any(|rule| rule.names(field) && Self::allows(rule, &scene)))
            && !rules().any(|rule| concerns(rule) && Self::denies(rule, &scene))
    }
}
