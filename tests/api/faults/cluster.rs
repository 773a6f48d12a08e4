//! A Postgres of a test's own, which can be stopped, started, and made to stand still. Its password is `very-secret`.
//!
//! As the one that all tests share, it is held by a shell that ends it when its standard input ends.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use throwaway_postgres::binaries;

use crate::harness::as_postgres;

const SCRIPT: &str = r#"
set -eu
directory=$(mktemp -d /tmp/plinth-cluster-XXXXXX)
finish() {
    kill -CONT $(head -1 "$directory/data/postmaster.pid") 2>/dev/null || true
    "$1/pg_ctl" -D "$directory/data" -m immediate -w stop >/dev/null 2>&1 || true
    rm -rf "$directory"
}
trap 'finish "$1"' EXIT
cd "$directory"
echo very-secret >password
"$1/initdb" --pgdata=data --username=plinth --auth=scram-sha-256 --pwfile=password --encoding=UTF8 --locale=C --no-sync >init.log
cat >>data/postgresql.conf <<EOF
port = $2
listen_addresses = '127.0.0.1'
unix_socket_directories = '$directory'
max_connections = 100
EOF
"$1/pg_ctl" -D data -l log -w start >/dev/null || { cat log >&2; exit 1; }
echo "$directory"
cat >/dev/null
"#;

/// The cluster.
pub(super) struct Cluster {
    port: u16,
    directory: String,
    shell: Child,
}

impl Cluster {
    /// Makes and starts one.
    pub(super) fn start() -> Self {
        let port = {
            let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port");
            listener.local_addr().expect("its number").port()
        };
        let mut command = as_postgres();
        command.args(["sh", "-c", SCRIPT, "cluster"]).arg(binaries()).arg(port.to_string());
        let mut shell = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("a shell starts");
        let mut directory = String::new();
        let out = shell.stdout.take().expect("it is piped");
        BufReader::new(out).read_line(&mut directory).expect("the shell says something");
        let directory = directory.trim().to_owned();
        assert!(!directory.is_empty(), "Postgres did not start");
        Self { port, directory, shell }
    }

    /// Host and port.
    pub(super) fn authority(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// A database with the right password.
    pub(super) fn url(&self, name: &str) -> String {
        format!("postgres://plinth:very-secret@{}/{name}", self.authority())
    }

    /// Makes a database.
    pub(super) fn create(&self, name: &str) {
        self.execute("postgres", &format!("create database {name}"));
    }

    /// Runs SQL.
    pub(super) fn execute(&self, name: &str, sql: &str) {
        let mut psql = Command::new(binaries().join("psql"));
        psql.env("PGOPTIONS", "-c default_transaction_read_only=off");
        let done = psql.args(["-qAt", "-c", sql]).arg(self.url(name)).output().expect("psql runs");
        assert!(done.status.success(), "{sql}: {}", String::from_utf8_lossy(&done.stderr));
    }

    /// Ends it as a crash would.
    pub(super) fn crash(&self) {
        self.control(&["-m", "immediate", "stop"]);
    }

    /// Starts it again.
    pub(super) fn start_again(&self) {
        self.control(&["-l", "log", "start"]);
    }

    /// Makes every process of it stand still.
    pub(super) fn freeze(&self) {
        self.signal("-STOP");
    }

    /// Lets them go on.
    pub(super) fn thaw(&self) {
        self.signal("-CONT");
    }

    fn control(&self, arguments: &[&str]) {
        let mut command = as_postgres();
        command.current_dir(&self.directory).arg(binaries().join("pg_ctl")).args(["-D", "data", "-w"]);
        let done = command.args(arguments).output().expect("pg_ctl runs");
        assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    }

    fn signal(&self, signal: &str) {
        let file = std::fs::read_to_string(format!("{}/data/postmaster.pid", self.directory)).expect("it runs");
        let postmaster = file.lines().next().expect("its process");
        let children = format!("/proc/{postmaster}/task/{postmaster}/children");
        let children = std::fs::read_to_string(children).expect("its processes");
        let all = children.split_whitespace().chain([postmaster]);
        // One of them may have ended meanwhile.
        let _ = Command::new("kill").arg(signal).args(all).output().expect("kill runs");
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        // It is being dropped: there is nobody to tell.
        let _ = self.shell.wait();
    }
}
