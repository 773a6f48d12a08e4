//! Reads: what a record looks like as JSON bytes, and what becomes of long and forgotten ones.

use std::collections::BTreeSet;
use std::pin::Pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use plinth_model::sql::Writer;
use plinth_model::sql::select::ColumnKind;
use plinth_model::{Seq, Statement, Value};
use plinth_store::{Asker, Error, Options, Row, asker};
use serde_json::json;

use crate::support::blog::Blog;
use crate::support::{Db, on_both, options};

/// A statement that counts for a long time.
fn endless(db: &Db) -> Statement {
    let mut w = Writer::new(db.store.dialect());
    w.sql(
        "with recursive n (i) as (select 1 union all select i + 1 from n where i < 4000000000) select count(*) from n",
    );
    w.finish()
}

on_both! {
    async fn json_comes_straight_from_the_columns(db: Db) {
        let blog = Blog::new(&db.store).await;
        let post = blog.add("posts", json!({
            "title": "a \"b\" \\ \u{1} \n \u{1F980} </script>",
            "views": i64::MAX,
            "score": 1.0,
            "live": false,
            "dueAt": "at:2026-02-03T04:05:06.007Z",
            "meta": {"z": 1, "a": [1.50, 1e300, null], "deep": {"é": "\u{0}"}},
            "words": ["x", "\"y\""],
            "lang": "de",
        })).await;

        let page = blog.page("posts").await;

        let expected = format!(
            concat!(
                r#"{{"id":"{}","createdAt":"2026-01-31T09:30:00.123Z","updatedAt":"2026-01-31T09:30:00.123Z","#,
                r#""title":"a \"b\" \\ \u0001 \n 🦀 </script>","slug":null,"lang":"de","views":9223372036854775807,"#,
                r#""score":1.0,"live":false,"dueAt":"2026-02-03T04:05:06.007Z","#,
                r#""meta":{{"z":1,"a":[1.5,1e+300,null],"deep":{{"é":"\u0000"}}}},"words":["x","\"y\""],"#,
                r#""author":null,"reviewer":null,"tags":null}}"#
            ),
            post.id
        );
        assert_eq!(std::str::from_utf8(&page.json).unwrap(), expected);
        assert_eq!(page.rows[0].extra, [Value::Int(post.revision), Value::Text(post.id.to_string())]);
    }

    async fn extremes_come_back_as_they_went(db: Db) {
        let blog = Blog::new(&db.store).await;
        let cases = [
            json!({"views": i64::MIN, "score": -0.5, "dueAt": "at:0001-01-01T00:00:00.000Z"}),
            json!({"views": 0, "score": 5e-324, "dueAt": "at:9999-12-31T23:59:59.999Z"}),
            json!({"views": -1, "score": 1.797_693_134_862_315_7e308, "dueAt": "at:1969-12-31T23:59:59.999Z"}),
            json!({"views": 1, "score": 0.1, "title": "", "words": [], "meta": {}}),
        ];
        for fields in &cases {
            blog.add("posts", fields.clone()).await;
        }

        let read = blog.all("posts").await;

        for (fields, record) in cases.iter().zip(&read) {
            for (name, value) in fields.as_object().unwrap() {
                let expected = value.as_str().map_or_else(|| value.clone(), |text| json!(text.trim_start_matches("at:")));
                assert_eq!(record[name].to_string(), expected.to_string(), "{name}");
            }
        }
    }

    async fn many_records_are_one_json_array(db: Db) {
        let blog = Blog::new(&db.store).await;
        for n in 0..3 {
            blog.add("tags", json!({"word": n.to_string()})).await;
        }

        let page = blog.page("tags").await;

        let array: Vec<serde_json::Value> = serde_json::from_str(&format!("[{}]", std::str::from_utf8(&page.json).unwrap())).unwrap();
        assert_eq!(array.len(), 3);
        for (row, record) in page.rows.iter().zip(&array) {
            assert_eq!(serde_json::from_slice::<serde_json::Value>(&page.object(row)).unwrap(), *record);
        }
    }

    async fn a_fetch_reads_columns_as_their_kinds(db: Db) {
        let mut w = Writer::new(db.store.dialect());
        let values = [Value::text("t"), Value::Int(7), Value::Float(7.5), Value::Bool(true), Value::Instant(crate::support::blog::now())];
        w.sql("select ").list(values.clone(), ", ", |w, value| { w.bind(value); });
        w.sql(", ").bind(Value::List(vec![1.into(), "two".into()])).sql(", ").bind_as(ColumnKind::Integer, Value::Null);
        let kinds = [ColumnKind::Text, ColumnKind::Integer, ColumnKind::Number, ColumnKind::Boolean, ColumnKind::Instant, ColumnKind::Json, ColumnKind::Integer];

        let Row(row) = db.store.fetch(w.finish(), &kinds).await.unwrap().remove(0);

        assert_eq!(row[..5], values);
        assert_eq!(row[5], Value::Json(json!([1, "two"]).into()));
        assert_eq!(row[6], Value::Null);
    }

    async fn equal_text_with_other_kinds_of_values_is_another_statement(db: Db) {
        for (value, kind) in [(Value::Int(3), ColumnKind::Integer), (Value::Float(3.5), ColumnKind::Number), (Value::Int(4), ColumnKind::Integer)] {
            let mut w = Writer::new(db.store.dialect());
            w.sql("select ").bind(value.clone());
            assert_eq!(db.store.fetch(w.finish(), &[kind]).await.unwrap()[0].0, [value]);
        }
    }

    async fn an_unknown_table_or_column_is_a_changed_schema(db: Db) {
        for text in ["select key from absent", "select \"absent\" from _meta"] {
            let statement = Statement { text: text.to_owned(), args: Vec::new() };
            let error = db.store.fetch(statement, &[ColumnKind::Text]).await.unwrap_err();
            assert!(matches!(error, Error::SchemaChanged(_)), "{error:?}");
        }
        let statement = Statement { text: "select from where".to_owned(), args: Vec::new() };
        let error = db.store.fetch(statement, &[]).await.unwrap_err();
        assert!(matches!(error, Error::Fault(_)), "{error:?}");
    }

    async fn a_snapshot_stands_for_a_place_in_the_log(db: Db) {
        let blog = Blog::new(&db.store).await;
        blog.add("tags", json!({})).await;
        let writing = blog.clone();
        let writer = tokio::spawn(async move {
            for _ in 0..50 {
                writing.add("tags", json!({})).await;
            }
        });

        let snapshot = db.store.snapshot(blog.select("tags"), usize::MAX).await.unwrap();
        writer.await.unwrap();

        let is_in = |seq| seq <= snapshot.head || snapshot.seen.contains(&seq);
        let log = blog.changes(Seq(0)).await;
        let in_log: BTreeSet<_> = log.iter().filter(|change| is_in(change.seq)).map(|change| Value::text(&change.id).to_json().to_string()).collect();
        let in_page: BTreeSet<_> = snapshot.page.rows.iter().map(|row| row.extra[1].to_json().to_string()).collect();
        assert_eq!(in_page, in_log);
    }
}

