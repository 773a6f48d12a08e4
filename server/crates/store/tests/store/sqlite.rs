//! What SQLite alone promises: grouped commits, and a disk that fills up.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use plinth_model::{Seq, Value};
use plinth_store::{Cause, Error, Location, Options, Store, Unavailable};
use serde_json::json;

use crate::support::blog::Blog;
use crate::support::{Db, options};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_is_committed_together() {
    let db = Db::sqlite().await;
    let blog = Blog::new(&db.store).await;
    let commits = *db.store.wake().borrow();

    let writers: Vec<_> = (0..400)
        .map(|n| {
            let blog = blog.clone();
            tokio::spawn(async move { blog.add("tags", json!({"word": n.to_string()})).await })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }

    let commits = *db.store.wake().borrow() - commits;
    assert!(commits < 200, "{commits} commits for 400 writes");
    assert_eq!(blog.changes(Seq(0)).await.len(), 400);
}

#[tokio::test]
async fn the_log_of_writes_is_moved_into_the_database_when_nobody_writes() {
    let db = Db::sqlite().await;
    let blog = Blog::new(&db.store).await;
    let Location::Sqlite(directory) = &db.location else { unreachable!() };
    let database = directory.join("plinth.db");
    let before = fs::metadata(&database).unwrap().len();

    for _ in 0..5 {
        blog.add("tags", json!({"word": "x".repeat(20_000)})).await;
    }

    let moved = async {
        while fs::metadata(&database).unwrap().len() < before + 100_000 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), moved).await.unwrap();
}

#[tokio::test]
async fn a_database_that_is_closed_is_one_file() {
    for _ in 0..200 {
        let db = Db::sqlite_with(Options { readers: 8, ..options() }).await;
        let Location::Sqlite(directory) = &db.location else { unreachable!() };
        db.store.close().await;
        let names = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let names: Vec<_> = names.filter(|name| name != "plinth.lock").collect();
        assert_eq!(names, ["plinth.db"]);
    }
}

#[tokio::test]
async fn a_full_disk_refuses_writes_and_nothing_else() {
    let disk = SmallDisk::mount();
    let location = Location::Sqlite(disk.path.join("data"));
    let store = Store::open(&location, &options()).await.unwrap();
    let blog = Blog::new(&store).await;

    let mut kept = 0;
    let full = loop {
        let record = blog.record("tags", json!({"word": "x".repeat(50_000)}));
        match blog.write(vec![blog.create("tags", &record)]).await {
            Ok(_) => kept += 1,
            Err(failure) => break failure,
        }
        assert!(kept < 1000, "the disk does not fill up");
    };
    assert!(matches!(&full.cause, Cause::Database(Error::Unavailable { why: Unavailable::Full, .. })), "{full:?}");
    assert_eq!(blog.all("tags").await.len(), kept);
    store.close().await;

    let store = Store::open(&location, &options()).await.unwrap();
    let blog = Blog::known(&store).await;
    assert_eq!(blog.all("tags").await.len(), kept);
    assert!(
        blog.write(vec![blog.create("tags", &blog.record("tags", json!({"word": "x".repeat(50_000)})))]).await.is_err()
    );
    disk.grow();
    blog.add("tags", json!({"word": "again"})).await;
    assert_eq!(blog.changes(Seq(0)).await.len(), kept + 1);
    store.close().await;

    let again = Store::open(&location, &options()).await.unwrap();
    assert_eq!(again.value_counts("tags", &[]).await.unwrap().rows, kept as u64 + 1);
    again.close().await;
}

#[tokio::test]
async fn patterns_are_those_of_the_expressions() {
    let db = Db::sqlite().await;
    let sql =
        "select plinth_matches('a red hat', '\\bre[ds]'), plinth_matches('a hat', 'red'), plinth_matches(null, 'red')";
    let error = db.store.query(sql, Vec::new()).await.unwrap_err();
    assert!(matches!(error, Error::Fault(_)), "{error:?}");

    let sql =
        "select plinth_matches('a red hat', ' re[ds]'), plinth_matches('a hat', 'red'), plinth_matches(null, 'red')";
    let rows = db.store.query(sql, Vec::new()).await.unwrap();
    assert_eq!(rows[0].0, [Value::Int(1), Value::Int(0), Value::Null]);
}

/// A file system in memory, 6 MiB at first.
struct SmallDisk {
    path: PathBuf,
}

impl SmallDisk {
    fn mount() -> Self {
        let path = tempfile::tempdir().unwrap().keep();
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=6m", "tmpfs"]).arg(&path).status();
        assert!(mounted.unwrap().success(), "a small disk was not mounted: tests of full disks need root");
        Self { path }
    }

    fn grow(&self) {
        let grown = Command::new("mount").args(["-o", "remount,size=64m"]).arg(&self.path).status().unwrap();
        assert!(grown.success());
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily, since a failed test may have left the database open.
        let unmounted = Command::new("umount").arg("-l").arg(&self.path).status();
        if unmounted.is_ok_and(|status| status.success()) {
            let _ = fs::remove_dir(&self.path);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_that_is_put_back_is_another_history_behind_its_end() {
    let db = Db::sqlite().await;
    let Location::Sqlite(directory) = &db.location else { unreachable!("it is SQLite") };
    let (file, copy) = (directory.join("plinth.db"), directory.join("copy.db"));
    let told = async |store: &Store| (store.epoch(), store.head().await.unwrap());

    let blog = Blog::new(&db.store).await;
    blog.add("tags", json!({})).await;
    let shared = told(&db.store).await;
    db.store.close().await;
    fs::copy(&file, &copy).unwrap();

    let original = Store::open(&db.location, &options()).await.unwrap();
    Blog::known(&original).await.add("tags", json!({})).await;
    let undone = told(&original).await;
    assert!(original.holds(shared.0, shared.1) && original.holds(undone.0, undone.1));
    original.close().await;

    fs::rename(&copy, &file).unwrap();
    let restored = Store::open(&db.location, &options()).await.unwrap();
    for _ in 0..3 {
        Blog::known(&restored).await.add("tags", json!({})).await;
    }
    assert!(restored.holds(shared.0, shared.1), "what both know");
    assert!(!restored.holds(undone.0, undone.1), "a place in an epoch that the copy does not know");
    assert!(!restored.holds(shared.0, undone.1), "a place behind the end of the copy");
    let (epoch, head) = told(&restored).await;
    assert!(restored.holds(epoch, head));
}
