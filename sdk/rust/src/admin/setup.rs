//! The first administrator of a new server.

use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

use crate::auth::{Account, signed_in};
use crate::client::Client;
use crate::error::Result;
use crate::http::Call;

/// The route `/setup`; see [`Client::setup`].
#[derive(Debug, Clone)]
pub struct Setup {
    client: Client,
}

#[derive(Deserialize)]
struct State {
    open: bool,
}

impl Setup {
    pub(crate) fn new(client: Client) -> Self {
        Self { client }
    }

    /// Whether there is no administrator yet.
    pub async fn is_open(&self) -> Result<bool> {
        let answer = self.client.send(Call::new(Method::GET, &["setup"])?.anonymous()).await?;
        Ok(answer.read::<State>()?.open)
    }

    /// Makes the first administrator with the token that the server printed, and signs in as it.
    pub async fn complete(&self, token: &str, email: &str, password: &str) -> Result<Account> {
        let body = json!({ "token": token, "email": email, "password": password });
        let answer = self.client.send(Call::new(Method::POST, &["setup"])?.anonymous().body(&body)?).await?;
        signed_in(&self.client, &answer)
    }
}
