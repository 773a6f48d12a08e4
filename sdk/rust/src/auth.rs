//! Signing in and out, and the account itself.

use reqwest::Method;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::client::Client;
use crate::error::{Error, Result};
use crate::http::{Answer, Call};
use crate::session::Tokens;

/// The routes below `/auth`; see [`Client::auth`].
#[derive(Debug, Clone)]
pub struct Auth {
    client: Client,
}

/// An account as it sees itself.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    /// The account's id; `auth.id` in policies.
    pub id: String,
    /// The address it signs in with.
    pub email: String,
    /// Whether somebody proved to read that address.
    #[serde(default)]
    pub verified: bool,
    /// The roles it has, without the prefix `role:`.
    #[serde(default)]
    pub roles: Vec<String>,
    /// Its own fields, and the times of its making and last change.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// A place where an account is signed in.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionEntry {
    /// Names the session, to end it.
    pub id: String,
    /// Whether it is the one that asks.
    #[serde(default)]
    pub current: bool,
    /// Times, address and user agent.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

#[derive(Deserialize)]
struct SignedIn {
    user: Account,
    #[serde(flatten)]
    tokens: Tokens,
}

#[derive(Deserialize)]
pub(crate) struct Items<T> {
    pub(crate) items: Vec<T>,
}

impl Auth {
    pub(crate) fn new(client: Client) -> Self {
        Self { client }
    }

    /// Makes an account and signs in as it.
    pub async fn register(&self, email: &str, password: &str) -> Result<Account> {
        self.register_with(email, password, &json!({})).await
    }

    /// Makes an account with these own fields and signs in as it.
    pub async fn register_with(&self, email: &str, password: &str, fields: &Value) -> Result<Account> {
        let mut body = fields.as_object().cloned().ok_or_else(|| Error::Input("own fields are an object".into()))?;
        body.insert("email".into(), email.into());
        body.insert("password".into(), password.into());
        self.sign_in("register", &body).await
    }

    /// Signs in.
    pub async fn login(&self, email: &str, password: &str) -> Result<Account> {
        self.sign_in("login", &json!({ "email": email, "password": password })).await
    }

    /// Renews the tokens now. Calls do it by themselves; callers at the same moment share one renewal.
    pub async fn refresh(&self) -> Result<()> {
        let transport = &self.client.shared.transport;
        let stale = transport.session.access_token().unwrap_or_default();
        if transport.renew(&stale).await? { Ok(()) } else { Err(Error::Input("not signed in".into())) }
    }

    /// Ends the session on the server and forgets the tokens, also when the server can't be reached.
    pub async fn logout(&self) -> Result<()> {
        let Some(tokens) = self.client.tokens() else { return Ok(()) };
        self.client.session().sign_in(None);
        let body = json!({ "refreshToken": tokens.refresh_token });
        self.client.send(Call::new(Method::POST, &["auth", "logout"])?.anonymous().body(&body)?).await?;
        Ok(())
    }

    /// The account that is signed in.
    pub async fn me(&self) -> Result<Account> {
        self.me_as().await
    }

    /// The account that is signed in, read as a type with its own fields.
    pub async fn me_as<T: DeserializeOwned>(&self) -> Result<T> {
        self.client.send(Call::new(Method::GET, &["auth", "me"])?).await?.read()
    }

    /// Changes own fields of the account.
    pub async fn update_me(&self, patch: &impl Serialize) -> Result<Account> {
        self.client.send(Call::new(Method::PATCH, &["auth", "me"])?.body(patch)?).await?.read()
    }

    /// Changes the password; all other sessions of the account end.
    pub async fn change_password(&self, current: &str, new: &str) -> Result<()> {
        let body = json!({ "currentPassword": current, "newPassword": new });
        self.client.send(Call::new(Method::PATCH, &["auth", "password"])?.body(&body)?).await?;
        Ok(())
    }

    /// Where the account is signed in.
    pub async fn sessions(&self) -> Result<Vec<SessionEntry>> {
        let answer = self.client.send(Call::new(Method::GET, &["auth", "sessions"])?).await?;
        Ok(answer.read::<Items<_>>()?.items)
    }

    /// Ends one session.
    pub async fn end_session(&self, id: &str) -> Result<()> {
        self.client.send(Call::new(Method::DELETE, &["auth", "sessions", id])?).await?;
        Ok(())
    }

    /// Ends every session of the account, this one included.
    pub async fn end_sessions(&self) -> Result<()> {
        self.client.send(Call::new(Method::DELETE, &["auth", "sessions"])?).await?;
        Ok(())
    }

    async fn sign_in(&self, route: &str, body: &(impl Serialize + ?Sized)) -> Result<Account> {
        let call = Call::new(Method::POST, &["auth", route])?.anonymous().body(body)?;
        let answer = self.client.send(call).await?;
        signed_in(&self.client, &answer)
    }
}

/// Takes over the tokens of an answer that signs in.
pub(crate) fn signed_in(client: &Client, answer: &Answer) -> Result<Account> {
    let SignedIn { user, tokens } = answer.read()?;
    client.session().sign_in(Some(tokens));
    Ok(user)
}
