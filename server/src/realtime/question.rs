//! A question: what a subscription asks, with whose eyes, and in which sense.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use plinth_model::filter::{Bindings, Bound, Expr, Turn};
use plinth_model::sight::{BoundRows, BoundSight, FieldSight, RowSight};
use plinth_model::{Collection, Instant};
use serde_json::{Map, Value as Json};
use sha2::{Digest as _, Sha256};

use crate::changes::Asked;
use crate::policy::Grant;
use crate::records;
use crate::records::selection::Selection;

/// What tells questions apart.
pub type Key = [u8; 32];

/// What a group asks.
pub struct Question {
    grant: Grant,
    filter: Option<Expr>,
    selection: Selection,
    bindings: Bindings,
    moves_with_time: bool,
    bound: Arc<Conditions>,
    asked: Asked,
    /// The collections that its conditions read through relations.
    followed: BTreeMap<Arc<str>, Arc<Collection>>,
}

/// The conditions, bound to a moment.
pub(super) struct Conditions {
    pub(super) sight: BoundSight,
    pub(super) filter: Option<Bound>,
}

impl Question {
    /// Checks a filter, fields and expand against what the grant shows.
    pub fn new(
        grant: Grant,
        filter: Option<&str>,
        params: Option<&Map<String, Json>>,
        selection: Selection,
    ) -> Result<Self, records::Error> {
        let filter = filter.map(str::trim).filter(|filter| !filter.is_empty());
        let filter = filter.map(|source| grant.compile(source, params)).transpose()?;
        let shown: BTreeSet<&str> = selection.members(&grant)?.iter().map(|field| &*field.name).collect();
        let followed = followed(&grant, filter.as_ref(), &shown);
        records::expand::Expansion::plan(&grant, &selection)?;
        let bindings = grant.bindings(Instant::MIN).with_params(params.cloned().unwrap_or_default());
        let uses_now = grant.sight().uses_now() || filter.as_ref().is_some_and(Expr::uses_now);
        let bound = Arc::new(Conditions::bind(&grant, filter.as_ref(), &bindings));
        // What is bound for good is not bound again, and is long where the parameters are.
        let filter = filter.filter(|_| uses_now);
        let bindings = if uses_now { bindings } else { bindings.with_params(Map::new()) };
        let asked = Asked { definition: 0, meaning: 0 };
        let moves_with_time = uses_now;
        let question = Self { grant, filter, selection, bindings, moves_with_time, bound, asked, followed };
        Ok(Self { asked: question.ask(), ..question })
    }

    /// Questions with equal keys get equal answers.
    pub fn key(&self) -> Key {
        let fields = format!("{:?}", self.selection.fields);
        // A namesake that was dropped had another part of the log.
        let beginning = self.grant.state().readable_from(&self.collection().name).0.to_string();
        let mut parts = vec![self.definition().to_owned(), self.meaning(), fields, beginning];
        if !self.selection.expand.is_empty() {
            // What is expanded is seen with the caller's own eyes as they are now, under the rules of this moment.
            parts.push(format!("{:?} {:?}", self.selection.expand, self.bindings.auth));
            parts.push(self.grant.caller().principal());
            parts.push(self.grant.state().version().to_string());
        }
        Sha256::digest(parts.join("\u{1}")).into()
    }

    /// What is asked, in the sense in which a place of the log is told: a subscription starts anew when it changes.
    pub fn asked(&self) -> Asked {
        self.asked
    }

    fn ask(&self) -> Asked {
        let (definition, meaning) = (Sha256::digest(self.definition()), Sha256::digest(self.meaning()));
        let definition = definition.first_chunk().map(|first| u32::from_be_bytes(*first));
        let meaning = meaning.first_chunk().map(|first| u64::from_be_bytes(*first));
        Asked { definition: definition.unwrap_or_default(), meaning: meaning.unwrap_or_default() }
    }

    fn definition(&self) -> &str {
        let stored = self.grant.state().stored(&self.grant.collection().name);
        stored.map(|stored| stored.hash.as_str()).unwrap_or_default()
    }

