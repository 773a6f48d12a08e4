//! Hostile text: pieces of the languages that a server reads, put together without sense.

use crate::harness::Dice;

/// Pieces of CEL, of SQL, of JSON, of paths, and what no language has.
const PIECES: [&str; 96] = [
    "text",
    "room",
    "likes",
    "score",
    "at",
    "tags",
    "meta",
    "author",
    "parent",
    "secret",
    "id",
    "createdAt",
    "auth",
    "now",
    "data",
    "params",
    "params.a",
    "auth.id",
    "auth.roles",
    "author.email",
    "parent.parent.text",
    "messages_via_parent",
    "users_via_author",
    "meta.color",
    "meta[\"a\"]",
    "tags[0]",
    "rowid",
    "_rev",
    "_changes",
    "\"lab\"",
    "'lab'",
    "\"\"",
    "\"\\u0000\"",
    "\"\\ud800\"",
    "r\"\\d\"",
    "b\"\\xff\"",
    "\"\"\"x\"\"\"",
    "\u{202e}",
    "\u{0}",
    "\u{feff}",
    "é",
    "💥",
    "0",
    "1",
    "-1",
    "1.5",
    "1e400",
    "-0.0",
    "9223372036854775807",
    "9223372036854775808",
    "0x7f",
    "1u",
    "true",
    "false",
    "null",
    "==",
    "!=",
    "<",
    ">=",
    "&&",
    "||",
    "!",
    "-",
    "+",
    "*",
    "/",
    "%",
    "?",
    ":",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ".",
    ",",
    ";",
    " in ",
    "has(",
    "size(",
    ".startsWith(",
    ".matches(\"(a+)+$\")",
    ".matches(",
    ".exists(x, ",
    ".all(",
    ".map(x, ",
    "timestamp(\"2026-01-01T00:00:00Z\")",
    "duration(\"-1h\")",
    "$inc",
    "--",
    "/*",
    "' or '1'='1",
    "\"; drop table users",
    "%",
    "\\",
];

/// A few pieces in a row.
pub(super) fn text(dice: &mut Dice) -> String {
    let mut text = String::new();
    for _ in 0..=dice.below(9) {
        text.push_str(dice.pick(&PIECES));
        if dice.below(3) == 0 {
            text.push(' ');
        }
    }
    text
}

/// Text as a part of a URL, every byte of it in hexadecimal.
pub(super) fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02x}")).collect()
}

/// A condition of good shape over random parts: it gets past the parser more often than not.
pub(super) fn condition(dice: &mut Dice) -> String {
    let (left, right) = (term(dice, 3), term(dice, 3));
    let operator = dice.pick(&["==", "!=", "<", "<=", ">", ">=", " in ", "&&", "||", "+", "-", "*", "/", "%"]);
    match dice.below(6) {
        0 => format!("!({left}{operator}{right})"),
        1 => format!("{left}{operator}{right} && {}", term(dice, 3)),
        2 => format!("({left}{operator}{right}) == {}", term(dice, 3)),
        3 => format!("tags.{}(x, x{operator}{right})", dice.pick(&["exists", "all", "exists_one", "filter"])),
        _ => format!("{left}{operator}{right}"),
    }
}

fn term(dice: &mut Dice, depth: usize) -> String {
    if depth == 0 {
        return dice.pick(&PIECES[..55]).to_owned();
    }
    let mut part = || term(dice, depth - 1);
    let (first, second, third) = (part(), part(), part());
    match dice.below(8) {
        0 => format!("{first}.{}({second})", dice.pick(&["startsWith", "contains", "matches", "endsWith"])),
        1 => format!("size({first})"),
        2 => format!("({first} ? {second} : {third})"),
        3 => format!("messages_via_parent.exists(m, m.{} == {first})", dice.pick(&["text", "likes", "author"])),
        _ => first,
    }
}
