//! Passwords that are tried first: a list of words with the usual ornaments, and patterns.
//!
//! A list of a hundred thousand leaked passwords is mostly a few hundred words with digits behind them and letters
//! written as digits. So the words are listed, and the ornaments are taken off before they are looked up.

use std::collections::HashSet;
use std::sync::LazyLock;

/// One word or pattern a line, in small letters.
static WORDS: LazyLock<HashSet<&str>> = LazyLock::new(|| include_str!("common.txt").lines().collect());

/// Rows of keyboards, the alphabet and the digits; a password that walks along one of them is a pattern.
const ROWS: [&str; 9] = [
    "01234567890",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiop",
    "qwertzuiop",
    "azertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm",
    "1q2w3e4r5t6y7u8i9o0p",
];

/// Digits and signs that may follow a word without making it better.
const MAX_TAIL: usize = 4;

/// Whether a password, in small letters, is one of those that are tried first.
pub(super) fn is_common(lower: &str) -> bool {
    let plain = plain_letters(lower);
    let head = lower.trim_end_matches(|c: char| !c.is_alphabetic());
    let tail = lower.chars().count() - head.chars().count();
    WORDS.contains(lower)
        || WORDS.contains(plain.as_str())
        || (tail <= MAX_TAIL && WORDS.contains(plain_letters(head).as_str()))
        || is_repetition(lower)
        || is_walk(lower)
}

/// The word behind the usual replacements of letters.
fn plain_letters(text: &str) -> String {
    let plain = |c| match c {
        '@' | '4' => 'a',
        '0' => 'o',
        '1' | '!' => 'i',
        '3' => 'e',
        '$' | '5' => 's',
        '7' => 't',
        other => other,
    };
    text.chars().map(plain).collect()
}

/// One to four characters over and over: `aaaaaaaa`, `abcabcabc`.
fn is_repetition(text: &str) -> bool {
    let chars: Vec<char> = text.chars().collect();
    (1..=4.min(chars.len() / 2)).any(|period| chars.iter().zip(&chars[period..]).all(|(a, b)| a == b))
}

/// Steps along a row, either way, and nothing else.
fn is_walk(text: &str) -> bool {
    let backwards: String = text.chars().rev().collect();
    ROWS.iter().any(|row| row.contains(text) || row.contains(&backwards))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ornaments_do_not_hide_a_word() {
        for password in ["password", "passw0rd", "password123", "password1!", "iloveyou", "sunshine2024", "letmein!!"] {
            assert!(is_common(password), "{password}");
        }
    }

    #[test]
    fn patterns_are_common() {
        for password in
            ["aaaaaaaa", "abababab", "abcdabcd", "12345678", "87654321", "asdfghjkl", "1qaz2wsx", "1q2w3e4r"]
        {
            assert!(is_common(password), "{password}");
        }
    }

    #[test]
    fn what_is_not_in_the_lists_passes() {
        for password in
            ["tr0ub4dor&3", "purple-otter-42", "welcome to the machine", "s3cret-pass-for-ada", "qwertyuiop-and-more"]
        {
            assert!(!is_common(password), "{password}");
        }
    }

    #[test]
    fn every_line_of_the_list_is_in_the_form_that_is_looked_up() {
        assert!(WORDS.len() > 300);
        for word in WORDS.iter() {
            assert!(!word.is_empty() && *word == word.trim().to_lowercase(), "{word:?}");
        }
    }
}
