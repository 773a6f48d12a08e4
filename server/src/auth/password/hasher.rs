//! Hashes passwords with argon2id, a bounded number at a time.
//!
//! m = 19 MiB, t = 2, p = 1: OWASP's least for argon2id. About 20 ms of a core and 19 MiB each, so the number at a
//! time and the number that wait are bounded; who would wait too long is told to come back. A sign-in for an unknown
//! address checks a decoy, so that it takes as long as for a known one.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use argon2::password_hash::{Output, PasswordHash, PasswordHasher as _, PasswordVerifier as _, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;

use super::super::Error;
use super::Password;
use crate::entropy::SharedEntropy;

const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Passwords that may wait.
const MAX_WAITING: usize = 256;
/// The longest wait.
const MAX_WAIT: Duration = Duration::from_secs(5);

/// What came of checking a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::auth) enum Verdict {
    /// It is not the one.
    Wrong,
    /// It is the one.
    Right,
    /// It is the one, and its hash should be replaced by this one, made with today's parameters.
    Renew(String),
}

/// Hashes and checks passwords.
#[derive(Debug)]
pub(in crate::auth) struct Hasher {
    entropy: SharedEntropy,
    slots: Arc<Semaphore>,
    waiting: AtomicUsize,
    decoy: String,
}

impl Hasher {
    /// At most `parallel` at a time; 0: half of the cores, so that the rest of the server goes on meanwhile.
    pub(in crate::auth) fn new(parallel: usize, entropy: SharedEntropy) -> Self {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let parallel = if parallel == 0 { (cores / 2).max(1) } else { parallel };
        let decoy = decoy(&entropy);
        Self { entropy, slots: Arc::new(Semaphore::new(parallel)), waiting: AtomicUsize::new(0), decoy }
    }

    /// The hash of a new password, as a PHC string.
    pub(in crate::auth) async fn hash(&self, password: &Password) -> Result<String, Error> {
        let bytes = password.bytes().ok_or(Error::Fault("a password was not checked"))?.to_vec();
        let salt = self.salt();
        self.in_turn(move || hash(&bytes, &salt)).await?
    }

    /// Whether this is the password of the hash; without a hash, the same work for the answer no.
    pub(in crate::auth) async fn verify(&self, password: &Password, phc: Option<&str>) -> Result<Verdict, Error> {
        // Too long to be anybody's: no work, whether there is an account or not.
        let Some(bytes) = password.bytes().map(<[u8]>::to_vec) else { return Ok(Verdict::Wrong) };
        let known = phc.is_some();
        let phc = phc.unwrap_or(&self.decoy).to_owned();
        let salt = self.salt();
        self.in_turn(move || {
            let right = verify(&bytes, &phc)?;
            if right && known { renew(&bytes, &phc, &salt) } else { Ok(Verdict::Wrong) }
        })
        .await?
    }

    /// Waits for a slot and works in a thread of its own; the slot is held until the work ends, whoever waits.
    async fn in_turn<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
        let waiting = Waiting::enter(&self.waiting).ok_or(Error::Busy)?;
        let slot = tokio::time::timeout(MAX_WAIT, self.slots.clone().acquire_owned()).await;
        drop(waiting);
        let slot = slot.map_err(|_| Error::Busy)?.map_err(|_| Error::Busy)?;
        let worked = tokio::task::spawn_blocking(move || {
            let result = work();
            drop(slot);
            result
        });
        worked.await.map_err(|error| {
            tracing::error!(%error, "hashing a password failed");
            Error::Fault("hashing a password failed")
        })
    }

    fn salt(&self) -> [u8; 16] {
        self.entropy.bytes()
    }
}

/// One that waits; leaves the count when dropped.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn enter(count: &'a AtomicUsize) -> Option<Self> {
        if count.fetch_add(1, Ordering::Relaxed) >= MAX_WAITING {
            count.fetch_sub(1, Ordering::Relaxed);
            return None;
        }
        Some(Self(count))
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn argon() -> Argon2<'static> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).expect("the constants are valid parameters");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

