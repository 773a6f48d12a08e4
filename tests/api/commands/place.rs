//! Commands where there is no database yet.

use std::fs;

use super::Desk;
use crate::fixture::messages;
use crate::harness::{Database, Options, Server};

#[test]
fn a_command_that_only_looks_makes_no_database_and_names_the_place() {
    let database = Database::sqlite();
    let desk = Desk { database: &database };
    desk.define(&messages());
    let place = database.directory();
    desk.rule("p, role:public, messages, read, \"\", \"\", allow\n");
    let looks = ["types", "schema pull --dir pulled", "schema diff", "policy pull --file pulled/x.csv", "policy diff"];

    for words in looks {
        let refused = desk.plinth(words).refused();
        let wanted =
            format!("plinth: there is no database in {}: name its directory with --data DIR, or ", place.display());
        assert!(refused.starts_with(&wanted), "{words}: {refused}");
    }
    assert!(!place.exists() && !desk.path("pulled").exists());

    fs::create_dir(&place).unwrap();
    for words in looks {
        desk.plinth(words).refused();
    }
    let said = desk.plinth("check").well();
    assert!(said.ends_with(&format!("none yet in {}; serve makes it\n", place.display())), "{said}");
    assert_eq!(fs::read_dir(&place).unwrap().count(), 0);
}

#[tokio::test]
async fn a_command_that_writes_makes_the_database_and_says_where() {
    let new = |database: &Database| {
        format!("There was no database in {}: a new one was made.\n", database.directory().display())
    };
    let database = Database::sqlite();
    let desk = Desk { database: &database };
    fs::write(desk.path("password"), "a fresh long passphrase\n").unwrap();
    let create = "admin create --email root@plinth.test --password-file password";
    let said = desk.plinth(create).well();
    assert_eq!(said, new(&database) + "root@plinth.test is an administrator now.\n");
    desk.define(&messages());
    assert_eq!(desk.plinth("schema apply").well(), "Changed: messages\n");

    let database = Database::sqlite();
    let desk = Desk { database: &database };
    desk.plinth("schema apply").refused();
    assert!(!database.directory().exists(), "files that can't be read make nothing");
    desk.define(&messages());
    assert_eq!(desk.plinth("schema apply").well(), new(&database) + "Changed: messages\n");
    desk.rule("p, role:public, messages, read, \"\", \"\", allow\n");
    assert!(desk.plinth("policy apply").well().starts_with("- p, role:user, users, read, "));
    let server = Server::start_with(&database, Options::default()).await;
    server.anonymous().get("/records/messages").await.is(200);
    server.admin().await.get("/collections/messages").await.is(200);
}

#[test]
fn commands_at_the_same_time_wait_for_each_other() {
    let database = Database::sqlite();
    let desk = Desk { database: &database };
    desk.define(&messages());
    desk.plinth("schema apply").well();

    std::thread::scope(|scope| {
        let commands = [(); 3].map(|()| scope.spawn(|| desk.plinth("schema diff").well()));
        for command in commands {
            assert_eq!(command.join().unwrap(), "The database is as the files say.\n");
        }
    });
}
