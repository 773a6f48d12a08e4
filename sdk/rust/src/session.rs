//! The tokens of the signed-in account, and their renewal.
//!
//! A refresh token is single-use: two renewals at once would look like theft and end the session. So renewals
//! queue behind one lock, and whoever waited finds the new token instead of asking for another.

use std::sync::{PoisonError, RwLock};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex, MutexGuard, watch};

/// How long before its end an access token is renewed; a third of its life where that is shorter.
const RENEW_BEFORE: Duration = Duration::from_secs(30);

/// What a sign-in hands out; keep it to go on in another process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tokens {
    /// Sent with every request.
    pub access_token: String,
    /// Buys the next pair, once. Absent for API keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// Seconds until the access token ends, counted from when it was handed out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<u64>,
}

#[derive(Debug, Clone)]
struct Held {
    tokens: Tokens,
    /// From when on it is renewed.
    due: Option<Instant>,
}

/// The tokens in use, shared by everything that a client was cloned into.
#[derive(Debug)]
pub(crate) struct Session {
    held: RwLock<Option<Held>>,
    renewal: Mutex<()>,
    sign_ins: watch::Sender<u64>,
}

impl Session {
    pub(crate) fn new(tokens: Option<Tokens>) -> Self {
        Self { held: RwLock::new(tokens.map(Held::from)), renewal: Mutex::new(()), sign_ins: watch::Sender::new(0) }
    }

    pub(crate) fn tokens(&self) -> Option<Tokens> {
        self.held().map(|held| held.tokens)
    }

    pub(crate) fn access_token(&self) -> Option<String> {
        self.held().map(|held| held.tokens.access_token)
    }

    /// Whether the access token is about to end and there is something to renew it with.
    pub(crate) fn is_due(&self) -> bool {
        self.renewal_in() == Some(Duration::ZERO)
    }

    /// How long the access token may still be used before it is renewed; `None` where nothing can renew it.
    pub(crate) fn renewal_in(&self) -> Option<Duration> {
        let held = self.held()?;
        held.tokens.refresh_token.as_ref()?;
        Some(held.due?.saturating_duration_since(Instant::now()))
    }

    /// Another account, or none: everything bound to the one before is void.
    pub(crate) fn sign_in(&self, tokens: Option<Tokens>) {
        self.replace(tokens);
        self.sign_ins.send_modify(|count| *count += 1);
    }

    /// Fresh tokens of the same account.
    pub(crate) fn renewed(&self, tokens: Tokens) {
        self.replace(Some(tokens));
    }

    /// Waits for its turn to renew.
    pub(crate) async fn renewal(&self) -> MutexGuard<'_, ()> {
        self.renewal.lock().await
    }

    /// Counts the sign-ins and sign-outs, so that a connection can follow them.
    pub(crate) fn sign_ins(&self) -> watch::Receiver<u64> {
        self.sign_ins.subscribe()
    }

    fn replace(&self, tokens: Option<Tokens>) {
        // A poisoned lock only says that another thread died elsewhere: the value is replaced whole.
        *self.held.write().unwrap_or_else(PoisonError::into_inner) = tokens.map(Held::from);
    }

    fn held(&self) -> Option<Held> {
        self.held.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl From<Tokens> for Held {
    fn from(tokens: Tokens) -> Self {
        let life = tokens.expires_in.map(Duration::from_secs);
        let due = life.map(|life| Instant::now() + life.saturating_sub(RENEW_BEFORE.min(life / 3)));
        Self { tokens, due }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(expires_in: u64) -> Tokens {
        Tokens { access_token: "a".into(), refresh_token: Some("r".into()), expires_in: Some(expires_in) }
    }

    #[test]
    fn token_is_due_half_a_minute_before_its_end() {
        let due = Session::new(Some(tokens(600))).renewal_in().unwrap();
        assert!(due > Duration::from_secs(569) && due <= Duration::from_secs(570), "{due:?}");
        assert!(Session::new(Some(tokens(0))).is_due());
    }

    #[test]
    fn short_token_is_used_for_most_of_its_life() {
        assert!(Session::new(Some(tokens(3))).renewal_in().unwrap() > Duration::from_secs(1));
    }

    #[test]
    fn key_without_refresh_token_is_never_due() {
        let key = Tokens { refresh_token: None, ..tokens(1) };
        assert_eq!(Session::new(Some(key)).renewal_in(), None);
    }

    #[test]
    fn renewal_is_no_new_sign_in() {
        let session = Session::new(None);
        let mut count = session.sign_ins();
        session.renewed(tokens(600));
        assert!(!count.has_changed().unwrap());
        session.sign_in(Some(tokens(600)));
        assert!(count.has_changed().unwrap());
        assert_eq!(*count.borrow_and_update(), 1);
    }
}
