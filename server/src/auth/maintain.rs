//! What the service does by itself: keys are renewed, what has expired is removed.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{Auth, Error};

/// Between two rounds.
const ROUND: Duration = Duration::from_mins(1);

impl Auth {
    /// Runs until `stop`.
    pub async fn maintain(self, stop: CancellationToken) {
        let mut round = tokio::time::interval(ROUND);
        loop {
            let done = tokio::select! {
                () = stop.cancelled() => return,
                () = self.inner.stale_keys.notified() => self.inner.keys.reload().await.map_err(Error::from),
                _ = round.tick() => self.round().await,
            };
            if let Err(error) = done {
                tracing::warn!(%error, "accounts could not be looked after; it is tried again");
            }
        }
    }

    async fn round(&self) -> Result<(), Error> {
        self.inner.keys.rotate().await?;
        let store = &self.inner.store;
        store.sweep_sessions(self.inner.clock.now()).await?;
        store.sweep_accounts().await?;
        Ok(())
    }
}
