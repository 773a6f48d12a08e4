//! Changing what collections there are: a plan first, then everything in one transaction.
//!
//! The definition, the table, the rules about it and the definitions that point at it change together; the rows
//! are looked at inside that transaction, with every other writer kept out, so what the plan said still holds.

use std::sync::Arc;

use plinth_model::schema::{Definition, Migration, diff::Step as Kind, pairing, parse};
use plinth_model::{Catalog, Collection, RecordId, Seq};
use plinth_store::collections::{self, Counts, StoredCollection};
use plinth_store::{SchemaStep, Step, policies};
use serde_json::{Map, Value as Json};

use super::plan::Plan;
use super::standing_rules::{Silenced, Turn};
use super::{Collections, Error, View, bootstrap};
use crate::policy::State;
use crate::policy::edit::STARTS;

/// How a change is made.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Answer the plan and do nothing.
    pub dry_run: bool,
    /// Data may be lost.
    pub allow_destructive: bool,
    /// The hash of the definition that the change is meant for.
    pub if_match: Option<String>,
    /// Who does it.
    pub by: Option<RecordId>,
    /// Whether the plan may show values of records.
    pub shows_values: bool,
}

/// What came of a change.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// It was planned only.
    Planned(Plan),
    /// It was made; the collection as it is now, none if it was dropped.
    Made(Option<View>),
}

impl Collections {
    /// Makes a collection.
    pub async fn create(&self, body: Map<String, Json>, options: &Options) -> Result<Change, Error> {
        let definition = Definition::read(body).map_err(Error::Invalid)?;
        self.in_turn(|| self.create_now(&definition, options)).await
    }

    async fn create_now(&self, definition: &Definition, options: &Options) -> Result<Change, Error> {
        let state = self.policy.state();
        refuse_taken(state.catalog(), &definition.name, None)?;
        let collection = Arc::new(parse_definition(definition, state.catalog())?);
        refuse_waiting(&state, &Turn::new(state.catalog(), None, Some(&collection)))?;
        let migration = Migration::new(None, Some(collection), state.catalog());
        let plan = Plan::new(&migration, self.store.dialect(), &Counts::default(), &[], Vec::new());
        if options.dry_run {
            return Ok(Change::Planned(plan));
        }
        let stored = self.stored(definition, None);
        let mut steps = vec![SchemaStep::Carry(Arc::new(migration))];
        steps.extend(collections::insert_collection(&stored, options.by).map(SchemaStep::System));
        self.run(steps, &state, &plan, &definition.name).await?;
        self.made(&definition.name)
    }

    /// Changes a collection: the members of `patch` take the place of those of the definition.
    pub async fn change(&self, name: &str, patch: Map<String, Json>, options: &Options) -> Result<Change, Error> {
        let options = self.as_seen(name, options);
        self.in_turn(|| self.change_now(name, &patch, &options)).await
    }

    async fn change_now(&self, name: &str, patch: &Map<String, Json>, options: &Options) -> Result<Change, Error> {
        let state = self.policy.state();
        let (Some(stored), Some(before)) = (state.stored(name), state.catalog().get(name)) else {
            return Err(Error::NotFound);
        };
        check_hash(stored, options)?;
        let definition = patched(stored, patch)?;
        bootstrap::keep_built_in(name, &definition)?;
        refuse_taken(state.catalog(), &definition.name, Some(name))?;
        let renamed = definition.name != name;
        let catalog =
            if renamed { state.catalog().renamed(name, &definition.name) } else { (**state.catalog()).clone() };
        let after = Arc::new(parse_definition(&definition, &catalog)?);
        let strays = pairing::check_renames(before, &after);
        if !strays.is_empty() {
            return Err(Error::Invalid(strays));
        }
        let turn = Turn::new(state.catalog(), Some(before), Some(&after));
        refuse_waiting(&state, &turn)?;
        let silenced = turn.silenced(&state);
        let migration = Arc::new(Migration::new(Some(before.clone()), Some(after), state.catalog()));
        let plan = self.plan(&migration, name, silenced, options).await?;
        if options.dry_run {
            return Ok(Change::Planned(plan));
        }
        refuse_harm(&plan, options)?;
        let next = self.stored(&definition, Some(stored));
        let breaks = migration.alterations.iter().any(|alteration| gives_other_meaning(alteration.step));
        let mut steps = vec![SchemaStep::Carry(migration)];
        steps.extend(
            collections::update_collection(name, &stored.hash, &next, breaks, options.by).map(SchemaStep::System),
        );
        if renamed {
            steps.extend(self.follow_rename(&state, name, &definition.name, options)?);
        }
        self.run(steps, &state, &plan, name).await?;
        self.made(&definition.name)
    }

