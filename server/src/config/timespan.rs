//! A span of time as it is written in settings: a whole number and a unit, `250ms`, `30s`, `10m`, `12h`, `7d`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timespan(Duration);

/// The text is no span of time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no span of time: write a whole number above 0 and one of the units ms, s, m, h, d, such as \"30s\"")]
pub struct NotATimespan(String);

/// A hundred years; sums and products of spans stay far from the end of their type.
const LONGEST: u64 = 36_525 * 86_400_000;

const UNITS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

impl Timespan {
    /// A span of this many milliseconds.
    pub const fn millis(count: u64) -> Self {
        Self(Duration::from_millis(count))
    }

    /// A span of this many seconds.
    pub const fn seconds(count: u64) -> Self {
        Self(Duration::from_secs(count))
    }

    /// A span of this many minutes.
    pub const fn minutes(count: u64) -> Self {
        Self::seconds(count * 60)
    }

    /// A span of this many days.
    pub const fn days(count: u64) -> Self {
        Self::seconds(count * 86_400)
    }

    /// The same as the standard library's type.
    pub const fn duration(self) -> Duration {
        self.0
    }

    /// The same in milliseconds, as instants are counted.
    pub fn as_millis(self) -> i64 {
        i64::try_from(self.0.as_millis()).unwrap_or(i64::MAX)
    }
}

impl FromStr for Timespan {
    type Err = NotATimespan;

    fn from_str(text: &str) -> Result<Self, NotATimespan> {
        let refuse = || NotATimespan(text.to_owned());
        let digits = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(refuse)?;
        let (count, unit) = text.split_at(digits);
        let (_, factor) = UNITS.into_iter().find(|(name, _)| *name == unit).ok_or_else(refuse)?;
        let millis = count.parse().ok().and_then(|count: u64| count.checked_mul(factor));
        millis.filter(|millis| (1..=LONGEST).contains(millis)).map(Self::millis).ok_or_else(refuse)
    }
}

impl fmt::Display for Timespan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.as_millis();
        let whole = UNITS.into_iter().find(|(_, factor)| millis.is_multiple_of(u128::from(*factor)));
        let (unit, factor) = whole.unwrap_or(("ms", 1));
        write!(f, "{}{unit}", millis / u128::from(factor))
    }
}

impl Serialize for Timespan {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timespan {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::Timespan;

    #[test]
    fn what_is_written_is_read_back() {
        for text in ["250ms", "30s", "10m", "12h", "7d", "90s"] {
            assert_eq!(text.parse::<Timespan>().unwrap().to_string(), text);
        }
        assert_eq!("60s".parse::<Timespan>().unwrap(), Timespan::minutes(1));
    }

    #[test]
    fn a_number_without_a_unit_is_refused() {
        for text in ["", "30", "s", "1.5s", "-1s", "30 s", "0s", "99999d", "99999999999999999999d"] {
            assert!(text.parse::<Timespan>().is_err(), "{text}");
        }
    }
}
