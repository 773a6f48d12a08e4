//! What the control socket takes, and what it does not.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::Shutdown;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;

use serde_json::{Value as Json, json};

use super::Desk;
use crate::harness::{Database, Server};

fn say(database: &Database, line: &str) -> String {
    let mut stream = UnixStream::connect(database.directory().join("control/plinth.sock")).unwrap();
    stream.write_all(line.as_bytes()).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer).unwrap();
    answer
}

#[tokio::test]
async fn an_order_that_is_not_known_is_refused_and_the_next_one_taken() {
    let database = Database::sqlite();
    let server = Server::start(&database).await;
    let control = std::fs::metadata(database.directory().join("control")).unwrap();
    assert_eq!(control.permissions().mode() & 0o777, 0o700);

    let answer: Json = serde_json::from_str(&say(&database, "{\"order\":\"dropEverything\"}\n")).unwrap();

    assert_eq!(answer["outcome"], "refused");
    let reason = answer["reason"].as_str().unwrap();
    assert!(reason.contains("dropEverything") && reason.contains("use the same version"), "{reason}");
    assert_eq!(say(&database, "{\"order\":"), "");
    let survey: Json = serde_json::from_str(&say(&database, "{\"order\":\"survey\"}\n")).unwrap();
    assert_eq!(survey, json!({ "outcome": "done", "answer": { "collections": 1, "rules": 2 } }));
    assert_eq!(server.log().matches("could not be taken").count(), 1);
}

#[tokio::test]
async fn a_database_in_use_by_something_that_takes_no_orders_is_told_as_such() {
    let database = Database::sqlite();
    let server = Server::start(&database).await;
    std::fs::remove_file(database.directory().join("control/plinth.sock")).unwrap();

    let refused = Desk { database: &database }.plinth("types").refused();

    assert!(refused.contains("can't be reached at") && refused.contains("plinth.sock"), "{refused}");
    drop(server);
}
