//! What Postgres alone needs: several nodes, a log whose numbers come before their commits, a server that goes away.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use plinth_model::Seq;
use plinth_store::{Location, Options, Store};
use serde_json::json;
use sqlx::Row;
use tokio::time::timeout;

use crate::support::blog::Blog;
use crate::support::{Db, options, postgres};

async fn second_node(db: &Db, options: &Options) -> Store {
    Store::open(&db.location, options).await.unwrap()
}

fn url(db: &Db) -> &str {
    let Location::Postgres(url) = &db.location else { unreachable!() };
    url
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_may_start_at_once() {
    let location = Location::Postgres(postgres::new_database().await);

    let starting: Vec<_> = (0..4)
        .map(|_| {
            let location = location.clone();
            tokio::spawn(async move { Store::open(&location, &options()).await.map(|store| store.epoch()) })
        })
        .collect();
    let mut epochs = BTreeSet::new();
    for node in starting {
        epochs.insert(node.await.unwrap().unwrap());
    }

    assert_eq!(epochs.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_on_one_node_wakes_another() {
    let patient = Options { poll: Duration::from_mins(5), ..options() };
    let db = Db::postgres_with(patient.clone()).await;
    let other = second_node(&db, &patient).await;
    let blog = Blog::new(&db.store).await;
    let mut wake = other.wake();

    for _ in 0..3 {
        let tag = blog.add("tags", json!({})).await;
        timeout(Duration::from_secs(5), wake.changed()).await.unwrap().unwrap();
        let changes = other.changes(Seq(0), 10).await.unwrap();
        assert_eq!(changes.last().unwrap().id, tag.id.to_string());
    }
}

/// Two nodes write while one reads the log in two ways: as it is seen, which skips what commits late, and up to what
/// is settled, which does not.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_reader_that_trusts_the_numbers_loses_changes_and_the_tail_does_not() {
    let db = Db::postgres_with(Options { connections: 16, ..options() }).await;
    let other = second_node(&db, &Options { connections: 16, ..options() }).await;
    let blogs = [Blog::new(&db.store).await, Blog::known(&other).await];
    let done = Arc::new(AtomicBool::new(false));

    let naive = tokio::spawn(read_naively(url(&db).to_owned(), Arc::clone(&done)));
    let settled = tokio::spawn(read_settled(other.clone(), Arc::clone(&done)));
    let writers: Vec<_> = (0..24).map(|n| tokio::spawn(write_some(blogs[n % 2].clone(), n))).collect();
    let mut written = 0;
    for writer in writers {
        written += writer.await.unwrap();
    }
    blogs[1].settled().await;
    done.store(true, Ordering::Release);
    let (naive, settled) = (naive.await.unwrap(), settled.await.unwrap());

    let rows = db.store.value_counts("_changes", &[]).await.unwrap().rows;
    assert_eq!(rows, written);
    assert!(settled.is_sorted_by(|a, b| a < b));
    assert_eq!(settled.len() as u64, rows, "changes that the tail delivered");
    assert!((naive.len() as u64) < rows, "the naive reader missed nothing: the test proves nothing");
    println!("{rows} changes; missed naively: {}; missed by the tail: 0", rows - naive.len() as u64);
}

/// Writes of one, of several and of refused batches; answers how many changes they make.
async fn write_some(blog: Blog, n: usize) -> u64 {
    let mut written = 0;
    for round in 0..80 {
        let size = 1 + (n + round) % 3;
        let records: Vec<_> = (0..size).map(|_| blog.record("tags", json!({"word": "x"}))).collect();
        let mut batch: Vec<_> = records.iter().map(|record| blog.create("tags", record)).collect();
        if round % 10 == 0 {
            // Takes numbers and gives them up.
            batch.push(blog.create("tags", &records[0]));
            blog.write(batch).await.unwrap_err();
            continue;
        }
        blog.write(batch).await.unwrap();
        written += size as u64;
    }
    written
}

async fn read_naively(url: String, done: Arc<AtomicBool>) -> BTreeSet<i64> {
    let mut connection = postgres::connect(&url).await;
    let mut seen = BTreeSet::new();
    loop {
        let last_look = done.load(Ordering::Acquire);
        let after = seen.last().copied().unwrap_or(0);
        let rows = sqlx::query("select seq from _changes where seq > $1 order by seq")
            .bind(after)
            .fetch_all(&mut connection)
            .await;
        let places: Vec<i64> = rows.unwrap().iter().map(|row| row.get(0)).collect();
        if last_look && places.is_empty() {
            return seen;
        }
        seen.extend(places);
    }
}

async fn read_settled(store: Store, done: Arc<AtomicBool>) -> Vec<i64> {
    let mut wake = store.wake();
    let mut seen = Vec::new();
    let mut after = Seq(0);
    loop {
        let last_look = done.load(Ordering::Acquire);
        let changes = store.changes(after, 500).await.unwrap();
        if last_look && changes.is_empty() {
            return seen;
        }
        if changes.is_empty() {
            // `changes` has nothing to wait for at the end of the log: asking again at once would keep this thread
            // from everybody else.
            let _ = timeout(Duration::from_millis(10), wake.changed()).await;
        }
        after = changes.last().map_or(after, |change| change.seq);
        seen.extend(changes.iter().map(|change| change.seq.0));
    }
}

/// Numbers 1 and 2 are taken; 2 commits first. Nothing is shown before 1 is known to come or not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_commit_is_waited_for() {
    let db = Db::postgres().await;
    let blog = Blog::new(&db.store).await;
    let insert = "insert into _changes (collection, record, kind, at) values ('x', 'late', 'create', 0)";
    let mut slow = postgres::connect(url(&db)).await;
    sqlx::raw_sql("begin").execute(&mut slow).await.unwrap();
    sqlx::raw_sql(insert).execute(&mut slow).await.unwrap();
    let head = db.store.head().await.unwrap();

    blog.add("tags", json!({})).await;
    let early = timeout(Duration::from_millis(200), blog.settled()).await;
    assert!(early.is_err(), "settled before the earlier number was");
    assert_eq!(db.store.head().await.unwrap(), head);
    sqlx::raw_sql("commit").execute(&mut slow).await.unwrap();

    let changes = timeout(Duration::from_secs(5), blog.changes(head)).await.unwrap();
    assert_eq!(changes.iter().map(|change| change.id == "late").collect::<Vec<_>>(), [true, false]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_that_is_given_up_holds_up_nobody() {
    let db = Db::postgres().await;
    let blog = Blog::new(&db.store).await;
    let author = blog.add("authors", json!({"email": "a"})).await;
    for _ in 0..3 {
        let same = blog.record("authors", json!({"email": "a"}));
        let other = blog.record("tags", json!({}));
        blog.write(vec![blog.create("tags", &other), blog.create("authors", &same)]).await.unwrap_err();
    }
    let tag = blog.add("tags", json!({})).await;

    let changes = timeout(Duration::from_secs(5), blog.changes(Seq(0))).await.unwrap();
    assert_eq!(
        changes.iter().map(|change| change.id.clone()).collect::<Vec<_>>(),
        [author.id.to_string(), tag.id.to_string()]
    );
    assert!(changes[1].seq.0 > changes[0].seq.0 + 1, "no number was given up");
}

/// The least running transaction of a snapshot counts every database of the server.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_transaction_of_somebody_else_holds_up_nobody() {
    let mut stranger = postgres::connect(&postgres::new_database().await).await;
    sqlx::raw_sql("begin; create table x (y int)").execute(&mut stranger).await.unwrap();
    let db = timeout(Duration::from_secs(10), Db::postgres()).await.unwrap();
    let blog = Blog::new(&db.store).await;
    let author = blog.add("authors", json!({"email": "a"})).await;
    let same = blog.record("authors", json!({"email": "a"}));
    let other = blog.record("tags", json!({}));
    blog.write(vec![blog.create("tags", &other), blog.create("authors", &same)]).await.unwrap_err();
    blog.write(vec![blog.delete("authors", author.id)]).await.unwrap();

    let changes = timeout(Duration::from_secs(5), blog.changes(Seq(0))).await.unwrap();
    assert_eq!(changes.len(), 2);
    assert!(changes[1].seq.0 > changes[0].seq.0 + 1, "no number was given up");
    sqlx::raw_sql("rollback").execute(&mut stranger).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_are_cut_are_made_anew() {
    let db = Db::postgres().await;
    let blog = Blog::new(&db.store).await;
    blog.add("tags", json!({"word": "before"})).await;
    blog.settled().await;

    let mut admin = postgres::connect(url(&db)).await;
    let cut = "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()";
    sqlx::raw_sql(cut).execute(&mut admin).await.unwrap();

    assert_eq!(blog.column("tags", "word").await, [json!("before")]);
    blog.add("tags", json!({"word": "after"})).await;
    let changes = timeout(Duration::from_secs(10), blog.changes(Seq(0))).await.unwrap();
    assert_eq!(changes.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_requests_than_connections_wait_their_turn() {
    let db = Db::postgres_with(Options { connections: 2, ..options() }).await;
    let blog = Blog::new(&db.store).await;

    let writers: Vec<_> = (0..50)
        .map(|_| {
            let blog = blog.clone();
            tokio::spawn(async move { blog.add("tags", json!({})).await })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }

    assert_eq!(blog.all("tags").await.len(), 50);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dump_that_is_put_back_is_another_history() {
    let db = Db::postgres().await;
    let blog = Blog::new(&db.store).await;
    blog.add("tags", json!({})).await;
    let (epoch, head) = (db.store.epoch(), blog.settled().await);
    db.store.close().await;

    let server = throwaway_postgres::Postgres::shared();
    let name = url(&db).rsplit('/').next().unwrap();
    let copy = format!("copy_of_{name}");
    assert!(server.command("createdb").args(["--template", name, &copy]).status().unwrap().success());
    let restored = Store::open(&Location::Postgres(server.url(&copy)), &options()).await.unwrap();

    assert_eq!(restored.head().await.unwrap(), head);
    assert!(!restored.holds(epoch, head) && restored.holds(restored.epoch(), head));
}
