//! Turns of dear evaluations.
//!
//! A condition is evaluated on the threads that serve everybody. One that takes long, for a large record or a long list
//! of parameters, is cheap to ask for many times over; so only some of the threads do such work at a time.

use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};

/// An evaluation that takes longer is a dear one.
pub const DEAR: Duration = Duration::from_micros(200);

/// The turns of a node.
#[derive(Debug)]
pub struct Turns(Semaphore);

impl Default for Turns {
    /// Half of the processors, and one at least.
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Self(Semaphore::new((cores / 2).max(1)))
    }
}

impl Turns {
    /// Waits for a turn, which ends when what is answered is dropped.
    pub async fn take(&self) -> Option<SemaphorePermit<'_>> {
        // Only a closed one fails, and nobody closes it.
        self.0.acquire().await.ok()
    }
}
