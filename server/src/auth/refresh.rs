//! Refreshing: a refresh token is used once, and answered with the next.

use plinth_model::Instant;
use plinth_store::accounts::seen;
use plinth_store::sessions::{StoredSession, rotate_session};

use super::session::{Client, SignedIn};
use super::token::refresh::RefreshToken;
use super::{Auth, Error};

/// How long the token before the present one still answers with the present one: two tabs that refresh at once, or a
/// client whose answer got lost.
const GRACE_MILLIS: i64 = 10_000;
/// Times that a refresh begins again because another one came first.
const MAX_TURNS: usize = 4;

/// What a refresh token is to its session.
#[derive(Debug, PartialEq, Eq)]
enum Standing {
    /// The present one.
    Present,
    /// The one before, within the grace.
    Parent,
    /// One that was used before: somebody else has it too.
    Reused,
    /// Its session has expired.
    Expired,
}

/// One turn of a refresh.
enum Turn {
    Done(Box<SignedIn>),
    /// Another refresh came first.
    Again,
}

impl Auth {
    /// Continues the session of a refresh token.
    pub async fn refresh(&self, refresh_token: &str, client: &Client) -> Result<SignedIn, Error> {
        let attempt = self.inner.limits.try_from_address(client.address).await?;
        let token = self.inner.refresh_key.read(refresh_token).ok_or(Error::InvalidCredentials)?;
        for _ in 0..MAX_TURNS {
            if let Turn::Done(answer) = self.turn(&token, client).await? {
                attempt.give_back();
                return Ok(*answer);
            }
        }
        Err(Error::InvalidCredentials)
    }

    async fn turn(&self, token: &RefreshToken, client: &Client) -> Result<Turn, Error> {
        let (store, now) = (&self.inner.store, self.inner.clock.now());
        let session = store.session(token.session()).await?.ok_or(Error::InvalidCredentials)?;
        let account = store.account(session.account).await?.filter(|account| !account.disabled);
        let account = account.ok_or(Error::InvalidCredentials)?;
        match Standing::of(token, &session, now) {
            Standing::Present => {
                let next = self.inner.refresh_key.next(token);
                let renewed = self.renewed(&session, &next, client, now);
                let steps = vec![seen(account.id, account.version, now), rotate_session(&renewed, &session.token)];
                match store.apply(steps).await {
                    Err(plinth_store::Error::Expectation { .. }) => Ok(Turn::Again),
                    applied => {
                        applied?;
                        Ok(Turn::Done(Box::new(self.signed_in(&renewed, &next).await?)))
                    }
                }
            }
            Standing::Parent => {
                let next = self.inner.refresh_key.next(token);
                Ok(Turn::Done(Box::new(self.signed_in(&session, &next).await?)))
            }
            Standing::Reused => {
                tracing::warn!(account = %session.account, session = %session.id, "a refresh token was used twice: its session ends");
                match self.end_session(session.account, session.id, None).await {
                    Ok(()) | Err(Error::NotFound) => Err(Error::InvalidCredentials),
                    Err(error) => Err(error),
                }
            }
            Standing::Expired => Err(Error::InvalidCredentials),
        }
    }

    /// The session as it is after a refresh.
    fn renewed(&self, session: &StoredSession, next: &RefreshToken, client: &Client, now: Instant) -> StoredSession {
        StoredSession {
            token: next.hash(),
            parent: Some(session.token.clone()),
            place: session.place + 1,
            used_at: now,
            expires_at: self.idle_end(now).min(session.ends_at),
            address: client.address.to_string(),
            agent: client.agent.clone(),
            ..session.clone()
        }
    }
}

impl Standing {
    fn of(token: &RefreshToken, session: &StoredSession, now: Instant) -> Self {
        let hash = token.hash();
        let since_refresh = now.millis().saturating_sub(session.used_at.millis());
        if session.expires_at <= now {
            Self::Expired
        } else if hash == session.token {
            Self::Present
        } else if session.parent.as_ref() == Some(&hash) && since_refresh <= GRACE_MILLIS {
            Self::Parent
        } else {
            Self::Reused
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use plinth_model::RecordId;

    use super::*;
    use crate::auth::token::refresh::RefreshKey;
    use crate::entropy::{SharedEntropy, SystemEntropy};

    fn at(seconds: i64) -> Instant {
        Instant::from_millis(1_767_225_600_000 + seconds * 1000).unwrap()
    }

    fn session(token: &RefreshToken, parent: &RefreshToken) -> StoredSession {
        let id: RecordId = "01890a5d-ac96-774b-bcce-b302099a8058".parse().unwrap();
        StoredSession {
            id,
            account: id,
            token: token.hash(),
            parent: Some(parent.hash()),
            place: 2,
            created_at: at(0),
            used_at: at(100),
            expires_at: at(1000),
            ends_at: at(5000),
            address: String::new(),
            agent: String::new(),
        }
    }

    #[test]
    fn only_the_token_before_has_a_grace_and_a_short_one() {
        let entropy: SharedEntropy = Arc::new(SystemEntropy);
        let key = RefreshKey::of_bytes([1; 32]);
        let first = key.first("01890a5d-ac96-774b-bcce-b302099a8058".parse().unwrap(), &entropy);
        let second = key.next(&first);
        let third = key.next(&second);
        let session = session(&third, &second);
        assert_eq!(Standing::of(&third, &session, at(500)), Standing::Present);
        assert_eq!(Standing::of(&second, &session, at(110)), Standing::Parent);
        assert_eq!(Standing::of(&second, &session, at(111)), Standing::Reused);
        assert_eq!(Standing::of(&first, &session, at(101)), Standing::Reused);
        assert_eq!(Standing::of(&third, &session, at(1000)), Standing::Expired);
    }
}
