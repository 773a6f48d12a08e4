//! The limits that hold before the parser runs.
//!
//! The parser is recursive, so what could exhaust its stack is refused by this loop over the bytes: it skips
//! strings and comments as CEL's lexer does, and adds up brackets and chains of operators, which is never less
//! than the depth of the tree that the parser would build. The exact depth is checked on the tree itself.

use super::error::{FilterError, FilterErrorCode};
use super::source::Source;
use super::{MAX_DEPTH, MAX_SOURCE};

/// More than the deepest tree that is let through: a chain such as `a + b + c` may yet be balanced by precedence.
const MAX_CHAIN: usize = 4 * MAX_DEPTH;

/// Refuses what is too long or nested too deep to be parsed.
pub(crate) fn check(source: &Source<'_>) -> Result<(), FilterError> {
    let text = source.text();
    if text.len() > MAX_SOURCE {
        let message = format!("an expression has at most {MAX_SOURCE} bytes, this one has {}", text.len());
        return Err(source.error(0..text.len(), FilterErrorCode::TooLarge, message));
    }
    if let Some(at) = text.find('\0') {
        return Err(source.invalid(at..at + 1, "an expression can't contain the character U+0000"));
    }
    Scan { source, bytes: text.as_bytes(), at: 0, levels: vec![Level::default()] }.run()
}

/// What was counted since a bracket opened.
#[derive(Default)]
struct Level {
    /// Operators since the last `&&`, `||` or comma.
    chain: usize,
    /// The longest chain before that.
    longest: usize,
    /// `?` since the last comma.
    conditionals: usize,
}

impl Level {
    /// At least the depth of what was read on this level.
    fn depth(&self) -> usize {
        self.chain.max(self.longest) + self.conditionals + 1
    }
}

struct Scan<'s> {
    source: &'s Source<'s>,
    bytes: &'s [u8],
    at: usize,
    levels: Vec<Level>,
}

impl Scan<'_> {
    fn run(mut self) -> Result<(), FilterError> {
        while let Some(&byte) = self.bytes.get(self.at) {
            match byte {
                b'"' | b'\'' => self.skip_string(false)?,
                b'/' if self.looking_at("//") => self.skip_comment(),
                byte if byte.is_ascii_alphabetic() || byte == b'_' => self.word()?,
                byte if byte.is_ascii_digit() => self.skip_number(),
                _ => self.sign(byte)?,
            }
        }
        Ok(())
    }

    fn looking_at(&self, text: &str) -> bool {
        self.bytes[self.at..].starts_with(text.as_bytes())
    }

    fn skip_comment(&mut self) {
        self.at = self.bytes[self.at..].iter().position(|b| *b == b'\n').map_or(self.bytes.len(), |n| self.at + n);
    }

    fn skip_number(&mut self) {
        while self.bytes.get(self.at).is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'.') {
            self.at += 1;
        }
    }

    /// A word may be the prefix of a string: `r"…"`, `b'…'`, `br"…"`.
    fn word(&mut self) -> Result<(), FilterError> {
        let start = self.at;
        while self.bytes.get(self.at).is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_') {
            self.at += 1;
        }
        let word = &self.bytes[start..self.at];
        let quoted = matches!(self.bytes.get(self.at), Some(b'"' | b'\''));
        let raw = quoted && matches!(word, b"r" | b"R" | b"br" | b"bR" | b"Br" | b"BR");
        if raw {
            return self.skip_string(true);
        }
        if word == b"in" { self.chain() } else { Ok(()) }
    }

    fn skip_string(&mut self, raw: bool) -> Result<(), FilterError> {
        let start = self.at;
        let quote = self.bytes[start];
        let triple = self.bytes[start..].starts_with(&[quote; 3]);
        self.at += if triple { 3 } else { 1 };
        while let Some(&byte) = self.bytes.get(self.at) {
            if byte == quote && (!triple || self.bytes[self.at..].starts_with(&[quote; 3])) {
                self.at += if triple { 3 } else { 1 };
                return Ok(());
            }
            if !triple && matches!(byte, b'\n' | b'\r') {
                break;
            }
            self.at += if byte == b'\\' && !raw { 2 } else { 1 };
        }
        Err(self.source.invalid(start..start + 1, "this text lacks its closing quote"))
    }

    fn sign(&mut self, byte: u8) -> Result<(), FilterError> {
        if self.looking_at("&&") || self.looking_at("||") {
            let level = self.level();
            level.longest = level.longest.max(level.chain);
            level.chain = 0;
            self.at += 2;
            return Ok(());
        }
        match byte {
            b'(' | b'[' | b'{' => self.open()?,
            b')' | b']' | b'}' => self.close(),
            b',' => {
                let longest = self.level().depth();
                *self.level() = Level { longest, ..Level::default() };
            }
            b'?' => {
                self.level().conditionals += 1;
                self.check_chain()?;
            }
            b'.' | b'+' | b'-' | b'*' | b'/' | b'%' | b'<' | b'>' | b'=' | b'!' => {
                // `==` and the like are one operator.
                if self.bytes.get(self.at + 1) == Some(&b'=') {
                    self.at += 1;
                }
                self.chain()?;
            }
            _ => {}
        }
        self.at += 1;
        Ok(())
    }

    fn level(&mut self) -> &mut Level {
        if self.levels.is_empty() {
            self.levels.push(Level::default());
        }
        let last = self.levels.len() - 1;
        &mut self.levels[last]
    }

    fn open(&mut self) -> Result<(), FilterError> {
        self.levels.push(Level::default());
        if self.levels.len() > MAX_DEPTH + 1 { Err(self.too_deep()) } else { self.check_chain() }
    }

    fn close(&mut self) {
        // One too many is the parser's to report.
        if self.levels.len() > 1 {
            let depth = self.levels.pop().map_or(0, |level| level.depth());
            // An operator that follows the bracket stands on top of all that was in it.
            self.level().chain += depth;
        }
    }

    fn chain(&mut self) -> Result<(), FilterError> {
        self.level().chain += 1;
        self.check_chain()
    }

    fn check_chain(&self) -> Result<(), FilterError> {
        let depth: usize = self.levels.iter().map(|level| level.chain + level.conditionals + 1).sum();
        if depth > MAX_CHAIN { Err(self.too_deep()) } else { Ok(()) }
    }

    fn too_deep(&self) -> FilterError {
        let at = self.at.min(self.bytes.len());
        too_deep(self.source, at..at)
    }
}

/// The error for what is nested too deep.
pub(crate) fn too_deep(source: &Source<'_>, at: std::ops::Range<usize>) -> FilterError {
    let message = format!("this is nested more than {MAX_DEPTH} deep: split it with && or ||, or shorten it");
    source.error(at, FilterErrorCode::TooLarge, message)
}