    /// Drops a collection, with its rows and the rules about it.
    pub async fn drop(&self, name: &str, options: &Options) -> Result<Change, Error> {
        let options = self.as_seen(name, options);
        self.in_turn(|| self.drop_now(name, &options)).await
    }

    async fn drop_now(&self, name: &str, options: &Options) -> Result<Change, Error> {
        let state = self.policy.state();
        let (Some(stored), Some(before)) = (state.stored(name), state.catalog().get(name)) else {
            return Err(Error::NotFound);
        };
        if before.is_users() {
            return Err(Error::BuiltIn("users is built in: it holds the accounts and can't be dropped"));
        }
        check_hash(stored, options)?;
        if let Some(incoming) = state.catalog().incoming(name).find(|incoming| incoming.collection.name != name) {
            let (collection, field) = (incoming.collection.name.clone(), incoming.field.name.clone());
            return Err(Error::PointedAt { collection, field });
        }
        let silenced = Turn::new(state.catalog(), Some(before), None).silenced(&state);
        let migration = Arc::new(Migration::new(Some(before.clone()), None, state.catalog()));
        let plan = self.plan(&migration, name, silenced, options).await?;
        if options.dry_run {
            return Ok(Change::Planned(plan));
        }
        refuse_harm(&plan, options)?;
        let now = self.clock.now();
        let mut steps = vec![SchemaStep::Carry(migration)];
        steps.extend(collections::delete_collection(name, &stored.hash, options.by, now).map(SchemaStep::System));
        steps.extend(policies::forget_object(name, options.by, now).map(SchemaStep::System));
        self.run(steps, &state, &plan, name).await?;
        Ok(Change::Made(None))
    }

    /// Plans and makes a change of definitions, one after the other on this node. It is thought out for all collections
    /// as they are, and made only while they are so: if another node was faster, it starts over.
    async fn in_turn<F>(&self, change: impl Fn() -> F) -> Result<Change, Error>
    where
        F: Future<Output = Result<Change, Error>>,
    {
        let _turn = self.turn.lock().await;
        let mut starts = 1;
        loop {
            match change().await {
                Err(Error::Store(plinth_store::Error::SchemaChanged(_))) if starts < STARTS => starts += 1,
                done => return done,
            }
            self.policy.reload().await?;
        }
    }

    /// The same options, for the definition as it is now: who names no version means the one that is there when they
    /// ask.
    fn as_seen(&self, name: &str, options: &Options) -> Options {
        let mut options = options.clone();
        let any = options.if_match.as_deref().is_none_or(|hash| hash.trim() == "*");
        if let (true, Some(stored)) = (any, self.policy.state().stored(name)) {
            options.if_match = Some(stored.hash.clone());
        }
        options
    }

    async fn plan(
        &self,
        migration: &Arc<Migration>,
        table: &str,
        silenced: Vec<Silenced>,
        options: &Options,
    ) -> Result<Plan, Error> {
        let failures = if migration.checks_rows() { self.store.trial(migration.clone()).await? } else { Vec::new() };
        let dropped = migration.alterations.iter().filter(|alteration| alteration.step == Kind::DropField);
        let dropped: Vec<&str> = dropped.filter_map(|alteration| alteration.field.as_deref()).collect();
        let rows = self.store.value_counts(table, &dropped).await?;
        let plan = Plan::new(migration, self.store.dialect(), &rows, &failures, silenced);
        Ok(if options.shows_values { plan } else { plan.without_values() })
    }

    /// The rules about a renamed collection and the relations that point at it go with it.
    fn follow_rename(&self, state: &State, from: &str, to: &str, options: &Options) -> Result<Vec<SchemaStep>, Error> {
        let mut steps: Vec<Step> = policies::rename_object(from, to, options.by, self.clock.now()).into();
        for incoming in state.catalog().incoming(from).filter(|incoming| incoming.collection.name != from) {
            let Some(stored) = state.stored(&incoming.collection.name) else { continue };
            let mut definition = read_definition(stored)?;
            if definition.retarget(from, to) {
                let next = self.stored(&definition, Some(stored));
                steps.extend(collections::update_collection(&stored.name, &stored.hash, &next, false, options.by));
            }
        }
        Ok(steps.into_iter().map(SchemaStep::System).collect())
    }

    async fn run(&self, steps: Vec<SchemaStep>, state: &State, plan: &Plan, name: &str) -> Result<(), Error> {
        let result = self.store.migrate(steps, state.catalog().version()).await;
        self.policy.reload().await?;
        match result {
            Ok(_) => Ok(()),
            Err(plinth_store::Error::Blocked(failures)) => Err(Error::Blocked(Box::new(plan.blocked_by(&failures)))),
            Err(error @ plinth_store::Error::Expectation { .. }) => {
                tracing::debug!(%error, "a definition was changed meanwhile");
                Err(Error::Stale)
            }
            Err(plinth_store::Error::Conflict { .. }) => Err(Error::Taken(name.to_owned())),
            Err(error) => Err(error.into()),
        }
    }

