//! A pattern written again as an advanced regular expression of Postgres.
//!
//! Not the text is translated but the meaning: `regex-syntax` parses and resolves classes, flags and case, and what
//! is left (literals, sets of characters, choice, repetition, the two ends of the text) means the same in every
//! engine. Only whether there is a match is asked, so greediness and groups are nothing to keep.

use std::fmt::Write;

use regex_syntax::hir::{Class, Hir, HirKind, Look, Repetition};

/// Postgres counts to this in `{m,n}` (`DUPMAX`).
const MAX_COUNT: u32 = 255;
/// The most characters and sets, repetitions written out: Postgres gives up on larger automata while it runs.
const MAX_SIZE: usize = 2000;

/// The pattern for Postgres, or why there is none.
pub(super) fn translate(pattern: &str) -> Result<String, String> {
    let hir = regex_syntax::parse(pattern).map_err(|error| last_line(&error.to_string()))?;
    if size(&hir) > MAX_SIZE {
        return Err("this pattern is too large: count less".to_owned());
    }
    // Whatever the settings of the server, `***:` makes the rest an advanced regular expression.
    let mut out = "***:".to_owned();
    write(&hir, &mut out)?;
    Ok(out)
}

/// The last line of the engine's message, which says what is wrong; the others draw the pattern.
pub(super) fn last_line(message: &str) -> String {
    let line = message.lines().last().unwrap_or(message);
    format!("this pattern is wrong: {}", line.trim_start_matches("error: "))
}

fn size(hir: &Hir) -> usize {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => 1,
        HirKind::Literal(literal) => literal.0.len(),
        HirKind::Class(_) => 1,
        HirKind::Capture(capture) => size(&capture.sub),
        HirKind::Repetition(repetition) => {
            let times = repetition.max.unwrap_or(repetition.min.saturating_add(1)).max(1);
            size(&repetition.sub).saturating_mul(times as usize)
        }
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().map(size).fold(1, usize::saturating_add),
    }
}

fn write(hir: &Hir, out: &mut String) -> Result<(), String> {
    match hir.kind() {
        HirKind::Empty => out.push_str("(?:)"),
        HirKind::Literal(literal) => {
            let text = std::str::from_utf8(&literal.0).map_err(|_| "a pattern matches text, not bytes".to_owned())?;
            text.chars().for_each(|c| character(c, out));
        }
        HirKind::Class(class) => set(class, out)?,
        HirKind::Look(look) => out.push_str(anchor(*look)?),
        HirKind::Capture(capture) => group(&capture.sub, out)?,
        HirKind::Repetition(repetition) => repeat(repetition, out)?,
        HirKind::Concat(parts) => parts.iter().try_for_each(|part| match part.kind() {
            HirKind::Alternation(_) => group(part, out),
            _ => write(part, out),
        })?,
        HirKind::Alternation(parts) => {
            for (n, part) in parts.iter().enumerate() {
                out.push_str(if n > 0 { "|" } else { "" });
                group(part, out)?;
            }
        }
    }
    Ok(())
}

fn group(hir: &Hir, out: &mut String) -> Result<(), String> {
    out.push_str("(?:");
    write(hir, out)?;
    out.push(')');
    Ok(())
}

fn repeat(repetition: &Repetition, out: &mut String) -> Result<(), String> {
    let greatest = repetition.max.unwrap_or(repetition.min);
    if greatest > MAX_COUNT {
        return Err(format!("a pattern counts to {MAX_COUNT} at most"));
    }
    // Postgres refuses to repeat what matches nothing but a place (`^*`): once is as good as often.
    if matches!(repetition.sub.kind(), HirKind::Look(_) | HirKind::Empty) {
        return if repetition.min == 0 { Ok(()) } else { write(&repetition.sub, out) };
    }
    group(&repetition.sub, out)?;
    let written = match (repetition.min, repetition.max) {
        (0, None) => write!(out, "*"),
        (1, None) => write!(out, "+"),
        (0, Some(1)) => write!(out, "?"),
        (min, None) => write!(out, "{{{min},}}"),
        (min, Some(max)) => write!(out, "{{{min},{max}}}"),
    };
    written.map_err(|error| error.to_string())
}

fn anchor(look: Look) -> Result<&'static str, String> {
    match look {
        Look::Start => Ok("\\A"),
        Look::End => Ok("\\Z"),
        Look::StartLF | Look::EndLF | Look::StartCRLF | Look::EndCRLF => {
            Err("(?m) is not supported in a pattern: ^ and $ are the ends of the text".to_owned())
        }
        _ => Err("word boundaries are not supported in a pattern: name the characters around the word".to_owned()),
    }
}

fn set(class: &Class, out: &mut String) -> Result<(), String> {
    let Class::Unicode(class) = class else { return Err("a pattern matches text, not bytes".to_owned()) };
    let ranges: Vec<(u32, u32)> = class
        .iter()
        // U+0000 is in no text, and Postgres can't name it.
        .map(|range| (u32::from(range.start()).max(1), u32::from(range.end())))
        .filter(|(start, end)| start <= end)
        .collect();
    if ranges.is_empty() {
        // A set without members matches nothing: nothing stands behind the end.
        out.push_str("(?:\\Z.)");
        return Ok(());
    }
    out.push('[');
    for (start, end) in ranges {
        code(start, out);
        if end > start {
            out.push('-');
            code(end, out);
        }
    }
    out.push(']');
    Ok(())
}

fn character(c: char, out: &mut String) {
    if c.is_ascii_alphanumeric() { out.push(c) } else { code(u32::from(c), out) }
}

fn code(c: u32, out: &mut String) {
    // Writing to a string can't fail.
    let _ = if c <= 0xFFFF { write!(out, "\\u{c:04X}") } else { write!(out, "\\U{c:08X}") };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_written_from_its_meaning() {
        assert_eq!(translate("^re[ds]+$").unwrap(), r"***:\Are(?:[\u0064\u0073])+\Z");
        assert_eq!(
            translate("(?i)ab|c{2,3}").unwrap(),
            r"***:(?:[\u0041\u0061][\u0042\u0062])|(?:(?:[\u0043\u0063]){2,3})"
        );
        assert_eq!(translate("a.b").unwrap(), r"***:a[\u0001-\u0009\u000B-\U0010FFFF]b");
    }

    #[test]
    fn what_the_engines_read_differently_is_refused() {
        for pattern in [r"\bword\b", "(?m)^a", "a{256}", "(?-u:\\xFF)", "(", "a**{2}{999}", "(?:a{100}){100}"] {
            assert!(translate(pattern).is_err(), "{pattern}");
        }
    }
}
