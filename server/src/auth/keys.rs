//! The keys that sign access tokens, shared by all nodes.
//!
//! The newest key signs; older ones are kept until nothing they signed can still be valid. A node that meets a key it
//! does not know loads the keys again, at most once a second, so that a new key of another node is known at once.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{SigningKey, VerifyingKey};
use plinth_model::Instant;
use plinth_store::Store;
use plinth_store::secrets::{StoredSecret, delete_secret, insert_secret};

use super::token::access::{self, Claims};
use crate::clock::SharedClock;
use crate::config::AuthSettings;
use crate::entropy::SharedEntropy;

/// Names of signing keys begin with this; the rest is the key's id.
const PREFIX: &str = "signing/";
/// The least time between two looks for an unknown key.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// How long a key outlives the last token it signed, for clocks that differ.
const SLACK_MILLIS: i64 = 3_600_000;

/// The signing keys.
pub(super) struct Keys {
    store: Store,
    clock: SharedClock,
    entropy: SharedEntropy,
    rotation: i64,
    lifetime: i64,
    ring: ArcSwap<Ring>,
    looked_at: AtomicU64,
}

/// All keys at one moment.
struct Ring {
    signing: SigningKey,
    header: String,
    made_at: Instant,
    verifying: HashMap<String, VerifyingKey>,
    stored: Vec<StoredSecret>,
}

impl Keys {
    /// Loads the keys; makes the first one if there is none.
    pub(super) async fn open(
        store: &Store,
        clock: &SharedClock,
        entropy: &SharedEntropy,
        settings: &AuthSettings,
    ) -> Result<Self, plinth_store::Error> {
        let mut stored = store.secrets(PREFIX).await?;
        if stored.is_empty() {
            let first = new_key(clock.now(), entropy);
            store.apply(insert_secret(&first).into()).await?;
            stored = store.secrets(PREFIX).await?;
        }
        Ok(Self {
            store: store.clone(),
            clock: clock.clone(),
            entropy: entropy.clone(),
            rotation: settings.key_rotation.as_millis(),
            lifetime: settings.access_token.as_millis(),
            ring: ArcSwap::from_pointee(Ring::read(stored)?),
            looked_at: AtomicU64::new(0),
        })
    }

    /// A token for these claims.
    pub(super) fn sign(&self, claims: &Claims) -> String {
        let ring = self.ring.load();
        access::sign(&ring.header, &ring.signing, claims, self.clock.now())
    }

    /// What a token says, if one of the keys signed it and it has not expired.
    pub(super) async fn read(&self, token: &str) -> Result<Option<Claims>, plinth_store::Error> {
        let Some(header) = access::header_of(token) else { return Ok(None) };
        if !self.ring.load().verifying.contains_key(header) && self.may_look_again() {
            self.reload().await?;
        }
        let ring = self.ring.load();
        let claims = ring.verifying.get(header).and_then(|key| access::read(token, key));
        Ok(claims.filter(|claims| claims.expires_at > self.clock.now()))
    }

    /// Loads the keys again.
    pub(super) async fn reload(&self) -> Result<(), plinth_store::Error> {
        let ring = Ring::read(self.store.secrets(PREFIX).await?)?;
        self.ring.store(Arc::new(ring));
        Ok(())
    }

    /// Makes a new key if the newest is old, and removes those that nothing needs any more.
    pub(super) async fn rotate(&self) -> Result<(), plinth_store::Error> {
        let (ring, now) = (self.ring.load_full(), self.clock.now());
        let mut steps = Vec::new();
        if age(ring.made_at, now) >= self.rotation {
            steps.extend(insert_secret(&new_key(now, &self.entropy)));
        }
        for (key, successor) in ring.stored.iter().zip(ring.stored.iter().skip(1)) {
            if age(successor.created_at, now) > self.lifetime.saturating_add(SLACK_MILLIS) {
                steps.extend(delete_secret(&key.name, now));
            }
        }
        if !steps.is_empty() {
            self.store.apply(steps).await?;
            self.reload().await?;
        }
        Ok(())
    }

    fn may_look_again(&self) -> bool {
        let now = u64::try_from(self.clock.elapsed().as_millis()).unwrap_or(u64::MAX);
        let last = self.looked_at.load(Ordering::Relaxed);
        let pause = u64::try_from(LOOK_AGAIN.as_millis()).unwrap_or(u64::MAX);
        let due = last == 0 || now.saturating_sub(last) >= pause;
        due && self.looked_at.compare_exchange(last, now.max(1), Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

impl Ring {
    /// The ring of stored keys, oldest first.
    fn read(stored: Vec<StoredSecret>) -> Result<Self, plinth_store::Error> {
        let corrupt = || plinth_store::Error::Corrupt("a signing key can't be read".to_owned());
        let read = |secret: &StoredSecret| {
            let seed = URL_SAFE_NO_PAD.decode(&secret.value).ok().and_then(|seed| seed.try_into().ok());
            let id = secret.name.strip_prefix(PREFIX);
            Some((access::header(id?), SigningKey::from_bytes(&seed?)))
        };
        let keys: Vec<_> = stored.iter().map(read).collect::<Option<_>>().ok_or_else(corrupt)?;
        let verifying = keys.iter().map(|(header, key)| (header.clone(), key.verifying_key())).collect();
        let newest = keys.into_iter().next_back().zip(stored.last().map(|secret| secret.created_at));
        let ((header, signing), made_at) = newest.ok_or_else(corrupt)?;
        Ok(Self { signing, header, made_at, verifying, stored })
    }
}

/// 32 bytes kept under this name, the same on every node; made when they are first asked for.
pub(super) async fn secret(
    store: &Store,
    clock: &SharedClock,
    entropy: &SharedEntropy,
    name: &str,
) -> Result<[u8; 32], plinth_store::Error> {
    let candidate = URL_SAFE_NO_PAD.encode(entropy.bytes::<32>());
    let text = store.secret(name, &candidate, clock.now()).await?;
    let key = URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| bytes.try_into().ok());
    key.ok_or_else(|| plinth_store::Error::Corrupt(format!("the secret {name} is no key")))
}

fn new_key(now: Instant, entropy: &SharedEntropy) -> StoredSecret {
    let id = URL_SAFE_NO_PAD.encode(entropy.bytes::<9>());
    let seed = URL_SAFE_NO_PAD.encode(entropy.bytes::<32>());
    StoredSecret { name: format!("{PREFIX}{id}"), value: seed, created_at: now }
}

fn age(made_at: Instant, now: Instant) -> i64 {
    now.millis().saturating_sub(made_at.millis())
}
