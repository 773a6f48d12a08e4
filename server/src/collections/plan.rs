//! A plan: what a change of definition does, step by step, and which rows stand against it.

use plinth_model::schema::Migration;
use plinth_model::schema::migrate::Failures;
use plinth_model::sql::ddl;
use plinth_model::{Dialect, Value};
use plinth_store::collections::Counts;
use serde_json::{Map, Value as Json, json};

use super::standing_rules::Silenced;

/// The steps of a change, looked at before anything happens.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    steps: Vec<PlannedStep>,
    silenced: Vec<Silenced>,
    shows_values: bool,
}

#[derive(Debug, Clone, PartialEq)]
struct PlannedStep {
    step: &'static str,
    field: Option<String>,
    destructive: bool,
    rows: u64,
    detail: String,
    sql: Vec<String>,
    failures: Option<Failures>,
    /// Whether its field is never shown.
    write_only: bool,
}

impl Plan {
    /// The plan of a migration over a table of so many rows, `failures` of which stand against it, and of the rules
    /// that it silences.
    pub fn new(
        migration: &Migration,
        dialect: Dialect,
        counts: &Counts,
        failures: &[Failures],
        silenced: Vec<Silenced>,
    ) -> Self {
        let step = |(n, alteration): (usize, &plinth_model::schema::diff::Alteration)| PlannedStep {
            step: alteration.step.as_str(),
            field: alteration.field.clone(),
            destructive: alteration.destructive && counts.rows > 0,
            rows: counts.of(alteration.field.as_deref()),
            detail: alteration.detail.clone(),
            sql: ddl::render(alteration, dialect).into_iter().map(|statement| statement.text).collect(),
            failures: failures.iter().find(|failure| failure.alteration == n).cloned(),
            write_only: alteration.field.as_deref().is_some_and(|name| migration.is_write_only(name)),
        };
        Self { steps: migration.alterations.iter().enumerate().map(step).collect(), silenced, shows_values: true }
    }

    /// The same plan with what was found to stand against it when it was carried out.
    #[must_use]
    pub fn blocked_by(&self, failures: &[Failures]) -> Self {
        let mut plan = self.clone();
        for failure in failures {
            if let Some(step) = plan.steps.get_mut(failure.alteration) {
                step.failures = Some(failure.clone());
            }
        }
        plan
    }

    /// The same plan without values of records.
    #[must_use]
    pub fn without_values(mut self) -> Self {
        self.shows_values = false;
        self
    }

    /// Whether data is lost.
    pub fn is_destructive(&self) -> bool {
        self.steps.iter().any(|step| step.destructive)
    }

    /// Whether rows stand against it.
    pub fn is_blocked(&self) -> bool {
        self.steps.iter().any(|step| step.failures.is_some())
    }

    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// As clients see it.
    pub fn to_json(&self) -> Json {
        json!({
            "steps": self.steps.iter().map(|step| step.to_json(self.shows_values)).collect::<Vec<_>>(),
            "destructive": self.is_destructive(),
            "blocked": self.is_blocked(),
            "silenced": self.silenced.iter().map(Silenced::to_json).collect::<Vec<_>>(),
        })
    }
}

impl PlannedStep {
    fn to_json(&self, shows_values: bool) -> Json {
        let mut json = Map::new();
        json.insert("step".into(), self.step.into());
        json.insert("field".into(), self.field.clone().into());
        json.insert("destructive".into(), self.destructive.into());
        json.insert("rows".into(), self.rows.into());
        json.insert("detail".into(), self.detail.as_str().into());
        json.insert("sql".into(), self.sql.clone().into());
        if let Some(failures) = &self.failures {
            let shown = |value: &Value| if shows_values && !self.write_only { value.to_json() } else { Json::Null };
            let sample =
                failures.sample.iter().map(|(id, value)| json!({ "id": id.to_string(), "value": shown(value) }));
            let sample: Vec<Json> = sample.collect();
            json.insert("failures".into(), json!({ "rows": failures.rows, "code": failures.code, "sample": sample }));
        }
        Json::Object(json)
    }
}