    fn made(&self, name: &str) -> Result<Change, Error> {
        self.get(name).map(|view| Change::Made(Some(view)))
    }

    fn stored(&self, definition: &Definition, before: Option<&StoredCollection>) -> StoredCollection {
        let now = self.clock.now();
        StoredCollection {
            name: definition.name.clone(),
            definition: serde_json::json!(definition).to_string(),
            hash: definition.hash(),
            schema_seq: before.map_or(Seq::default(), |before| before.schema_seq),
            created_at: before.map_or(now, |before| before.created_at),
            updated_at: now,
        }
    }
}

/// Reads a stored definition.
pub(super) fn read_definition(stored: &StoredCollection) -> Result<Definition, Error> {
    serde_json::from_str(&stored.definition)
        .map_err(|error| plinth_store::Error::Corrupt(format!("definition of {}: {error}", stored.name)).into())
}

fn patched(stored: &StoredCollection, patch: &Map<String, Json>) -> Result<Definition, Error> {
    let mut body: Map<String, Json> = serde_json::from_str(&stored.definition)
        .map_err(|error| plinth_store::Error::Corrupt(format!("definition of {}: {error}", stored.name)))?;
    follow_renames(&mut body, patch);
    body.extend(patch.clone());
    Definition::read(body).map_err(Error::Invalid)
}

/// Gives the stored lists that name fields (`indexes`, `search`) the names that the patch renames these to. A list
/// that the patch brings itself is not looked at.
fn follow_renames(body: &mut Map<String, Json>, patch: &Map<String, Json>) {
    let Some(properties) = patch.get("schema").and_then(|schema| schema.get("properties")).and_then(Json::as_object)
    else {
        return;
    };
    let new_name = |old: &str| {
        let from = |property: &Json| property.get("x-renamed-from").and_then(Json::as_str) == Some(old);
        let renamed = properties.iter().find(|(_, property)| from(property)).map(|(name, _)| name.as_str());
        renamed.filter(|_| !properties.contains_key(old))
    };
    let rename = |column: &mut Json| {
        let written = column.as_str().unwrap_or_default();
        let (sign, old) = written.strip_prefix('-').map_or(("", written), |name| ("-", name));
        if let Some(new) = new_name(old) {
            *column = Json::String(format!("{sign}{new}"));
        }
    };
    let columns = |list: &mut Json| list.as_array_mut().into_iter().flatten().for_each(rename);
    body.get_mut("search").into_iter().for_each(columns);
    let indexes = body.get_mut("indexes").and_then(Json::as_array_mut);
    indexes.into_iter().flatten().filter_map(|index| index.get_mut("fields")).for_each(columns);
}

/// The collection that a definition means, among the others: its name must be free and its relations must point at
/// collections that exist, or at itself.
pub(super) fn parse_definition(definition: &Definition, others: &Catalog) -> Result<Collection, Error> {
    let collection = parse::parse(definition).map_err(Error::Invalid)?;
    let violations = parse::check_among(&collection, others);
    if violations.is_empty() { Ok(collection) } else { Err(Error::Invalid(violations)) }
}

/// Refuses a name that another collection has, whatever the case of its letters.
fn refuse_taken(catalog: &Catalog, name: &str, own: Option<&str>) -> Result<(), Error> {
    let others = catalog.iter().filter(|collection| Some(collection.name.as_str()) != own);
    let mut taken = others.filter(|collection| collection.name.eq_ignore_ascii_case(name));
    taken.next().map_or(Ok(()), |collection| Err(Error::Taken(collection.name.clone())))
}

fn refuse_waiting(state: &State, turn: &Turn<'_>) -> Result<(), Error> {
    turn.waiting(state).map_or(Ok(()), |rule| Err(Error::RuleWaits(rule.clone())))
}

fn check_hash(stored: &StoredCollection, options: &Options) -> Result<(), Error> {
    let hash = options.if_match.as_deref().map(|hash| hash.trim().trim_matches('"'));
    if hash.is_some_and(|hash| hash != stored.hash && hash != "*") { Err(Error::Stale) } else { Ok(()) }
}

fn refuse_harm(plan: &Plan, options: &Options) -> Result<(), Error> {
    if plan.is_blocked() {
        return Err(Error::Blocked(Box::new(plan.clone())));
    }
    if plan.is_destructive() && !options.allow_destructive {
        return Err(Error::Destructive(Box::new(plan.clone())));
    }
    Ok(())
}

/// Whether images in the change log from before can't be read as records of the new definition.
fn gives_other_meaning(step: Kind) -> bool {
    matches!(
        step,
        Kind::RenameCollection | Kind::RenameField | Kind::ChangeKind | Kind::DropField | Kind::ChangeRelation
    )
}
