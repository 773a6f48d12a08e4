//! The clock, passed in: what is written is stamped by it, what expires is measured by it.
//!
//! Two readings, because they answer two questions. [`Clock::now`] is the date, which a person may set back;
//! [`Clock::elapsed`] only grows, so limits and leases are measured with it.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use plinth_model::Instant;

/// Tells the time.
pub trait Clock: Debug + Send + Sync {
    /// The date, to the millisecond.
    fn now(&self) -> Instant;

    /// Time since some fixed moment of this process; never goes back.
    fn elapsed(&self) -> Duration;
}

/// A clock that several services share.
pub type SharedClock = Arc<dyn Clock>;

/// The machine's clock.
#[derive(Debug)]
pub struct SystemClock {
    started: std::time::Instant,
}

impl SystemClock {
    /// The machine's clock; `elapsed` counts from here.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the machine's clock")]
    pub fn start() -> Self {
        Self { started: std::time::Instant::now() }
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the machine's clock")]
    fn now(&self) -> Instant {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_millis()).ok().and_then(Instant::from_millis).unwrap_or(Instant::MAX)
    }

    fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }
}

#[cfg(test)]
pub(crate) mod manual {
    //! A clock that a test moves by hand.

    use std::sync::atomic::{AtomicI64, Ordering};
    use std::time::Duration;

    use plinth_model::Instant;

    /// Stands at 2026-01-01T00:00:00Z until it is moved.
    #[derive(Debug)]
    pub(crate) struct ManualClock(AtomicI64);

    const START: i64 = 1_767_225_600_000;

    impl ManualClock {
        pub(crate) fn new() -> Self {
            Self(AtomicI64::new(START))
        }

        pub(crate) fn advance(&self, by: Duration) {
            self.0.fetch_add(i64::try_from(by.as_millis()).unwrap(), Ordering::SeqCst);
        }
    }

    impl super::Clock for ManualClock {
        fn now(&self) -> Instant {
            Instant::from_millis(self.0.load(Ordering::SeqCst)).unwrap()
        }

        fn elapsed(&self) -> Duration {
            Duration::from_millis(u64::try_from(self.0.load(Ordering::SeqCst) - START).unwrap())
        }
    }
}
