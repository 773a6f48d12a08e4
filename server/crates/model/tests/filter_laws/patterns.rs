//! The law of patterns: what the `regex` crate matches is what Postgres matches by the translated pattern.

use std::cell::RefCell;

use plinth_model::filter::{Auth, Bindings, Context, Pattern, compile};
use plinth_model::schema::Catalog;
use plinth_model::sql::predicate::{self, RowSource};
use plinth_model::sql::write::RecordWrite;
use plinth_model::sql::{Writer, ddl};
use plinth_model::{Collection, Dialect, Record, Value};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use serde_json::{Value as Json, json};

use crate::cases;
use crate::database::Database;
use crate::values;
use crate::world::{collection, id, now};

/// Texts that every pattern is tried on.
const TEXTS: [&str; 24] = [
    "", "a", "b", "ab", "ba", "aab", "abc", "A", "aB", "é", "É", "ß", "😀", "a\nb", "\n", "a b", "a_b", "1", "12", "٣",
    "a-b", "[x]", "K", "ſ",
];

fn pattern() -> BoxedStrategy<String> {
    let atoms = vec![
        "a",
        "b",
        "c",
        "é",
        "😀",
        ".",
        r"\d",
        r"\w",
        r"\s",
        r"\W",
        r"\D",
        r"\S",
        "[ab]",
        "[^ab]",
        "[a-c]",
        r"[\w-]",
        "[^\\n]",
        "_",
        "-",
        r"\.",
        r"\n",
        r"\[",
        "^",
        "$",
        r"\A",
        r"\z",
        "",
        r"\p{Lu}",
        "[[:alpha:]]",
        "(?i:k)",
        "(?i:s)",
        "(?s:.)",
        "[a&&b]",
        r"\x41",
        " ",
    ];
    let atom = prop_oneof![9 => select(atoms).prop_map(str::to_owned), 1 => "[a-e]{1,3}"].boxed();
    atom.prop_recursive(4, 16, 3, |inner| {
        prop_oneof![
            3 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a}{b}")),
            2 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a}|{b}")),
            2 => (inner.clone(), select(vec!["*", "+", "?", "{2}", "{1,3}", "{0,1}", "{2,}", "*?", "+?", "{0}"]))
                .prop_map(|(a, times)| format!("(?:{a}){times}")),
            1 => inner.clone().prop_map(|a| format!("({a})")),
            1 => inner.prop_map(|a| format!("(?i:{a})")),
        ]
    })
    .boxed()
}

#[test]
fn a_pattern_matches_the_same_everywhere() {
    let collection = collection("texts", &["text"], json!({"text": {"type": "string"}}));
    let catalog = Catalog::new([collection.clone()]);
    let users = crate::world::catalog();
    let context = Context {
        catalog: &catalog,
        collection: &collection,
        users: users.get("users").unwrap(),
        sights: None,
        data: false,
        params: None,
    };
    let texts = texts();
    let database = RefCell::new(filled(&collection, &texts));
    let config = Config { cases: cases(1500), failure_persistence: None, ..Config::default() };
    let result = TestRunner::new(config).run(&pattern(), |source| {
        let Ok(pattern) = Pattern::new(&source) else { return Ok(()) };
        let expr = compile(&format!("text.matches({})", Json::from(source.as_str())), &context);
        let bound = expr.unwrap().bind(&Bindings::new(Auth::anonymous([]), now()));
        let mut w = Writer::new(Dialect::Postgres);
        w.sql("select cast((");
        predicate::render(&mut w, &bound, RowSource::Table { alias: "t" }, None);
        w.sql(") as text) from texts as t order by id");
        let found = database.borrow_mut().bound(&w.finish());
        let found = found.map_err(|error| TestCaseError::fail(format!("{source:?}: {error}")))?;
        for (text, row) in texts.iter().zip(found) {
            let postgres = row[0].as_deref() == Some("true");
            prop_assert_eq!(pattern.is_match(text), postgres, "{:?} on {:?}", &source, text);
        }
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}

fn texts() -> Vec<String> {
    let mut runner = TestRunner::deterministic();
    let generated = (0..40).map(|_| values::text().new_tree(&mut runner).unwrap().current());
    TEXTS.iter().map(|text| (*text).to_owned()).chain(generated).collect()
}

fn filled(collection: &Collection, texts: &[String]) -> Database {
    let mut database = Database::new(Dialect::Postgres);
    for statement in ddl::create(collection, Dialect::Postgres) {
        database.run(&statement);
    }
    for (n, text) in texts.iter().enumerate() {
        let id = id(1, u8::try_from(n).unwrap());
        let record = Record { id, created_at: now(), updated_at: now(), revision: 1, values: vec![Value::text(text)] };
        database.run(&RecordWrite::Insert(&record).statement(collection, Dialect::Postgres));
    }
    database
}
