//! Refresh tokens: `plr.<session>.<place>.<secret>.<seal>`.
//!
//! The secret is 256 bits; the database keeps a hash of the whole token. The seal is a MAC by a key of the server: it
//! tells a token that we once made from one that somebody made up, so that an old token used again ends its session
//! and a forged one does not.
//!
//! The first secret is random, and each further one is derived from the one before with the server's key. So whoever
//! repeats a refresh within the grace (two tabs, a lost answer) gets the very successor that exists already, although
//! no token is kept anywhere; there is never a second branch of the family.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac as _};
use plinth_model::RecordId;
use plinth_store::Store;
use sha2::{Digest as _, Sha256};

use super::super::keys;
use crate::clock::SharedClock;
use crate::entropy::SharedEntropy;

/// The name under which the key is kept.
const SECRET: &str = "refresh";
/// Bytes of the seal.
const SEAL: usize = 16;

/// The key that seals and continues tokens.
#[derive(Clone)]
pub(in crate::auth) struct RefreshKey([u8; 32]);

/// A token that was made here.
#[derive(Clone)]
pub(in crate::auth) struct RefreshToken {
    session: RecordId,
    place: i64,
    secret: [u8; 32],
    text: String,
}

impl RefreshKey {
    pub(in crate::auth) async fn open(
        store: &Store,
        clock: &SharedClock,
        entropy: &SharedEntropy,
    ) -> Result<Self, plinth_store::Error> {
        keys::secret(store, clock, entropy, SECRET).await.map(Self)
    }

    #[cfg(test)]
    pub(in crate::auth) fn of_bytes(key: [u8; 32]) -> Self {
        Self(key)
    }

    /// The first token of a session.
    pub(in crate::auth) fn first(&self, session: RecordId, entropy: &SharedEntropy) -> RefreshToken {
        self.make(session, 0, entropy.bytes())
    }

    /// The token that follows one.
    pub(in crate::auth) fn next(&self, token: &RefreshToken) -> RefreshToken {
        let place = token.place + 1;
        let secret = self.mac("next", token.session, place, &token.secret).finalize().into_bytes().into();
        self.make(token.session, place, secret)
    }

    /// The token that this text is, if it was made with this key.
    pub(in crate::auth) fn read(&self, text: &str) -> Option<RefreshToken> {
        let mut parts = text.split('.');
        let mut part = || parts.next();
        let ("plr", session, place, secret, seal) = (part()?, part()?, part()?, part()?, part()?) else { return None };
        let (session, place) = (session.parse().ok()?, place.parse().ok()?);
        let secret: [u8; 32] = URL_SAFE_NO_PAD.decode(secret).ok()?.try_into().ok()?;
        let seal = URL_SAFE_NO_PAD.decode(seal).ok().filter(|seal| seal.len() == SEAL)?;
        self.mac("seal", session, place, &secret).verify_truncated_left(&seal).ok()?;
        Some(self.make(session, place, secret)).filter(|token| token.text == text)
    }

    fn make(&self, session: RecordId, place: i64, secret: [u8; 32]) -> RefreshToken {
        let seal = self.mac("seal", session, place, &secret).finalize().into_bytes();
        let text = format!(
            "plr.{session}.{place}.{}.{}",
            URL_SAFE_NO_PAD.encode(secret),
            URL_SAFE_NO_PAD.encode(&seal[..SEAL])
        );
        RefreshToken { session, place, secret, text }
    }

    fn mac(&self, purpose: &str, session: RecordId, place: i64, secret: &[u8; 32]) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes a key of any length");
        mac.update(format!("plinth refresh {purpose} {session} {place} ").as_bytes());
        mac.update(secret);
        mac
    }
}

impl RefreshToken {
    /// The session it belongs to.
    pub(in crate::auth) fn session(&self) -> RecordId {
        self.session
    }

    /// The token as a client keeps it.
    pub(in crate::auth) fn text(&self) -> &str {
        &self.text
    }

    /// What the database keeps of it.
    pub(in crate::auth) fn hash(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.text.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::entropy::SystemEntropy;

    fn first() -> RefreshToken {
        let entropy: SharedEntropy = Arc::new(SystemEntropy);
        KEY.first("01890a5d-ac96-774b-bcce-b302099a8058".parse().unwrap(), &entropy)
    }

    const KEY: RefreshKey = RefreshKey([3; 32]);

    #[test]
    fn a_token_has_one_successor() {
        let token = first();
        let again = KEY.read(token.text()).unwrap();
        assert_eq!(KEY.next(&token).text(), KEY.next(&again).text());
        assert_ne!(KEY.next(&token).hash(), token.hash());
    }

    #[test]
    fn a_token_that_we_did_not_make_is_none() {
        let token = first();
        assert!(RefreshKey([4; 32]).read(token.text()).is_none());
        let text = token.text();
        for changed in [
            text.replace(".0.", ".1."),
            text.replace(".0.", ".00."),
            text.replace("8058", "8059"),
            format!("{text}."),
            text[..text.len() - 1].to_owned(),
            text.replacen("plr", "plx", 1),
            String::new(),
        ] {
            assert!(KEY.read(&changed).is_none(), "{changed}");
        }
    }
}
