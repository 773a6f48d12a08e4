//! The definitions of the collections.

use std::future::{Future, IntoFuture};
use std::pin::Pin;

use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::auth::Items;
use crate::client::Client;
use crate::error::Result;
use crate::http::Call;

/// The routes below `/collections`; see [`Client::collections`].
#[derive(Debug, Clone)]
pub struct Collections {
    client: Client,
}

/// What a collection is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Definition {
    /// Its name in addresses, filters and rules.
    pub name: String,
    /// The JSON Schema of its records.
    pub schema: Value,
    /// Its indexes.
    #[serde(default)]
    pub indexes: Vec<Index>,
    /// The fields that a full-text search reads.
    #[serde(default)]
    pub search: Vec<String>,
    /// Whether it is built in.
    #[serde(default)]
    pub system: bool,
    /// Changes with every change of the definition.
    #[serde(default)]
    pub hash: String,
}

/// An index: fields in order, `-` before a descending one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Index {
    /// The fields.
    pub fields: Vec<String>,
    /// Whether two records may not agree in all of them.
    #[serde(default)]
    pub unique: bool,
}

/// What a change of a definition would do.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Plan {
    /// The steps, in order.
    pub steps: Vec<Step>,
    /// Whether some step loses data.
    #[serde(default)]
    pub destructive: bool,
    /// Whether some step meets records that it can't take.
    #[serde(default)]
    pub blocked: bool,
}

/// One step of a [`Plan`].
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Step {
    /// Its kind, such as `addField`.
    pub step: String,
    /// The field it is about.
    #[serde(default)]
    pub field: Option<String>,
    /// Whether it loses data.
    #[serde(default)]
    pub destructive: bool,
    /// How many records it touches.
    #[serde(default)]
    pub rows: u64,
    /// What it does, for people.
    #[serde(default)]
    pub detail: String,
    /// The statements it runs.
    #[serde(default)]
    pub sql: Vec<String>,
    /// The records it can't take.
    #[serde(default)]
    pub failures: Option<StepFailures>,
}

/// The records that stand in the way of a [`Step`].
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct StepFailures {
    /// How many.
    pub rows: u64,
    /// Why.
    #[serde(default)]
    pub code: String,
    /// Some of them, as `{id, value}`.
    #[serde(default)]
    pub sample: Vec<Value>,
}

#[derive(Deserialize)]
struct Planned {
    plan: Plan,
}

/// A change of a definition; `.await` applies it, [`Alter::plan`] only asks what it would do.
#[derive(Debug)]
#[must_use = "a change is applied by awaiting it"]
pub struct Alter {
    client: Client,
    call: Result<Call>,
}

impl Collections {
    pub(crate) fn new(client: Client) -> Self {
        Self { client }
    }

    /// All definitions.
    pub async fn list(&self) -> Result<Vec<Definition>> {
        let answer = self.client.send(Call::new(Method::GET, &["collections"])?).await?;
        Ok(answer.read::<Items<_>>()?.items)
    }

    /// One definition.
    pub async fn get(&self, name: &str) -> Result<Definition> {
        self.client.send(Call::new(Method::GET, &["collections", name])?).await?.read()
    }

    /// Makes a collection of `{name, schema, indexes, search}`.
    pub fn create(&self, definition: &Value) -> Alter {
        let call = Call::new(Method::POST, &["collections"]).and_then(|call| call.body(definition));
        Alter { client: self.client.clone(), call }
    }

    /// Changes a collection to `{name, schema, indexes, search}`, each optional.
    pub fn patch(&self, name: &str, change: &Value) -> Alter {
        let call = Call::new(Method::PATCH, &["collections", name]).and_then(|call| call.body(change));
        Alter { client: self.client.clone(), call }
    }

    /// Drops a collection, with its records only after [`Alter::allow_destructive`].
    pub fn delete(&self, name: &str) -> Alter {
        Alter { client: self.client.clone(), call: Call::new(Method::DELETE, &["collections", name]) }
    }
}

impl Alter {
    /// Lets it lose data.
    pub fn allow_destructive(mut self) -> Self {
        self.call = self.call.map(|call| call.query("allowDestructive", "true"));
        self
    }

    /// Only if the definition still has this hash; otherwise 412.
    pub fn if_match(mut self, etag: &str) -> Self {
        self.call = self.call.map(|call| call.header("if-match", etag));
        self
    }

    /// What it would do, without doing it.
    pub async fn plan(self) -> Result<Plan> {
        let call = self.call?.query("dryRun", "true");
        Ok(self.client.send(call).await?.read::<Planned>()?.plan)
    }
}

impl IntoFuture for Alter {
    /// The new definition; `None` after a deletion.
    type Output = Result<Option<Definition>>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { self.client.send(self.call?).await?.read() })
    }
}
