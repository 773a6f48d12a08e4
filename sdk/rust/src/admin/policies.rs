//! The rules.

use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::client::Client;
use crate::error::Result;
use crate::http::Call;

/// The routes below `/policies`; see [`Client::policies`].
#[derive(Debug, Clone)]
pub struct Policies {
    client: Client,
}

/// One rule: who may do what to which records.
///
/// ```
/// use plinth_client::Rule;
///
/// let rule = Rule::allow("role:user", "messages", "update").when("author == auth.id").fields("text");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// Given by the server.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// `role:NAME` or `user:ID`.
    pub subject: String,
    /// A collection, a glob, or `sys:…`.
    pub object: String,
    /// `read`, `create`, `update`, `delete`, `write` or `*`.
    pub action: String,
    /// A CEL expression over the record; empty holds for all.
    #[serde(default)]
    pub condition: String,
    /// Fields separated by commas; empty means all.
    #[serde(default)]
    pub fields: String,
    /// Whether it allows or denies.
    pub effect: Effect,
}

/// Whether a rule allows or denies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// Lets through, unless another rule denies.
    Allow,
    /// Wins over every rule that allows.
    Deny,
}

/// All rules.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct RuleSet {
    /// The rules.
    pub items: Vec<Rule>,
    /// Changes with every change of a rule.
    #[serde(default)]
    pub version: Value,
}

impl Rule {
    /// A rule that lets `subject` do `action` on `object`.
    pub fn allow(subject: &str, object: &str, action: &str) -> Self {
        Self::new(subject, object, action, Effect::Allow)
    }

    /// A rule that forbids `subject` to do `action` on `object`.
    pub fn deny(subject: &str, object: &str, action: &str) -> Self {
        Self::new(subject, object, action, Effect::Deny)
    }

    /// Only where this CEL expression holds.
    #[must_use]
    pub fn when(mut self, condition: impl Into<String>) -> Self {
        self.condition = condition.into();
        self
    }

    /// Only these fields, separated by commas.
    #[must_use]
    pub fn fields(mut self, fields: impl Into<String>) -> Self {
        self.fields = fields.into();
        self
    }

    fn new(subject: &str, object: &str, action: &str, effect: Effect) -> Self {
        Self {
            id: String::new(),
            subject: subject.to_owned(),
            object: object.to_owned(),
            action: action.to_owned(),
            condition: String::new(),
            fields: String::new(),
            effect,
        }
    }
}

impl Policies {
    pub(crate) fn new(client: Client) -> Self {
        Self { client }
    }

    /// All rules.
    pub async fn list(&self) -> Result<RuleSet> {
        self.client.send(Call::new(Method::GET, &["policies"])?).await?.read()
    }

    /// Adds a rule.
    pub async fn add(&self, rule: &Rule) -> Result<Rule> {
        self.client.send(Call::new(Method::POST, &["policies"])?.body(rule)?).await?.read()
    }

    /// Changes members of a rule.
    pub async fn patch(&self, id: &str, patch: &Value) -> Result<Rule> {
        self.client.send(Call::new(Method::PATCH, &["policies", id])?.body(patch)?).await?.read()
    }

    /// Removes a rule.
    pub async fn delete(&self, id: &str) -> Result<()> {
        self.client.send(Call::new(Method::DELETE, &["policies", id])?).await?;
        Ok(())
    }

    /// Puts these rules in the place of all others.
    pub async fn replace(&self, rules: &[Rule]) -> Result<RuleSet> {
        let body = serde_json::json!({ "items": rules });
        self.client.send(Call::new(Method::PUT, &["policies"])?.body(&body)?).await?.read()
    }

    /// Why `{subject, collection, action, id?, data?}` is allowed or not: the rules that apply and what held.
    pub async fn explain(&self, question: &Value) -> Result<Value> {
        self.client.send(Call::new(Method::POST, &["policies", "explain"])?.body(question)?).await?.read()
    }
}
