//! Randomness, passed in: ids, tokens and keys are made from it.

use std::fmt::Debug;
use std::sync::Arc;

use plinth_model::{Instant, RecordId};
use rand::RngCore as _;

/// A source of bytes that nobody can foresee.
pub trait Entropy: Debug + Send + Sync {
    /// Fills the slice.
    fn fill(&self, bytes: &mut [u8]);
}

/// A source that several services share.
pub type SharedEntropy = Arc<dyn Entropy>;

/// The thread's ChaCha generator, seeded and reseeded from the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        rand::rng().fill_bytes(bytes);
    }
}

impl dyn Entropy {
    /// An array of unforeseeable bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    /// A new id for something that comes to be at `now`.
    pub fn record_id(&self, now: Instant) -> RecordId {
        RecordId::from_parts(u64::try_from(now.millis()).unwrap_or_default(), &self.bytes())
    }
}
