//! Spans of time as CEL writes them: `1h30m`, `-1.5h`, `90s`, `250ms`.

/// The longest span, in milliseconds: CEL's implementations count nanoseconds in 64 bits, which is 292 years.
pub(crate) const MAX: i64 = i64::MAX / 1_000_000;

/// Milliseconds of a span, or why the text is none.
pub(crate) fn parse(text: &str) -> Result<i64, String> {
    let refuse = || format!("{text:?} is no duration: write numbers with h, m, s or ms, as in \"1h30m\"");
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(refuse());
    }
    let mut nanos: i128 = 0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !(c.is_ascii_digit() || c == '.')).ok_or_else(refuse)?;
        let unit_end =
            rest[digits..].find(|c: char| c.is_ascii_digit() || c == '.').map_or(rest.len(), |at| digits + at);
        let part = part(&rest[..digits], &rest[digits..unit_end]).ok_or_else(refuse)?;
        nanos = nanos.checked_add(part).ok_or_else(refuse)?;
        rest = &rest[unit_end..];
    }
    if nanos % 1_000_000 != 0 {
        return Err(format!("{text:?} is finer than a millisecond"));
    }
    let millis = i64::try_from(nanos / 1_000_000).unwrap_or(i64::MAX);
    if millis > MAX {
        return Err(format!("{text:?} is longer than 292 years"));
    }
    Ok(if negative { -millis } else { millis })
}

/// Nanoseconds of `1.5` and `h`.
fn part(number: &str, unit: &str) -> Option<i128> {
    let unit: i128 = match unit {
        "h" => 3_600_000_000_000,
        "m" => 60_000_000_000,
        "s" => 1_000_000_000,
        "ms" => 1_000_000,
        "us" => 1_000,
        "ns" => 1,
        _ => return None,
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() || whole.len() > 18 || fraction.len() > 18 {
        return None;
    }
    let digits = |text: &str| if text.is_empty() { Some(0) } else { text.parse::<i128>().ok() };
    let scale = 10_i128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    Some(digits(whole)? * unit + digits(fraction)? * unit / scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_to_the_millisecond() {
        assert_eq!(parse("24h"), Ok(86_400_000));
        assert_eq!(parse("1h30m"), Ok(5_400_000));
        assert_eq!(parse("-1.5s"), Ok(-1500));
        assert_eq!(parse("250ms"), Ok(250));
        assert_eq!(parse("1000us"), Ok(1));
        assert_eq!(parse("0"), Ok(0));
    }

    #[test]
    fn what_is_no_span_is_refused_with_the_reason() {
        for text in ["", "-", "1", "1d", "h", "1h ", "1.2.3s", ".s", "--1s"] {
            assert!(parse(text).unwrap_err().contains("is no duration"), "{text}");
        }
        assert!(parse("1us").unwrap_err().contains("finer than a millisecond"));
        assert!(parse("3000000h").unwrap_err().contains("longer than"));
    }
}
