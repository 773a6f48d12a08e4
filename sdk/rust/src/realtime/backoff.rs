//! How long to wait before the next try to connect.

use std::time::Duration;

/// Waits that double from `first` to `longest`, each drawn evenly from zero to that bound.
///
/// Full jitter: a server that comes back meets its clients spread over the wait and not all at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// The bound of the first wait; 400 ms unless said otherwise.
    pub first: Duration,
    /// No bound grows beyond this; 15 s unless said otherwise.
    pub longest: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { first: Duration::from_millis(400), longest: Duration::from_secs(15) }
    }
}

impl Backoff {
    /// The wait after this many failures in a row; `random` is from 0 to 1.
    pub(crate) fn wait(&self, failures: u32, random: f64) -> Duration {
        let doublings = failures.saturating_sub(1).min(20);
        let bound = self.first.saturating_mul(1 << doublings).min(self.longest);
        bound.mul_f64(random.clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bound_doubles_up_to_the_longest() {
        let backoff = Backoff { first: Duration::from_millis(100), longest: Duration::from_secs(1) };
        let bounds: Vec<_> = (1..=6).map(|failures| backoff.wait(failures, 1.0).as_millis()).collect();
        assert_eq!(bounds, [100, 200, 400, 800, 1000, 1000]);
        assert_eq!(backoff.wait(u32::MAX, 1.0), Duration::from_secs(1));
        assert_eq!(backoff.wait(3, 0.0), Duration::ZERO);
    }
}
