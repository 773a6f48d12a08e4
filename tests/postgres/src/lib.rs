//! One throw-away Postgres a test process, made from the installed server binaries by `tests/with-postgres.sh`.
//!
//! The script runs a shell that waits for its standard input to end. That pipe is held by this process, so however the
//! process ends, the script sees it, stops Postgres and removes its directory. What goes wrong here is a panic: without
//! a database there is no test.
#![expect(clippy::missing_panics_doc, reason = "said once, above")]

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;

/// The superuser of the server.
const USER: &str = "plinth";

/// A running server.
#[derive(Debug)]
pub struct Postgres {
    port: u16,
    /// Holds the pipe open.
    _script: Child,
}

static SHARED: LazyLock<Postgres> = LazyLock::new(Postgres::start);

impl Postgres {
    /// The server of this process, started when it is first asked for.
    pub fn shared() -> &'static Self {
        &SHARED
    }

    /// The URL of a database on it; `plinth` is one that exists.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://{USER}@127.0.0.1:{}/{database}", self.port)
    }

    /// Makes an empty database; answers its URL.
    pub fn create(&self, database: &str) -> String {
        let created = self.command("createdb").arg(database).status().expect("createdb runs");
        assert!(created.success(), "createdb {database} failed");
        self.url(database)
    }

    /// One of Postgres' own programs, told how to reach the server.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(binaries().join(program));
        command.args(["--host=127.0.0.1", &format!("--port={}", self.port), &format!("--username={USER}")]);
        command
    }

    fn start() -> Self {
        let mut script = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../with-postgres.sh"));
        script.args(["sh", "-c", "echo \"$DATABASE_URL\"; exec cat >/dev/null"]);
        let mut script = script.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("a shell starts");
        let mut url = String::new();
        let said = script.stdout.take().expect("it is piped");
        BufReader::new(said).read_line(&mut url).expect("the script says something");
        let port = url.trim().strip_suffix("/plinth").and_then(|url| url.rsplit(':').next()?.parse().ok());
        Self { port: port.expect("Postgres started"), _script: script }
    }
}

/// The directory of the newest installed server binaries, or the one that `TEST_POSTGRES_BIN` names.
pub fn binaries() -> PathBuf {
    if let Some(given) = std::env::var_os("TEST_POSTGRES_BIN").filter(|given| !given.is_empty()) {
        return given.into();
    }
    let installed = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = installed.max_by_key(|entry| entry.file_name().to_string_lossy().parse::<u32>().unwrap_or(0));
    newest.expect("Postgres is installed: run tests/tools.sh").path().join("bin")
}
