//! The roles and who has them.

use reqwest::Method;
use serde::Deserialize;

use crate::auth::Items;
use crate::client::Client;
use crate::error::Result;
use crate::http::Call;

/// The routes below `/roles`; see [`Client::roles`].
#[derive(Debug, Clone)]
pub struct Roles {
    client: Client,
}

/// A role. Names stand without the prefix `role:`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Role {
    /// Its name.
    pub role: String,
    /// How many members it has.
    #[serde(default)]
    pub members: u64,
    /// The roles whose rules it has too.
    #[serde(default)]
    pub inherits: Vec<String>,
}

impl Roles {
    pub(crate) fn new(client: Client) -> Self {
        Self { client }
    }

    /// All roles.
    pub async fn list(&self) -> Result<Vec<Role>> {
        let answer = self.client.send(Call::new(Method::GET, &["roles"])?).await?;
        Ok(answer.read::<Items<_>>()?.items)
    }

    /// The members of a role, as `user:ID` or `role:NAME`.
    pub async fn members(&self, role: &str) -> Result<Vec<String>> {
        let answer = self.client.send(Call::new(Method::GET, &["roles", role, "members"])?).await?;
        Ok(answer.read::<Items<_>>()?.items)
    }

    /// Gives a role to `user:ID` or `role:NAME`.
    pub async fn grant(&self, role: &str, member: &str) -> Result<()> {
        self.client.send(Call::new(Method::PUT, &["roles", role, "members", member])?).await?;
        Ok(())
    }

    /// Takes a role from `user:ID` or `role:NAME`.
    pub async fn revoke(&self, role: &str, member: &str) -> Result<()> {
        self.client.send(Call::new(Method::DELETE, &["roles", role, "members", member])?).await?;
        Ok(())
    }
}
