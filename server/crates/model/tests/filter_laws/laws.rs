//! The four readings of one expression, for somebody who sees everything and for somebody who does not.

use std::cell::RefCell;

use plinth_model::filter::{Auth, Bindings, Context, Sights, Truth, compile};
use plinth_model::schema::Catalog;
use plinth_model::sql::predicate::{self, RowSource};
use plinth_model::sql::{Statement, Writer};
use plinth_model::{Collection, Dialect, Record, Value};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use serde_json::json;

use crate::cases;
use crate::database::Database;
use crate::expressions::{Pair, condition};
use crate::oracle::Oracle;
use crate::sights::{Eyes, eyes, redacted, seen};
use crate::world::{World, catalog, load, now, world};

/// Expressions per world.
const PER_WORLD: u32 = 200;

/// Everything that a question needs.
struct Bench {
    catalog: Catalog,
    databases: [Database; 2],
    world: World,
    eyes: Option<Eyes>,
    bindings: Bindings,
    oracle: Oracle,
}

#[test]
fn all_readings_of_an_expression_agree() {
    compare(cases(600), |_| None);
}

#[test]
fn who_sees_a_part_is_answered_as_if_the_rest_were_not_there() {
    compare(cases(300), |catalog| Some(eyes(catalog)));
}

fn compare(total: u32, sights: fn(&Catalog) -> Option<Eyes>) {
    let mut databases = [Database::new(Dialect::Sqlite), Database::new(Dialect::Postgres)];
    let mut left = total;
    while left > 0 {
        let cases = left.min(PER_WORLD);
        let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
        let world = world().new_tree(&mut runner).unwrap().current();
        databases.iter_mut().for_each(|database| load(&world, database));
        let catalog = catalog();
        let bench = RefCell::new(Bench::new(world, databases, sights(&catalog)));
        let result = runner.run(&condition(), |pair| bench.borrow_mut().check(&pair).map_err(TestCaseError::fail));
        databases = bench.into_inner().databases;
        if let Err(error) = result {
            panic!("{error}");
        }
        left -= cases;
    }
}

impl Bench {
    fn new(world: World, databases: [Database; 2], eyes: Option<Eyes>) -> Self {
        let catalog = catalog();
        let params = json!({
            "text": "a", "int": 3, "number": 0.5, "yes": true, "texts": ["a", "b", "", "é"], "doc": {"a": [1, {"b": "a"}, null]},
            "instant": "2026-06-01T12:00:00.001Z",
        });
        let users = catalog.get("users").unwrap();
        let me = Auth::account(&world.people[0], users, ["user".to_owned(), "a".to_owned()]);
        let bindings = Bindings::new(me, now()).with_params(params.as_object().unwrap().clone());
        let oracle = match &eyes {
            None => Oracle::new(&world, &world.people[0], &catalog, &params),
            Some(_) => {
                let me =
                    seen(&catalog, "users", &world.people[0], &bindings).unwrap_or_else(|| stranger(&world.people[0]));
                Oracle::new(&redacted(&world, &catalog, &bindings), &me, &catalog, &params)
            }
        };
        Self { catalog, databases, world, eyes, bindings, oracle }
    }

    fn items(&self) -> &Collection {
        self.catalog.get("items").unwrap()
    }

    /// Asks all readers the same, and tells the first difference.
    fn check(&mut self, pair: &Pair) -> Result<(), String> {
        let context = Context {
            catalog: &self.catalog,
            collection: self.items(),
            users: self.catalog.get("users").unwrap(),
            sights: self.eyes.as_ref().map(|eyes| eyes as &dyn Sights),
            data: false,
            params: Some(&self.bindings.params),
        };
        let expr = match compile(&pair.ours, &context) {
            Ok(expr) => expr,
            // Generated expressions are of fitting kinds; only their size may be too much, and a parameter may stand
            // where another kind is wanted.
            Err(error) => {
                let expected = error.code.as_str() == "too_large" || error.message.starts_with("params.");
                return if expected { Ok(()) } else { Err(format!("{}\n{error}", pair.ours)) };
            }
        };
        let bound = expr.bind(&self.bindings);
        let expected = self.oracle.answers(&pair.oracle);

        let items = self.world.items.clone();
        for (item, expected) in items.iter().zip(&expected) {
            let found = bound.eval(item, self.items(), None);
            let unknown = bound.needs_database() && found == Truth::Error;
            if !unknown && found != *expected {
                return Err(format!(
                    "memory says {found:?} and the oracle {expected:?} of {}\noracle: {}\n{item:?}",
                    pair.ours, pair.oracle
                ));
            }
        }
        for place in 0..2 {
            let dialect = self.databases[place].dialect();
            let table = RowSource::Table { alias: "t" };
            for exact in [true, false] {
                let statement = select_all(dialect, &bound, table, exact);
                let answers = self.ask(place, &statement)?;
                for ((found, expected), item) in answers.iter().zip(&expected).zip(&items) {
                    let agrees =
                        if exact { found == expected } else { (*found == Truth::True) == (*expected == Truth::True) };
                    if !agrees {
                        let texts =
                            format!("{}\noracle: {}\n{}\n{:?}", pair.ours, pair.oracle, statement.text, statement.args);
                        return Err(format!(
                            "{dialect:?} says {found:?} and the oracle {expected:?} of {texts}\n{item:?}"
                        ));
                    }
                }
            }
            // The record need not be in the table.
            let chosen = pair.ours.len() % items.len();
            let record = RowSource::Record { collection: self.items(), record: &items[chosen] };
            let statement = select_one(dialect, &bound, record);
            let found = self.ask(place, &statement)?[0];
            if found != expected[chosen] {
                let texts = format!("{}\n{}\n{:?}", pair.ours, statement.text, statement.args);
                return Err(format!(
                    "{dialect:?} says {found:?} and the oracle {:?} of a record in memory: {texts}\n{:?}",
                    expected[chosen], items[chosen]
                ));
            }
        }
        Ok(())
    }

    fn ask(&mut self, place: usize, statement: &Statement) -> Result<Vec<Truth>, String> {
        let rows = self.databases[place].bound(statement);
        let rows = rows.map_err(|error| format!("{error}\n{}\n{:?}", statement.text, statement.args))?;
        let truth = |row: Vec<Option<String>>| match row[0].as_deref() {
            None => Ok(Truth::Error),
            Some("1" | "true") => Ok(Truth::True),
            Some("0" | "false") => Ok(Truth::False),
            Some(other) => Err(format!("{other} is no answer to {}", statement.text)),
        };
        rows.into_iter().map(truth).collect()
    }
}

fn select_all(dialect: Dialect, bound: &plinth_model::filter::Bound, row: RowSource<'_>, exact: bool) -> Statement {
    let mut w = Writer::new(dialect);
    w.sql("select cast((");
    if exact {
        predicate::render_exact(&mut w, bound, row, None);
    } else {
        predicate::render(&mut w, bound, row, None);
    }
    w.sql(") as text) from \"items\" as \"t\" order by \"id\"");
    w.finish()
}

fn select_one(dialect: Dialect, bound: &plinth_model::filter::Bound, row: RowSource<'_>) -> Statement {
    let mut w = Writer::new(dialect);
    w.sql("select cast((");
    predicate::render_exact(&mut w, bound, row, None);
    w.sql(") as text)");
    w.finish()
}

/// An account whose record it may not read itself: only its address and whether that is verified are known to it.
fn stranger(me: &Record) -> Record {
    let known = me.values.iter().enumerate().map(|(place, value)| if place < 2 { value.clone() } else { Value::Null });
    Record { values: known.collect(), ..me.clone() }
}
