//! The verbs on records. Each takes a [`Grant`](crate::policy::Grant): the proof that its caller may do this.

pub mod batch;
mod body;
pub mod error;
pub mod etag;
pub mod expand;
mod gate;
pub mod get;
pub mod list;
pub mod once;
pub mod precondition;
pub mod project;
mod renewal;
pub mod selection;
pub mod simulate;
pub mod write;

use plinth_model::cursor::CursorSeal;
use plinth_store::Store;

use crate::clock::SharedClock;
use crate::entropy::SharedEntropy;
use crate::policy::Policy;

pub use error::Error;
pub use etag::ETag;

/// The service behind the verbs; cheap to clone.
#[derive(Clone)]
pub struct Records {
    store: Store,
    policy: Policy,
    clock: SharedClock,
    entropy: SharedEntropy,
    seal: CursorSeal,
}

impl Records {
    /// The verbs over this store, by the definitions that `policy` has in force; `seal` makes list cursors.
    pub fn new(store: Store, policy: Policy, clock: SharedClock, entropy: SharedEntropy, seal: CursorSeal) -> Self {
        Self { store, policy, clock, entropy, seal }
    }
}
