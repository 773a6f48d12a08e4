//! Interrupts a statement that runs too long or that nobody waits for any more.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::Connection;

/// Steps of SQLite's virtual machine between two looks at the clock: some 50 µs.
const STEPS: i32 = 4096;

/// Watches over the statements of one connection.
#[derive(Clone)]
pub(super) struct Watchdog {
    watch: Arc<Watch>,
    limit: Duration,
}

struct Watch {
    origin: Instant,
    /// Microseconds after `origin` at which the statement is interrupted; the greatest value while none runs.
    until: AtomicU64,
    /// Set by the one who waited, when they wait no more.
    abandoned: Mutex<Arc<AtomicBool>>,
}

impl Watchdog {
    /// Sets one on a connection.
    pub(super) fn set_on(connection: &Connection, limit: Duration) -> rusqlite::Result<Self> {
        let watch = Watch { origin: Instant::now(), until: AtomicU64::new(u64::MAX), abandoned: Mutex::default() };
        let watch = Arc::new(watch);
        let seen = Arc::clone(&watch);
        connection.progress_handler(STEPS, Some(move || seen.is_over()))?;
        Ok(Self { watch, limit })
    }

    /// Runs something under watch, until the limit or until `abandoned` is set.
    pub(super) fn watch<T>(&self, abandoned: Option<&Arc<AtomicBool>>, run: impl FnOnce() -> T) -> T {
        let abandoned = abandoned.map(Arc::clone).unwrap_or_default();
        *self.watch.abandoned.lock().unwrap_or_else(PoisonError::into_inner) = abandoned;
        self.watch.until.store(self.watch.now().saturating_add(micros(self.limit)), Ordering::Relaxed);
        let result = run();
        self.watch.until.store(u64::MAX, Ordering::Relaxed);
        result
    }
}

impl Watch {
    fn now(&self) -> u64 {
        micros(self.origin.elapsed())
    }

    fn is_over(&self) -> bool {
        let until = self.until.load(Ordering::Relaxed);
        if until == u64::MAX {
            return false;
        }
        let abandoned = self.abandoned.lock().unwrap_or_else(PoisonError::into_inner).load(Ordering::Relaxed);
        abandoned || self.now() >= until
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
