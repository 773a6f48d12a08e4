//! Keeps the change log within its limits.

use std::time::Duration;

use plinth_model::Instant;
use plinth_store::{Keep, Store};
use tokio_util::sync::CancellationToken;

use crate::clock::SharedClock;

/// How often the log is pruned.
const EVERY: Duration = Duration::from_mins(1);

/// How long an `Idempotency-Key` is remembered, in milliseconds: the contract says 24 hours.
const DAY: i64 = 24 * 60 * 60 * 1000;

/// What is kept of the log.
#[derive(Debug, Clone, Copy)]
pub struct Retention {
    /// Changes younger than this …
    pub age: Duration,
    /// … and of those at most so many.
    pub changes: u64,
}

/// Prunes the log every minute until `stop`. On several nodes each does it; what one dropped the others find gone.
pub async fn run(store: Store, clock: SharedClock, keep: Retention, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
        let age = i64::try_from(keep.age.as_millis()).unwrap_or(i64::MAX);
        let since = clock.now().checked_add(-age).unwrap_or(Instant::MIN);
        let day_ago = clock.now().checked_add(-DAY).unwrap_or(Instant::MIN);
        if let Err(error) = store.forget_requests(day_ago).await {
            tracing::warn!(error = %error, "old idempotency keys could not be dropped");
        }
        match store.prune(Keep { since, at_most: keep.changes }).await {
            Ok(0) => {}
            Ok(dropped) => tracing::debug!(dropped, "the change log was pruned"),
            Err(error) => tracing::warn!(error = %error, "the change log could not be pruned"),
        }
    }
}
