//! Collections as administrators handle them: seen, made, changed and dropped, each change planned first.

pub mod apply;
pub mod bootstrap;
pub mod error;
pub mod files;
pub mod plan;
pub mod standing_rules;
pub mod view;

use std::sync::Arc;

use plinth_store::Store;
use tokio::sync::Mutex;

use crate::clock::SharedClock;
use crate::policy::Policy;

pub use apply::{Change, Options};
pub use error::Error;
pub use plan::Plan;
pub use view::View;

/// The service behind the verbs; cheap to clone.
#[derive(Clone)]
pub struct Collections {
    store: Store,
    policy: Policy,
    clock: SharedClock,
    /// Held while a change of definitions is planned and made.
    turn: Arc<Mutex<()>>,
}

impl Collections {
    /// The verbs over this store; what is in force is swapped through `policy`.
    pub fn new(store: Store, policy: Policy, clock: SharedClock) -> Self {
        Self { store, policy, clock, turn: Arc::default() }
    }
}
