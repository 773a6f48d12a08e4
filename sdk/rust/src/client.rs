//! The client: one server, one account, shared by its clones.

use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use reqwest::{Method, Url};
use serde_json::Value;

use crate::admin::{Collections, Policies, Roles, Setup, Users};
use crate::auth::Auth;
use crate::batch::Batch;
use crate::collection::Collection;
use crate::error::{Error, Result};
use crate::http::{Answer, Call, Transport};
use crate::realtime::{Backoff, Realtime};
use crate::session::{Session, Tokens};

/// A client of one server, signed in as at most one account. Clones share the account, the connections and the
/// realtime socket; make another client for another account.
#[derive(Debug, Clone)]
pub struct Client {
    pub(crate) shared: Arc<Shared>,
}

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) transport: Arc<Transport>,
    pub(crate) realtime: Realtime,
}

/// Settings of a [`Client`].
#[derive(Debug)]
#[must_use]
pub struct ClientBuilder {
    url: String,
    tokens: Option<Tokens>,
    http: Option<reqwest::Client>,
    timeout: Duration,
    attempts: u32,
    backoff: Backoff,
}

impl Client {
    /// A client of the server at this address, such as `https://api.example.com`, with the usual settings.
    pub fn new(url: impl Into<String>) -> Result<Self> {
        Self::builder(url).build()
    }

    /// A client of the server at this address, with settings of its own.
    pub fn builder(url: impl Into<String>) -> ClientBuilder {
        ClientBuilder {
            url: url.into(),
            tokens: None,
            http: None,
            timeout: Duration::from_secs(30),
            attempts: 3,
            backoff: Backoff::default(),
        }
    }

    /// The records of a collection, read as `T`. `serde_json::Value` fits every collection.
    pub fn collection<T>(&self, name: impl Into<String>) -> Collection<T> {
        Collection { client: self.clone(), name: name.into(), record: PhantomData }
    }

    /// Signing in and out, and the account itself.
    pub fn auth(&self) -> Auth {
        Auth::new(self.clone())
    }

    /// Several writes in one transaction: all of them or none.
    pub fn batch(&self) -> Batch {
        Batch::new(self.clone())
    }

    /// The definitions of the collections, for administrators.
    pub fn collections(&self) -> Collections {
        Collections::new(self.clone())
    }

    /// The rules, for administrators.
    pub fn policies(&self) -> Policies {
        Policies::new(self.clone())
    }

    /// The roles and their members, for administrators.
    pub fn roles(&self) -> Roles {
        Roles::new(self.clone())
    }

    /// The accounts, for administrators.
    pub fn users(&self) -> Users {
        Users::new(self.clone())
    }

    /// The first administrator of a new server.
    pub fn setup(&self) -> Setup {
        Setup::new(self.clone())
    }

    /// The realtime connection: its state, and a way to drop it.
    pub fn realtime(&self) -> &Realtime {
        &self.shared.realtime
    }

    /// The tokens in use, to go on with in another process through [`ClientBuilder::tokens`].
    pub fn tokens(&self) -> Option<Tokens> {
        self.shared.transport.session.tokens()
    }

    /// Calls any route below `/api/v1`; for what this crate has no name for.
    ///
    /// `segments` are escaped one by one: `["records", "posts", id]`.
    pub async fn call(&self, method: Method, segments: &[&str], body: Option<&Value>) -> Result<Value> {
        let mut call = Call::new(method, segments)?;
        if let Some(body) = body {
            call = call.body(body)?;
        }
        self.send(call).await?.read()
    }

    pub(crate) async fn send(&self, call: Call) -> Result<Answer> {
        self.shared.transport.send(call).await
    }

    pub(crate) fn session(&self) -> &Session {
        &self.shared.transport.session
    }
}

impl ClientBuilder {
    /// Goes on as the account that these tokens belong to.
    pub fn tokens(mut self, tokens: Tokens) -> Self {
        self.tokens = Some(tokens);
        self
    }

    /// Sends this token, or API key, which nothing renews.
    pub fn token(self, token: impl Into<String>) -> Self {
        self.tokens(Tokens { access_token: token.into(), refresh_token: None, expires_in: None })
    }

    /// Sends requests through this client instead of one of our own; `timeout` is then its own affair.
    pub fn http(mut self, http: reqwest::Client) -> Self {
        self.http = Some(http);
        self
    }

    /// How long one try of a request may take; 30 seconds unless said otherwise.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How often a request is tried that may be repeated and fails for a passing reason; 3 unless said otherwise.
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts.max(1);
        self
    }

    /// How long the realtime connection waits before it is tried again.
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.backoff = backoff;
        self
    }

    /// The client. Nothing is sent yet.
    pub fn build(self) -> Result<Client> {
        install_ring();
        let api = api_url(&self.url)?;
        let http = match self.http {
            Some(http) => http,
            None => reqwest::Client::builder().timeout(self.timeout).tcp_nodelay(true).build()?,
        };
        let session = Session::new(self.tokens);
        let transport = Arc::new(Transport { http, api, session, attempts: self.attempts });
        let realtime = Realtime::new(Arc::clone(&transport), self.backoff);
        Ok(Client { shared: Arc::new(Shared { transport, realtime }) })
    }
}

/// `https://host/prefix` → `https://host/prefix/api/v1`.
fn api_url(text: &str) -> Result<Url> {
    let mut url = Url::parse(text).map_err(|error| Error::Input(format!("{text:?} is no address: {error}")))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(Error::Input(format!("{text:?} must begin with http:// or https://")));
    }
    let path = format!("{}/api/v1", url.path().trim_end_matches('/'));
    url.set_path(&path);
    url.set_query(None);
    url.set_fragment(None);
    Ok(url)
}

/// rustls asks for a process-wide choice of cryptography; an application that made one keeps it.
pub(crate) fn install_ring() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // Losing the race to another thread is as good: a provider is there.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn address_may_have_a_prefix_and_a_slash() {
        assert_eq!(api_url("http://h:1/").unwrap().as_str(), "http://h:1/api/v1");
        assert_eq!(api_url("https://h/p?x#y").unwrap().as_str(), "https://h/p/api/v1");
        assert!(api_url("ftp://h").is_err());
        assert!(api_url("h:8080/x").is_err());
    }
}
