//! Any text at all is answered: with an expression or with an error that lies within it, soon, and without a panic.

use std::time::{Duration, Instant};

use plinth_model::Dialect;
use plinth_model::filter::{Auth, Bindings, Context, compile};
use plinth_model::sql::Writer;
use plinth_model::sql::predicate::{self, RowSource};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};

use crate::cases;
use crate::world::{catalog, now};

/// What a second of a busy machine is enough for many times over.
const SOON: Duration = Duration::from_secs(20);

fn soup() -> BoxedStrategy<String> {
    let words = vec![
        "text1",
        "int0",
        "meta",
        "owner",
        "labels",
        "notes_via_item",
        "auth",
        "now",
        "data",
        "params",
        "x",
        "true",
        "null",
        "1",
        "2.5",
        "\"a\"",
        "'b'",
        "r\"c\"",
        "b\"d\"",
        "\"\"\"",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ".",
        ",",
        "?",
        ":",
        "!",
        "-",
        "+",
        "*",
        "/",
        "%",
        "<",
        "<=",
        "==",
        "!=",
        "in",
        "&&",
        "||",
        "&",
        "=",
        "exists",
        "all",
        "has",
        "size",
        "timestamp",
        "//",
        "\n",
        " ",
        "\\",
        "\"",
        "'",
        "é",
        "😀",
        "\u{0}",
        "`",
        "@",
        "..",
        "0x",
        "1e",
        "u",
        "as",
        "9223372036854775808",
        "text1 == \"a\"",
        "x.exists(y, ",
    ];
    prop::collection::vec(select(words), 0..60).prop_map(|words| words.concat()).boxed()
}

fn repeated() -> BoxedStrategy<String> {
    let pieces = vec![
        "(",
        "[",
        "{",
        "!",
        "-",
        "a.",
        "a[",
        "f(",
        "a?",
        "a?b:",
        "a+",
        "a<",
        "a&&",
        "x.exists(y,",
        "\"",
        "\\",
        "a in [",
        "!(",
        "-(",
        "{1:",
    ];
    (select(pieces), 1_usize..2000, any::<bool>())
        .prop_map(|(piece, times, closed)| {
            let close: String = piece
                .chars()
                .rev()
                .filter_map(|c| {
                    Some(match c {
                        '(' => ')',
                        '[' => ']',
                        '{' => '}',
                        _ => return None,
                    })
                })
                .collect();
            let tail = if closed { format!("a{}", close.repeat(times)) } else { String::new() };
            format!("{}{tail}", piece.repeat(times))
        })
        .boxed()
}

#[test]
fn any_text_is_answered() {
    let catalog = catalog();
    let params = serde_json::Map::new();
    let context = Context {
        catalog: &catalog,
        collection: catalog.get("items").unwrap(),
        users: catalog.get("users").unwrap(),
        sights: None,
        data: true,
        params: Some(&params),
    };
    let any = prop_oneof![3 => soup(), 1 => repeated(), 1 => any::<String>(), 1 => "\\PC{0,200}"];
    let config = Config { cases: cases(3000), failure_persistence: None, ..Config::default() };
    let result = TestRunner::new(config).run(&any, |source| {
        let started = Instant::now();
        match compile(&source, &context) {
            Ok(expr) => {
                let bound = expr.bind(&Bindings::new(Auth::anonymous([]), now()));
                for dialect in [Dialect::Sqlite, Dialect::Postgres] {
                    predicate::render(&mut Writer::new(dialect), &bound, RowSource::Table { alias: "t" }, None);
                }
            }
            Err(error) => {
                let length = source.chars().count();
                prop_assert!(error.position <= error.end && error.end <= length, "{:?}", error);
                prop_assert!(!error.message.is_empty());
            }
        }
        prop_assert!(started.elapsed() < SOON, "{:?}", started.elapsed());
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}
