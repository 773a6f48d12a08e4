//! A point in time to the millisecond, between the years 1 and 9999.
//!
//! Kept as milliseconds since 1970, so that both databases and memory agree on equality; a finer fraction in the
//! input is cut off, as RFC 3339 readers of millisecond systems do. SQLite stores the number, Postgres a
//! `timestamptz(3)`.

use std::fmt;
use std::str::FromStr;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Milliseconds since 1970-01-01T00:00:00Z; displays as RFC 3339 in UTC with milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(i64);

/// The text is no RFC 3339 date-time, or lies outside the years 1 to 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an RFC 3339 date-time between the years 1 and 9999, such as 2026-01-31T09:30:00Z")]
pub struct NotAnInstant;

/// Milliseconds from the first of March of the year 0, where an era of 400 years begins, to 1970.
const YEAR_0: i64 = 719_468 * 86_400_000;

impl Instant {
    /// 0001-01-01T00:00:00.000Z.
    pub const MIN: Self = Self(-62_135_596_800_000);
    /// 9999-12-31T23:59:59.999Z.
    pub const MAX: Self = Self(253_402_300_799_999);

    /// The instant this many milliseconds after 1970, if it is in range.
    #[must_use]
    pub fn from_millis(millis: i64) -> Option<Self> {
        (Self::MIN.0..=Self::MAX.0).contains(&millis).then_some(Self(millis))
    }

    /// Milliseconds since 1970.
    #[must_use]
    pub fn millis(self) -> i64 {
        self.0
    }

    /// Reads the one form that [`fmt::Display`] writes, since every image of a record in the change log holds some.
    fn from_canonical(text: &[u8; 24]) -> Option<Self> {
        const FORM: &[u8; 24] = b"0000-00-00T00:00:00.000Z";
        let fits = |(byte, form): (&u8, &u8)| if *form == b'0' { byte.is_ascii_digit() } else { byte == form };
        if !text.iter().zip(FORM).all(fits) {
            return None;
        }
        let number =
            |range: std::ops::Range<usize>| text[range].iter().fold(0, |sum, digit| 10 * sum + i64::from(digit - b'0'));
        let (year, month, day) = (number(0..4), number(5..7), number(8..10));
        let (hour, minute, second) = (number(11..13), number(14..16), number(17..19));
        if !(1..=12).contains(&month)
            || day < 1
            || day > days_in(year, month)
            || hour > 23
            || minute > 59
            || second > 59
        {
            return None;
        }
        // Days since 1970 by the usual era arithmetic, the year beginning in March.
        let (from_march, year) = if month > 2 { (month - 3, year) } else { (month + 9, year - 1) };
        let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + (153 * from_march + 2) / 5 + day - 1;
        let seconds = ((era * 146_097 + day_of_era - 719_468) * 24 + hour) * 3600 + minute * 60 + second;
        Self::from_millis(seconds * 1000 + number(20..23))
    }

    /// The instant `millis` later (or earlier, if negative), if it is in range.
    #[must_use]
    pub fn checked_add(self, millis: i64) -> Option<Self> {
        self.0.checked_add(millis).and_then(Self::from_millis)
    }
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

impl FromStr for Instant {
    type Err = NotAnInstant;

    fn from_str(text: &str) -> Result<Self, NotAnInstant> {
        if let Some(instant) = text.as_bytes().try_into().ok().and_then(Self::from_canonical) {
            return Ok(instant);
        }
        let parsed = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| NotAnInstant)?;
        i64::try_from(parsed.unix_timestamp_nanos().div_euclid(1_000_000))
            .ok()
            .and_then(Self::from_millis)
            .ok_or(NotAnInstant)
    }
}

impl Instant {
    /// RFC 3339 in UTC with milliseconds, such as `2026-01-31T09:30:00.000Z`: always 24 bytes of ASCII.
    ///
    /// Days to a civil date by the usual era arithmetic, counted from the year 0 so that nothing is negative, and
    /// digits by hand, since this runs three times for every record sent.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range ends with the year 9999")]
    pub fn rfc3339(self) -> [u8; 24] {
        let since_year_0 = (self.0 + YEAR_0) as u64;
        let (day_number, in_day) = ((since_year_0 / 86_400_000) as u32, (since_year_0 % 86_400_000) as u32);
        let (era, day_of_era) = (day_number / 146_097, day_number % 146_097);
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
        let year = year_of_era + era * 400 + u32::from(month <= 2);
        let (seconds, millis) = (in_day / 1000, in_day % 1000);
        let mut text = *b"0000-00-00T00:00:00.000Z";
        let pairs =
            [(0, year / 100), (2, year % 100), (5, month), (8, day), (11, seconds / 3600), (14, seconds / 60 % 60)];
        for (at, number) in pairs.into_iter().chain([(17, seconds % 60), (20, millis / 10)]) {
            text[at] = b'0' + (number / 10) as u8;
            text[at + 1] = b'0' + (number % 10) as u8;
        }
        text[22] = b'0' + (millis % 10) as u8;
        text
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.rfc3339()).map_err(|_| fmt::Error)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_ends_of_the_range_are_written_in_full() {
        assert_eq!(Instant::MIN.to_string(), "0001-01-01T00:00:00.000Z");
        assert_eq!(Instant::MAX.to_string(), "9999-12-31T23:59:59.999Z");
    }

    #[test]
    fn an_offset_is_turned_into_utc_and_the_fraction_cut() {
        let parsed: Instant = "2026-01-31T10:30:00.1239+01:00".parse().unwrap();
        assert_eq!(parsed.to_string(), "2026-01-31T09:30:00.123Z");
    }

    proptest! {
        /// With an offset the other reader is at work.
        #[test]
        fn both_readers_agree(year in 0..10_000, month in 0..14, day in 0..33, hour in 0..25, minute in 0..61, second in 0..61) {
            let text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.007");
            prop_assert_eq!(format!("{text}Z").parse::<Instant>(), format!("{text}+00:00").parse::<Instant>());
        }

        #[test]
        fn what_is_written_is_read_back(millis in Instant::MIN.0..=Instant::MAX.0) {
            prop_assert_eq!(Instant(millis).to_string().parse(), Ok(Instant(millis)));
        }
    }
}
