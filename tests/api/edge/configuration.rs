//! Settings that are wrong, each named with its place before anything is done.

use std::fs;

use crate::harness::{Database, Server, command, on_both, run};

/// What `plinth serve` says to a configuration file; it must not start.
fn refusal(database: &Database, text: &str) -> String {
    fs::write(database.scratch().join("plinth.toml"), text).unwrap();
    let mut command = command(database);
    let (code, out, err) = run(command.args(["serve", "--config", "plinth.toml"]).args(database.flags()));
    assert_eq!((code, out.as_str()), (Some(1), ""), "{err}");
    assert!(!database.directory().exists(), "nothing may be made");
    err
}

#[test]
fn a_wrong_file_is_refused_with_file_line_and_key() {
    let database = Database::sqlite();

    for (text, wanted) in [
        (
            "[server]\nlisen = \"x\"\n",
            "plinth: plinth.toml:2:1: server.lisen: unknown key \"lisen\"; did you mean listen?\n",
        ),
        (
            "# settings\n\n[log]\nformat = \"xml\"\n",
            "plinth: plinth.toml:4:10: log.format: unknown variant `xml`, expected `human` or `json`\n",
        ),
        (
            "[auth]\naccess_token = 600\n",
            "plinth: plinth.toml:2:16: auth.access_token: invalid type: integer `600`, expected a string\n",
        ),
        (
            "[server]\npublic_url = \"plinth.example\"\n",
            "plinth: plinth.toml:2:14: server.public_url: \"plinth.example\" is no site: write scheme and host only, such as \
             \"https://plinth.example\", a host of other letters in its xn-- form\n",
        ),
        (
            "[log]\nlevel = \"info,plinth=loud\"\n",
            "plinth: plinth.toml:2:9: log.level: \"plinth=loud\" is no level (off, error, warn, info, debug, trace)",
        ),
        ("[log]\nlevel = \"inof\"\n", "plinth: plinth.toml:2:9: log.level: \"inof\" is no level ("),
    ] {
        let said = refusal(&database, text);
        assert!(said.starts_with(wanted), "{said}");
    }
}

#[test]
fn a_missing_file_and_wrong_variables_and_flags_are_named() {
    let database = Database::sqlite();
    let said = |arguments: &[&str], variables: &[(&str, &str)]| {
        let mut command = command(&database);
        command.arg("serve").args(arguments).envs(variables.iter().copied());
        let (code, out, err) = run(&mut command);
        assert_eq!((code, out.as_str()), (Some(1), ""), "{err}");
        err
    };

    let missing = said(&["--config", "missing.toml"], &[]);
    assert!(missing.starts_with("plinth: can't read the configuration missing.toml: "), "{missing}");
    let listen = said(&["--listen", "nowhere"], &[]);
    let wanted =
        "plinth: --listen: \"nowhere\" is no address to listen on: write address:port, such as 127.0.0.1:8080\n";
    assert_eq!(listen, wanted);
    let unknown = said(&[], &[("PLINTH_SERVER_LISTN", "127.0.0.1:0")]);
    assert_eq!(unknown, "plinth: PLINTH_SERVER_LISTN is no setting; did you mean PLINTH_SERVER_LISTEN?\n");
    let half = said(&[], &[("PLINTH_ADMIN_EMAIL", "root@plinth.test")]);
    assert!(half.contains("PLINTH_ADMIN_EMAIL goes with PLINTH_ADMIN_PASSWORD"), "{half}");
    let weak = [("PLINTH_ADMIN_EMAIL", "root@plinth.test"), ("PLINTH_ADMIN_PASSWORD", "password")];
    let weak = said(&["--listen", "127.0.0.1:0", "--data", "weak"], &weak);
    assert!(weak.contains("one of those that are tried first"), "{weak}");
    let secret = said(&["--database-url", "mysql://user:very-secret@host/db"], &[]);
    assert!(
        secret.starts_with("plinth: --database-url: not a URL of Postgres") && !secret.contains("very-secret"),
        "{secret}"
    );
}

on_both! {
    async fn check_tells_whether_a_server_would_start(database: Database) {
        let check = |arguments: &[&str]| {
            let mut command = command(&database);
            run(command.arg("check").args(arguments).args(database.flags()))
        };
        if !database.is_postgres() {
            let (code, out, _) = check(&[]);
            assert_eq!(code, Some(0));
            assert!(out.contains("none yet"), "{out}");
            assert!(!database.directory().exists(), "a check makes nothing");
        }
        let server = Server::start(&database).await;
        let (code, out, err) = check(&[]);
        assert_eq!((code, err.as_str()), (Some(0), ""), "{out}");
        drop(server);

        let (code, out, _) = check(&[]);
        assert_eq!(code, Some(0));
        assert!(out.contains("configuration: good\n") && out.contains("database: good\n"), "{out}");
        fs::write(database.scratch().join("wrong.toml"), "[sever]\n").unwrap();
        let (code, _, err) = check(&["--config", "wrong.toml"]);
        assert_eq!(code, Some(1));
        assert!(err.contains("wrong.toml:1:2: sever: unknown key \"sever\"; did you mean server?"), "{err}");
    }

    async fn a_file_below_the_working_directory_is_read(database: Database) {
        fs::create_dir(database.scratch().join("config")).unwrap();
        let file = database.scratch().join("config/plinth.toml");
        fs::write(file, "[auth]\nregistration = \"closed\"\n").unwrap();

        let server = Server::start(&database).await;

        let body = serde_json::json!({ "email": "ada@plinth.test", "password": "a rather long passphrase" });
        server.anonymous().post("/auth/register", &body).await.is_problem(403, "registration_closed");
    }
}

#[tokio::test]
async fn an_unreachable_database_is_told_without_its_password() {
    let database = Database::sqlite();
    let mut command = command(&database);
    command.args([
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--database-url",
        "postgres://plinth:very-secret@127.0.0.1:1/plinth",
    ]);

    let (code, out, err) = run(&mut command);

    assert_eq!((code, out.as_str()), (Some(1), ""), "{err}");
    assert!(err.contains("unavailable") && !err.contains("very-secret"), "{err}");
}
