//! What is opened, what is refused, and with which words.

use std::fs;

use plinth_store::{Location, OpenError, Store};

use crate::support::{Db, on_both, options, postgres};

async fn refusal(location: &Location) -> OpenError {
    match Store::open(location, &options()).await {
        Ok(_) => panic!("{location:?} was opened"),
        Err(error) => error,
    }
}

on_both! {
    async fn a_newer_version_is_refused(db: Db) {
        let newer = plinth_store::Step::run("insert into _migrations (version, name) values (99, 'later')", Vec::new());
        db.store.apply(vec![newer]).await.unwrap();
        db.store.close().await;

        let error = refusal(&db.location).await;

        assert!(matches!(error, OpenError::Newer { found: 99, known: 1.., .. }), "{error:?}");
        assert!(error.to_string().contains("newer Plinth"), "{error}");
    }
}

#[tokio::test]
async fn a_second_server_is_told_who_has_the_directory() {
    let db = Db::sqlite().await;

    let error = refusal(&db.location).await;
    assert!(matches!(error, OpenError::InUse { pid: Some(pid), .. } if pid == std::process::id()), "{error:?}");
    assert!(error.to_string().contains(&format!("process {}", std::process::id())), "{error}");

    db.store.close().await;
    Store::open(&db.location, &options()).await.unwrap();
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_and_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("plinth.db");
    fs::write(&file, "these are my notes, not a database; keep them as they are\n".repeat(40)).unwrap();
    let before = fs::read(&file).unwrap();

    let error = refusal(&Location::Sqlite(directory.path().to_owned())).await;

    assert!(matches!(error, OpenError::Foreign(_)), "{error:?}");
    assert_eq!(fs::read(&file).unwrap(), before);
}

#[tokio::test]
async fn a_database_of_somebody_else_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let other = rusqlite::Connection::open(directory.path().join("plinth.db")).unwrap();
    other.execute_batch("create table theirs (x)").unwrap();
    drop(other);
    let error = refusal(&Location::Sqlite(directory.path().to_owned())).await;
    assert!(matches!(error, OpenError::Foreign(_)), "{error:?}");

    let url = postgres::new_database().await;
    let mut other = postgres::connect(&url).await;
    sqlx::query("create table theirs (x int)").execute(&mut other).await.unwrap();
    let error = refusal(&Location::Postgres(url)).await;
    assert!(matches!(error, OpenError::Foreign(_)), "{error:?}");
}

#[tokio::test]
async fn a_directory_is_made_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("a").join("b");

    let store = Store::open(&Location::Sqlite(path.clone()), &options()).await.unwrap();
    store.close().await;

    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
}

#[tokio::test]
async fn a_path_that_is_a_file_is_refused() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let error = refusal(&Location::Sqlite(file.path().to_owned())).await;
    assert!(matches!(error, OpenError::Unsuitable(_)), "{error:?}");
    assert!(error.to_string().contains(&file.path().display().to_string()), "{error}");
}

#[tokio::test]
async fn an_address_that_is_none_is_refused_without_its_password() {
    for url in ["mysql://u:secret@localhost/x", "postgres://u:secret@127.0.0.1:1/x"] {
        let error = refusal(&Location::Postgres(url.to_owned())).await;
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}
