//! The accounts, as administrators see them.

use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::auth::{Items, SessionEntry};
use crate::client::Client;
use crate::error::Result;
use crate::http::Call;
use crate::query::Page;

/// The routes below `/users`; see [`Client::users`].
#[derive(Debug, Clone)]
pub struct Users {
    client: Client,
}

/// An account.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// Its id; `auth.id` in policies.
    pub id: String,
    /// The address it signs in with.
    pub email: String,
    /// Whether somebody proved to read that address.
    #[serde(default)]
    pub verified: bool,
    /// Whether it may not sign in.
    #[serde(default)]
    pub disabled: bool,
    /// Its roles, without the prefix `role:`.
    #[serde(default)]
    pub roles: Vec<String>,
    /// Times and its own fields.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// An account to make.
#[derive(Debug, Clone, Default, Serialize)]
pub struct NewUser {
    /// The address it signs in with.
    pub email: String,
    /// Its first password.
    pub password: String,
    /// Whether the address counts as proved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verified: Option<bool>,
    /// Its roles, without the prefix `role:`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
}

/// Which accounts to list.
#[derive(Debug, Clone, Default)]
pub struct UserQuery {
    /// Part of an address.
    pub search: Option<String>,
    /// How many a page has.
    pub limit: Option<u32>,
    /// Where the page begins.
    pub cursor: Option<String>,
}

impl Users {
    pub(crate) fn new(client: Client) -> Self {
        Self { client }
    }

    /// One page of accounts.
    pub async fn list(&self, query: &UserQuery) -> Result<Page<User>> {
        let mut call = Call::new(Method::GET, &["users"])?;
        let limit = query.limit.map(|limit| limit.to_string());
        for (name, value) in [("search", &query.search), ("limit", &limit), ("cursor", &query.cursor)] {
            if let Some(value) = value {
                call = call.query(name, value);
            }
        }
        self.client.send(call).await?.read()
    }

    /// Makes an account.
    pub async fn create(&self, user: &NewUser) -> Result<User> {
        self.client.send(Call::new(Method::POST, &["users"])?.body(user)?).await?.read()
    }

    /// One account.
    pub async fn get(&self, id: &str) -> Result<User> {
        self.client.send(Call::new(Method::GET, &["users", id])?).await?.read()
    }

    /// Changes `email`, `verified`, `disabled`, `password` or own fields.
    pub async fn update(&self, id: &str, patch: &Value) -> Result<User> {
        self.client.send(Call::new(Method::PATCH, &["users", id])?.body(patch)?).await?.read()
    }

    /// Deletes an account.
    pub async fn delete(&self, id: &str) -> Result<()> {
        self.client.send(Call::new(Method::DELETE, &["users", id])?).await?;
        Ok(())
    }

    /// Where an account is signed in.
    pub async fn sessions(&self, id: &str) -> Result<Vec<SessionEntry>> {
        let answer = self.client.send(Call::new(Method::GET, &["users", id, "sessions"])?).await?;
        Ok(answer.read::<Items<_>>()?.items)
    }

    /// Signs an account out everywhere.
    pub async fn end_sessions(&self, id: &str) -> Result<()> {
        self.client.send(Call::new(Method::DELETE, &["users", id, "sessions"])?).await?;
        Ok(())
    }

    /// Ends one session of an account.
    pub async fn end_session(&self, id: &str, session: &str) -> Result<()> {
        self.client.send(Call::new(Method::DELETE, &["users", id, "sessions", session])?).await?;
        Ok(())
    }
}
