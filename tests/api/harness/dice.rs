//! Chance that can be had again: every report names its seed.

use std::fmt;
use std::time::{Duration, SystemTime};

/// A generator of numbers (`SplitMix64`; Steele, Lea and Flood, 2014).
pub(crate) struct Dice {
    variable: &'static str,
    seed: u64,
    state: u64,
}

impl Dice {
    /// Seeded by what this variable says, or else by the time.
    pub(crate) fn seeded_by(variable: &'static str) -> Self {
        let given = std::env::var(variable).ok();
        let seed = given
            .map_or_else(seed_of_now, |text| text.parse().unwrap_or_else(|_| panic!("{variable}={text} is no number")));
        Self { variable, seed, state: seed }
    }

    /// Dice that fall as these would if they had been seeded with this many more; none more, and they start over.
    pub(crate) fn nth(&self, more: u64) -> Self {
        let seed = self.seed.wrapping_add(more);
        Self { variable: self.variable, seed, state: seed }
    }

    /// A duration in this range of milliseconds.
    pub(crate) fn between_millis(&mut self, low: u64, high: u64) -> Duration {
        Duration::from_millis(low + self.next() % (high - low))
    }

    /// A number below this one.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).expect("it is less than a usize")
    }

    /// Whether something happens that does so this many times of a hundred.
    pub(crate) fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of these.
    pub(crate) fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }

    /// Any number.
    pub(crate) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.state;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }
}

fn seed_of_now() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("a clock after 1970");
    u64::from(since.subsec_nanos()) ^ since.as_secs() << 30
}

impl fmt::Display for Dice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.variable, self.seed)
    }
}