fn hash(password: &[u8], salt: &[u8]) -> Result<String, Error> {
    let salt = SaltString::encode_b64(salt).map_err(|_| Error::Fault("a salt could not be written"))?;
    let hash = argon().hash_password(password, &salt).map_err(|_| Error::Fault("a password could not be hashed"))?;
    Ok(hash.to_string())
}

fn verify(password: &[u8], phc: &str) -> Result<bool, Error> {
    let stored = PasswordHash::new(phc).map_err(|_| Error::Fault("a stored hash can't be read"))?;
    // The parameters are the stored hash's own.
    Ok(Argon2::default().verify_password(password, &stored).is_ok())
}

/// A new hash, if the stored one was made with lesser parameters.
fn renew(password: &[u8], phc: &str, salt: &[u8]) -> Result<Verdict, Error> {
    let stored = PasswordHash::new(phc).map_err(|_| Error::Fault("a stored hash can't be read"))?;
    let today = stored.algorithm == Algorithm::Argon2id.ident()
        && stored.params.get_decimal("m") >= Some(MEMORY_KIB)
        && stored.params.get_decimal("t") >= Some(PASSES);
    if today { Ok(Verdict::Right) } else { hash(password, salt).map(Verdict::Renew) }
}

/// A hash in the usual form that no password has: its bytes are random.
fn decoy(entropy: &SharedEntropy) -> String {
    let salt = SaltString::encode_b64(&entropy.bytes::<16>()).expect("16 bytes are a salt");
    let output = Output::new(&entropy.bytes::<32>()).expect("32 bytes are a hash");
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).expect("the constants are valid parameters");
    let hash = PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: argon2::password_hash::ParamsString::try_from(&params).expect("the parameters can be written"),
        salt: Some(salt.as_salt()),
        hash: Some(output),
    };
    hash.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SystemEntropy;

    fn hasher() -> Hasher {
        Hasher::new(2, Arc::new(SystemEntropy))
    }

    fn password(text: &str) -> Password {
        Password::new(text.to_owned())
    }

    #[tokio::test]
    async fn a_password_is_recognised_and_another_is_not() {
        let hasher = hasher();
        let phc = hasher.hash(&password("correct horse")).await.unwrap();
        assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{phc}");
        assert_eq!(hasher.verify(&password("correct horse"), Some(&phc)).await.unwrap(), Verdict::Right);
        assert_eq!(hasher.verify(&password("correct horsf"), Some(&phc)).await.unwrap(), Verdict::Wrong);
        assert_eq!(hasher.verify(&password("correct horse"), None).await.unwrap(), Verdict::Wrong);
    }

    #[tokio::test]
    async fn every_byte_of_a_long_password_counts() {
        let hasher = hasher();
        let long = "x".repeat(200);
        let phc = hasher.hash(&password(&long)).await.unwrap();
        let other = format!("{}y", &long[1..]);
        assert_eq!(hasher.verify(&password(&other), Some(&phc)).await.unwrap(), Verdict::Wrong);
    }

    #[tokio::test]
    async fn a_weaker_hash_is_renewed() {
        let weak = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(8, 1, 1, None).unwrap());
        let salt = SaltString::encode_b64(&[7; 16]).unwrap();
        let phc = weak.hash_password(b"correct horse", &salt).unwrap().to_string();
        let verdict = hasher().verify(&password("correct horse"), Some(&phc)).await.unwrap();
        assert!(matches!(verdict, Verdict::Renew(new) if new.contains("m=19456,t=2,p=1")));
    }

    #[test]
    fn the_decoy_costs_as_much_as_a_real_hash() {
        let decoy = hasher().decoy;
        assert!(decoy.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{decoy}");
        assert_eq!(PasswordHash::new(&decoy).unwrap().hash.unwrap().len(), 32);
    }
}
