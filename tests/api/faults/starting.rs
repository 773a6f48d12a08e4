//! Why a server does not start: one line that names the setting, the place and what to do, and no password.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::cluster::Cluster;
use super::volume::Volume;
use crate::harness::{Database, Server, command, on_both, run};

/// What `plinth serve` says on standard error; it must end with 1 and have said nothing else.
fn refusal(database: &Database, flags: &[&str]) -> String {
    let mut command = command(database);
    let (code, out, err) = run(command.args(["serve", "--listen", "127.0.0.1:0"]).args(flags));
    assert_eq!((code, out.as_str()), (Some(1), ""), "{err}");
    let last = err.lines().last().unwrap_or_default().to_owned();
    assert!(last.starts_with("plinth: "), "{err}");
    for unwanted in ["panicked", "backtrace", "ERROR", "secret"] {
        assert!(!err.contains(unwanted), "{err}");
    }
    last
}

/// The same for a data directory in the test's own.
fn refusal_of(database: &Database, name: &str) -> String {
    let path = database.scratch().join(name);
    let said = refusal(database, &["--data", &path.display().to_string()]);
    assert!(said.starts_with("plinth: data.dir: ") && said.contains(name), "{said}");
    said
}

#[tokio::test]
async fn a_directory_that_can_not_be_one_is_named() {
    let database = Database::sqlite();
    let scratch = database.scratch();
    fs::write(scratch.join("file"), "a file").unwrap();
    fs::create_dir_all(scratch.join("strange/plinth.db")).unwrap();

    assert!(refusal_of(&database, "file").contains("is no directory"));
    assert!(refusal_of(&database, "file/below").contains("is no directory"));
    assert!(refusal_of(&database, "strange").contains("strange/plinth.db"));
    assert_eq!(fs::read_to_string(scratch.join("file")).unwrap(), "a file");
}

#[tokio::test]
async fn a_directory_that_can_not_be_written_is_named() {
    let database = Database::sqlite();
    let volume = Volume::mount(&database.directory(), "8m");
    drop(Server::start(&database).await);
    volume.make_read_only();

    for name in ["data", "data/new"] {
        let said = refusal_of(&database, name);
        assert!(said.contains("can't be written") && said.contains("choose another directory"), "{said}");
    }
}

#[tokio::test]
async fn a_file_that_can_not_be_written_is_named() {
    let database = Database::sqlite();
    drop(Server::start(&database).await);
    let _sealed = Volume::seal(&database.directory().join("plinth.db"));

    let said = refusal_of(&database, "data");

    assert!(said.contains("can't be written") && said.contains("plinth.db"), "{said}");
}

/// The database holds what accounts sign in with, wherever it was put.
#[tokio::test]
async fn the_files_are_their_owners_alone() {
    let database = Database::sqlite();
    fs::create_dir(database.directory()).unwrap();
    fs::set_permissions(database.directory(), fs::Permissions::from_mode(0o755)).unwrap();
    let _server = Server::start(&database).await;

    let mode = |name: &str| fs::metadata(database.directory().join(name)).unwrap().permissions().mode() & 0o777;
    for name in ["plinth.db", "plinth.db-wal", "plinth.db-shm", "plinth.lock"] {
        assert_eq!(mode(name), 0o600, "{name}");
    }
}

#[tokio::test]
async fn a_full_disk_is_named() {
    let database = Database::sqlite();
    let volume = Volume::mount(&database.directory(), "1m");
    drop(Server::start(&database).await);
    volume.fill();

    for name in ["data", "data/new"] {
        let said = refusal_of(&database, name);
        assert!(said.contains("room on its disk") || said.contains("No space left"), "{said}");
    }
}

#[tokio::test]
async fn a_file_that_is_no_whole_database_is_named_and_left_alone() {
    let database = Database::sqlite();
    let scratch = database.scratch();
    drop(Server::start(&database).await);
    let whole = fs::read(database.directory().join("plinth.db")).unwrap();
    let mut overwritten = whole.clone();
    overwritten[4096..40_000].fill(0xaa);
    let notes = "these are my notes, not a database\n".repeat(100).into_bytes();

    for (name, bytes, wanted) in [
        ("cut", &whole[..8192], "damaged"),
        ("overwritten", &overwritten[..], "damaged"),
        ("garbage", &notes[..], "is not a database of Plinth"),
    ] {
        fs::create_dir(scratch.join(name)).unwrap();
        let file = scratch.join(name).join("plinth.db");
        fs::write(&file, bytes).unwrap();
        let said = refusal_of(&database, name);
        assert!(said.contains(wanted) && said.contains("plinth.db"), "{said}");
        assert_eq!(fs::read(&file).unwrap(), bytes, "{name} was changed");
    }
}

#[tokio::test]
async fn a_database_that_another_program_writes_is_named() {
    let database = Database::sqlite();
    drop(Server::start(&database).await);
    let other = hold(&database.directory());

    let said = refusal_of(&database, "data");

    assert!(said.contains("locked") && said.contains("end the other process"), "{said}");
    drop(other);
    Server::start(&database).await;
}

/// Another program in the middle of a write.
fn hold(directory: &Path) -> rusqlite::Connection {
    let other = rusqlite::Connection::open(directory.join("plinth.db")).unwrap();
    other.execute_batch("begin immediate").unwrap();
    other
}

on_both! {
    async fn a_newer_version_is_named_and_left_alone(database: Database) {
        drop(Server::start(&database).await);
        let sql = "insert into _migrations (version, name) values (99, 'later')";
        database.execute(sql);
        let before = database.dump();

        let flags = database.flags();
        let said = refusal(&database, &flags.iter().map(String::as_str).collect::<Vec<_>>());

        assert!(said.contains("was written by a newer Plinth (version 99") && said.contains("use that one"), "{said}");
        assert_eq!(database.dump(), before);
    }
}

#[tokio::test]
async fn a_postgres_that_can_not_be_used_is_named_without_its_password() {
    let database = Database::sqlite();
    let cluster = Cluster::start();
    for (name, sql) in [
        ("theirs", "create table x (y int)"),
        ("readonly", "alter database readonly set default_transaction_read_only = on"),
        ("unreadable", "drop schema public"),
    ] {
        cluster.create(name);
        cluster.execute(name, sql);
    }
    let there = cluster.authority();
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();

    for (rest, wanted) in [
        (format!("{there}/theirs"), "is not a database of Plinth"),
        (format!("{there}/readonly"), "default_transaction_read_only"),
        (format!("{there}/unreadable"), "no schema"),
        (format!("{there}/nowhere"), "database \"nowhere\" does not exist; make it with createdb nowhere"),
        (format!("{there}/postgres?sslmode=require"), "look at sslmode"),
        (format!("{there}/postgres?sslmod=require"), "unknown parameter \"sslmod\"; did you mean sslmode?"),
        ("127.0.0.1:1/x".to_owned(), "is it running"),
        ("127.0.0.1:99999/x".to_owned(), "port"),
        (format!("{}/x", silent.local_addr().unwrap()), "did not answer within"),
    ] {
        let said = refusal(&database, &["--database-url", &format!("postgres://plinth:very-secret@{rest}")]);
        assert!(said.starts_with("plinth: database.url: ") && said.contains(wanted), "{rest}: {said}");
    }
    let said = refusal(&database, &["--database-url", &format!("postgres://plinth:secret-too@{there}/postgres")]);
    assert!(
        said.contains("password authentication failed") && said.contains("look at the user and the password"),
        "{said}"
    );
    assert!(!database.scratch().join("plinth_data").exists(), "nothing was made");
}