async fn an_endless_statement_is_ended(db: Db) {
    let started = Instant::now();
    let error = db.store.fetch(endless(&db), &[ColumnKind::Integer]).await.unwrap_err();
    assert_eq!(error, Error::TimedOut);
    assert!(started.elapsed() < Duration::from_mins(1), "{:?}", started.elapsed());
    db.store.ping().await.unwrap();
}

fn impatient() -> Options {
    Options { statement_timeout: Duration::from_millis(200), ..options() }
}

#[tokio::test]
async fn an_endless_statement_is_ended_by_sqlite() {
    an_endless_statement_is_ended(Db::sqlite_with(impatient()).await).await;
}

#[tokio::test]
async fn an_endless_statement_is_ended_by_postgres() {
    an_endless_statement_is_ended(Db::postgres_with(impatient()).await).await;
}

#[tokio::test]
async fn a_forgotten_read_frees_its_thread() {
    let db = Db::sqlite_with(Options { readers: 1, statement_timeout: Duration::from_mins(1), ..options() }).await;

    let forgotten =
        tokio::time::timeout(Duration::from_millis(50), db.store.fetch(endless(&db), &[ColumnKind::Integer])).await;
    assert!(forgotten.is_err());

    tokio::time::timeout(Duration::from_secs(5), db.store.ping()).await.unwrap().unwrap();
}

#[tokio::test]
async fn what_is_too_much_is_refused_at_once() {
    let db = Db::sqlite_with(Options { readers: 1, queue: 1, ..options() }).await;
    let (store, statement) = (db.store.clone(), endless(&db));
    let busy = tokio::spawn(async move { store.fetch(statement, &[ColumnKind::Integer]).await });
    tokio::task::yield_now().await;

    // The thread is busy as soon as something else can wait for it.
    let mut waiting = loop {
        let store = db.store.clone();
        let mut ping = Box::pin(async move { store.ping().await });
        match poll_once(&mut ping).await {
            Poll::Pending => break ping,
            Poll::Ready(answer) => assert_eq!(answer, Err(Error::Overloaded(1)), "the one thread was free"),
        }
    };
    let refused = db.store.ping().await.unwrap_err();

    assert!(poll_once(&mut waiting).await.is_pending());
    assert_eq!(refused, Error::Overloaded(1));
    busy.abort();
}

async fn one_who_asks_for_much_holds_up_nobody_else(db: Db) {
    let caller = |n: u8| Asker::at([192, 0, 2, n].into());
    let flood: Vec<_> = (0..6)
        .map(|_| {
            let (store, statement) = (db.store.clone(), endless(&db));
            let read = async move { store.fetch(statement, &[ColumnKind::Integer]).await };
            tokio::spawn(asker::scope(caller(1), read))
        })
        .collect();
    let mut probe = Box::pin(asker::scope(caller(1), db.store.ping()));
    // They hold what they may hold as soon as another one of theirs has to wait.
    while tokio::time::timeout(Duration::from_millis(100), &mut probe).await.is_ok() {
        probe = Box::pin(asker::scope(caller(1), db.store.ping()));
    }

    asker::scope(caller(2), db.store.ping()).await.unwrap();
    db.store.ping().await.unwrap();

    assert!(flood.iter().all(|read| !read.is_finished()));
    flood.iter().for_each(tokio::task::JoinHandle::abort);
}

fn few() -> Options {
    Options { readers: 3, connections: 3, statement_timeout: Duration::from_secs(10), ..options() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_who_asks_for_much_of_sqlite_holds_up_nobody_else() {
    one_who_asks_for_much_holds_up_nobody_else(Db::sqlite_with(few()).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_who_asks_for_much_of_postgres_holds_up_nobody_else() {
    one_who_asks_for_much_holds_up_nobody_else(Db::postgres_with(few()).await).await;
}

/// What a future says when it is asked once.
async fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    std::future::poll_fn(|context| Poll::Ready(Pin::new(&mut *future).poll(context))).await
}