    /// Which records the caller sees with which fields, and which of them the filter asks for.
    fn meaning(&self) -> String {
        let filter = self.bound.filter.as_ref().map(Bound::key).unwrap_or_default();
        let meaning = [&self.grant.collection().name, &self.bound.sight.key(), filter].join("\u{1}");
        if self.moves_with_time {
            // Bound to no moment, what compares with `now` may have been folded away: the texts tell it apart, and with
            // whose eyes, since `auth` may have been folded away with the rest.
            let Bindings { auth, params, .. } = &self.bindings;
            let sight = self.grant.sight();
            return format!("{meaning}\u{1}{sight:?}\u{1}{:?}\u{1}{auth:?}\u{1}{params:?}", self.filter);
        }
        meaning
    }

    /// The collection.
    pub fn collection(&self) -> &Arc<Collection> {
        self.grant.collection()
    }

    /// The collection of this name, if a condition reads it through a relation.
    pub(super) fn followed(&self, collection: &str) -> Option<&Arc<Collection>> {
        self.followed.get(collection)
    }

    /// The collections whose changes concern it: its own, and those that are followed.
    pub(super) fn concerned(&self) -> Vec<&str> {
        let own = &*self.collection().name;
        std::iter::once(own).chain(self.followed.keys().map(|name| &**name).filter(|name| *name != own)).collect()
    }

    /// The collections that are followed.
    pub(super) fn follows(&self) -> Vec<&str> {
        self.followed.keys().map(|name| &**name).collect()
    }

    /// What of the records is asked for.
    pub(super) fn selection(&self) -> &Selection {
        &self.selection
    }

    /// The right to read it.
    pub fn grant(&self) -> &Grant {
        &self.grant
    }

    /// The conditions at this moment.
    pub(super) fn at(&self, now: Instant) -> Arc<Conditions> {
        if !self.moves_with_time {
            return self.bound.clone();
        }
        let bindings = Bindings { now, ..self.bindings.clone() };
        Arc::new(Conditions::bind(&self.grant, self.filter.as_ref(), &bindings))
    }

    /// The conditions of a change, all of which must hold: those of its own moment, as whoever was there saw it, and those
    /// of now, since a right may have ended with time.
    pub(super) fn between(&self, then: Instant, now: Instant) -> Vec<Arc<Conditions>> {
        if self.moves_with_time && then < now { vec![self.at(then), self.at(now)] } else { vec![self.at(now)] }
    }
}

/// The collections that are read through relations by the filter, and by what the caller sees of the records and of the
/// fields that are shown.
fn followed(grant: &Grant, filter: Option<&Expr>, shown: &BTreeSet<&str>) -> BTreeMap<Arc<str>, Arc<Collection>> {
    let sight = grant.sight();
    let rows = match &sight.rows {
        RowSight::Where(condition) => Some(&**condition),
        RowSight::All | RowSight::None => None,
    };
    let fields =
        sight.fields.iter().filter(|(name, _)| shown.contains(&***name)).filter_map(|(_, sight)| match sight {
            FieldSight::When(condition) => Some(&**condition),
            FieldSight::Always => None,
        });
    let names = filter.into_iter().chain(rows).chain(fields).flat_map(Expr::follows);
    let known = |name: Arc<str>| grant.state().catalog().get(&name).cloned().map(|collection| (name, collection));
    names.filter_map(known).collect()
}

impl Conditions {
    /// Whether a change of a record behind a relation can change what they say of others.
    pub(super) fn turn_with(&self, turn: Turn<'_>) -> bool {
        let rows = match &self.sight.rows {
            BoundRows::Where(condition) => Some(condition),
            BoundRows::All | BoundRows::None => None,
        };
        let fields = self.sight.fields.values().flatten().map(|condition| &**condition);
        self.filter.iter().chain(rows).chain(fields).any(|condition| condition.turns_with(turn))
    }

    fn bind(grant: &Grant, filter: Option<&Expr>, bindings: &Bindings) -> Self {
        Self { sight: grant.sight().bind(bindings), filter: filter.map(|filter| filter.bind(bindings)) }
    }
}
