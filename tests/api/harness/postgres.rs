//! Databases on the throw-away Postgres, looked into with its own programs.

use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use throwaway_postgres::Postgres;

static DATABASES: AtomicU32 = AtomicU32::new(0);

/// A new database; its URL.
pub(super) fn create_database() -> String {
    Postgres::shared().create(&format!("test_{}", DATABASES.fetch_add(1, Ordering::Relaxed)))
}

/// Everything in the database, as SQL text.
pub(super) fn dump(url: &str) -> String {
    let name = url.rsplit('/').next().expect("a URL ends with the name of the database");
    let dumped = Postgres::shared().command("pg_dump").arg(name).output().expect("pg_dump runs");
    assert!(dumped.status.success(), "pg_dump {name} failed");
    let text = String::from_utf8(dumped.stdout).expect("a dump is text");
    // Two lines hold a word that pg_dump makes up each time.
    let lines = text.lines().filter(|line| !line.starts_with("\\restrict") && !line.starts_with("\\unrestrict"));
    lines.flat_map(|line| [line, "\n"]).collect()
}

/// Runs SQL in the database.
pub(super) fn execute(url: &str, sql: &str) {
    let name = url.rsplit('/').next().expect("a URL ends with the name of the database");
    let done =
        Postgres::shared().command("psql").args(["-qAt", "-v", "ON_ERROR_STOP=1", "-d", name, "-c", sql]).output();
    let done = done.expect("psql runs");
    assert!(done.status.success(), "{sql}: {}", String::from_utf8_lossy(&done.stderr));
}

/// Postgres refuses to run as root.
pub(crate) fn as_nobody_special() -> Command {
    let is_root = Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout.starts_with(b"0\n"));
    if is_root {
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--"]);
        command
    } else {
        Command::new("env")
    }
}
